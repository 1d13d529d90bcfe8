"""What is said of a name that is not there."""

EVERYWHERE = {                                     # names with spaces between: what to do without them
    "cuda cpu device mps is_cuda pin_memory": "everything is on the CPU",
    "float16 bfloat16 half complex64 complex128": "there are float32 and float64",
    "sort argsort topk unique median quantile nonzero round floor ceil isnan isinf isfinite allclose isclose":
        "use NumPy's, of t.detach().numpy()",
    "mm mv dot inner addmm": "use matmul, a @ b",
    "norm rsqrt reciprocal log1p expm1 log2 log10 tan": "write it with sqrt, sum, log, exp, sin, cos and /",
    "logical_not logical_and logical_or masked_select unbind": "write ~a, a & b, a | b, t[mask] and list(t)",
    "repeat tile repeat_interleave broadcast_to expand_as": "use t.expand, which does not copy, or cat",
    "scatter scatter_add index_add index_fill": "write t[index] = ..., without gradient",
    "index_select select narrow movedim swapaxes": "use t[index], gather, permute and transpose",
    "concat concatenate hstack vstack": "use cat and stack",
    "diag diagonal trace": "use einsum('ii->i', t), einsum('ii', t) and eye",
}
TOP = {
    "manual_seed Generator seed": "pass a NumPy Generator, as in randn(2, generator=rng)",
    "rand randint randperm normal multinomial": "write tensor(rng.random((2, 3))), rng a NumPy Generator",
    "from_numpy as_tensor asarray": "tensor(array) copies it, Tensor(array) does not",
    "full empty full_like empty_like": "use zeros, ones and zeros_like, and + for another number",
    "autograd grad func": "use t.backward(), or autodiff.vjp(f, *arrays)",
    "enable_grad inference_mode set_grad_enabled": "use no_grad()",
    "save load": "use numpy.savez(path, **net.state_dict()), and numpy.load",
    "utils": "minibatches are in gradbook.data",
}
TENSOR = {
    "register_hook retain_grad grad_fn": "there are no hooks, and .grad on leaves only",
    "type type_as": "use t.to(dtype)",
    "view_as reshape_as": "write t.reshape(other.shape)",
    "new_zeros new_ones new_full new_tensor": "write gradbook.zeros(size, dtype=t.dtype)",
    "nelement element_size nbytes stride": "use t.numel(), and what t.numpy() has",
    "fill_ exp_ sqrt_ clamp_ normal_ uniform_ masked_fill_ pow_ detach_":
        "write t[...] = ...; in place there are add_, sub_, mul_, div_, zero_ and copy_",
}


def missing(where, offered, instead=None):
    """A module's __getattr__: name -> AttributeError that says what there is instead.

    where: what lacks the name, such as "gradbook.nn".   offered: the names it has.   instead: as above."""
    advice = _by_name(instead or {})

    def no_such_name(name):
        said = f"{where} has no {name!r}"
        if name in advice:
            said += f": {advice[name]}"
        elif not name.startswith("__"):        # copy, pickle and hasattr ask for many of those: quickly then
            import difflib
            near = difflib.get_close_matches(name, offered, n=4, cutoff=0.7)
            said += f". Near it: {', '.join(near)}" if near else f". dir({where}) lists what it has"
        raise AttributeError(said, name=name)

    return no_such_name


def _by_name(table):
    return {name: text for names, text in table.items() for name in names.split()}


def mark_missing(cls, instead):
    """Let instances of cls say of each name in `instead` what there is, as a __getattr__ of cls would.

    But that would slow the access to every attribute, and with it the tape, by a tenth."""
    names = _by_name(instead)
    say = missing(cls.__name__, (), instead)
    for name in names:
        setattr(cls, name, property(lambda self, name=name: say(name)))
    cls.__dir__ = lambda self: [name for name in object.__dir__(self) if name not in names]

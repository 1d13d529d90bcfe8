"""What is said of a name that is not there."""

EVERYWHERE = {                                     # names with spaces between: what to do without them
    "cuda cpu device mps xpu get_device is_cuda pin_memory": "everything is on the CPU",
    "float16 bfloat16 half complex64 complex128 cfloat": "there are float32 and float64",
    "sort argsort topk unique median quantile histc bincount nonzero round floor ceil isinf searchsorted svd":
        "use NumPy's, of t.detach().numpy()",
    "allclose equal isclose": "write (a == b).all(), or use NumPy's, of t.detach().numpy()",
    "mm mv dot inner addmm baddbmm": "use matmul, a @ b",
    "rsqrt reciprocal log1p expm1 log2 log10 tan sinh cosh": "write it with sqrt, log, exp, sin, cos and /",
    "logical_not logical_and logical_or masked_select": "write ~a, a & b, a | b and t[mask]",
    "remainder fmod floor_divide": "use Python's of numbers, or NumPy's of arrays",
    "unbind": "write list(t)",
    "repeat tile repeat_interleave broadcast_to expand_as": "use t.expand, which does not copy, or cat",
    "scatter scatter_add index_add index_put index_fill": "write t[index] = ..., without gradient",
    "index_select take select narrow movedim swapaxes ravel": "use t[index], gather, permute and flatten",
    "concat concatenate hstack vstack": "use cat and stack",
    "diag diagonal trace diag_embed": "use einsum('ii->i', t), einsum('ii', t) and eye",
}
TOP = {
    "manual_seed Generator seed": "pass a NumPy Generator, as in randn(2, generator=rng)",
    "rand randint randperm normal multinomial": "write tensor(rng.random((2, 3))), rng a NumPy Generator",
    "from_numpy as_tensor asarray": "tensor(array) copies it, Tensor(array) does not",
    "empty empty_like full_like": "use zeros, zeros_like and full",
    "autograd grad func": "use t.backward(), or autodiff.vjp(f, *arrays)",
    "enable_grad inference_mode set_grad_enabled is_grad_enabled": "use no_grad()",
    "save load": "use numpy.savez(path, **net.state_dict()), and numpy.load",
    "utils": "minibatches are in gradbook.data",
    "compile jit": "there is nothing to compile",
}
TENSOR = {
    "register_hook retain_grad grad_fn retains_grad": "there are no hooks, and .grad on leaves only",
    "type type_as": "use t.to(dtype)",
    "view_as reshape_as": "write t.reshape(other.shape)",
    "new_zeros new_ones new_full new_tensor": "write gradbook.zeros(size, dtype=t.dtype)",
    "nelement element_size nbytes stride storage data_ptr": "use t.numel(), and what t.numpy() has",
    "is_floating_point": "write t.dtype.kind == 'f'",
    "fill_ exp_ sqrt_ clamp_ normal_ uniform_ masked_fill_ lerp_ addcmul_ addcdiv_ relu_ pow_ detach_":
        "write t[...] = ...; in place there are add_, sub_, mul_, div_, zero_ and copy_",
}


def missing(where, offered, instead=None):
    """A module's __getattr__: name -> AttributeError that says what there is instead.

    where: what lacks the name, such as "gradbook.nn".   offered: the names it has.   instead: as above.
    """
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

    But that would slow the access to every attribute, and with it the tape, by a tenth.
    """
    names = _by_name(instead)
    say = missing(cls.__name__, (), instead)
    for name in names:
        setattr(cls, name, property(lambda self, name=name: say(name)))
    cls.__dir__ = lambda self: [name for name in object.__dir__(self) if name not in names]

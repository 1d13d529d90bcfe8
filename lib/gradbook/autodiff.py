"""Reverse-mode differentiation: a tensor that remembers how it was made.

A primitive is a function of arrays, f(*arrays, **options) -> (value, vjp). Its closure vjp(g) turns g, the
cotangent of the value, into the cotangents of f's leading arguments. The tape keeps vjp and calls it on the
way back, newest first. Unlike torch: first derivatives only, as vjp works on arrays, which no tape records.
"""

import contextlib
import functools
import inspect

import numpy as np

from . import memory
from .arguments import named
from .dtypes import as_array, sum_to

PRIMITIVES = {}              # name -> f, in its raw form; the tests walk it
_recording, _instead = True, None             # in a primitive's place, gradbook.cost puts a rule on shapes
_FIRST_ONLY = "gradbook has first derivatives only; torch.autograd.grad(..., create_graph=True) has second"


class Tensor:
    """An array and, if it came out of a primitive, the vjp that leads back to what it was made from."""

    # grad: a Tensor, once backward() has reached this leaf.   _written: memory's stamp.
    # _made: (when, f, vjp, needs, *args), needs being the k for which args[k] requires grad; () once freed.
    # One tuple, and no dict: what the garbage collector has to look at is half of the time of small numbers.
    __slots__ = ("__weakref__", "_made", "_written", "data", "grad", "requires_grad")
    __array_ufunc__ = None   # array * t calls t.__rmul__, and np.exp(t) is a TypeError, not a lost gradient
    shape, dtype = property(lambda self: self.data.shape), property(lambda self: self.data.dtype)

    def __init__(self, data, requires_grad=False):
        self.data = data if type(data) is np.ndarray else np.asarray(data)
        self.requires_grad = requires_grad
        self.grad = self._made = self._written = None
        if requires_grad and self.data.dtype.kind != "f":
            raise RuntimeError(f"Tensor: only floating tensors can require grad, this one is {self.dtype}")

    def backward(self, gradient=None, retain_graph=False, create_graph=False):
        """Add to each leaf's .grad what `gradient`, this tensor's cotangent (1 for a number), sends it."""
        if not self.requires_grad:
            raise RuntimeError(f"backward: nothing this tensor was made from requires grad. {_FIRST_ONLY}")
        gradient = np.ones(self.shape if self.data.size == 1 else ()) if gradient is None else gradient
        for leaf, g in _pull(self, gradient, retain_graph, create_graph).items():
            if leaf.requires_grad:                   # unless it was frozen since
                leaf.grad = Tensor(g if leaf.grad is None else leaf.grad.data + g)


def tensor(data, *, dtype=None, requires_grad=False):
    """A copy of data as a Tensor. Python floats become the default dtype; arrays keep theirs."""
    return Tensor(as_array(data, dtype), requires_grad)


@contextlib.contextmanager
def no_grad(recording=False):
    """Within, no operation is recorded. Also a decorator, @no_grad()."""
    global _recording
    before, _recording = _recording, recording
    try:
        yield
    finally:
        _recording = before


def primitive(f=None, *, broadcasts=False, skips=False):
    """Let f(*arrays, **options) -> (value, vjp) take and return Tensors. Without derivative, vjp is None.

    Each cotangent has its argument's shape or, if f `broadcasts`, is summed down to it; or is None.
    If f `skips`, it is called as vjp(g, needs) and may give None for an argument k not in needs.
    vjp holds the arrays it uses in its closure, and none of which it uses only the shape."""
    if f is None:
        return functools.partial(primitive, broadcasts=broadcasts, skips=skips)
    PRIMITIVES[f.__name__], f.broadcasts, f.skips, signature = f, broadcasts, skips, inspect.signature(f)
    names = dict(zip(("input", "other"), (n for n in signature.parameters if n != "condition")))     # torch's
    @functools.wraps(f)
    def op(*args, **options):
        try:
            if options and (options.keys() & names or any(isinstance(v, Tensor) for v in options.values())):
                call = signature.bind(*args, **{names.get(k, k): v for k, v in options.items()})
                call.apply_defaults()
                args, options = call.args, call.kwargs
            arrays, needs = [], []           # one loop and no 0-d arrays, which are slow: 1.3 times faster
            for a in args:
                if isinstance(a, Tensor):
                    if a.requires_grad:
                        needs.append(len(arrays))
                    a = array if (array := a.data).ndim else array[()]
                arrays.append(a)
            value, vjp = (_instead(f) if _instead else f)(*arrays, **options)
            out, shared = Tensor(value), value.base is not None
        except (AttributeError, TypeError, ValueError) as e:
            raise named(f.__name__, args, e) from None
        if needs and _recording and vjp:
            out.requires_grad, out._made = True, (next(memory.clock), f, vjp, tuple(needs), *args)
        if shared:
            memory.share_with_arguments(out, [a for a in args if isinstance(a, Tensor)])
        return out
    return op


def vjp(op, *arrays, **options):
    """op at the arrays, and its pullback: g -> a cotangent for each array (None if it is not of floats)."""
    args = [Tensor(a, True) if getattr(a, "dtype", np.dtype(int)).kind == "f" else a for a in arrays]
    out = no_grad(recording=True)(op)(*args, **options)
    def pullback(g):
        da = _pull(out, g, keep=True)
        return tuple(None if t is a else np.array(da.get(t, np.zeros_like(a))) for t, a in zip(args, arrays))
    return out.data, pullback


def _pull(root, g, keep, differentiable=False):
    """Given root's cotangent g, that of every leaf it was made from: {leaf: array}."""
    if differentiable or getattr(g, "requires_grad", False):
        raise NotImplementedError(f"backward: neither create_graph nor a gradient with grad. {_FIRST_ONLY}")
    if np.shape(g) != root.shape:
        raise ValueError(f"backward: gradient {np.shape(g)} came, the tensor's shape {root.shape} is needed")
    cotangents = {root: np.array(g, dtype=root.dtype, copy=None if root._made else True)[()]}  # leaves keep
    for when in sorted(nodes := _nodes(root), reverse=True):              # newest first: a topological order
        t = nodes.pop(when)
        _, f, vjp, needs, *args = t._made
        if memory.last_written > when:
            memory.refuse_overwritten(f.__name__, vjp, when, [t, *(a for a in args if isinstance(a, Tensor))])
        g = cotangents.pop(t)
        given = vjp(g, needs) if f.skips else vjp(g)
        for k in needs:
            p, dp = args[k], given[k]
            if dp is None:
                raise NotImplementedError(f"{f.__name__}: argument {k} has no derivative")
            if dp.shape != p.data.shape or dp.dtype is not p.data.dtype:
                dp = (sum_to(dp, p.shape) if f.broadcasts else dp).astype(p.dtype, copy=False)
                if dp.shape != p.shape:
                    raise ValueError(f"{f.__name__}: cotangent {k} is {dp.shape}, but its argument {p.shape}")
            cotangents[p] = (cotangents[p] + dp if p in cotangents                     # a fork accumulates
                             else dp if p._made or (dp is not g and dp.base is None) else dp.copy())
        t._made = t._made if keep else ()
    return cotangents


def _nodes(root):
    """What lies between the leaves and root, as {when made: tensor}."""
    nodes, stack = {}, [root]
    while stack:
        t = stack.pop()
        if t._made == ():
            raise RuntimeError("backward: an earlier one freed this graph; give that one retain_graph=True")
        if t._made and t._made[0] not in nodes:
            nodes[t._made[0]] = t
            stack += [t._made[4 + k] for k in t._made[3]]
    return nodes

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
from .dtypes import as_array

PRIMITIVES = {}              # name -> f, in its raw form; the tests walk it
_recording = True
_FREED = "freed"
_FIRST_ONLY = "gradbook has first derivatives only; torch.autograd.grad(..., create_graph=True) has second"


class Tensor:
    """An array and, if it came out of a primitive, the vjp that leads back to what it was made from."""

    __slots__ = ("__weakref__", "_made", "_written", "data", "grad", "requires_grad")
    __array_ufunc__ = None   # array * t calls t.__rmul__, and np.exp(t) is a TypeError, not a lost gradient
    shape, dtype = property(lambda self: self.data.shape), property(lambda self: self.data.dtype)

    def __init__(self, data, requires_grad=False):
        self.data = data if type(data) is np.ndarray else np.asarray(data)
        self.requires_grad = requires_grad
        self.grad = None     # a Tensor, once backward() has reached this leaf
        self._made = None    # (when, args, needs, f, vjp), or _FREED
        self._written = None # memory's stamp
        if requires_grad and self.data.dtype.kind != "f":
            raise RuntimeError(f"Tensor: only floating tensors can require grad, this one is {self.dtype}")

    def backward(self, gradient=None, retain_graph=False, create_graph=False):
        """Add to each leaf's .grad what `gradient`, this tensor's cotangent (1 for a number), sends it."""
        if create_graph:
            raise NotImplementedError(f"backward: create_graph=True came. {_FIRST_ONLY}")
        if not self.requires_grad:
            raise RuntimeError(f"backward: nothing this tensor was made from requires grad. {_FIRST_ONLY}")
        if gradient is None and self.data.size != 1:
            raise RuntimeError(f"backward: a tensor of shape {self.shape} needs a gradient of that shape")
        cotangent = np.ones(self.shape) if gradient is None else gradient
        for leaf, g in _pull(self, cotangent, retain_graph).items():
            leaf.grad = Tensor(g.copy() if leaf.grad is None else leaf.grad.data + g)


def tensor(data, requires_grad=False, dtype=None):
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
    If f `skips`, it is called as vjp(g, needs), and may leave out what needs[k] says is not wanted.
    vjp holds the arrays it uses as plain closure variables, and none of which it uses only the shape.
    """
    if f is None:
        return functools.partial(primitive, broadcasts=broadcasts, skips=skips)
    PRIMITIVES[f.__name__], f.broadcasts, f.skips, signature = f, broadcasts, skips, inspect.signature(f)
    @functools.wraps(f)
    def op(*args, **options):
        if options and any(isinstance(v, Tensor) for v in options.values()):
            call = signature.bind(*args, **options)
            call.apply_defaults()
            args, options = call.args, call.kwargs
        needs = [isinstance(a, Tensor) and a.requires_grad for a in args]
        value, vjp = f(*[a.data if isinstance(a, Tensor) else a for a in args], **options)
        out = Tensor(value)
        if vjp and _recording and True in needs:
            out.requires_grad, out._made = True, (next(memory.clock), args, needs, f, vjp)
        if out.data.base is not None:
            memory.share_with_arguments(out, [a for a in args if isinstance(a, Tensor)])
        return out
    return op


def vjp(op, *arrays, **options):
    """op at the arrays, and its pullback: g -> a cotangent for each array (None if it is not of floats)."""
    args = [Tensor(a, True) if getattr(a, "dtype", np.dtype(int)).kind == "f" else a for a in arrays]
    out = no_grad(recording=True)(op)(*args, **options)

    def pullback(g):
        found = _pull(out, g, keep=True)
        return tuple(None if t is a else found.get(t, np.zeros_like(a)).copy() for t, a in zip(args, arrays))
    return out.data, pullback


def _pull(root, g, keep):
    """Given root's cotangent g, that of every leaf it was made from: {leaf: array}."""
    if getattr(g, "requires_grad", False):
        raise NotImplementedError(f"backward: a gradient that requires grad came. {_FIRST_ONLY}")
    if np.shape(g) != root.shape:
        raise ValueError(f"backward: the gradient has shape {np.shape(g)}, the tensor {root.shape}")
    cotangents = {root: np.asarray(g, dtype=root.dtype)}
    for t in _newest_first(root):
        for a, da in _cotangents(t, cotangents.pop(t)):
            cotangents[a] = cotangents[a] + da if a in cotangents else da        # a fork accumulates
        t._made = t._made if keep else _FREED
    return cotangents


def _newest_first(root):
    """What lies between the leaves and root. Creation order, reversed, is a topological order."""
    found, stack = set(), [root]
    while stack:
        t = stack.pop()
        if t._made is _FREED:
            raise RuntimeError("backward: an earlier one freed this graph; pass it retain_graph=True")
        if t._made and t not in found:
            found.add(t)
            stack += [a for a in t._made[1] if isinstance(a, Tensor)]
    return sorted(found, key=lambda t: t._made[0], reverse=True)


def _cotangents(t, g):
    """The arguments of t's primitive that require grad, each with its cotangent, checked."""
    when, args, needs, f, vjp = t._made
    memory.refuse_overwritten(f.__name__, vjp, when, [t, *(a for a in args if isinstance(a, Tensor))])
    given = vjp(g, needs) if f.skips else vjp(g)
    for k, a in enumerate(args):
        if needs[k]:
            if k >= len(given) or given[k] is None:
                raise NotImplementedError(f"{f.__name__}: argument {k} has no derivative")
            da = _sum_to(given[k], a.shape) if f.broadcasts and given[k].shape != a.shape else given[k]
            if da.shape != a.shape:
                raise ValueError(f"{f.__name__}: cotangent {k} has shape {da.shape}, its argument {a.shape}")
            yield a, da if da.dtype is a.dtype else da.astype(a.dtype)


def _sum_to(g, shape):
    """The adjoint of broadcasting from shape to g.shape: what was repeated is summed."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(k for k, n in enumerate(shape) if n == 1), keepdims=True)

"""Sums and means over dimensions. Where several numbers become one, its cotangent is spread out again."""

import numpy as np

from .autodiff import Tensor, primitive


@primitive
def sum(x, dim=None, keepdim=False):
    """The sum over dim: a dimension, several, or (None) all."""
    shape = x.shape
    return x.sum(axis=dim, keepdims=keepdim), lambda g: (_spread(g, shape, dim, keepdim),)


@primitive
def mean(x, dim=None, keepdim=False):
    """The mean over dim: a dimension, several, or (None) all."""
    if x.dtype.kind != "f":
        raise TypeError(f"mean: x is {x.dtype}, a floating dtype is needed; write x.double().mean()")
    shape, value = x.shape, x.mean(axis=dim, keepdims=keepdim)
    n = x.size // max(value.size, 1)
    return value, lambda g: (_spread(g / n, shape, dim, keepdim),)


def _spread(g, shape, dim, keepdim):
    """The adjoint of a sum over dim: every number that was added receives the sum's cotangent."""
    if dim is not None and not keepdim:
        g = np.expand_dims(g, dim)
    return np.broadcast_to(g, shape)


def argmax(x, dim=None, keepdim=False) -> Tensor:
    """The index of the largest entry, the first if there are several. It has no derivative."""
    return Tensor(np.argmax(x.data, axis=dim, keepdims=keepdim))


Tensor.sum, Tensor.mean, Tensor.argmax = sum, mean, argmax

"""Operations that rearrange, select or add up, and what a Tensor can say about its shape.

Each vjp is the adjoint of a linear map: what was moved is moved back, what was read is added where it was
read, what was summed is spread out again.
"""

import numpy as np

from .autodiff import Tensor, primitive
from .tensors import plain


@primitive
def reshape(x, shape):
    """The same numbers, row by row, in another shape; one length may be -1."""
    before = x.shape
    return x.reshape(shape), lambda g: (g.reshape(before),)


@primitive
def transpose(x, dim0, dim1):
    """Two dimensions exchanged."""
    return x.swapaxes(dim0, dim1), lambda g: (g.swapaxes(dim0, dim1),)


@primitive
def permute(x, dims):
    """Dimension k of the result is dimension dims[k] of x."""
    inverse = np.argsort([d % x.ndim for d in dims])
    return x.transpose(dims), lambda g: (g.transpose(inverse),)


@primitive
def getitem(x, index):
    """x[index], with NumPy's indices: numbers, slices, None, ..., integer and boolean arrays."""
    shape = x.shape
    basic = all(isinstance(i, (int, slice, type(None), type(...)))
                for i in (index if isinstance(index, tuple) else (index,)))

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        if basic:
            dx[index] = g
        else:
            np.add.at(dx, index, g)           # an entry that was read twice receives both cotangents
        return (dx,)

    return x[index], vjp


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


def flatten(x, start_dim=0, end_dim=-1) -> Tensor:
    """The dimensions from start_dim to end_dim made one."""
    start, end = start_dim % max(x.ndim, 1), end_dim % max(x.ndim, 1)
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {x.shape}")
    return reshape(x, (*x.shape[:start], -1, *x.shape[end + 1:]))


def _sizes(sizes):
    """t.reshape(2, 3) and t.reshape((2, 3)) mean the same."""
    return sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes


def _matrix_transpose(self):
    if self.ndim != 2:
        raise ValueError(f"T: shape {self.shape} came, a matrix is needed; .mT serves stacks of them")
    return transpose(self, 0, 1)


def _len(self):
    if not self.ndim:
        raise TypeError("len: this tensor has no dimensions")
    return self.shape[0]


def _iter(self):
    return (self[k] for k in range(len(self)))


Tensor.reshape = Tensor.view = lambda self, *shape: reshape(self, _sizes(shape))
Tensor.permute = lambda self, *dims: permute(self, _sizes(dims))
Tensor.transpose, Tensor.flatten = transpose, flatten
Tensor.T, Tensor.t = property(_matrix_transpose), _matrix_transpose
Tensor.mT = property(lambda self: transpose(self, -2, -1))
Tensor.sum, Tensor.mean, Tensor.argmax = sum, mean, argmax
Tensor.__getitem__ = lambda self, index: getitem(self, plain(index))
Tensor.__len__, Tensor.__iter__ = _len, _iter
Tensor.ndim, Tensor.numel = property(lambda self: self.data.ndim), lambda self: self.data.size
Tensor.size = lambda self, dim=None: self.shape if dim is None else self.shape[dim]

"""Operations that rearrange, join and divide, and what a Tensor can say about its shape.

Each vjp is the adjoint of a linear map: what was moved is moved back, what was repeated is summed.
Unlike torch: dim out of range is a ValueError, and `view` also serves what is not contiguous, by a copy."""

import math

import numpy as np

from .arguments import named_errors
from .autodiff import Tensor, primitive
from .dtypes import axes, widest
from .elementwise import clone


@primitive
def reshape(x, shape):
    """The same numbers, row by row, in another shape; one length may be -1."""
    before = x.shape
    return x.reshape(shape), lambda g: (g.reshape(before),)


@primitive
def permute(x, dims):
    """Dimension k of the result is dimension dims[k] of x."""
    order = axes("permute", dims, x.ndim, empty=())
    if len(order) != x.ndim:
        raise ValueError(f"permute: dims {dims} came, x {x.shape} needs each of its dimensions once")
    inverse = sorted(range(x.ndim), key=order.__getitem__)
    return np.transpose(x, order), lambda g: (g.transpose(inverse),)


@named_errors
def transpose(input, dim0, dim1) -> Tensor:
    """Two dimensions exchanged."""
    (a,), (b,) = (axes("transpose", d, input.ndim) or (0,) for d in (dim0, dim1))
    order = list(range(input.ndim))
    if order:
        order[a], order[b] = b, a
    return permute(input, tuple(order))


@named_errors
def flatten(input, start_dim=0, end_dim=-1) -> Tensor:
    """The dimensions from start_dim to end_dim made one."""
    (start,), (end,) = (axes("flatten", d, input.ndim) or (0,) for d in (start_dim, end_dim))
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape "
                         f"{input.shape}")
    before, joined, after = input.shape[:start], input.shape[start:end + 1], input.shape[end + 1:]
    return reshape(input, (*before, math.prod(joined), *after))


@named_errors
def squeeze(input, dim=None) -> Tensor:
    """Without dimensions of length 1: without all, or those of dim that have it."""
    dims = axes("squeeze", dim, input.ndim, empty=())
    return reshape(input, tuple(n for k, n in enumerate(input.shape) if n != 1 or k not in dims))


@named_errors
def unsqueeze(input, dim) -> Tensor:
    """With a new dimension of length 1, which will be number dim."""
    (k,) = axes("unsqueeze", dim, input.ndim, new=1)
    return reshape(input, (*input.shape[:k], 1, *input.shape[k:]))


@primitive(broadcasts=True)
def expand(x, size):
    """x repeated, without a copy, along dimensions of length 1 and new ones in front; -1 keeps a length."""
    new = len(size) - x.ndim
    if new < 0 or any(n < 0 and (n != -1 or k < new) for k, n in enumerate(size)):
        raise ValueError(f"expand: x {x.shape} cannot become {tuple(size)}")
    size = [x.shape[k - new] if n == -1 else n for k, n in enumerate(size)]
    return np.broadcast_to(x, size), lambda g: (g,)


@primitive
def flip(x, dims):
    """The entries in reverse order along each of dims."""
    reverse = axes("flip", dims, x.ndim, empty=())
    return np.flip(x, reverse).copy(), lambda g: (np.flip(g, reverse),)


@primitive
def roll(x, shifts, dims=None):
    """Entry i moves to i + shift along each of dims, round the end; without dims as if x were flat."""
    dims = (dims,) if isinstance(dims, int) else dims and tuple(dims)
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if len(shifts) != (len(dims) if dims else 1):
        raise ValueError(f"roll: {len(shifts)} shifts came with dims {dims}, one for each dim is needed")
    over = [k for d in dims or () for k in axes("roll", d, x.ndim)]
    over, shifts = (over, shifts[:len(over)]) if dims else (None, shifts[0])
    return np.roll(x, shifts, over), lambda g: (np.roll(g, np.negative(shifts), over),)


@primitive
def tril(x, diagonal=0):
    """The lower triangle of each matrix: entries with column - row <= diagonal; the others are 0."""
    return _triangle("tril", np.tril, x, diagonal)


@primitive
def triu(x, diagonal=0):
    """The upper triangle of each matrix: entries with column - row >= diagonal; the others are 0."""
    return _triangle("triu", np.triu, x, diagonal)


def _triangle(name, part, x, diagonal):
    if x.ndim < 2:
        raise ValueError(f"{name}: x {x.shape} is not a matrix or a stack of them")
    return part(x, diagonal), lambda g: (part(g, diagonal),)


@primitive
def concatenate(*arrays, dim):
    """What cat is made of: the arrays one after another along dim, which is counted from 0."""
    ends = np.cumsum([a.shape[dim] for a in arrays])[:-1]
    value = np.concatenate(arrays, dim, dtype=widest(*(a.dtype for a in arrays)))
    return value, lambda g: np.split(g, ends, dim)


@named_errors
def cat(tensors, dim=0) -> Tensor:
    """The tensors one after another along dim; in the other dimensions their lengths are equal.

    A tensor (0,) has nothing to add to what has more dimensions, and joins it."""
    tensors = _sequence("cat", tensors)
    whole = next((t.shape for t in tensors if t.shape != (0,)), (0,))
    (k,) = axes("cat", dim, len(whole)) or (0,)
    tensors = [reshape(t, (*whole[:k], 0, *whole[k + 1:])) if t.shape == (0,) else t for t in tensors]
    shapes = [t.shape for t in tensors]
    if () in shapes or len({(*s[:k], *s[k + 1:], len(s)) for s in shapes}) > 1:
        raise ValueError(f"cat: shapes {str(shapes)[1:-1]} differ elsewhere than in dim {dim}, or have none")
    return concatenate(*tensors, dim=k)


@named_errors
def stack(tensors, dim=0) -> Tensor:
    """The tensors, which are of one shape, one after another along a new dimension, number dim."""
    tensors = _sequence("stack", tensors)
    if len({t.shape for t in tensors}) > 1:
        raise ValueError(f"stack: shapes {[t.shape for t in tensors]} came, equal ones are needed")
    (k,) = axes("stack", dim, tensors[0].ndim, new=1)
    return concatenate(*(unsqueeze(t, k) for t in tensors), dim=k)


def _sequence(name, tensors):
    tensors = list(tensors)
    if not tensors or not all(isinstance(t, Tensor) for t in tensors):
        raise TypeError(f"{name}: {[type(t).__name__ for t in tensors]} came, one Tensor at least is needed")
    return tensors


@named_errors
def split(tensor, split_size_or_sections, dim=0) -> tuple:
    """Views of tensor along dim: all of that length but perhaps the last; or of the lengths in a list."""
    if not tensor.ndim:
        raise ValueError("split: this tensor has no dimensions")
    (k,) = axes("split", dim, tensor.ndim)
    n, sizes = tensor.shape[k], split_size_or_sections
    if isinstance(sizes, int):
        if sizes < 0 or sizes == 0 < n:
            raise ValueError(f"split: {sizes} at a time came for length {n}, at least 1 is needed")
        sizes = [sizes] * (n // max(sizes, 1)) + [n % max(sizes, 1)]
        sizes = sizes[:-1] if len(sizes) > 1 and not sizes[-1] else sizes
    if sum(sizes) != n or min(sizes) < 0:
        raise ValueError(f"split: lengths {list(sizes)} came, their sum must be {n}")
    ends = np.cumsum(sizes).tolist()
    return tuple(tensor[(slice(None),) * k + (slice(end - m, end),)] for m, end in zip(sizes, ends))


@named_errors
def chunk(input, chunks, dim=0) -> tuple:
    """Views of input along dim: at most so many, of equal length except that the last may be shorter."""
    if chunks < 1 or not input.ndim:
        raise ValueError(f"chunk: {chunks} chunks of shape {input.shape} cannot be made")
    (k,) = axes("chunk", dim, input.ndim)
    n = input.shape[k]
    return split(input, -(-n // chunks) if n else [0] * chunks, k)


def _sizes(op):
    """A method: t.reshape(2, 3) and t.reshape((2, 3)) mean the same."""
    def method(self, *sizes, **named):
        if sizes:
            sizes = (sizes[0] if isinstance(sizes[0], (tuple, list)) else sizes,)
        return op(self, *sizes, **named)
    return method


def _t(self):
    if self.ndim > 2:
        raise ValueError(f"T: shape {self.shape} came, a matrix is needed; .mT serves stacks of them")
    return permute(self, tuple(range(self.ndim))[::-1])


def _len(self):
    if not self.ndim:
        raise TypeError("len: this tensor has no dimensions")
    return self.shape[0]


Tensor.reshape = Tensor.view = _sizes(reshape)
Tensor.permute, Tensor.expand, Tensor.flip = _sizes(permute), _sizes(expand), _sizes(flip)
Tensor.transpose, Tensor.flatten, Tensor.squeeze, Tensor.unsqueeze = transpose, flatten, squeeze, unsqueeze
Tensor.roll, Tensor.tril, Tensor.triu, Tensor.chunk = roll, tril, triu, chunk
Tensor.split = lambda self, split_size, dim=0: split(self, split_size, dim)
Tensor.contiguous = lambda self: self if self.data.flags.c_contiguous else clone(self)
Tensor.T, Tensor.t = property(_t), _t
Tensor.mT = property(lambda self: transpose(self, -2, -1))
Tensor.__len__, Tensor.__iter__ = _len, lambda self: (self[k] for k in range(len(self)))
Tensor.ndim, Tensor.numel = property(lambda self: self.data.ndim), lambda self: self.data.size
Tensor.dim = lambda self: self.data.ndim
Tensor.size = lambda self, dim=None: self.shape if dim is None else self.shape[dim]

"""Operations that select: t[index], gather, masked_fill.

The adjoint of reading is adding: what was read twice receives both cotangents, what was not read receives 0.
Unlike torch: slices may step backwards."""

import numpy as np

from .autodiff import Tensor, primitive
from .dtypes import axes
from .elementwise import where
from .tensors import plain


@primitive
def getitem(x, index):
    """x[index]: numbers, slices, None, ..., integer and boolean arrays, with torch's meaning.

    A number beside arrays selects first, so x[0, :, [1, 2]] is x[0][:, [1, 2]], unlike in NumPy."""
    shape, (simple, arrays) = x.shape, _two_steps(index)
    value = x[simple]

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        if any(isinstance(a, np.ndarray) and a.dtype != bool for a in arrays):
            np.add.at(dx[simple], arrays, g)       # an entry that was read twice receives both cotangents
        elif arrays:
            dx[simple][arrays] = g                 # by masks it was read once
        else:
            dx[simple] = g
        return (dx,)

    return value[arrays] if arrays else value, vjp


def _two_steps(index):
    """index as two: numbers, slices, None and ...; then the arrays, in what the first step leaves, if any."""
    simple, arrays = [], []
    for i in index if isinstance(index, tuple) else (index,):
        if not isinstance(i, (slice, type(None), type(...))):
            i = np.array(i) if np.size(i) or hasattr(i, "dtype") else np.zeros(np.shape(i), int)
            if i.dtype.kind not in "iub":
                raise TypeError(f"getitem: an index of {i.dtype} came; integers, bools or slices are needed")
            if i.ndim or i.dtype.kind == "b":
                simple += [slice(None)] * (i.ndim if i.dtype.kind == "b" else 1)
                arrays.append(i)
            else:
                simple.append(int(i))
        else:
            simple.append(i)
            arrays.append(i if i is ... else slice(None))
    return tuple(simple), tuple(arrays) if any(isinstance(a, np.ndarray) for a in arrays) else ()


@primitive
def gather(input, dim, index):
    """y[i, j, k] = x[i, index[i, j, k], k], if dim is 1: x = input is read, in dim, where index says.

    index: integers from 0; of x's number of dimensions, and in the others no longer than x."""
    before, shape = np.shape(input), np.shape(input) or (1,)
    (k,) = axes("gather", dim, len(before)) or (0,)
    at = np.array(index, ndmin=1)
    if at.dtype.kind != "i" or at.ndim != len(shape) or any(
            n > m for d, (n, m) in enumerate(zip(at.shape, shape)) if d != k):
        raise ValueError(f"gather: index {np.shape(index)} of {at.dtype} does not fit x {before}; integers "
                         "are needed, as many dimensions, and elsewhere than in dim none longer")
    if at.size and (at.min() < 0 or at.max() >= shape[k]):
        raise ValueError(f"gather: index has {at.min()} to {at.max()}, dim {dim} of x 0 to {shape[k] - 1}")
    where_read = [np.arange(n).reshape([-1 if d == j else 1 for d in range(at.ndim)])
                  for j, n in enumerate(at.shape)]
    where_read[k] = at
    where_read = tuple(where_read)

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        np.add.at(dx, where_read, np.reshape(g, at.shape))
        return (dx.reshape(before),)

    return np.reshape(input, shape)[where_read].reshape(np.shape(index)), vjp


def masked_fill(input, mask, value) -> Tensor:
    """input, but value (a number, also as a Tensor) where the bools of mask hold. The dtype is input's."""
    if plain(mask).dtype.kind != "b" or np.ndim(plain(value)):
        raise TypeError(f"masked_fill: mask of {mask.dtype} and value {np.shape(plain(value))} came, "
                        "bools and a single number are needed")
    if input.dtype.kind == "i" and not np.isfinite(plain(value)):
        raise ValueError(f"masked_fill: value {plain(value)} came, input is {input.dtype}")
    value = value if isinstance(value, Tensor) else Tensor(np.asarray(value))
    return where(mask, value.to(input.dtype), input)


Tensor.__getitem__ = lambda self, index: getitem(self, plain(index))
Tensor.gather, Tensor.masked_fill = gather, masked_fill

"""What a Tensor offers besides the tape: conversion to numbers, comparison, printing, writing in place.

Nothing here has a derivative. Unlike torch: .data is the NumPy array; and writing in place (+=, t[i] = ...)
is refused while the tape records and a gradient is involved, where torch rewrites the history."""

import operator

import numpy as np

from . import autodiff, memory
from .autodiff import Tensor
from .dtypes import get_default_dtype, match


def _detach(self):
    """The same memory, without the history."""
    return memory.share(Tensor(self.data), self)


def _requires_grad_(self, requires_grad=True):
    """Set requires_grad on a leaf, in place. Returns the tensor."""
    if not self.is_leaf:
        raise RuntimeError("requires_grad_: this tensor has a history; detach() it first")
    self.requires_grad = Tensor(self.data, requires_grad).requires_grad
    return self


def _numpy(self):
    """The array itself, not a copy."""
    if self.requires_grad:
        raise RuntimeError("numpy: this tensor requires grad, which would be lost; use .detach().numpy()")
    return self.data


def _array(self, dtype=None, copy=None):
    return np.array(_numpy(self), dtype=dtype, copy=copy)


def _item(self):
    if self.data.size != 1:
        raise ValueError(f"item: a tensor of shape {self.shape} is not a single number")
    return self.data.item()


def _repr(self):
    text = np.array2string(self.data, separator=", ", prefix="tensor(")
    dtype = "" if self.dtype in (get_default_dtype(), "int64", "bool") else f", dtype={self.dtype}"
    return f"tensor({text}{dtype}{', requires_grad=True' if self.requires_grad else ''})"


def plain(x):
    """x, with its array in the place of a Tensor; also within a tuple, such as an index."""
    if isinstance(x, tuple):
        return tuple(plain(i) for i in x)
    return x.data if isinstance(x, Tensor) else x


def _without_derivative(ufunc, says):
    """An operation on two operands that broadcast, whose result has no gradient."""
    def op(input, other):
        try:
            return Tensor(ufunc(*match(plain(input), plain(other))))
        except ValueError as e:          # NumPy's do not say which operation it was
            raise ValueError(f"{op.__name__}: {e}") from None

    op.__name__ = op.__qualname__ = says.split(":")[0]
    op.__doc__ = says
    return op


eq, ne = _without_derivative(np.equal, "eq: x == y."), _without_derivative(np.not_equal, "ne: x != y.")
lt, le = _without_derivative(np.less, "lt: x < y."), _without_derivative(np.less_equal, "le: x <= y.")
gt, ge = _without_derivative(np.greater, "gt: x > y."), _without_derivative(np.greater_equal, "ge: x >= y.")


def _operator(op):
    """For Python's operators, which themselves say what to do beside what is no number, such as None."""
    numbers = (Tensor, np.ndarray, np.generic, int, float)
    return lambda self, other: op(self, other) if isinstance(other, numbers) else NotImplemented


def _writable(self, other):
    """The array, about to be written in place: not unseen by the tape, and stamped for backward()."""
    if autodiff._recording and (self.requires_grad or getattr(other, "requires_grad", False)):
        raise RuntimeError("in-place write: the tape would not see it; write y = y + ..., or use no_grad()")
    memory.stamp(self)
    return self.data


def _in_place(ufunc):
    def write(self, other):
        ufunc(self.data, plain(other), out=_writable(self, other))
        return self

    return write


def _setitem(self, index, value):
    _writable(self, value)[plain(index)] = plain(value)


def _copy_(self, source):
    """Overwrite with source, broadcast to this shape. Returns the tensor."""
    _setitem(self, ..., source)
    return self


Tensor.detach, Tensor.requires_grad_ = _detach, _requires_grad_
Tensor.numpy, Tensor.__array__ = _numpy, _array
Tensor.item, Tensor.__repr__ = _item, _repr
Tensor.__contains__ = lambda self, x: bool(eq(self, x).data.any())
Tensor.__format__ = lambda self, spec: format(self.item() if self.data.ndim == 0 else repr(self), spec)
Tensor.tolist = lambda self: self.data.tolist()
Tensor.__bool__, Tensor.__float__ = lambda self: bool(_item(self)), lambda self: float(_item(self))
Tensor.__int__, Tensor.__index__ = lambda self: int(_item(self)), lambda self: operator.index(_item(self))
Tensor.is_leaf = property(lambda self: self._made is None)

for _f in (eq, ne, lt, le, gt, ge):      # to the class, so that it keeps object's hash, as in torch: identity
    setattr(Tensor, _f.__name__, _f)
    setattr(Tensor, f"__{_f.__name__}__", _operator(_f))
Tensor.__and__ = Tensor.__rand__ = _without_derivative(np.bitwise_and, "&: and, of bools or bits.")
Tensor.__or__ = Tensor.__ror__ = _without_derivative(np.bitwise_or, "|: or, of bools or bits.")
Tensor.__invert__ = lambda self: Tensor(np.invert(self.data))

Tensor.__iadd__ = Tensor.add_ = _in_place(np.add)
Tensor.__isub__ = Tensor.sub_ = _in_place(np.subtract)
Tensor.__imul__ = Tensor.mul_ = _in_place(np.multiply)
Tensor.__itruediv__ = Tensor.div_ = _in_place(np.divide)
Tensor.__setitem__, Tensor.copy_, Tensor.zero_ = _setitem, _copy_, lambda self: _copy_(self, 0)

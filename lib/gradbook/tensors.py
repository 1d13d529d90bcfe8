"""What a Tensor offers besides the tape: conversion to numbers, comparison, printing, writing in place.

Nothing here has a derivative. Unlike torch: .data is the NumPy array; and writing in place (+=, t[i] = ...)
is refused while the tape records and a gradient is involved, where torch rewrites the history.
"""

import numpy as np

from . import autodiff, memory
from .autodiff import Tensor
from .dtypes import get_default_dtype


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


def _compare(ufunc):
    return lambda self, other: Tensor(ufunc(self.data, plain(other)))


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
Tensor.tolist = lambda self: self.data.tolist()
Tensor.__bool__, Tensor.__float__ = lambda self: bool(_item(self)), lambda self: float(_item(self))
Tensor.is_leaf = property(lambda self: self._made is None)

# Assigned to the class, so that it keeps object's hash: a tensor is a key by identity, as in torch.
Tensor.__lt__, Tensor.__le__ = _compare(np.less), _compare(np.less_equal)
Tensor.__gt__, Tensor.__ge__ = _compare(np.greater), _compare(np.greater_equal)
Tensor.__eq__, Tensor.__ne__ = _compare(np.equal), _compare(np.not_equal)

Tensor.__iadd__ = Tensor.add_ = _in_place(np.add)
Tensor.__isub__ = Tensor.sub_ = _in_place(np.subtract)
Tensor.__imul__ = Tensor.mul_ = _in_place(np.multiply)
Tensor.__itruediv__ = Tensor.div_ = _in_place(np.divide)
Tensor.__setitem__, Tensor.copy_, Tensor.zero_ = _setitem, _copy_, lambda self: _copy_(self, 0)

"""Arithmetic and functions that act on each number by itself. Operands broadcast.

Named as in torch; the operands are x and y where torch says input and other.
Unlike torch: NumPy's RuntimeWarning for 1/0, log(0) or an overflow is left on. The values, inf or nan, agree.
"""

import numpy as np

from .autodiff import Tensor, primitive
from .dtypes import float32, float64, floating, int64, match


@primitive(broadcasts=True)
def add(x, y):
    """x + y."""
    x, y = match(x, y)
    return x + y, lambda g: (g, g)


@primitive(broadcasts=True)
def sub(x, y):
    """x - y."""
    x, y = match(x, y)
    return x - y, lambda g: (g, -g)


@primitive(broadcasts=True)
def mul(x, y):
    """x y."""
    x, y = match(x, y)
    return x * y, lambda g: (g * y, g * x)


@primitive(broadcasts=True)
def div(x, y):
    """x / y, floating also for integers."""
    x, y = map(floating, match(x, y))
    return x / y, lambda g: (g / y, -g * (x / y) / y)


@primitive
def neg(x):
    """-x."""
    return -x, lambda g: (-g,)


@primitive(broadcasts=True, skips=True)
def pow(x, exponent):
    """x^p, p a number or an array. For x < 0 and p not a whole number: nan.

    The derivative in p, x^p log x, is taken as 0 at x = 0 for p >= 0, as in torch.
    """
    x, p = match(x, exponent)
    z = x ** p

    def vjp(g, needs=(0, 1)):
        dx = g * (p * x ** (p - (p != 0))) if 0 in needs else None       # p = 0: 0 · x^0, 0 also at x = 0
        if 1 not in needs:
            return dx, None
        with np.errstate(invalid="ignore"):                            # log of x < 0 is nan, the truth
            return dx, g * (z * np.log(np.where((x == 0) & (p >= 0), 1, x)))

    return z, vjp


@primitive
def exp(x):
    """e^x."""
    y = np.exp(floating(x))
    return y, lambda g: (g * y,)


@primitive
def log(x):
    """The natural logarithm, in nats."""
    x = floating(x)
    return np.log(x), lambda g: (g / x,)


@primitive
def sqrt(x):
    """√x. The derivative 1 / (2√x) is inf at 0."""
    y = np.sqrt(floating(x))
    return y, lambda g: (g / (2 * y),)


@primitive
def abs(x):
    """|x|. At the kink x = 0, and at nan, the derivative is taken as 0."""
    return np.abs(x), lambda g: (g * ((x > 0) * 1.0 - (x < 0)),)


@primitive(broadcasts=True)
def maximum(x, y):
    """max(x, y); nan if either is. Where x = y each gets half of the cotangent."""
    x, y = match(x, y)
    return np.maximum(x, y), lambda g: (g * _share(x < y, x == y), g * _share(x > y, x == y))


@primitive(broadcasts=True)
def minimum(x, y):
    """min(x, y); nan if either is. Where x = y each gets half of the cotangent."""
    x, y = match(x, y)
    return np.minimum(x, y), lambda g: (g * _share(x > y, x == y), g * _share(x < y, x == y))


def _share(loses, ties):
    return np.where(ties, 0.5, ~loses)


@primitive(broadcasts=True)
def where(condition, x, y):
    """x where condition holds, else y. No derivative in the condition."""
    x, y = match(x, y)
    return np.where(condition, x, y), lambda g: (None, np.where(condition, g, 0), np.where(condition, 0, g))


@primitive
def clone(x):
    """A copy, through which gradients pass."""
    return np.array(x), lambda g: (g,)


@primitive
def to(x, dtype):
    """x in another dtype; gradients pass, in x's dtype, unless the new one is not floating."""
    y = x.astype(dtype, copy=False)
    return y, (lambda g: (g,)) if y.dtype.kind == "f" else None


Tensor.__add__ = Tensor.__radd__ = add
Tensor.__sub__, Tensor.__rsub__ = sub, lambda self, other: sub(other, self)
Tensor.__mul__ = Tensor.__rmul__ = mul
Tensor.__truediv__, Tensor.__rtruediv__ = div, lambda self, other: div(other, self)
Tensor.__pow__, Tensor.__rpow__ = pow, lambda self, other: pow(other, self)
Tensor.__neg__, Tensor.__abs__ = neg, abs
Tensor.add, Tensor.sub, Tensor.mul, Tensor.div, Tensor.neg = add, sub, mul, div, neg
Tensor.pow, Tensor.exp, Tensor.log, Tensor.sqrt, Tensor.abs = pow, exp, log, sqrt, abs
Tensor.maximum, Tensor.minimum, Tensor.clone, Tensor.to = maximum, minimum, clone, to
Tensor.float, Tensor.double = lambda self: to(self, float32), lambda self: to(self, float64)
Tensor.long = lambda self: to(self, int64)

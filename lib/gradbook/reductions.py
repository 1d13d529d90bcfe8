"""Sums, products, extremes and moments over dimensions, and which entry it was.

dim is a dimension, several, or (None) all; keepdim leaves length 1 where they were. The cotangent of a sum is
spread out again over what was added; the other vjps are that, times the derivative. Integers and bools add
up to int64. Unlike torch: an empty mean or variance is nan with NumPy's RuntimeWarning; there is no dtype."""

import math
from collections import namedtuple

import numpy as np

from .arguments import named_errors
from .autodiff import Tensor, primitive
from .dtypes import axes, floating, int64
from .elementwise import maximum, minimum
from .indexing import gather
from .shape import squeeze


def _spread(g, shape, over, keepdim):
    """The adjoint of a sum over dimensions: every number that was added receives the sum's cotangent."""
    return np.broadcast_to(g if keepdim else np.expand_dims(g, over), shape)


def _over(name, x, dim, floats=False, filled=False):
    """The dimensions to reduce, and how many numbers become one."""
    if floats and x.dtype.kind != "f":
        raise TypeError(f"{name}: x is {x.dtype}, a floating dtype is needed; write x.double().{name}()")
    over = axes(name, dim, x.ndim)
    n = math.prod(x.shape[k] for k in over)
    if filled and not n:
        raise ValueError(f"{name}: x {x.shape} has no entries in dim {dim}")
    return over, n


@primitive
def sum(x, dim=None, keepdim=False):
    """Σ x."""
    shape, (over, _) = x.shape, _over("sum", x, dim)
    y = x.sum(axis=over, keepdims=keepdim, dtype=None if x.dtype.kind == "f" else int64)
    return y, lambda g: (_spread(g, shape, over, keepdim),)


@primitive
def mean(x, dim=None, keepdim=False):
    """Σ x / n, of floats."""
    shape, (over, n) = x.shape, _over("mean", x, dim, floats=True)
    return x.sum(axis=over, keepdims=keepdim) / n, lambda g: (_spread(g / n, shape, over, keepdim),)


@primitive
def var(x, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Σ (x - mean)² / (n - correction), of floats.   dx = 2 g (x - mean) / (n - correction).

    correction is 1 for the unbiased estimate, which is the default, and 0 if unbiased=False."""
    return _variance("var", x, dim, unbiased, keepdim, correction)


@primitive
def std(x, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """√var. Where it is 0 its derivative is taken as 0, as in torch."""
    v, vjp = _variance("std", x, dim, unbiased, keepdim, correction)
    s = np.sqrt(v)
    return s, lambda g: vjp(np.where(s == 0, 0, g / (2 * np.where(s == 0, 1, s))))


def _variance(name, x, dim, unbiased, keepdim, correction):
    if isinstance(dim, bool):                                  # x.var(False), as torch still has it
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}: unbiased and correction both came, one of them is needed")
    if correction is None:
        correction = 0 if unbiased is False else 1
    over, n = _over(name, x, dim, floats=True)
    freedom, m = n - correction, x.sum(axis=over, keepdims=True) / n
    d = x - m                                                  # centred: E[x²] - E[x]² would cancel
    v = (d * d).sum(axis=over, keepdims=keepdim) / (freedom if freedom > 0 else 0)

    def vjp(g):
        if freedom <= 0 and (dim is None or not x.ndim):       # torch's, as is the sign where freedom < 0
            slope = np.where(x == m, np.nan, np.inf)
        else:
            slope = 2 / freedom * d if freedom else np.inf * d
        return (_spread(g, d.shape, over, keepdim) * slope,)

    return v, vjp


@primitive
def prod(x, dim=None, keepdim=False):
    """Π x over one dimension, or (None) all.   dx_i = g Π_{j≠i} x_j, which is g y / x_i unless x has a 0."""
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"prod: dim {dim} came, an integer is needed")
    over, n = _over("prod", x, dim)
    y = x.prod(axis=over, keepdims=True, dtype=None if x.dtype.kind == "f" else int64)

    def vjp(g):
        zeros = x.size - np.count_nonzero(x)
        if not x.ndim:
            others = 1
        elif not zeros:
            others = y / x
        elif zeros > 1 and dim is None:
            others = np.zeros_like(x)                          # even beside nan, as in torch
        else:
            last = np.moveaxis(x, over, range(-len(over), 0))        # the dimension, or all, at the end
            rows = last.reshape(-1, n)
            one = np.ones_like(rows[:, :1])
            before = np.cumprod(np.concatenate([one, rows[:, :-1]], 1), 1)
            after = np.cumprod(np.concatenate([one, rows[:, :0:-1]], 1), 1)[:, ::-1]
            others = np.moveaxis((before * after).reshape(last.shape), range(-len(over), 0), over)
        return (_spread(g, x.shape, over, keepdim) * others,)

    return y if keepdim else np.squeeze(y, over), vjp


@primitive
def logsumexp(x, dim, keepdim=False):
    """log Σ e^x, in nats, without overflow.   dx = g e^{x - y}, which is softmax."""
    x = floating(x)
    over, _ = _over("logsumexp", x, dim)
    top = x.max(axis=over, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)                   # log Σ e^{x - a} + a is the same for every a
    with np.errstate(divide="ignore"):                         # log 0 = -inf, if all x are -inf
        kept = np.log(np.exp(x - top).sum(axis=over, keepdims=True)) + top

    def vjp(g):
        with np.errstate(invalid="ignore"):                    # inf - inf: nan, as in torch
            return (_spread(g, x.shape, over, keepdim) * np.exp(x - kept),)

    return kept if keepdim else np.squeeze(kept, over), vjp


@primitive
def cumsum(x, dim):
    """y_i = Σ_{j<=i} x_j along dim.   dx_j = Σ_{i>=j} g_i."""
    shape, over = x.shape, axes("cumsum", dim, x.ndim)
    k = over[0] if over else 0
    y = np.cumsum(x, axis=k, dtype=None if x.dtype.kind == "f" else int64)            # (1,) of a number
    return y.reshape(shape), lambda g: (np.flip(np.cumsum(np.flip(g, over), k), over).reshape(shape),)


@primitive
def amax(x, dim=None, keepdim=False, *, nans=False):
    """The largest entry; nan if there is one. Entries that tie share the cotangent equally.

    nans: and where it is nan the nans share it, as in max without dim; else all of that get nan."""
    return _extreme("amax", np.max, x, dim, keepdim, nans)


@primitive
def amin(x, dim=None, keepdim=False, *, nans=False):
    """The smallest entry, as amax else."""
    return _extreme("amin", np.min, x, dim, keepdim, nans)


def _extreme(name, f, x, dim, keepdim, nans):
    over, _ = _over(name, x, dim, filled=True)
    kept = f(x, axis=over, keepdims=True)

    def vjp(g):
        ties = (x == kept) | ((x != x) & nans)
        with np.errstate(invalid="ignore"):                    # nan ties with nothing: 0 / 0 = nan
            share = ties / ties.sum(axis=over, keepdims=True)
        return (_spread(g, x.shape, over, keepdim) * share,)

    return kept if keepdim else np.squeeze(kept, over), vjp


_max, _min = (namedtuple(name, ("values", "indices")) for name in ("max", "min"))


@named_errors
def max(input, dim=None, keepdim=False):
    """The largest entry; or, over a dimension, (values, indices) of the first such; or maximum(input, dim).

    Over a dimension the cotangent goes to that one entry; without dim, entries that tie share it equally."""
    return _of_three_meanings(input, dim, keepdim, maximum, amax, argmax, _max)


@named_errors
def min(input, dim=None, keepdim=False):
    """The smallest entry; or, over a dimension, (values, indices) of the first; or minimum(input, dim)."""
    return _of_three_meanings(input, dim, keepdim, minimum, amin, argmin, _min)


def _of_three_meanings(x, dim, keepdim, of_two, of_all, position, pair):
    if isinstance(dim, Tensor):
        return of_two(x, dim)
    if dim is None:
        return of_all(x, nans=True)
    indices = position(x, dim, True)
    values, k = gather(x, dim, indices), axes(pair.__name__, dim, x.ndim)
    return pair(values, indices) if keepdim else pair(squeeze(values, k), squeeze(indices, k))


def _without_derivative(f, says, over):
    """The operation f, NumPy's, on the dimensions that over(name, array, dim) tells."""
    def op(input, dim=None, keepdim=False) -> Tensor:
        return Tensor(f(input.data, axis=over(op.__name__, input.data, dim), keepdims=keepdim))

    op.__name__ = op.__qualname__ = says.split(":")[0]
    op.__doc__ = says
    return named_errors(op)


def _one(name, x, dim):
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"{name}: dim {dim} came, an integer is needed")
    over, _ = _over(name, x, dim, filled=True)
    return over[0] if over and dim is not None else None


def _several(name, x, dim):
    return axes(name, dim, x.ndim, empty=())                   # the reductions where torch takes () for none


argmax = _without_derivative(np.argmax, "argmax: where the largest entry, or a nan, is first.", _one)
argmin = _without_derivative(np.argmin, "argmin: where the smallest entry, or a nan, is first.", _one)
any = _without_derivative(np.any, "any: whether some entry is not 0.", _several)
all = _without_derivative(np.all, "all: whether no entry is 0.", _several)


for _f in (sum, mean, var, std, prod, logsumexp, cumsum):
    setattr(Tensor, _f.__name__, _f)
for _f in (amax, amin, max, min, argmax, argmin, any, all):
    setattr(Tensor, _f.__name__, _f)

"""Sums, products, extremes and moments over dimensions, and which entry it was.

dim is a dimension, several, or (None) all; keepdim leaves length 1 where they were. The cotangent of a sum is
spread out again over what was added; the other vjps are that, times the derivative. Integers and bools add
up to int64. Unlike torch: an empty mean or variance is nan with NumPy's RuntimeWarning; there is no dtype.
"""

import math
from collections import namedtuple

import numpy as np

from .autodiff import Tensor, primitive
from .dtypes import axes, floating, int64
from .elementwise import maximum, minimum
from .indexing import gather
from .shape import squeeze


def _spread(g, shape, over, keepdim):
    """The adjoint of a sum over dimensions: every number that was added receives the sum's cotangent."""
    return np.broadcast_to(g if keepdim else np.expand_dims(g, over), shape)


def _over(name, x, dim, floats=False):
    """The dimensions to reduce, and how many numbers become one."""
    if floats and x.dtype.kind != "f":
        raise TypeError(f"{name}: x is {x.dtype}, a floating dtype is needed; write x.double().{name}()")
    over = axes(name, dim, x.ndim)
    return over, math.prod(x.shape[k] for k in over)


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

    correction is 1 for the unbiased estimate, which is the default, and 0 if unbiased=False.
    """
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
def norm(x, p="fro", dim=None, keepdim=False):
    """√Σ x², of floats; p is "fro" or 2, no other. Where it is 0 its derivative is taken as 0."""
    if p not in ("fro", 2):
        raise ValueError(f"norm: p {p!r} came, 'fro' or 2 is needed, else (x.abs() ** p).sum() ** (1 / p)")
    over, n = _over("norm", x, dim, floats=True)
    y = np.abs(x) if n == 1 and (x.ndim or dim is None) else np.sqrt((x * x).sum(axis=over, keepdims=True))
    unit = x / np.where(y == 0, 1, y)
    return y if keepdim else np.squeeze(y, over), lambda g: (_spread(g, x.shape, over, keepdim) * unit,)


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
def amax(x, dim=None, keepdim=False):
    """The largest entry; nan if there is one. Entries that tie share the cotangent equally."""
    return _extreme("amax", np.max, x, dim, keepdim)


@primitive
def amin(x, dim=None, keepdim=False):
    """The smallest entry; nan if there is one. Entries that tie share the cotangent equally."""
    return _extreme("amin", np.min, x, dim, keepdim)


@primitive
def largest(x):
    """max without dim: as amax, but where it is nan the nans share the cotangent."""
    return _extreme("max", np.max, x, None, False, nans=True)


@primitive
def smallest(x):
    """min without dim: as amin, but where it is nan the nans share the cotangent."""
    return _extreme("min", np.min, x, None, False, nans=True)


def _extreme(name, f, x, dim, keepdim, nans=False):
    over, n = _over(name, x, dim)
    if not n:
        raise ValueError(f"{name}: x {x.shape} has no entries in dim {dim}")
    kept = f(x, axis=over, keepdims=True)

    def vjp(g):
        ties = (x == kept) | ((x != x) & nans)
        with np.errstate(invalid="ignore"):                    # nan ties with nothing: 0 / 0 = nan
            share = ties / ties.sum(axis=over, keepdims=True)
        return (_spread(g, x.shape, over, keepdim) * share,)

    return kept if keepdim else np.squeeze(kept, over), vjp


_max, _min = (namedtuple(name, ("values", "indices")) for name in ("max", "min"))


def max(input, dim=None, keepdim=False):
    """The largest entry; or, over a dimension, (values, indices) of the first such; or maximum(input, dim).

    Over a dimension the cotangent goes to that one entry; without dim, entries that tie share it equally.
    """
    return _of_three_meanings(input, dim, keepdim, maximum, largest, argmax, _max)


def min(input, dim=None, keepdim=False):
    """The smallest entry; or, over a dimension, (values, indices) of the first; or minimum(input, dim)."""
    return _of_three_meanings(input, dim, keepdim, minimum, smallest, argmin, _min)


def _of_three_meanings(x, dim, keepdim, of_two, of_all, position, pair):
    if isinstance(dim, Tensor):
        return of_two(x, dim)
    if dim is None:
        return of_all(x)
    indices = position(x, dim, True)
    values, k = gather(x, dim, indices), axes(pair.__name__, dim, x.ndim)
    return pair(values, indices) if keepdim else pair(squeeze(values, k), squeeze(indices, k))


def argmax(input, dim=None, keepdim=False) -> Tensor:
    """The index of the largest entry, or of the first nan; the first if there are several. No derivative."""
    return _position("argmax", np.argmax, input.data, dim, keepdim)


def argmin(input, dim=None, keepdim=False) -> Tensor:
    """The index of the smallest entry, or of the first nan; the first if there are several. No derivative."""
    return _position("argmin", np.argmin, input.data, dim, keepdim)


def _position(name, f, x, dim, keepdim):
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"{name}: dim {dim} came, an integer is needed")
    over, n = _over(name, x, dim)
    if not n:
        raise ValueError(f"{name}: x {x.shape} has no entries in dim {dim}")
    return Tensor(f(x, axis=over[0] if over and dim is not None else None, keepdims=keepdim))


def any(input, dim=None, keepdim=False) -> Tensor:
    """Whether some entry is not 0."""
    return _truth("any", np.any, input.data, dim, keepdim)


def all(input, dim=None, keepdim=False) -> Tensor:
    """Whether no entry is 0."""
    return _truth("all", np.all, input.data, dim, keepdim)


def _truth(name, f, x, dim, keepdim):
    over = axes(name, dim, x.ndim, empty=())                   # the reduction where torch takes () for none
    return Tensor(f(x, axis=over, keepdims=keepdim))


for _f in (sum, mean, var, std, norm, prod, logsumexp, cumsum):
    setattr(Tensor, _f.__name__, _f)
for _f in (amax, amin, max, min, argmax, argmin, any, all):
    setattr(Tensor, _f.__name__, _f)

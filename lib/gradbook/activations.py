"""Activation functions: value and derivative, stable for every float.

σ' = σ(1 - σ) and the Jacobian of softmax, diag(p) - p pᵀ, are derived in the chapter on backpropagation.
At a kink the derivative is the one that torch takes. Integers are refused, with a TypeError, except by relu,
hardtanh, sigmoid and tanh. x is torch's input, a name that is understood too. Unlike torch: no inplace; and
at nan the derivatives of elu and hardtanh are nan and 0, as torch's are in long arrays only."""

import math

import numpy as np

from . import elementwise
from .arguments import named_errors
from .autodiff import Tensor, primitive
from .dtypes import axes, floating, sum_to
from .reductions import amax
from .shape import reshape

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934


@primitive
def relu(x):
    """max(x, 0); nan stays nan. At the kink x = 0 the derivative is taken as 0."""
    passes = np.logical_not(x <= 0)                 # true at nan, which thus passes gradients as in torch
    return np.maximum(x, 0), lambda g: (_only(passes, g),)


@primitive
def leaky_relu(x, negative_slope=0.01):
    """max(x, 0) + a min(x, 0), a = negative_slope; at 0 the derivative is a. Source: Maas et al. 2013."""
    _floating("leaky_relu", x)
    rises = x > 0
    y = np.maximum(x, 0) + negative_slope * np.minimum(x, 0)
    return y, lambda g: (_only(rises, g) + negative_slope * _only(~rises, g),)


@primitive
def prelu(x, weight):
    """max(x, 0) + a min(x, 0), with learnt slopes a = weight.   da = Σ g min(x, 0).

    weight: () or (1,), one slope for all, or (C,), one for each channel of x: (N, C, ...). At 0: da = 0, and
    the derivative in x is a. Raises ValueError for other weights. Source: He et al. 2015, eq. (1)."""
    channels = _floating("prelu", x).shape[1] if x.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        raise ValueError(f"prelu: weight {weight.shape} came, x {x.shape} needs () or (1,) or ({channels},)")
    a, before, rises = weight.reshape((-1,) + (1,) * (x.ndim - 2) if x.ndim > 1 else ()), weight.shape, x > 0

    def vjp(g):
        dx = _only(rises, g) + a * _only(~rises, g)
        return dx, sum_to(_only(~rises, g * x), a.shape).reshape(before)

    return np.maximum(x, 0) + a * np.minimum(x, 0), vjp


@primitive
def elu(x, alpha=1.0):
    """x for x > 0, else α (e^x - 1), with derivative α e^x. Source: Clevert et al. 2016."""
    _floating("elu", x)
    rises, left = x > 0, np.minimum(x, 0)           # e^left never overflows
    y = np.maximum(x, 0) + alpha * np.expm1(left)
    return y, lambda g: (_only(rises, g) + _only(~rises, alpha * np.exp(left) * g),)


@named_errors
def selu(input) -> Tensor:
    """λ elu(x, α), where α and λ keep mean 0 and variance 1. Source: Klambauer et al. 2017, eq. (2)."""
    return SELU_SCALE * elu(_floating("selu", input), SELU_ALPHA)


@primitive
def gelu(x, *, approximate="none"):
    """x Φ(x), where Φ(x) = (1 + erf(x/√2)) / 2 is the normal distribution; derivative Φ + x φ.

    approximate="tanh": Φ(x) ≈ (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2. Anything else: ValueError.
    Source: Hendrycks & Gimpel 2016, §2."""
    _floating("gelu", x)
    if approximate == "none":
        cdf = 0.5 * (1 + elementwise.erf.__wrapped__(x * math.sqrt(0.5))[0])
        return x * cdf, lambda g: (g * (cdf + x * (np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))),)
    if approximate != "tanh":
        raise ValueError(f"gelu: approximate {approximate!r} is not 'none' or 'tanh'")
    c, k = math.sqrt(2 / math.pi), 0.044715
    t = np.tanh(c * (x + k * x * x * x))
    return 0.5 * x * (1 + t), lambda g: (0.5 * g * (1 + t + x * (1 - t * t) * (c * (1 + 3 * k * x * x))),)


@primitive
def silu(x):
    """x σ(x), also called swish; derivative σ (1 + x (1 - σ)). Source: Elfwing, Uchibe & Doya 2018."""
    s = _sigmoid(_floating("silu", x))
    return x * s, lambda g: (g * (s * (1 + x * (1 - s))),)


@primitive
def softplus(x, beta=1.0, threshold=20.0):
    """log(1 + e^{βx}) / β, a smooth relu; its derivative is σ(βx). Where βx > threshold: x."""
    z = beta * _floating("softplus", x)
    linear, e = z > threshold, np.exp(np.minimum(z, threshold))
    return np.where(linear, x, np.log1p(e) / beta), lambda g: (np.where(linear, g, g * (e / (1 + e))),)


@primitive
def sigmoid(x):
    """σ(x) = 1 / (1 + e^-x), between 0 and 1.   σ' = σ (1 - σ) <= 1/4."""
    y = _sigmoid(floating(x))
    return y, lambda g: (g * y * (1 - y),)


@primitive
def logsigmoid(x):
    """log σ(x) = min(x, 0) - log(1 + e^-|x|); its derivative is σ(-x)."""
    e = np.exp(-np.abs(_floating("logsigmoid", x)))
    slope = np.maximum(e, x < 0) / (1 + e)
    return np.minimum(x, 0) - np.log1p(e), lambda g: (g * slope,)


@primitive
def hardtanh(x, min_val=-1.0, max_val=1.0):
    """min(max(x, min_val), max_val). The derivative is 1 between the two, 0 at them and beyond."""
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} is above max_val {max_val}")
    between = (x > min_val) & (x < max_val)
    return np.clip(x, x.dtype.type(min_val), x.dtype.type(max_val)), lambda g: (_only(between, g),)


@primitive
def tanh(x):
    """tanh(x) = (e^x - e^-x) / (e^x + e^-x) = 2 σ(2x) - 1.   tanh' = 1 - tanh²."""
    y = np.tanh(floating(x))
    return y, lambda g: (g * (1 - y * y),)


@primitive
def glu(x, dim=-1):
    """a ⊙ σ(b), where a and b are the halves of x along dim. Source: Dauphin et al. 2017, eq. (1).

    x: (..., 2n, ...) -> (..., n, ...). Raises ValueError if that length is odd."""
    dim = _along("glu", x, dim)
    if not x.ndim or x.shape[dim] % 2:
        raise ValueError(f"glu: x {x.shape} cannot be halved along dim {dim}")
    a, b = np.split(x, 2, axis=dim)
    s = _sigmoid(b)
    return a * s, lambda g: (np.concatenate([g * s, g * a * (s * (1 - s))], axis=dim),)


def maxout(x, pieces, dim) -> Tensor:
    """The largest of every `pieces` consecutive entries along dim; where several are largest, they share g.

    x: (..., n·pieces, ...) -> (..., n, ...). A maxout unit is maxout(linear(x, weight), pieces, -1): the
    largest of `pieces` linear functions. Raises ValueError if the length is no multiple of pieces.
    torch has no maxout; it is x.unflatten(dim, (-1, pieces)).amax(dim + 1) there, for dim >= 0.
    Source: Goodfellow et al. 2013."""
    dim = _along("maxout", x, dim)
    if not x.ndim or pieces < 1 or x.shape[dim] % pieces:
        raise ValueError(f"maxout: x {x.shape} cannot be cut into {pieces} pieces along dim {dim}")
    n = x.shape[dim] // pieces
    return amax(reshape(x, (*x.shape[:dim], n, pieces, *x.shape[dim + 1:])), dim + 1)


@primitive
def softmax(x, dim):
    """p_i = e^{x_i} / Σ_j e^{x_j} along dim: positive, of sum 1.   dx = p ⊙ (g - Σ_j g_j p_j).

    Unlike torch: dim has no default, as there it depends on the number of dimensions; and no dtype."""
    dim = _along("softmax", x, dim)
    p = np.exp(_below_maximum(x, dim))
    p /= p.sum(axis=dim, keepdims=True)
    return p, lambda g: (p * (g - (g * p).sum(axis=dim, keepdims=True)),)


@primitive
def log_softmax(x, dim):
    """log p_i = x_i - log Σ_j e^{x_j} along dim, in nats.   dx = g - p Σ_j g_j.

    Unlike torch: dim has no default, as there it depends on the number of dimensions; and no dtype."""
    dim = _along("log_softmax", x, dim)
    y = _below_maximum(x, dim)
    if y.size:
        y -= np.log(np.exp(y).sum(axis=dim, keepdims=True))
    return y, lambda g: (g - np.exp(y) * g.sum(axis=dim, keepdims=True),)


def _below_maximum(x, dim):
    """x - max x along dim. softmax(x + a) = softmax(x), and now every exponent is <= 0, the largest 0."""
    return x - x.max(axis=dim, keepdims=True, initial=-np.inf)


def _along(name, x, dim):
    """dim as a number from 0, if it is one dimension of x, which is floating."""
    if dim is None or isinstance(dim, (tuple, list)):
        raise TypeError(f"{name}: dim {dim} came, one dimension is needed")
    axes(name, dim, _floating(name, x).ndim)                 # a ValueError if it is out of bounds
    return dim % max(x.ndim, 1)


def _sigmoid(x):
    e = np.exp(-np.abs(x))                          # never overflows, and is at most 1
    return np.maximum(e, x >= 0) / (1 + e)          # 1 / (1 + e^-x) = e^x / (1 + e^x)


def _only(mask, g):
    """g where mask holds, else 0, also for infinite g. Bits times 1 or 0: 7 times faster than np.where."""
    return (g.view(f"i{g.itemsize}") * mask).view(g.dtype)


def _floating(name, x):
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: x is {x.dtype}, a floating dtype is needed; write x.double()")
    return x


Tensor.sigmoid, Tensor.tanh, Tensor.relu = sigmoid, tanh, relu
Tensor.softmax, Tensor.log_softmax = softmax, log_softmax

"""Normalization: numbers brought to mean 0 and mean square 1, in sets that differ from norm to norm.

h = (x - μ) / σ and y = γ h + β, where M numbers share one μ = Σ x / M and one σ² = Σ (x - μ)² / M + ε: those
of a channel in the whole batch (batch norm), of an example (layer norm; RMS norm, where μ = 0), of a group of
an example's channels (group norm), of one of its channels (instance norm). All have this derivative:
∂μ/∂x_j = 1/M and ∂σ/∂x_j = h_j/M, so ∂h_i/∂x_j = (δ_ij - 1/M - h_i h_j/M) / σ. With g' = γ g, h's cotangent,
    dx = (g' - mean g' - h mean(g' h)) / σ,     dγ = Σ g h,     dβ = Σ g:
g' loses its mean and its part along h, as neither a shift nor a stretch of x changes h (but for ε). Where
μ = 0 the second term is missing; where μ and σ are given, as in evaluation, so is the third."""

import math

import numpy as np

from .arguments import named_errors
from .autodiff import no_grad, primitive
from .dtypes import axes, match

BLOCK = 1 << 16                # how many numbers `standardize` works on at a time: a cache should hold them


@named_errors
def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1,
               eps=1e-5):
    """γ (x - μ) / √(v + ε) + β for each channel, over batch and positions. The variance v is biased.

    input: (N, C, ...); the other tensors: (C,) or None.   training: μ and v are the batch's; running_mean
    becomes, in place, (1 - momentum) running_mean + momentum μ, and running_var likewise with the unbiased
    variance, M / (M - 1) v. Otherwise they are the running ones, and constants.
    Raises ValueError for shapes and dtypes that do not fit, and in training for one value a channel or
    eps <= 0.   Source: Ioffe & Szegedy 2015, algorithms 1 and 2."""
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"batch_norm: eps={eps} came, a positive one is needed")
    return _norm("batch_norm", input, running_mean, running_var, weight, bias, training, momentum, eps)


@named_errors
def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
                  momentum=0.1, eps=1e-5):
    """γ (x - μ) / √(v + ε) + β for each channel of each example, over its positions.

    As batch_norm, whose training is here use_input_stats; but the running ones follow a mean over examples.
    Unlike torch: an empty batch leaves them as they are.   Source: Ulyanov et al. 2016, eq. 3."""
    running = running_mean, running_var
    return _norm("instance_norm", input, *running, weight, bias, use_input_stats, momentum, eps)


@named_errors
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """γ (x - μ) / √(v + ε) + β over positions and the C / num_groups channels of a group of an example.

    input: (N, C, ...).   γ = weight, β = bias: (C,) or None.
    Raises ValueError unless num_groups divides C, and for one value a group.   Source: Wu & He 2018, eq. 7.
    """
    if input.ndim < 2 or num_groups < 1 or input.shape[1] % num_groups:
        raise ValueError(f"group_norm: input {input.shape} is not (N, C, ...) with C in {num_groups} groups")
    _check("group_norm", input, input.shape[1:2], weight=weight, bias=bias)
    if math.prod(input.shape) == num_groups:
        raise ValueError(f"group_norm: input {input.shape} has one value a group; its variance is 0")
    return standardize(input, weight, bias, groups=num_groups, eps=eps)


@named_errors
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """γ (x - μ) / √(v + ε) + β over the last dimensions.

    input: (..., *normalized_shape).   γ = weight, β = bias: normalized_shape, which is a tuple, or None.
    Raises ValueError for shapes that do not fit.   Source: Ba, Kiros & Hinton 2016, eq. 3."""
    last = _last("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    return standardize(input, weight, bias, last=last, eps=eps)


@named_errors
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """γ x / √(mean x² + ε) over the last dimensions.

    input, normalized_shape, weight: as in layer_norm.   eps=None: the dtype's, 2.2e-16 in float64.
    Unlike torch: ValueError for unequal dtypes.   Source: Zhang & Sennrich 2019, eq. 4."""
    last = _last("rms_norm", input, normalized_shape, weight=weight)
    eps = np.finfo(input.dtype).eps if eps is None else eps
    return standardize(input, weight, last=last, centred=False, eps=eps)


@primitive
def standardize(x, weight=None, bias=None, mean=None, var=None, *, last=None, groups=None, centred=True,
                eps=1e-5, moments=None):
    """What these norms are: h = (x - μ) / σ and y = γ h + β.

    x is looked at as (N, G, K, P), with γ and β by (g, k), μ and σ by (n, g). last: so many last dimensions
    are K. groups: of G groups each has K channels. With neither G are the channels, μ and σ going by g alone.
    mean, var: (C,), given μ and v.   moments: a list, to which those found are appended."""
    if x.ndim < (last or 2):
        raise ValueError(f"standardize: x {x.shape} came, {last or '(N, C, ...)'} dimensions are needed")
    if last:
        view = math.prod(x.shape[:-last]), 1, math.prod(x.shape[-last:]), 1
    else:
        g = groups or x.shape[1]
        view = x.shape[0], g, x.shape[1] // max(g, 1), math.prod(x.shape[2:])
    (n, g, k, p), dtype, find, over_batch = view, x.dtype, mean is None, not (last or groups)
    centred = centred and find
    w = np.ones((g, k, 1), dtype) if weight is None else weight.reshape(g, k, 1)
    b = np.zeros((g, k, 1), dtype) if bias is None else bias.reshape(g, k, 1)
    mu = np.zeros((1 if over_batch else n, g, 1, 1), dtype) if find else mean.reshape(1, g, 1, 1)
    v = np.zeros_like(mu) if find else var.reshape(1, g, 1, 1)
    r, ones, count = np.empty_like(mu), np.ones(k * p, dtype), max(1, k * p * (n if over_batch else 1))
    step = max(1, BLOCK // max(1, g * k * p))
    blocks = [slice(i, i + step) for i in range(0, n, step)] or [slice(0, 0)]           # of examples
    parts = [(slice(None), blocks)] if over_batch else [(at, [at]) for at in blocks]    # with their own μ, σ
    y, h, (s1, s2) = np.empty(x.shape, dtype), np.empty(view, dtype), np.empty((2, n, g), dtype)
    X, Y, rows = x.reshape(view), y.reshape(view), lambda a: a.reshape(len(a), g, k * p)

    def average(sums):                                                  # (N, G) -> (N or 1, G, 1, 1)
        return ((sums.sum(axis=0, keepdims=True) if over_batch else sums) / count)[..., None, None]

    for own, part in parts:
        if centred:
            mu[own] = average(rows(X[own]) @ ones)
        for at in part:
            d = rows(np.subtract(X[at], mu[own], out=h[at]))
            s1[at], s2[at] = d @ ones, np.vecdot(d, d)
        rest = average(s1[own]) if centred else 0                       # what rounding lost of μ
        if find:
            mu[own] += rest
            v[own] = average(s2[own])                                   # less rest², below its last digit
        r[own] = 1 / np.sqrt(v[own] + eps)
        for at in part:
            h[at] -= rest
            h[at] *= r[own]
            np.multiply(h[at], w, out=Y[at])
            Y[at] += b
    if moments is not None and x.size:
        moments += [mu, v]

    def vjp(dy):
        dx, room, ones = np.empty(dy.shape, dtype), np.empty_like(h[:step]), np.ones(p, dtype)
        (db, dw), (s1, s2) = np.zeros((2, g, k), dtype), np.empty((2, n, g), dtype)
        G, DX, by = dy.reshape(view), dx.reshape(view), dy.shape[-last:] if last else g * k
        for own, part in parts:
            for at in part:                                             # Σ_p g and Σ_p g h: (N, G, K)
                if p == 1:
                    sums = G[at][..., 0], np.multiply(G[at], h[at], out=room[:len(h[at])])[..., 0]
                else:
                    sums = G[at] @ ones, np.vecdot(G[at], h[at])
                for a, da, s in zip(sums, (db, dw), (s1, s2)):
                    da += a[0] if len(a) == 1 else a.sum(axis=0)        # a sum of one would be a copy
                    s[at] = np.vecdot(a, w[..., 0])
            mean_g, mean_gh = average(s1[own]) if centred else 0, average(s2[own])      # of g' and of g' h
            for at in part:
                np.multiply(G[at], w, out=DX[at])                       # g'
                if find:
                    d = np.multiply(h[at], mean_gh, out=room[:len(h[at])])
                    d += mean_g
                    DX[at] -= d
                DX[at] *= r[own]
        return dx, dw.reshape(by), db.reshape(by), None, None

    return y, vjp


def _norm(name, input, mean, var, weight, bias, training, momentum, eps):
    """batch_norm and instance_norm."""
    _check(name, input, input.shape[1:2], weight=weight, bias=bias, running_mean=mean, running_var=var)
    if (mean is None) != (var is None) or (mean is None and not training):
        raise ValueError(f"{name}: running_mean and running_var are needed{', or neither' * training}")
    if not training:
        return standardize(input, weight, bias, mean, var, eps=eps)
    moments, groups = [], None if name == "batch_norm" else input.shape[1]
    count = math.prod(input.shape[2:]) * (1 if groups else input.shape[0])
    if count == 1:
        raise ValueError(f"{name}: input {input.shape} has one value for each variance, more are needed")
    y = standardize(input, weight, bias, groups=groups, eps=eps, moments=moments)
    if mean is not None and moments:
        with no_grad():
            for old, new, scale in zip((mean, var), moments, (1, count / (count - 1))):
                old.mul_(1 - momentum).add_(momentum * scale * new[..., 0, 0].mean(axis=0))
    return y


def _last(name, input, normalized_shape, **parameters):
    """How many dimensions normalized_shape has, all checked."""
    lengths = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else ()
    if not lengths or input.shape[-len(lengths):] != lengths:
        raise ValueError(f"{name}: input {input.shape} does not end in the tuple {normalized_shape=}")
    _check(name, input, lengths, **parameters)
    return len(lengths)


def _check(name, input, shape, **parameters):
    """Raise unless input is floating and each parameter that came is of this shape and input's dtype."""
    if input.dtype.kind != "f":
        raise TypeError(f"{name}: {input.dtype} came, a floating dtype is needed")
    for label, a in parameters.items():
        if a is not None and (a.shape, a.dtype) != (shape, input.dtype):
            raise ValueError(f"{name}: {label} {a.shape} of {a.dtype} came, "
                             f"input {input.shape} needs {shape} of {input.dtype}")


@primitive
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """x / max(‖x‖_p, ε) over dim: a dimension, several, or (None) all.

    ‖x‖_p = (Σ |x|^p)^(1/p); for p = inf the largest |x|, for -inf the smallest, for 0 how many are not 0.
    With m = max(‖x‖_p, ε):   dx = g / m - (Σ g x / m²) ∂‖x‖_p/∂x, the second term only where ‖x‖_p >= ε;
    ∂‖x‖_p/∂x = sign(x) (|x| / ‖x‖_p)^(p-1), taken as 0 at x = 0; entries that tie for ±inf share it."""
    x, size, over = input, np.abs(input), axes("normalize", dim, input.ndim)
    _check("normalize", x, x.shape)
    total = lambda a: a.sum(axis=over, keepdims=True, dtype=x.dtype)
    if math.isinf(p):
        norm = (size.max if p > 0 else size.min)(axis=over, keepdims=True)
    elif p == 2:
        norm = np.sqrt(total(x * x))
    else:
        norm = total(size ** p) ** (1 / p) if p else total(x != 0)
    m = np.maximum(norm, eps)

    def vjp(g):
        if p == 0:
            return (g / m,)
        with np.errstate(divide="ignore", invalid="ignore"):                 # 0 / 0, where 0 is taken
            slope = np.where(size == 0, 0, np.sign(x) * (size / norm) ** (p - 1))
            if math.isinf(p):
                slope /= total(np.abs(slope))                                # ±1 where it is attained, else 0
            return (g / m - np.where(norm >= eps, total(g * x) / m / m * slope, 0),)

    return x / m, vjp


@primitive(broadcasts=True)
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """cos = u₁·u₂ along dim, u = x / max(‖x‖₂, ε). x1 and x2 broadcast; dim is one of their common shape.

    dx₁ = g (u₂ - cos x₁ / ‖x₁‖) / max(‖x₁‖, ε), where x₁ / ‖x₁‖ is taken as 0 at x₁ = 0; dx₂ likewise.
    As in torch, the second term is there also where ε replaces the norm."""
    a, b = np.broadcast_arrays(*match(x1, x2))
    _check("cosine_similarity", a, a.shape)
    if dim is None or isinstance(dim, (tuple, list)) or eps < 0:
        raise ValueError(f"cosine_similarity: dim={dim}, eps={eps} came, an integer and eps >= 0 are needed")
    over = axes("cosine_similarity", dim, a.ndim)
    norms = [np.sqrt((c * c).sum(axis=over, keepdims=True)) for c in (a, b)]
    m1, m2 = (np.maximum(norm, eps) for norm in norms)
    cos = ((a / m1) * (b / m2)).sum(axis=over, keepdims=True)

    def vjp(g):
        g = g.reshape(cos.shape)
        r1, r2 = (1 / np.where(norm == 0, np.inf, norm) for norm in norms)
        return g * (b / m2 - cos * (a * r1)) / m1, g * (a / m1 - cos * (b * r2)) / m2

    return np.squeeze(cos, over), vjp

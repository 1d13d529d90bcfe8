"""Normalization: numbers brought to mean 0 and mean square 1, in sets that differ from norm to norm.

x̂ = (x - μ) / σ and y = γ x̂ + β, where M numbers share one μ = Σ x / M and one σ² = Σ (x - μ)² / M + ε:
a channel's over the whole batch (batch norm), an example's (layer norm; RMS norm, where μ = 0), those of a
group of an example's channels (group norm), of a single one (instance norm). The derivative is always this:
∂μ/∂x_j = 1/M and ∂σ/∂x_j = x̂_j/M, so ∂x̂_i/∂x_j = (δ_ij - 1/M - x̂_i x̂_j/M) / σ. With g' = γ g, the
cotangent of x̂,
    dx = (g' - mean g' - x̂ mean(g' x̂)) / σ,     dγ = Σ g x̂,     dβ = Σ g:
g' loses its mean and its part along x̂, as neither a shift nor a stretch of x moves x̂. Where μ = 0 the second
term is missing; where μ and σ are given (evaluation), so is the third.
"""

import math

import numpy as np

from .autodiff import Tensor, no_grad, primitive
from .dtypes import axes, match

_BLOCK = 1 << 16                                   # entries worked on at a time: what a core's cache holds


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1,
               eps=1e-5) -> Tensor:
    """γ (x - μ) / √(σ² + ε) + β for each channel, with its mean and biased variance over batch and positions.

    input: (N, C, ...); all others (C,) or None.   training: μ and σ² are the batch's; in place, running becomes
    (1 - momentum) running + momentum μ, and the variance's likewise with the unbiased σ² M / (M - 1).
    Not training: μ and σ² are the running ones, and constants.
    Raises ValueError for shapes that do not fit, for one value a channel in training, or eps <= 0 there; where
    only one running Tensor came, or none and it is not training. TypeError for unequal or integer dtypes.
    Source: Ioffe & Szegedy 2015, algorithms 1 and 2.
    """
    running = _running("batch_norm", input, weight, bias, running_mean, running_var, needed=not training)
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"batch_norm: eps={eps} came, it is to be positive")
    count = math.prod(input.shape[:1] + input.shape[2:])
    if training and count == 1:
        raise ValueError(f"batch_norm: input {input.shape} has one value a channel, whose variance is 0; "
                         "training needs more")
    view, moments = (*input.shape[:2], 1, math.prod(input.shape[2:])), []
    if not training:
        return standardize(input, weight, bias, running_mean, running_var, view=view, over_batch=True, eps=eps)
    y = standardize(input, weight, bias, view=view, over_batch=True, eps=eps, moments=moments)
    _follow(running, moments, count, momentum)
    return y


def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
                  momentum=0.1, eps=1e-5) -> Tensor:
    """γ (x - μ) / √(σ² + ε) + β for each channel of each example, over its positions.

    input: (N, C, ...); all others (C,) or None. The running ones follow as in batch_norm the moments of the
    examples, averaged; they are used, as constants, unless use_input_stats. Raises as batch_norm, and for one
    position. Unlike torch: an empty batch leaves them as they are.   Source: Ulyanov et al. 2016, eq. 3.
    """
    running = _running("instance_norm", input, weight, bias, running_mean, running_var, not use_input_stats)
    count = math.prod(input.shape[2:])
    view, moments = (*input.shape[:2], 1, count), []
    if not use_input_stats:
        return standardize(input, weight, bias, running_mean, running_var, view=view, over_batch=True, eps=eps)
    if count == 1:
        raise ValueError(f"instance_norm: input {input.shape} has one position, whose variance is 0; more are needed")
    y = standardize(input, weight, bias, view=view, eps=eps, moments=moments)
    _follow(running, moments, count, momentum)
    return y


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5) -> Tensor:
    """γ (x - μ) / √(σ² + ε) + β, over positions and the C / num_groups channels of a group of an example.

    input: (N, C, ...).   weight γ, bias β: (C,) or None. One group is layer norm with γ by channel, C groups
    are instance norm. Raises ValueError unless num_groups divides C, and for one value in all.
    Source: Wu & He 2018, eq. 7.
    """
    _check("group_norm", input, input.shape[1:2], weight=weight, bias=bias)
    n, c, *positions = input.shape
    if num_groups < 1 or c % num_groups:
        raise ValueError(f"group_norm: num_groups={num_groups} does not divide the {c} channels of input {input.shape}")
    if math.prod(input.shape) == num_groups:
        raise ValueError(f"group_norm: input {input.shape} has one value a group, whose variance is 0")
    view = (n, num_groups, c // num_groups, math.prod(positions))
    return standardize(input, weight, bias, view=view, eps=eps)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5) -> Tensor:
    """γ (x - μ) / √(σ² + ε) + β, over the last dimensions, of lengths normalized_shape.

    input: (..., *normalized_shape).   weight γ, bias β: normalized_shape or None.
    Source: Ba et al. 2016, eq. 3, there over the units of a layer.
    """
    view = _rows("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    return standardize(input, weight, bias, view=view, eps=eps)


def rms_norm(input, normalized_shape, weight=None, eps=None) -> Tensor:
    """γ x / √(mean x² + ε), over the last dimensions, of lengths normalized_shape.

    eps=None is the machine's: 2.2e-16 in float64, 1.2e-7 in float32. Unlike torch: dtypes are not mixed.
    Source: Zhang & Sennrich 2019, eq. 4.
    """
    view = _rows("rms_norm", input, normalized_shape, weight=weight)
    eps = np.finfo(input.dtype).eps if eps is None else eps
    return standardize(input, weight, view=view, centred=False, eps=eps)


@primitive
def standardize(x, weight=None, bias=None, mean=None, var=None, *, view, over_batch=False, centred=True, eps,
                moments=None):
    """What all these norms are: γ (x - μ) / σ + β, of x looked at as view, which is (N, G, K, P).

    The K·P entries of group g of example n share μ and σ, and γ, β go by (g, k); over_batch, where K = 1, the
    N·P entries of g share them. mean, var: (G,), if given, μ and σ².   moments: a list, to which those found
    are appended.   dx: as derived above, with d = x - μ in the place of σ x̂.
    """
    look = (lambda a: a.reshape(view).swapaxes(0, 2)) if over_batch else (lambda a: a.reshape(view))
    X, shape, dtype, by_channel = look(x), x.shape, x.dtype, (1, *view[1:3], 1)
    n, g, k, p = X.shape
    γ = np.ones(by_channel, dtype) if weight is None else weight.reshape(by_channel)
    β = np.zeros(by_channel, dtype) if bias is None else bias.reshape(by_channel)
    μ = np.zeros((n, g, 1, 1), dtype) if mean is None else mean.reshape(1, g, 1, 1)
    σ2 = np.ones((n, g, 1, 1), dtype) if var is None else var.reshape(1, g, 1, 1)
    y, ones = np.empty(shape, dtype), np.ones(k * p, dtype)
    for at in _blocks(X.shape):
        # An entry of x is subtracted first: then a constant x has mean 0 exactly, and one far from 0 precisely.
        start = X[at][:, :, :1, :1] if centred and mean is None else μ[at]
        d = np.subtract(X[at], start, order="C")
        rows = d.reshape(*d.shape[:2], -1)
        if mean is None and centred:
            shift = _mean(rows, ones, k * p)
            d -= shift
            μ[at] = start + shift
        if mean is None:
            σ2[at] = _mean(rows, rows, k * p)
        d *= γ[:, at[1]] / np.sqrt(σ2[at] + eps)
        np.add(d, β[:, at[1]], out=look(y)[at])
    if moments is not None and x.size:
        moments += [μ, σ2]
    r, over = 1 / np.sqrt(σ2 + eps), (0, 2) if over_batch else 0

    def vjp(dy):
        DY, dx = look(dy), np.empty(shape, dtype)
        dγ, dβ = np.zeros(by_channel[:3], dtype), np.zeros(by_channel[:3], dtype)
        for at in _blocks(X.shape):
            d, out = np.subtract(X[at], μ[at], order="C"), look(dx)[at]
            total, along = _over_positions(DY[at], d)                        # Σ_p g, Σ_p g d: (n, g, k)
            dβ[:, at[1]] += total.sum(axis=over, keepdims=True)
            dγ[:, at[1]] += (along * r[at][..., 0]).sum(axis=over, keepdims=True)
            np.multiply(DY[at], γ[:, at[1]] * r[at], out=out)                # g' / σ
            if mean is None:
                weights = np.broadcast_to(γ[:, at[1], :, 0], total.shape)
                d *= _mean(along, weights, k * p) * r[at] * r[at] * r[at]    # x̂ mean(g' x̂) / σ
                if centred:
                    d += _mean(total, weights, k * p) * r[at]                # mean g' / σ
                out -= d
        return dx, *(None if a is None else da.reshape(a.shape) for a, da in ((weight, dγ), (bias, dβ))), None, None

    return y, vjp


def _blocks(shape):
    """Where to look at (N, G, K, P) in turn: slices of N, or of G if N = 1, that a cache holds."""
    axis, size = int(shape[0] == 1), math.prod(shape)
    step = max(1, _BLOCK * shape[axis] // max(1, size))
    slices = (slice(k, k + step) for k in range(0, shape[axis] if size else 0, step))
    return [(slice(None), s) if axis else (s, slice(None)) for s in slices]


def _mean(a, b, count):
    """Σ a b / count over the last dimension, as (n, g, 1, 1). A dot product adds up faster than sum does."""
    return (np.vecdot(a, b) / count)[..., None, None]


def _over_positions(g, d):
    """Σ_p g and Σ_p g d: (n, g, k, p) -> (n, g, k)."""
    if g.shape[-1] == 1:
        return g[..., 0], (g * d)[..., 0]
    return g @ np.ones(g.shape[-1], g.dtype), np.vecdot(g, d)


def _follow(running, moments, count, momentum):
    """Move the running mean and variance towards those found, (.., C, 1, 1), in place."""
    with no_grad():
        for old, new, scale in zip(running, moments, (1, count / max(count - 1, 1))):
            new = scale * new.reshape(-1, *old.shape).mean(axis=0)
            old.mul_(1 - momentum).add_((momentum * new).astype(old.dtype))


def _running(name, input, weight, bias, mean, var, needed):
    """[mean, var], or [] if they are None, everything checked."""
    if input.ndim < 2:
        raise ValueError(f"{name}: input {input.shape} came, (N, C, ...) is needed")
    _check(name, input, input.shape[1:2], weight=weight, bias=bias, running_mean=mean, running_var=var)
    if (mean is None) != (var is None) or (needed and mean is None):
        raise ValueError(f"{name}: running_mean and running_var are needed{'' if needed else ', or neither'}")
    return [] if mean is None else [mean, var]


def _rows(name, input, normalized_shape, **parameters):
    """The view of (..., *normalized_shape) as rows, checked."""
    lengths = tuple(normalized_shape)
    if not lengths or input.shape[-len(lengths):] != lengths:
        raise ValueError(f"{name}: input {input.shape} does not end in normalized_shape {lengths}")
    _check(name, input, lengths, **parameters)
    return math.prod(input.shape[:-len(lengths)]), 1, math.prod(lengths), 1


def _check(name, input, shape, **parameters):
    """Raise unless input is floating and each parameter, if there, is of this shape and input's dtype."""
    if input.dtype.kind != "f":
        raise TypeError(f"{name}: input is {input.dtype}, a floating dtype is needed")
    for label, a in parameters.items():
        if a is not None and a.shape != shape:
            raise ValueError(f"{name}: {label} {a.shape} came, {shape} is needed by input {input.shape}")
        if a is not None and a.dtype != input.dtype:
            raise TypeError(f"{name}: {label} is {a.dtype} and input {input.dtype}, one dtype is needed")


# --- vectors of length 1 --------------------------------------------------------------------------------


@primitive
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """x / m with m = max(‖x‖_p, ε), over dim: a dimension, several, or (None) all.

    ‖x‖_p = (Σ |x|^p)^{1/p}; the largest |x| for p = inf, the smallest for -inf, and how many are not 0 for 0.
    ∂‖x‖_p/∂x = sign(x) (|x| / ‖x‖_p)^{p-1}, taken as 0 at x = 0; for p = ±inf the entries that attain it share.
    dx = g / m - (Σ g x / m²) ∂‖x‖_p/∂x, the second term only where ‖x‖_p >= ε.
    """
    x, over = input, axes("normalize", dim, input.ndim)
    if x.dtype.kind != "f":
        raise TypeError(f"normalize: input is {x.dtype}, a floating dtype is needed")
    size = np.abs(x)
    total = lambda a: a.sum(axis=over, keepdims=True)
    if p == 0:
        norm = total(x != 0).astype(x.dtype)
    elif math.isinf(p):
        norm = (size.max if p > 0 else size.min)(axis=over, keepdims=True)
    else:
        norm = np.sqrt(total(x * x)) if p == 2 else total(size ** p) ** (1 / p)
    m = np.maximum(norm, eps)

    def vjp(g):
        with np.errstate(divide="ignore", invalid="ignore"):                 # 0 / 0, where 0 is taken
            if math.isinf(p):
                slope = (size == norm) / total(size == norm)
            else:
                slope = np.where(size == 0, 0, (size / norm) ** (p - 1)) if p else 0.0
            return (g / m - np.where(norm >= eps, total(g * x) / m / m * np.sign(x) * slope, 0),)

    return x / m, vjp


@primitive(broadcasts=True)
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """cos = û₁·û₂ along dim, û = x / max(‖x‖₂, ε). x1 and x2 broadcast; dim is one of the common shape's.

    dx₁ = g (û₂ - cos x₁/‖x₁‖) / max(‖x₁‖, ε), x₁/‖x₁‖ being 0 at x₁ = 0; dx₂ likewise.
    As in torch, the second term is there also where ε replaces a norm.
    """
    a, b = np.broadcast_arrays(*match(x1, x2))
    if a.dtype.kind != "f":
        raise TypeError(f"cosine_similarity: x1 and x2 are {a.dtype}, a floating dtype is needed")
    if not isinstance(dim, (int, np.integer)) or eps < 0:
        raise ValueError(f"cosine_similarity: dim={dim}, eps={eps} came, one dimension and eps >= 0 are needed")
    over = axes("cosine_similarity", dim, a.ndim)
    total = lambda c: c.sum(axis=over, keepdims=True)
    norms = np.sqrt(total(a * a)), np.sqrt(total(b * b))
    m1, m2 = (np.maximum(n, eps) for n in norms)
    cos = total((a / m1) * (b / m2))

    def vjp(g):
        g = g.reshape(cos.shape)
        r1, r2 = (1 / np.where(n == 0, np.inf, n) for n in norms)
        return g * (b / m2 - cos * a * r1) / m1, g * (a / m1 - cos * b * r2) / m2

    return np.squeeze(cos, over), vjp

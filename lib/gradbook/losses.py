"""Losses: how wrong an output is, as one number, or one per term with reduction="none".

reduction="mean" divides by the number of terms, as torch does: all N·K entries for mse_loss, so it is
(1/NK) Σ (y - t)² and not ½ Σ (y - t)². Those whose target is a class stand in losses_classes.py.
y is the input and t the target, floating once promoted, else TypeError. Unequal shapes are a ValueError for
the two binary ones. The four before them broadcast, with a warning, as torch's do: (N, 1) beside (N,) makes
N² terms, which is hardly ever meant. Unlike torch: these four have no weight.
"""

import math
import warnings

import numpy as np

from .activations import logsigmoid, sigmoid
from .autodiff import primitive
from .dtypes import match


@primitive(broadcasts=True)
def mse_loss(input, target, *, reduction="mean"):
    """(y - t)² for each entry.   dy = 2 (y - t) g = -dt, divided by the number of entries for "mean"."""
    y, t = _pair("mse_loss", input, target, broadcast=True)
    difference = y - t
    loss, scale = reduced("mse_loss", difference * difference, reduction)

    def vjp(g):
        dy = 2 * scale * g * difference
        return dy, -dy

    return loss, vjp


@primitive(broadcasts=True)
def l1_loss(input, target, *, reduction="mean"):
    """|y - t| for each entry.   dy = sign(y - t) g = -dt, which is 0 where y = t, and at nan."""
    return _absolute("l1_loss", input, target, reduction, 0)


@primitive(broadcasts=True)
def smooth_l1_loss(input, target, *, reduction="mean", beta=1.0):
    """d²/2β where |d| <= β, else |d| - β/2, with d = y - t.   dy = g clip(d/β, -1, 1) = -dt.

    β = 0 gives l1_loss; β < 0 is a ValueError. Source: Girshick 2015, eq. (3), where β = 1."""
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta {beta} came, at least 0 is needed")
    return _absolute("smooth_l1_loss", input, target, reduction, beta)


@primitive(broadcasts=True)
def huber_loss(input, target, reduction="mean", delta=1.0):
    """d²/2 where |d| <= δ, else δ (|d| - δ/2), with d = y - t: δ times smooth_l1_loss with β = δ.

    δ <= 0 is a ValueError. Source: Huber 1964."""
    if not delta > 0:
        raise ValueError(f"huber_loss: delta {delta} came, a positive number is needed")
    return _absolute("huber_loss", input, target, reduction, delta, delta)


def _absolute(name, input, target, reduction, beta, factor=1):
    """factor · |y - t|, within β of 0 replaced by a parabola. The slope s is between -1 and 1."""
    y, t = _pair(name, input, target, broadcast=True)
    d = y - t
    s = np.clip(d / beta, -1, 1) if beta else np.subtract(d > 0, d < 0, dtype=d.dtype)
    loss, scale = reduced(name, factor * s * (d - 0.5 * beta * s), reduction)      # d²/2β or |d| - β/2

    def vjp(g):
        dy = factor * scale * g * s
        return dy, -dy

    return loss, vjp


@primitive(skips=True)
def binary_cross_entropy(input, target, weight=None, *, reduction="mean"):
    """-w (t log y + (1 - t) log(1 - y)), in nats, for probabilities y and t; each log is at least -100.

    dy = w (y - t) / (y (1 - y)) g, the divisor at least 1e-12;   dt = w (log(1 - y) - log y) g.
    weight w broadcasts to y's shape, and has no derivative. y or t outside [0, 1] is a ValueError.
    For a large logit x, σ(x) rounds to 1: binary_cross_entropy_with_logits(x, t) is exact there."""
    y, t = _pair("binary_cross_entropy", input, target)
    for name, p in (("input", y), ("target", t)):
        if not np.all((p >= 0) & (p <= 1)):
            raise ValueError(f"binary_cross_entropy: {name} has entries outside [0, 1], the probabilities")
    w = _weight("binary_cross_entropy: weight", weight, y)
    with np.errstate(divide="ignore"):                                    # log 0 = -inf is meant here
        log_y, log_rest = np.log(y), np.log1p(-y)
    each = -w * (t * np.maximum(log_y, -100) + (1 - t) * np.maximum(log_rest, -100))
    loss, scale = reduced("binary_cross_entropy", each, reduction)
    least = float(np.float32(1e-12))                                      # torch's is a float32, always

    def vjp(g, needs=(0, 1)):
        dy = scale * g * w * (y - t) / np.maximum((1 - y) * y, least)
        return dy, scale * g * w * (log_rest - log_y) if 1 in needs else None, None

    return loss, vjp


@primitive(skips=True)
def binary_cross_entropy_with_logits(input, target, weight=None, pos_weight=None, *, reduction="mean"):
    """-w (p t log σ(x) + (1 - t) log σ(-x)), in nats, for logits x = input, however large.

    dx = w ((1 - t + p t) σ(x) - p t) g, without weights (σ(x) - t) g;   dt = w (log σ(-x) - p log σ(x)) g.
    weight w and pos_weight p, of the positive class, broadcast to x's shape, and have no derivative."""
    name = "binary_cross_entropy_with_logits"
    x, t = _pair(name, input, target)
    w, p = _weight(f"{name}: weight", weight, x), _weight(f"{name}: pos_weight", pos_weight, x)
    log_s, _ = logsigmoid.__wrapped__(x)
    each = w * ((1 - t) * x - (1 + (p - 1) * t) * log_s)                  # log σ(-x) = log σ(x) - x
    loss, scale = reduced(name, each, reduction)

    def vjp(g, needs=(0, 1)):
        s, _ = sigmoid.__wrapped__(x)
        dx, dt = scale * g * w * ((1 + (p - 1) * t) * s - p * t), None
        if 1 in needs:
            dt = scale * g * w * (logsigmoid.__wrapped__(-x)[0] - p * log_s if pos_weight is not None else -x)
        return dx, dt, None, None

    return loss, vjp


@primitive(broadcasts=True, skips=True)
def kl_div(input, target, *, reduction="mean", log_target=False):
    """t (log t - x), in nats: what KL(p ‖ q) sums, given x = log q as input and t = p. They broadcast.

    With log_target, t is log p as well: e^t (t - x). reduction="batchmean" divides the sum by the length of
    input's first dimension, so that it is the mean KL(p ‖ q) of N distributions; "mean" by all entries.
    dx = -p g;   dt = (log p + 1 - x) g, or times p with log_target. At p = 0 the term is 0, and dt nan."""
    input, target = np.asarray(input), np.asarray(target)
    x, t = match(input, target)
    if x.dtype.kind != "f" or target.dtype.kind != "f":
        raise TypeError(f"kl_div: input {input.dtype} and target {target.dtype} came, both must be floating")
    p = np.exp(t) if log_target else t
    log_p = t if log_target else np.log(np.where(t == 0, 1, t))
    each = p * (log_p - x) if log_target else p * log_p - p * x
    length = input.shape[0] if input.ndim else 1
    mean = {"batchmean": ("mean", length)}.get(reduction, (reduction, each.size))
    loss, scale = reduced("kl_div", each, *mean)
    shape = each.shape

    def vjp(g, needs=(0, 1)):
        g = np.broadcast_to(scale * g, shape)
        if 1 not in needs:
            return -g * p, None
        return -g * p, g * p * (log_p + 1 - x) if log_target else g * (log_p + p / p - x)   # 0/0 is nan

    return loss, vjp


def reduced(name, terms, reduction, count=None):
    """The terms reduced, and what their derivative is multiplied by for it. "mean" divides by count."""
    if reduction == "none":
        return terms, 1.0
    if reduction == "sum":
        return terms.sum(), 1.0
    if reduction == "mean":
        count = terms.size if count is None else count
        return terms.sum() / count, 1 / count if count else math.nan        # over nothing: nan, as in torch
    raise ValueError(f"{name}: reduction {reduction!r} is not 'none', 'mean' or 'sum'")


def _pair(name, input, target, broadcast=False):
    """Both, promoted to one floating dtype."""
    input, target = np.asarray(input), np.asarray(target)
    if input.shape != target.shape:
        words = f"{name}: input {input.shape} and target {target.shape} differ in shape"
        if not broadcast:
            raise ValueError(words)
        np.broadcast_shapes(input.shape, target.shape)             # raises ValueError where they cannot
        warnings.warn(f"{words}: they broadcast, which is hardly ever meant", stacklevel=5)
    y, t = match(input, target)
    if y.dtype.kind != "f":
        raise TypeError(f"{name}: input {input.dtype} and target {target.dtype} came, one must be floating")
    return y, t


def _weight(name, weight, x):
    """weight in the shape of x, or the number 1."""
    try:
        return 1 if weight is None else np.broadcast_to(weight, x.shape)
    except ValueError:
        raise ValueError(f"{name} {np.shape(weight)} does not broadcast to input {x.shape}") from None

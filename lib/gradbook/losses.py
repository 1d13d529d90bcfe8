"""Losses: how wrong an output is, as one number, or one per term with reduction="none".

reduction="mean" divides by the number of terms, as torch does: all N·K entries for mse_loss, so it is
(1/NK) Σ (y - t)² and not ½ Σ (y - t)²; the N examples for cross_entropy.
"""

import numpy as np

from .activations import log_softmax
from .autodiff import primitive

_log_softmax = log_softmax.__wrapped__            # on arrays


@primitive
def mse_loss(input, target, *, reduction="mean"):
    """(y - t)² for each entry of input y and target t, which are of one shape, else ValueError.

    dy = 2 (y - t) g = -dt, divided by the number of entries for "mean".
    Unlike torch: it would broadcast unequal shapes, with a warning.
    """
    if input.shape != target.shape:
        raise ValueError(f"mse_loss: input {input.shape} and target {target.shape} differ in shape")
    difference = input - target
    loss, scale = _reduced("mse_loss", difference * difference, reduction)

    def vjp(g):
        d = 2 * scale * g * difference
        return d, -d

    return loss, vjp


@primitive
def cross_entropy(input, target, *, reduction="mean"):
    """-Σ_k t_k log p_k for each example, in nats, where p = softmax(z) of the logits z = input.

    z: (N, C) or (C,).   t = target: class indices, integers (N,) or (); or probabilities, of z's shape.
    dz = (p Σ_k t_k - t) g, which is (p - t) g for probabilities; divided by N for "mean".
    Stable for all logits: log p is formed by log-sum-exp and p is never divided by.
    Unlike torch: no weight, ignore_index or label_smoothing, and no dimensions after C.
    """
    if input.ndim not in (1, 2):
        raise ValueError(f"cross_entropy: input {input.shape} is not (N, C) or (C,)")
    log_p, _ = _log_softmax(input, dim=-1)
    soft = target.dtype.kind == "f"
    if soft and target.shape != input.shape:
        raise ValueError(f"cross_entropy: target probabilities {target.shape} and input {input.shape} differ")
    index = None if soft else _index(target, input.shape)
    each = -(target * log_p).sum(axis=-1) if soft else -np.take_along_axis(log_p, index, -1)[..., 0]
    loss, scale = _reduced("cross_entropy", each, reduction)

    def vjp(g):
        g = np.expand_dims(scale * g, -1) if reduction == "none" else scale * g       # (N,) -> (N, 1)
        dz = np.exp(log_p)
        if soft:
            return g * (dz * target.sum(axis=-1, keepdims=True) - target), -g * log_p
        np.put_along_axis(dz, index, np.take_along_axis(dz, index, -1) - 1, -1)       # p - one_hot(t)
        return (g * dz,)

    return loss, vjp


def _index(target, shape):
    """Class indices, as an array (N, 1) to take and put with; or ValueError."""
    if target.dtype.kind not in "iu" or target.shape != shape[:-1]:
        raise ValueError(f"cross_entropy: target {target.shape} of {target.dtype} came with input {shape}; "
                         f"it needs class indices {shape[:-1]}, integers, or probabilities {shape}, floating")
    if target.size and (target.min() < 0 or target.max() >= shape[-1]):
        raise ValueError(f"cross_entropy: target has classes {target.min()} to {target.max()}, "
                         f"input has {shape[-1]}, numbered from 0")
    return target[..., None]


def _reduced(name, terms, reduction):
    """The terms reduced, and the number that their derivative is multiplied by for it."""
    if reduction == "none":
        return terms, 1.0
    if reduction == "sum":
        return terms.sum(), 1.0
    if reduction == "mean":
        return terms.mean(), 1.0 / max(terms.size, 1)
    raise ValueError(f"{name}: reduction {reduction!r} is not 'none', 'mean' or 'sum'")

"""Against overfitting: noise in training, penalties, early stopping, augmentation, ensembles.

All noise is drawn from `rng`, a NumPy Generator. Dropout is inverted: what is kept is divided by 1 - p while
training, so that the expectation is the input, and evaluation is the identity.
"""

import numpy as np

from .elementwise import mul


def dropout(input, p=0.5, training=True, *, rng=None):
    """m ⊙ x / (1 - p) with m_i = 0 with probability p, else 1, so E[y] = x and Var[y] = x² p / (1 - p).

    Evaluation (training=False) and p = 0 return the input itself. p = 1: all zero.
    Raises ValueError for p outside [0, 1], TypeError for an input that is not floating.
    Unlike torch: rng draws m. No `inplace`.   Source: Srivastava et al. 2014, §4 and §10.
    """
    return _drop("dropout", input, input.shape, p, training, rng)


def dropout2d(input, p=0.5, training=True, *, rng=None):
    """Dropout of whole channels: one m for each of the N·C planes of an input (N, C, H, W).

    Neighbouring pixels say much the same, so that dropping single ones would remove little information.
    Unlike torch: rng; other shapes raise ValueError.   Source: Tompson et al. 2015, §3.2.
    """
    if input.ndim != 4:
        raise ValueError(f"dropout2d: input {input.shape} came, (N, C, H, W) is needed")
    return _drop("dropout2d", input, (*input.shape[:2], 1, 1), p, training, rng)


def drop_path(input, p=0.5, training=True, *, rng=None):
    """Stochastic depth: one m for each example of an input (N, ...), the output of a residual branch.

    x + drop_path(f(x), p) skips the block f with probability p. Huang et al. let p grow linearly with depth,
    p_l = (l / L) p_L (their eq. 4), and multiply by 1 - p at test time (eq. 5); here training divides by it.
    Equal to torchvision.ops.stochastic_depth(..., mode="row").   Source: Huang et al. 2016.
    """
    return _drop("drop_path", input, (*input.shape[:1], *(1,) * (input.ndim - 1)), p, training, rng)


def dropconnect(weight, p=0.5, training=True, *, rng=None):
    """Dropout of connections: y = x (m ⊙ W / (1 - p))ᵀ is F.linear(x, dropconnect(W, p)), so E[y] = x Wᵀ.

    One m serves the whole minibatch. Wan et al. draw one for each example, do not divide, and at test time
    average over a Gaussian fitted to the activations; the expectation used here is their mean.
    Source: Wan et al. 2013, §3.
    """
    return _drop("dropconnect", weight, weight.shape, p, training, rng)


def _drop(name, x, shape, p, training, rng):
    """x times a mask of this shape, 1 / (1 - p) with probability 1 - p, else 0."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p={p} came, a probability between 0 and 1 is needed")
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: input of {x.dtype} came, a floating dtype is needed")
    if p == 0 or not training:
        return x
    rng = np.random.default_rng() if rng is None else rng
    kept = rng.random(shape) >= p                                # at p = 1 none is
    return mul(x, (kept / (1 - p or 1)).astype(x.dtype))

"""Against overfitting: noise in training, penalties, early stopping, augmentation, ensembles.

All noise is drawn from `rng`, a NumPy Generator. Dropout is inverted: what is kept is divided by 1 - p while
training, so that the expectation is the input, and evaluation is the identity.
"""

import copy
import math

import numpy as np

from .activations import softmax
from .arguments import Callable, numbers, real, several, whole
from .autodiff import Tensor, no_grad
from .elementwise import mul


def dropout(input, p=0.5, training=True, *, rng=None):
    """m ⊙ x / (1 - p) with m_i = 0 with probability p, else 1, so E[y] = x and Var[y] = x² p / (1 - p).

    Evaluation (training=False) and p = 0 return the input itself. p = 1: all zero.
    Raises ValueError for p outside [0, 1], TypeError for an input that is not floating.
    Unlike torch: rng draws m. No `inplace`.   Source: Srivastava et al. 2014, §4 and §10.
    """
    return _drop("dropout", input, lambda shape: shape, p, training, rng)


def dropout2d(input, p=0.5, training=True, *, rng=None):
    """Dropout of whole channels: one m for each of the N·C planes of an input (N, C, H, W).

    Neighbouring pixels say much the same, so that dropping single ones would remove little information.
    Unlike torch: rng; other shapes raise ValueError.   Source: Tompson et al. 2015, §3.2.
    """
    if np.ndim(input) != 4:
        raise ValueError(f"dropout2d: input {np.shape(input)} came, (N, C, H, W) is needed")
    return _drop("dropout2d", input, lambda shape: (*shape[:2], 1, 1), p, training, rng)


def drop_path(input, p=0.5, training=True, *, rng=None):
    """Stochastic depth: one m for each example of an input (N, ...), the output of a residual branch.

    x + drop_path(f(x), p) skips the block f with probability p, which Huang et al. let grow with depth as
    p_l = l/L p_L (eq. 4). They multiply by 1 - p in evaluation (eq. 5) instead of dividing in training.
    As torchvision.ops.stochastic_depth with mode="row".   Source: Huang et al. 2016.
    """
    return _drop("drop_path", input, lambda shape: (*shape[:1], *(1 for _ in shape[1:])), p, training, rng)


def dropconnect(weight, p=0.5, training=True, *, rng=None):
    """Dropout of connections: y = x (m ⊙ W / (1 - p))ᵀ is F.linear(x, dropconnect(W, p)), so E[y] = x Wᵀ.

    One m for the minibatch; Wan et al. draw one for each example, and at test time average over a Gaussian
    fitted to the activations, where the expectation is used here.   Source: Wan et al. 2013, §3.
    """
    return _drop("dropconnect", weight, lambda shape: shape, p, training, rng)


def _drop(name, x, masked, p, training, rng):
    """x times a mask of the shape masked(x.shape), 1 / (1 - p) with probability 1 - p, else 0."""
    real(f"{name}: p", p, "[0, 1]")
    dtype = getattr(x, "dtype", type(x).__name__)
    if getattr(dtype, "kind", "") != "f":
        raise TypeError(f"{name}: input of {dtype} came, a floating dtype is needed")
    if p == 0 or not training:
        return x
    rng = np.random.default_rng() if rng is None else rng
    kept = rng.random(masked(x.shape)) >= p                                # at p = 1 none is
    return mul(x, (kept / (1 - p or 1)).astype(x.dtype))


# --- penalties: added to the loss, times a strength -----------------------------------------------------


def l1_penalty(params):
    """Σ |w| over all parameters, a Tensor ().   Gradient: sign w, and 0 at w = 0, as in torch."""
    return _sum([p.abs().sum() for p in several("l1_penalty: params", params, Tensor)])


def l2_penalty(params):
    """½ Σ w² over all parameters, a Tensor ().   λ times it adds λ w to the gradient, as weight_decay=λ does.

    Under plain SGD that multiplies the weights by 1 - lr λ a step. Under Adam it does not, but AdamW does.
    """
    return 0.5 * _sum([(p * p).sum() for p in several("l2_penalty: params", params, Tensor)])


def soft_threshold(w, amount):
    """sign(w) max(|w| - amount, 0), the u at which ½ (u - w)² + amount |u| is least; 0 for |w| <= amount.

    For arrays and amount >= 0. After a step for the loss alone, p.data = soft_threshold(p.data, lr λ) is one
    for λ Σ |w| that reaches 0 and stays, where the gradient of l1_penalty jumps about.
    Source: Parikh & Boyd 2014, §6.5.
    """
    w = numbers("soft_threshold: w", w, dtype=None) * 1.0
    amount = real("soft_threshold: amount", amount, "[0, inf]")
    return np.sign(w) * np.maximum(np.abs(w) - amount, 0)



def _sum(terms):
    return sum(terms[1:], terms[0])


class EarlyStopping:
    """Stop when `patience` evaluations in a row were not better than the best by more than min_delta.

        stopping = EarlyStopping(patience=5, module=net)
        while not stopping.step(validation_loss(net)):
            train_one_epoch(net)
        stopping.restore()                               # the best state back into the module

    mode: "min" for a loss, "max" for an accuracy.   best, best_step: the best value and its number, from 0.
    A nan is not better. Raises ValueError for options out of range.   Source: Prechelt 1998.
    """

    def __init__(self, patience=10, min_delta=0.0, mode="min", module=None):
        self.patience = whole("EarlyStopping: patience", patience, 1)
        self.min_delta = real("EarlyStopping: min_delta", min_delta, "[0, inf)")
        if not isinstance(mode, str) or mode not in ("min", "max"):
            raise ValueError(f"EarlyStopping: mode={mode!r} came, 'min' or 'max' is needed")
        if module is not None and not hasattr(module, "load_state_dict"):
            raise TypeError(f"EarlyStopping: {type(module).__name__} came as module, a Module is needed")
        self.mode, self.module = mode, module
        self.best, self.best_step, self.steps, self._state = None, -1, 0, None

    def step(self, value):
        """Take the next evaluation. Returns whether to stop."""
        value = float(numbers("EarlyStopping.step: value", value, "()"))
        sign = 1 if self.mode == "min" else -1
        gain = math.inf if self.best is None else sign * (self.best - value)
        if gain > self.min_delta and not math.isnan(value):
            self.best, self.best_step = value, self.steps
            if self.module is not None:
                self._state = self.module.state_dict()
        self.steps += 1
        return self.steps - 1 - self.best_step >= self.patience

    def restore(self):
        """Put the best state back into the module. RuntimeError if there is none."""
        if self._state is None:
            raise RuntimeError("EarlyStopping.restore: no module was given, or no number has come")
        self.module.load_state_dict(self._state)


# --- augmentation: other images of the same class -------------------------------------------------------
# images: an array (N, H, W) or (N, C, H, W). A new array is returned; each image is changed its own way.


def random_crop(images, size, padding=0, *, rng=None):
    """A window of size (height, width), at a random place of each image padded with 0 on all sides."""
    planes, padding = _planes("random_crop", images), whole("random_crop: padding", padding)
    height, width = (whole("random_crop: a length of size", n, 1) for n in numbers(
        "random_crop: size", size, "(2,)", dtype=None).tolist())
    room = [n + 2 * padding - m for n, m in zip(planes.shape[-2:], (height, width))]
    if min(room) < 0:
        raise ValueError(f"random_crop: size {size} does not fit images {images.shape}, padding={padding}")
    planes = np.pad(planes, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rng, n = np.random.default_rng() if rng is None else rng, len(planes)
    rows = rng.integers(room[0] + 1, size=(n, 1)) + np.arange(height)    # (N, height)
    columns = rng.integers(room[1] + 1, size=(n, 1)) + np.arange(width)
    k, c = np.ogrid[:n, :planes.shape[1]]
    windows = planes[k[..., None, None], c[..., None, None], rows[:, None, :, None], columns[:, None, None]]
    return windows.reshape(*images.shape[:-2], height, width)


def random_shift(images, pixels, *, rng=None):
    """Moved by -pixels ... pixels each way, all as likely; what leaves is lost, 0 moves in."""
    _planes("random_shift", images)
    return random_crop(images, images.shape[-2:], whole("random_shift: pixels", pixels), rng=rng)


def random_flip(images, p=0.5, dim=-1, *, rng=None):
    """Mirrored with probability p: left to right or, with dim=-2, upside down."""
    planes, rng = _planes("random_flip", images), np.random.default_rng() if rng is None else rng
    real("random_flip: p", p, "[0, 1]")
    whole("random_flip: dim", dim, -2, -1)
    mirrored = (rng.random(len(planes)) < p)[:, None, None, None]
    return np.where(mirrored, np.flip(planes, dim), planes).reshape(images.shape)


def random_rotation(images, degrees, *, rng=None):
    """Turned about the centre, counter-clockwise, by angles from U(-degrees, degrees); 0 moves in.

    Each new pixel is read between four old ones, linearly in both directions. Integers become float64.
    """
    planes, rng = _planes("random_rotation", images), np.random.default_rng() if rng is None else rng
    real("random_rotation: degrees", degrees, "[0, inf)")
    n, _, h, w = planes.shape
    angle = np.deg2rad(rng.uniform(-degrees, degrees, n))[:, None, None]
    i, j = np.arange(h)[:, None] - (h - 1) / 2, np.arange(w) - (w - 1) / 2              # from the centre
    y = np.clip(np.cos(angle) * i + np.sin(angle) * j + (h - 1) / 2, -1, h)             # read at (y, x)
    x = np.clip(np.cos(angle) * j - np.sin(angle) * i + (w - 1) / 2, -1, w)             # (N, H, W)
    top, left = np.minimum(np.floor(y), h - 1).astype(int), np.minimum(np.floor(x), w - 1).astype(int)
    padded = np.pad(planes, ((0, 0), (0, 0), (1, 1), (1, 1))).swapaxes(0, 1)            # (C, N, H+2, W+2)
    turned, k = 0, np.arange(n)[:, None, None]
    for dy, dx in np.ndindex(2, 2):
        weight = np.abs(1 - dy - (y - top)) * np.abs(1 - dx - (x - left))
        turned = turned + weight * padded[:, k, top + dy + 1, left + dx + 1]
    turned = turned.swapaxes(0, 1).reshape(images.shape)
    return turned.astype(planes.dtype) if planes.dtype.kind == "f" else turned


def _planes(name, images):
    if getattr(images, "ndim", 0) not in (3, 4):
        raise ValueError(f"{name}: images {np.shape(images)} came, (N, H, W) or (N, C, H, W) is needed")
    images = numbers(f"{name}: images", images, dtype=None)
    return images.reshape(len(images), *images.shape[1:-2] or (1,), *images.shape[-2:])


# --- ensembles ------------------------------------------------------------------------------------------


def ensemble(members, x, geometric=False):
    """p = 1/M Σ_m softmax(f_m(x)), the mean of the members' probabilities: a Tensor (N, C).

    members: functions from x to logits (N, C), such as Modules in eval mode (or not, if dropout is averaged).
    geometric: the geometric mean instead, normalized, which is the softmax of the mean logits.
    By Jensen's inequality the cross-entropy of p is at most the mean of the members'.
    """
    logits = [f(x) for f in several("ensemble: members", members, Callable)]
    if len(shapes := {np.shape(z) for z in logits}) > 1 or any(len(shape) != 2 for shape in shapes):
        raise ValueError(f"ensemble: members gave {sorted(shapes)}, the same (N, C) is needed of all")
    mean = _sum(logits if geometric else [softmax(z, dim=-1) for z in logits]) / len(logits)
    return softmax(mean, dim=-1) if geometric else mean


class SnapshotEnsemble:
    """The networks at the ends of a schedule's cycles, where the learning rate is least, as an ensemble.

    Call step() after each optimizer step: every `cycle` steps a copy of the module joins `members`, in eval
    mode. CosineAnnealingWarmRestarts(optimizer, T_0=cycle), stepped as often, is the schedule: it starts each
    cycle at the full rate.   Called on x: the ensemble of the `last` members (None: all), without gradients.
    Source: Huang et al. 2017, eq. 2.
    """

    def __init__(self, module, cycle, last=None):
        if not hasattr(module, "eval"):
            raise TypeError(f"SnapshotEnsemble: {type(module).__name__} came, a Module is needed")
        self.module, self.cycle, self.steps = module, whole("SnapshotEnsemble: cycle", cycle, 1), 0
        self.last = None if last is None else whole("SnapshotEnsemble: last", last, 1)
        self.members = []

    def step(self):
        self.steps += 1
        if self.steps % self.cycle == 0:
            self.members.append(copy.deepcopy(self.module).eval())

    def __call__(self, x):
        if not self.members:
            raise RuntimeError(f"SnapshotEnsemble: no cycle of {self.cycle} steps is over after {self.steps}")
        with no_grad():
            return ensemble(self.members[-(self.last or 0):], x)

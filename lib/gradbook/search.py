"""Hyper-parameter search: which settings to try next, and how to judge them.

A space is {name: Uniform, LogUniform or Choice}, settings are {name: value}, and f(settings) is to be made
small, such as a validation loss in nats. Searches return their trials in the order in which they were made.
Each setting is a place u in [0, 1] of its range, so that a search moves in the cube [0, 1]^d.
rng, a NumPy Generator, draws all random numbers.
"""

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .arguments import numbers, real, several, whole


class Trial(NamedTuple):
    """Settings that were tried, and what f said of them."""

    settings: dict
    value: float


@dataclass(frozen=True)
class Uniform:
    """low + u (high - low).   integer: the whole numbers low ... high, all as likely.   low <= high."""

    low: float
    high: float
    integer: bool = False

    def __post_init__(self):
        name = type(self).__name__
        for end in ("low", "high"):
            value = real(f"{name}: {end}", getattr(self, end), "(-inf, inf)")
            if self.integer and not value.is_integer():
                raise ValueError(f"{name}: {end}={value} came with integer=True, a whole number is needed")
        if self.low > self.high:
            raise ValueError(f"{name}: low={self.low}, high={self.high} came, low <= high is needed")

    def at(self, u):
        real(f"{type(self).__name__}.at: u", u, "[0, 1]")
        value = self._between(u, self.high + self.integer)
        return min(max(math.floor(value) if self.integer else value, self.low), self.high)

    def _between(self, u, high):
        return self.low + u * (high - self.low)


@dataclass(frozen=True)
class LogUniform(Uniform):
    """low (high / low)^u: every factor of ten is as likely, as suits learning rates.   0 < low."""

    def __post_init__(self):
        super().__post_init__()
        real("LogUniform: low", self.low, "(0, inf)")

    def _between(self, u, high):
        return self.low * (high / self.low) ** u


@dataclass(frozen=True)
class Choice:
    """One of the options, all as likely."""

    options: tuple

    def __post_init__(self):
        several("Choice: options", self.options)

    def at(self, u):
        real("Choice.at: u", u, "[0, 1]")
        return self.options[min(math.floor(u * len(self.options)), len(self.options) - 1)]


def best(trials) -> Trial:
    """The trial of least value; nan counts as inf."""
    return min(several("best: trials", trials, Trial),
               key=lambda trial: math.inf if math.isnan(trial.value) else trial.value)


def grid_search(f, values) -> list[Trial]:
    """f at all combinations of {name: values}, the last name changing first: n^d for n values of d names."""
    if not isinstance(values, dict) or not values:
        raise TypeError(f"grid_search: values {values!r} came, {{name: [value, ...]}} is needed")
    columns = [several(f"grid_search: {name}", column) for name, column in values.items()]
    return [_trial(f, dict(zip(values, row))) for row in itertools.product(*columns)]


def random_search(f, space, trials, *, rng=None) -> list[Trial]:
    """f at independent points. Each tries a new value of every setting, where n^d of a grid share n.

    Source: Bergstra & Bengio 2012.
    """
    return coarse_to_fine(f, space, trials, rounds=1, rng=rng)


def coarse_to_fine(f, space, trials, rounds=3, shrink=0.3, *, rng=None) -> list[Trial]:
    """Random search, `trials` a round, each round in a box about the best point so far.

    Its sides are `shrink` times those of the round before, 0 < shrink <= 1, and it stays within the space.
    """
    real("coarse_to_fine: shrink", shrink, "(0, 1]")
    whole("coarse_to_fine: trials", trials)
    whole("coarse_to_fine: rounds", rounds, 1)
    _space("coarse_to_fine", space)
    rng, places, made = np.random.default_rng() if rng is None else rng, [], []
    low, side = np.zeros(len(space)), 1.0
    for k in range(rounds):
        if k and made:
            side *= shrink
            low = np.clip(places[made.index(best(made))] - side / 2, 0, 1 - side)
        for u in low + side * rng.random((trials, len(space))):
            places.append(u)
            made.append(_try(f, space, u))
    return made


def bayesian_search(f, space, trials, initial=5, candidates=1000, *, rng=None) -> list[Trial]:
    """After `initial` random trials, always the point of the largest expected improvement.

    A Gaussian process is fitted to all values so far, scaled to mean 0 and deviation 1 (inf and nan are taken
    for the worst finite one), with the length scale and noise, of a small grid, of maximal likelihood. The
    maximum is sought among random candidates, half of them near the best point. Source: Jones et al. 1998.
    """
    for name, n, least in (("trials", trials, 0), ("initial", initial, 0), ("candidates", candidates, 1)):
        whole(f"bayesian_search: {name}", n, least)
    _space("bayesian_search", space)
    rng, places, made = np.random.default_rng() if rng is None else rng, [], []
    for step in range(trials):
        u = rng.random(len(space))
        if step >= max(initial, 1):
            y = np.array([trial.value for trial in made])
            finite = np.isfinite(y)
            y = np.where(finite, y, np.max(y, where=finite, initial=y[finite].min() if finite.any() else 0))
            y = (y - y.mean()) / (y.std() or 1)
            process = max((GaussianProcess(scale, noise).fit(places, y) for scale in (0.1, 0.2, 0.4, 0.8, 1.6)
                           for noise in (1e-6, 1e-3, 1e-1)), key=lambda gp: gp.log_likelihood)
            near = places[y.argmin()] + 0.05 * rng.normal(size=(candidates // 2, len(space)))
            u = np.concatenate([rng.random((candidates - len(near), len(space))), np.clip(near, 0, 1)])
            u = u[expected_improvement(*process.predict(u), y.min()).argmax()]
        places.append(u)
        made.append(_try(f, space, u))
    return made


def _try(f, space, u):
    return _trial(f, {name: space[name].at(place) for name, place in zip(space, u.tolist())})


def _trial(f, settings):
    value = f(settings)
    try:
        return Trial(settings, float(value))
    except (TypeError, ValueError):
        raise TypeError(f"search: f({settings}) is {value!r}, one number is needed") from None


def _space(caller, space):
    if not isinstance(space, dict) or not space or not all(hasattr(d, "at") for d in space.values()):
        raise TypeError(f"{caller}: space {space!r} came, {{name: Uniform, LogUniform or Choice}} is needed")


def expected_improvement(mean, std, best):
    """E[max(best - y, 0)] = (best - μ) Φ(z) + σ φ(z), z = (best - μ) / σ, for y ~ N(μ, σ²), to be made small.

    mean, std: arrays of one shape, std >= 0; where it is 0, max(best - μ, 0).
    Source: Jones, Schonlau & Welch 1998, eq. 15.
    """
    mean, std = numbers("expected_improvement: mean", mean), numbers("expected_improvement: std", std)
    real("expected_improvement: best", best, "(-inf, inf)")
    if mean.shape != std.shape or not np.all(std >= 0):
        raise ValueError(f"expected_improvement: mean {mean.shape} and std {std.shape} came, "
                         "one shape and std >= 0 are needed")
    z = (best - mean) / np.where(std > 0, std, 1)
    cdf = np.array([math.erfc(-t / math.sqrt(2)) / 2 for t in z.ravel()]).reshape(z.shape)    # Φ
    pdf = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)                                         # φ
    return np.maximum(np.where(std > 0, (best - mean) * cdf + std * pdf, best - mean), 0)


class GaussianProcess:
    """y ~ N(0, K + noise I), K_ij = k(|x_i - x_j| / length_scale): regression that knows its uncertainty.

    kernel: "matern", ν = 5/2: k(r) = (1 + √5 r + 5/3 r²) e^{-√5 r}, or "rbf": k(r) = e^{-r²/2}.
    fit(x, y): x (n, d), y (n,). log_likelihood = log p(y) = -½ yᵀα - Σ log L_ii - n/2 log 2π, in nats.
    predict(x) -> mean, std, of the function without the noise.
    Source: Rasmussen & Williams 2006, algorithm 2.1, eq. 4.9 and 4.17.
    """

    def __init__(self, length_scale=0.4, noise=1e-6, kernel="matern"):
        self.length_scale = real("GaussianProcess: length_scale", length_scale, "(0, inf)")
        self.noise, self.kernel = real("GaussianProcess: noise", noise, "(0, inf)"), kernel
        if not isinstance(kernel, str) or kernel not in ("matern", "rbf"):
            raise ValueError(f"GaussianProcess: kernel={kernel!r} came, 'matern' or 'rbf' is needed")
        self.x = None

    def fit(self, x, y):
        self.x = numbers("GaussianProcess.fit: x", x, "(n, d)", finite=True)
        y = numbers("GaussianProcess.fit: y", y, f"({len(self.x)},)", finite=True)
        self.cholesky = np.linalg.cholesky(self._k(self.x, self.x) + self.noise * np.eye(len(y)))
        half = np.linalg.solve(self.cholesky, y)                         # L⁻¹ y, so that yᵀα = |L⁻¹ y|²
        self.alpha = np.linalg.solve(self.cholesky.T, half)
        self.log_likelihood = (-half @ half / 2 - np.log(np.diag(self.cholesky)).sum()
                               - len(y) / 2 * math.log(2 * math.pi))
        return self

    def predict(self, x):
        if self.x is None:
            raise RuntimeError("GaussianProcess.predict: fit(x, y) comes first")
        x = numbers("GaussianProcess.predict: x", x, f"(m, {self.x.shape[1]})")
        k = self._k(x, self.x)                                           # (m, n)
        v = np.linalg.solve(self.cholesky, k.T)                          # (n, m)
        return k @ self.alpha, np.sqrt(np.maximum(1 - (v * v).sum(axis=0), 0))

    def _k(self, a, b):
        squared = np.maximum((a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T, 0)
        r = np.sqrt(squared) / self.length_scale
        if self.kernel == "rbf":
            return np.exp(-r * r / 2)
        return (1 + math.sqrt(5) * r + 5 / 3 * r * r) * np.exp(-math.sqrt(5) * r)


def k_fold(n, k, labels=None, *, rng=None):
    """[(train, validation), ...]: k pairs of index arrays, sorted; each of n examples is in one validation.

    Sizes differ by at most 1. labels: (n,), whose classes are spread so that each class's counts, too, differ
    by at most 1.   Raises ValueError unless 2 <= k <= n.
    """
    n = whole("k_fold: n", n, 2)
    k = whole("k_fold: k", k, 2, n)
    if labels is not None and np.shape(labels) != (n,):
        raise ValueError(f"k_fold: labels {np.shape(labels)} came, ({n},) is needed")
    order = (np.random.default_rng() if rng is None else rng).permutation(n)
    if labels is not None:
        order = order[np.argsort(np.asarray(labels)[order], kind="stable")]
    folds = [np.sort(order[i::k]) for i in range(k)]                     # dealt out like cards
    return [(np.setdiff1d(np.arange(n), fold), fold) for fold in folds]

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
        if not (self.low <= self.high and math.isfinite(self.high - self.low)):
            raise ValueError(f"{type(self).__name__}: low={self.low}, high={self.high} came, "
                             "finite numbers, low <= high, are needed")

    def at(self, u):
        value = self._between(u, self.high + self.integer)
        return min(max(math.floor(value) if self.integer else value, self.low), self.high)

    def _between(self, u, high):
        return self.low + u * (high - self.low)


@dataclass(frozen=True)
class LogUniform(Uniform):
    """low (high / low)^u: every factor of ten is as likely, as suits learning rates.   0 < low."""

    def __post_init__(self):
        super().__post_init__()
        if not self.low > 0:
            raise ValueError(f"LogUniform: low={self.low} came, more than 0 is needed")

    def _between(self, u, high):
        return self.low * (high / self.low) ** u


@dataclass(frozen=True)
class Choice:
    """One of the options, all as likely."""

    options: tuple

    def at(self, u):
        return self.options[min(math.floor(u * len(self.options)), len(self.options) - 1)]


def best(trials) -> Trial:
    """The trial of least value; nan counts as inf."""
    return min(trials, key=lambda trial: math.inf if math.isnan(trial.value) else trial.value)


def grid_search(f, values) -> list[Trial]:
    """f at all combinations of {name: values}, the last name changing first: n^d for n values of d names."""
    settings = [dict(zip(values, row)) for row in itertools.product(*values.values())]
    return [Trial(s, float(f(s))) for s in settings]


def random_search(f, space, trials, *, rng=None) -> list[Trial]:
    """f at independent points. Each tries a new value of every setting, where n^d of a grid share n.

    Source: Bergstra & Bengio 2012.
    """
    return coarse_to_fine(f, space, trials, rounds=1, rng=rng)


def coarse_to_fine(f, space, trials, rounds=3, shrink=0.3, *, rng=None) -> list[Trial]:
    """Random search, `trials` a round, each round in a box about the best point so far.

    Its sides are `shrink` times those of the round before, 0 < shrink <= 1, and it stays within the space.
    """
    if not 0 < shrink <= 1:
        raise ValueError(f"coarse_to_fine: shrink={shrink} came, more than 0 and at most 1 is needed")
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
    settings = {name: dimension.at(place) for (name, dimension), place in zip(space.items(), u.tolist())}
    return Trial(settings, float(f(settings)))


def expected_improvement(mean, std, best):
    """E[max(best - y, 0)] = (best - μ) Φ(z) + σ φ(z), z = (best - μ) / σ, for y ~ N(μ, σ²), to be made small.

    mean, std: arrays of one shape, std >= 0; where it is 0, max(best - μ, 0).
    Source: Jones, Schonlau & Welch 1998, eq. 15.
    """
    mean, std = np.asarray(mean, dtype=float), np.asarray(std, dtype=float)
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
        if not (length_scale > 0 and noise > 0) or kernel not in ("matern", "rbf"):
            raise ValueError(f"GaussianProcess: {length_scale=}, {noise=}, {kernel=} came; "
                             "more than 0, more than 0, 'matern' or 'rbf' are needed")
        self.length_scale, self.noise, self.kernel = length_scale, noise, kernel

    def fit(self, x, y):
        self.x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        if self.x.ndim != 2 or y.shape != self.x.shape[:1]:
            raise ValueError(f"GaussianProcess.fit: x {self.x.shape}, y {y.shape} came, not (n, d), (n,)")
        self.cholesky = np.linalg.cholesky(self._k(self.x, self.x) + self.noise * np.eye(len(y)))
        half = np.linalg.solve(self.cholesky, y)                         # L⁻¹ y, so that yᵀα = |L⁻¹ y|²
        self.alpha = np.linalg.solve(self.cholesky.T, half)
        self.log_likelihood = (-half @ half / 2 - np.log(np.diag(self.cholesky)).sum()
                               - len(y) / 2 * math.log(2 * math.pi))
        return self

    def predict(self, x):
        k = self._k(np.asarray(x, dtype=float), self.x)                  # (m, n)
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
    if not 2 <= k <= n or (labels is not None and np.shape(labels) != (n,)):
        raise ValueError(f"k_fold: n={n}, k={k}, labels {np.shape(labels)} came, 2 <= k <= n, (n,) needed")
    order = (np.random.default_rng() if rng is None else rng).permutation(n)
    if labels is not None:
        order = order[np.argsort(np.asarray(labels)[order], kind="stable")]
    folds = [np.sort(order[i::k]) for i in range(k)]                     # dealt out like cards
    return [(np.setdiff1d(np.arange(n), fold), fold) for fold in folds]

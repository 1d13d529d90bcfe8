"""Exponential moving averages: of a series (`ema`) and of the weights of a network (`EMA`).

Chapter: book/ema.md. Throughout, θ_t is what arrives at step t = 1, 2, …, β in [0, 1) is the decay, and

    v_0 = 0,    v_t = β v_{t-1} + (1-β) θ_t,    v̂_t = v_t / (1 - βᵗ).
"""
from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .arguments import numbers, real, several, whole

BLOCK = 16     # values one small matrix product averages at once
CHUNK = 2048   # blocks that share a buffer small enough for the cache


def _log(beta: float) -> float:
    """log β, exact also where β is so close to 1 that βᵗ itself would round to 1 (1-β is exact there)."""
    return math.log1p(beta - 1) if beta > 0.5 else math.log(beta)


def one_minus_power(beta: float, t):
    """1 - βᵗ, the weight of the steps 1 … t together ({eq}`ema-weight-sum`). t ≥ 0: int or array."""
    beta, t = real("one_minus_power: beta", beta, "[0, 1)"), numbers("one_minus_power: t", t)
    if not np.all(t >= 0):
        raise ValueError(f"one_minus_power: t={t.min()} came, at least 0 is needed")
    # expm1: near β = 1 the plain difference loses digits
    return np.where(t > 0, 1.0, 0.0) if beta == 0 else -np.expm1(t * _log(beta))


def ema(series, beta: float, bias_correction: bool = True) -> np.ndarray:
    """v_t = β v_{t-1} + (1-β) θ_t with v_0 = 0, divided by 1 - βᵗ when bias_correction.

    series: θ, shape (T, ...), one row a step, averaged along the first axis; T = 0 is allowed.
    Returns a new array of that shape; float32 and float64 are kept, all else becomes float64.
    β in [0, 1); β = 0 returns the series. A NaN stays: each later value of its column is NaN,
    as the recursion says (an infinity stays in the same way).
    Equal to pandas `Series.ewm(alpha=1-β, adjust=True).mean()` when corrected, without NaN.
    Unlike pandas: NaN is not skipped; uncorrected, v_0 = 0 (adjust=False has v_1 = θ_1).

    Raises: TypeError (β or series not numeric), ValueError (β outside [0, 1), series 0-d).
    Source: Kingma & Ba 2015, §3; derived in {ref}`sec-ema-bias` and {ref}`sec-ema-blocks`.
    """
    beta = real("ema: beta", beta, "[0, 1)")
    theta = np.asarray(series)
    if theta.dtype.kind not in "buif":
        raise TypeError(f"ema: series of dtype {theta.dtype} is not real numbers "
                        f"(for a Tensor pass .numpy())")
    if theta.ndim == 0:
        raise ValueError("ema: series is a single number, but needs a first axis of steps, (T, ...)")
    if theta.dtype not in (np.float32, np.float64):
        theta = theta.astype(np.float64)
    if beta == 0 or theta.size == 0:
        return theta.copy()

    columns = theta.reshape(len(theta), -1)                           # (T, n)
    v = _average(columns, beta)
    if not np.isfinite(v[-1]).all():
        # What is not finite never leaves v, so the last row tells. In a product of matrices 0·inf
        # spoils earlier rows, too. The EMA is linear: average the finite part, then add the rest.
        finite = np.isfinite(columns)
        with np.errstate(invalid="ignore"):
            v = _average(np.where(finite, columns, 0), beta)
            v = v + np.cumsum(np.where(finite, 0, columns), axis=0)
    if bias_correction:
        # From this t on 1 - βᵗ rounds to 1.
        t = min(len(v), math.ceil(math.log(2.0**-54) / _log(beta)))
        v[:t] /= one_minus_power(beta, np.arange(1, t + 1))[:, None]
    return v.reshape(theta.shape)


def _average(theta: np.ndarray, beta: float) -> np.ndarray:
    """The recursion for each column of θ (T, n): row by row, or in blocks where θ is long and narrow."""
    steps, n = theta.shape
    with np.errstate(invalid="ignore"):
        if steps > 20 * n:
            v = np.empty((n, steps), theta.dtype)
            for j in range(n):
                _decaying_sum(np.ascontiguousarray(theta[:, j]), beta, 1 - beta, out=v[j])
            return v.T
        v, last = np.empty_like(theta), np.zeros(n, theta.dtype)
        for t in range(steps):
            np.multiply(theta[t], 1 - beta, out=v[t])
            v[t] += beta * last
            last = v[t]
        return v


def _decaying_sum(x: np.ndarray, beta: float, gain: float, out: np.ndarray) -> np.ndarray:
    """y_t = β y_{t-1} + gain·x_t, y_{-1} = 0, for contiguous x and out (T,), BLOCK values at a time.

    A block follows from its first value, the knot: y_k = β^k y_0 + Σ_{1≤j≤k} gain β^{k-j} x_j.
    That is one product of the row (y_0, x_1, x_2, …) with a small Toeplitz matrix. The knots
    obey the same recursion with β^BLOCK and gain 1: this very function finds them first. Only
    non-negative powers of β occur, so nothing overflows, and a rounding error is multiplied
    log(T)/log(BLOCK) times on its way, not T times. Equations: {eq}`ema-block`.
    """
    if len(x) <= 2 * BLOCK:
        last = 0.0
        for t, value in enumerate(x.tolist()):
            out[t] = last = beta * last + gain * value
        return out
    k = np.arange(BLOCK)
    lag = k[None, :] - k[:, None]                                     # (from, to) in a block
    step = np.where(lag >= 0, gain * beta ** np.maximum(lag, 0), 0.0).astype(x.dtype)
    step[0] = beta**k.astype(float)

    jumps = np.empty(-(-len(x) // BLOCK), x.dtype)                    # from knot to knot
    between = x[1 : 1 + (len(jumps) - 1) * BLOCK].reshape(-1, BLOCK)
    jumps[0] = gain * x[0]
    np.matmul(between, (gain * beta ** (BLOCK - 1.0 - k)).astype(x.dtype), out=jumps[1:])
    knots = _decaying_sum(jumps, beta**BLOCK, 1.0, out=np.empty_like(jumps))

    buffer = np.zeros((min(CHUNK, len(knots)), BLOCK), x.dtype)
    for first in range(0, len(knots), CHUNK):
        part = slice(first * BLOCK, (first + CHUNK) * BLOCK)
        size = len(x[part])
        rows = buffer[: len(knots[first : first + CHUNK])]
        rows.reshape(-1)[:size] = x[part]
        rows[:, 0] = knots[first : first + CHUNK]
        whole = size // BLOCK
        np.matmul(rows[:whole], step, out=out[part][: whole * BLOCK].reshape(whole, BLOCK))
        if whole < len(rows):                                         # an incomplete block
            out[part][whole * BLOCK :] = (rows[-1] @ step)[: size - whole * BLOCK]
    return out


class EMA:
    """The exponential moving average of a network's weights, kept beside the training.

    params: gradbook Parameters, torch parameters on the CPU (anything whose `.data` is an array) or NumPy
    arrays, of floats. decay: β in [0, 1). bias_correction: divide by 1 - βᵗ, t the number of updates.
    Call `update()` after each optimizer step; evaluate inside `with ema.averaged():`, which puts the
    averages in place of the weights and puts the weights back at the end, also after an exception.
    State: one array a parameter, float64 for float64 weights and float32 for all narrower ones, because an
    average held in half precision stops moving ({ref}`sec-ema-half`).

    Raises: TypeError, ValueError for parameters that cannot be averaged, RuntimeError for calls out of order.
    Unlike torch.optim.swa_utils.AveragedModel: starts from zero and corrects instead of copying the first
    weights, holds arrays and no second model, and leaves buffers (running statistics) alone.
    Source: Polyak & Juditsky 1992 (averaging), Kingma & Ba 2015, §3 (correction); {ref}`sec-ema-weights`.
    """

    def __init__(self, params, decay: float, bias_correction: bool = True):
        self.decay = real("EMA: decay", decay, "[0, 1)")
        self.bias_correction = bool(bias_correction)
        if hasattr(params, "data") or not hasattr(params, "__iter__"):
            raise TypeError(f"EMA: params must be a list of parameters such as model.parameters(), "
                            f"not {type(params).__name__}; for a single one write EMA([weight], …)")
        self.params = list(params)
        if not self.params:
            raise ValueError("EMA: params is empty; was the generator of model.parameters() used up?")
        self.steps = 0
        self._average = [np.zeros(a.shape, np.float64 if a.dtype == np.float64 else np.float32)
                         for a in self._arrays()]
        self._raw: list[np.ndarray] | None = None

    def update(self) -> None:
        """v ← β v + (1-β) θ with the weights θ as they are now, after the optimizer's step."""
        if self._raw is not None:
            raise RuntimeError("EMA.update: the averages are applied; restore() the weights first")
        arrays = self._arrays()
        for i, (v, theta) in enumerate(zip(self._average, arrays)):
            if v.shape != theta.shape:
                raise ValueError(f"EMA.update: parameter {i} has shape {theta.shape}, not {v.shape}")
        for v, theta in zip(self._average, arrays):
            v *= self.decay
            v += np.multiply(theta, 1 - self.decay, dtype=v.dtype)
        self.steps += 1

    def averages(self) -> list[np.ndarray]:
        """The averages as new arrays, one a parameter: v, divided by 1 - βᵗ when bias_correction."""
        if self.steps == 0:
            raise RuntimeError("EMA.averages: nothing to average yet; update() after each optimiser step")
        weight = float(one_minus_power(self.decay, self.steps)) if self.bias_correction else 1.0
        return [v / weight for v in self._average]

    def apply(self) -> None:
        """Put the averages in place of the weights, which are kept until restore()."""
        if self._raw is not None:
            raise RuntimeError("EMA.apply: the averages are applied already; restore() first")
        averages, arrays = self.averages(), self._arrays()
        self._raw = [a.copy() for a in arrays]        # all copies before any write: weights may be shared
        self._write(averages)

    def restore(self) -> None:
        """Put the weights back that apply() replaced."""
        if self._raw is None:
            raise RuntimeError("EMA.restore: nothing to restore; apply() was not called")
        self._write(self._raw)
        self._raw = None

    @contextmanager
    def averaged(self) -> Iterator[EMA]:
        """`with ema.averaged():` runs its body with the averages and always puts the weights back."""
        self.apply()
        try:
            yield self
        finally:
            if self._raw is not None:
                self.restore()

    def state_dict(self) -> dict:
        """All that a later load_state_dict needs, as copies: decay, bias_correction, steps, average."""
        return {"decay": self.decay, "bias_correction": self.bias_correction, "steps": self.steps,
                "average": [v.copy() for v in self._average]}

    def load_state_dict(self, state: dict) -> None:
        """Take over a state_dict(). ValueError if its keys or shapes do not fit the parameters."""
        wanted = {"decay", "bias_correction", "steps", "average"}
        if not isinstance(state, dict) or set(state) != wanted:
            state = state if isinstance(state, dict) else [type(state).__name__]
            raise ValueError(f"EMA.load_state_dict: needs the keys {sorted(wanted)}, got {sorted(state)}")
        averages = [numbers("EMA.load_state_dict: average", v)
                    for v in several("EMA.load_state_dict: average", state["average"], np.ndarray)]
        if [v.shape for v in averages] != [v.shape for v in self._average]:
            raise ValueError(f"EMA.load_state_dict: averages of shapes {[v.shape for v in averages]} do not "
                             f"fit the parameters' {[v.shape for v in self._average]}")
        decay, steps = (state[name] for name in ("decay", "steps"))
        self.decay = real("EMA.load_state_dict: decay", decay, "[0, 1)")
        self.steps = whole("EMA.load_state_dict: steps", steps)
        self.bias_correction = bool(state["bias_correction"])
        for v, loaded in zip(self._average, averages):
            v[...] = loaded

    def _arrays(self) -> list[np.ndarray]:
        """The present values of the parameters as float arrays that share their memory."""
        arrays = []
        for i, p in enumerate(self.params):
            data = p if isinstance(p, np.ndarray) else getattr(p, "data", None)
            try:
                a = np.asarray(data) if hasattr(data, "__array__") else None
            except (TypeError, RuntimeError) as error:      # a tensor on a GPU, or of a dtype NumPy lacks
                raise TypeError(f"EMA: NumPy cannot share the memory of parameter {i}: {error}") from error
            if a is None or a.dtype.kind != "f" or not a.flags.writeable:
                kind = type(p).__name__ if a is None else f"read-only or of dtype {a.dtype}"
                raise TypeError(f"EMA: parameter {i} is {kind}; it must be a writable array of floats "
                                f"or have one as .data")
            arrays.append(a)
        return arrays

    def _write(self, values: list[np.ndarray]) -> None:
        for a, value in zip(self._arrays(), values):
            a[...] = value

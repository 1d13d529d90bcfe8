"""Student's interval for the mean of a few measurements, without a typed table and without SciPy."""

import math
import re

import numpy as np


def interval(effects: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """(mean, half-width) of Student's interval x̄ ± t s/√n; s² is the unbiased variance."""
    n = len(effects)
    t = t_quantile((1 + level) / 2, n - 1)
    return float(np.mean(effects)), t * float(np.std(effects, ddof=1)) / math.sqrt(n)


def t_probability(t: float, freedom: int) -> float:
    """P(|T| < t), t ≥ 0, whole degrees of freedom. Source: Abramowitz & Stegun (1964), 26.7.3, 26.7.4."""
    angle, odd = math.atan2(t, math.sqrt(freedom)), freedom % 2
    sine, cosine = math.sin(angle), math.cos(angle)
    if freedom == 1:
        return 2 * angle / math.pi
    term = total = cosine if odd else 1.0
    for k in range(1 + odd, freedom - 2, 2):
        term *= cosine**2 * k / (k + 1)
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def t_quantile(p: float, freedom: int) -> float:
    """The t with P(T < t) = p, for p above 1/2. By bisection, to the last bits."""
    if not 0.5 < p < 1 or freedom < 1:
        raise ValueError(f"t_quantile: needs 0.5 < p < 1 and freedom ≥ 1, got p={p}, freedom={freedom}")
    low, high = 0.0, 1.0
    while t_probability(high, freedom) < 2 * p - 1:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_probability(middle, freedom) < 2 * p - 1 else (low, middle)
    return (low + high) / 2


def with_interval(mean: float, half: float) -> str:
    """"+0.62 ± 0.21": two digits of the half-width decide how many digits of the mean are shown."""
    if half == 0:
        return f"{mean:+.3g} ± 0".replace("-", "−")
    places = 1 - math.floor(math.log10(half))
    if not -3 <= places <= 6:
        return re.sub(r"e([+-])0*", r"e\1", f"{mean:+.2e} ± {half:.1e}").replace("-", "−")
    places = max(places, 0)
    return f"{mean:+.{places}f} ± {half:.{places}f}".replace("-", "−")

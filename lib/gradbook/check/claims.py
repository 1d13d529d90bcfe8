"""check.claim: what people say, measured, with an interval and a verdict that is recomputed and enforced.

Effects are judged by Student's 95 % interval of their mean over at least 10 seeds, paired where two settings were
run on the same seeds. The verdict written in the text must be the verdict of the numbers, so drift cannot pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

import numpy as np

from .comparison import plain
from .results import CheckFailed, Record, badge, checked_id, shown

__all__ = ["claim", "interval", "t_quantile"]

VERDICTS = ("true", "false", "depends", "not shown")
SEEDS = 10


@shown
def claim(
    id: str,
    statement: str,
    *,
    verdict: str,
    samples=None,
    value=None,
    expected=None,
    rtol: float | None = None,
    null: float = 0.0,
    within: float | None = None,
    unit: str = "",
    on: str | None = None,
    claims: tuple[int, ...] = (),
):
    """Check that `statement` has the `verdict`: "true", "false", "depends" or "not shown".

    samples: effects, one a seed (≥ 10), positive where they support the statement; or (a, b), two settings run on
      the same seeds, whose effects are a - b; or {condition: either of them}.
      true: the 95 % interval of the mean lies above null; false: below it; not shown: it contains null.
    within: for "makes no difference": true if the interval lies inside null ± within, false if outside of it.
    value, expected, rtol: instead of samples, a number without chance, and what people say it is: a number (true if
      |value - expected| ≤ rtol |expected|) or a pair (low, high). {condition: value} is possible too.
    Conditions that disagree give "depends", and `on` says on what; otherwise `on` says where it was measured.
    claims: the rows of the notes that this settles; kept for the ledger.
    Raises CheckFailed with the verdict of the numbers if it is another one.
    """
    checked_id(id, "check.claim")
    if verdict not in VERDICTS:
        raise ValueError(f"check.claim {id}: verdict {verdict!r} is none of {', '.join(VERDICTS)}")
    if (samples is None) == (value is None):
        raise TypeError(
            f"check.claim {id}: give either samples (with chance) or value and expected (without)"
        )
    measured = samples if value is None else value
    conditions = measured if isinstance(measured, Mapping) else {"": measured}
    found = {}
    for name, one in conditions.items():
        if value is None:
            found[name] = judge_samples(id, one, null, within, unit)
        else:
            target = expected[name] if isinstance(expected, Mapping) else expected
            found[name] = judge_value(id, one, target, rtol, unit)
    verdicts = {f["verdict"] for f in found.values()}
    recomputed = verdicts.pop() if len(verdicts) == 1 else "depends"
    lines = "; ".join(f"{name}: {f['says']}" if name else f["says"] for name, f in found.items())
    if recomputed != verdict:
        each = "; ".join(f"{name or 'all seeds'}: {f['says']}, {f['verdict']}" for name, f in found.items())
        raise CheckFailed(f"{id}: the text says {verdict!r}, the numbers say {recomputed!r} ({each})")
    if verdict == "depends" and not on:
        raise ValueError(f"check.claim {id}: the verdict depends; on= has to say on what")
    where = f" on {on}" if on else ""
    data = {
        "kind": "claim", "id": id, "passed": True, "statement": statement, "verdict": verdict, "on": on,
        "unit": unit, "claims": list(claims), "found": found,
    }  # fmt: skip
    text = f"✓ {id} · people say: “{statement}” · {verdict}{where} · {lines}"
    after = (
        f'<span class="gb-said">“{escape(statement)}”</span> · <strong class="gb-verdict">{escape(verdict)}</strong>'
        f"{escape(where)} · {escape(lines)}"
    )
    return Record(text, badge(id, "people say: ", kind="claim", after=after), data)


def judge_samples(id, samples, null, within, unit) -> dict:
    """The interval of one condition and its verdict."""
    pair = isinstance(samples, tuple) and len(samples) == 2
    if pair:
        first, second = (np.asarray(s, float) for s in samples)
        if first.shape != second.shape:
            raise ValueError(f"check.claim {id}: paired samples have shapes {first.shape} and {second.shape}")
        effects = first - second
    else:
        effects = np.asarray(samples, float)
    if effects.ndim != 1 or len(effects) < SEEDS:
        raise ValueError(
            f"check.claim {id}: effects {effects.shape} are not one number a seed for ≥ {SEEDS} seeds"
        )
    if not np.isfinite(effects).all():
        raise ValueError(f"check.claim {id}: {int((~np.isfinite(effects)).sum())} effects are not finite")
    mean, half = interval(effects)
    low, high = mean - half, mean + half
    if within is None:
        verdict = "true" if low > null else "false" if high < null else "not shown"
    else:
        inside, outside = abs(mean - null) + half < within, abs(mean - null) - half > within
        verdict = "true" if inside else "false" if outside else "not shown"
    says = f"{with_interval(mean, half)}{space(unit)} (95 % interval, {'paired, ' if pair else ''}n = {len(effects)})"
    return {"verdict": verdict, "says": says, "n": len(effects), "paired": pair,
            "mean": rounded(mean), "half_width": rounded(half)}  # fmt: skip


def judge_value(id, value, expected, rtol, unit) -> dict:
    """A number without chance, against a number or a range."""
    value = float(value)
    if isinstance(expected, tuple) and len(expected) == 2:
        low, high = expected
        verdict, target = "true" if low <= value <= high else "false", f"{plain(low)} to {plain(high)}"
    elif expected is None or rtol is None:
        raise TypeError(
            f"check.claim {id}: value needs expected, and rtol unless expected is a range (low, high)"
        )
    else:
        verdict = "true" if abs(value - expected) <= rtol * abs(expected) else "false"
        target = f"{plain(float(expected))} (rtol {plain(rtol)})"
    return {
        "verdict": verdict,
        "says": f"{plain(value)}{space(unit)}, said to be {target}",
        "value": rounded(value),
    }


def interval(effects: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Mean and half-width of Student's interval: x̄ ± t s/√n, with s the unbiased standard deviation."""
    n = len(effects)
    return float(np.mean(effects)), t_quantile((1 + level) / 2, n - 1) * float(
        np.std(effects, ddof=1)
    ) / math.sqrt(n)


def t_probability(t: float, freedom: int) -> float:
    """P(|T| < t) for Student's T with a whole number of degrees of freedom (Abramowitz & Stegun 26.7.3, 26.7.4)."""
    angle = math.atan2(t, math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term, total = (cosine, cosine) if odd else (1.0, 1.0)
    if freedom == 1:
        return 2 * angle / math.pi
    for k in range(1 + odd, freedom - 2, 2):
        term *= cosine * cosine * k / (k + 1)
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def t_quantile(p: float, freedom: int) -> float:
    """The p-quantile (p > 1/2) of Student's t: 2.262 for p = 0.975 and 9 degrees of freedom. By bisection."""
    if not 0.5 < p < 1 or freedom < 1:
        raise ValueError(
            f"t_quantile: p {p} is not in (0.5, 1), or {freedom} degrees of freedom are fewer than 1"
        )
    low, high = 0.0, 1.0
    while t_probability(high, freedom) < 2 * p - 1:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_probability(middle, freedom) < 2 * p - 1 else (low, middle)
    return (low + high) / 2


def with_interval(mean: float, half: float) -> str:
    """ "+0.62 ± 0.21": two digits of the half-width decide how many of the mean are shown; a true minus sign."""
    if half == 0 or not math.isfinite(half):
        return signed(f"{mean:+.3g}") + " ± 0"
    places = 1 - math.floor(math.log10(half))
    if -3 <= places <= 6:
        places = max(places, 0)
        return f"{signed(f'{mean:+.{places}f}')} ± {half:.{places}f}"
    return f"{signed(f'{mean:+.2e}')} ± {half:.1e}"


def signed(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text


def space(unit: str) -> str:
    return f" {unit}" if unit else ""


def rounded(x: float) -> float:
    """Four significant digits: what may be stored and compared on another machine."""
    return float(f"{x:.4g}")

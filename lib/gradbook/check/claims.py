"""check.claim: what people say, measured, with an interval and a verdict that is recomputed and enforced.

An effect is judged by Student's 95 % interval of its mean over at least 10 seeds, paired where two settings
ran on the same seeds. The verdict in the text has to be the verdict of the numbers, so drift cannot pass.
"""

from collections.abc import Mapping
from html import escape

import numpy as np

from .comparison import plain
from .intervals import interval, with_interval
from .results import CheckFailed, Record, badge, checked_id, shown

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

    samples: effects, one a seed (≥ 10), positive where they speak for the statement; or (a, b), two settings
      on the same seeds, whose effects are a - b; or {condition: effects or (a, b)}.
        true: the interval lies above null; false: below it; not shown: it contains null.
    within: for "makes no difference": true if the interval lies inside null ± within, false if outside of it.
    value, expected, rtol: for a number without chance, and what people say it is, either a number (true if
      |value - expected| ≤ rtol |expected|) or a range (low, high); {condition: value} is possible as well.
    Conditions that disagree make "depends", and `on` says on what; else `on` says where it was measured.
    claims: the rows of the source notes that this settles, for the ledger.
    Raises CheckFailed, with the verdict of the numbers, if that is another.
    """
    who = f"check.claim {checked_id(id, 'check.claim')}"
    if verdict not in VERDICTS:
        raise ValueError(f"{who}: verdict {verdict!r} is none of {', '.join(VERDICTS)}")
    if (samples is None) == (value is None):
        raise TypeError(f"{who}: give either samples (with chance) or value and expected (without)")
    given = samples if value is None else value
    conditions = given if isinstance(given, Mapping) else {"": given}
    found = {}
    for name, one in conditions.items():
        target = expected[name] if isinstance(expected, Mapping) else expected
        by_number = value is not None
        found[name] = judge_value(who, one, target, rtol, unit) if by_number else (
            judge_samples(who, one, null, within, unit)
        )  # fmt: skip
    verdicts = {f["verdict"] for f in found.values()}
    recomputed = "depends" if len(verdicts) > 1 else verdicts.pop()
    if recomputed != verdict:
        each = "; ".join(f"{name} {f['says']}, {f['verdict']}".strip() for name, f in found.items())
        raise CheckFailed(f"{id}: the text says {verdict!r}, the numbers say {recomputed!r} ({each})")
    if verdict == "depends" and not on:
        raise ValueError(f"{who}: the verdict is 'depends'; on= has to say on what")
    numbers = "; ".join(f"{name}: " * bool(name) + f["says"] for name, f in found.items())
    where = f" on {on}" if on else ""
    html = (
        f'people say: <span class="gb-said">“{escape(statement)}”</span> · '
        f'<strong class="gb-verdict">{verdict}</strong>{escape(where)} · {escape(numbers)}'
    )
    data = {
        "kind": "claim", "id": id, "passed": True, "statement": statement, "verdict": verdict, "on": on,
        "unit": unit, "claims": list(claims), "found": found,
    }  # fmt: skip
    text = f"✓ {id} · people say: “{statement}” · {verdict}{where} · {numbers}"
    return Record(text, badge(id, html, kind="claim", id=f"check-{id}"), data)


def judge_samples(who: str, samples, null: float, within: float | None, unit: str) -> dict:
    """The interval of the effects under one condition, and its verdict."""
    paired = isinstance(samples, tuple) and len(samples) == 2
    if paired:
        first, second = (np.asarray(s, float) for s in samples)
        if first.shape != second.shape:
            raise ValueError(f"{who}: paired samples need one shape, got {first.shape} and {second.shape}")
        samples = first - second
    effects = np.asarray(samples, float)
    if effects.ndim != 1 or len(effects) < SEEDS:
        raise ValueError(f"{who}: needs one effect a seed and {SEEDS} seeds, got shape {effects.shape}")
    if not np.isfinite(effects).all():
        bad = int((~np.isfinite(effects)).sum())
        raise ValueError(f"{who}: {bad} of {len(effects)} effects are not finite")
    mean, half = interval(effects)
    low, high = mean - half - null, mean + half - null
    if within is None:
        verdict = "true" if low > 0 else "false" if high < 0 else "not shown"
    else:
        outside = low > within or high < -within
        verdict = "true" if -within < low and high < within else "false" if outside else "not shown"
    seeds = f"{len(effects)} {'pairs' if paired else 'seeds'}"
    return {
        "verdict": verdict, "says": f"{with_interval(mean, half)}{' ' * bool(unit)}{unit} (95 %, {seeds})",
        "n": len(effects), "paired": paired, "mean": rounded(mean), "half_width": rounded(half), "null": null,
    }  # fmt: skip


def judge_value(who: str, value, expected, rtol: float | None, unit: str) -> dict:
    """A number without chance, against a number or a range."""
    value = float(value)
    if isinstance(expected, tuple) and len(expected) == 2:
        holds = expected[0] <= value <= expected[1]
        said = " to ".join(plain(end) for end in dict.fromkeys(expected))
    elif expected is None or rtol is None:
        raise TypeError(f"{who}: value needs expected, and rtol where that is not a range (low, high)")
    else:
        holds = abs(value - expected) <= rtol * abs(expected)
        said = f"{plain(float(expected))} (rtol {plain(rtol)})"
    number = plain(value).replace("-", "−")
    says = f"{number}{' ' * bool(unit)}{unit}, said to be {said.replace('-', '−')}"
    return {"verdict": "true" if holds else "false", "says": says, "value": rounded(value)}


def rounded(x: float) -> float:
    """Four significant digits: what may be stored and compared with another machine's."""
    return float(f"{x:.4g}")

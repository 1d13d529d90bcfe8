"""check.equation: every line of a displayed equation against an independent truth, and wrong variants against both.

A check that cannot fail says nothing, so each check carries at least one plausible mistake and must reject it:
the mistake has to return finite values of the right shape and miss by more than 1,000 times the tolerance.
An exception is no rejection.
"""

from __future__ import annotations

import functools
import inspect
import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .comparison import NotComparable, compare, copied, describe, pieces, plain, unchanged
from .independence import same_code, watched
from .results import CheckFailed, Record, badge, checked_id, rejected, shown

__all__ = ["equation", "sizes"]

MARGIN = 1e3  # a wrong variant must miss by more than this many tolerances
ERRORS = 5.0  # expectation: a line may lie this many standard errors from the Monte-Carlo mean, a wrong one 5 × that
TOLERANCE = {"equal": 1e-10, "bound": 1e-10, "upper bound": 1e-10, "limit": 1e-6, "expectation": 2e-2}
RELATION = {"bound": "≤", "upper bound": "≥"}


@shown
def equation(
    label: str,
    *,
    lines: Sequence[Callable],
    truth: Callable,
    wrong: Mapping[str, Callable],
    inputs: Callable | Sequence[tuple],
    rtol: float | None = None,
    kind: str = "equal",
    against: str = "torch.autograd",
    draws: int = 3,
    scale: float = 0.0,
):
    """Check the displayed equation `label`: each of `lines` agrees with `truth`, each of `wrong` is rejected.

    lines, truth, wrong: functions of the same inputs, returning an array or a tuple, list or dict of arrays.
    inputs: inputs(rng) -> tuple, called `draws` (≥ 3) times; or a sequence of ≥ 3 tuples.
    against: what truth is, in words. If it begins with torch, pandas, scipy or sklearn, truth must really call it.
    Deviations are max|line - truth| / max(max|truth|, scale), per array; see `gradbook.check.comparison`.
    kind
      "equal"        deviation ≤ rtol (1e-10) on every input
      "bound"        line ≤ truth everywhere;  "upper bound": line ≥ truth everywhere; up to rtol
      "limit"        the inputs, in order, approach the limit: the deviation never grows, begins above rtol (1e-6)
                     and ends below it; a wrong variant's last deviation counts
      "expectation"  truth returns independent samples along axis 0; a line lies within 5 standard errors of their
                     mean, the interval is narrower than rtol (2e-2) × scale, a wrong variant lies 25 off
    Raises CheckFailed, which names line or variant, inputs, expected and got.
    """
    checked_id(label, "check.equation")
    rtol = door(label, lines, truth, wrong, kind, rtol, draws)
    names = parameters(lines[0])
    trials = drawn(label, inputs, draws)
    independent(label, lines, truth, wrong)
    references = []
    for k, trial in enumerate(trials):
        run = functools.partial(evaluate, label, "truth", truth, trial, names)
        reference = watched(label, run, lines, against) if k == 0 else run()
        references.append(finite_reference(label, reference, trial, names))
    judge = {"limit": judge_limit, "expectation": judge_expectation}.get(kind, judge_each)
    for k, line in enumerate(lines):
        role = f"line {k + 1} of {len(lines)}"
        results = [evaluate(label, role, line, trial, names) for trial in trials]
        judge(label, role, results, references, trials, names, rtol, scale, kind, wrong=False)
    for name, variant in wrong.items():
        role = f"the wrong variant {name!r}"
        results = [evaluate(label, role, variant, trial, names) for trial in trials]
        judge(label, role, results, references, trials, names, rtol, scale, kind, wrong=True)
    return record(label, list(wrong), len(lines), len(trials), rtol, kind, against)


def sizes(rng: np.random.Generator, count: int, low: int = 2, high: int = 9) -> list[int]:
    """`count` different sizes in low..high: a transposed matrix then has another shape."""
    return [int(n) for n in rng.choice(np.arange(low, high + 1), size=count, replace=False)]


def door(label, lines, truth, wrong, kind, rtol, draws) -> float:
    """Refuse a call that could not check anything. Returns the tolerance in use."""
    if kind not in TOLERANCE:
        raise ValueError(f"check.equation {label}: kind {kind!r} is none of {', '.join(TOLERANCE)}")
    if not isinstance(lines, Sequence) or not lines or not all(callable(f) for f in lines):
        raise TypeError(
            f"check.equation {label}: lines must be a list of functions, one for each displayed line"
        )
    if not callable(truth):
        raise TypeError(f"check.equation {label}: truth must be a function, got {type(truth).__name__}")
    if not isinstance(wrong, Mapping) or not wrong or not all(callable(f) for f in wrong.values()):
        raise TypeError(
            f"check.equation {label}: wrong must name at least one wrong variant, {{name: function}}; "
            "without one the check has not shown that it can fail"
        )
    if draws < 3:
        raise ValueError(f"check.equation {label}: {draws} inputs are too few, at least 3 are needed")
    rtol = TOLERANCE[kind] if rtol is None else rtol
    if not 0 < rtol < 1:
        raise ValueError(f"check.equation {label}: rtol {rtol} is not between 0 and 1")
    return rtol


def drawn(label: str, inputs, draws: int) -> list[tuple]:
    """The inputs of the check, each a tuple; drawn from a generator that depends on the label alone."""
    if callable(inputs):
        rng = np.random.default_rng(zlib.crc32(label.encode()))
        trials = [inputs(rng) for _ in range(draws)]
    else:
        trials = list(inputs)
    if len(trials) < 3:
        raise ValueError(f"check.equation {label}: {len(trials)} inputs are too few, at least 3 are needed")
    for trial in trials:
        if not isinstance(trial, tuple):
            raise TypeError(
                f"check.equation {label}: inputs gave {type(trial).__name__}, not a tuple; write (x,)"
            )
    if all(unchanged(trials[0], trial) and describe(trials[0]) == describe(trial) for trial in trials[1:]):
        raise ValueError(f"check.equation {label}: all {len(trials)} inputs are the same; draw them from rng")
    return trials


def independent(label: str, lines, truth, wrong) -> None:
    """truth is none of the lines, and a wrong variant is neither a line nor the truth."""
    for k, line in enumerate(lines):
        if same_code(truth, line):
            raise CheckFailed(f"{label}: truth is line {k + 1} itself; it has to come from somewhere else")
    for name, variant in wrong.items():
        if any(same_code(variant, other) for other in (*lines, truth)):
            raise CheckFailed(f"{label}: the wrong variant {name!r} is the right formula, letter by letter")


def parameters(function: Callable) -> list[str]:
    try:
        kinds = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in kinds if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def evaluate(label: str, role: str, function: Callable, inputs: tuple, names: list[str]):
    """function(*inputs) on a copy of its own; what it raises or writes to its inputs becomes a CheckFailed."""
    own = copied(inputs)
    try:
        value = function(*own)
    except Exception as error:
        why = (
            "; an exception is no rejection, it must return a wrong value" if "wrong variant" in role else ""
        )
        raise CheckFailed(
            f"{label}: {role} raised {type(error).__name__}: {error} (inputs: {describe(inputs, names)}){why}"
        ) from error
    if not unchanged(inputs, own):
        raise CheckFailed(f"{label}: {role} changed its inputs in place ({describe(inputs, names)})")
    return value


def finite_reference(label, reference, inputs, names):
    """The truth, if it is made of finite numbers."""
    try:
        arrays = pieces(reference)
    except NotComparable as reason:
        raise CheckFailed(f"{label}: truth {reason} (inputs: {describe(inputs, names)})") from None
    if not arrays or not all(a.size for a in arrays.values()):
        raise CheckFailed(f"{label}: truth returned an empty result (inputs: {describe(inputs, names)})")
    if not all(np.isfinite(a).all() for a in arrays.values()):
        raise CheckFailed(f"{label}: truth is not finite (inputs: {describe(inputs, names)})")
    return reference


def measured(label, role, result, reference, inputs, names, scale, relation):
    try:
        return compare(result, reference, scale=scale, relation=relation)
    except NotComparable as reason:
        why = "; a rejection needs finite values of the right shape" if "wrong variant" in role else ""
        raise CheckFailed(f"{label}: {role} {reason} (inputs: {describe(inputs, names)}){why}") from None


def judge_each(label, role, results, references, trials, names, rtol, scale, kind, wrong) -> None:
    """kinds equal and bound: a line must hold on every input, a wrong variant must miss widely on one."""
    relation = RELATION.get(kind, "equal")
    found = [
        measured(label, role, result, reference, trial, names, scale, relation)
        for result, reference, trial in zip(results, references, trials)
    ]
    worst = max(range(len(found)), key=lambda k: found[k].deviation)
    there = found[worst]
    if wrong:
        demand_miss(label, role, there.deviation, MARGIN * rtol, "misses by", names, trials[worst])
    elif there.deviation > rtol:
        sign = {"equal": "=", "≤": "≤", "≥": "≥"}[relation]
        raise CheckFailed(
            f"{label}: {role} fails. Got {there.got:.8g}, needed {sign} {there.want:.8g}{there.where}; relative deviation "
            f"{plain(there.deviation)}, tolerance {plain(rtol)} (inputs: {describe(trials[worst], names)})"
        )


def demand_miss(label, role, miss, needed, verb, names, trial) -> None:
    if not miss > needed:
        raise CheckFailed(
            f"{label}: {role} was not rejected: it {verb} at most {plain(miss)}, more than {plain(needed)} is needed "
            f"(inputs: {describe(trial, names)})"
        )


def judge_limit(label, role, results, references, trials, names, rtol, scale, kind, wrong) -> None:
    """kind limit: the gap never grows along the inputs, begins above rtol and ends below it."""
    gaps = [
        measured(label, role, result, reference, trial, names, scale, "equal").deviation
        for result, reference, trial in zip(results, references, trials)
    ]
    if wrong:
        return demand_miss(label, role, gaps[-1], MARGIN * rtol, "ends off by", names, trials[-1])
    path = ", ".join(plain(gap) for gap in gaps)
    if gaps[-1] > rtol:
        raise CheckFailed(f"{label}: {role} does not reach its limit: gaps {path}, tolerance {plain(rtol)}")
    if gaps[0] <= rtol:
        raise CheckFailed(
            f"{label}: {role} is at its limit from the first input (gaps {path}): that is kind='equal'"
        )
    if any(after > before + rtol for before, after in zip(gaps, gaps[1:])):
        raise CheckFailed(f"{label}: {role} does not approach its limit steadily: gaps {path}")


def judge_expectation(label, role, results, references, trials, names, rtol, scale, kind, wrong) -> None:
    """kind expectation: the distance to the mean of the samples, in standard errors, against ERRORS."""
    misses = []
    for result, reference, trial in zip(results, references, trials):
        samples = pieces(reference)
        means = {name: np.asarray(s, float).mean(axis=0) for name, s in samples.items()}
        measured(
            label, role, result, means if [*means] != [""] else means[""], trial, names, scale or 1.0, "equal"
        )
        for name, array in pieces(result).items():
            s, size = np.asarray(samples[name], float), max(np.abs(means[name]).max(), scale)
            if len(s) < 100:
                raise CheckFailed(
                    f"{label}: truth gave {len(s)} samples along axis 0, at least 100 are needed"
                )
            error = s.std(axis=0, ddof=1) / np.sqrt(len(s))
            if (ERRORS * error).max() > rtol * size:
                raise CheckFailed(
                    f"{label}: the Monte-Carlo interval ± {plain((ERRORS * error).max())} is wider than rtol "
                    f"{plain(rtol)} × {plain(size)}: take more samples (inputs: {describe(trial, names)})"
                )
            gap = np.abs(np.asarray(array, float) - means[name])
            misses.append((float((gap / np.maximum(error, 1e-12 * size)).max()), trial))
    miss, trial = max(misses, key=lambda pair: pair[0])
    if wrong:
        demand_miss(label, role, miss, ERRORS * ERRORS, "is off, in standard errors,", names, trial)
    elif miss > ERRORS:
        raise CheckFailed(
            f"{label}: {role} lies {plain(miss)} standard errors from the Monte-Carlo mean, at most {plain(ERRORS)} "
            f"are allowed (inputs: {describe(trial, names)})"
        )


def record(label, wrong, lines, inputs, rtol, kind, against) -> Record:
    """The three forms of a check that held."""
    one = lines == 1
    verb = {
        "equal": "agrees with" if one else "agree with",
        "bound": "stays below" if one else "stay below",
        "upper bound": "stays above" if one else "stay above",
        "limit": "tends to" if one else "tend to",
        "expectation": "is the mean of" if one else "are the mean of",
    }[kind]
    within = f"within {plain(ERRORS)} standard errors" if kind == "expectation" else f"rtol {plain(rtol)}"
    says = f"{'' if one else f'{lines} lines '}{verb} {against} ({inputs} inputs, {within})"
    text, html = rejected(wrong)
    data = {
        "kind": "equation", "id": label, "passed": True, "relation": kind, "against": against, "lines": lines,
        "inputs": inputs, "rtol": plain(rtol), "rejects": wrong,
    }  # fmt: skip
    return Record(f"✓ {label} · {says}{text}", badge(label, says, link=True, after=html), data)

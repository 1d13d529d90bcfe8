"""check.equation: every line of a displayed equation against an independent truth, and wrong variants too.

A check that cannot fail says nothing. So each carries at least one plausible mistake and must reject it: the
mistake returns finite values of the right shape and misses by more than 1,000 tolerances. An exception is no
rejection.
"""

import functools
import inspect
import zlib
from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np

from .comparison import NotComparable, copied, describe, pieces, plain, unchanged
from .independence import same_code, watched
from .judgement import ERRORS, TOLERANCE, Case, judge
from .results import CheckFailed, Record, badge, checked_id, rejected, shown


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

    lines, truth, wrong: functions of the same inputs that return an array, or a tuple, list or dict of arrays
      (NumPy, torch and gradbook tensors, numbers). truth shares no code with the lines.
    inputs: inputs(rng) -> tuple, called `draws` (≥ 3) times; or a sequence of at least 3 tuples.
    against: what truth is, in words. If it begins with torch, pandas, scipy or sklearn, truth has to call it.
    deviation: max|line - truth| / max(max|truth|, scale), array by array (`gradbook.check.comparison`).
    kind:
      "equal"        the deviation is at most rtol (1e-10) on every input
      "bound"        line ≤ truth everywhere, up to rtol; "upper bound": line ≥ truth
      "limit"        in the order given, the inputs approach the limit: the deviation never grows, begins
                     above rtol (1e-6) and ends within it; a wrong variant still misses at the end
      "expectation"  truth returns independent samples along axis 0; a line lies within 5 standard errors of
                     their mean, which must be known to rtol (2e-2), and a wrong variant at least 25 off
    Raises CheckFailed, which names the line or variant, the inputs, what was expected and what came.
    """
    rtol = door(label, lines, truth, wrong, kind, rtol, against)
    trials = drawn(label, inputs, draws)
    names = parameters(lines[0])
    references = []
    for k, trial in enumerate(trials):
        run = functools.partial(evaluate, label, "truth", truth, trial, names)
        references.append(watched(label, run, lines, against) if k == 0 else run())
        usable_truth(label, references[-1], describe(trial, names))
    case = Case(label, kind, rtol, scale, trials, names, references)
    roles = [(f"line {k + 1} of {len(lines)}", line, False) for k, line in enumerate(lines)]
    roles += [(f"the wrong variant {name!r}", variant, True) for name, variant in wrong.items()]
    for role, function, is_wrong in roles:
        judge(case, role, [evaluate(label, role, function, trial, names) for trial in trials], is_wrong)
    return record(label, list(wrong), len(lines), len(trials), rtol, kind, against)


def sizes(rng: np.random.Generator, count: int, low: int = 2, high: int = 9) -> list[int]:
    """`count` different sizes from low to high: a matrix transposed by mistake then has another shape."""
    return [int(n) for n in rng.choice(np.arange(low, high + 1), size=count, replace=False)]


def door(label, lines, truth, wrong, kind, rtol, against) -> float:
    """Refuse a call that could not check anything. Returns the tolerance in use."""
    who = f"check.equation {checked_id(label, 'check.equation')}"
    if kind not in TOLERANCE:
        raise ValueError(f"{who}: kind {kind!r} is none of {', '.join(TOLERANCE)}")
    if not isinstance(lines, Sequence) or not lines or not all(map(callable, lines)):
        raise TypeError(f"{who}: lines must be a list of functions, one for each displayed line")
    if not callable(truth):
        raise TypeError(f"{who}: truth must be a function, got {type(truth).__name__}")
    if not isinstance(wrong, Mapping) or not wrong or not all(map(callable, wrong.values())):
        raise TypeError(f"{who}: wrong must be {{name: function}} with at least one plausible mistake")
    if not isinstance(against, str) or not against.strip():
        raise TypeError(f"{who}: against must say what truth is, got {against!r}")
    for k, line in enumerate(lines):
        if same_code(truth, line):
            raise CheckFailed(f"{label}: truth is line {k + 1} itself; it has to come from somewhere else")
    for name, variant in wrong.items():
        if any(same_code(variant, other) for other in (*lines, truth)):
            raise CheckFailed(f"{label}: the wrong variant {name!r} is the right formula, letter by letter")
    rtol = TOLERANCE[kind] if rtol is None else rtol
    if not 0 < rtol < 1:
        raise ValueError(f"{who}: rtol {rtol} is not between 0 and 1")
    return rtol


def drawn(label: str, inputs, draws: int) -> list[tuple]:
    """The inputs, each a tuple. They depend on the label alone, not on the checks before this one."""
    who = f"check.equation {label}"
    if callable(inputs):
        rng = np.random.default_rng(zlib.crc32(label.encode()))
        trials = [inputs(rng) for _ in range(draws)]
    else:
        trials = list(inputs)
    if len(trials) < 3:
        raise ValueError(f"{who}: {len(trials)} inputs are too few, at least 3 are needed")
    for trial in trials:
        if not isinstance(trial, tuple):
            raise TypeError(f"{who}: inputs must give a tuple such as (x,), got {type(trial).__name__}")
    if all(describe(trial) == describe(trials[0]) and unchanged(trials[0], trial) for trial in trials):
        raise ValueError(f"{who}: all {len(trials)} inputs are the same; draw them from rng")
    return trials


def parameters(function: Callable) -> list[str]:
    """The names of the positional parameters, as far as Python tells them."""
    try:
        listed = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in listed if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def evaluate(label: str, role: str, function: Callable, inputs: tuple, names: list[str]):
    """function(*inputs), on a copy of its own. CheckFailed if it raises, or writes to its inputs."""
    own, here = copied(inputs), describe(inputs, names)
    try:
        value = function(*own)
    except Exception as error:
        wrong = "; an exception is no rejection, return a wrong value" if "wrong variant" in role else ""
        raised = f"{type(error).__name__}: {error}"
        raise CheckFailed(f"{label}: {role} raised {raised} (inputs: {here}){wrong}") from error
    if not unchanged(inputs, own):
        raise CheckFailed(f"{label}: {role} changed its inputs in place (inputs: {here})")
    return value


def usable_truth(label: str, reference, here: str) -> None:
    """Raise CheckFailed unless the truth is made of finite numbers, and of some."""
    try:
        arrays = pieces(reference).values()
    except NotComparable as reason:
        raise CheckFailed(f"{label}: truth {reason} (inputs: {here})") from None
    if not sum(a.size for a in arrays):
        raise CheckFailed(f"{label}: truth is empty (inputs: {here})")
    if not all(np.isfinite(a).all() for a in arrays):
        raise CheckFailed(f"{label}: truth is not finite (inputs: {here})")


def record(label, wrong, lines, inputs, rtol, kind, against) -> Record:
    """The three forms of a check that held."""
    singular, plural = {
        "equal": ("agrees with", "agree with"),
        "bound": ("stays below", "stay below"),
        "upper bound": ("stays above", "stay above"),
        "limit": ("tends to", "tend to"),
        "expectation": ("is the mean of", "are the mean of"),
    }[kind]
    within = f"within {plain(ERRORS)} standard errors" if kind == "expectation" else f"rtol {plain(rtol)}"
    verb = singular if lines == 1 else f"{lines} lines {plural}"
    says = f"{verb} {against} ({inputs} inputs, {within})"
    text, html = rejected(wrong)
    data = {
        "kind": "equation", "id": label, "passed": True, "relation": kind, "against": against, "lines": lines,
        "inputs": inputs, "rtol": plain(rtol), "rejects": wrong,
    }  # fmt: skip
    line = badge(label, escape(says) + html, kind="equation", href=f"#equation-{label}", id=f"check-{label}")
    return Record(f"✓ {label} · {says}{text}", line, data)

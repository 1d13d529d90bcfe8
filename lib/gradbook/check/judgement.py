"""Whether a line holds and whether a wrong variant is rejected, for each kind of equation.

A line is held to the tolerance on every input. A wrong variant must return finite values of the right shape
on every input, and miss by more than MARGIN tolerances on at least one: the check would fail there.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from .comparison import NotComparable, compare, compare_arrays, describe, pieces, plain
from .results import CheckFailed

MARGIN = 1e3
ERRORS = 5.0  # expectation: a line may be this many standard errors off, a wrong variant must be 5 × 5
RELATION = {"equal": "=", "limit": "=", "bound": "≤", "upper bound": "≥"}
TOLERANCE = {"equal": 1e-10, "bound": 1e-10, "upper bound": 1e-10, "limit": 1e-6, "expectation": 2e-2}


@dataclass(frozen=True)
class Case:
    """What all the judges of one equation share."""

    label: str
    kind: str
    rtol: float
    scale: float
    trials: list[tuple]
    names: list[str]  # of the inputs
    references: list  # the truth on each trial

    def inputs(self, k: int) -> str:
        return f"(inputs: {describe(self.trials[k], self.names)})"

    def compared(self, role: str, k: int, result):
        """The comparison of one result with the truth of trial k; what cannot be compared has failed."""
        try:
            relation = RELATION[self.kind]
            return compare(result, self.references[k], scale=self.scale, relation=relation)
        except NotComparable as reason:
            raise self.unusable(role, k, reason) from None

    def unusable(self, role: str, k: int, reason) -> CheckFailed:
        wrong = "; a rejection needs finite values of the right shape" if "wrong variant" in role else ""
        return CheckFailed(f"{self.label}: the result of {role} {reason} {self.inputs(k)}{wrong}")

    def not_rejected(self, role: str, miss: float, needed: float, what: str, k: int) -> None:
        if not miss > needed:
            raise CheckFailed(
                f"{self.label}: {role} was not rejected: {what} {plain(miss)}, and more than {plain(needed)} "
                f"is needed {self.inputs(k)}"
            )


def judge(case: Case, role: str, results: list, wrong: bool) -> None:
    """Raise CheckFailed unless the results of a line hold, or those of a wrong variant are rejected."""
    by_kind = {"limit": judge_limit, "expectation": judge_expectation}.get(case.kind, judge_each)
    by_kind(case, role, results, wrong)


def judge_each(case: Case, role: str, results: list, wrong: bool) -> None:
    """equal and bounds: input by input."""
    found = [case.compared(role, k, result) for k, result in enumerate(results)]
    k = max(range(len(found)), key=lambda k: found[k].deviation)
    worst = found[k]
    if wrong:
        case.not_rejected(role, worst.deviation, MARGIN * case.rtol, "it misses by at most", k)
    elif worst.deviation > case.rtol:
        raise CheckFailed(
            f"{case.label}: {role} fails{worst.where}: got {worst.got:.8g}, needed {RELATION[case.kind]} "
            f"{worst.want:.8g}; relative deviation {plain(worst.deviation)}, tolerance {plain(case.rtol)} "
            f"{case.inputs(k)}"
        )


def judge_limit(case: Case, role: str, results: list, wrong: bool) -> None:
    """limit: along the inputs the gap never grows; it begins above the tolerance and ends within it."""
    gaps = [case.compared(role, k, result).deviation for k, result in enumerate(results)]
    last = len(gaps) - 1
    if wrong:
        return case.not_rejected(role, gaps[-1], MARGIN * case.rtol, "at the end it is off by", last)
    path = f"(gaps {', '.join(plain(gap) for gap in gaps)}; tolerance {plain(case.rtol)})"
    if gaps[-1] > case.rtol:
        raise CheckFailed(f"{case.label}: {role} does not reach the limit {path}")
    if gaps[0] <= case.rtol:
        raise CheckFailed(f"{case.label}: {role} is at the limit from the first input on {path}: use 'equal'")
    if any(after > before + case.rtol for before, after in itertools.pairwise(gaps)):
        raise CheckFailed(f"{case.label}: {role} does not approach the limit steadily {path}")


def judge_expectation(case: Case, role: str, results: list, wrong: bool) -> None:
    """expectation: the distance to the mean of the samples, in its standard errors."""
    off = [errors_off(case, role, k, result) for k, result in enumerate(results)]
    k = int(np.argmax(off))
    if wrong:
        case.not_rejected(role, off[k], ERRORS**2, "it is off by at most, in standard errors,", k)
    elif off[k] > ERRORS:
        raise CheckFailed(
            f"{case.label}: {role} lies {plain(off[k])} standard errors from the mean of the samples, and "
            f"{plain(ERRORS)} are allowed {case.inputs(k)}"
        )


def errors_off(case: Case, role: str, k: int, result) -> float:
    """The largest |result - mean| in standard errors of the mean, once the samples are seen to be enough."""
    samples = pieces(case.references[k])
    try:
        found = pieces(result)
        if found.keys() != samples.keys():
            raise NotComparable(f"consists of {len(found)} arrays, and {len(samples)} were sampled")
        worst = 0.0
        for name, drawn in samples.items():
            drawn = np.asarray(drawn, float)
            if drawn.ndim == 0 or len(drawn) < 100:
                raise CheckFailed(f"{case.label}: truth gave samples {drawn.shape}; axis 0 needs ≥ 100")
            mean, error = drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
            compare_arrays(found[name], mean, name, scale=1.0)  # for shape and finiteness
            size = max(float(np.abs(mean).max()), case.scale)
            half = ERRORS * float(error.max())
            if half > case.rtol * size:
                raise CheckFailed(
                    f"{case.label}: the mean of {len(drawn)} samples is known to ± {plain(half)}, wider than "
                    f"rtol {plain(case.rtol)} × {plain(size)}: draw more {case.inputs(k)}"
                )
            gap = np.abs(np.asarray(found[name], float) - mean)
            worst = max(worst, float((gap / np.maximum(error, 1e-12 * size)).max()))
        return worst
    except NotComparable as reason:
        raise case.unusable(role, k, reason) from None

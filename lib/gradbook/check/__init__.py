"""Executable checks, each of which proves that it can fail.

    check.equation(label, lines=…, truth=…, wrong=…, inputs=…)   a displayed equation of the page
    check.gradient(op, *arrays)                                   the vjp of a primitive
    check.claim(id, statement, verdict=…, samples=…)              what people say, measured
    check.exercise(id, answer)                                    a learner's answer

Each displays one deterministic line (text, a badge for the page, a JSON record for the ledger) or raises
CheckFailed; `exercise` never fails, it answers.
"""

from .answers import exercise
from .claims import claim
from .equations import equation, sizes
from .gradients import gradient
from .results import CheckFailed

__all__ = ["CheckFailed", "claim", "equation", "exercise", "gradient", "sizes"]

"""The exercises of the book: what is asked, a reference answer, and the mistakes people make, with hints.

One module a chapter, named by its stem, with a list EXERCISES; `gradbook.check.exercise` asks them.

    Exercise(
        "ema-lag",
        ask="Write lag(beta): how far the corrected average ends up behind a ramp.",
        inputs=lambda rng: (rng.uniform(0.5, 0.99),),
        reference=lambda beta: beta / (1 - beta),
        wrong={
            "window": (lambda beta: 1 / (1 - beta), "How old is the newest value when it is averaged?"),
            "share": (lambda beta: beta, "That is the weight of the past, not its age."),
            "inverse": (lambda beta: (1 - beta) / beta, "Let β tend to 1: should the lag vanish there?"),
        },
        rewrites=[lambda beta: 1 / (1 - beta) - 1],
    )
"""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Exercise", "all_exercises", "find"]


@dataclass(frozen=True)
class Exercise:
    """One question that answers back.

    reference: a function of what `inputs(rng)` gives; or a number or array; or, with `choices`, one of them.
    wrong: {name: (answer, hint)}, at least three: mistakes that people make, each with a hint that leads on
      without giving the answer away. With `choices`, {choice: hint}.
    rewrites: other right answers, which have to pass too (a loop, a closed form).
    rtol: relative to the largest entry of the result; scale: its size where the right result is nearly zero.
    draws: on how many inputs a function is tried; seconds: the time it has for all of them.
    Raises ValueError or TypeError where something is missing.
    """

    id: str
    ask: str
    reference: Any
    wrong: Mapping[str, Any]
    inputs: Callable | None = None
    rewrites: Sequence[Any] = ()
    choices: Sequence[str] | Mapping[str, str] = ()
    rtol: float = 1e-7
    scale: float = 0.0
    draws: int = 4
    seconds: float = 5.0

    @property
    def kind(self) -> str:
        """What is asked for: "function", "number" or "choice"."""
        return "choice" if self.choices else "function" if callable(self.reference) else "number"

    def mistakes(self) -> list[tuple[str, Any, str]]:
        """(name, answer, hint) for each wrong answer."""
        pairs = [(name, (name, e) if isinstance(e, str) else e) for name, e in self.wrong.items()]
        return [(name, *pair) for name, pair in pairs]

    def __post_init__(self):
        who = f"Exercise {self.id}"
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", self.id):
            raise ValueError(f"Exercise: the id {self.id!r} is not of the form bp-hidden-delta (a-z 0-9 -)")
        if not self.ask.strip():
            raise ValueError(f"{who}: ask is empty")
        for name, entry in self.wrong.items():
            pair = isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], str)
            if not (pair and entry[1].strip()) and not (self.kind == "choice" and isinstance(entry, str)):
                raise TypeError(f"{who}: the wrong answer {name!r} must be a pair (answer, hint)")
        if self.kind == "function" and not callable(self.inputs):
            raise TypeError(f"{who}: a function is asked for, so inputs must be a function of rng")
        answers = [self.reference, *(answer for _, answer, _ in self.mistakes())]
        if self.kind == "choice" and not all(answer in self.choices for answer in answers):
            raise ValueError(f"{who}: the reference and the wrong answers must be among the choices")
        if len(self.wrong) < 3:
            raise ValueError(f"{who}: {len(self.wrong)} wrong answers are too few, at least 3 are needed")


def all_exercises() -> dict[str, Exercise]:
    """Every exercise of every chapter, by id. Raises ValueError where two share one."""
    found: dict[str, Exercise] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        for exercise in importlib.import_module(f"{__name__}.{module}").EXERCISES:
            if exercise.id in found:
                raise ValueError(f"exercises: two of them have the id {exercise.id!r}")
            found[exercise.id] = exercise
    return found


def find(id: str) -> Exercise:
    """The exercise of that id; KeyError with the nearest ids where there is none."""
    found = all_exercises()
    if id not in found:
        near = difflib.get_close_matches(str(id), found, n=3, cutoff=0.4) or sorted(found)[:3]
        raise KeyError(f"there is no exercise {id!r}; the nearest are {', '.join(near) or 'none'}")
    return found[id]

"""The exercises of the book: what is asked, a reference answer, and the mistakes people make, each with its hint.

One module a chapter, named by its stem, with a list EXERCISES. The learner's side is `gradbook.check.exercise`.

    EXERCISES = [
        Exercise(
            "ema-lag",
            ask="Write lag(beta): how far the corrected EMA stays behind a ramp in the long run.",
            inputs=lambda rng: (rng.uniform(0.5, 0.99),),
            reference=lambda beta: beta / (1 - beta),
            wrong={
                "window length": (lambda beta: 1 / (1 - beta), "That is the window; the newest value has age 0, not 1."),
                ...
            },
            rewrites=[lambda beta: 1 / (1 - beta) - 1],
        ),
    ]
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Exercise", "all_exercises", "find"]


@dataclass(frozen=True)
class Exercise:
    """One question that answers back.

    reference: a function of `inputs(rng)`; or a number or array; or, with `choices`, the right one of them.
    wrong: {name: (answer, hint)}, at least three, each a mistake that people make, and a hint in one or two sentences
      that leads on without giving the answer away. With `choices`, {choice: hint} is enough.
    rewrites: other right answers (a loop, another dtype), which have to pass.
    rtol: relative to the largest entry of the result. seconds: for all the inputs together.
    Raises ValueError or TypeError if something is missing.
    """

    id: str
    ask: str
    reference: Any
    wrong: Mapping[str, Any]
    inputs: Callable | None = None
    rewrites: Sequence[Any] = ()
    choices: Mapping[str, str] | Sequence[str] = ()
    rtol: float = 1e-7
    draws: int = 4
    seconds: float = 5.0
    scale: float = 0.0
    kind: str = field(init=False)

    def __post_init__(self):
        kind = "choice" if self.choices else "function" if callable(self.reference) else "number"
        object.__setattr__(self, "kind", kind)
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", self.id):
            raise ValueError(
                f"Exercise: the id {self.id!r} is not of the form bp-hidden-delta (a-z, 0-9, hyphens)"
            )
        if kind == "function" and not callable(self.inputs):
            raise TypeError(f"Exercise {self.id}: a function is asked for, so inputs(rng) is needed")
        if kind == "choice" and self.reference not in self.choices:
            raise ValueError(f"Exercise {self.id}: the reference {self.reference!r} is none of the choices")
        if len(self.wrong) < 3:
            raise ValueError(
                f"Exercise {self.id}: {len(self.wrong)} wrong answers are too few, at least 3 are needed"
            )
        for name, entry in self.wrong.items():
            if kind == "choice" and isinstance(entry, str):
                entry = (name, entry)
            if not (
                isinstance(entry, tuple)
                and len(entry) == 2
                and isinstance(entry[1], str)
                and entry[1].strip()
            ):
                raise TypeError(f"Exercise {self.id}: the wrong answer {name!r} is not a pair (answer, hint)")

    def mistakes(self) -> list[tuple[str, Any, str]]:
        """(name, answer, hint) for each wrong answer."""
        return [
            (name, name, entry) if isinstance(entry, str) else (name, *entry)
            for name, entry in self.wrong.items()
        ]


def all_exercises() -> dict[str, Exercise]:
    """Every exercise of every chapter, by id. Raises ValueError if two share one."""
    found: dict[str, Exercise] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        for exercise in importlib.import_module(f"{__name__}.{module}").EXERCISES:
            if exercise.id in found:
                raise ValueError(f"two exercises have the id {exercise.id!r}")
            found[exercise.id] = exercise
    return found


def find(id: str) -> Exercise:
    """The exercise of that id; KeyError with the nearest ids if there is none."""
    found = all_exercises()
    if id not in found:
        near = difflib.get_close_matches(id, found, n=3, cutoff=0.4) or sorted(found)[:3]
        raise KeyError(f"there is no exercise {id!r}; the nearest are {', '.join(near) or 'none'}")
    return found[id]

"""What the tables of cases are written with: a case, and ways to draw arguments."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Case:
    """draw(rng) gives the arguments. torch: the name of torch's function, or how to make it from torch."""

    draw: Callable
    options: dict = field(default_factory=dict)
    torch: str | Callable = ""

    def reference(self, torch, name):
        if callable(self.torch):
            return self.torch(torch)
        path = self.torch or name
        for part in path.split("."):
            torch = getattr(torch, part)
        return torch


def normal(*shapes):
    """Standard normal arrays of these shapes."""
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def positive(*shapes):
    """Arrays between 0.5 and 2."""
    return lambda rng: tuple(rng.uniform(0.5, 2, size=shape) for shape in shapes)


def followed_by(draw, *rest):
    """The drawn arguments, then others that are not drawn."""
    return lambda rng: (*draw(rng), *rest)


def classes(shape, count):
    """Logits (*shape, count), and a class for each."""
    return lambda rng: (rng.normal(size=(*shape, count)), rng.integers(count, size=shape))


def probabilities(*shape):
    """Logits, and probabilities of the same shape."""
    return lambda rng: (rng.normal(size=shape), rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]))


def broadcasting(draw=normal):
    """Two operands: of equal shape, both stretched, one or both without dimensions, one a Python number."""
    return [
        Case(draw((3, 4), (3, 4))),
        Case(draw((3, 1), (2, 1, 4))),
        Case(draw((), (3, 4))),
        Case(draw((5,), ())),
        Case(draw((), ())),
        Case(followed_by(draw((3, 4)), 1.5)),
    ]

"""One table of cases: how to draw the arguments of each primitive, and what torch calls it.

Sizes are unequal, so that a transposed gradient has the wrong shape. Kinks and ties, where finite differences
see no derivative, stand in test_kinks.py.
"""

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


def index_cases():
    """Every kind of index, with entries read twice, not at all, and new dimensions."""
    every = slice(None)
    simple = [1, -1, slice(1, None), slice(None, None, 2), (1, 2), (..., 1), (every, None, 0), ()]
    arrays = [np.array([2, 0, 2]), [0, 0, 1], (np.array([0, 2]), np.array([3, 3])), (every, [1, 1, 0])]
    mask = np.array([True, False, True])
    for index in [*simple, *arrays, mask]:
        yield Case(followed_by(normal((3, 4, 2)), index), torch=lambda torch: indexed)


def indexed(x, index):
    return x[index]


def reduction_cases():
    for dim in (None, 0, -1, (0, 2), (1,)):
        for keepdim in (False, True):
            yield Case(normal((3, 4, 2)), {"dim": dim, "keepdim": keepdim})
    yield Case(normal(()))
    yield Case(followed_by(normal((3, 4)), 1))


def loss_cases(name, *draws):
    return [Case(draw, {"reduction": reduction}, f"nn.functional.{name}")
            for draw in draws for reduction in ("none", "mean", "sum")]


CASES = {
    "add": broadcasting(),
    "sub": broadcasting(),
    "mul": broadcasting(),
    "div": broadcasting(positive),
    "pow": [*broadcasting(positive), *(Case(followed_by(normal((3, 4)), p)) for p in (1, 2, 3.0, -1, -2.0))],
    "maximum": broadcasting()[:5],
    "minimum": broadcasting()[:5],
    "where": [
        Case(lambda rng: (rng.integers(2, size=(3, 4)) > 0, *normal((3, 4), (3, 4))(rng))),
        Case(lambda rng: (rng.integers(2, size=(3, 1)) > 0, *normal((4,), (2, 1, 1))(rng))),
        Case(lambda rng: (rng.integers(2, size=(3, 4)) > 0, rng.normal(size=(3, 4)), 0.5)),
    ],
    "neg": [Case(normal((3, 4))), Case(normal(()))],
    "abs": [Case(normal((3, 4))), Case(normal(()))],
    "exp": [Case(normal((3, 4))), Case(normal(()))],
    "log": [Case(positive((3, 4))), Case(positive(()))],
    "sqrt": [Case(positive((3, 4))), Case(positive(()))],
    "clone": [Case(normal((3, 4)))],
    "to": [Case(followed_by(normal((3, 4)), "float64"), torch=lambda torch: lambda x, dtype: x.double())],
    "reshape": [Case(followed_by(normal((3, 4)), shape)) for shape in ((2, 6), (-1,), (4, -1, 1))]
    + [Case(followed_by(normal(()), (1, 1)))],
    "transpose": [Case(followed_by(normal((2, 3, 4)), *dims)) for dims in ((0, 1), (0, 2), (-1, 1), (1, 1))],
    "permute": [Case(followed_by(normal((2, 3, 4)), dims)) for dims in ((1, 2, 0), (2, 0, 1), (-1, 0, 1))],
    "getitem": list(index_cases()),
    "sum": list(reduction_cases()),
    "mean": list(reduction_cases()),
    "matmul": [
        Case(normal(a, b)) for a, b in (
            ((3, 4), (4, 5)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)),
            ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((6, 1, 3, 4), (2, 4, 5)), ((2, 3, 4), (4,)),
            ((4,), (2, 4, 5)),
        )
    ],
    "linear": [
        Case(normal(*shapes), torch="nn.functional.linear") for shapes in (
            ((3, 4), (5, 4), (5,)), ((3, 4), (5, 4)), ((4,), (5, 4), (5,)), ((2, 3, 4), (5, 4), (5,)),
        )
    ],
    "sigmoid": [Case(lambda rng: (4 * rng.normal(size=(3, 4)),)), Case(normal(()))],
    "tanh": [Case(normal((3, 4))), Case(normal(()))],
    "relu": [Case(normal((3, 4))), Case(normal((2, 3, 4)))],
    "softmax": [Case(normal((3, 4, 2)), {"dim": dim}) for dim in (0, 1, -1)],
    "log_softmax": [Case(normal((3, 4, 2)), {"dim": dim}) for dim in (0, 1, -1)],
    "mse_loss": loss_cases("mse_loss", normal((3, 4), (3, 4)), normal((5,), (5,)), normal((), ())),
    "cross_entropy": loss_cases(
        "cross_entropy", classes((5,), 3), classes((), 4), probabilities(5, 3),
        # targets whose sum is not 1, and which are below 0: what the formula says, not what it is used for
        normal((5, 3), (5, 3)), normal((4,), (4,)),
    ),
}

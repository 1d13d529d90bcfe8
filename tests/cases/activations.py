"""Cases of gradbook.activations."""

from .drawing import Case, normal

CASES = {
    "sigmoid": [Case(lambda rng: (4 * rng.normal(size=(3, 4)),)), Case(normal(()))],
    "tanh": [Case(normal((3, 4))), Case(normal(()))],
    "relu": [Case(normal((3, 4))), Case(normal((2, 3, 4)))],
    "softmax": [Case(normal((3, 4, 2)), {"dim": dim}) for dim in (0, 1, -1)],
    "log_softmax": [Case(normal((3, 4, 2)), {"dim": dim}) for dim in (0, 1, -1)],
}

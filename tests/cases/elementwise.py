"""Cases of gradbook.elementwise."""

from .drawing import Case, broadcasting, followed_by, normal, positive

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
}

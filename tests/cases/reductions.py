"""Cases of gradbook.reductions."""

from .drawing import Case, followed_by, normal


def reduction_cases():
    for dim in (None, 0, -1, (0, 2), (1,)):
        for keepdim in (False, True):
            yield Case(normal((3, 4, 2)), {"dim": dim, "keepdim": keepdim})
    yield Case(normal(()))
    yield Case(followed_by(normal((3, 4)), 1))


CASES = {
    "sum": list(reduction_cases()),
    "mean": list(reduction_cases()),
}

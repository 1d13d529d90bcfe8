"""Cases of gradbook.shape."""

import numpy as np

from .drawing import Case, followed_by, normal


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


CASES = {
    "reshape": [Case(followed_by(normal((3, 4)), shape)) for shape in ((2, 6), (-1,), (4, -1, 1))]
    + [Case(followed_by(normal(()), (1, 1)))],
    "transpose": [Case(followed_by(normal((2, 3, 4)), *dims)) for dims in ((0, 1), (0, 2), (-1, 1), (1, 1))],
    "permute": [Case(followed_by(normal((2, 3, 4)), dims)) for dims in ((1, 2, 0), (2, 0, 1), (-1, 0, 1))],
    "getitem": list(index_cases()),
}

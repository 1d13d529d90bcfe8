"""Cases of gradbook.shape and gradbook.indexing."""

import numpy as np

from .drawing import Case, followed_by, normal


def index_cases():
    """Every kind of index, with entries read twice, not at all, and new dimensions."""
    every = slice(None)
    simple = [1, -1, slice(1, None), slice(None, None, 2), (1, 2), (..., 1), (every, None, 0), ()]
    arrays = [
        np.array([2, 0, 2]), [0, 0, 1], (np.array([0, 2]), np.array([3, 3])), (every, [1, 1, 0]),
        (1, every, [1, 0, 1]), (np.array([[0, 2]]), every, np.array([[1], [0]])), (None, [0, 0], ..., 1),
    ]
    masks = [np.array([True, False, True]), (every, np.array([True, False, False, True]), 1)]
    for index in [*simple, *arrays, *masks]:
        yield Case(followed_by(normal((3, 4, 2)), index), torch=lambda torch: indexed)


def indexed(x, index):
    return x[index]


def gather_case(shape, dim, size):
    def draw(rng):
        return rng.normal(size=shape), dim, rng.integers(shape[dim], size=size)
    return Case(draw)


CASES = {
    "reshape": [Case(followed_by(normal((3, 4)), shape)) for shape in ((2, 6), (-1,), (4, -1, 1))]
    + [Case(followed_by(normal(()), (1, 1)))],
    "permute": [Case(followed_by(normal((2, 3, 4)), dims)) for dims in ((1, 2, 0), (2, 0, 1), (-1, 0, 1))],
    "expand": [
        Case(followed_by(normal(shape), size), torch="Tensor.expand")
        for shape, size in (((3, 1), (3, 4)), ((3, 1), (2, -1, 4)), ((), (2, 3)), ((1, 3, 1), (2, 3, 4)))
    ],
    "flip": [Case(followed_by(normal((2, 3, 4)), dims)) for dims in ((0,), (1, -1), (0, 1, 2), ())],
    "roll": [
        Case(followed_by(normal((2, 3, 4)), *shifts))
        for shifts in ((1,), (-5,), (2, 1), (-1, -1), ((1, 2), (0, 2)), ((1, 2), (1, 1)))
    ],
    "tril": [Case(followed_by(normal(shape), k)) for shape, k in (((3, 4), 0), ((2, 4, 3), 1), ((3, 4), -1))],
    "triu": [Case(followed_by(normal(shape), k)) for shape, k in (((3, 4), 0), ((2, 4, 3), 1), ((3, 4), -1))],
    "concatenate": [
        Case(normal(*shapes), {"dim": dim}, torch=lambda torch: lambda *tensors, **d: torch.cat(tensors, **d))
        for shapes, dim in ((((3, 4), (2, 4)), 0), (((3, 4), (3, 1), (3, 2)), 1), (((2, 3, 4), (2, 1, 4)), 1))
    ],
    "getitem": list(index_cases()),
    "gather": [gather_case((3, 4), 1, (3, 2)), gather_case((3, 4), 0, (5, 2)),
               gather_case((2, 3, 4), -2, (1, 3, 2))],
}

ERRORS = {
    "reshape": [(lambda T: T.reshape(T.zeros(2, 3), (5, 5)),
                 r"reshape: cannot reshape array of size 6 into")],
    "permute": [(lambda T: T.permute(T.zeros(2, 3), (0,)),
                 r"permute: dims \(0,\) came, x \(2, 3\) needs each"),
                (lambda T: T.permute(T.zeros(2, 3), (0, 0)), r"permute: dim \(0, 0\) has a dimension twice")],
    "transpose": [(lambda T: T.transpose(T.zeros(2, 3), 0, 2),
                   r"transpose: dim 2 is out of bounds, 2 dimensions go from -2 to 1")],
    "flatten": [(lambda T: T.flatten(T.zeros(2, 3), 1, 0), r"flatten: start_dim 1 comes after end_dim 0"),
                (lambda T: T.flatten(T.zeros(2, 3), 2), r"flatten: dim 2 is out of bounds")],
    "squeeze": [(lambda T: T.squeeze(T.zeros(2, 1), 2), r"squeeze: dim 2 is out of bounds")],
    "unsqueeze": [(lambda T: T.unsqueeze(T.zeros(2, 1), 3), r"unsqueeze: dim 3 is out of bounds"),
                  (lambda T: T.unsqueeze(T.zeros(2), 0.5),
                   r"unsqueeze: dim 0.5 came, an integer or a tuple")],
    "flip": [(lambda T: T.flip(T.zeros(2, 3), (2,)), r"flip: dim \(2,\) is out of bounds")],
    "roll": [(lambda T: T.roll(T.zeros(2, 3), (1, 1), 0), r"roll: 2 shifts came with dims \(0,\)"),
             (lambda T: T.roll(T.zeros(2, 3), 1, 2), r"roll: dim 2 is out of bounds")],
    "tril": [(lambda T: T.tril(T.zeros(3)), r"tril: x \(3,\) is not a matrix")],
    "triu": [(lambda T: T.triu(T.zeros(3)), r"triu: x \(3,\) is not a matrix")],
    "cat": [(lambda T: T.cat([]), r"cat: \[\] came, one Tensor at least"),
            (lambda T: T.cat([T.zeros(2, 3), T.zeros(2, 4)]),
             r"cat: shapes \(2, 3\), \(2, 4\) differ elsewhere"),
            (lambda T: T.cat([T.zeros(2), 1.0]), r"cat: \['Tensor', 'float'\] came, one Tensor at least"),
            (lambda T: T.cat([T.tensor(1.0)]),
             r"cat: shapes \(\) differ elsewhere than in dim 0, or have none")],
    "stack": [(lambda T: T.stack([T.zeros(2), T.zeros(3)]), r"stack: shapes \[\(2,\), \(3,\)\] came, equal"),
              (lambda T: T.stack([]), r"stack: \[\] came, one Tensor at least")],
    "split": [(lambda T: T.split(T.zeros(5), [2, 2]), r"split: lengths \[2, 2\] came, their sum must be 5"),
              (lambda T: T.split(T.zeros(5), 0), r"split: 0 at a time came for length 5"),
              (lambda T: T.split(T.tensor(1.0), 1), r"split: this tensor has no dimensions")],
    "chunk": [(lambda T: T.chunk(T.zeros(5), 0), r"chunk: 0 chunks of shape \(5,\)")],
    "gather": [(lambda T: T.gather(T.zeros(2, 3), 1, T.tensor([[3]])),
                r"gather: index has 3 to 3, dim 1 of x"),
               (lambda T: T.gather(T.zeros(2, 3), 1, T.zeros(2, 3)),
                r"gather: index \(2, 3\) of float64 does not"),
               (lambda T: T.gather(T.zeros(2, 3), 1, T.tensor([[0]] * 3)),
                r"gather: index \(3, 1\) of int64 does")],
    "masked_fill": [(lambda T: T.masked_fill(T.zeros(2), T.tensor([0, 1]), 1.0),
                     r"masked_fill: mask of int64"),
                    (lambda T: T.masked_fill(T.zeros(2), T.tensor([True, False]), T.zeros(2)),
                     r"masked_fill: mask of bool and value \(2,\) came")],
}

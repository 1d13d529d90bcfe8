"""Cases of gradbook.linear."""

from .drawing import Case, normal

CASES = {
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
}

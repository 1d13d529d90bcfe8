"""Cases of gradbook.linear."""

from .drawing import Case, normal


def einsum_case(equation, *shapes):
    return Case(lambda rng: (equation, *normal(*shapes)(rng)))


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
    "einsum": [
        einsum_case("ij,jk->ik", (3, 4), (4, 2)),
        einsum_case("bhqd, bhkd -> bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
        einsum_case("ij,ij,i->j", (3, 4), (3, 4), (3,)),            # three operands
        einsum_case("ij->ji", (3, 4)),
        einsum_case("ij->", (3, 4)),
        einsum_case("ijk->j", (2, 3, 4)),                            # summed by themselves: spread out again
        einsum_case("ij,k->j", (3, 4), (2,)),
        einsum_case("ii->i", (3, 3)),                                # a diagonal
        einsum_case("iji,j", (3, 4, 3), (4,)),
        einsum_case("kj,ji", (3, 4), (4, 2)),                        # no arrow: alphabetical order
        einsum_case("...ij,jk...->ik...", (2, 6, 3, 4), (4, 5, 6)),    # dimensions that broadcast
        einsum_case("...i,i", (2, 3, 4), (4,)),
        einsum_case("...i->i", (2, 3, 4)),
        einsum_case("ij,ij->ij", (3, 4), (3, 4)),
        einsum_case("ij,ij->ij", (3, 1), (1, 4)),                    # a length of 1 is stretched
        einsum_case("ij,jk->ik", (3, 1), (4, 2)),
        einsum_case("ii,ij->j", (1, 1), (3, 4)),
        einsum_case("...i,...i->...", (2, 1, 3), (5, 1)),
        einsum_case("...i,...i", (4, 1, 3), (1, 5, 3)),
        einsum_case(",i->i", (), (3,)),
    ],
}


def refused(equation, *shapes):
    return lambda T: T.einsum(equation, *(T.ones(shape) for shape in shapes))


ERRORS = {
    "matmul": [(lambda T: T.matmul(T.ones(3, 4), T.ones(3, 4)),
                r"matmul: a \(3, 4\) and b \(3, 4\) do not share")],
    "bmm": [(lambda T: T.bmm(T.ones(2, 3, 4), T.ones(4, 5)),
             r"bmm: input \(2, 3, 4\) and mat2 \(4, 5\) are not"),
            (lambda T: T.bmm(T.ones(2, 3, 4), T.ones(3, 4, 5)),
             r"bmm: input \(2, 3, 4\) and mat2 \(3, 4, 5\)")],
    "outer": [(lambda T: T.outer(T.ones(3, 1), T.ones(4)),
               r"outer: input \(3, 1\) and vec2 \(4,\) are not two")],
    "linear": [(lambda T: T.nn.functional.linear(T.ones(3, 5), T.ones(2, 4)),
                r"linear: x \(3, 5\) and weight \(2, 4\) are not \(\.\.\., in\) and \(out, in\)")],
    "einsum": [
        (refused("ij,jk->ik", (3, 4)), r"einsum: 'ij,jk->ik' has 2 operands, 1 came"),
        (refused("ij,jk->ik", (3, 4), (5, 6)), r"einsum: in 'ij,jk->ik' j is of length 5 and 4"),
        (refused("ii->i", (1, 3)), r"einsum: in 'ii->i' i is of length 1 and 3"),
        (refused("ij->i", (3,)), r"einsum: 'ij->i' does not fit shapes \(3,\)"),
        (refused("i->i", (3, 4)), r"einsum: 'i->i' does not fit shapes \(3, 4\)"),
        (refused("ij->k", (3, 4)), r"einsum: 'ij->k' is not letters, on the right each once and from"),
        (refused("i->ii", (3,)), r"einsum: 'i->ii' is not letters, on the right each once"),
        (refused("i1->i", (3, 4)), r"einsum: 'i1->i' is not letters"),
    ],
}

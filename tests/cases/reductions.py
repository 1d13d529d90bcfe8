"""Cases of gradbook.reductions."""

from .drawing import Case, followed_by, normal


def reduction_cases(some=((0, 2), (1,)), **options):
    for dim in (None, 0, -1, *some):
        for keepdim in (False, True):
            yield Case(normal((3, 4, 2)), {"dim": dim, "keepdim": keepdim, **options})
    yield Case(normal(()), options)
    yield Case(followed_by(normal((3, 4)), 1), options)


def moment_cases():
    for correction in (0, 1, 2):
        yield from list(reduction_cases(correction=correction))[2 + 3 * correction:4 + 3 * correction]
    yield Case(normal((3, 4)))
    yield Case(followed_by(normal((3, 4)), 0, False))
    yield Case(followed_by(normal((3, 4)), False))


def with_a_zero(rng):
    x = rng.normal(size=(3, 4, 2))
    x[1, 2, 0] = 0
    return (x,)


CASES = {
    "sum": list(reduction_cases()),
    "mean": list(reduction_cases()),
    "var": list(moment_cases()),
    "std": list(moment_cases()),
    "prod": [Case(draw, {"dim": dim, "keepdim": keepdim} if dim is not None else {})
             for dim, keepdim in ((None, False), (0, True), (1, False), (-1, False))
             for draw in (normal((3, 4, 2)), with_a_zero)],
    "logsumexp": [Case(followed_by(normal((3, 4, 2)), dim, keepdim))
                  for dim in (0, -1, (0, 2)) for keepdim in (False, True)]
    + [Case(followed_by(normal(()), 0))],
    "cumsum": [Case(followed_by(normal((3, 4, 2)), dim)) for dim in (0, 1, -1)]
    + [Case(followed_by(normal(()), 0))],
    "amax": [Case(case.draw, {k: v for k, v in case.options.items() if v is not None})
             for case in reduction_cases()]
    + [Case(normal(shape), {"nans": True}, lambda torch: lambda x, nans: torch.max(x))
       for shape in ((3, 4), ())],
    "amin": [Case(case.draw, {k: v for k, v in case.options.items() if v is not None})
             for case in reduction_cases()]
    + [Case(normal(shape), {"nans": True}, lambda torch: lambda x, nans: torch.min(x))
       for shape in ((3, 4), ())],
}


def of_dim(name):
    return [(lambda T: getattr(T, name)(T.ones(2, 3), 2),
             rf"{name}: dim 2 is out of bounds, 2 dimensions go from")]


ERRORS = {
    **{name: of_dim(name) for name in ("sum", "mean", "var", "std", "prod", "logsumexp")},
    **{name: of_dim(name) for name in ("cumsum", "any", "all")},
}
for _name in ("mean", "var", "std"):
    ERRORS[_name].append((lambda T, name=_name: getattr(T, name)(T.tensor([1, 2])),
                          rf"{_name}: x is int64, a floating dtype is needed; write x\.double\(\)"))
for _name in ("var", "std"):
    ERRORS[_name].append((lambda T, name=_name: getattr(T, name)(T.ones(2), unbiased=True, correction=1),
                          rf"{_name}: unbiased and correction both came"))
for _name in ("amax", "amin", "max", "min", "argmax", "argmin"):
    ERRORS[_name] = [*of_dim(_name), (lambda T, name=_name: getattr(T, name)(T.zeros(2, 0), 1),
                                      rf"{_name}: x \(2, 0\) has no entries in dim 1")]
for _name in ("prod", "argmax", "argmin"):
    ERRORS[_name].append((lambda T, name=_name: getattr(T, name)(T.ones(2, 3), (0, 1)),
                          rf"{_name}: dim \(0, 1\) came, an integer is needed"))

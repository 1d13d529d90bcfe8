"""Cases of gradbook.elementwise, and the errors of gradbook.creation and gradbook.tensors."""

from .drawing import Case, broadcasting, followed_by, normal, positive


def one_number(draw=normal):
    return [Case(draw((3, 4))), Case(draw(()))]


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
    "clamp": [
        Case(followed_by(normal((3, 4)), -0.5, 0.5)),
        Case(normal((3, 4)), {"max": 0.3}),
        Case(normal((3, 4), (3, 1), (4,))),
        Case(lambda rng: (rng.normal(size=(3, 4)), None, rng.normal(size=(2, 1, 4)))),
    ],
    **{name: one_number() for name in ("neg", "abs", "exp", "sin", "cos", "erf")},
    "log": one_number(positive),
    "sqrt": one_number(positive),
    "clone": [Case(normal((3, 4)))],
    "to": [Case(followed_by(normal((3, 4)), "float64"), torch=lambda torch: lambda x, dtype: x.double())],
}

ONE = ("neg", "abs", "exp", "log", "sqrt", "sin", "cos", "erf", "square")
TWO = ("add", "sub", "mul", "div", "pow", "maximum", "minimum")
ERRORS = {
    **{name: [(lambda T, name=name: getattr(T, name)("a"), rf"{name if name != 'square' else 'pow'}: ")]
       for name in ONE},
    **{name: [(lambda T, name=name: getattr(T, name)(T.ones(2, 3), T.ones(2)),
               rf"{name}: operands could not be broadcast together with shapes \(2,3\) \(2,\)")]
       for name in (*TWO, "eq", "ne", "lt", "le", "gt", "ge")},
    "sign": [(lambda T: T.sign(T.ones(2), T.ones(2)), r"sign\(\) takes 1 positional argument but 2")],
    "where": [(lambda T: T.where(T.ones(2), 1.0, 0.0), r"where: condition float64 came, bools are needed")],
    "clamp": [(lambda T: T.clamp(T.ones(2)), r"clamp: neither min nor max came")],
    "tensor": [(lambda T: T.tensor("abc"), r"tensor: str of <U3 came, numbers are needed")],
    "zeros": [(lambda T: T.zeros(2, -3), r"zeros: size \(2, -3\) came, no length can be below 0")],
    "ones": [(lambda T: T.ones((2, -3)), r"ones: size \(2, -3\) came, no length can be below 0")],
    "eye": [(lambda T: T.eye(-1), r"eye: size \(-1, -1\) came, no length can be below 0")],
    "randn": [(lambda T: T.randn(2, generator=0),
               r"randn: generator of int came, a NumPy Generator is needed")],
    "arange": [(lambda T: T.arange(5, 2), r"arange: from 5 to 2 by 1 is no row of numbers"),
               (lambda T: T.arange(0, 5, 0), r"arange: from 0 to 5 by 0 is no row of numbers")],
    "linspace": [(lambda T: T.linspace(0, 1, -1), r"linspace: -1 steps came, 0 at least are needed")],
    "set_default_dtype": [(lambda T: T.set_default_dtype(T.int64),
                           r"set_default_dtype: dtype\('int64'\) came, float32 or")],
}

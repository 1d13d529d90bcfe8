"""Cases of gradbook.activations."""

from .drawing import Case, normal


def away_from(*kinks):
    """(3, 4) numbers, none of them within 0.01 of a kink."""
    def draw(rng):
        x = 2 * rng.normal(size=(3, 4))
        for kink in kinks:
            x += 0.02 * (abs(x - kink) < 0.01)
        return (x,)

    return draw


def rows(name, *options, kinks=(0,)):
    """An array, without options and with each of them, and a number without dimensions."""
    path = f"nn.functional.{name}"
    return [*(Case(away_from(*kinks), o, path) for o in ({}, *options)), Case(normal(()), {}, path)]


def along(torch):
    """(3, 4, 2) along each dimension, and a vector."""
    draws = [(normal((3, 4, 2)), 0), (normal((3, 4, 2)), 1), (normal((3, 4, 2)), -1), (normal((5,)), 0)]
    return [Case(draw, {"dim": dim}, torch) for draw, dim in draws]


CASES = {
    "relu": [*rows("relu"), Case(normal((2, 3, 4)))],
    "leaky_relu": rows("leaky_relu", {"negative_slope": 0.3}, {"negative_slope": -2.0}),
    "prelu": [Case(normal(x, w), torch="nn.functional.prelu") for x, w in (
        ((3, 4), (4,)), ((3, 4), (1,)), ((2, 3, 4, 5), (3,)), ((2, 3, 4), ()), ((5,), (1,)), ((), ()),
    )],
    "elu": rows("elu", {"alpha": 0.4}, {"alpha": -2.0}),
    "gelu": rows("gelu", {"approximate": "tanh"}),
    "silu": rows("silu"),
    "softplus": rows("softplus", {"beta": 3}, {"beta": -0.5}, {"beta": 2, "threshold": 1}, kinks=(0.5,)),
    "sigmoid": [Case(lambda rng: (4 * rng.normal(size=(3, 4)),)), Case(normal(()))],
    "logsigmoid": rows("logsigmoid"),
    "hardtanh": rows("hardtanh", {"min_val": -0.5, "max_val": 2}, kinks=(-1, -0.5, 1, 2)),
    "tanh": [Case(normal((3, 4))), Case(normal(()))],
    "glu": [Case(normal((6, 4, 2)), {"dim": dim}, "nn.functional.glu") for dim in (0, 1, -1)],
    "softmax": along("softmax"),
    "log_softmax": along("log_softmax"),
}


def F(name, *shape, dtype="float64", **options):
    """A call of nn.functional.<name> with ones of that shape."""
    return lambda T: getattr(T.nn.functional, name)(T.ones(shape, dtype=getattr(T, dtype)), **options)


def integers(name, **options):
    return F(name, 2, 3, dtype="int64", **options), rf"{name}: x is int64, a floating dtype is needed"


def directions(name, **options):
    return [
        (F(name, 2, 3, dim=2, **options), rf"{name}: dim 2 is out of bounds, 2 dimensions go from -2 to 1"),
        (F(name, 2, 3, dim=None, **options), rf"{name}: dim None came, one dimension is needed"),
        (F(name, 2, 3, dim=(0, 1), **options), rf"{name}: dim \(0, 1\) came, one dimension is needed"),
    ]


ERRORS = {
    **{name: [(lambda T, name=name: getattr(T, name)("a"), f"{name}: (.* not supported|could not convert)")]
       for name in ("relu", "sigmoid", "tanh")},
    "leaky_relu": [integers("leaky_relu")],
    "prelu": [
        (lambda T: T.nn.functional.prelu(T.ones(2, 3), T.ones(2)),
         r"prelu: weight \(2,\) came, x \(2, 3\) needs \(\) or \(1,\) or \(3,\)"),
        (lambda T: T.nn.functional.prelu(T.ones(2, 3), T.ones(1, 3)), r"prelu: weight \(1, 3\) came"),
        (lambda T: T.nn.functional.prelu(T.ones(2, 3, dtype=T.int64), T.ones(3)), "prelu: x is int64"),
    ],
    "elu": [integers("elu")],
    "selu": [integers("selu")],
    "gelu": [
        (F("gelu", 2, approximate="sigmoid"), "gelu: approximate 'sigmoid' is not 'none' or 'tanh'"),
        (lambda T: T.nn.functional.gelu(T.ones(2), "tanh"), "gelu.* takes 1 positional argument but 2"),
        integers("gelu"),
    ],
    "silu": [integers("silu")],
    "softplus": [integers("softplus")],
    "logsigmoid": [integers("logsigmoid")],
    "hardtanh": [(F("hardtanh", 2, min_val=2, max_val=1), "hardtanh: min_val 2 is above max_val 1")],
    "glu": [
        (F("glu", 2, 3), r"glu: x \(2, 3\) cannot be halved along dim 1"),
        (F("glu"), r"glu: x \(\) cannot be halved"), integers("glu"), *directions("glu"),
    ],
    "maxout": [
        (F("maxout", 2, 7, pieces=2, dim=1), r"maxout: x \(2, 7\) cannot be cut into 2 pieces along dim 1"),
        (F("maxout", 2, 7, pieces=0, dim=1), "cut into 0 pieces"), *directions("maxout", pieces=2),
        (F("maxout", 2, 7), "maxout.* missing 2 required positional arguments: 'pieces' and 'dim'"),
    ],
    "softmax": [
        integers("softmax", dim=1), *directions("softmax"),
        (F("softmax", 2, 3), "softmax.* missing 1 required positional argument: 'dim'"),
    ],
    "log_softmax": [
        integers("log_softmax", dim=1), *directions("log_softmax"),
        (F("log_softmax", 2, 3), "log_softmax.* missing 1 required positional argument: 'dim'"),
    ],
}

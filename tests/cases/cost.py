"""What gradbook.cost says of mistakes."""


def counted(make, *shape):
    """count of the module that make(T.nn) returns."""
    return lambda T: T.cost.count(make(T.nn), *shape)


NAN, INF = float("nan"), float("inf")

ERRORS = {
    "count": [
        (counted(lambda nn: nn.functional.relu, (2, 3)), "count: function came, a Module is needed"),
        (counted(lambda nn: nn.Linear, (2, 3)), "count: type came, a Module is needed"),
        (counted(lambda nn: nn.ReLU(), (2, -3)), r"count: input_shape \(2, -3\) is not a shape, such as"),
        (counted(lambda nn: nn.ReLU(), (2, 3.0)), r"count: input_shape \(2, 3\.0\) is not a shape"),
        (counted(lambda nn: nn.ReLU(), 3), "count: input_shape 3 is not a shape"),
        (counted(lambda nn: nn.Linear(3, 4), (2, 5)),
         r"linear: x \(2, 5\) and weight \(4, 3\) are not \(\.\.\., in\) and \(out, in\)"),
        (counted(lambda nn: nn.Conv2d(3, 4, 3), (2, 5, 8, 8)),
         r"conv2d: x \(2, 5, 8, 8\) has not the channels that weight \(4, 3, 3, 3\), groups=1 needs"),
        (counted(lambda nn: nn.MaxPool2d(4), (2, 5, 3, 8)),
         r"max_pool2d: windows \(4, 4\) do not fit into \(2, 5, 3, 8\)"),
        *((counted(lambda nn: nn.ReLU(), (2, 3), dtype),
           "count: dtype=.* came, one such as 'int64' is needed")
          for dtype in ("string", 3, [], "datetime64", "complex64")),
        *((counted(lambda nn: nn.ReLU(), shape), "count: input_shape .* is not a shape")
          for shape in (None, "ab")),
    ],
    "Cost.memory": [
        *((lambda T, n=n: T.cost.Cost(params=3).memory(states=n),
           r"memory: states=.* came, a number in \[0, inf\)")
          for n in (-1, NAN, INF, "2", None)),
        *((lambda T, n=n: T.cost.Cost(params=3).memory(size=n),
           r"memory: size=.* came, a number in \(0, inf\)")
          for n in (0, -1, NAN, INF, "4", None)),
    ],
    "latency": [
        *((lambda T, n=n: T.cost.latency(int, n), f"latency: repeats={n} came, at least 1 is")
          for n in (0, -1)),
        (lambda T: T.cost.latency(int, 1, -1), "latency: warmup=-1 came, at least 0 is needed"),
        *((lambda T, n=n: T.cost.latency(int, n), "latency: repeats=.* came, a whole number is")
          for n in (1.5, NAN, "3", None)),
        *((lambda T, n=n: T.cost.latency(int, 1, n), "latency: warmup=.* came, a whole number is")
          for n in (1.5, NAN, "3", None)),
    ],
}

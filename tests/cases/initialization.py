"""Mistakes with gradbook.initialization, which is gradbook.nn.init."""

VECTOR = r"fan_in_and_fan_out: shape \(3,\) came, \(out, in, \.\.\.\) is needed"


def fill(name, *options, of=(4, 3), dtype="float64"):
    return lambda T: getattr(T.nn.init, name)(T.ones(of, dtype=getattr(T, dtype)), *options)


ERRORS = {
    "calculate_gain": [
        (lambda T: T.nn.init.calculate_gain("swish"), "calculate_gain: 'swish' came, it knows linear"),
        (lambda T: T.nn.init.calculate_gain("leaky_relu", "a"), "calculate_gain: param 'a' came"),
    ],
    "fan_in_and_fan_out": [(fill("fan_in_and_fan_out", of=(3,)), VECTOR)],
    "uniform_": [
        (fill("uniform_", 2, 1), "uniform_: a=2 and b=1 came, a <= b is needed"),
        (fill("uniform_", dtype="int64"), "uniform_: int64 came, a Tensor is needed, of floats"),
    ],
    "normal_": [
        (fill("normal_", 0, -1), "normal_: std=-1 came, at least 0 is needed"),
        (fill("normal_", dtype="int64"), "normal_: int64 came, a Tensor is needed, of floats"),
    ],
    **{name: [(lambda T, name=name, more=more: getattr(T.nn.init, name)([1.0], *more),
               f"{name}: list came, a Tensor is needed")]
       for name, more in (("constant_", [2]), ("zeros_", []), ("ones_", []))},
    **{name: [(fill(name, of=(3,)), VECTOR)]
       for name in ("xavier_uniform_", "xavier_normal_", "orthogonal_")},
    **{name: [(fill(name, of=(3,)), VECTOR), (fill(name, 0, "fan_avg"), "kaiming: mode 'fan_avg' came"),
              (fill(name, 0, "fan_in", "swish"), "calculate_gain: 'swish' came")]
       for name in ("kaiming_uniform_", "kaiming_normal_")},
}

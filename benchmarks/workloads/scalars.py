"""k. Chained additions: what the tape costs.   j. The demo of micrograd, by numbers and as arrays."""

import itertools
import math

import numpy as np


def additions(T, dtype, length=1000):
    """z = x + x + ... + x, and dz/dx."""
    def run():
        x = T.tensor(1.0, dtype=dtype, requires_grad=True)
        z = x
        for _ in range(length):
            z = z + x
        z.backward()
        return x.grad.item()

    return run


def moons_and_weights(points=100, widths=(2, 16, 16, 1)):
    """Two half circles, their classes -1 and 1, and the layers' weights (out, in)."""
    rng = np.random.default_rng(0)
    angle, y = rng.uniform(0, math.pi, points), np.where(np.arange(points) % 2, -1.0, 1.0)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(y[:, None] > 0, [1, 0.5] - x, x)
    return x, y, [rng.uniform(-1, 1, (n, m)) for m, n in itertools.pairwise(widths)]


def by_numbers(value, number):
    """Loss and gradients of the demo: a net 2-16-16-1, hinge loss and a penalty, each operation on numbers.

    value(a) makes a parameter from a number, number(v) is the number again. (demo.ipynb of micrograd 0.1.0)
    """
    x, y, weights = moons_and_weights()
    points = list(zip(x.tolist(), y.tolist()))
    layers = [[([value(a) for a in row], value(0.0)) for row in w.tolist()] for w in weights]
    parameters = [v for layer in layers for w, b in layer for v in (*w, b)]

    def score(x):
        for layer in layers:
            x = [sum((wi * xi for wi, xi in zip(w, x)), b) for w, b in layer]
            x = [v.relu() for v in x] if layer is not layers[-1] else x
        return x[0]

    def run():
        for p in parameters:
            p.grad = 0 if isinstance(p.grad, (int, float)) else None
        loss = sum((1 + -t * score(x)).relu() for x, t in points) * (1.0 / len(points))
        loss = loss + 1e-4 * sum(p * p for p in parameters)
        loss.backward()
        return number(loss) + sum(number(p.grad) for p in parameters)

    return run


def demo(T, dtype):
    return by_numbers(lambda a: T.tensor(a, dtype=dtype, requires_grad=True), lambda v: v.item())


def demo_as_arrays(T, dtype):
    """The same numbers, a row of them a point."""
    x, y, weights = moons_and_weights()
    x, y = T.tensor(x, dtype=dtype), T.tensor(y, dtype=dtype)
    arrays = [a for w in weights for a in (w, np.zeros(len(w)))]
    parameters = [T.tensor(a, dtype=dtype, requires_grad=True) for a in arrays]

    def run():
        for p in parameters:
            p.grad = None
        h = x
        for w, b in zip(parameters[::2], parameters[1::2]):
            h = T.nn.functional.linear(h.relu() if h is not x else x, w, b)
        loss = (1 - y * h[:, 0]).relu().mean() + 1e-4 * sum((p * p).sum() for p in parameters)
        loss.backward()
        return loss.item() + sum(p.grad.sum().item() for p in parameters)

    return run


def demo_in_micrograd(dtype):
    from micrograd.engine import Value
    return by_numbers(Value, lambda v: getattr(v, "data", v))


NUMBERS, ARRAYS = "j. micrograd's demo, by numbers", "j. micrograd's demo, as arrays"
WORKLOADS = {
    "k. 1,000 chained additions": (additions, {"float32": 0.7, "float64": 0.7}),
    NUMBERS: (demo, {"float64": 0.6}),
    ARRAYS: (demo_as_arrays, {"float64": 0.6}),
}
INSTEAD_OF_TORCH = {NUMBERS: ("micrograd", demo_in_micrograd), ARRAYS: ("micrograd", demo_in_micrograd)}

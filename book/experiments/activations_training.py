"""How fast does each activation learn, at a learning rate of its own, in a shallow and in a deep network?

The digits, plain SGD, batches of 32, 160 steps. Two or eight hidden layers of 32 units, biases zero, weights
normal with variance gain² / inputs, where gain² E[f(z)²] = 1 for z ~ N(0, 1): every layer begins with sums of
mean square one. All learning rates run side by side, on the same batches and from the same random numbers;
for each seed and activation the one with the lowest training loss at the end is taken: a budget of seven runs
each. That loss is taken on 300 fixed training digits; the test digits choose nothing.
"""

import itertools

import numpy as np
from gradbook import data
from gradbook.activations import SELU_ALPHA, SELU_SCALE, elu, gelu, relu, sigmoid, silu, softplus, tanh

SEEDS = range(12)
RATES = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
DEPTHS = [2, 8]
STEPS, BATCH, WIDTH, JUDGED = 160, 32, 32, 300
SHOWN = [0, 5, 10, 20, 40, 60, 80, 100, 130, 160]
NAMES = ["sigmoid", "sigmoid, larger weights", "sigmoid − ½", "tanh", "relu", "relu − mean", "prelu", "elu",
         "selu", "gelu", "silu", "softplus", "maxout"]


def selu(z):
    """λ elu(z, α)."""
    y, vjp = elu.__wrapped__(z, SELU_ALPHA)
    return SELU_SCALE * y, lambda g: vjp(SELU_SCALE * g)


def shifted_sigmoid(z):
    """σ(z) - ½: the same slope, and outputs around zero."""
    y, vjp = sigmoid.__wrapped__(z)
    return y - 0.5, vjp


def shifted_relu(z):
    """relu(z) - 1/√(2π): minus its mean at standard normal z."""
    y, vjp = relu.__wrapped__(z)
    return y - (2 * np.pi) ** -0.5, vjp


def maxout(z):
    """The larger of the two halves of z, (..., 2n) -> (..., n)."""
    a, b = np.split(z, 2, axis=-1)
    first = a >= b
    return np.where(first, a, b), lambda g: (np.concatenate([g * first, g * ~first], axis=-1),)


PRIMITIVES = {f.__name__: f.__wrapped__ for f in (tanh, relu, elu, gelu, silu, softplus, sigmoid)}
FUNCTIONS = {**PRIMITIVES, "selu": selu, "sigmoid − ½": shifted_sigmoid, "maxout": maxout,
             "sigmoid, larger weights": sigmoid.__wrapped__, "relu − mean": shifted_relu}


def second_moment(f):
    """E[f(z)²] for z ~ N(0, 1), by the trapezoid rule."""
    z = np.linspace(-9, 9, 2001)
    return float(np.sum(f(z) ** 2 * np.exp(-z * z / 2)) * (z[1] - z[0]) / np.sqrt(2 * np.pi))


def gain(name):
    """1 / √E[f(z)²]: the next layer's sums then have mean square one. prelu begins at the slope ¼."""
    if name == "sigmoid, larger weights":
        return gain("sigmoid − ½")  # the same weights: nothing but the ½ is different
    if name == "relu − mean":
        return gain("relu")
    if name == "maxout":
        return 1.0  # E[max(a, b)²] = 1 for two independent standard normal numbers
    if name == "prelu":
        return second_moment(lambda z: np.maximum(z, 0) + 0.25 * np.minimum(z, 0)) ** -0.5
    return second_moment(lambda z: FUNCTIONS[name](z)[0]) ** -0.5


def losses(z, labels):
    """(R,) mean cross-entropies in nats, and their gradients at the logits z (R, N, 10)."""
    z = z - z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=-1, keepdims=True)
    rows = np.arange(len(labels))
    found = np.mean(np.log(total[..., 0]) - z[:, rows, labels], axis=-1)
    dz = e / total
    dz[:, rows, labels] -= 1
    return found, dz / len(labels)


class Nets:
    """Networks that differ in their learning rates alone. weights: (R, in, out), biases: (R, 1, out).

    ink: root mean square of the inputs.
    """

    def __init__(self, name, depth, ink, rng):
        sizes, pieces = [64] + [WIDTH] * depth + [10], 1 + (name == "maxout")
        self.name, self.layers, self.slopes = name, [], np.full((depth, len(RATES), 1, 1), 0.25)
        scale = [1 / ink] + [gain(name)] * depth
        for k, (n, m) in enumerate(itertools.pairwise(sizes)):
            m *= pieces if k < depth else 1
            w = rng.normal(size=(n, m)) * scale[k] / np.sqrt(n)
            self.layers.append([np.repeat(a[None], len(RATES), axis=0) for a in (w, np.zeros((1, m)))])

    def forward(self, x):
        """Logits (R, N, 10), and what the backward pass needs."""
        h, kept = x[None], []
        for k, (w, b) in enumerate(self.layers):
            z, before = h @ w + b, h
            if k == len(self.layers) - 1:
                return z, [*kept, (before, None)]
            if self.name == "prelu":
                h, vjp = np.where(z > 0, z, self.slopes[k] * z), None
            else:
                h, vjp = FUNCTIONS[self.name](z)
            kept.append((before, vjp if vjp else z))
        raise AssertionError

    def step(self, x, labels, rates):
        """One step of SGD in each network."""
        z, kept = self.forward(x)
        _, dz = losses(z, labels)
        for k in range(len(self.layers) - 1, -1, -1):
            w, b = self.layers[k]
            h = np.broadcast_to(kept[k][0], (len(rates), *kept[k][0].shape[1:]))
            dw, db = np.swapaxes(h, 1, 2) @ dz, dz.sum(axis=1, keepdims=True)
            if k:
                dh, below = dz @ np.swapaxes(w, 1, 2), kept[k - 1][1]
                if self.name == "prelu":
                    left = below <= 0
                    dz = np.where(left, self.slopes[k - 1] * dh, dh)
                    self.slopes[k - 1] -= rates * np.sum(dh * below * left, axis=(1, 2), keepdims=True)
                else:
                    (dz,) = below(dh)
            w -= rates * dw
            b -= rates * db


def train(name, depth, seed):
    """(index of the best rate, training losses at SHOWN, test errors in per cent) at that rate."""
    x, y, x_test, y_test = data.digits()
    rng = np.random.default_rng(seed)
    nets = Nets(name, depth, np.sqrt(np.mean(x**2)), rng)
    rates, curve = np.array(RATES)[:, None, None], []
    for t in range(STEPS + 1):
        if t in SHOWN:
            curve.append(losses(nets.forward(x[:JUDGED])[0], y[:JUDGED])[0])
        picked = rng.integers(0, len(x), BATCH)
        nets.step(x[picked], y[picked], rates)
    curve = np.nan_to_num(curve, nan=1e3, posinf=1e3)  # (SHOWN, R); diverged is worse than all
    best = int(curve[-1].argmin())
    wrong = nets.forward(x_test)[0][best].argmax(axis=-1) != y_test
    return best, curve[:, best], 100 * float(wrong.mean())


def run(seed):
    """For each of NAMES and DEPTHS: the rate chosen, the curve of the training loss, the test errors."""
    with np.errstate(all="ignore"):  # the largest rates diverge, as they are there to show
        found = [[train(name, depth, seed) for depth in DEPTHS] for name in NAMES]
    return {
        "rate": [[best for best, _, _ in row] for row in found],
        "loss": [[[float(f"{v:.4g}") for v in curve] for _, curve, _ in row] for row in found],
        "errors": [[float(f"{e:.4g}") for _, _, e in row] for row in found],
    }

"""Where ReLU units die and where they come back: a map over the initial bias and the learning rate.

The digits, a network 64-32-32-10, He's initial weights, plain SGD, batches of 32, 240 steps. All hidden
biases begin at the same number. A unit is dead if it gives zero for every training digit. It has revived if
it was dead at one of the CHECKED steps and is not at the next. All settings run side by side, on the same
batches and from the same random numbers.
"""

import itertools

import numpy as np
from gradbook import data
from gradbook.activations import relu

SEEDS = range(10)
BIASES = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0]
RATES = [0.03, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.5, 2.0]
SETTINGS = list(itertools.product(BIASES, RATES))
STEPS, BATCH, SIZES = 240, 32, (64, 32, 32, 10)
CHECKED = [0, 5, 10, 20, 40, 60, 90, 120, 160, 200, 240]
KEPT = [0, 5, 20, 60, 120, 240]  # the steps at which the counts are stored
RTOL = 0.1  # counts: one unit more or less, where a processor rounds the last bit in another way


def forward(x, layers):
    """All activations of all networks, and the vjps of relu. x: (N, 64), weights: (S, in, out)."""
    outputs, vjps = [x[None]], []
    for k, (w, b) in enumerate(layers):
        z = outputs[-1] @ w + b
        y, vjp = relu.__wrapped__(z) if k < len(layers) - 1 else (z, None)
        outputs.append(y)
        vjps.append(vjp)
    return outputs, vjps


def step(x, labels, layers, rates):
    """One step of SGD on the mean cross-entropy, in every network."""
    outputs, vjps = forward(x, layers)
    z = outputs[-1] - outputs[-1].max(axis=-1, keepdims=True)
    dz = np.exp(z)
    dz /= dz.sum(axis=-1, keepdims=True)
    dz[:, np.arange(len(labels)), labels] -= 1
    dz /= len(labels)
    for k in range(len(layers) - 1, -1, -1):
        (w, b), h = layers[k], outputs[k]
        dw, db = np.swapaxes(h, 1, 2) @ dz, dz.sum(axis=1, keepdims=True)
        if k:
            (dz,) = vjps[k - 1](dz @ np.swapaxes(w, 1, 2))
        w -= rates * dw
        b -= rates * db


def run(seed):
    """Per bias and rate: dead units of both layers at KEPT, and how many died, revived, and errors."""
    x, y, x_test, y_test = data.digits()
    x, y = x[:400], y[:400]  # what "every training digit" means here
    rng, count = np.random.default_rng(seed), len(SETTINGS)
    rates = np.array([rate for _, rate in SETTINGS])[:, None, None]
    bias = np.array([b for b, _ in SETTINGS])[:, None, None]
    layers = []
    for k, (n, m) in enumerate(itertools.pairwise(SIZES)):
        scale = np.sqrt((2 if k else 1 / np.mean(x**2)) / n)  # sums of mean square one in the first layer
        w = np.repeat(rng.normal(size=(1, n, m)) * scale, count, axis=0)
        layers.append([w, np.repeat(bias, m, axis=2) * (k < 2)])
    masks = []
    with np.errstate(all="ignore"):  # some settings diverge; a unit that gives NaN is not counted as dead
        for t in range(STEPS + 1):
            if t in CHECKED:
                outputs, _ = forward(x, layers)
                masks.append(np.stack([(h == 0).all(axis=1) for h in outputs[1:3]], axis=1))  # (S, 2, 32)
            picked = rng.integers(0, len(x), BATCH)
            step(x[picked], y[picked], layers, rates)
        logits = forward(x_test, layers)[0][-1]
        wrong = np.mean(~(np.argmax(np.nan_to_num(logits), axis=-1) == y_test), axis=-1)
    masks = np.array(masks)  # (checked, S, 2, 32)
    shape = (len(BIASES), len(RATES))
    kept = masks[[CHECKED.index(t) for t in KEPT]].sum(axis=-1)  # (kept, S, 2)
    return {
        "dead": np.moveaxis(kept, 0, -1).reshape(*shape, 2, len(KEPT)).tolist(),
        "revived": (masks[:-1] & ~masks[1:]).sum(axis=(0, 3)).reshape(*shape, 2).tolist(),
        "errors": np.round(100 * wrong, 1).reshape(shape).tolist(),
    }

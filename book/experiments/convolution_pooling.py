"""Maximum, average, or a stride: which halving of the map reads digits best?

A 3x3 convolution, ReLU, halving, one dense layer. "max", "average": 2x2 windows. "stride": the convolution
itself has stride 2. As much computing or less, and as many parameters. On scikit-learn's 8x8 digits (1,000 to
learn from, 16 channels) and on MNIST (500, 6 channels). Adam; for each the better of two learning rates,
chosen on 300 images that are neither learned from nor tested on.
"""

import functools

import gradbook as T
import numpy as np
from gradbook import data, nn, optim

SEEDS = range(16)
RTOL = 0.02                                                     # float32: an image may tip over
RATES = [0.004, 0.016]
SETS = {"digits": (8, 16, 1000, 10), "mnist": (28, 6, 500, 5)}  # side, channels, examples, epochs


@functools.cache
def images(name):
    """(x, y) to learn from and choose by, (x, y) to test on."""
    x, y, x_test, y_test = data.digits() if name == "digits" else data.mnist5k()
    side = SETS[name][0]
    return (x.reshape(-1, 1, side, side).astype(np.float32), y,
            x_test[:497].reshape(-1, 1, side, side).astype(np.float32), y_test[:497])


def network(way, name, rng):
    side, channels, *_ = SETS[name]
    conv = nn.Conv2d(1, channels, 3, 2 if way == "stride" else 1, 1, dtype=T.float32, rng=rng)
    halve = {"max": [nn.MaxPool2d(2)], "average": [nn.AvgPool2d(2)], "stride": []}[way]
    return nn.Sequential(conv, nn.ReLU(), *halve, nn.Flatten(),
                         nn.Linear(channels * (side // 2) ** 2, 10, dtype=T.float32, rng=rng))


def right(net, x, y):
    with T.no_grad():
        return float((net(T.tensor(x)).numpy().argmax(axis=1) == y).mean())


def train(way, name, rate, seed):
    """(right when choosing, right when tested)."""
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = images(name)
    order = rng.permutation(len(x))
    *_, size, epochs = SETS[name]
    picked, kept = order[:size], order[1000:1300]
    net, loss = network(way, name, rng), nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=rate)
    for _ in range(epochs):
        for a, b in data.minibatches(x[picked], y[picked], batch_size=32, rng=rng):
            optimizer.zero_grad()
            loss(net(T.tensor(a)), T.tensor(b)).backward()
            optimizer.step()
    return right(net, x[kept], y[kept]), right(net, x_test, y_test)


def run(seed):
    """The share of 497 test images read rightly, at the rate that was better on others: by set and way."""
    return {f"{name} {way}": max(train(way, name, rate, seed) for rate in RATES)[1]
            for name in SETS for way in ("max", "average", "stride")}

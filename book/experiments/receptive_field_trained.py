"""Does training enlarge the effective receptive field?

Thirteen 3x3 convolutions with ReLU and without padding turn 27x27 pixels of an MNIST digit into one place
with ten numbers, so the task needs the whole field. 240 steps of Adam at one of two learning rates, the one
with the lower test loss. Before and after, the width of the effective field is measured on test images.
"""

import gradbook as T
import numpy as np
from gradbook import autodiff, data, nn, optim

SEEDS = range(12)
RATES = [0.003, 0.006]
DEPTH, WIDTH, STEPS, BATCH, SIZE = 13, 6, 240, 16, 27


def network(rng):
    layers = []
    for k in range(DEPTH):
        last = k == DEPTH - 1
        layer = nn.Conv2d(WIDTH if k else 1, 10 if last else WIDTH, 3, rng=rng)
        fan_in = layer.weight.data[0].size
        layer.weight.data[...] = rng.normal(scale=(2 / fan_in) ** 0.5, size=layer.weight.shape)
        layer.bias.data[...] = 0
        layers += [layer] if last else [layer, nn.ReLU()]
    return nn.Sequential(*layers)


def logits(net, x):
    return net(x).reshape(len(x), 10)


def width(net, x, rng):
    """The standard deviation, in pixels, of a pixel drawn with the weight of its mean squared gradient."""
    y, pullback = autodiff.vjp(net, x)
    weight = (pullback(rng.choice((-1.0, 1.0), size=y.shape))[0] ** 2).mean(axis=(0, 1))
    if not weight.any():                                          # every unit of some layer is dead
        return 0.0
    place = np.arange(SIZE) - SIZE // 2
    return float(np.sqrt((weight * (place[:, None] ** 2 + place**2)).sum() / weight.sum() / 2))


def train(seed, rate):
    """(width before, width after, loss in nats and accuracy on 300 test images)."""
    x_train, y_train, x_test, y_test = data.mnist5k()
    x_train, x_test = (x.reshape(-1, 1, 28, 28)[:, :, :SIZE, :SIZE] for x in (x_train, x_test[:300]))
    rng = np.random.default_rng(seed)
    net = network(rng)
    before = width(net, x_test[:32], rng)
    optimizer = optim.Adam(net.parameters(), lr=rate)
    for _ in range(STEPS):
        picked = rng.integers(0, len(x_train), BATCH)
        optimizer.zero_grad()
        z, y = logits(net, T.tensor(x_train[picked])), T.tensor(y_train[picked])
        nn.functional.cross_entropy(z, y).backward()
        optimizer.step()
    with T.no_grad():
        z = logits(net, T.tensor(x_test))
        loss = nn.functional.cross_entropy(z, T.tensor(y_test[:300])).item()
    return before, width(net, x_test[:32], rng), loss, float((z.numpy().argmax(1) == y_test[:300]).mean())


def run(seed):
    before, after, loss, accuracy = min((train(seed, rate) for rate in RATES), key=lambda found: found[2])
    return {"before": before, "after": after, "loss": loss, "accuracy": accuracy}

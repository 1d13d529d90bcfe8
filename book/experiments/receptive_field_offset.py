"""Is every pixel inside the receptive field within a network's reach?

Ten 3-tap convolutions with ReLU, 21 inputs for each output. The network has to copy one input to its output,
the one that lies m places from the middle of its field. Adam, 150 steps, at two learning rates; the better
one counts. m = 11 is the first place outside of the field.
"""

import gradbook as T
import numpy as np
from gradbook import nn, optim

SEEDS = range(12)
OFFSETS = [0, 3, 6, 8, 9, 10, 11]
RATES = [0.003, 0.01]
DEPTH, WIDTH, STEPS, BATCH, OUTPUTS = 10, 8, 150, 4, 32


def network(rng):
    """Ten layers without padding; weights of variance 2 / fan-in, so that signals keep their size."""
    layers = []
    for k in range(DEPTH):
        last = k == DEPTH - 1
        layer = nn.Conv1d(WIDTH if k else 1, 1 if last else WIDTH, 3, rng=rng)
        fan_in = layer.weight.data[0].size
        layer.weight.data[...] = rng.normal(scale=(2 / fan_in) ** 0.5, size=layer.weight.shape)
        layer.bias.data[...] = 0
        layers += [layer] if last else [layer, nn.ReLU()]
    return nn.Sequential(*layers)


def loss(net, x, m):
    """Mean squared error of copying input i + DEPTH + m to output i; knowing nothing gives 1.

    The last input of x is not shown to the network: it is the last target of m = DEPTH + 1.
    """
    target = x[:, :, DEPTH + m:DEPTH + m + OUTPUTS]
    return nn.functional.mse_loss(net(T.tensor(x[:, :, :-1])), T.tensor(target))


def train(seed, m, rate):
    rng = np.random.default_rng(seed)
    net = network(rng)
    optimizer = optim.Adam(net.parameters(), lr=rate)
    length = OUTPUTS + 2 * DEPTH + 1
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(net, rng.normal(size=(BATCH, 1, length)), m).backward()
        optimizer.step()
    with T.no_grad():
        return loss(net, rng.normal(size=(64, 1, length)), m).item()


def run(seed):
    """Mean squared errors after training, one for each of OFFSETS, at the better learning rate."""
    return {"error": [min(train(seed, m, rate) for rate in RATES) for m in OFFSETS]}

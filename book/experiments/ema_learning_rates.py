"""Does an average of weights still pay when everything has its best learning rate?

A small network on the digits, 1000 steps of SGD, batches of 8. Each seed is trained at every learning rate,
once at a constant rate and once with a rate that falls linearly to zero, on the same batches.
"""

import gradbook as T
import numpy as np
from gradbook import data, nn, optim
from gradbook.ema import EMA

SEEDS = range(20)
RATES = [0.03, 0.06, 0.12, 0.25, 0.5, 1.0]
DECAYS = [0.99, 0.999]
STEPS, BATCH = 1000, 8


def test_loss(net, images, labels):
    """Mean cross-entropy in nats."""
    with T.no_grad():
        return nn.functional.cross_entropy(net(images), labels).item()


def train(seed, rate, falling):
    """Test losses after training: of the last weights and, if the rate is constant, of their averages."""
    x_train, y_train, x_test, y_test = map(T.tensor, data.digits())
    rng = np.random.default_rng(seed)
    net = nn.Sequential(nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng))
    optimizer = optim.SGD(net.parameters(), lr=rate)
    averages = [] if falling else [EMA(net.parameters(), decay) for decay in DECAYS]
    for t in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate * (1 - t / STEPS) if falling else rate
        picked = rng.integers(0, len(x_train), BATCH)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x_train[picked]), y_train[picked]).backward()
        optimizer.step()
        for average in averages:
            average.update()
    losses = [test_loss(net, x_test, y_test)]
    for average in averages:
        with average.averaged():
            losses.append(test_loss(net, x_test, y_test))
    return losses


def run(seed):
    """Test losses in nats, one for each of RATES; of the averages one for each of RATES and DECAYS."""
    constant = np.array([train(seed, rate, falling=False) for rate in RATES])
    falling = [train(seed, rate, falling=True)[0] for rate in RATES]
    return {"constant": constant[:, 0], "averaged": constant[:, 1:], "falling": falling}

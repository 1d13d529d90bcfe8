"""What the experiments of the fine-tuning chapter share: a network, two hands of digits, a way to train."""

import numpy as np

from . import data, nn, optim
from .autodiff import no_grad, tensor


class Net(nn.Module):
    """Four stages, 23,172 parameters. net(x, first, last) runs the stages first ... last - 1 of 0 ... 3."""

    def __init__(self, rng, classes=10):
        self.conv1 = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1, rng=rng), nn.ReLU(), nn.MaxPool2d(2))
        self.conv2 = nn.Sequential(nn.Conv2d(8, 24, 3, padding=1, rng=rng), nn.ReLU(), nn.Flatten())
        self.fc = nn.Sequential(nn.Linear(384, 54, rng=rng), nn.ReLU())
        self.head = nn.Linear(54, classes, rng=rng)

    def stages(self, first=0, last=4):
        return (self.conv1, self.conv2, self.fc, self.head)[first:last]

    def forward(self, x, first=0, last=4):
        for stage in self.stages(first, last):
            x = stage(x)
        return x


def mnist(size=None, tested=500):
    """x_train, y_train, x_test, y_test of MNIST, brought to 8×8: x (n, 1, 8, 8) in 0 ... 1."""
    x, y, x_test, y_test = data.mnist5k()
    small = data.mnist_as_digits(np.concatenate([x[:size], x_test[:tested]])).reshape(-1, 1, 8, 8)
    return small[:-tested], y[:size], small[-tested:], y_test[:tested]


def digits():
    """The same four of scikit-learn's digits."""
    x, y, x_test, y_test = data.digits()
    return x.reshape(-1, 1, 8, 8), y, x_test.reshape(-1, 1, 8, 8), y_test


def pick(y, shots, rng):
    """Which images: `shots` of each of the ten classes."""
    return np.concatenate([rng.permutation(np.flatnonzero(y == c))[:shots] for c in range(10)])


def train(net, x, y, steps, lr, batch, rng, first=0, groups=None, before=lambda t: None, more=lambda: 0):
    """SGD with momentum 0.9, the rates falling to 0. Returns net.

    x: what the stage `first` reads; those before stay as they are.   groups: parameters with rates of their
    own, instead of lr.   before(t) comes before step t.   more() is added to the loss.
    """
    parameters = [p for stage in net.stages(first) for p in stage.parameters()]
    optimizer = optim.SGD(groups or [{"params": parameters, "lr": lr}], momentum=0.9)
    rates = [group["lr"] for group in optimizer.param_groups]
    for t in range(steps):
        before(t)
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * (1 - t / steps)
        picked = rng.choice(len(x), min(batch, len(x)), replace=False)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(tensor(x[picked]), first), tensor(y[picked]))
        (loss + more()).backward()
        optimizer.step()
    return net


def accuracy(net, x, y, first=0):
    """The share read correctly. x: what the stage `first` reads."""
    with no_grad():
        return float((net(tensor(x), first).numpy().argmax(1) == y).mean())

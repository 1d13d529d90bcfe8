"""Does a convolutional network still read a digit that was moved? Four networks, test digits moved by 0 to 6.

MNIST, 28x28, ink within the middle 20x20 or so, moved to the right over empty paper. "dense": 784-100-10.
"simple": the notes' SimpleCNN, repaired: one 3x3 convolution of 32 channels, pooling, two dense layers.
"global": 5x5 convolutions of 8, 24 and 48 channels, two poolings, the maximum over all places, a dense layer.
These three have seen no moved digit. "shown": as dense, but each example is moved by 0 to 6 as it is learned.
Adam, 1,000 training images; learning rates and epochs were chosen on another seed.
"""

import functools

import gradbook as T
import numpy as np
from gradbook import data, nn, optim

SEEDS = range(12)
RTOL = 0.02                                                     # float32: a few images may tip over
SHIFTS = range(7)
SETTINGS = {                                                    # learning rate, epochs
    "dense": (0.003, 6),
    "simple": (0.002, 2),
    "global": (0.002, 3),
    "shown": (0.003, 15),
}


class Largest(nn.Module):
    """(N, C, H, W) -> (N, C): the maximum over all places."""

    def forward(self, x):
        return x.reshape(*x.shape[:2], -1).max(dim=2)[0]


def network(name, rng):
    def conv(c, o, kernel):
        layer = nn.Conv2d(c, o, kernel, padding=kernel // 2, dtype=T.float32, rng=rng)
        if name == "global":
            layer.weight.data *= np.float32(6**0.5)             # He's variance; the default's is a sixth
        return layer

    def linear(*sizes):
        return nn.Linear(*sizes, dtype=T.float32, rng=rng)

    if name in ("dense", "shown"):
        return nn.Sequential(nn.Flatten(), linear(784, 100), nn.ReLU(), linear(100, 10))
    if name == "simple":
        return nn.Sequential(conv(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                             linear(6272, 128), nn.ReLU(), linear(128, 10))
    return nn.Sequential(conv(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), conv(8, 24, 5), nn.ReLU(),
                         nn.MaxPool2d(2), conv(24, 48, 5), nn.ReLU(), Largest(), linear(48, 10))


@functools.cache
def images():
    """x, y to learn from and x, y to test on."""
    x, y, x_test, y_test = data.mnist5k()
    x, x_test = (a.reshape(-1, 1, 28, 28).astype(np.float32) for a in (x, x_test[:300]))
    return x, y, x_test, y_test[:300]


def moved(x, shift):
    """The images, shift pixels farther right; what leaves is lost, what comes is empty."""
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (shift, 0)))[..., :28]


def trained(name, seed):
    rng = np.random.default_rng(seed)
    x, y, *_ = images()
    picked = rng.permutation(len(x))[:1000]
    net, loss, (rate, epochs) = network(name, rng), nn.CrossEntropyLoss(), SETTINGS[name]
    optimizer = optim.Adam(net.parameters(), lr=rate)
    for _ in range(epochs):
        for a, b in data.minibatches(x[picked], y[picked], batch_size=32, rng=rng):
            if name == "shown":
                a = np.concatenate([moved(one[None], rng.integers(7)) for one in a])
            optimizer.zero_grad()
            loss(net(T.tensor(a)), T.tensor(b)).backward()
            optimizer.step()
    return net


def run(seed):
    """The share of 300 test digits that is read rightly, one for each of SHIFTS: by network."""
    _, _, x, y = images()
    found = {}
    for name in SETTINGS:
        net = trained(name, seed)
        with T.no_grad():
            read = [net(T.tensor(moved(x, shift))).numpy().argmax(axis=1) for shift in SHIFTS]
        found[name] = [float((answers == y).mean()) for answers in read]
    return found

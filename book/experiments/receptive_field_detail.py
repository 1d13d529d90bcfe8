"""Does a larger receptive field lose detail? Three ways to have a field, at faint and at strong noise.

A network removes noise from 20x20 patches of a photograph. Three 3x3 convolutions, 8 channels; what differs
is stride and dilation. "near": field 7. "dilated": dilations 1, 2, 4, field 15. "strided": strides 2, 2, 1,
field 15 too, one value for 4x4 pixels, repeated. Adam, 200 steps, the better of two learning rates for each.
"""

import functools

import gradbook as T
import numpy as np
from gradbook import data, nn, optim

SEEDS = range(12)
RATES = [0.005, 0.01]
NOISES = [0.1, 0.4]                                             # standard deviations; the photo is 0 to 1
STEPS, BATCH, SIZE, WIDTH = 200, 8, 20, 8
STACKS = {                                                      # (stride, dilation) of each 3x3 convolution
    "near": [(1, 1), (1, 1), (1, 1)],
    "dilated": [(1, 1), (1, 2), (1, 4)],
    "strided": [(2, 1), (2, 1), (1, 1)],
}


def network(stack, rng):
    layers = []
    for k, (stride, dilation) in enumerate(stack):
        last = k == len(stack) - 1
        layer = nn.Conv2d(WIDTH if k else 1, 1 if last else WIDTH, 3, stride, dilation, dilation, rng=rng)
        layer.weight.data *= (6 if not last else 3) ** 0.5        # He's variance; the default's is a sixth
        layers += [layer] if last else [layer, nn.ReLU()]
    return nn.Sequential(*layers)


@functools.cache
def photograph():
    """Grey, means of 4x4 pixels, so that neighbours differ: (106, 160)."""
    return data.sample_image("china").mean(axis=0)[:424].reshape(106, 4, 160, 4).mean(axis=(1, 3))


def patches(rng, count, test):
    """(count, 1, SIZE, SIZE) patches of the photograph's left part, or for testing of its right."""
    photo = photograph()
    low, high = (110, 160) if test else (0, 110)
    corners = zip(rng.integers(0, photo.shape[0] - SIZE, count), rng.integers(low, high - SIZE, count))
    return np.stack([photo[None, i:i + SIZE, j:j + SIZE] for i, j in corners])


def restored(net, x):
    """What the network makes of x, each value repeated where strides have left fewer."""
    y = net(T.tensor(x))
    n = SIZE // y.shape[-1]
    return y if n == 1 else (y.reshape(len(x), SIZE // n, 1, SIZE // n, 1)
                             * T.tensor(np.ones((1, 1, n, 1, n)))).reshape(len(x), 1, SIZE, SIZE)


def train(stack, seed, rate, noise):
    """Mean squared error on test patches; doing nothing gives noise²."""
    rng = np.random.default_rng(seed)
    net = network(stack, rng)
    optimizer = optim.Adam(net.parameters(), lr=rate)
    for _ in range(STEPS):
        clean = patches(rng, BATCH, test=False)
        optimizer.zero_grad()
        nn.functional.mse_loss(restored(net, clean + noise * rng.normal(size=clean.shape)),
                               T.tensor(clean)).backward()
        optimizer.step()
    clean = patches(np.random.default_rng(1000 + seed), 128, test=True)
    noisy = clean + noise * np.random.default_rng(2000 + seed).normal(size=clean.shape)
    with T.no_grad():
        return float(((restored(net, noisy).numpy() - clean) ** 2).mean())


def run(seed):
    """Mean squared test errors at the better learning rate: by stack, one for each of NOISES."""
    return {name: [min(train(stack, seed, rate, noise) for rate in RATES) for noise in NOISES]
            for name, stack in STACKS.items()}

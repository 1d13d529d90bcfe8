"""What do shared weights buy? A convolution against the same layer with weights of its own at every place.

scikit-learn's 8x8 digits, centred as they come, or each anywhere on 12x12 pixels of paper. A 3x3 layer of 8
channels, ReLU, 2x2 averages, one dense layer. "shared": a convolution, 80 parameters. "untied": locally
connected, its own kernels at each of 64 or 144 places. Both do the same multiplications. Adam, 200 steps of
32 images; for each the better of two learning rates, chosen on 297 images that are neither learned from nor
tested on.
"""

import functools

import gradbook as T
import numpy as np
from gradbook import data, nn, optim

SEEDS = range(16)
RTOL = 0.02                                                     # float32: an image may tip over
RATES = [0.006, 0.02]
SIZES = [100, 1000]                                             # images to learn from
SIDES = {"centred": 8, "anywhere": 12}
CHANNELS, STEPS = 8, 200


@functools.cache
def patches(paper):
    """The 3x3 surroundings of every pixel, (places, images, 9), and the labels: to learn from, to test on."""
    x, y, x_test, y_test = data.digits()
    rng, side = np.random.default_rng(0), SIDES[paper]

    def cut(x):
        sheets = np.zeros((len(x), side + 2, side + 2), np.float32)
        corners = rng.integers(0, side - 8 + 1, size=(len(x), 2))
        for sheet, image, (top, left) in zip(sheets, x.reshape(-1, 8, 8), corners):
            sheet[1 + top:9 + top, 1 + left:9 + left] = image
        windows = np.lib.stride_tricks.sliding_window_view(sheets, (3, 3), axis=(1, 2))
        return np.ascontiguousarray(windows.reshape(len(x), side**2, 9).swapaxes(0, 1))

    return cut(x), y, cut(x_test), y_test


class Reader(nn.Module):
    """3x3 kernels, one set for all places or one for each, and a dense layer on 2x2 averages of them."""

    def __init__(self, shared, side, rng):
        self.half, sets = side // 2, 1 if shared else side**2
        self.weight = nn.Parameter((rng.uniform(-1, 1, (sets, 9, CHANNELS)) / 3).astype(np.float32))
        self.bias = nn.Parameter((rng.uniform(-1, 1, (sets, 1, CHANNELS)) / 3).astype(np.float32))
        self.head = nn.Linear(self.half**2 * CHANNELS, 10, dtype=T.float32, rng=rng)

    def forward(self, x):                                       # (places, B, 9)
        z = (T.matmul(x, self.weight) + self.bias).relu()       # (places, B, 8)
        z = z.reshape(self.half, 2, self.half, 2, -1, CHANNELS).mean(dim=(1, 3))
        return self.head(z.permute(2, 0, 1, 3).reshape(x.shape[1], -1))


def train(shared, paper, size, rate, seed):
    """(right when choosing, right when tested)."""
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = patches(paper)
    order = rng.permutation(len(y))
    picked, kept = order[:size], order[1000:1297]
    net, loss = Reader(shared, SIDES[paper], rng), nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=rate)
    for _ in range(STEPS):
        batch = picked[rng.integers(0, size, 32)]
        optimizer.zero_grad()
        loss(net(T.tensor(x[:, batch])), T.tensor(y[batch])).backward()
        optimizer.step()
    with T.no_grad():
        return tuple(float((net(T.tensor(a)).numpy().argmax(axis=1) == b).mean())
                     for a, b in ((x[:, kept], y[kept]), (x_test, y_test)))


def run(seed):
    """The share of 497 test images that is read rightly, one for each of SIZES: by layer and paper."""
    return {f"{name} {paper}": [max(train(name == "shared", paper, size, rate, seed) for rate in RATES)[1]
                                for size in SIZES]
            for name in ("shared", "untied") for paper in SIDES}

"""A small Transformer reads digits as 16 patches: what its parts are good for.

One block, width 32, learned positions, mean over the patches; 100 steps of Adam, batches of 32, the rate
falling to zero. Four heads at rate 0.01: with ReLU, with GELU, without activation, and with scores in the
place of softmax (divided by their number). One head of 32, so that the scores are large, with and without
the division by √32, each at the better of two rates.
"""

import gradbook as T
import numpy as np
from gradbook import data, nn, optim

SEEDS = range(20)
WIDTH, PATCHES, STEPS, BATCH, RATES = 32, 16, 100, 32, [0.005, 0.01]
ACTIVATIONS = {"relu": nn.functional.relu, "gelu": nn.functional.gelu, "none": lambda x: x}


def patches(x):
    """(N, 64) -> (N, 16, 4): the 2x2 patches of an 8x8 image, row by row."""
    return x.reshape(-1, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(-1, PATCHES, 4)


class Reader(nn.Module):
    def __init__(self, rng, heads=4, activation="relu", scaled=True, softmax=True):
        self.heads, self.activation, self.softmax = heads, ACTIVATIONS[activation], softmax
        self.scale = (WIDTH / heads) ** -0.5 if scaled else 1.0
        self.embed = nn.Linear(4, WIDTH, rng=rng)
        self.positions = nn.Parameter(T.tensor(0.5 * rng.normal(size=(PATCHES, WIDTH))))
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, rng=rng), nn.Linear(WIDTH, WIDTH, rng=rng)
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH, rng=rng), nn.Linear(2 * WIDTH, WIDTH, rng=rng)
        self.head = nn.Linear(WIDTH, 10, rng=rng)

    def forward(self, x):
        x = self.embed(x) + self.positions
        q, k, v = (t.reshape(len(x.data), PATCHES, self.heads, -1).transpose(1, 2)
                   for t in self.qkv(self.norm1(x)).chunk(3, dim=-1))
        scores = q @ k.mT * self.scale
        p = nn.functional.softmax(scores, dim=-1) if self.softmax else scores / PATCHES
        x = x + self.out((p @ v).transpose(1, 2).flatten(2))
        x = x + self.down(self.activation(self.up(self.norm2(x))))
        return self.head(self.norm3(x).mean(dim=1))


def accuracy(seed, rate=0.01, **options):
    x, y, x_test, y_test = data.digits()
    x, x_test, rng = patches(x), patches(x_test), np.random.default_rng(seed)
    net = Reader(rng, **options)
    optimizer = optim.Adam(net.parameters(), lr=rate)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate * (1 - step / STEPS)
        picked = rng.integers(0, len(x), BATCH)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(T.tensor(x[picked])), T.tensor(y[picked])).backward()
        optimizer.step()
    with T.no_grad():
        return float((net(T.tensor(x_test)).numpy().argmax(axis=1) == y_test).mean())


def run(seed):
    found = {name: accuracy(seed, activation=name) for name in ACTIVATIONS}
    found["no_softmax"] = accuracy(seed, softmax=False)
    for name, scaled in (("scaled", True), ("unscaled", False)):
        found[name] = max(accuracy(seed, rate, heads=1, scaled=scaled) for rate in RATES)
    return found

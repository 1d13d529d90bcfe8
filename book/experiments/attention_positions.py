"""A small Transformer reads digits as 16 patches: with no positions, learned, sinusoidal and rotary ones.

One block, width 32, four heads, mean over the patches; 160 steps of Adam, batches of 32, the rate falling
from 0.01 to zero, for all kinds alike (0.003 and 0.02 were tried with one seed, and read fewer digits).
Then the network with learned positions is asked again: with shuffled patches, and with its attention weights
permuted at random or made uniform.
"""

import gradbook as T
import numpy as np
from gradbook import data, nn, optim
from gradbook.positions import rotary, sinusoidal

SEEDS = range(12)
WIDTH, HEADS, PATCHES, STEPS, BATCH, RATE = 32, 4, 16, 160, 32, 0.01
KINDS = ["none", "learned", "sinusoidal", "rotary"]


def patches(x):
    """(N, 64) -> (N, 16, 4): the 2x2 patches of an 8x8 image, row by row."""
    return x.reshape(-1, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(-1, PATCHES, 4)


class Reader(nn.Module):
    """Pre-norm: x + attention(norm(x)), x + feed-forward(norm(x)); then the mean and a linear layer."""

    def __init__(self, kind, rng):
        self.kind = kind
        self.embed = nn.Linear(4, WIDTH, rng=rng)
        self.positions = None
        if kind == "learned":
            self.positions = nn.Parameter(T.tensor(0.5 * rng.normal(size=(PATCHES, WIDTH))))
        if kind == "sinusoidal":
            self.positions = sinusoidal(np.arange(PATCHES), WIDTH, base=100.0)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, rng=rng), nn.Linear(WIDTH, WIDTH, rng=rng)
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH, rng=rng), nn.Linear(2 * WIDTH, WIDTH, rng=rng)
        self.head = nn.Linear(WIDTH, 10, rng=rng)

    def forward(self, x, change=None):
        """Logits (N, 10). change: what is done to the attention weights (N, heads, 16, 16)."""
        x = self.embed(x)
        x = x if self.positions is None else x + self.positions
        q, k, v = (t.reshape(len(x.data), PATCHES, HEADS, -1).transpose(1, 2)
                   for t in self.qkv(self.norm1(x)).chunk(3, dim=-1))
        if self.kind == "rotary":
            q, k = (rotary(t, np.arange(PATCHES), base=100.0) for t in (q, k))
        p = nn.functional.softmax(q @ k.mT * (WIDTH / HEADS) ** -0.5, dim=-1)
        p = p if change is None else T.tensor(change(p.numpy()))
        x = x + self.out((p @ v).transpose(1, 2).flatten(2))
        x = x + self.down(self.up(self.norm2(x)).relu())
        return self.head(self.norm3(x).mean(dim=1))


def train(kind, seed):
    x, y, _, _ = data.digits()
    x, rng = patches(x), np.random.default_rng(seed)
    net = Reader(kind, rng)
    optimizer = optim.Adam(net.parameters(), lr=RATE)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        picked = rng.integers(0, len(x), BATCH)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(T.tensor(x[picked])), T.tensor(y[picked])).backward()
        optimizer.step()
    return net


def run(seed):
    _, _, x, y = data.digits()
    x, rng, found = patches(x), np.random.default_rng(1000 + seed), {}

    def answers(net, x, change=None):
        with T.no_grad():
            return net(T.tensor(x), change).numpy().argmax(axis=1)

    nets = {kind: train(kind, seed) for kind in KINDS}
    for kind, net in nets.items():
        found[kind] = (answers(net, x) == y).mean()
    net = nets["learned"]
    before, order = answers(net, x), rng.permutation(PATCHES)
    found["shuffled"] = (answers(net, x[:, order]) == y).mean()
    found["permuted"] = (answers(net, x, lambda p: rng.permuted(p, axis=-1)) == before).mean()
    found["uniform"] = (answers(net, x, lambda p: np.full_like(p, 1 / PATCHES)) == before).mean()
    return {name: float(value) for name, value in found.items()}

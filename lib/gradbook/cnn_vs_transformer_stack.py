"""Small networks side by side: several twins of one kind as one, each trained at its own learning rate."""

import math

import numpy as np

from . import functional as F
from .autodiff import Tensor
from .cnn_vs_transformer import Convolution, FreeMatrix, norm


class Stack:
    """Several Twins of one kind, side by side: parameters (R, ...), one call for all of them.

    The same numbers as of the R networks one by one, in R times fewer operations, each R times larger.
    """

    def __init__(self, twins):
        self.twin, names = twins[0], [name for name, _ in twins[0].named_parameters()]
        states = [dict(twin.named_parameters()) for twin in twins]
        self.parameters = {name: Tensor(np.stack([state[name].data for state in states]), requires_grad=True)
                           for name in names}

    def alone(self, which):
        """Network `which` as a Twin."""
        for name, p in self.twin.named_parameters():
            p.data[...] = self.parameters[name].data[which]
        return self.twin

    def linear(self, name, x):
        w, b = (self.parameters.get(f"{name}.{part}") for part in ("weight", "bias"))
        return x @ w.mT + b[:, None]

    def __call__(self, x):
        """x: (N, 1, side, side) -> logits (R, N, classes)."""
        patches = self.twin.patches(Tensor(x))[None]                           # (1, N, n, p²)
        count, n = patches.shape[1:3]
        x = self.linear("embed", patches.reshape(1, count * n, -1))              # (R, N·n, C)
        if self.twin.positions is not None:
            positions = self.parameters["positions"][:, None]
            x = (x.reshape(len(x), count, n, -1) + positions).reshape(x.shape)
        for k, block in enumerate(self.twin.blocks):
            x = x + self.mix(f"blocks.{k}.mix", block.mix, norm(x).reshape(len(x), count, n, -1))
            hidden = F.relu(self.linear(f"blocks.{k}.linear1", norm(x)))
            x = x + self.linear(f"blocks.{k}.linear2", hidden)
        return self.linear("head", self.twin.read(norm(x).reshape(len(x), count, n, -1)))

    def mix(self, name, mixer, x):                                               # (R, N, n, C) -> (R, N·n, C)
        (r, count, n, c), p = x.shape, self.parameters
        if isinstance(mixer, FreeMatrix):
            mixed = p[f"{name}.mix.weight"][:, None] @ x
            return self.linear(f"{name}.linear", mixed.reshape(r, count * n, c))
        if isinstance(mixer, Convolution):
            grid = x.permute(1, 0, 3, 2).reshape(count, r * c, mixer.side, mixer.side)
            w, b = p[f"{name}.conv.weight"], p[f"{name}.conv.bias"]
            y = F.conv2d(grid, w.reshape(r * c, c, 3, 3), b.reshape(r * c), padding=1, groups=r)
            return y.reshape(count, r, c, n).permute(1, 0, 3, 2).reshape(r, count * n, c)
        name, heads = f"{name}.attention", mixer.attention.num_heads
        qkv = x.reshape(r, count * n, c) @ p[f"{name}.in_proj_weight"].mT + p[f"{name}.in_proj_bias"][:, None]
        q, k, v = qkv.reshape(r, count, n, 3, heads, c // heads).permute(3, 0, 1, 4, 2, 5)
        y = F.scaled_dot_product_attention(q, k, v).permute(0, 1, 3, 2, 4).reshape(r, count * n, c)
        return self.linear(f"{name}.out_proj", y)


def train(stack, x, y, rates, steps, batch, rng):
    """Adam on a Stack, each network at a rate of its own, all on the same batches.

    The rate rises over a tenth of the steps and falls to 0 as a cosine. β = (0.9, 0.99).
    Source: Kingma & Ba 2015, algorithm 1.
    """
    params, rates = list(stack.parameters.values()), np.array(rates)
    moments = [(np.zeros(p.shape), np.zeros(p.shape)) for p in params]
    for t in range(1, steps + 1):
        schedule = min(1, t / (0.1 * steps)) * (0.5 + 0.5 * math.cos(math.pi * (t - 1) / steps))
        picked = rng.integers(0, len(x), batch)
        logits, labels = stack(x[picked]), np.tile(y[picked], len(rates))
        loss = F.cross_entropy(logits.reshape(len(labels), -1), Tensor(labels)) * len(rates)
        loss.backward()                                                          # of the sum over networks
        for p, (first, second) in zip(params, moments):
            g, p.grad = p.grad.numpy(), None
            first += 0.1 * (g - first)
            second += 0.01 * (g * g - second)
            step = first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.99**t)) + 1e-8)
            p.data[...] -= (schedule * rates).reshape(-1, *[1] * (p.ndim - 1)) * step

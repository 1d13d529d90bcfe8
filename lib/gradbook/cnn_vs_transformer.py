"""CNN and Transformer as one thing: Y = Σ_k M_k X V_k, tokens mixed by M_k and channels by V_k.

X: (N, n, C), n tokens of C channels, the places of a grid row by row. In a convolution k runs over the taps,
and M_k is a shift that nobody learns. In attention k runs over the heads, and M_k = softmax(scores), computed
from X. In a free mixing, as in MLP-Mixer, there is one M, and every entry of it is learned.

Twin is a network with any of these in the same body. Its blocks have equally many weights, 12 C² each.
Source: Dosovitskiy et al. 2021 (ViT); Tolstikhin et al. 2021 (MLP-Mixer); Cordonnier et al. 2020, theorem 1.
"""

import math

import numpy as np

from . import functional as F
from . import nn
from .autodiff import Tensor


class Convolution(nn.Module):
    """A 3×3 convolution of the grid of tokens, padded with zeros: 9 C² weights."""

    def __init__(self, tokens, width, rng=None):
        self.side, self.conv = math.isqrt(tokens), nn.Conv2d(width, width, 3, padding=1, rng=rng)

    def forward(self, x):                                                        # (N, n, C)
        grid = x.transpose(1, 2).reshape(len(x), x.shape[2], self.side, self.side)
        return self.conv(grid).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention: 4 C² weights, however many tokens there are."""

    def __init__(self, tokens, width, rng=None, heads=4):
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True, rng=rng)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class FreeMatrix(nn.Module):
    """M X V + b with one learned (n, n) matrix M: n² + C² weights, for images of one size only."""

    def __init__(self, tokens, width, rng=None):
        self.mix = nn.Linear(tokens, tokens, bias=False, rng=rng)
        self.linear = nn.Linear(width, width, rng=rng)

    def forward(self, x):
        return self.linear(self.mix.weight @ x)


MIXERS = {"convolution": Convolution, "attention": Attention, "matrix": FreeMatrix}


def norm(x):
    """Each token minus its mean, divided by its standard deviation; no weights."""
    return F.layer_norm(x, x.shape[-1:])


class Block(nn.Module):
    """x ← x + mix(norm(x)), x ← x + feed-forward(norm(x)). The hidden layer takes what is left of 12 C²."""

    def __init__(self, mixer, tokens, width, rng=None):
        self.mix = MIXERS[mixer](tokens, width, rng)
        spent = sum(p.data.size for p in self.mix.parameters() if p.ndim > 1)
        hidden = round((12 * width**2 - spent) / (2 * width))
        if hidden < 1:
            raise ValueError(f"Block: {mixer} of {tokens} tokens takes {spent} weights, more than 12 C² = "
                             f"{12 * width**2}")
        self.linear1 = nn.Linear(width, hidden, rng=rng)
        self.linear2 = nn.Linear(hidden, width, rng=rng)

    def forward(self, x):
        x = x + self.mix(norm(x))
        return x + self.linear2(F.relu(self.linear1(norm(x))))


class Twin(nn.Module):
    """Patches -> tokens (+ positions, if attention is to come) -> blocks -> one linear layer -> classes.

    mixers: the name of each block's mixer.   x: (N, 1, side, side), cut into patch × patch squares.
    pool: None, the last layer reads all tokens; "mean" or "max": that of each channel, over the places.
    """

    def __init__(self, mixers, side, patch=2, width=16, classes=10, pool=None, rng=None):
        rng = np.random.default_rng() if rng is None else rng
        tokens = (side // patch) ** 2
        self.patch, self.pool = patch, pool
        self.embed = nn.Linear(patch**2, width, rng=rng)
        self.positions = None
        if "attention" in mixers:
            self.positions = nn.Parameter(0.3 * rng.normal(size=(tokens, width)))
        self.blocks = nn.ModuleList(Block(mixer, tokens, width, rng) for mixer in mixers)
        self.head = nn.Linear(width if pool else width * tokens, classes, rng=rng)

    def patches(self, x):
        """(N, 1, side, side) -> (N, n, patch²)."""
        p, side = self.patch, x.shape[-1] // self.patch
        return x.reshape(len(x), side, p, side, p).transpose(2, 3).reshape(len(x), side * side, p * p)

    def forward(self, x):
        x = self.embed(self.patches(x))                                          # (N, n, C)
        x = x if self.positions is None else x + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.read(norm(x)))

    def read(self, x):
        """What the head reads of (..., n, C): all of it, or of each channel the mean or the largest."""
        if self.pool is None:
            return x.flatten(-2)
        return x.mean(dim=-2) if self.pool == "mean" else x.max(dim=-2).values


def decomposed(mixer, x):
    """(M, V, b) with mixer(x) = Σ_k M_k x V_k + b: M (K, n, n), V (K, C, C), b (C,), for one x (n, C).

    K is the number of taps, of heads, or 1. Only attention's M depends on x.
    """
    c = x.shape[1]
    if isinstance(mixer, Convolution):
        weight, places = mixer.conv.weight.data, grid(mixer.side, mixer.side)
        taps = grid(3, 3) - 1
        reads = [(places[None] == (places + tap)[:, None]).all(axis=2) for tap in taps]        # [i, j]
        return np.array(reads, float), weight.reshape(c, c, 9).transpose(2, 1, 0), mixer.conv.bias.data
    if isinstance(mixer, FreeMatrix):
        return mixer.mix.weight.data[None], mixer.linear.weight.data.T[None], mixer.linear.bias.data
    inner = mixer.attention
    weights = inner(Tensor(x), Tensor(x), Tensor(x), average_attn_weights=False)[1].detach().numpy()
    value, out = inner.in_proj_weight.data[2 * c:], inner.out_proj.weight.data
    heads = value.reshape(inner.num_heads, -1, c), out.reshape(c, inner.num_heads, -1).transpose(1, 2, 0)
    shift = out @ inner.in_proj_bias.data[2 * c:] + inner.out_proj.bias.data     # as the rows of M sum to one
    return weights, heads[0].transpose(0, 2, 1) @ heads[1], shift


def grid(height, width):
    """Row and column of each place, row by row: (height · width, 2)."""
    return np.stack(np.divmod(np.arange(height * width), width), axis=1)


def convolution_by_attention(x, weight, height, width, sharpness=50.0):
    """conv2d with padding_mode="replicate", computed as attention with a head for every tap.

    x: (N, n, C), n = height · width.   weight: (O, C, k, k), k odd.   -> (N, n, O).
    For the tap Δ the query of place p is (2α(p + Δ), -α), the key of place q is (q, |q|²). Their product is
    -α |q - p - Δ|², up to a term without q. Beside the place that is meant, a weight is at most e^-α.
    Source: Cordonnier et al. 2020, theorem 1; chapter {ref}`sec-cvt-as-attention`.
    """
    places = grid(height, width)
    out, c, k, _ = weight.shape
    taps, size = grid(k, k) - k // 2, len(places)
    keys = np.concatenate([places, (places**2).sum(axis=1, keepdims=True)], axis=1).astype(float)
    queries = np.full((k * k, size, 3), -sharpness)
    queries[:, :, :2] = 2 * sharpness * (places + taps[:, None])
    values = x[:, None] @ weight.reshape(out, c, k * k).transpose(2, 1, 0)                    # (N, k², n, O)
    y = F.scaled_dot_product_attention(Tensor(queries), Tensor(keys[None]), Tensor(values), scale=1.0)
    return y.numpy().sum(axis=1)


def macs(mixer, tokens, width, kernel=3) -> int:
    """MACs of one layer on n tokens of C channels, biases, norms and softmax left out.

    mixer: "attention", "convolution", "depthwise" (k² n C, then 1×1), "matrix" or "feed-forward".
    Source: chapter {eq}`cvt-macs`; the conventions of gradbook.cost.
    """
    n, c = tokens, width
    costs = {"attention": 4 * n * c * c + 2 * n * n * c, "convolution": kernel**2 * n * c * c,
             "depthwise": kernel**2 * n * c + n * c * c, "matrix": n * n * c + n * c * c,
             "feed-forward": 8 * n * c * c}
    if mixer not in costs:
        raise ValueError(f"macs: {mixer!r} is none of {', '.join(costs)}")
    return costs[mixer]


NETWORKS = {"convolution": ("convolution",) * 2, "attention": ("attention",) * 2,
            "both": ("convolution", "attention"), "matrix": ("matrix",) * 2}

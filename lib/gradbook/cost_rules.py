"""What gradbook.cost knows of each primitive: the shape of its value, its MACs, what its backward pass needs.

All from a, the primitive's arguments by name, of which only the shapes are looked at.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .convolution import output_size, per_axis
from .dtypes import axes
from .indexing import _two_steps
from .linear import _letters

NOTHING, ARGUMENTS, VALUE = "", "arguments", "value"


class Rule(NamedTuple):
    """shape(a): of the value, None if it is a view, which the primitive itself can make. saves: what of its
    arguments and value the backward pass needs; besides(a): and how many numbers that are neither."""

    shape: Callable
    saves: str = ARGUMENTS
    macs: Callable = lambda a, shape: 0
    besides: Callable = lambda a: 0


def rule_of(f):
    """The Rule of a primitive, or that for the primitives of its module. Without one, NotImplementedError."""
    rule = RULES.get(f.__name__, OF_MODULE.get(f.__module__.rpartition(".")[2]))
    if rule is None:
        raise NotImplementedError(f"count: what {f.__name__} costs is not known")
    return rule


def _first(a):
    return np.shape(next(iter(a.values())))


def _together(a):
    return np.broadcast_shapes(*(np.shape(x) for x in a.values() if isinstance(x, (np.ndarray, np.generic))))


def _without_dim(a):
    shape, dim = _together(a), a.get("dim")
    gone = axes("count", None if isinstance(dim, bool) else dim, len(shape))       # var(x, False): not a dim
    return tuple(1 if k in gone else n for k, n in enumerate(shape) if k not in gone or a.get("keepdim"))


def _loss(a, of_classes=False):
    shape, target = _first(a), a["target"]
    if a["reduction"] != "none":
        return ()
    if not of_classes:
        return _together(a)
    return np.shape(target) if target.dtype.kind in "iu" else shape[:1] * (len(shape) > 1) + shape[2:]


def _half(a):
    return tuple(n // 2 if k == a["dim"] % a["x"].ndim else n for k, n in enumerate(a["x"].shape))


def _concatenated(a):
    shapes, k = [x.shape for x in a["arrays"]], a["dim"]
    if len({(*s[:k], *s[k + 1:]) for s in shapes}) > 1:
        raise ValueError(f"cat: shapes {', '.join(map(str, shapes))} differ elsewhere than in dim {k}")
    return *shapes[0][:k], sum(s[k] for s in shapes), *shapes[0][k + 1:]


def _indexed(a):
    simple, arrays = _two_steps(a["index"])
    if not arrays:
        return None
    lengths, full = a["x"][simple].shape, []
    for i in arrays:
        full += i.nonzero() if isinstance(i, np.ndarray) and i.dtype.kind == "b" else [i]
    rest = [slice(None)] * (len(lengths) + 1 - len(full))                     # what ... stands for
    full = [j for i in full for j in (rest if i is ... else [i])]
    at = [k for k, i in enumerate(full) if isinstance(i, np.ndarray)]
    first = at[0] if at[-1] - at[0] == len(at) - 1 else 0                     # NumPy's rule
    left = [n for k, n in enumerate(lengths) if k not in at]
    return *left[:first], *np.broadcast_shapes(*(full[k].shape for k in at)), *left[first:]


def _matmul(a):
    x, y = a["a"].shape, a["b"].shape
    if x[-1:] != y[-2:][:1]:
        raise ValueError(f"matmul: a {x} and b {y} do not share an inner length")
    return *np.broadcast_shapes(x[:-2], y[:-2]), *x[-2:-1], *y[-1:] * (len(y) > 1)


def _linear(a):
    x, weight = a["x"].shape, a["weight"].shape
    if x[-1:] != weight[1:]:
        raise ValueError(f"linear: x {x} and weight {weight} are not (..., in) and (out, in)")
    return *x[:-1], weight[0]


def _einsum(a, shape=None):
    """The shape; or, if it is there already, the MACs, one for each value that all letters can take."""
    _, out, length = _letters(a["equation"], [np.shape(x) for x in a["operands"]])
    macs = math.prod(length.values()) * (len(a["operands"]) - 1)
    return tuple(length[c] for c in out) if shape is None else macs


def _windows(a, kernel=None):
    """The shape of x, but as many positions along its last dimensions as windows of this kernel find."""
    kernel = kernel or per_axis("kernel_size", a["kernel_size"], 2)
    x, axes, padding = a["x"].shape, len(kernel), a["padding"]
    stride, dilation = (per_axis("stride", n, axes) for n in (a["stride"] or kernel, a.get("dilation", 1)))
    if padding == "same":
        return x
    sides = [(p, p) for p in per_axis("padding", 0 if padding == "valid" else padding, axes, least=0)]
    out = [output_size(*n, a.get("ceil_mode")) for n in zip(x[-axes:], kernel, stride, sides, dilation)]
    if min(out) < 1:
        raise ValueError(f"windows {kernel} do not fit into {x}")
    return *x[:-axes], *out


def _convolution(a):
    x, (out, c, *kernel), groups = a["x"].shape, a["weight"].shape, a["groups"]
    channel = -len(kernel) - 1
    if len(x) < len(kernel) + 1 or x[channel] != c * groups:
        raise ValueError(f"x {x} has not the channels that weight {a['weight'].shape}, groups={groups} needs")
    y = _windows(a, tuple(kernel))
    return *y[:channel], out, *y[channel + 1:]


def _adapted(a):
    *before, h, w = a["x"].shape
    return *before, *(n or m for n, m in zip(np.broadcast_to(a["output_size"], 2), (h, w)))


def _padded(a):
    x, pad = a["x"].shape, a["pad"]
    pairs = [*zip(pad[::2], pad[1::2])][::-1]
    return *x[:len(x) - len(pairs)], *(n + sum(pair) for n, pair in zip(x[len(x) - len(pairs):], pairs))


def _attention(a):
    q, k, v = (a[name].shape for name in ("query", "key", "value"))
    if q[-1] != k[-1] or k[-2] != v[-2]:
        raise ValueError(f"query {q}, key {k} and value {v} do not fit together")
    return *np.broadcast_shapes(q[:-2], k[:-2], v[:-2]), q[-2], v[-1]


def _same(rule, *names):
    return dict.fromkeys(names, rule)


RULES = {
    **_same(Rule(lambda a: None, NOTHING), "reshape", "permute", "expand"),
    "getitem": Rule(_indexed, NOTHING), "concatenate": Rule(_concatenated, NOTHING),
    "gather": Rule(lambda a: np.shape(a["index"]), NOTHING),
    **_same(Rule(_first, NOTHING), "flip", "roll", "tril", "triu", "cumsum", "clone", "to", "neg"),
    **_same(Rule(_together, NOTHING), "add", "sub"), **_same(Rule(_without_dim, NOTHING), "sum", "mean"),
    **_same(Rule(_first, VALUE), "exp", "sqrt", "sigmoid", "tanh", "relu", "softmax", "log_softmax"),
    **_same(Rule(_first), "standardize", "normalize"), "cosine_similarity": Rule(_without_dim),
    "glu": Rule(_half),
    "embedding": Rule(lambda a: (*np.shape(a["input"]), a["weight"].shape[1]), NOTHING),
    "matmul": Rule(_matmul, macs=lambda a, shape: math.prod(shape) * a["a"].shape[-1]),
    "linear": Rule(_linear, macs=lambda a, shape: math.prod(shape) * a["x"].shape[-1]),
    "einsum": Rule(_einsum, macs=_einsum),
    **_same(Rule(_convolution, macs=lambda a, shape: math.prod(shape) * math.prod(a["weight"].shape[1:])),
            "conv1d", "conv2d"),
    "max_pool2d": Rule(_windows, ARGUMENTS + VALUE), "avg_pool2d": Rule(_windows, NOTHING),
    "adaptive_avg_pool2d": Rule(_adapted, NOTHING), "pad": Rule(_padded, NOTHING),
    "scaled_dot_product_attention": Rule(                          # its backward pass needs the weights, too
        _attention, macs=lambda a, shape: math.prod(shape[:-1]) * a["key"].shape[-2] * sum(
            a[name].shape[-1] for name in ("query", "value")),
        besides=lambda a: math.prod(_attention(a)[:-1]) * a["key"].shape[-2]),
}
OF_MODULE = {"elementwise": Rule(_together), "activations": Rule(_first), "reductions": Rule(_without_dim),
             "losses": Rule(_loss), "losses_classes": Rule(lambda a: _loss(a, of_classes=True))}

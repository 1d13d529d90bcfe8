"""A trained network adapted to another task: frozen layers, a new head, learning rates by layer, LoRA.

Parameters and modules are chosen by patterns of their dotted names: "head", "body.0", "body.*.bias" or "*",
where * stands for any characters, and what names a module chooses all that is in it. Layers are such patterns
in the order from input to output; unless they are given, they are the first parts of the parameters' names.
"""

import math
from fnmatch import fnmatchcase

import numpy as np

from . import functional as F
from .arguments import real, several, whole
from .nn import Linear, Module, Parameter


def freeze(module, patterns="*") -> list[str]:
    """requires_grad = False and grad = None, so that no optimizer steps. Returns the parameters' names.

    patterns: one or several; ValueError for one that matches nothing. Running statistics are no parameters: a
    frozen batch norm goes on collecting them unless it is in eval mode.
    """
    return _require("freeze", module, patterns, False)


def unfreeze(module, patterns="*") -> list[str]:
    """requires_grad = True, as in freeze."""
    return _require("unfreeze", module, patterns, True)


def unfreeze_top(module, count, layers=None) -> list[str]:
    """Freeze all but the last `count` layers, whose patterns are returned.

    Gradual unfreezing is a count that grows by 1 each epoch.   Source: Howard & Ruder 2018, §3.3.
    """
    groups = _by_layer("unfreeze_top", module, layers)
    count = whole(f"unfreeze_top: of the layers {list(groups)}, count", count, 0, len(groups))
    freeze(module)
    top = list(groups)[len(groups) - count:]
    for p in (p for layer in top for p in groups[layer]):
        p.requires_grad_(True)
    return top


def layer_groups(module, lr, decay, layers=None) -> list[dict]:
    """Groups for an optimizer, lr decay^(L - l) for layer l = 1 ... L: lr itself for the last.

    0 < decay <= 1; every parameter in exactly one layer; else ValueError.
    Source: Howard & Ruder 2018, §3.2, with decay = 1 / 2.6.
    """
    lr, decay = real("layer_groups: lr", lr, "[0, inf)"), real("layer_groups: decay", decay, "(0, 1]")
    groups = _by_layer("layer_groups", module, layers).values()
    return [{"params": params, "lr": lr * decay ** (len(groups) - k)} for k, params in enumerate(groups, 1)]


def replace_head(module, out_features, name=None, *, rng=None) -> str:
    """A new Linear, freshly drawn, in the place of the one of that name, or the last. Returns the name."""
    _module("replace_head", module)
    whole("replace_head: out_features", out_features, 1)
    linears = {n: m for n, m in module.named_modules() if n and isinstance(m, Linear)}
    name = list(linears)[-1] if name is None and linears else name
    if not isinstance(name, str) or name not in linears:
        raise ValueError(f"replace_head: {name!r} came, the Linear layers are {list(linears)}")
    old = linears[name]
    new = Linear(old.in_features, out_features, old.bias is not None, dtype=old.weight.dtype, rng=rng)
    _set(module, name, new)
    return name


class LoRA(Module):
    """y = x Wᵀ + b + α/r (x Aᵀ) Bᵀ: a Linear whose W, frozen, moves by a matrix of rank r, ΔW = α/r B A.

    weight, bias: the Linear's own.   lora_A: (r, in), from N(0, 1/in).   lora_B: (out, r), 0 at first: y
    begins as the Linear's.   alpha: r unless given.   Trained are r (in + out) numbers instead of in · out.
    merge() adds ΔW to weight, for inference without extra cost; unmerge() brings back the very W.
    Source: Hu et al. 2022, eq. 3 and §4.1.
    """

    def __init__(self, linear, r, alpha=None, *, rng=None):
        if not isinstance(linear, Linear):
            raise TypeError(f"LoRA: {type(linear).__name__} came, a Linear is needed")
        self.out_features, self.in_features = linear.weight.shape
        self.r = whole(f"LoRA: for {linear}, r", r, 1, min(linear.weight.shape))
        self.alpha = self.r if alpha is None else real("LoRA: alpha", alpha, "(0, inf)")
        self._before = None
        self.weight, self.bias = linear.weight, linear.bias
        freeze(self)
        rng, std = np.random.default_rng() if rng is None else rng, 1 / math.sqrt(self.in_features)
        self.lora_A = Parameter(rng.normal(0, std, (r, self.in_features)).astype(self.weight.dtype))
        self.lora_B = Parameter(np.zeros((self.out_features, r), self.weight.dtype))

    def forward(self, input):
        y = F.linear(input, self.weight, self.bias)
        if self._before is not None:                                     # merged: ΔW is in the weight
            return y
        return y + self.alpha / self.r * F.linear(F.linear(input, self.lora_A), self.lora_B)

    def merge(self):
        if self._before is None:
            self._before = self.weight.data
            self.weight.data = self._before + self.alpha / self.r * (self.lora_B.data @ self.lora_A.data)
        return self

    def unmerge(self):
        if self._before is not None:
            self.weight.data, self._before = self._before, None
        return self


def add_lora(module, r, alpha=None, patterns="*", *, rng=None) -> list[str]:
    """Freeze the module and turn its Linear layers that match into LoRA. Returns their names."""
    patterns = _patterns("add_lora", module, patterns)
    linears = {n: m for n, m in module.named_modules()
               if n and isinstance(m, Linear) and any(_matches(n, pattern) for pattern in patterns)}
    if not linears:
        raise ValueError(f"add_lora: {patterns} match no Linear layer within the module")
    freeze(module)
    for name, linear in linears.items():
        _set(module, name, LoRA(linear, r, alpha, rng=rng))
    return list(linears)


def parameter_counts(module) -> tuple[int, int]:
    """How many numbers are trained, and how many there are."""
    _module("parameter_counts", module)
    parameters = list(module.parameters())
    return sum(p.numel() for p in parameters if p.requires_grad), sum(p.numel() for p in parameters)


def _matches(name, pattern):
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def _module(caller, module):
    if not isinstance(module, Module):
        raise TypeError(f"{caller}: {type(module).__name__} came, a Module is needed")


def _patterns(caller, module, patterns):
    """patterns as a list, once they are words and the module is one."""
    _module(caller, module)
    return [patterns] if isinstance(patterns, str) else several(f"{caller}: patterns", patterns, str)


def _require(caller, module, patterns, requires_grad):
    patterns = _patterns(caller, module, patterns)
    named, chosen = dict(module.named_parameters()), set()
    for pattern in patterns:
        found = {name for name in named if _matches(name, pattern)}
        if not found:
            raise ValueError(f"{caller}: {pattern!r} matches none of the parameters {list(named)}")
        chosen |= found
    for name in chosen:
        named[name].requires_grad_(requires_grad)
        if not requires_grad:            # with a gradient from before, an optimizer would go on stepping
            named[name].grad = None
    return [name for name in named if name in chosen]


def _by_layer(caller, module, layers):
    """{layer: its parameters}, in the order of layers."""
    _module(caller, module)
    named = dict(module.named_parameters())
    layers = [n.split(".")[0] for n in named] if layers is None else _patterns(caller, module, layers)
    groups = {layer: [] for layer in layers}
    for name, p in named.items():
        owners = [layer for layer in groups if _matches(name, layer)]
        if len(owners) != 1:
            raise ValueError(f"{caller}: {name} is in {owners}, one of the layers {list(groups)} is needed")
        groups[owners[0]].append(p)
    return groups


def _set(module, name, new):
    *path, last = name.split(".")
    for part in path:
        module = getattr(module, part)
    setattr(module, last, new)

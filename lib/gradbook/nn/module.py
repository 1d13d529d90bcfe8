"""Modules: what holds parameters and calls functional. No derivative is written here.

state_dict's keys equal torch.nn's. Unlike torch: its values are NumPy arrays, copied, and random numbers come
from an rng that is passed, as there is no global seed.
"""

import math
from typing import NamedTuple

import numpy as np

from .. import functional as F
from ..autodiff import Tensor
from ..dtypes import get_default_dtype
from ..shape import flatten


class Parameter(Tensor):
    """A Tensor that a Module finds among its attributes. It requires grad unless told otherwise."""

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(data.data if isinstance(data, Tensor) else data, requires_grad)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


class _IncompatibleKeys(NamedTuple):
    """What load_state_dict(strict=False) did not find, and what it did not use."""

    missing_keys: list
    unexpected_keys: list


class Module:
    """A function with parameters: its attributes that are Parameters or Modules, in order of assignment."""

    training = True

    def __call__(self, *args, **options):
        return self.forward(*args, **options)

    def forward(self, *args):
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def named_children(self):
        """(name, module) for each attribute that is a Module; as below, what occurs twice comes once."""
        return _once(self._attributes(Module))

    def named_modules(self):
        """(dotted name, module): this module, whose name is empty, then those within it."""
        return _once(self._places())

    def named_parameters(self):
        """(dotted name, Parameter): this module's own, then those of the modules within it."""
        return _once(self._slots())

    def modules(self):
        return (module for _, module in self.named_modules())

    def parameters(self):
        return (p for _, p in self.named_parameters())

    def _attributes(self, kind):
        return ((name, value) for name, value in vars(self).items() if isinstance(value, kind))

    def _places(self, prefix=""):
        yield prefix, self
        for name, child in self._attributes(Module):
            yield from child._places(f"{prefix}.{name}" if prefix else name)

    def _slots(self):
        for prefix, module in self._places():
            for name, p in module._attributes(Parameter):
                yield f"{prefix}.{name}" if prefix else name, p

    def state_dict(self):
        """{dotted name: a copy of the array}. Unlike torch: a copy, so later training does not change it."""
        return {name: p.data.copy() for name, p in self._slots()}

    def load_state_dict(self, state_dict, strict=True):
        """Copy arrays (or Tensors) into the parameters of those names.

        Raises RuntimeError for a shape that differs and, if strict, for names missing or unexpected, and then
        changes nothing.
        """
        own = dict(self._slots())
        missing, unexpected = [k for k in own if k not in state_dict], [k for k in state_dict if k not in own]
        arrays = {k: np.asarray(state_dict[k]).astype(p.dtype) for k, p in own.items() if k in state_dict}
        wrong = [f"{k} is {a.shape}, not {own[k].shape}"
                 for k, a in arrays.items() if a.shape != own[k].shape]
        if strict:
            wrong += [f"{k} is missing" for k in missing] + [f"{k} is unexpected" for k in unexpected]
        if wrong:
            raise RuntimeError(f"load_state_dict: {type(self).__name__} cannot take this, {'; '.join(wrong)}")
        for k, a in arrays.items():
            own[k].data = a
        return _IncompatibleKeys(missing, unexpected)

    def train(self, mode=True):
        """Set .training here and in all modules within. Returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Freeze (False) or unfreeze all parameters. Returns the module."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Forget the gradients: make them None, or zeros."""
        for p in self.parameters():
            p.grad = None if set_to_none or p.grad is None else Tensor(np.zeros_like(p.data))

    def extra_repr(self):
        return ""

    def __repr__(self):
        lines = [f"({name}): {m!r}".replace("\n", "\n  ") for name, m in self._attributes(Module)]
        inside = "\n  " + "\n  ".join(lines) + "\n" if lines else self.extra_repr()
        return f"{type(self).__name__}({inside})"


def _once(named):
    seen = set()
    for name, thing in named:
        if thing not in seen:
            seen.add(thing)
            yield name, thing


class Sequential(Module):
    """Modules applied one after another. net[k] is the k-th."""

    def __init__(self, *modules):
        for k, module in enumerate(modules):
            setattr(self, str(k), module)

    def forward(self, x):
        for module in self:
            x = module(x)
        return x

    def __iter__(self):
        return (module for _, module in self._attributes(Module))

    def __len__(self):
        return sum(1 for _ in self)

    def __getitem__(self, k):
        return Sequential(*list(self)[k]) if isinstance(k, slice) else list(self)[k]


class Linear(Module):
    """y = x Wᵀ + b. weight: (out, in), bias: (out,), both drawn from U(-1/√in, 1/√in), as in torch.

    Unlike torch: rng, a NumPy Generator, draws them; without it they differ from run to run.
    """

    def __init__(self, in_features, out_features, bias=True, *, dtype=None, rng=None):
        if in_features < 1 or out_features < 1:
            raise ValueError(f"Linear: {in_features} -> {out_features} features came, at least 1 is needed")
        self.in_features, self.out_features = in_features, out_features
        rng, bound = np.random.default_rng() if rng is None else rng, 1 / math.sqrt(in_features)
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(rng.uniform(-bound, bound, (out_features, in_features)).astype(dtype))
        self.bias = Parameter(rng.uniform(-bound, bound, out_features).astype(dtype)) if bias else None

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self):
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


class Flatten(Module):
    """The dimensions from start_dim to end_dim made one: (N, C, H, W) -> (N, C·H·W)."""

    def __init__(self, start_dim=1, end_dim=-1):
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x):
        return flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Sigmoid(Module):
    def forward(self, x):
        return F.sigmoid(x)


class Tanh(Module):
    def forward(self, x):
        return F.tanh(x)


class ReLU(Module):
    def forward(self, x):
        return F.relu(x)


class Softmax(Module):
    """Unlike torch: dim has no default."""

    def __init__(self, dim):
        self.dim = dim

    def forward(self, x):
        return F.softmax(x, self.dim)

    def extra_repr(self):
        return f"dim={self.dim}"


class _Loss(Module):
    def __init__(self, *, reduction="mean"):
        self.reduction = reduction


class MSELoss(_Loss):
    def forward(self, input, target):
        return F.mse_loss(input, target, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    def forward(self, input, target):
        return F.cross_entropy(input, target, reduction=self.reduction)

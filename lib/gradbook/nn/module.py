"""Module: what holds parameters, buffers and other modules; and the modules that are lists of modules."""

from collections import namedtuple

import numpy as np

from ..autodiff import Tensor
from ..dtypes import float32, float64


class Parameter(Tensor):
    """A Tensor that a Module finds among its attributes. It requires grad unless told otherwise."""

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(data.data if isinstance(data, Tensor) else data, requires_grad)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


_IncompatibleKeys = namedtuple("_IncompatibleKeys", "missing_keys unexpected_keys")     # of load_state_dict


class Module:
    """A function with parameters: its attributes that are Parameters or Modules, in order of assignment.

    Unlike torch: super().__init__() may be left out; there are no hooks, no devices, no prefix and no
    remove_duplicate; repr() gives the options of every layer by name."""

    training = True
    _buffers = {}            # noqa: RUF012  {name: whether state_dict has it}, never written to

    def __call__(self, *args, **options):
        return self.forward(*args, **options)

    def forward(self, *args):
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __setattr__(self, name, value):
        held = next((k for k in (Parameter, Module) if isinstance(vars(self).get(name), k)),
                    Tensor if name in self._buffers else object)
        if not isinstance(value, (held, Parameter, Module, type(None))):
            where, came = type(self).__name__, type(value).__name__
            raise TypeError(f"{where}: {name} is a {held.__name__}, {came} came; assign a {held.__name__} or "
                            "None, or write to its numbers under no_grad()")
        object.__setattr__(self, name, value)

    def register_parameter(self, name, param):
        """self.name = param, a Parameter or None."""
        self._register(name, param, Parameter)

    def register_buffer(self, name, tensor, persistent=True):
        """self.name = tensor, a Tensor or None that is not trained and, if persistent, is in state_dict."""
        self._register(name, tensor, Tensor)
        self._buffers = {**self._buffers, name: persistent}

    def add_module(self, name, module):
        """self.name = module, also for names that Python cannot write, such as "0"."""
        self._register(name, module, Module)

    def _register(self, name, value, kind):
        where, taken = type(self).__name__, getattr(self, name, None) is not None
        if not isinstance(value, (kind, type(None))):
            raise TypeError(f"{where}: {type(value).__name__} came as {name!r}, a {kind.__name__} is needed")
        if not name or "." in name or (taken and name not in dict(self._attributes(kind))):
            raise ValueError(f"{where}: {name!r} is no name for a {kind.__name__}: empty, dotted or taken")
        object.__setattr__(self, name, value)

    def named_modules(self):
        """(dotted name, module): this module, then those within it. What occurs twice comes once."""
        return _once(self._places())

    def named_parameters(self, *, recurse=True):
        """(dotted name, Parameter): this module's own, then (recurse) those of the modules within it."""
        return _once((name, t) for name, t, kind, _ in self._tensors(recurse) if kind is Parameter)

    def named_buffers(self, *, recurse=True):
        """(dotted name, Tensor), in the same order."""
        return _once((name, t) for name, t, kind, _ in self._tensors(recurse) if kind is Tensor)

    def named_children(self):
        """(name, module) for each attribute that is a Module."""
        return _once(self._attributes(Module))

    def modules(self):
        return (module for _, module in self.named_modules())

    def parameters(self, recurse=True):
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse=True):
        return (b for _, b in self.named_buffers(recurse=recurse))

    def children(self):
        return (module for _, module in self.named_children())

    def _attributes(self, kind):
        own = vars(self).items()
        if kind is Tensor:
            return [(name, v) for name, v in own if name in self._buffers and type(v) is Tensor]
        return [(name, v) for name, v in own if isinstance(v, kind)]

    def _places(self, prefix=""):
        yield prefix, self
        for name, child in self._attributes(Module):
            yield from child._places(f"{prefix}.{name}" if prefix else name)

    def _tensors(self, recurse=True):
        """(dotted name, tensor, Parameter or Tensor, saved): of each module the parameters, then buffers."""
        for place, module in self._places() if recurse else [("", self)]:
            for kind in (Parameter, Tensor):
                for name, t in module._attributes(kind):
                    yield f"{place}.{name}" if place else name, t, kind, module._buffers.get(name, True)

    def _saved(self):
        return {name: t for name, t, _, saved in self._tensors() if saved}

    def state_dict(self):
        """{dotted name: a copy of the array}. Unlike torch: copies, not the memory itself."""
        return {name: t.data.copy() for name, t in self._saved().items()}

    def load_state_dict(self, state_dict, strict=True):
        """Copy arrays, or Tensors of either library, into the parameters and buffers of those names.

        Raises RuntimeError for a shape that differs and, if strict, for names missing or unexpected, and then
        changes nothing."""
        own = self._saved()
        given = {k: np.asarray(a.detach() if hasattr(a, "detach") else a)
                 for k, a in state_dict.items() if k in own}
        missing, unexpected = [k for k in own if k not in given], [k for k in state_dict if k not in own]
        wrong = [f"{k} is {a.shape}, not {own[k].shape}" for k, a in given.items() if a.shape != own[k].shape]
        if strict:
            wrong += [f"{k} is missing" for k in missing] + [f"{k} is unexpected" for k in unexpected]
        if wrong:
            raise RuntimeError(f"load_state_dict: {type(self).__name__} cannot take this, {'; '.join(wrong)}")
        for k, a in given.items():
            own[k].data = a.astype(own[k].dtype)
        return _IncompatibleKeys(missing, unexpected)

    def apply(self, fn):
        """Call fn on every module within, then on this one. Returns the module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode=True):
        """Set .training here and in all modules within. Returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        return self.train(False)

    def to(self, dtype):
        """Make the floating parameters and buffers this floating dtype, in place. Returns the module."""
        if dtype not in (float32, float64):
            raise TypeError(f"to: {dtype!r} came, float32 or float64 is needed; everything is on the CPU")
        for t in (*self.parameters(), *self.buffers()):
            for held in (t, t.grad):
                if held is not None and held.dtype.kind == "f":
                    held.data = held.data.astype(dtype, copy=False)
        return self

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
        """The attributes that repr() tells."""
        told = {name: v for name, v in vars(self).items() if isinstance(v, (int, float, str, tuple))}
        return ", ".join(f"{name}={v!r}" for name, v in told.items() if name[0] != "_" and name != "training")

    def __repr__(self):
        own = self.extra_repr()
        parts = [own] * bool(own) + [f"({name}): {child!r}" for name, child in self._attributes(Module)]
        if len(parts) > bool(own):
            own = "".join(f"\n{part}" for part in parts).replace("\n", "\n  ") + "\n"
        return f"{type(self).__name__}({own})"


Module.double, Module.float = lambda self: self.to(float64), lambda self: self.to(float32)


def _once(named):
    seen = set()
    for name, thing in named:
        if thing not in seen:
            seen.add(thing)
            yield name, thing


class _Modules(Module):
    """What a list of modules can do. They are named "0", "1", ... unless they came with names."""

    def __iter__(self):
        return (module for _, module in self._attributes(Module))

    def __len__(self):
        return len(self._attributes(Module))

    def __getitem__(self, k):
        chosen = self._attributes(Module)[k]
        return type(self)(dict(chosen)) if isinstance(k, slice) else chosen[1]

    def __setitem__(self, k, module):
        self.add_module(self._attributes(Module)[k][0], module)

    def append(self, module):
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        for module in modules:
            self.append(module)
        return self


class Sequential(_Modules):
    """Modules applied one after another, each to the other's result. net[k] is the k-th.

    Sequential(a, b), or Sequential({"first": a, "second": b})."""

    def __init__(self, *modules):
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], dict) else dict(enumerate(modules))
        for name, module in named.items():
            self.add_module(str(name), module)

    def forward(self, input):
        for module in self:
            input = module(input)
        return input


class ModuleList(_Modules):
    """A list whose modules are found, which those in a Python list are not."""

    def __init__(self, modules=None):
        self.extend(modules.values() if isinstance(modules, dict) else modules or ())

    __iadd__ = _Modules.extend

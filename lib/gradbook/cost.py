"""What a network costs, from shapes alone: parameters, multiplications, memory.

count runs the network on stand-ins, arrays of any shape that are one number in memory. Where a primitive
would compute, its rule (in cost_rules.py) says what shape the value has and how many MACs it takes.
Conventions, which are those of torch.utils.flop_counter and of what torchvision records of its networks:

    1 MAC, a multiplication and an addition, is 2 FLOPs: (M, N) times (N, K) takes MNK MACs, 2 MNK FLOPs.
    (These are MK (2N - 1) operations, to be exact: a sum of N numbers has N - 1 additions.)
    Counted: linear layers, matrix products, attention's too, and convolutions; also where they read padding,
    or where a mask hides the result. Not counted: biases, activations, norms, softmax, pooling, residual
    additions, losses and look-ups.
"""
from __future__ import annotations

import inspect
import math
import operator
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from . import autodiff
from .arguments import real, whole
from .autodiff import Tensor, no_grad
from .cost_rules import ARGUMENTS, VALUE, rule_of
from .dtypes import get_default_dtype, widest
from .nn.module import Module


@dataclass
class Cost:
    """Of a network; or, in by_layer, of what one of its modules does itself. The layers add up to the whole.

    params: numbers in parameters, each counted once; trainable: in those that require grad.
    macs, flops = 2 macs: of a forward pass. (A backward pass takes about twice as many.)
    activations: numbers that operations put out. A layer of gradbook.nn without layers within is one of them;
    what only looks at its input (reshape, permute, Flatten, a slice, Dropout in eval mode) is none.
    saved: numbers that the backward pass needs, besides parameters; the network's input may be among them.
    by_layer: {dotted name, "" for what the network does outside of its layers: Cost}.
    """

    params: int = 0
    trainable: int = 0
    macs: int = 0
    activations: int = 0
    saved: int = 0
    by_layer: dict = field(default_factory=dict, repr=False)

    @property
    def flops(self):
        return 2 * self.macs

    def memory(self, states=2, size=4):
        """Bytes that a training step holds, by use.   size: of a number, 4 for float32.

        states: how many numbers the optimizer keeps for each trainable one, SGD 0, with momentum 1, Adam 2.
        """
        real("memory: states", states, "[0, inf)")
        real("memory: size", size, "(0, inf)")
        return {"parameters": size * self.params, "gradients": size * self.trainable,
                "optimizer": size * states * self.trainable, "activations": size * self.saved}

    def __str__(self):
        rows = [*((name or "(itself)", c) for name, c in self.by_layer.items()), ("total", self)]
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:{width}}{c.params:16,}{c.macs:20,}{c.activations:16,}" for name, c in rows]
        return "\n".join([f"{'layer':{width}}{'params':>16}{'MACs':>20}{'activations':>16}", *lines])


def count(module, input_shape, dtype=None):
    """The Cost of module(x) for x of this shape, in eval mode. No number, of x or of a parameter, is read.

    input_shape: (N, ...), or a tuple of such, for forward(x, y, ...). dtype: of x, "int64" for an Embedding;
    the default dtype unless given. A forward that looks at the numbers (if x.sum() > 0) finds zeros.
    Raises TypeError if module is no Module, ValueError for what is no shape or does not fit the network.
    """
    if not isinstance(module, Module):
        raise TypeError(f"count: {type(module).__name__} came, a Module is needed")
    try:
        lengths = tuple(input_shape)
        several = lengths if lengths and isinstance(lengths[0], (tuple, list)) else [lengths]
        shapes = [tuple(map(operator.index, shape)) for shape in several]
    except TypeError:
        shapes = [(-1,)]
    if any(n < 0 for shape in shapes for n in shape):
        raise ValueError(f"count: input_shape {input_shape!r} is not a shape, such as (1, 3, 224, 224)")
    given = dtype
    try:
        dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "fiub":
        raise TypeError(f"count: dtype={given!r} came, one such as 'int64' is needed")
    counting = _Counting(module)
    with counting.instead_of_computing(), no_grad():
        module(*(Tensor(counting.stand_in(shape, dtype)) for shape in shapes))
    for name, p in module.named_parameters():
        layer = counting.layers.setdefault(name.rpartition(".")[0], Cost())
        layer.params += p.data.size
        layer.trainable += p.data.size * p.requires_grad
    layers = {name: c for name, c in counting.layers.items() if c != Cost()}
    return Cost(*(sum(getattr(c, what) for c in layers.values())
                  for what in ("params", "trainable", "macs", "activations", "saved")), layers)


class _Counting:
    """Stand-ins in the place of arrays, rules in the place of primitives, and what they add up to."""

    def __init__(self, module):
        self.module, self.names = module, {id(m): name for name, m in module.named_modules()}
        self.layers, self.running, self.within = {}, [""], False
        self.made, self.kept = {}, set()          # {id of a stand-in's one number: (that number, its size)}

    def stand_in(self, shape, dtype):
        number = np.zeros((), dtype)
        self.made[id(number)] = number, math.prod(shape)
        return np.ndarray(shape, number.dtype, number, strides=(0,) * len(shape))

    def layer(self):
        return self.layers.setdefault(self.running[-1], Cost())

    @contextmanager
    def instead_of_computing(self):
        call, modes = Module.__call__, [(m, m.training) for m in self.module.modules()]
        try:
            autodiff._instead = lambda f: lambda *arrays, **options: (self.value(f, arrays, options), None)
            Module.__call__ = lambda module, *args, **options: self.run(call, module, args, options)
            self.module.eval()
            yield
        finally:
            Module.__call__, autodiff._instead = call, None
            for module, mode in modes:
                module.training = mode

    def run(self, call, module, args, options):
        """call, so that what happens in it is added to the module's layer."""
        made, within = len(self.made), self.within
        whole = type(module).__module__.startswith("gradbook.nn.") and not any(module.children())
        self.running.append(self.names.get(id(module), self.running[-1]))
        self.within = within or whole
        try:
            y = call(module, *args, **options)
            new = list(self.made)[made:]                            # not x, nor what x is a view of
            if whole and not within and isinstance(y, Tensor) and id(y.data.base) in new:
                self.layer().activations += y.data.size
        finally:
            self.running.pop()
            self.within = within
        return y

    def value(self, f, arrays, options):
        """The value of f(*arrays, **options): a stand-in, or the view that f makes of one."""
        call, rule = inspect.signature(f).bind(*arrays, **options), rule_of(f)
        call.apply_defaults()
        a = call.arguments
        shape = rule.shape(a)
        if shape is None:
            return f(*arrays, **options)[0]
        dtypes = [x.dtype for x in arrays if hasattr(x, "dtype")]
        y = self.stand_in(shape, a.get("dtype") or widest(*dtypes))
        layer = self.layer()
        layer.macs += rule.macs(a, shape)
        layer.activations += 0 if self.within else y.size
        layer.saved += rule.besides(a)
        for held in [*(arrays if ARGUMENTS in rule.saves else ()), *([y] if VALUE in rule.saves else ())]:
            number = id(getattr(held, "base", None))
            if number in self.made and number not in self.kept:
                self.kept.add(number)
                layer.saved += self.made[number][1]
        return y


class _Undrawn:
    """An rng that draws nothing: weights with a shape and no numbers, of networks larger than the memory."""

    def random(self, size=(), dtype=np.float64):
        return np.broadcast_to(np.zeros((), dtype), size).view(_NoNumbers)

    standard_normal = random


class _NoNumbers(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return undrawn.random(np.broadcast_shapes(*map(np.shape, inputs)), self.dtype)


undrawn = _Undrawn()


def latency(run, repeats=20, warmup=3):
    """The median time of run(), in seconds, after a warm-up. A batch of B has the throughput B / latency."""
    repeats, warmup = whole("latency: repeats", repeats, 1), whole("latency: warmup", warmup)
    times = []
    for _ in range(warmup + repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times[warmup:])

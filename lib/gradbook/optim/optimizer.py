"""What optimizers share: parameters in groups, a memory for each parameter, and saving both."""

import copy
from collections import defaultdict
from itertools import chain

import numpy as np

from ..autodiff import Tensor, no_grad

BLOCK = 131072               # numbers updated at once: what a rule computes in between stays in the cache
NOT_NEGATIVE = ("lr", "momentum", "weight_decay", "eps", "alpha", "lr_decay", "initial_accumulator_value",
                "damping")
ALSO_KNOWN = {"params", "name", "initial_lr"}                        # what a group may hold beside options
HOW = {"foreach", "fused", "capturable", "differentiable"}           # in torch they say how, not what


class Optimizer:
    """Parameters in groups, each with its own options. A subclass gives `start` and `update`.

    params: Tensors, or groups {"params": Tensors, option: value ...}.   defaults: options that groups lack;
    locals() of __init__ will do.   state: what is remembered, {parameter: {name: array or number}}.
    Unlike torch: a step binds a new array to p.data, so that arrays and graphs of before stay what they were;
    a group's unknown or impossible options are refused; no foreach, fused, capturable, differentiable, hooks
    or names of parameters."""

    scope = "number"         # what the rule looks at together: a number, a parameter, or all of them

    def __init__(self, params, defaults):
        name = type(self).__name__
        params = [params] if isinstance(params, dict) else params
        if isinstance(params, Tensor):
            raise TypeError(f"{name}: params is one Tensor, an iterable of Tensors or of groups is needed")
        params = list(params)
        if not params:
            raise ValueError(f"{name}: the parameter list is empty (a generator can be used only once)")
        self.defaults = {k: v for k, v in defaults.items() if k not in ("self", "params", "__class__")}
        self.state, self.param_groups = defaultdict(dict), []
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    def add_param_group(self, param_group):
        """Add {"params": Tensors, option: value ...}; the options not given are the defaults."""
        name = type(self).__name__
        if unknown := param_group.keys() - self.defaults.keys() - ALSO_KNOWN:
            raise ValueError(f"{name}: a group has {sorted(unknown)}, it knows {sorted(self.defaults)}")
        members = param_group["params"]
        members = [members] if isinstance(members, Tensor) else list(members)
        known = set(self._parameters())
        for p in members:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: {type(p).__name__} came, parameters are Tensors, without names")
            if not p.is_leaf:
                raise ValueError(f"{name}: a Tensor with a history came, parameters have none")
            if p in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} occurs twice")
            known.add(p)
        group = {k: v.item() if isinstance(v, Tensor) else v
                 for k, v in {**self.defaults, **param_group, "params": members}.items()}
        self.check(group)
        self.param_groups.append(group)

    def check(self, group):
        """Raise ValueError if the group's options are out of range."""
        for k in NOT_NEGATIVE:
            if k in group and not group[k] >= 0:
                raise ValueError(f"{type(self).__name__}: {k}={group[k]} came, at least 0 is needed")
        betas = group.get("betas", (0, 0))
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"{type(self).__name__}: betas={betas} came, two numbers in [0, 1) are needed")

    def start(self, p, group):
        """What is to be remembered of parameter p, before its first step: {name: array or number}."""
        return {}

    def update(self, p, g, state, group):
        """u in θ ← θ - u, for θ = p with gradient g. The rule updates the arrays of state in place;
        state["first"]: is it the first step?"""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def step(self, closure=None):
        """Update the parameters that have a gradient. closure() is called first and returns the loss."""
        self._opt_called = True
        loss = None if closure is None else no_grad(recording=True)(closure)()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._move(p, p.grad.data, group)
        return loss

    def _move(self, p, g, group):
        if g.shape != p.shape:
            raise ValueError(f"{type(self).__name__}: a gradient {g.shape} came for a parameter {p.shape}")
        theta, g = np.asarray(p.data, order="C"), np.asarray(-g if group.get("maximize") else g, order="C")
        state = self.state.get(p)
        if (first := not state) and (state := self.start(theta, group)):
            self.state[p] = state
        if "step" in state:
            state["step"] += 1
        memory = {k: a for k, a in state.items() if isinstance(a, np.ndarray)}
        new = np.empty_like(theta)
        with np.errstate(all="ignore"):      # as in torch, inf and nan come without a word
            for new_, theta_, g_, *memory_ in _stretches(self.scope, new, theta, g, *memory.values()):
                state_ = {**state, **dict(zip(memory, memory_)), "first": first}
                np.subtract(theta_, self.update(theta_, g_, state_, group), out=new_)
        p.data = new

    def zero_grad(self, set_to_none=True):
        """Forget the gradients: make them None, or zeros."""
        for p in self._parameters():
            p.grad = None if set_to_none or p.grad is None else Tensor(np.zeros_like(p.data))

    def state_dict(self):
        """{"state": {k: ...}, "param_groups": [...]} as in torch, parameters by number; arrays are copies."""
        number = {p: k for k, p in enumerate(self._parameters())}
        groups = [{**g, "params": [number[p] for p in g["params"]]} for g in self.param_groups]
        return copy.deepcopy({"state": {number[p]: s for p, s in self.state.items()}, "param_groups": groups})

    def load_state_dict(self, state_dict):
        """Continue from what state_dict() returned, torch's or ours, for parameters in the same order.

        Raises ValueError, and changes nothing, for groups of other sizes or memories of other shapes."""
        name, saved = type(self).__name__, state_dict["param_groups"]
        theirs, ours = ([len(g["params"]) for g in groups] for groups in (saved, self.param_groups))
        if theirs != ours:
            raise ValueError(f"{name}: groups of {theirs} parameters came, groups of {ours} are needed")
        options = [{k: copy.deepcopy(v) for k, v in s.items() if k not in HOW | {"params"}} for s in saved]
        groups = [{**g, **o} for g, o in zip(self.param_groups, options)]
        of = dict(zip(chain.from_iterable(g["params"] for g in saved), self._parameters()))
        state = {of[k]: {key: self._restored(of[k], key, v) for key, v in s.items() if v is not None}
                 for k, s in state_dict["state"].items()}
        for p, memory in state.items() if self.scope != "all" else ():
            for key, a in memory.items():
                if isinstance(a, np.ndarray) and a.shape != p.shape:
                    raise ValueError(f"{name}: {key} {a.shape} came for a parameter {p.shape}")
        for group in groups:
            self.check(group)
        self.param_groups, self.state = groups, defaultdict(dict, state)

    def _restored(self, p, key, value):
        """A copy of a saved value; arrays, also torch's, in p's dtype."""
        if isinstance(value, list):
            return [self._restored(p, key, v) for v in value]
        if key == "step" or not hasattr(value, "__array__"):
            return float(value) if key == "step" else copy.deepcopy(value)
        return np.asarray(value).astype(p.dtype, order="C")

    def _parameters(self):
        return [p for group in self.param_groups for p in group["params"]]


def _stretches(scope, *arrays):
    """The arrays, or if they are long the same BLOCK numbers of each in turn: up to 3 times faster."""
    if scope != "number" or arrays[0].size <= BLOCK or not all(a.flags.c_contiguous for a in arrays):
        return [arrays]
    flat = [a.reshape(-1) for a in arrays]
    return [[a[k:k + BLOCK] for a in flat] for k in range(0, flat[0].size, BLOCK)]


def regularised(g, p, group):
    """g + weight_decay θ, the gradient of the loss with the penalty ½ weight_decay |θ|²."""
    return g + group["weight_decay"] * p if group["weight_decay"] else g


def lerp(m, g, weight):
    """m ← (1-weight) m + weight g in place, rounded as by torch. Returns memory that was needed for it."""
    d = np.subtract(g, m, out=np.empty_like(m))
    if weight < 0.5:
        d *= weight
        m += d
    else:
        d *= 1 - weight
        np.subtract(g, d, out=m)
    return d

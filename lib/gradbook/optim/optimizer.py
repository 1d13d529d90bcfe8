"""What optimisers share: parameters in groups, a memory for each parameter, and saving both."""

import copy

import numpy as np

from ..autodiff import Tensor


class Optimizer:
    """Parameters in groups, each with its own options. A subclass gives `update`.

    params: Tensors, or groups {"params": Tensors, option: value ...}.   defaults: options that groups lack.
    state: what the optimiser remembers, {parameter: {name: array or number}}.
    Unlike torch: a step binds a new array to p.data, so that arrays and graphs of before stay what they were.
    """

    def __init__(self, params, defaults):
        name = type(self).__name__
        params = [params] if isinstance(params, dict) else params
        if isinstance(params, Tensor):
            raise TypeError(f"{name}: params is one Tensor, an iterable of Tensors or of groups is needed")
        params = list(params)
        if not params:
            raise ValueError(f"{name}: the parameter list is empty (a generator can be used only once)")
        self.defaults, self.state, self.param_groups = defaults, {}, []
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    def add_param_group(self, group):
        """Add {"params": Tensors, option: value ...}; the options not given are the defaults."""
        name = type(self).__name__
        if unknown := group.keys() - self.defaults.keys() - {"params"}:
            raise ValueError(f"{name}: a group has {sorted(unknown)}, it knows {sorted(self.defaults)}")
        members = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        known = {p for g in self.param_groups for p in g["params"]}
        for p in members:
            if not isinstance(p, Tensor) or not p.is_leaf:
                raise TypeError(f"{name}: {type(p).__name__} came, parameters are Tensors without a history")
            if p in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} occurs twice")
            known.add(p)
        group = {**self.defaults, **group, "params": members}
        self.check(group)
        self.param_groups.append(group)

    def check(self, group):
        """Raise ValueError if the group's options are out of range."""

    def update(self, p, g, state, group):
        """A new array in the place of the array p, with gradient g; state is p's own dictionary."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def step(self, closure=None):
        """Update the parameters that have a gradient. closure() is called first and returns the loss."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data = self.update(p.data, p.grad.data, self.state.setdefault(p, {}), group)
        return loss

    def zero_grad(self, set_to_none=True):
        """Forget the gradients: make them None, or zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None if set_to_none or p.grad is None else Tensor(np.zeros_like(p.data))

    def state_dict(self):
        """{"state": {k: ...}, "param_groups": [...]} as in torch, parameters by number; arrays are copies."""
        number = {p: k for k, p in enumerate(self._parameters())}
        groups = [{**g, "params": [number[p] for p in g["params"]]} for g in self.param_groups]
        return copy.deepcopy({"state": {number[p]: s for p, s in self.state.items()}, "param_groups": groups})

    def load_state_dict(self, state_dict):
        """Continue from what state_dict() returned, for parameters in the same order."""
        theirs = [len(g["params"]) for g in state_dict["param_groups"]]
        ours = [len(g["params"]) for g in self.param_groups]
        if theirs != ours:
            name = type(self).__name__
            raise ValueError(f"{name}: groups of {theirs} parameters came, groups of {ours} are needed")
        saved = copy.deepcopy(state_dict)
        for group, other in zip(self.param_groups, saved["param_groups"]):
            group.update({k: v for k, v in other.items() if k != "params"})
        parameters = self._parameters()
        self.state = {parameters[k]: s for k, s in saved["state"].items()}

    def _parameters(self):
        return [p for group in self.param_groups for p in group["params"]]

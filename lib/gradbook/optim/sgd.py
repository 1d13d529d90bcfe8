"""Steps along a momentum: SGD, and Lion, which takes its sign."""

import numpy as np

from .optimizer import Optimizer, regularised


class SGD(Optimizer):
    """θ ← θ - lr v,   v ← momentum v + (1 - dampening) g,   v = g at first;   g includes weight_decay θ.

    nesterov: θ ← θ - lr (g + momentum v).   maximize: the gradient with its sign changed.
    Raises ValueError for lr, momentum or weight_decay below 0; nesterov with momentum 0 or with dampening.
    Source: Sutskever et al. 2013, in torch's form: v is not multiplied by lr."""

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *,
                 maximize=False):
        super().__init__(params, locals())

    def check(self, group):
        super().check(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs momentum above 0 and dampening 0, "
                             f"not momentum={group['momentum']} and dampening={group['dampening']}")

    def start(self, p, group):
        return {"momentum_buffer": np.empty_like(p)} if group["momentum"] else {}

    def update(self, p, g, state, group):
        g = regularised(g, p, group)
        if momentum := group["momentum"]:
            v = state["momentum_buffer"]
            v[...] = g if state["first"] else momentum * v + (1 - group["dampening"]) * g
            g = g + momentum * v if group["nesterov"] else v
        return group["lr"] * g


class Lion(Optimizer):
    """θ ← θ - lr (sign(β₁ m + (1-β₁) g) + weight_decay θ),   then m ← β₂ m + (1-β₂) g,   m = 0 at first.

    Each number moves by lr, whatever the size of its gradient; sign(0) = 0.   maximize: -g in the place of g.
    Raises ValueError for lr or weight_decay below 0 or betas outside [0, 1).
    torch has no Lion; names as in its Adam. Source: Chen et al. 2023, algorithm 2."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, *, maximize=False):
        super().__init__(params, locals())

    def start(self, p, group):
        return {"exp_avg": np.zeros_like(p)}

    def update(self, p, g, state, group):
        (beta1, beta2), m = group["betas"], state["exp_avg"]
        direction = np.sign(beta1 * m + (1 - beta1) * g)
        m *= beta2
        m += (1 - beta2) * g
        return group["lr"] * (direction + group["weight_decay"] * p)

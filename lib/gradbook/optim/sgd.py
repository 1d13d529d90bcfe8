"""Stochastic gradient descent, with momentum."""

import numpy as np

from .optimizer import Optimizer


class SGD(Optimizer):
    """θ ← θ - lr v,   v ← momentum v + (1 - dampening) g,   v = g at first;   g includes weight_decay θ.

    nesterov: θ ← θ - lr (g + momentum v).   maximize: the gradient with its sign changed.
    Raises ValueError for lr, momentum or weight_decay below 0; nesterov with momentum 0 or with dampening.
    Source: Sutskever et al. 2013, in torch's form: v is not multiplied by lr.
    """

    def __init__(self, params, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, *,
                 maximize=False):
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening,
                                  "weight_decay": weight_decay, "nesterov": nesterov, "maximize": maximize})

    def check(self, group):
        for name in ("lr", "momentum", "weight_decay"):
            if not group[name] >= 0:
                raise ValueError(f"SGD: {name}={group[name]} came, at least 0 is needed")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs momentum above 0 and dampening 0, "
                             f"not momentum={group['momentum']} and dampening={group['dampening']}")

    def update(self, p, g, state, group):
        momentum = group["momentum"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            v = state.get("momentum_buffer")
            if v is None:
                v = state["momentum_buffer"] = np.array(g)
            else:                                  # in place: nobody else holds v
                v *= momentum
                v += g if group["dampening"] == 0 else (1 - group["dampening"]) * g
            g = g + momentum * v if group["nesterov"] else v
        new = np.multiply(group["lr"], g, out=np.empty_like(p))
        return np.subtract(p, new, out=new)

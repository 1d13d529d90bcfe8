"""Steps of equal size, by the sign of a momentum."""

import numpy as np

from .optimizer import Optimizer


class Lion(Optimizer):
    """θ ← θ - lr (sign(β₁ m + (1-β₁) g) + weight_decay θ),   then m ← β₂ m + (1-β₂) g,   m = 0 at first.

    Each number moves by lr, whatever the size of its gradient; sign(0) = 0.   maximize: -g in the place of g.
    Raises ValueError for lr or weight_decay below 0 or betas outside [0, 1).
    torch has no Lion; names as in its Adam. Source: Chen et al. 2023, algorithm 2.
    """

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, *, maximize=False):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay,
                                  "maximize": maximize})

    def start(self, p, group):
        return {"exp_avg": np.zeros_like(p)}

    def update(self, p, g, state, group):
        (beta1, beta2), m = group["betas"], state["exp_avg"]
        direction = np.sign(beta1 * m + (1 - beta1) * g)
        m *= beta2
        m += (1 - beta2) * g
        return group["lr"] * (direction + group["weight_decay"] * p)

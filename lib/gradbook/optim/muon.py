"""Momentum whose singular values are made equal: for the weight matrices of hidden layers."""

import math

import numpy as np

from .optimizer import Optimizer, lerp


class Muon(Optimizer):
    """θ ← θ - lr weight_decay θ - lr' newton_schulz(b),   b ← momentum b + (1-momentum) g,   b = 0 at first.

    θ: (A, B), a matrix.   nesterov: the new momentum b + (1-momentum) g in the place of b.
    adjust_lr_fn: lr' = lr √max(1, A/B) for None or "original", 0.2 lr √max(A, B) for "match_rms_adamw".
    Raises ValueError for lr, momentum or weight_decay below 0, a parameter that is no matrix, ns_steps of 100
    or more, ns_coefficients other than three, another adjust_lr_fn.
    Unlike torch: newton_schulz in the parameter's dtype, not in bfloat16, which has two to three digits.
    Source: Jordan et al. 2024 (Muon: an optimizer for hidden layers in neural networks)."""

    scope = "parameter"

    def __init__(self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
                 ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None):
        super().__init__(params, locals())

    def check(self, group):
        super().check(group)
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Muon: adjust_lr_fn={group['adjust_lr_fn']!r} came, None, 'original' or "
                             "'match_rms_adamw' is needed")
        if len(group["ns_coefficients"]) != 3 or not group["ns_steps"] < 100:
            raise ValueError(f"Muon: ns_coefficients={group['ns_coefficients']}, ns_steps={group['ns_steps']}"
                             " came, three and fewer than 100 are needed")
        if wrong := [p.shape for p in group["params"] if len(p.shape) != 2]:
            raise ValueError(f"Muon: a parameter {wrong[0]} came, matrices (A, B) are needed")

    def start(self, p, group):
        return {"momentum_buffer": np.zeros_like(p)}

    def update(self, p, g, state, group):
        b, (rows, columns), momentum = state["momentum_buffer"], p.shape, group["momentum"]
        lerp(b, g, 1 - momentum)
        b = momentum * b + (1 - momentum) * g if group["nesterov"] else b
        o = newton_schulz(b, group["ns_coefficients"], group["ns_steps"], group["eps"])
        ratio = (0.2 * math.sqrt(max(rows, columns)) if group["adjust_lr_fn"] == "match_rms_adamw"
                 else math.sqrt(max(1, rows / columns)))
        return group["lr"] * (ratio * o + group["weight_decay"] * p)


def newton_schulz(matrix, coefficients=(3.4445, -4.775, 2.0315), steps=5, eps=1e-7):
    """X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X, `steps` times from X = matrix / max(|matrix|, eps): about U Vᵀ.

    matrix = U S Vᵀ: (A, B), |.| the root of the sum of its squares. Each singular value s of X becomes
    a s + b s³ + c s⁵, and U and V stay. With these a, b, c five steps bring all but small ones to between
    about 0.7 and 1.2, where they keep moving: not to 1. Source: Jordan et al. 2024."""
    a, b, c = coefficients
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix     # the product X Xᵀ is the smaller one
    x = x / max(np.linalg.norm(x), eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x

"""A step size for each parameter, from the squares of its past gradients: Adagrad, RMSprop, Adam, AdamW.

Throughout, t counts the steps of a parameter from 1 and all operations are elementwise."""

import numpy as np

from .optimizer import Optimizer, lerp, regularised


class Adagrad(Optimizer):
    """θ ← θ - lr_t g / (√s + eps),   s ← s + g²,   lr_t = lr / (1 + (t-1) lr_decay).

    s starts at initial_accumulator_value.   g includes weight_decay θ.   maximize: -g in the place of g.
    Raises ValueError for an option below 0.
    Source: Duchi, Hazan & Singer 2011, with diagonal matrices; lr_decay is torch's."""

    def __init__(self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, *,
                 maximize=False):
        super().__init__(params, locals())
        self.state.update({p: self.start(p.data, self.defaults) for p in self._parameters()})

    def start(self, p, group):
        return {"step": 0.0, "sum": np.full(p.shape, self.defaults["initial_accumulator_value"], p.dtype)}

    def update(self, p, g, state, group):
        g, s = regularised(g, p, group), state["sum"]
        s += g * g
        lr = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        return lr * g / (np.sqrt(s) + group["eps"])


class RMSprop(Optimizer):
    """θ ← θ - lr g / (√v + eps),   v ← α v + (1-α) g²,   v = 0 at first;   g includes weight_decay θ.

    momentum: θ ← θ - lr b,   b ← momentum b + g / (√v + eps).   maximize: -g in the place of g.
    centered: √(v - a²) in the place of √v, with a ← α a + (1-α) g, so that v - a² estimates the variance.
    Raises ValueError for an option below 0.
    Source: Hinton, Srivastava & Swersky 2012, lecture 6e; centered: Graves 2013 (there with eps in the root).
    """

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, *,
                 maximize=False):
        super().__init__(params, locals())

    def start(self, p, group):
        names = ["momentum_buffer"] * bool(group["momentum"]) + ["grad_avg"] * bool(group["centered"])
        return {"step": 0.0, **{name: np.zeros_like(p) for name in ["square_avg", *names]}}

    def update(self, p, g, state, group):
        g, v, alpha = regularised(g, p, group), state["square_avg"], group["alpha"]
        v *= alpha
        v += (1 - alpha) * g * g
        if group["centered"]:
            a = state["grad_avg"]
            lerp(a, g, 1 - alpha)
            v = v - a * a
        root = np.sqrt(v) + group["eps"]
        if not group["momentum"]:
            return group["lr"] * g / root
        b = state["momentum_buffer"]
        b *= group["momentum"]
        b += g / root
        return group["lr"] * b


class Adam(Optimizer):
    """θ ← θ - lr m̂ / (√v̂ + eps),   m̂ = m / (1-β₁ᵗ),   v̂ = v / (1-β₂ᵗ),

    m ← β₁ m + (1-β₁) g,   v ← β₂ v + (1-β₂) g²,   m = v = 0 at first;   g includes weight_decay θ.
    amsgrad: the largest v so far in the place of v.   maximize: -g in the place of g.
    decoupled_weight_decay: θ ← θ - lr weight_decay θ besides, and g stays what it is: AdamW.
    Raises ValueError for an option below 0 or betas outside [0, 1).
    Source: Kingma & Ba 2015, algorithm 1; amsgrad: Reddi, Kale & Kumar 2018, algorithm 2, with v̂ as in torch.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *,
                 maximize=False, decoupled_weight_decay=False):
        super().__init__(params, locals())

    def start(self, p, group):
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        return {"step": 0.0, **{name: np.zeros_like(p) for name in names}}

    def update(self, p, g, state, group):
        (beta1, beta2), t, m, v = group["betas"], state["step"], state["exp_avg"], state["exp_avg_sq"]
        decoupled = group["decoupled_weight_decay"]
        g = g if decoupled else regularised(g, p, group)
        u = lerp(m, g, 1 - beta1)                # memory in the cache, for all that is computed on the way
        np.multiply(g, g, out=u)
        u *= 1 - beta2
        v *= beta2
        v += u
        if group["amsgrad"]:
            v = np.maximum(state["max_exp_avg_sq"], v, out=state["max_exp_avg_sq"])
        # lr m̂ / (√v̂ + eps) with the two corrections drawn out (Kingma & Ba 2015, end of §2): one pass less
        root = (1 - beta2 ** t) ** 0.5
        np.sqrt(v, out=u)
        u += group["eps"] * root
        np.divide(m, u, out=u)
        u *= group["lr"] * root / (1 - beta1 ** t)
        return u + group["lr"] * group["weight_decay"] * p if decoupled and group["weight_decay"] else u


class AdamW(Adam):
    """θ ← θ - lr (m̂ / (√v̂ + eps) + weight_decay θ), m̂ and v̂ as in Adam, of g without weight_decay.

    Raises ValueError as Adam.   Source: Loshchilov & Hutter 2019, algorithm 2, with the decay times lr."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *,
                 maximize=False):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize,
                         decoupled_weight_decay=True)

    def check(self, group):
        super().check(group)
        group["decoupled_weight_decay"] = True       # also in what load_state_dict brings

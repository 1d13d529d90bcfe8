"""Steps that use curvature: L-BFGS estimates it from past gradients, Newton's method is given it."""

import numpy as np

from ..autodiff import Tensor, no_grad
from .optimizer import Optimizer


class _AllAtOnce(Optimizer):
    """All parameters as one vector of n numbers, in one group; those without a gradient have gradient 0."""

    scope = "all"

    def __init__(self, params, defaults):
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError(f"{type(self).__name__}: {len(self.param_groups)} groups came, one is needed")

    def _gradient(self):
        return np.concatenate([np.zeros(p.data.size, p.dtype) if p.grad is None else p.grad.data.ravel()
                               for p in self._parameters()])

    def _place(self, x, u):
        """Let the parameters be the arrays x, moved by the vector u."""
        parts = np.split(u, np.cumsum([a.size for a in x])[:-1])
        for p, a, part in zip(self._parameters(), x, parts):
            p.data = np.asarray(a + part.reshape(a.shape), a.dtype)


class Newton(_AllAtOnce):
    """x ← x - lr (H + damping I)⁻¹ g: for lr = 1, to where the gradient of the quadratic approximation is 0.

    x: all parameters in order as one vector (n,).   hessian() -> H: (n, n), the second derivatives of the
    loss at the present x, in an array or Tensor; called in each step, after closure. damping turns the step
    towards -g and shortens it; without it, what is found may as well be a saddle point or a maximum.
    Raises ValueError for lr or damping below 0, several groups, H of another shape, H + damping I singular.
    torch has no Newton. Source: Nocedal & Wright 2006, §3.3; damping: Levenberg 1944."""

    def __init__(self, params, hessian, lr=1, damping=0):
        super().__init__(params, {"lr": lr, "damping": damping})
        self.hessian = hessian

    def step(self, closure=None):
        self._opt_called, group = True, self.param_groups[0]
        loss = None if closure is None else no_grad(recording=True)(closure)()
        g, h = self._gradient(), self.hessian()
        h = np.asarray(h.data if isinstance(h, Tensor) else h)
        if h.shape != (g.size, g.size):
            raise ValueError(f"Newton: hessian() gave {h.shape}, ({g.size}, {g.size}) is needed")
        try:
            direction = np.linalg.solve(h + group["damping"] * np.eye(g.size), g)
        except np.linalg.LinAlgError:
            raise ValueError(f"Newton: the Hessian with damping={group['damping']} is singular, "
                             "more damping is needed") from None
        self._place([p.data for p in self._parameters()], -group["lr"] * direction)
        return loss


class LBFGS(_AllAtOnce):
    """x ← x + t d,   d = -H g: H estimates the inverse Hessian from the last history_size steps.

    step(closure) makes up to max_iter such steps; closure() clears the gradients, computes the loss, calls
    backward() and returns the loss, and is called about max_eval times at most (default 5/4 max_iter).
    t: lr, in the very first step lr min(1, 1/|g|₁); with line_search_fn="strong_wolfe", a search from there.
    It stops early where |g|∞ ≤ tolerance_grad, or |t d|∞ or the change of the loss ≤ tolerance_change.
    Raises ValueError for lr below 0, several groups, history_size below 1, another line_search_fn.
    Source: Nocedal & Wright 2006, algorithms 7.4 (two loops), 3.5 and 3.6 (strong Wolfe), in torch's form."""

    def __init__(self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9,
                 history_size=100, line_search_fn=None):
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        super().__init__(params, locals())

    def check(self, group):
        super().check(group)
        if group["line_search_fn"] not in (None, "strong_wolfe") or group["history_size"] < 1:
            raise ValueError(f"LBFGS: line_search_fn={group['line_search_fn']!r} and history_size="
                             f"{group['history_size']} came, None or 'strong_wolfe' and at least 1 is needed")

    @np.errstate(all="ignore")                       # as in torch, inf and nan come without a word
    def step(self, closure):
        """Up to max_iter iterations. Returns the loss before the first."""
        group, memory, self._opt_called = self.param_groups[0], self.state[self._parameters()[0]], True
        calls, memory["n_iter"] = 0, memory.get("n_iter", 0)

        def evaluate():
            nonlocal calls
            calls += 1
            memory["func_evals"] = memory.get("func_evals", 0) + 1
            loss = no_grad(recording=True)(closure)()
            return loss, float(loss), self._gradient()

        def along(t):                                # f at x + t d, and its gradient
            self._place(x, t * d)
            return evaluate()[1:]

        first, f, g = evaluate()
        if np.abs(g).max() <= group["tolerance_grad"]:
            return first
        for n in range(1, group["max_iter"] + 1):
            memory["n_iter"] += 1
            if memory["n_iter"] == 1:
                memory.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
                d, t = -g, min(1.0, 1.0 / np.abs(g).sum()) * group["lr"]
            else:
                self._remember(memory, g - memory["prev_flat_grad"], memory["d"] * memory["t"])
                d, t = _two_loops(memory, g), group["lr"]
            slope = g @ d
            memory.update(d=d, t=t, prev_flat_grad=g, prev_loss=f)
            if slope > -group["tolerance_change"]:
                break
            x = [p.data for p in self._parameters()]
            if group["line_search_fn"]:
                t, f, g = _strong_wolfe(along, t, f, g, d, group["max_eval"] - calls)
                memory["t"] = t
            self._place(x, t * d)
            if n == group["max_iter"]:
                break
            if not group["line_search_fn"]:
                _, f, g = evaluate()
            if (calls >= group["max_eval"] or np.abs(g).max() <= group["tolerance_grad"]
                    or np.abs(d * t).max() <= group["tolerance_change"]
                    or abs(f - memory["prev_loss"]) < group["tolerance_change"]):
                break
        return first

    def _remember(self, memory, y, s):
        """Keep the step s and the change y of the gradient along it, unless y·s is tiny or negative."""
        if (ys := y @ s) > 1e-10:
            for name, value in (("old_dirs", y), ("old_stps", s), ("ro", 1.0 / ys)):
                memory[name] = [*memory[name], value][-self.param_groups[0]["history_size"]:]
            memory["H_diag"] = ys / (y @ y)


def _two_loops(memory, g):
    """-H g without the matrix H: Nocedal & Wright 2006, algorithm 7.4, from H_0 = H_diag I."""
    pairs, alphas, d = list(zip(memory["old_dirs"], memory["old_stps"], memory["ro"])), [], -g
    for y, s, rho in reversed(pairs):
        alphas.append((s @ d) * rho)
        d = d - alphas[-1] * y
    d = d * memory["H_diag"]
    for (y, s, rho), alpha in zip(pairs, reversed(alphas)):
        d = d + (alpha - (y @ d) * rho) * s
    return d


def _strong_wolfe(along, t, f0, g0, d, tries, c1=1e-4, c2=0.9, narrow=1e-9):
    """t with f(t) ≤ f(0) + c₁ t f'(0) and |f'(t)| ≤ c₂ |f'(0)|, with f and its gradient there.

    along(t) -> f, gradient; f' is the gradient's product with d. After `tries` more values of t, or once they
    are narrow, the best so far has to do. A point: (t, f, gradient, f').
    Source: Nocedal & Wright 2006, algorithms 3.5 (widen, to bracket such a t) and 3.6 (narrow, to find it).
    """
    slope0 = g0 @ d

    def at(t):
        f, g = along(t)
        return t, f, g, g @ d

    origin, done, k = (0, f0, g0, slope0), False, 0
    last, new = origin, at(t)
    while k < tries:
        t, f, _, slope = new
        high = f > f0 + c1 * t * slope0 or (k > 1 and f >= last[1])
        done = not high and abs(slope) <= -c2 * slope0
        if high or done or slope >= 0:
            bracket = [new] if done else [last, new]
            break
        last, new, k = new, at(_cubic(last, new, t + 0.01 * (t - last[0]), t * 10)), k + 1
    else:
        bracket = [origin, new]

    low, stuck = 0 if bracket[0][1] <= bracket[-1][1] else 1, False
    while not done and k < tries:
        left, right = (f(bracket[0][0], bracket[1][0]) for f in (min, max))
        if (right - left) * np.abs(d).max() < narrow:
            break
        t, margin = _cubic(*bracket, left, right), 0.1 * (right - left)
        near = min(right - t, t - left) < margin
        if near and (stuck or t >= right or t <= left):              # twice at an end: away from it
            t, near = right - margin if abs(t - right) < abs(t - left) else left + margin, False
        stuck, new, k = near, at(t), k + 1
        if new[1] > f0 + c1 * t * slope0 or new[1] >= bracket[low][1]:
            bracket[1 - low] = new
            low = 0 if bracket[0][1] <= bracket[1][1] else 1
        else:
            done = abs(new[3]) <= -c2 * slope0
            if not done and new[3] * (bracket[1 - low][0] - bracket[low][0]) >= 0:
                bracket[1 - low] = bracket[low]
            bracket[low] = new
    return bracket[low][:3]


def _cubic(one, two, lowest, highest):
    """Where the cubic through two points with their slopes is least, within bounds: their eq. 3.59."""
    (x1, f1, _, g1), (x2, f2, _, g2) = (one, two) if one[0] <= two[0] else (two, one)
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    if not (square := d1 ** 2 - g1 * g2) >= 0:
        return (lowest + highest) / 2
    d2 = np.sqrt(square)
    return min(max(x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2)), lowest), highest)

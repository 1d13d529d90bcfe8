"""Learning rates that change: names, defaults and results as in torch.optim.lr_scheduler.

η_t is a group's lr after t calls of scheduler.step(), each after one of optimizer.step(); η_0 begins as lr.
As in torch, most schedulers multiply the lr that they find. So several can act together, and an lr set by
hand stays as a factor; each by itself gives the closed form at the head of its docstring.
Unlike torch: no step(epoch) where it is deprecated there; state_dict() is a copy, and has no lr_lambda.
"""

import copy
import math
import warnings
from bisect import bisect_right
from collections import Counter

from ..names import missing
from .optimizer import Optimizer

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "ExponentialLR", "LRScheduler", "LambdaLR",
           "LinearLR", "MultiStepLR", "OneCycleLR", "ReduceLROnPlateau", "SequentialLR", "StepLR"]


class LRScheduler:
    """Sets lr in the groups of an optimizer. A subclass gives get_lr.

    last_epoch: t; -1 as training begins, else the groups need an initial_lr, or a KeyError says so.
    """

    _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        self._hold(optimizer)
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(f"{type(self).__name__}: last_epoch={last_epoch}, group {k} has no initial_lr")
        self.last_epoch, self.base_lrs = last_epoch, [group["initial_lr"] for group in optimizer.param_groups]
        self._initial_step()

    def _hold(self, optimizer):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__}: {type(optimizer).__name__} came, not an Optimizer")
        self.optimizer = optimizer

    def _initial_step(self):
        self._step_count, self._is_initial = 0, True
        self.step()
        self._is_initial = False

    def step(self):
        """t ← t + 1, and lr ← η_t."""
        if self._step_count == 1 and not getattr(self.optimizer, "_opt_called", False):
            warnings.warn("Detected call of `lr_scheduler.step()` before `optimizer.step()`: η_0 is not used",
                          UserWarning, stacklevel=2)
        self._step_count += 1
        self.last_epoch += 1
        self._set(self.get_lr())

    def get_lr(self):
        """The lr of each group at t = last_epoch, most often from the lr at t-1."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr")

    def get_last_lr(self):
        """The lr of each group, as this scheduler set it last."""
        return self._last_lr

    def _set(self, lrs):
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = list(lrs)

    def _times(self, factor):
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def state_dict(self):
        """What load_state_dict needs, as a copy."""
        return copy.deepcopy({k: v for k, v in vars(self).items() if k not in _HELD})

    def load_state_dict(self, state_dict):
        """Continue from what state_dict() returned, torch's or ours."""
        vars(self).update(copy.deepcopy({k: v for k, v in state_dict.items() if k not in _HELD}))


_HELD = ("optimizer", "lr_lambdas", "_schedulers")


def _need(fulfilled, words):
    if not fulfilled:
        raise ValueError(words)


def _for_each_group(optimizer, name, value):
    """A list of one value for each group: value, or value for each."""
    values = list(value) if isinstance(value, (list, tuple)) else [value] * len(optimizer.param_groups)
    _need(len(values) == len(optimizer.param_groups),
          f"{name}: {len(values)} values came for {len(optimizer.param_groups)} groups")
    return values


class LambdaLR(LRScheduler):
    """η_t = η_0 lr_lambda(t). lr_lambda: a function, or a list of one for each group."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self._hold(optimizer)
        self.lr_lambdas = _for_each_group(optimizer, "LambdaLR: lr_lambda", lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs)]


class StepLR(LRScheduler):
    """η_t = η_0 γ^⌊t / step_size⌋."""

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return self._times(self.gamma if self.last_epoch and self.last_epoch % self.step_size == 0 else 1)


class MultiStepLR(LRScheduler):
    """η_t = η_0 γⁿ, n of the milestones being ≤ t."""

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return self._times(self.gamma ** self.milestones[self.last_epoch])


class LinearLR(LRScheduler):
    """η_t = η_0 (start_factor + (end_factor - start_factor) min(t / total_iters, 1)).

    Raises ValueError for start_factor outside (0, 1] or end_factor outside [0, 1].
    """

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        _need(0 < start_factor <= 1 and 0 <= end_factor <= 1, f"LinearLR: start_factor={start_factor} and "
              f"end_factor={end_factor} came, numbers in (0, 1] and [0, 1] are needed")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        t, rise = self.last_epoch, self.end_factor - self.start_factor
        if t == 0:
            return self._times(self.start_factor)
        if self._is_initial or t > self.total_iters:
            return self._times(1)
        return self._times(1 + rise / (self.total_iters * self.start_factor + (t - 1) * rise))


class ExponentialLR(LRScheduler):
    """η_t = η_0 γᵗ."""

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return self._times(1 if self._is_initial else self.gamma)


class CosineAnnealingLR(LRScheduler):
    """η_t = η_min + ½ (η_0 - η_min) (1 + cos(π t / T_max)); beyond T_max it rises again.

    Source: Loshchilov & Hutter 2017, eq. 5, without restarts.
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        t, lrs = self.last_epoch, self._times(1)
        if self._is_initial:
            return lrs
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:         # from η_min, which no factor leads away from
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [lr + (base - self.eta_min) * rise for lr, base in zip(lrs, self.base_lrs)]
        ratio = (1 + math.cos(math.pi * t / self.T_max)) / (1 + math.cos(math.pi * (t - 1) / self.T_max))
        return [ratio * (lr - self.eta_min) + self.eta_min for lr in lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """η_t = η_min + ½ (η_0 - η_min) (1 + cos(π T_cur / T_i)), T_cur the steps since the last restart.

    The first restart comes after T_i = T_0 steps, each further one after T_mult times as many.
    Raises ValueError unless T_0 and T_mult are positive integers. Source: Loshchilov & Hutter 2017, eq. 5.
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        _need(all(isinstance(n, int) and n > 0 for n in (T_0, T_mult)), "CosineAnnealingWarmRestarts: "
              f"T_0={T_0} and T_mult={T_mult} came, positive integers are needed")
        self.T_0, self.T_i, self.T_mult, self.eta_min, self.T_cur = T_0, T_0, T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        cosine = math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * (1 + cosine) / 2 for base in self.base_lrs]

    def step(self, epoch=None):
        """t ← t + 1; or t ← epoch, which may be a fraction, such as epoch + batch / batches."""
        _need(epoch is None or epoch >= 0, f"CosineAnnealingWarmRestarts: epoch={epoch} came, below 0")
        if epoch is None and self.last_epoch >= 0:
            epoch, self.T_cur = self.last_epoch + 1, self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        else:
            epoch, m = epoch or 0, self.T_mult
            n = int(math.log(epoch / self.T_0 * (m - 1) + 1, m)) if m > 1 and epoch >= self.T_0 else 0
            self.T_i = self.T_0 * m ** n
            self.T_cur = epoch % self.T_0 if m == 1 else epoch - self.T_0 * (m ** n - 1) / (m - 1)
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())


class OneCycleLR(LRScheduler):
    """From max_lr / div_factor up to max_lr, then down to the first / final_div_factor, in total_steps steps.

    Up: pct_start of them; with three_phase as many down to the first, the rest from there. anneal_strategy:
    "cos" or "linear". cycle_momentum: momentum, or Adam's β₁, falls from max_momentum to base_momentum.
    max_lr, base_momentum, max_momentum: a number, or a list of one for each group.
    total_steps may be given as epochs times steps_per_epoch.
    Raises ValueError for values out of range, an optimizer without momentum, a step after total_steps.
    Source: Smith & Topin 2018, in torch's form.
    """

    def __init__(self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
                 anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95,
                 div_factor=25.0, final_div_factor=1e4, three_phase=False, last_epoch=-1):
        self._hold(optimizer)
        n = epochs * steps_per_epoch if total_steps is None and epochs and steps_per_epoch else total_steps
        _need(isinstance(n, int) and n > 0, f"OneCycleLR: total_steps={total_steps}, epochs={epochs} and "
              f"steps_per_epoch={steps_per_epoch} came, the first or the others are needed, above 0")
        _need(0 <= pct_start <= 1, f"OneCycleLR: pct_start={pct_start} came, a number in [0, 1] is needed")
        _need(anneal_strategy in ("cos", "linear"), f"OneCycleLR: anneal_strategy={anneal_strategy!r} came, "
              "'cos' or 'linear' is needed")
        _need(not cycle_momentum or {"momentum", "betas"} & optimizer.defaults.keys(),
              f"OneCycleLR: {type(optimizer).__name__} has no momentum, cycle_momentum=False is needed")
        self.total_steps, self.cycle_momentum, self._anneal_func_type = n, cycle_momentum, anneal_strategy
        self.use_beta1 = "betas" in optimizer.defaults
        phases = [(pct_start * n - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
                  (2 * pct_start * n - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
                  (n - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
        if not three_phase:
            phases[1:] = [(n - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        names = "end_step", "start_lr", "end_lr", "start_momentum", "end_momentum"
        self._schedule_phases = [dict(zip(names, phase)) for phase in phases]
        values = [_for_each_group(optimizer, f"OneCycleLR: {name}", value) for name, value in
                  (("max_lr", max_lr), ("max_momentum", max_momentum), ("base_momentum", base_momentum))]
        for group, lr, high, low in zip(optimizer.param_groups, *values) if last_epoch == -1 else ():
            first = lr / div_factor
            group.update(initial_lr=first, max_lr=lr, min_lr=first / final_div_factor,
                         **({"max_momentum": high, "base_momentum": low} if cycle_momentum else {}))
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        t, begin = self.last_epoch, 0.0
        _need(t <= self.total_steps, f"OneCycleLR: step {t} came, total_steps={self.total_steps}")
        for phase in self._schedule_phases:
            if t <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            begin = phase["end_step"]
        share = (t - begin) / (phase["end_step"] - begin)

        def between(group, what):
            start, end = group[phase[f"start_{what}"]], group[phase[f"end_{what}"]]
            if self._anneal_func_type == "linear":
                return (end - start) * share + start
            return end + (start - end) * (1 + math.cos(math.pi * share)) / 2

        for group in self.optimizer.param_groups if self.cycle_momentum else ():
            m = between(group, "momentum")
            group.update({"betas": (m, *group["betas"][1:])} if self.use_beta1 else {"momentum": m})
        return [between(group, "lr") for group in self.optimizer.param_groups]


class SequentialLR(LRScheduler):
    """schedulers[k] from t = milestones[k-1] on, where it begins anew, from the initial lr.

    Raises ValueError unless there is one milestone less than schedulers, all of this optimizer and none a
    ReduceLROnPlateau.
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        self._hold(optimizer)
        _need(schedulers and len(milestones) == len(schedulers) - 1, f"SequentialLR: {len(milestones)} "
              f"milestones came for {len(schedulers)} schedulers, one less than those is needed")
        _need(all(s.optimizer is optimizer for s in schedulers),
              "SequentialLR: a scheduler of another optimizer came, this one's are needed")
        _need(not any(isinstance(s, ReduceLROnPlateau) for s in schedulers),
              "SequentialLR: ReduceLROnPlateau came, whose step needs metrics")
        self._schedulers, self._milestones, self.last_epoch = schedulers, milestones, last_epoch + 1
        self._set([group["initial_lr"] for group in optimizer.param_groups])
        self._undo()                                 # each has made the first step when it was made
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _undo(self):
        for s in self._schedulers:
            if isinstance(s, SequentialLR):
                s._undo()
            else:
                s.last_epoch -= 1

    def step(self):
        self.last_epoch += 1
        k = bisect_right(self._milestones, self.last_epoch)
        s = self._schedulers[k]
        if k > 0 and self._milestones[k - 1] == self.last_epoch:
            s._set(s.base_lrs)
            s.last_epoch, s._is_initial = 0, True
            s._set(s.get_lr())
            s._is_initial = False
        else:
            s.step()
        self._last_lr = s.get_last_lr()

    def state_dict(self):
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        for s, saved in zip(self._schedulers, state_dict["_schedulers"]):
            s.load_state_dict(saved)


class ReduceLROnPlateau(LRScheduler):
    """η ← max(factor η, min_lr) after more than patience steps in a row that were no better than the best.

    step(metrics): better is less, or more in mode "max", by threshold, times the best ("rel") or not ("abs").
    The cooldown steps after a change do not count. A change of eps or less is not made.
    Raises ValueError for a factor of 1 or more, another mode or threshold_mode.
    """

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel",
                 cooldown=0, min_lr=0, eps=1e-8):
        self._hold(optimizer)
        _need(factor < 1 and mode in ("min", "max") and threshold_mode in ("rel", "abs"),
              f"ReduceLROnPlateau: factor={factor}, mode={mode!r}, threshold_mode={threshold_mode!r} came, "
              "below 1, 'min' or 'max', and 'rel' or 'abs' are needed")
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = _for_each_group(optimizer, "ReduceLROnPlateau: min_lr", min_lr)
        self.best = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = self._times(1)

    def step(self, metrics):
        """Take note of metrics, a number, and reduce the lr if it is time."""
        metrics, sign = float(metrics), 1 if self.mode == "min" else -1
        bound = (self.best * (1 - sign * self.threshold) if self.threshold_mode == "rel"
                 else self.best - sign * self.threshold)
        better = sign * metrics < sign * bound
        self.last_epoch, self.num_bad_epochs = self.last_epoch + 1, 0 if better else self.num_bad_epochs + 1
        self.best = metrics if better else self.best
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        lrs = self._times(1)
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            reduced = [max(lr * self.factor, least) for lr, least in zip(lrs, self.min_lrs, strict=True)]
            lrs = [new if lr - new > self.eps else lr for lr, new in zip(lrs, reduced)]
        self._set(lrs)


__getattr__ = missing("gradbook.optim.lr_scheduler", __all__, {
    "ChainedScheduler": "call step() of several schedulers, one after another", "ConstantLR": "LambdaLR",
    "CyclicLR": "OneCycleLR goes up and down once, CosineAnnealingWarmRestarts starts again and again",
    "MultiplicativeLR": "LambdaLR, with the product of the factors", "PolynomialLR": "LambdaLR or LinearLR",
})

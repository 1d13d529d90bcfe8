"""Rates in stretches: warm restarts, one cycle, until training halts, several schedules one after another."""

import math
from bisect import bisect_right

from .scheduler import LRScheduler, for_each_group, need


class CosineAnnealingWarmRestarts(LRScheduler):
    """η_t = η_min + ½ (η_0 - η_min) (1 + cos(π T_cur / T_i)), T_cur the steps since the last restart.

    The first restart comes after T_i = T_0 steps, each further one after T_mult times as many.
    Raises ValueError unless T_0 and T_mult are positive integers. Unlike torch: no step(epoch);
    and last_epoch takes the restarts before it into account.
    Source: Loshchilov & Hutter 2017, eq. 5."""

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        need(all(isinstance(n, int) and n > 0 for n in (T_0, T_mult)), "CosineAnnealingWarmRestarts: "
             f"T_0={T_0} and T_mult={T_mult} came, positive integers are needed")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        self.T_cur, self.T_i = self.last_epoch, self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur, self.T_i = self.T_cur - self.T_i, self.T_i * self.T_mult
        cosine = math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * (1 + cosine) / 2 for base in self.base_lrs]


class OneCycleLR(LRScheduler):
    """From max_lr / div_factor up to max_lr, then down to the first / final_div_factor, in total_steps steps.

    Up: pct_start of them.   anneal_strategy: "cos" or "linear".   cycle_momentum: momentum, or Adam's β₁,
    falls from max_momentum to base_momentum, then rises again.   max_lr, base_momentum, max_momentum: a
    number, or a list of one for each group.   total_steps may be given as epochs times steps_per_epoch.
    Raises ValueError for values out of range, an optimizer without momentum, a step after total_steps.
    Source: Smith & Topin 2018, in torch's form. Unlike torch: no three_phase."""

    def __init__(self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
                 anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95,
                 div_factor=25.0, final_div_factor=1e4, *, last_epoch=-1):
        self._hold(optimizer)
        n = epochs * steps_per_epoch if total_steps is None and epochs and steps_per_epoch else total_steps
        need(isinstance(n, int) and n > 0, f"OneCycleLR: total_steps={total_steps}, epochs={epochs} and "
             f"steps_per_epoch={steps_per_epoch} came, the first or the others are needed, above 0")
        need(0 <= pct_start <= 1, f"OneCycleLR: pct_start={pct_start} came, a number in [0, 1] is needed")
        need(anneal_strategy in ("cos", "linear"), f"OneCycleLR: anneal_strategy={anneal_strategy!r} came, "
             "'cos' or 'linear' is needed")
        need(not cycle_momentum or {"momentum", "betas"} & optimizer.defaults.keys(),
             f"OneCycleLR: {type(optimizer).__name__} has no momentum, cycle_momentum=False is needed")
        self.total_steps, self.cycle_momentum, self._anneal_func_type = n, cycle_momentum, anneal_strategy
        self.use_beta1, self.highest = "betas" in optimizer.defaults, pct_start * n - 1
        values = [for_each_group(optimizer, f"OneCycleLR: {name}", value) for name, value in
                  (("max_lr", max_lr), ("max_momentum", max_momentum), ("base_momentum", base_momentum))]
        for group, lr, high, low in zip(optimizer.param_groups, *values) if last_epoch == -1 else ():
            first = lr / div_factor
            group.update(initial_lr=first, max_lr=lr, min_lr=first / final_div_factor,
                         **({"max_momentum": high, "base_momentum": low} if cycle_momentum else {}))
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        t, up = self.last_epoch, self.highest
        need(t <= self.total_steps, f"OneCycleLR: step {t} came, total_steps={self.total_steps}")
        share = t / up if t <= up else (t - up) / (self.total_steps - 1 - up)

        def between(group, start, end):
            start, end = group[start], group[end]
            if self._anneal_func_type == "linear":
                return (end - start) * share + start
            return end + (start - end) * (1 + math.cos(math.pi * share)) / 2

        for group in self.optimizer.param_groups if self.cycle_momentum else ():
            ends = ("max_momentum", "base_momentum") if t <= up else ("base_momentum", "max_momentum")
            m = between(group, *ends)
            group.update({"betas": (m, *group["betas"][1:])} if self.use_beta1 else {"momentum": m})
        ends = ("initial_lr", "max_lr") if t <= up else ("max_lr", "min_lr")
        return [between(group, *ends) for group in self.optimizer.param_groups]


class ReduceLROnPlateau(LRScheduler):
    """η ← max(factor η, min_lr) after more than patience steps in a row that were no better than the best.

    step(metrics): better is less, or more in mode "max", by threshold, times the best ("rel") or not ("abs").
    The cooldown steps after a change do not count. A change of eps or less is not made.
    Raises ValueError for a factor of 1 or more, another mode or threshold_mode."""

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel",
                 cooldown=0, min_lr=0, eps=1e-8):
        self._hold(optimizer)
        need(factor < 1 and mode in ("min", "max") and threshold_mode in ("rel", "abs"),
             f"ReduceLROnPlateau: factor={factor}, mode={mode!r}, threshold_mode={threshold_mode!r} came, "
             "below 1, 'min' or 'max', and 'rel' or 'abs' are needed")
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = for_each_group(optimizer, "ReduceLROnPlateau: min_lr", min_lr)
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


class SequentialLR(LRScheduler):
    """schedulers[k] from t = milestones[k-1] on, where it begins anew, from the initial lr.

    Raises ValueError unless there is one milestone less than schedulers, all of this optimizer and none a
    ReduceLROnPlateau."""

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        self._hold(optimizer)
        need(schedulers and len(milestones) == len(schedulers) - 1, f"SequentialLR: {len(milestones)} "
             f"milestones came for {len(schedulers)} schedulers, one less than those is needed")
        need(all(s.optimizer is optimizer for s in schedulers),
             "SequentialLR: a scheduler of another optimizer came, this one's are needed")
        need(not any(isinstance(s, ReduceLROnPlateau) for s in schedulers),
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

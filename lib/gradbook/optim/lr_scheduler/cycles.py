"""Rates that go up and down: warm restarts, and one cycle."""

import math

from .scheduler import LRScheduler, for_each_group, need


class CosineAnnealingWarmRestarts(LRScheduler):
    """η_t = η_min + ½ (η_0 - η_min) (1 + cos(π T_cur / T_i)), T_cur the steps since the last restart.

    The first restart comes after T_i = T_0 steps, each further one after T_mult times as many.
    Raises ValueError unless T_0 and T_mult are positive integers. Source: Loshchilov & Hutter 2017, eq. 5.
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        need(all(isinstance(n, int) and n > 0 for n in (T_0, T_mult)), "CosineAnnealingWarmRestarts: "
             f"T_0={T_0} and T_mult={T_mult} came, positive integers are needed")
        self.T_0, self.T_i, self.T_mult, self.eta_min, self.T_cur = T_0, T_0, T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        cosine = math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * (1 + cosine) / 2 for base in self.base_lrs]

    def step(self, epoch=None):
        """t ← t + 1; or t ← epoch, which may be a fraction, such as epoch + batch / batches."""
        need(epoch is None or epoch >= 0, f"CosineAnnealingWarmRestarts: epoch={epoch} came, below 0")
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
        need(isinstance(n, int) and n > 0, f"OneCycleLR: total_steps={total_steps}, epochs={epochs} and "
             f"steps_per_epoch={steps_per_epoch} came, the first or the others are needed, above 0")
        need(0 <= pct_start <= 1, f"OneCycleLR: pct_start={pct_start} came, a number in [0, 1] is needed")
        need(anneal_strategy in ("cos", "linear"), f"OneCycleLR: anneal_strategy={anneal_strategy!r} came, "
             "'cos' or 'linear' is needed")
        need(not cycle_momentum or {"momentum", "betas"} & optimizer.defaults.keys(),
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
        values = [for_each_group(optimizer, f"OneCycleLR: {name}", value) for name, value in
                  (("max_lr", max_lr), ("max_momentum", max_momentum), ("base_momentum", base_momentum))]
        for group, lr, high, low in zip(optimizer.param_groups, *values) if last_epoch == -1 else ():
            first = lr / div_factor
            group.update(initial_lr=first, max_lr=lr, min_lr=first / final_div_factor,
                         **({"max_momentum": high, "base_momentum": low} if cycle_momentum else {}))
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        t, begin = self.last_epoch, 0.0
        need(t <= self.total_steps, f"OneCycleLR: step {t} came, total_steps={self.total_steps}")
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

"""Rates multiplied by a factor at each step, or at some."""

import math
from collections import Counter

from .scheduler import LRScheduler, for_each_group, need


class LambdaLR(LRScheduler):
    """η_t = η_0 lr_lambda(t). lr_lambda: a function, or a list of one for each group."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self._hold(optimizer)
        self.lr_lambdas = for_each_group(optimizer, "LambdaLR: lr_lambda", lr_lambda)
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

    Raises ValueError for start_factor outside (0, 1] or end_factor outside [0, 1]."""

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        need(0 < start_factor <= 1 and 0 <= end_factor <= 1, f"LinearLR: start_factor={start_factor} and "
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

    Source: Loshchilov & Hutter 2017, eq. 5, without restarts."""

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

"""A rate that is reduced when training comes to a halt."""

import math

from .scheduler import LRScheduler, for_each_group, need


class ReduceLROnPlateau(LRScheduler):
    """η ← max(factor η, min_lr) after more than patience steps in a row that were no better than the best.

    step(metrics): better is less, or more in mode "max", by threshold, times the best ("rel") or not ("abs").
    The cooldown steps after a change do not count. A change of eps or less is not made.
    Raises ValueError for a factor of 1 or more, another mode or threshold_mode.
    """

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

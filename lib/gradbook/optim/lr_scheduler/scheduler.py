"""What schedulers share: t, the rates at its beginning, and saving both."""

import copy
import warnings

from ..optimizer import Optimizer


class LRScheduler:
    """Sets lr in the groups of an optimizer. A subclass gives get_lr.

    last_epoch: t; -1 as training begins, else the groups need an initial_lr, or a KeyError says so."""

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


_HELD = ("optimizer", "lr_lambdas", "_schedulers")      # attributes that are not the schedule's own


def need(fulfilled, words):
    """Raise ValueError(words) unless fulfilled."""
    if not fulfilled:
        raise ValueError(words)


def for_each_group(optimizer, name, value):
    """A list of one value for each group: value, or value for each."""
    values = list(value) if isinstance(value, (list, tuple)) else [value] * len(optimizer.param_groups)
    need(len(values) == len(optimizer.param_groups),
         f"{name}: {len(values)} values came for {len(optimizer.param_groups)} groups")
    return values

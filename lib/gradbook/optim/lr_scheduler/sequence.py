"""Several schedules, one after another."""

from bisect import bisect_right

from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler, need


class SequentialLR(LRScheduler):
    """schedulers[k] from t = milestones[k-1] on, where it begins anew, from the initial lr.

    Raises ValueError unless there is one milestone less than schedulers, all of this optimizer and none a
    ReduceLROnPlateau.
    """

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

"""Schedules of learning rates: in lockstep with torch, alone, combined, resumed; their closed forms."""

import copy
import itertools
import math

import gradbook
import numpy as np
import pytest
from gradbook.optim import lr_scheduler

STEPS = 150


def halves(t):
    return 0.5 ** (t // 20)


def inverse(t):
    return 1 / (1 + 0.1 * t)


SCHEDULES = {
    "StepLR": [{"step_size": 7}, {"step_size": 1, "gamma": 0.97}, {"step_size": 30, "gamma": 1.1}],
    "MultiStepLR": [{"milestones": [5, 20, 20, 70]}, {"milestones": [0, 3], "gamma": 0.5},
                    {"milestones": []}],
    "LinearLR": [{}, {"start_factor": 0.01, "total_iters": 40}, {"total_iters": 1},
                 {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 150},
                 {"start_factor": 0.5, "end_factor": 0.02, "total_iters": 90}],
    "ExponentialLR": [{"gamma": 0.9}, {"gamma": 1.01}],
    "CosineAnnealingLR": [{"T_max": 150}, {"T_max": 20, "eta_min": 0.003}, {"T_max": 1}, {"T_max": 33}],
    "CosineAnnealingWarmRestarts": [{"T_0": 10}, {"T_0": 5, "T_mult": 2, "eta_min": 0.001},
                                    {"T_0": 1, "T_mult": 3}],
    "LambdaLR": [{"lr_lambda": inverse}, {"lr_lambda": [halves, inverse]}],
    "OneCycleLR": [{"max_lr": 0.5, "total_steps": 160},
                   {"max_lr": [0.5, 2.0], "epochs": 10, "steps_per_epoch": 16},
                   {"max_lr": 1.0, "total_steps": 200, "anneal_strategy": "linear", "pct_start": 0.1},
                   {"max_lr": 0.1, "total_steps": 160, "pct_start": 0.6, "final_div_factor": 1e8},
                   {"max_lr": 0.1, "total_steps": 160, "anneal_strategy": "linear",
                    "base_momentum": [0.7, 0.8], "max_momentum": 0.9, "div_factor": 3.0},
                   {"max_lr": 0.2, "total_steps": 160, "cycle_momentum": False, "pct_start": 1.0},
                   {"max_lr": 0.2, "total_steps": 160, "pct_start": 0.0}],
}
ROWS = [pytest.param(name, options, id=f"{name} {k}")        # a function's text would hold its address
        for name, rows in SCHEDULES.items() for k, options in enumerate(rows)]


def optimizer_of(T, name="SGD"):
    p, q = (T.tensor([1.0], requires_grad=True) for _ in range(2))
    return getattr(T.optim, name)([{"params": [p], "lr": 0.3}, {"params": [q]}], lr=0.01)


def rates(T, make, steps=STEPS, each=None, name="SGD"):
    """Every group's lr and momentum, and get_last_lr(), before each of the steps.

    make(S, optimizer): a list of schedulers.   each(t, optimizer, schedulers): may return others.
    """
    optimizer, history = optimizer_of(T, name), []
    schedulers = make(T.optim.lr_scheduler, optimizer)
    for t in range(steps):
        optimizer, schedulers = (each and each(t, optimizer, schedulers)) or (optimizer, schedulers)
        optimizer.step()
        momentum = [g["betas"][0] if "betas" in g else g["momentum"] for g in optimizer.param_groups]
        history.append([*(g["lr"] for g in optimizer.param_groups), *momentum, *schedulers[-1].get_last_lr()])
        for scheduler in schedulers:
            scheduler.step()
    return np.array(history)


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)


def both(*args, **options):
    torch = pytest.importorskip("torch")
    ours, theirs = (rates(T, *args, **options) for T in (gradbook, torch))
    agree(ours, theirs)
    return ours


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options"), ROWS)
def test_each_is_in_lockstep_with_torch(name, options, optimizer):
    both(lambda S, o: [getattr(S, name)(o, **options)], name=optimizer)


@pytest.mark.parametrize(("name", "options"), ROWS)
def test_a_rate_set_by_hand_goes_on_as_in_torch(name, options):
    def by_hand(t, optimizer, schedulers):
        if t in (3, 40, 41):
            optimizer.param_groups[t % 2]["lr"] = 0.7 + t

    both(lambda S, o: [getattr(S, name)(o, **options)], each=by_hand)


FIRST = {name: rows[1 if len(rows) > 1 else 0] for name, rows in SCHEDULES.items()}


@pytest.mark.parametrize("names", list(itertools.combinations(FIRST, 2)), ids=" ".join)
def test_two_together_are_in_lockstep_with_torch(names):
    both(lambda S, o: [getattr(S, name)(o, **FIRST[name]) for name in names])


@pytest.mark.parametrize("names", list(itertools.permutations(FIRST, 2)), ids=" ".join)
def test_two_in_sequence_are_in_lockstep_with_torch(names):
    both(lambda S, o: [S.SequentialLR(o, [getattr(S, name)(o, **FIRST[name]) for name in names], [37])])


@pytest.mark.parametrize("milestones", [[10, 50], [0, 50], [10, 10], [1, 2], [10, 500]], ids=str)
def test_warm_up_then_cosine_then_steps(milestones):
    def make(S, o):
        parts = [S.LinearLR(o, 0.01, total_iters=10), S.CosineAnnealingLR(o, 40, 1e-4), S.StepLR(o, 9, 0.5)]
        return [S.SequentialLR(o, parts, milestones)]

    both(make)


def test_a_sequence_within_a_sequence():
    def make(S, o):
        inner = S.SequentialLR(o, [S.LinearLR(o, total_iters=4), S.StepLR(o, 3)], [40])
        return [S.SequentialLR(o, [inner, S.ExponentialLR(o, 0.9)], [90])]

    with pytest.warns(UserWarning, match=r"lr_scheduler.step\(\)` before `optimizer.step"):
        both(make)                                # as in torch, the inner one is stepped once more at first


@pytest.mark.parametrize(("name", "options"), ROWS)
def test_a_schedule_continues_from_a_saved_state_as_if_it_had_not_stopped(name, options):
    def make(S, o):
        return [getattr(S, name)(o, **options)]

    def reload(t, optimizer, schedulers):
        if t == 31:
            other = optimizer_of(gradbook)
            (scheduler,) = make(lr_scheduler, other)
            scheduler.load_state_dict(copy.deepcopy(schedulers[0].state_dict()))
            other.load_state_dict(optimizer.state_dict())
            return other, [scheduler]

    np.testing.assert_array_equal(rates(gradbook, make, each=reload), rates(gradbook, make))


def sequence(S, o):
    return [S.SequentialLR(o, [S.LinearLR(o), S.CosineAnnealingWarmRestarts(o, 7, 2), S.MultiStepLR(o, [9])],
                           [5, 90])]


@pytest.mark.parametrize("to_torch", [False, True], ids=["torch's into ours", "ours into torch's"])
@pytest.mark.parametrize("name", [*(set(FIRST) - {"LambdaLR"}), "sequence"])
def test_a_state_dict_goes_from_one_library_to_the_other(name, to_torch):
    torch = pytest.importorskip("torch")
    source, target = (gradbook, torch) if to_torch else (torch, gradbook)

    def make(S, o):
        return sequence(S, o) if name == "sequence" else [getattr(S, name)(o, **FIRST[name])]

    saved = []

    def save(t, optimizer, schedulers):
        if t == 31:
            saved.extend(copy.deepcopy((schedulers[0].state_dict(), optimizer.state_dict()["param_groups"])))

    def take_over(t, optimizer, schedulers):
        if t == 31:
            other = optimizer_of(target)
            (scheduler,) = make(target.optim.lr_scheduler, other)
            scheduler.load_state_dict(saved[0])
            other.load_state_dict({"state": {}, "param_groups": saved[1]})
            other.step()
            return other, [scheduler]

    theirs = rates(source, make, each=save)
    agree(rates(target, make, each=take_over), theirs)


def test_warm_restarts_resume_where_they_were():
    """torch, unlike with T_mult = 1, does not count the restarts before last_epoch."""
    def resume(t, optimizer, schedulers):
        if t == 31:
            return optimizer, [type(schedulers[0])(optimizer, 5, 2, last_epoch=t - 1)]

    whole, resumed = (rates(gradbook, lambda S, o: [S.CosineAnnealingWarmRestarts(o, 5, 2)], each=each)
                      for each in (None, resume))
    agree(resumed, whole)


@pytest.mark.parametrize(("name", "options"), [row for row in ROWS if row.values[1].get("T_mult", 1) == 1])
def test_last_epoch_resumes_as_in_torch(name, options):
    def resume(t, optimizer, schedulers):
        if t == 31:
            S = gradbook.optim.lr_scheduler if isinstance(optimizer, gradbook.optim.Optimizer) else torch_s
            optimizer.step()
            return optimizer, [getattr(S, name)(optimizer, **options, last_epoch=t)]

    torch_s = pytest.importorskip("torch").optim.lr_scheduler
    both(lambda S, o: [getattr(S, name)(o, **options)], each=resume)


# --- closed forms, and what the lockstep has to reject ---------------------------------------------------


def cosine(base, t, T, low):
    return low + (base - low) * (1 + math.cos(math.pi * t / T)) / 2


CLOSED = [
    ("StepLR", {"step_size": 7, "gamma": 0.9}, lambda base, t: base * 0.9 ** (t // 7)),
    ("MultiStepLR", {"milestones": [9, 30, 30], "gamma": 0.7},
     lambda base, t: base * 0.7 ** ((t >= 9) + 2 * (t >= 30))),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 60},
     lambda base, t: base * (0.1 + 0.6 * min(t / 60, 1))),
    ("ExponentialLR", {"gamma": 0.97}, lambda base, t: base * 0.97 ** t),
    ("LambdaLR", {"lr_lambda": inverse}, lambda base, t: base * inverse(t)),
    ("CosineAnnealingLR", {"T_max": 41, "eta_min": 0.002}, lambda base, t: cosine(base, t, 41, 0.002)),
    ("CosineAnnealingWarmRestarts", {"T_0": 12, "eta_min": 0.002},
     lambda base, t: cosine(base, t % 12, 12, 0.002)),
]


@pytest.mark.parametrize(("name", "options", "formula"), CLOSED, ids=[row[0] for row in CLOSED])
def test_each_alone_gives_the_closed_form_over_a_long_run(name, options, formula):
    ours = rates(gradbook, lambda S, o: [getattr(S, name)(o, **options)], steps=400)[:, :2]
    expected = [[formula(base, t) for base in (0.3, 0.01)] for t in range(400)]
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-15)


def test_one_cycle_begins_peaks_and_ends_where_it_should():
    options = {"max_lr": 0.4, "total_steps": 100, "div_factor": 20, "pct_start": 0.31}
    ours = rates(gradbook, lambda S, o: [S.OneCycleLR(o, **options)], steps=100)
    lr, momentum = ours[:, 0], ours[:, 2]
    np.testing.assert_allclose([lr[0], lr[30], lr[-1]], [0.02, 0.4, 0.02 / 1e4], rtol=1e-12)
    np.testing.assert_allclose([momentum[0], momentum[30], momentum[-1]], [0.95, 0.85, 0.95], rtol=1e-12)
    assert lr.argmax() == 30 and momentum.argmin() == 30


class OneStepLate(lr_scheduler.StepLR):
    def get_lr(self):
        return self._times(self.gamma if self.last_epoch % self.step_size == 1 else 1)


class FromTheBase(lr_scheduler.CosineAnnealingLR):
    def get_lr(self):
        return [cosine(base, self.last_epoch, self.T_max, self.eta_min) for base in self.base_lrs]


@pytest.mark.parametrize(("wrong", "name", "options"), [
    (OneStepLate, "StepLR", {"step_size": 7}), (FromTheBase, "CosineAnnealingLR", {"T_max": 150})])
def test_lockstep_rejects_a_wrong_schedule(wrong, name, options):
    torch = pytest.importorskip("torch")

    def by_hand(t, optimizer, schedulers):
        if t == 50:
            optimizer.param_groups[0]["lr"] *= 0.5

    theirs = rates(torch, lambda S, o: [getattr(S, name)(o, **options)], each=by_hand)
    ours = rates(gradbook, lambda S, o: [wrong(o, **options)], each=by_hand)
    assert np.abs(ours - theirs).max() > 1e-3


# --- plateaus, order, user's own ----------------------------------------------------


PLATEAUS = [
    {}, {"patience": 2}, {"patience": 0, "factor": 0.9}, {"mode": "max", "patience": 1, "cooldown": 3},
    {"patience": 1, "threshold": 0.2}, {"patience": 1, "threshold": 0.2, "threshold_mode": "abs"},
    {"mode": "max", "patience": 1, "threshold": 0.5, "threshold_mode": "abs"},
    {"patience": 0, "min_lr": 0.02},
    {"mode": "max", "patience": 2, "threshold": 0.3}, {"patience": 0, "min_lr": [0.1, 0.001], "eps": 1e-3},
]


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
@pytest.mark.parametrize("level", [3.0, -3.0])
def test_reduce_on_plateau_is_in_lockstep_with_torch_also_when_resumed(options, level):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    metrics = level + 0.3 * np.cumsum(rng.normal(size=200)) / np.sqrt(np.arange(1, 201))
    metrics[[17, 60, 90]] = np.nan, np.inf, -np.inf
    runs = []
    for T in (gradbook, torch):
        optimizer, history = optimizer_of(T), []
        scheduler = T.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        for t, m in enumerate(metrics.tolist()):
            if t == 70:
                state = scheduler.state_dict()
                scheduler = T.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
                scheduler.load_state_dict(state)
            scheduler.step(T.tensor(m, dtype=T.float64) if t % 2 else m)
            history.append([*(g["lr"] for g in optimizer.param_groups), *scheduler.get_last_lr(),
                            scheduler.best, scheduler.num_bad_epochs, scheduler.cooldown_counter])
        runs.append(np.array(history))
    agree(*runs)
    assert runs[0][-1, 0] < 0.3


def test_a_scheduler_before_the_optimizer_is_warned_of_once_as_in_torch():
    libraries = [gradbook, pytest.importorskip("torch")]
    for T in libraries:
        optimizer = optimizer_of(T)
        scheduler = T.optim.lr_scheduler.StepLR(optimizer, 3)
        with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before `optimizer"):
            scheduler.step()
        scheduler.step()


def test_a_schedule_of_ones_own_needs_get_lr_alone():
    class Halving(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base / 2 ** self.last_epoch for base in self.base_lrs]

    ours = rates(gradbook, lambda S, o: [Halving(o)], steps=4)
    np.testing.assert_allclose(ours[:, 0], [0.3, 0.15, 0.075, 0.0375])
    with pytest.raises(NotImplementedError, match="LRScheduler has no get_lr"):
        lr_scheduler.LRScheduler(optimizer_of(gradbook))


def test_resuming_needs_the_rate_it_began_with():
    with pytest.raises(KeyError, match="StepLR: last_epoch=4, group 0 has no initial_lr"):
        lr_scheduler.StepLR(optimizer_of(gradbook), 3, last_epoch=4)
    p = gradbook.tensor([1.0], requires_grad=True)
    optimizer = gradbook.optim.SGD([{"params": [p], "initial_lr": 0.5, "name": "head"}], lr=0.1)
    assert lr_scheduler.StepLR(optimizer, 3, last_epoch=4).base_lrs == [0.5]


def test_the_module_has_torchs_names_and_says_what_it_lacks():
    import gradbook.optim.lr_scheduler as module

    torch = pytest.importorskip("torch")
    assert set(module.__all__) <= set(dir(torch.optim.lr_scheduler))
    assert not hasattr(module, "CyclicLR")
    with pytest.raises(AttributeError, match=r"gradbook\.optim\.lr_scheduler has no 'CyclicLR': OneCycleLR"):
        module.CyclicLR  # noqa: B018 (that it raises is the test)
    with pytest.raises(AttributeError, match=r"gradbook\.optim has no 'NAdam': Adam"):
        gradbook.optim.NAdam  # noqa: B018

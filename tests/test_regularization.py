"""Regularization: expectations that hold and wrong scalings that fail; stopping, augmentation, ensembles."""

import math

import gradbook as T
import numpy as np
import pytest
from gradbook import regularization as reg
from gradbook.autodiff import Tensor

NOISE = [reg.dropout, reg.drop_path, reg.dropconnect, reg.dropout2d]


def image_batch(seed=0, shape=(5, 3, 4, 6)):
    return np.random.default_rng(seed).normal(size=shape)


# --- dropout and its kin --------------------------------------------------------------------------------


def mean_is(samples, expected):
    """Whether the mean of the samples is `expected`, up to 5 standard errors of each entry."""
    error = samples.std(axis=0) / math.sqrt(len(samples))
    return (np.abs(samples.mean(axis=0) - expected) <= 5 * error).all()


@pytest.mark.parametrize("f", NOISE)
def test_the_expectation_is_the_input_and_without_the_division_it_is_not(f):
    x, rng = image_batch(), np.random.default_rng(1)
    samples = np.stack([f(Tensor(x), 0.3, rng=rng).data for _ in range(800)])
    assert mean_is(samples, x)
    wrong = {"not divided by 1 - p": samples * 0.7, "divided by p": samples * 0.7 / 0.3,
             "divided twice": samples / 0.7, "multiplied by p": samples * 0.3}
    assert not any(mean_is(w, x) for w in wrong.values())
    assert np.allclose(samples.var(axis=0), x**2 * 0.3 / 0.7, rtol=0.5)


@pytest.mark.parametrize(("f", "shares"), [(reg.dropout, ()), (reg.dropconnect, ()), (reg.dropout2d, (2, 3)),
                                           (reg.drop_path, (1, 2, 3))])
def test_what_is_dropped_together_and_that_the_rate_is_p(f, shares):
    x = np.ones((40, 30, 4, 6))
    y = f(Tensor(x), 0.2, rng=np.random.default_rng(0)).data
    assert set(np.unique(y)) == {0, 1 / 0.8}
    assert shares == () or (np.ptp(y, axis=shares) == 0).all()
    alone = y[tuple(0 if k in shares else slice(None) for k in range(4))].ravel()
    assert abs(np.mean(alone == 0) - 0.2) < 5 * math.sqrt(0.16 / alone.size)
    assert 0.05 < np.mean(alone == 0) < 0.4


@pytest.mark.parametrize("f", NOISE)
def test_the_gradient_is_the_cotangent_times_the_same_mask(f):
    x = Tensor(image_batch(), requires_grad=True)
    y = f(x, 0.4, rng=np.random.default_rng(3))
    g = image_batch(4)
    y.backward(Tensor(g))
    np.testing.assert_allclose(x.grad.data, g * (y.data / x.data), rtol=1e-14)
    again = f(Tensor(x.data), 0.4, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(y.data, again.data)
    assert not np.array_equal(y.data, f(Tensor(x.data), 0.4).data)


@pytest.mark.parametrize("f", NOISE)
def test_evaluation_is_the_identity_and_p_may_be_0_or_1(f):
    x = Tensor(image_batch(), requires_grad=True)
    assert f(x, 0.5, False) is x
    assert f(x, 0) is x
    y = f(x, 1.0)
    assert (y.data == 0).all()
    y.sum().backward()
    assert (x.grad.data == 0).all()
    small = f(Tensor(image_batch().astype(np.float32)), 0.5)
    assert small.dtype == "float32"
    assert f(Tensor(np.zeros((0, 3, 4, 6))), 0.5).shape == (0, 3, 4, 6)


def test_dropout_does_with_special_values_what_torch_does():
    torch = pytest.importorskip("torch")
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0])
    with np.errstate(invalid="ignore"):
        ours = reg.dropout(Tensor(x), 1.0).data
    np.testing.assert_array_equal(ours, torch.nn.functional.dropout(torch.tensor(x), 1.0).numpy())
    assert reg.dropout(Tensor(2.0), 0.5, rng=np.random.default_rng(0)).shape == ()
    import inspect
    theirs, own = (inspect.signature(f).parameters for f in (torch.nn.functional.dropout, reg.dropout))
    assert [*theirs][:3] == [*own][:3] == ["input", "p", "training"]
    assert all(theirs[k].default == own[k].default for k in ("p", "training"))


def test_dropconnect_drops_connections_and_not_units():
    w, x = np.random.default_rng(0).normal(size=(6, 40)), np.ones((3, 40))
    y = T.nn.functional.linear(Tensor(x), reg.dropconnect(Tensor(w), 0.5, rng=np.random.default_rng(1)))
    assert (y.data != 0).all()                                         # no unit is silent as a whole
    assert np.ptp(y.data, axis=0).max() == 0                           # one mask for the minibatch


@pytest.mark.parametrize("f", NOISE)
def test_noise_that_is_refused(f):
    for p in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=rf"{f.__name__}: p=.* came, a number in \[0, 1\] is needed"):
            f(Tensor(image_batch()), p)
    with pytest.raises(TypeError, match=f"{f.__name__}: input of int64 came, a floating dtype is needed"):
        f(Tensor(np.ones((2, 3, 4, 5), dtype=int)))
    with pytest.raises(TypeError, match="inplace"):
        f(Tensor(image_batch()), inplace=True)


# --- penalties ------------------------------------------------------------------------------------------


def test_penalties_and_their_gradients_are_torchs():
    torch = pytest.importorskip("torch")
    arrays = [np.random.default_rng(0).normal(size=(3, 4)), np.array([0.0, -2.0, 0.5])]
    square = lambda p: p.pow(2).sum() / 2
    for ours, theirs in ((reg.l1_penalty, lambda p: p.abs().sum()), (reg.l2_penalty, square)):
        own = [Tensor(a, True) for a in arrays]
        value = ours(iter(own))
        value.backward()
        other = [torch.tensor(a, requires_grad=True) for a in arrays]
        reference = theirs(other[0]) + theirs(other[1])
        reference.backward()
        assert value.item() == pytest.approx(reference.item(), rel=1e-14)
        for a, b in zip(own, other):
            np.testing.assert_allclose(a.grad.data, b.grad.numpy(), rtol=1e-14)


def test_l2_is_weight_decay_under_sgd():
    w, g = np.random.default_rng(0).normal(size=(2, 3, 4))
    with_penalty, with_decay = Tensor(w.copy(), True), Tensor(w.copy(), True)
    ((with_penalty * Tensor(g)).sum() + 0.3 * reg.l2_penalty([with_penalty])).backward()
    (with_decay * Tensor(g)).sum().backward()
    T.optim.SGD([with_penalty], lr=0.1).step()
    T.optim.SGD([with_decay], lr=0.1, weight_decay=0.3).step()
    np.testing.assert_allclose(with_penalty.data, with_decay.data, rtol=1e-14)


def test_soft_threshold_is_the_proximal_map_and_gives_exact_zeros():
    u = np.linspace(-4, 4, 800_001)
    for w in (-3.0, -0.4, 0.0, 0.2, 0.7, 1.0, 2.5):
        best = u[np.argmin((u - w) ** 2 / 2 + 0.7 * np.abs(u))]
        assert reg.soft_threshold(np.float64(w), 0.7) == pytest.approx(best, abs=1e-5)
    assert (reg.soft_threshold(np.array([-0.7, 0.3, 0.7]), 0.7) == 0).all()


def test_l1_steps_by_the_proximal_map_reach_zero_and_by_the_gradient_do_not():
    target = np.array([0.05, 1.0, -0.03])                              # ½ |w - target|² + 0.2 |w|_1
    prox, sub = np.ones(3), Tensor(np.ones(3), True)
    for _ in range(300):
        prox = reg.soft_threshold(prox - 0.1 * (prox - target), 0.1 * 0.2)
        sub.grad = None
        (0.5 * ((sub - Tensor(target)) ** 2).sum() + 0.2 * reg.l1_penalty([sub])).backward()
        sub.data = sub.data - 0.1 * sub.grad.data
    np.testing.assert_allclose(prox, [0, 0.8, 0], atol=1e-9)
    assert (sub.data != 0).all()
    assert prox[0] == prox[2] == 0


# --- early stopping -------------------------------------------------------------------------------------


def stops_at(values, **options):
    stopping = reg.EarlyStopping(**options)
    return next((k for k, v in enumerate(values) if stopping.step(v)), None), stopping


@pytest.mark.parametrize(("values", "options", "stop", "best"), [
    ([3, 2, 1, 2, 2, 2, 0], {"patience": 3}, 5, 2),                      # the better one comes too late
    ([3, 2, 1, 2, 2, 0.5, 2, 2, 2], {"patience": 3}, 8, 5),              # patience starts anew
    ([1, 1, 1], {"patience": 2}, 2, 0),                                  # equal is not better
    ([1, 0.95, 0.9, 0.85], {"patience": 2, "min_delta": 0.1}, 2, 0),     # 0.9 is 0.1 better, not more
    ([1, 0.95, 0.89, 0.85], {"patience": 2, "min_delta": 0.1}, None, 2),   # than the best, not the last
    ([0.1, 0.3, 0.2, 0.3], {"patience": 2, "mode": "max"}, 3, 1),
    ([2, math.nan, math.nan, 1], {"patience": 2}, 2, 0),
    ([math.nan, math.nan, 1, 2], {"patience": 3}, None, 2),
    ([math.inf, 5, math.inf], {"patience": 2}, None, 1),
    ([5, 6], {"patience": 1}, 1, 0),
])
def test_it_stops_after_patience_evaluations_without_improvement(values, options, stop, best):
    stopped, stopping = stops_at(values, **options)
    assert (stopped, stopping.best_step) == (stop, best)
    assert stopping.best == values[best]


def test_it_agrees_with_counting_in_every_series():
    rng = np.random.default_rng(0)
    for _ in range(300):
        values, patience = rng.integers(0, 9, size=20) / 8, int(rng.integers(1, 6))
        best = np.minimum.accumulate(values)
        since = [t - int(np.flatnonzero(values[:t + 1] == best[t])[0]) for t in range(20)]
        expected = next((t for t in range(20) if since[t] >= patience), None)
        assert stops_at(values, patience=patience)[0] == expected


def test_restore_brings_back_the_best_weights():
    net = T.nn.Linear(3, 2, rng=np.random.default_rng(0))
    stopping, seen = reg.EarlyStopping(patience=2, module=net), []
    for value in (3.0, 1.0, 2.0, 2.0):
        net.weight.data = net.weight.data + 1
        seen.append(net.weight.data)
        stop = stopping.step(Tensor(value))
    assert stop
    stopping.restore()
    np.testing.assert_array_equal(net.weight.data, seen[1])
    with pytest.raises(RuntimeError, match=r"EarlyStopping.restore: no module was given, or no number"):
        reg.EarlyStopping().restore()


@pytest.mark.parametrize("options", [{"patience": 0}, {"min_delta": -1}, {"mode": "least"}])
def test_options_of_early_stopping_that_are_refused(options):
    with pytest.raises(ValueError, match=rf"EarlyStopping: {next(iter(options))}=.* came, .* is needed"):
        reg.EarlyStopping(**options)


# --- augmentation ---------------------------------------------------------------------------------------

AUGMENT = [lambda x, rng: reg.random_shift(x, 2, rng=rng), lambda x, rng: reg.random_crop(x, (3, 2), rng=rng),
           lambda x, rng: reg.random_flip(x, rng=rng), lambda x, rng: reg.random_rotation(x, 30, rng=rng)]


@pytest.mark.parametrize("augment", AUGMENT)
def test_images_with_and_without_channels_are_changed_alike_and_not_written_to(augment):
    x = image_batch()
    x.setflags(write=False)
    y = augment(x, np.random.default_rng(0))
    for c in range(3):
        np.testing.assert_array_equal(augment(x[:, c], np.random.default_rng(0)), y[:, c])
    assert not np.shares_memory(x, y)
    assert not np.array_equal(y, augment(x, np.random.default_rng(1)))
    assert augment(x.astype(np.float32), np.random.default_rng(0)).dtype == np.float32
    assert augment(x[:0], np.random.default_rng(0)).shape[0] == 0
    with pytest.raises(ValueError, match=r"images \(5,\) came, \(N, H, W\) or \(N, C, H, W\) is needed"):
        augment(np.ones(5), None)


def test_a_shift_moves_each_image_as_a_whole_by_every_offset_equally_often():
    x = np.zeros((3000, 5, 7))
    x[:, 2, 3] = 1
    y = reg.random_shift(x, 1, rng=np.random.default_rng(0))
    counts = y.sum(axis=0)
    assert (counts[1:4, 2:5] > 3000 / 9 - 5 * math.sqrt(3000 / 9)).all()
    assert counts[1:4, 2:5].sum() == counts.sum() == 3000
    z = reg.random_shift(image_batch(shape=(50, 5, 7)), 2, rng=np.random.default_rng(0))
    for before, after in zip(image_batch(shape=(50, 5, 7)), z):
        padded = np.pad(before, 2)
        assert any(np.array_equal(after, padded[r:r + 5, c:c + 7]) for r in range(5) for c in range(5))


def test_a_crop_is_a_window_of_the_image():
    x = image_batch(shape=(60, 5, 7))
    y = reg.random_crop(x, (4, 3), rng=np.random.default_rng(0))
    places = {next((r, c) for r in range(2) for c in range(5) if np.array_equal(b, a[r:r + 4, c:c + 3]))
              for a, b in zip(x, y)}
    assert places == {(r, c) for r in range(2) for c in range(5)}
    np.testing.assert_array_equal(reg.random_crop(x, (5, 7)), x)
    for size, padding, words in (((6, 3), 0, r"size \(6, 3\) does not fit images \(60, 5, 7\), padding=0"),
                                 ((0, 3), 0, "a length of size=0 came"), ((2, 2), -1, "padding=-1 came")):
        with pytest.raises(ValueError, match=f"random_crop: {words}"):
            reg.random_crop(x, size, padding)


def test_flips_mirror_about_half_of_the_images_in_the_direction_asked_for():
    x = image_batch(shape=(400, 3, 5))
    for dim in (-1, -2):
        y = reg.random_flip(x, dim=dim, rng=np.random.default_rng(0))
        mirrored = [np.array_equal(b, np.flip(a, dim)) for a, b in zip(x, y)]
        kept = [np.array_equal(a, b) for a, b in zip(x, y)]
        assert all(m != k for m, k in zip(mirrored, kept))
        assert 150 < sum(mirrored) < 250
    np.testing.assert_array_equal(reg.random_flip(x, 1.0), x[..., ::-1])
    np.testing.assert_array_equal(reg.random_flip(x, 0.0), x)


class Always:
    """A generator that draws the numbers it was given."""

    def __init__(self, *values):
        self.uniform = lambda low, high, n: np.resize(values, n).astype(float)


def test_rotation_by_right_angles_is_exact_and_counter_clockwise():
    x = image_batch(shape=(2, 3, 6, 6))
    for quarter in range(4):
        y = reg.random_rotation(x, 360, rng=Always(90 * quarter))
        np.testing.assert_allclose(y, np.rot90(x, quarter, axes=(-2, -1)), atol=1e-12)
    assert np.abs(reg.random_rotation(x, 360, rng=Always(90)) - np.rot90(x, -1, axes=(-2, -1))).max() > 0.1


def test_rotation_agrees_with_torchs_grid_sample():
    torch = pytest.importorskip("torch")
    x, degrees = image_batch(shape=(4, 3, 7, 10)), np.array([-170.0, -13.0, 5.0, 80.0])
    a, (h, w) = np.deg2rad(degrees), x.shape[-2:]
    theta = np.stack([np.stack([np.cos(a), -np.sin(a) * h / w, 0 * a], 1),           # grid: x, y in [-1, 1]
                      np.stack([np.sin(a) * w / h, np.cos(a), 0 * a], 1)], 1)
    grid = torch.nn.functional.affine_grid(torch.tensor(theta), x.shape, align_corners=False)
    reference = torch.nn.functional.grid_sample(torch.tensor(x), grid, align_corners=False).numpy()
    np.testing.assert_allclose(reg.random_rotation(x, 180, rng=Always(*degrees)), reference, atol=1e-12)


def test_rotation_angles_are_uniform_between_the_bounds():
    x = np.zeros((500, 21, 21))
    x[:, 10, 20] = 1
    y = reg.random_rotation(x, 20, rng=np.random.default_rng(0))
    rows = np.arange(21)[:, None] * y
    angle = np.rad2deg(np.arcsin((10 - rows.sum(axis=(1, 2)) / y.sum(axis=(1, 2))) / 10))
    assert -21 < angle.min() < -18 and 18 < angle.max() < 21 and abs(angle.mean()) < 2.5
    assert reg.random_rotation(np.ones((2, 5, 5), dtype=int), 10).dtype == np.float64


# --- ensembles ------------------------------------------------------------------------------------------


def members(m=4, seed=0):
    rng = np.random.default_rng(seed)
    return [T.nn.Linear(5, 3, rng=rng) for _ in range(m)]


def probabilities(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_an_ensemble_averages_probabilities_and_not_logits():
    x, nets = Tensor(3 * np.random.default_rng(1).normal(size=(20, 5))), members()
    p = np.stack([probabilities(f(x).data) for f in nets])
    np.testing.assert_allclose(reg.ensemble(nets, x).data, p.mean(axis=0), rtol=1e-12)
    geometric = np.exp(np.log(p).mean(axis=0))
    geometric = geometric / geometric.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(reg.ensemble(nets, x, geometric=True).data, geometric, rtol=1e-12)
    assert np.abs(p.mean(axis=0) - geometric).max() > 0.01


def test_the_cross_entropy_of_the_mean_is_at_most_the_mean_cross_entropy():
    rng = np.random.default_rng(2)
    for seed in range(50):
        x, nets, y = Tensor(4 * rng.normal(size=(8, 5))), members(seed=seed), rng.integers(3, size=8)
        losses = [-np.log(probabilities(f(x).data)[np.arange(8), y]) for f in nets]
        of_mean = -np.log(reg.ensemble(nets, x).data[np.arange(8), y])
        assert (of_mean <= np.mean(losses, axis=0) + 1e-12).all()      # for each example, by Jensen


def test_dropout_averaged_geometrically_is_weight_scaling_for_one_softmax_layer():
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(3, 6)), rng.normal(size=6)
    masks = (np.arange(64)[:, None] >> np.arange(6)) & 1                 # all of them, p = ½
    nets = [lambda x, m=m: Tensor((w @ (2 * m * x.data.T[:, 0]))[None]) for m in masks]
    scaled = probabilities((w @ x)[None])
    np.testing.assert_allclose(reg.ensemble(nets, Tensor(x[None]), geometric=True).data, scaled, rtol=1e-12)
    assert np.abs(reg.ensemble(nets, Tensor(x[None])).data - scaled).max() > 0.01


def test_an_ensemble_passes_gradients_and_refuses_to_be_empty():
    nets, x = members(), Tensor(np.random.default_rng(1).normal(size=(2, 5)))
    reg.ensemble(nets, x)[0, 1].backward()
    assert all(np.abs(f.weight.grad.data).max() > 0 for f in nets)
    with pytest.raises(ValueError, match="ensemble: members: 0 came, needed: at least 1"):
        reg.ensemble([], x)


def test_snapshots_are_taken_where_the_rate_is_least_and_do_not_change_afterwards():
    net, x = members(1)[0], Tensor(np.random.default_rng(1).normal(size=(2, 5)))
    snapshots, cycle, eta, rates = reg.SnapshotEnsemble(net, 4), 4, 0.1, []
    weights = []
    for t in range(10):
        rates.append(eta / 2 * (1 + math.cos(math.pi * (t % cycle) / cycle)))
        net.weight.data = net.weight.data + rates[-1]
        weights.append(net.weight.data)
        before = len(snapshots.members)
        snapshots.step()
        if len(snapshots.members) > before:
            assert rates[-1] == min(rates)
    assert rates[0] == eta == max(rates)                               # large first, then small
    assert len(snapshots.members) == 2
    for member, k in zip(snapshots.members, (3, 7)):
        np.testing.assert_array_equal(member.weight.data, weights[k])
        assert not member.training and net.training
    expected = reg.ensemble(snapshots.members, x).data
    np.testing.assert_array_equal(snapshots(x).data, expected)
    assert not snapshots(x).requires_grad
    snapshots.last = 1
    np.testing.assert_array_equal(snapshots(x).data, reg.ensemble(snapshots.members[1:], x).data)


def test_snapshots_that_are_refused():
    net = members(1)[0]
    with pytest.raises(ValueError, match="SnapshotEnsemble: cycle=0 came, at least 1 is needed"):
        reg.SnapshotEnsemble(net, 0)
    with pytest.raises(ValueError, match="SnapshotEnsemble: last=0 came, at least 1"):
        reg.SnapshotEnsemble(net, 3, last=0)
    snapshots = reg.SnapshotEnsemble(net, 3)
    snapshots.step()
    with pytest.raises(RuntimeError, match="SnapshotEnsemble: no cycle of 3 steps is over after 1"):
        snapshots(Tensor(np.ones((1, 5))))

"""gradbook.ema against pandas, scipy, torch, the naive loop and the closed form; EMA and its misuse."""
import math

import numpy as np
import pytest
from gradbook.ema import BLOCK, EMA, ema, one_minus_power

BETAS = [0.0, 1e-300, 1e-9, 0.3, 0.5, 0.9, 0.99, 0.999, 1 - 1e-6, 1 - 1e-12]
LENGTHS = [1, 2, BLOCK, 2 * BLOCK, 2 * BLOCK + 1, 3 * BLOCK - 1, 257, 4 * BLOCK**2 + 5]


def naive(series, beta, bias_correction=True):
    """The two displayed equations, one line each, in float64."""
    v, rows = np.zeros(np.shape(series)[1:]), []
    for t, theta in enumerate(np.asarray(series, np.float64), 1):
        v = beta * v + (1 - beta) * theta
        rows.append(v / one_minus_power(beta, t) if bias_correction else v)
    return np.array(rows).reshape(np.shape(series))


def closed_form(series, beta):
    """(1-β) Σ_i β^{t-i} θ_i by one full lower-triangular matrix."""
    t = np.arange(len(series))
    weights = np.tril((1 - beta) * beta ** np.maximum(t[:, None] - t[None, :], 0.0))
    return np.tensordot(weights, series, axes=1)


# ---- the series ----

@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("steps", LENGTHS)
def test_blocks_agree_with_the_naive_loop(beta, steps):
    x = np.random.default_rng(steps).normal(size=steps)
    for corrected in (True, False):
        np.testing.assert_allclose(ema(x, beta, corrected), naive(x, beta, corrected), rtol=1e-9, atol=1e-12)


def test_the_comparison_with_the_naive_loop_can_fail():
    x = np.random.default_rng(0).normal(size=500)
    for wrong in (naive(x, 0.91), naive(x, 0.9, False), naive(x[::-1], 0.9), naive(np.roll(x, 1), 0.9)):
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(ema(x, 0.9), wrong, rtol=1e-3)


@pytest.mark.parametrize("shape", [(700,), (700, 1), (700, 3), (9, 40), (700, 2, 5), (1, 4), (41, 2, 1, 3)])
def test_any_trailing_shape_is_averaged_along_the_first_axis(shape):
    x = np.random.default_rng(1).normal(size=shape)
    y = ema(x, 0.8)
    assert y.shape == shape
    np.testing.assert_allclose(y, naive(x, 0.8), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ema(x, 0.8, False), closed_form(x, 0.8), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("beta", [0.0, 0.2, 0.9, 0.999])
def test_corrected_equals_pandas_ewm_with_adjust(beta):
    pandas = pytest.importorskip("pandas")
    x = np.random.default_rng(2).normal(size=3000)
    theirs = pandas.Series(x).ewm(alpha=1 - beta, adjust=True).mean()
    np.testing.assert_allclose(ema(x, beta), theirs, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("beta", [0.2, 0.9, 0.999])
def test_pandas_without_adjust_starts_from_the_first_value(beta):
    pandas = pytest.importorskip("pandas")
    x = np.random.default_rng(3).normal(size=1000)
    started = ema(x, beta, False) + beta ** np.arange(1, 1001) * x[0]      # v_0 = θ_1 decays as βᵗ
    theirs = pandas.Series(x).ewm(alpha=1 - beta, adjust=False).mean()
    np.testing.assert_allclose(started, theirs, rtol=1e-9, atol=1e-13)
    assert abs(ema(x, beta, False) - theirs).max() > 0.1


def test_uncorrected_equals_scipy_lfilter():
    signal = pytest.importorskip("scipy.signal")
    x = np.random.default_rng(4).normal(size=20_003)
    theirs = signal.lfilter([1 - 0.97], [1, -0.97], x)
    np.testing.assert_allclose(ema(x, 0.97, False), theirs, rtol=1e-9, atol=1e-13)


def test_beta_zero_returns_a_copy_of_the_series():
    x = np.array([1.0, np.nan, -2.0])
    y = ema(x, 0.0)
    np.testing.assert_array_equal(y, x)
    assert y is not x and not np.shares_memory(y, x)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (5, 0)])
def test_an_empty_series_stays_empty(shape):
    assert ema(np.zeros(shape, np.float32), 0.9).shape == shape
    assert ema(np.zeros(shape, np.float32), 0.9).dtype == np.float32


@pytest.mark.parametrize("beta", BETAS)
def test_a_constant_is_recovered_at_every_step(beta):
    x = np.full(10_000, 3.7)
    np.testing.assert_allclose(ema(x, beta), x, rtol=1e-12)


def test_a_million_steps_keep_full_precision():
    x = np.random.default_rng(5).normal(size=1_000_003) + 5
    signal = pytest.importorskip("scipy.signal")
    for beta in (0.5, 0.9999, 1 - 1e-7):
        theirs = signal.lfilter([1 - beta], [1, -beta], x) / one_minus_power(beta, np.arange(1, len(x) + 1))
        np.testing.assert_allclose(ema(x, beta), theirs, rtol=3e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_dtype_is_kept(dtype):
    x = np.random.default_rng(6).normal(size=5000).astype(dtype)
    y = ema(x, 0.99)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, naive(x, 0.99), rtol=0, atol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float16])
def test_other_numbers_become_float64(dtype):
    x = np.array([0, 1, 1, 0, 1]).astype(dtype)
    assert ema(x, 0.5).dtype == np.float64
    np.testing.assert_allclose(ema(x, 0.5), naive(x, 0.5))


def test_in_float32_the_blocks_are_closer_to_the_truth_than_the_loop():
    # A slow decay multiplies the loop's rounding errors a hundred thousand times, the blocks' a few times.
    x = (np.random.default_rng(7).normal(size=200_000) + 1).astype(np.float32)
    beta, v, loop = 1 - 1e-5, np.float32(0), np.empty_like(x)
    for t, theta in enumerate(x):
        loop[t] = v = np.float32(beta) * v + np.float32(1 - beta) * theta
    truth = ema(x.astype(np.float64), beta, False)
    assert abs(ema(x, beta, False) - truth).max() < 0.1 * abs(loop - truth).max()


def test_nothing_depends_on_the_future():
    # NaN · 0 = NaN: a product of matrices would carry a late NaN to earlier rows of its block.
    for steps, bad in [(100, 37), (100, 0), (100, 99), (3, 1), (1000, 503)]:
        x = np.random.default_rng(8).normal(size=(steps, 2))
        spoiled = x.copy()
        spoiled[bad, 1] = np.nan
        y, clean = ema(spoiled, 0.9), ema(x, 0.9)
        np.testing.assert_allclose(y[:, 0], clean[:, 0], rtol=1e-12)
        np.testing.assert_allclose(y[:bad, 1], clean[:bad, 1], rtol=1e-12)
        assert np.isnan(y[bad:, 1]).all()


def test_infinities_stay_and_opposite_ones_make_nan():
    x = np.ones(60)
    x[20], x[40] = np.inf, -np.inf
    y = ema(x, 0.9)
    np.testing.assert_allclose(y[:20], 1.0)
    assert (y[20:40] == np.inf).all() and np.isnan(y[40:]).all()


def test_the_series_is_not_written_to():
    for x in (np.ones(300), np.ones((4, 300)), np.array([1.0, np.nan])):
        x.setflags(write=False)
        assert not np.shares_memory(ema(x, 0.9), x)


def test_views_lists_and_pandas_series_are_accepted():
    pandas = pytest.importorskip("pandas")
    x = np.random.default_rng(9).normal(size=(3, 400))
    np.testing.assert_allclose(ema(x.T[::2], 0.7), naive(x.T[::2], 0.7), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ema([1, 2, 3], 0.5), naive([1, 2, 3], 0.5))
    np.testing.assert_allclose(ema(pandas.Series(x[0]), 0.7), naive(x[0], 0.7), rtol=1e-12, atol=1e-14)


# ---- properties, over random β, lengths and series ----

def draw(seed):
    rng = np.random.default_rng(100 + seed)
    return rng.uniform(0.05, 0.999), int(rng.integers(1, 900)), seed


DRAWS = [draw(seed) for seed in range(20)]


@pytest.mark.parametrize(("beta", "steps", "seed"), DRAWS)
def test_the_average_is_linear_bounded_causal_and_shifts(beta, steps, seed):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, steps))
    close = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(ema(2 * x - 3 * z, beta), 2 * ema(x, beta) - 3 * ema(z, beta), **close)
    y = ema(x, beta)
    assert (y <= np.maximum.accumulate(x) + 1e-12).all() and (y >= np.minimum.accumulate(x) - 1e-12).all()
    cut = rng.integers(1, steps + 1)
    np.testing.assert_allclose(ema(x[:cut], beta), y[:cut], **close)
    np.testing.assert_allclose(ema(x + 7, beta), y + 7, **close)
    padded = np.concatenate([np.zeros(11), x])                             # zeros before change nothing in v
    np.testing.assert_allclose(ema(padded, beta, False)[11:], ema(x, beta, False), **close)


@pytest.mark.parametrize(("beta", "steps", "seed"), DRAWS)
def test_the_gap_identity(beta, steps, seed):
    x = np.random.default_rng(seed).normal(size=steps)
    corrected, raw = ema(x, beta), ema(x, beta, False)
    gap = beta ** np.arange(1.0, steps + 1) * corrected
    np.testing.assert_allclose(corrected - raw, gap, rtol=1e-9, atol=1e-12)


def test_one_minus_power_near_one():
    from fractions import Fraction
    for beta, t in [(1 - 1e-12, 2), (1 - 1e-9, 1000), (0.9, 3), (0.5, 60), (1e-8, 1), (0.0, 4)]:
        exact = float(1 - Fraction(beta) ** t)
        assert math.isclose(float(one_minus_power(beta, t)), exact, rel_tol=1e-13)
    np.testing.assert_array_equal(one_minus_power(0.0, np.array([0, 1, 2])), [0, 1, 1])
    plain = 1 - (1 - 1e-9) ** 1000
    assert not math.isclose(plain, float(one_minus_power(1 - 1e-9, 1000)), rel_tol=1e-11)


# ---- errors ----

@pytest.mark.parametrize("beta", [1.0, 1, -0.1, 2, math.nan, math.inf])
def test_beta_outside_its_range_is_named(beta):
    with pytest.raises(ValueError, match=r"ema: beta=.* came, a number in \[0, 1\) is needed"):
        ema([1.0], beta)
    with pytest.raises(ValueError, match=r"EMA: decay=.* came, a number in \[0, 1\) is needed"):
        EMA([np.ones(2)], beta)


@pytest.mark.parametrize("beta", ["0.9", None, True, [0.9], 0.9j, np.array([0.9])])
def test_beta_that_is_no_number_is_named(beta):
    with pytest.raises(TypeError, match=r"ema: beta=.* came, a number in \[0, 1\) is needed"):
        ema([1.0], beta)


def test_numpy_scalars_are_numbers():
    np.testing.assert_array_equal(ema([1.0, 2.0], np.float32(0.5)), ema([1.0, 2.0], 0.5))


def test_series_that_cannot_be_averaged_are_named():
    with pytest.raises(ValueError, match="ema: series is a single number"):
        ema(3.0, 0.9)
    with pytest.raises(TypeError, match="ema: series of dtype complex128 is not real numbers"):
        ema([1j], 0.9)
    with pytest.raises(TypeError, match="ema: series of dtype <U1 is not real numbers"):
        ema(["a"], 0.9)


# ---- averaged weights ----

def trained(update, seed=0, steps=30):
    """Two parameters of unequal shapes that wander; update() is called after each step."""
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=(3, 5)), rng.normal(size=4)
    average = update([w, b])
    history = []
    for _ in range(steps):
        w += 0.1 * rng.normal(size=w.shape)
        b += 0.1 * rng.normal(size=b.shape)
        average.update()
        history.append((w.copy(), b.copy()))
    return average, w, b, history


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.7, 0.99])
def test_averaged_weights_equal_the_ema_of_their_history(decay, corrected):
    average, w, b, history = trained(lambda params: EMA(params, decay, corrected))
    for got, series in zip(average.averages(), zip(*history)):
        np.testing.assert_allclose(got, ema(np.array(series), decay, corrected)[-1], rtol=1e-12)
    raw = w.copy(), b.copy()
    average.apply()
    np.testing.assert_array_equal(w, average.averages()[0])
    average.restore()
    np.testing.assert_array_equal(w, raw[0])
    np.testing.assert_array_equal(b, raw[1])


def test_averaged_puts_the_weights_back_after_an_exception():
    average, w, *_ = trained(lambda params: EMA(params, 0.9))
    raw, seen = w.copy(), []

    def evaluate():
        with average.averaged() as inside:
            assert inside is average
            seen.append(w.copy())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate()
    np.testing.assert_array_equal(seen[0], average.averages()[0])
    assert abs(seen[0] - raw).max() > 1e-3
    np.testing.assert_array_equal(w, raw)
    average.update()                                    # and the average can go on


def test_restore_inside_averaged_is_allowed():
    average, w, *_ = trained(lambda params: EMA(params, 0.9))
    raw = w.copy()
    with average.averaged():
        average.restore()
    np.testing.assert_array_equal(w, raw)


def test_shared_weights_come_back():
    w = np.ones(3)
    average = EMA([w, w], 0.5)
    average.update()
    w += 2
    average.update()
    with average.averaged():
        np.testing.assert_allclose(w, (0.25 * 1 + 0.5 * 3) / 0.75)
    np.testing.assert_array_equal(w, 3.0)


def test_calls_out_of_order_are_named():
    average = EMA([np.ones(2)], 0.9)
    with pytest.raises(RuntimeError, match=r"EMA\.restore: nothing to restore; apply\(\) was not called"):
        average.restore()
    with pytest.raises(RuntimeError, match=r"EMA\.averages: nothing to average yet"):
        average.apply()
    with pytest.raises(RuntimeError, match="nothing to average yet"), average.averaged():
        pass
    average.update()
    average.apply()
    with pytest.raises(RuntimeError, match=r"EMA\.apply: the averages are applied already"):
        average.apply()
    with pytest.raises(RuntimeError, match=r"EMA\.update: the averages are applied"):
        average.update()
    average.restore()
    with pytest.raises(RuntimeError, match="nothing to restore"):
        average.restore()


def test_parameters_that_cannot_be_averaged_are_named():
    with pytest.raises(ValueError, match="EMA: params is empty"):
        EMA([], 0.9)
    for single in (np.ones(3), 3.0):
        with pytest.raises(TypeError, match="EMA: params must be a list of parameters"):
            EMA(single, 0.9)
    with pytest.raises(TypeError, match="EMA: parameter 1 is read-only or of dtype int64"):
        EMA([np.ones(2), np.arange(3)], 0.9)
    for nothing in ([1.0, 2.0], "weight", 1.0):
        with pytest.raises(TypeError, match=f"EMA: parameter 0 is {type(nothing).__name__}"):
            EMA([nothing], 0.9)

    class Holder:
        data = np.ones(3)

    holder = Holder()
    average = EMA([holder], 0.9)
    holder.data = np.ones(4)
    with pytest.raises(ValueError, match=r"EMA\.update: parameter 0 has shape \(4,\), not \(3,\)"):
        average.update()


def test_state_goes_to_another_average_and_is_a_copy():
    first, w, b, _ = trained(lambda params: EMA(params, 0.8))
    state = first.state_dict()
    second = EMA([w, b], 0.5, bias_correction=False)
    second.load_state_dict(state)
    for one, two in zip(first.averages(), second.averages()):
        np.testing.assert_array_equal(one, two)
    before = state["average"][0].copy()
    first.update()
    second.update()
    np.testing.assert_array_equal(state["average"][0], before)
    np.testing.assert_array_equal(first.averages()[0], second.averages()[0])


def test_state_that_does_not_fit_is_named():
    average = EMA([np.ones(2)], 0.9)
    with pytest.raises(ValueError, match=r"EMA\.load_state_dict: needs the keys"):
        average.load_state_dict({"decay": 0.9})
    other = EMA([np.ones(3)], 0.9).state_dict()
    with pytest.raises(ValueError, match=r"shapes \[\(3,\)\] do not fit the parameters' \[\(2,\)\]"):
        average.load_state_dict(other)


def test_half_precision_weights_are_averaged_in_float32():
    w = np.full(4, 1.0, np.float16)
    average = EMA([w], 0.999)
    for _ in range(3000):
        average.update()
    assert average.averages()[0].dtype == np.float32
    np.testing.assert_allclose(average.averages()[0], 1.0, rtol=1e-4)
    v = np.float16(0)                                   # the same in float16 stops on its way
    for _ in range(3000):
        v = v + np.float16(0.001) * (np.float16(1) - v)
    assert v < 0.8
    with average.averaged():
        assert w.dtype == np.float16


def test_torch_parameters_are_averaged_in_place():
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(3, 2).double()
    average = EMA(layer.parameters(), 0.75)
    x, history = torch.randn(6, 3, dtype=torch.float64), []
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(12):
        optimizer.zero_grad()
        (layer(x) ** 2).mean().backward()
        optimizer.step()
        average.update()
        history.append(layer.weight.detach().numpy().copy())
    raw = layer.weight.detach().clone()
    with average.averaged():
        inside = layer.weight.detach().numpy().copy()
    np.testing.assert_allclose(inside, ema(np.array(history), 0.75)[-1], rtol=1e-12)
    assert torch.equal(raw, layer.weight)


def test_torch_averaged_model_is_the_uncorrected_average_started_by_copying():
    torch = pytest.importorskip("torch")
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    layer, decay = torch.nn.Linear(3, 2).double(), 0.9
    theirs = AveragedModel(layer, multi_avg_fn=get_ema_multi_avg_fn(decay))
    ours, history, rng = EMA(layer.parameters(), decay, bias_correction=False), [], np.random.default_rng(0)
    for _ in range(20):
        layer.weight.data += torch.from_numpy(0.1 * rng.normal(size=(2, 3)))
        theirs.update_parameters(layer)
        ours.update()
        history.append(layer.weight.detach().numpy().copy())
    copied = ours.averages()[0] + decay**20 * history[0]                   # v_0 = θ_1 decays as βᵗ
    np.testing.assert_allclose(theirs.module.weight.detach().numpy(), copied, rtol=1e-10)


def test_gradbook_parameters_are_averaged():
    T = pytest.importorskip("gradbook")
    if not hasattr(T, "nn"):
        pytest.skip("gradbook.nn is not there")
    layer = T.nn.Linear(3, 2, rng=np.random.default_rng(0))
    average = EMA(layer.parameters(), 0.5)
    average.update()
    first = layer.weight.data.copy()
    layer.weight.data = layer.weight.data + 1.0
    average.update()
    with average.averaged():
        np.testing.assert_allclose(layer.weight.data, first + 1 / 1.5)
    np.testing.assert_allclose(layer.weight.data, first + 1.0)

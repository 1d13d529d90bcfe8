"""Initial weights: torch's fans, gains and bounds; the distributions promised; wrong ones told apart."""

import math

import gradbook
import numpy as np
import pytest
from gradbook import initialization as init
from gradbook.autodiff import Tensor
from scipy import stats

SHAPES = [(7, 5), (40, 300), (300, 40), (6, 4, 3), (8, 3, 5, 2), (1, 9), (9, 1)]
GAINS = [("linear", None), ("conv1d", None), ("conv2d", None), ("sigmoid", None), ("tanh", None),
         ("relu", None), ("selu", None), ("leaky_relu", None), ("leaky_relu", 0.2), ("leaky_relu", 0)]


def empty(*shape):
    return Tensor(np.full(shape, np.nan), requires_grad=True)


def variance_is(drawn, variance, kurtosis=3.0):
    """Whether the mean of x² is `variance`, up to 5 standard errors of a law with this kurtosis."""
    x = np.ravel(drawn)
    error = variance * math.sqrt((kurtosis - 1) / x.size)
    return abs(np.mean(x * x) - variance) < 5 * error


def chi_square_accepts(x, variance, level=1e-6):
    """The exact two-sided test that normal x have mean 0 and this variance: Σ x² / variance ~ χ²(n)."""
    low, high = stats.chi2.ppf([level / 2, 1 - level / 2], x.size)
    return low < np.sum(x * x) / variance < high


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_equal_torchs(shape):
    torch = pytest.importorskip("torch")
    assert init.fan_in_and_fan_out(empty(*shape)) == torch.nn.init._calculate_fan_in_and_fan_out(
        torch.empty(shape))


@pytest.mark.parametrize(("name", "param"), GAINS)
def test_gains_equal_torchs(name, param):
    torch = pytest.importorskip("torch")
    assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


def test_the_gain_of_a_rectifier_keeps_the_mean_square():
    z = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    for slope in (0, 0.01, 0.3):
        f = np.where(z > 0, z, slope * z)
        assert init.calculate_gain("leaky_relu", slope) ** 2 * np.mean(f * f) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", [{}, {"mode": "fan_out"}, {"a": 0.3}, {"nonlinearity": "tanh"},
                                     {"mode": "fan_out", "nonlinearity": "relu"}, {"a": math.sqrt(5)}])
def test_kaiming_draws_between_torchs_bounds_and_with_torchs_deviation(shape, options, monkeypatch):
    torch = pytest.importorskip("torch")
    asked = record(torch, monkeypatch)
    torch.nn.init.kaiming_uniform_(torch.empty(shape), **options)
    torch.nn.init.kaiming_normal_(torch.empty(shape), **options)
    assert drawn_with(init.kaiming_uniform_, shape, **options) == pytest.approx(asked[0], rel=1e-15)
    assert drawn_with(init.kaiming_normal_, shape, **options) == pytest.approx(asked[1], rel=1e-15)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gain", [1.0, 5 / 3])
def test_xavier_draws_between_torchs_bounds_and_with_torchs_deviation(shape, gain, monkeypatch):
    torch = pytest.importorskip("torch")
    asked = record(torch, monkeypatch)
    torch.nn.init.xavier_uniform_(torch.empty(shape), gain)
    torch.nn.init.xavier_normal_(torch.empty(shape), gain)
    assert drawn_with(init.xavier_uniform_, shape, gain) == pytest.approx(asked[0], rel=1e-15)
    assert drawn_with(init.xavier_normal_, shape, gain) == pytest.approx(asked[1], rel=1e-15)


def record(torch, monkeypatch):
    """The numbers that torch asks its generator for: (low, high) or (mean, deviation), call by call."""
    asked = []
    for name in ("uniform_", "normal_"):
        monkeypatch.setattr(torch.Tensor, name, lambda self, a, b, generator=None: asked.append((a, b)))
    return asked


def drawn_with(function, shape, *args, **options):
    """The same of ours, read off a generator that only listens."""
    class Listener:
        def uniform(self, low, high, size):
            self.asked = (low, high)
            return np.zeros(size)

        normal = uniform

    function(empty(*shape), *args, **options, rng=(listener := Listener()))
    return listener.asked


def test_normal_weights_have_the_promised_variance_and_wrong_variances_are_rejected():
    shape, rng = (40, 30, 3, 3), np.random.default_rng(0)              # fan_in 270, fan_out 360
    he = init.kaiming_normal_(empty(*shape), nonlinearity="relu", rng=rng).detach().numpy()
    assert chi_square_accepts(he, 2 / 270)
    wrong = {"fan_out": 2 / 360, "no gain": 1 / 270, "window forgotten": 2 / 30, "Xavier": 2 / 630,
             "10 % off": 1.1 * 2 / 270}
    assert not any(chi_square_accepts(he, variance) for variance in wrong.values())
    xavier = init.xavier_normal_(empty(*shape), gain=5 / 3, rng=rng).detach().numpy()
    assert chi_square_accepts(xavier, (5 / 3) ** 2 * 2 / 630)
    assert not chi_square_accepts(xavier, 5 / 3 * 2 / 630)             # the gain is of the deviation


def test_uniform_weights_have_the_promised_variance_and_wrong_variances_are_rejected():
    he = init.kaiming_uniform_(empty(60, 500), nonlinearity="relu", rng=np.random.default_rng(1)).data
    assert variance_is(he, 2 / 500, kurtosis=9 / 5)
    assert not variance_is(he, 2 / 60, kurtosis=9 / 5)                 # fan_out
    assert not variance_is(he, 2 / 500 / 3, kurtosis=9 / 5)            # the deviation taken for the bound
    assert stats.kstest(np.ravel(he), "uniform", (-math.sqrt(6 / 500), 2 * math.sqrt(6 / 500))).pvalue > 1e-4
    plain = init.uniform_(empty(50, 300), -1, 3, rng=np.random.default_rng(2)).data
    assert stats.kstest(np.ravel(plain), "uniform", (-1, 4)).pvalue > 1e-4
    bell = init.normal_(empty(50, 300), 2, 3, rng=np.random.default_rng(3)).data
    assert stats.kstest(np.ravel(bell), "norm", (2, 3)).pvalue > 1e-4


def test_signals_keep_their_size_through_20_layers_only_with_the_variance_for_the_activation():
    def mean_square(start, f, n=150, layers=20):
        rng, x = np.random.default_rng(0), np.random.default_rng(1).normal(size=(200, n))
        for _ in range(layers):
            x = f(x @ start(empty(n, n), rng=rng).data.T)
        return np.mean(x * x)

    relu = lambda x: np.maximum(x, 0)
    assert 0.1 < mean_square(lambda t, rng: init.kaiming_normal_(t, nonlinearity="relu", rng=rng), relu) < 10
    assert mean_square(init.xavier_normal_, relu) < 1e-4               # half of it lost in each layer
    assert mean_square(init.orthogonal_, lambda x: x) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("shape", [*SHAPES, (5, 5)])
def test_orthogonal_is_orthogonal_and_has_the_gain(shape):
    w = init.orthogonal_(empty(*shape), gain=1.5, rng=np.random.default_rng(0)).data.reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 1.5**2 * np.eye(min(w.shape)), atol=1e-13)


def test_orthogonal_is_uniform_among_the_orthogonal_matrices():
    rng = np.random.default_rng(0)
    traces = np.array([np.trace(init.orthogonal_(empty(2, 2), rng=rng).data) for _ in range(4000)])
    assert abs(traces.mean()) < 5 * traces.std() / math.sqrt(4000)     # E tr Q = 0, E (tr Q)² = 1
    assert abs(np.mean(traces**2) - 1) < 5 * np.std(traces**2) / math.sqrt(4000)
    q = [np.linalg.qr(rng.normal(size=(2, 2)))[0] for _ in range(4000)]
    assert np.mean([np.trace(m) for m in q]) < -0.5 or np.mean([m[0, 0] for m in q]) < -0.5   # signs left


def test_tensors_are_overwritten_and_returned_without_a_history():
    for fill in (init.uniform_, init.normal_, init.zeros_, init.ones_, init.xavier_uniform_,
                 init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_):
        w = empty(3, 4)
        assert fill(w) is w
        assert w.is_leaf and w.requires_grad and np.isfinite(w.data).all()
    assert (init.constant_(empty(2), 0.5).data == 0.5).all()
    whole = Tensor(np.zeros((2, 3)))
    init.ones_(whole[1])                                               # a view: the memory is written
    assert whole.data.sum() == 3
    half = init.kaiming_normal_(Tensor(np.zeros((3, 4), np.float32)))
    assert half.dtype == "float32"
    assert init.kaiming_normal_(empty(0, 4)).shape == (0, 4)
    assert init.orthogonal_(empty(0, 4)).shape == (0, 4)


def test_the_same_generator_gives_the_same_weights():
    a, b = (init.xavier_normal_(empty(3, 4), rng=np.random.default_rng(5)).data for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, init.xavier_normal_(empty(3, 4)).data)


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"fan_in_and_fan_out: shape \(3,\) came, \(out, in, "):
        init.kaiming_normal_(empty(3))
    with pytest.raises(ValueError, match=r"fan_in_and_fan_out: shape \(3,\) came"):
        init.orthogonal_(empty(3))
    with pytest.raises(ValueError, match="mode 'fan_avg' came, 'fan_in' or 'fan_out' is needed"):
        init.kaiming_uniform_(empty(3, 4), mode="fan_avg")
    with pytest.raises(ValueError, match=r"calculate_gain: 'swish' came, it knows linear, .* leaky_relu"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match="calculate_gain: param True came"):
        init.calculate_gain("leaky_relu", True)
    with pytest.raises(ValueError, match="uniform_: a=2 and b=1 came"):
        init.uniform_(empty(3), 2, 1)
    with pytest.raises(ValueError, match="normal_: std=-1 came"):
        init.normal_(empty(3), std=-1)
    with pytest.raises(TypeError, match="normal_: int64 came, a Tensor is needed, of floats"):
        init.normal_(Tensor(np.arange(3)))
    with pytest.raises(TypeError, match="zeros_: ndarray came, a Tensor is needed"):
        init.zeros_(np.zeros(3))


def test_initialization_is_reached_as_nn_init():
    assert gradbook.nn.init is init

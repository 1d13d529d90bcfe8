"""Activations: what they promise beyond the table of cases; torch's conventions at kinks and infinity."""

import warnings

import gradbook as T
import gradbook.functional as F
import numpy as np
import pytest

NAN, INF = float("nan"), float("inf")
SPECIAL = [0.0, -0.0, NAN, INF, -INF, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 20.0, 20.5, -20.0, 40.0, -40.0,
           800.0, -800.0, 1e-300, -1e-300, 1e300, -1e300]


def same_as_torch(name, *arrays, g=None, **options):
    """Value and gradients of nn.functional.<name>, for a random cotangent or for g everywhere."""
    torch = pytest.importorskip("torch")
    results = []
    for library in (T, torch):
        leaves = [library.tensor(np.array(a, dtype=float), requires_grad=True) for a in arrays]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = getattr(library.nn.functional, name)(*leaves, **options)
            random = np.random.default_rng(0).normal(size=tuple(y.shape))
            y.backward(library.tensor(random if g is None else np.full(y.shape, g)))
        results.append([y.detach().numpy(), *(t.grad.numpy() for t in leaves)])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15, equal_nan=True)



def test_sigmoid_is_stable_symmetric_and_steepest_at_zero():
    x = np.linspace(-40, 40, 81)
    y, vjp = T.autodiff.PRIMITIVES["sigmoid"](x)
    np.testing.assert_allclose(y + y[::-1], 1, rtol=1e-15)
    np.testing.assert_allclose(y[x < -30], np.exp(x[x < -30]), rtol=1e-12)       # no cancellation far left
    (slope,) = vjp(np.ones(81))
    assert slope.max() == slope[40] == 0.25


def test_softmax_has_sum_one_and_does_not_change_when_all_logits_are_shifted():
    z = np.random.default_rng(0).normal(size=(3, 5))
    p = T.softmax(T.tensor(z), 1).numpy()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(T.softmax(T.tensor(z + 900), 1).numpy(), p, rtol=1e-12)
    np.testing.assert_allclose(np.exp(T.log_softmax(T.tensor(z), 1).numpy()), p, rtol=1e-14)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_integers_become_the_default_dtype(name):
    y = getattr(T, name)(T.tensor([0, 1, 2]))
    assert y.dtype == T.float64
    np.testing.assert_array_equal(y.numpy(), getattr(T, name)(T.tensor([0.0, 1.0, 2.0])).numpy())


def test_softmax_without_dim_is_an_error():
    with pytest.raises(TypeError, match="dim"):
        T.softmax(T.tensor([1.0, 2.0]))


def test_x_may_be_called_input_as_in_torch():
    x = T.tensor([0.5, -1.0])
    for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "logsigmoid", "glu"):
        np.testing.assert_array_equal(getattr(F, name)(input=x).numpy(), getattr(F, name)(x).numpy())
    np.testing.assert_array_equal(F.softmax(input=x, dim=0).numpy(), F.softmax(x, 0).numpy())


def test_methods_and_functions_are_the_same():
    x = T.tensor([[0.5, -1.0], [2.0, 0.0]])
    for name in ("sigmoid", "tanh", "relu"):
        np.testing.assert_array_equal(getattr(x, name)().numpy(), getattr(T.functional, name)(x).numpy())
    np.testing.assert_array_equal(x.softmax(0).numpy(), T.functional.softmax(x, dim=0).numpy())


# --- torch's conventions --------------------------------------------------------------------------------

AT_EVERY_NUMBER = [
    ("relu", {}), ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.0}), ("elu", {}),
    ("elu", {"alpha": -2}), ("selu", {}), ("gelu", {}), ("gelu", {"approximate": "tanh"}), ("silu", {}),
    ("softplus", {}), ("softplus", {"beta": 2, "threshold": 5}), ("softplus", {"beta": -2, "threshold": 900}),
    ("sigmoid", {}), ("logsigmoid", {}), ("hardtanh", {}), ("tanh", {}),
    ("hardtanh", {"min_val": -3, "max_val": 0.5}),
]


@pytest.mark.parametrize(("name", "options"), AT_EVERY_NUMBER)
def test_values_and_derivatives_at_zero_nan_infinity_kinks_and_large_numbers(name, options):
    x = np.tile(SPECIAL, 16)               # long, as torch's loops over few numbers treat nan in another way
    same_as_torch(name, x, **options)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "silu", "hardtanh", "softplus"])
def test_an_infinite_cotangent_is_stopped_where_torch_stops_it(name):
    same_as_torch(name, np.tile([a for a in SPECIAL if a == a], 16), g=INF)


def test_the_gradient_of_log_relu_left_of_zero_is_zero_not_nan():
    x = T.tensor([-1.0, 2.0], requires_grad=True)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        T.log(T.relu(x)).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 0.5])


@pytest.mark.parametrize("weight", [0.3, [0.3], [0.3, -2.0]])
def test_prelu_at_every_number(weight):
    x = np.array(SPECIAL).reshape(-1, 2) if np.size(weight) == 2 else SPECIAL
    same_as_torch("prelu", x, weight)


def test_glu_at_every_number():
    x = np.stack([np.repeat(SPECIAL, len(SPECIAL)), np.tile(SPECIAL, len(SPECIAL))], axis=1)
    same_as_torch("glu", x)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3), ()])
def test_softmax_of_nothing_and_of_one_number(name, shape):
    for dim in range(-len(shape), len(shape)) if shape else (0, -1):
        same_as_torch(name, np.ones(shape), dim=dim)


@pytest.mark.parametrize("name", [
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "logsigmoid", "hardtanh"])
def test_activations_do_not_even_warn_for_ordinary_numbers_however_large(name):
    x = T.tensor([-1e4, -800.0, -20.0, 0.0, 20.0, 800.0, 1e4], requires_grad=True)
    y = getattr(F, name)(x)                                # a warning would be an error here
    y.backward(np.random.default_rng(0).normal(size=y.shape))
    assert np.isfinite(y.detach().numpy()).all()
    assert np.isfinite(x.grad.numpy()).all()


# --- what each is for -----------------------------------------------------------------------------------


def test_selu_keeps_mean_zero_and_variance_one_of_normal_numbers():
    y = F.selu(T.tensor(np.random.default_rng(0).normal(size=1_000_000))).numpy()
    assert abs(y.mean()) < 5e-3
    assert abs(y.var() - 1) < 5e-3


def test_gelu_is_x_times_the_probability_of_a_smaller_normal_number():
    stats = pytest.importorskip("scipy.stats")
    x = np.linspace(-6, 6, 97)
    truth, nearly = x * stats.norm.cdf(x), F.gelu(T.tensor(x), approximate="tanh").numpy()
    np.testing.assert_allclose(F.gelu(T.tensor(x)).numpy(), truth, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(nearly, truth, atol=5e-4)


def test_softplus_is_above_relu_by_log_2_at_zero_and_less_elsewhere():
    x = T.tensor(np.linspace(-30, 30, 61))
    gap = F.softplus(x).numpy() - F.relu(x).numpy()
    assert gap.argmax() == 30
    np.testing.assert_allclose(gap.max(), np.log(2), rtol=1e-15)
    assert (gap >= 0).all()


@pytest.mark.parametrize(("shape", "dim", "pieces"), [
    ((6,), 0, 3), ((2, 6), 1, 2), ((6, 2), 0, 2), ((2, 6, 3), -2, 3)])
def test_maxout_is_the_largest_of_consecutive_entries(shape, dim, pieces):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).integers(-2, 3, size=shape).astype(float)          # with ties
    ours, theirs = T.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    value = F.maxout(ours, pieces, dim)
    reference = theirs.unflatten(dim, (-1, pieces)).amax(dim % x.ndim + 1)
    g = np.random.default_rng(1).normal(size=value.shape)
    value.backward(g)
    reference.backward(torch.tensor(g))
    np.testing.assert_array_equal(value.detach().numpy(), reference.detach().numpy())
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-15)


def test_two_maxout_pieces_can_be_relu_and_the_absolute_value():
    x = T.tensor(np.linspace(-2, 2, 9))
    pieces = T.stack([x, 0 * x, x, -x], dim=1)                                       # (9, 4)
    y = F.maxout(pieces, 2, 1).numpy()
    np.testing.assert_array_equal(y, np.stack([F.relu(x).numpy(), T.abs(x).numpy()], axis=1))


def test_the_constants_of_selu_solve_the_two_equations_that_define_them():
    integrate = pytest.importorskip("scipy.integrate")
    from gradbook.activations import SELU_ALPHA, SELU_SCALE

    def mean(f):
        density = lambda u: f(u) * np.exp(-u * u / 2) / np.sqrt(2 * np.pi)
        return sum(integrate.quad(density, *ends, epsabs=1e-13)[0] for ends in ((-12, 0), (0, 12)))

    def selu(u, alpha=SELU_ALPHA):
        return SELU_SCALE * (u if u > 0 else alpha * np.expm1(u))

    np.testing.assert_allclose([mean(selu), mean(lambda u: selu(u) ** 2)], [0, 1], atol=1e-10)
    assert abs(mean(lambda u: selu(u, 1.01 * SELU_ALPHA))) > 1e-3          # the check can fail

"""Kinks, ties, nan and infinity: where finite differences say nothing, the convention is torch's."""

import warnings

import gradbook
import numpy as np
import pytest

torch = pytest.importorskip("torch")
NAN, INF = float("nan"), float("inf")


def both(f, *arrays):
    """(value, *gradients) of f under both libraries, for a random cotangent; NumPy may warn."""
    results = []
    for T in (gradbook, torch):
        leaves = [T.tensor(np.array(a, dtype=float), requires_grad=True) for a in arrays]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            y = f(T, *leaves)
            y.backward(T.tensor(np.random.default_rng(0).normal(size=tuple(y.shape))))
        results.append([y.detach().numpy(), *(t.grad.numpy() for t in leaves)])
    return results


def assert_same(f, *arrays):
    for ours, theirs in zip(*both(f, *arrays)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, equal_nan=True)


@pytest.mark.parametrize("name", ["relu", "abs", "sigmoid", "tanh", "exp", "log", "sqrt", "sin", "cos", "erf",
                                  "sign", "square"])
def test_functions_of_one_number_agree_at_zero_nan_infinity_and_large_numbers(name):
    x = [0.0, -0.0, NAN, INF, -INF, 1.0, -1.0, 800.0, -800.0, 1e-300, 40.0, -40.0]
    if name in ("log", "sqrt"):
        x = [a for a in x if not a < 0]
    assert_same(lambda T, x: getattr(T, name)(x), x)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_tie_gives_each_operand_half_and_nan_wins(name):
    x, y = [1.0, 2.0, 3.0, NAN, 1.0, NAN, INF], [2.0, 2.0, 1.0, 1.0, NAN, NAN, INF]
    assert_same(lambda T, x, y: getattr(T, name)(x, y), x, y)


@pytest.mark.parametrize("p", [0, 0.0, 1, 2, 3.0, 0.5, -1])
def test_powers_agree_at_zero_and_nan_and_for_negative_bases(p):
    x = [0.0, 2.0, -2.0, NAN] if p != 0.5 else [0.0, 2.0, NAN]
    assert_same(lambda T, x: x ** p, x)


def test_powers_agree_when_the_exponent_has_a_gradient():
    assert_same(lambda T, x, p: x ** p, [0.0, 0.0, 0.0, 2.0, -2.0, 3.0], [0.0, 2.0, 1.5, 0.0, 3.0, -1.5])
    assert_same(lambda T, p: 2.0 ** p, [0.0, 1.0, -2.5])
    assert_same(lambda T, p: 0.0 ** p, [0.0, 1.0, 2.5])


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_agrees_for_large_logits_a_masked_class_and_nan(name):
    z = [[1000.0, -1000.0, 999.0], [0.0, -INF, 1.0], [NAN, 0.0, 1.0], [-1e300, 0.0, 1e300]]
    assert_same(lambda T, z: getattr(T, name)(z, 1), z)


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "log_softmax", "tanh"])
def test_activations_do_not_even_warn_for_numbers_of_any_size_whose_differences_are_finite(name):
    x = gradbook.tensor([[-8e307, -800.0, 0.0, 800.0, 8e307]], requires_grad=True)
    y = getattr(gradbook, name)(*[x, 1] if "softmax" in name else [x])     # a warning would be an error here
    y.backward(np.random.default_rng(0).normal(size=y.shape))
    assert np.isfinite(y.detach().numpy()).all()
    assert np.isfinite(x.grad.numpy()).all()


def test_cross_entropy_of_a_confident_mistake_is_the_logit_not_infinity():
    z = gradbook.tensor([[800.0, 0.0]], requires_grad=True)
    loss = gradbook.functional.cross_entropy(z, np.array([1]))
    loss.backward()
    assert loss.item() == 800.0
    np.testing.assert_array_equal(z.grad.numpy(), [[1.0, -1.0]])


def test_erf_is_accurate_to_the_last_digits_everywhere():
    rng = np.random.default_rng(0)
    x = [rng.normal(size=20_000), rng.uniform(-7, 7, 20_000), 10 ** rng.uniform(-300, 0, 2000)]
    x = np.concatenate(x)
    for dtype, rtol in (("float64", 5e-16), ("float32", 2e-7)):
        exact = torch.erf(torch.tensor(x.astype(dtype).astype("float64"))).numpy()
        found = gradbook.erf(gradbook.Tensor(x.astype(dtype))).numpy()
        assert found.dtype == dtype
        normal = np.abs(exact) > 1e-37 if dtype == "float32" else slice(None)
        np.testing.assert_allclose(found[normal], exact[normal], rtol=rtol)


BOUNDS = {
    "both": (0.0, 1.0), "below": (0.0, None), "above": (None, 1.0), "in the wrong order": (1.0, 0.0),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_clamp_passes_the_cotangent_at_its_bounds_but_not_at_nan(name):
    low, high = BOUNDS[name]
    assert_same(lambda T, x: T.clamp(x, low, high), [NAN, 0.0, 1.0, 0.5, 2.0, -1.0, INF, -INF])


def test_bounds_of_clamp_that_are_learnt_get_what_is_clamped():
    x = [NAN, 0.0, 0.5, 2.0, -1.0, 0.5, 1.0, 1.0]
    low, high = [0.0] * 5 + [1.0, NAN, 0.0], [1.0] * 5 + [0.0, 2.0, NAN]
    assert_same(lambda T, x, low, high: T.clamp(x, low, high), x, low, high)
    assert_same(lambda T, x, low: x.clamp(min=low), x, low)
    assert_same(lambda T, x, high: x.clamp(max=high), [*x, INF], [*high, INF])


def test_cubes_and_inverse_roots_are_torchs_at_the_edges():
    x = [0.0, -0.0, 2.0, -2.0, INF, -INF, NAN, 1e-200, 1e200]
    for p in (3, 3.0, -0.5, 0.5, 1.5, -2):
        assert_same(lambda T, x, p=p: x ** p, x)


def test_division_by_zero_gives_torchs_values_and_numpys_warning():
    assert_same(lambda T, x, y: x / y, [1.0, 0.0, -1.0], [0.0, 0.0, 0.0])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        gradbook.tensor(1.0) / gradbook.tensor(0.0)


def test_where_does_not_let_the_other_branch_spoil_a_gradient_by_itself():
    assert_same(lambda T, x, y: T.where(x > 0, x, y), [1.0, -1.0, NAN], [2.0, NAN, 3.0])


def test_an_entry_that_is_read_twice_receives_both_cotangents():
    assert_same(lambda T, x: x[[0, 0, 2]], [1.0, 2.0, 3.0])

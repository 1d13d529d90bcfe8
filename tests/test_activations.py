"""Activations: what they promise beyond the table of cases."""

import gradbook as T
import numpy as np
import pytest


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


def test_methods_and_functions_are_the_same():
    x = T.tensor([[0.5, -1.0], [2.0, 0.0]])
    for name in ("sigmoid", "tanh", "relu"):
        np.testing.assert_array_equal(getattr(x, name)().numpy(), getattr(T.functional, name)(x).numpy())
    np.testing.assert_array_equal(x.softmax(0).numpy(), T.functional.softmax(x, dim=0).numpy())

"""Losses: conventions, and what they refuse, in which words."""

import gradbook as T
import gradbook.functional as F
import numpy as np
import pytest

rng = np.random.default_rng(0)
z, t = T.tensor(rng.normal(size=(5, 3))), T.tensor(np.array([0, 2, 1, 1, 0]))


def test_reductions_of_mse_loss_count_entries_and_those_of_cross_entropy_examples():
    y, u = T.tensor(rng.normal(size=(5, 3))), T.tensor(rng.normal(size=(5, 3)))
    each = F.mse_loss(y, u, reduction="none").numpy()
    np.testing.assert_allclose(F.mse_loss(y, u).item(), each.sum() / 15, rtol=1e-15)
    np.testing.assert_allclose(F.mse_loss(y, u, reduction="sum").item(), each.sum(), rtol=1e-15)
    each = F.cross_entropy(z, t, reduction="none").numpy()
    assert each.shape == (5,)
    np.testing.assert_allclose(F.cross_entropy(z, t).item(), each.sum() / 5, rtol=1e-15)
    np.testing.assert_allclose(F.cross_entropy(z, t, reduction="sum").item(), each.sum(), rtol=1e-15)


def test_cross_entropy_is_in_nats_and_its_gradient_is_p_minus_t():
    uniform = T.tensor(np.zeros((4, 10)), requires_grad=True)
    loss = F.cross_entropy(uniform, T.tensor([3, 1, 4, 1]))
    np.testing.assert_allclose(loss.item(), np.log(10), rtol=1e-15)
    loss.backward()
    one_hot = np.eye(10)[[3, 1, 4, 1]]
    np.testing.assert_allclose(uniform.grad.numpy(), (0.1 - one_hot) / 4, rtol=1e-14)
    np.testing.assert_allclose(F.cross_entropy(uniform, T.tensor(one_hot)).item(), np.log(10), rtol=1e-15)


def test_over_no_examples_the_sum_is_zero_and_the_mean_is_nan_as_in_torch():
    none, classes = T.tensor(np.zeros((0, 3)), requires_grad=True), T.tensor(np.zeros(0, int))
    assert F.cross_entropy(none, classes, reduction="sum").item() == 0
    with pytest.warns(RuntimeWarning):                         # NumPy's, of an empty mean
        loss = F.cross_entropy(none, classes)
    assert np.isnan(loss.item())
    loss.backward()
    assert none.grad.shape == (0, 3)


@pytest.mark.parametrize(("call", "words"), [
    (lambda: F.mse_loss(z, z[:, 0]), r"mse_loss: input (5, 3) and target (5,) differ in shape"),
    (lambda: F.mse_loss(z, z, reduction="avg"), r"mse_loss: reduction 'avg' is not 'none', 'mean' or 'sum'"),
    (lambda: F.cross_entropy(z, t, reduction=None), "cross_entropy: reduction None is not"),
    (lambda: F.cross_entropy(z, t[:4]),
     "cross_entropy: target (4,) of int64 came with input (5, 3); it needs class indices (5,), integers, "
     "or probabilities (5, 3), floating"),
    (lambda: F.cross_entropy(z, t == 0), "target (5,) of bool came"),
    (lambda: F.cross_entropy(z, z[:, 0]), "cross_entropy: target probabilities (5,) and input (5, 3) differ"),
    (lambda: F.cross_entropy(z, t + 1), "target has classes 1 to 3, input has 3, numbered from 0"),
    (lambda: F.cross_entropy(z, t - 1), "target has classes -1 to 1, input has 3, numbered from 0"),
    (lambda: F.cross_entropy(z.reshape(5, 3, 1), t), "cross_entropy: input (5, 3, 1) is not (N, C) or (C,)"),
])
def test_what_is_refused(call, words):
    with pytest.raises(ValueError) as error:
        call()
    assert words in str(error.value)

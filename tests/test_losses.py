"""Losses: what they promise beyond the table of cases, and torch's conventions at kinks, nan and infinity."""

import warnings

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


# --- torch's conventions --------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


def same_as_torch(name, *arrays, frozen=0, **options):
    """Value and gradients of nn.functional.<name>, but for the last `frozen` arrays."""
    torch = pytest.importorskip("torch")
    results = []
    for library in (T, torch):
        leaves = [library.tensor(np.array(a), requires_grad=k < len(arrays) - frozen)
                  for k, a in enumerate(arrays)]
        given = {k: library.tensor(o) if isinstance(o, np.ndarray) else o for k, o in options.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = getattr(library.nn.functional, name)(*leaves, **given)
            y.backward(library.tensor(np.random.default_rng(0).normal(size=tuple(y.shape))))
        results.append([y.detach().numpy(), *(t.grad.numpy() for t in leaves if t.requires_grad)])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15, equal_nan=True)


DIFFERENCES = np.array([0.0, 0.4, -0.4, 1.0, -1.0, 2.0, -2.0, NAN, INF, -INF, 1e300, -1e-300])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(("name", "options"), [
    ("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.4}),
    ("smooth_l1_loss", {"beta": 0}), ("huber_loss", {}), ("huber_loss", {"delta": 2.0})])
def test_losses_of_differences_at_kinks_nan_and_infinity(name, options, reduction):
    same_as_torch(name, DIFFERENCES, np.zeros(12), reduction=reduction, **options)
    same_as_torch(name, np.zeros(12), DIFFERENCES, reduction=reduction, **options)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_binary_cross_entropy_at_the_ends_where_logarithms_are_infinite(reduction):
    y, t = [0.0, 1.0, 0.0, 1.0, 1e-60, 1e-14, 0.3, 1.0], [0.0, 1.0, 1.0, 0.0, 0.5, 0.5, 0.0, 0.7]
    same_as_torch("binary_cross_entropy", y, t, reduction=reduction)


@pytest.mark.parametrize("options", [{}, {"pos_weight": np.array(3.0)}, {"pos_weight": np.array(0.2)}])
def test_binary_cross_entropy_with_any_logits(options):
    x = np.array([0.0, 1.0, -1.0, 40.0, -40.0, 800.0, -800.0, 1e300, -1e300, INF, -INF, NAN])
    for t in (0.0, 0.25, 1.0, 2.0):
        same_as_torch("binary_cross_entropy_with_logits", x, np.full(12, t), reduction="none", **options)


def test_binary_cross_entropy_is_a_cross_entropy_of_two_classes():
    x, y = rng.normal(size=7), rng.integers(2, size=7)
    two = F.cross_entropy(T.tensor(np.stack([0 * x, x], axis=1)), T.tensor(y))
    one = F.binary_cross_entropy_with_logits(T.tensor(x), T.tensor(y))
    np.testing.assert_allclose(one.item(), two.item(), rtol=1e-14)
    np.testing.assert_allclose(F.binary_cross_entropy(F.sigmoid(T.tensor(x)), T.tensor(y)).item(), two.item())


def test_kl_div_at_probability_zero_has_no_term_and_warns_of_nothing():
    p, log_q = np.array([[0.0, 0.25, 0.75]]), np.log([[0.5, 0.25, 0.25]])
    x = T.tensor(log_q, requires_grad=True)
    F.kl_div(x, T.tensor(p), reduction="batchmean").backward()              # a warning would be an error here
    np.testing.assert_array_equal(x.grad.numpy(), -p)
    same_as_torch("kl_div", log_q, p, reduction="sum", frozen=1)
    same_as_torch("kl_div", log_q, p, reduction="sum")                      # dt = nan at 0, as in torch
    same_as_torch("kl_div", [[-INF, -1.0, NAN]], p, reduction="none", frozen=1)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.3}])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("t", [[0, 2, 1], [-100, 2, 1], [-100, -100, -100]])
def test_cross_entropy_of_excluded_and_undefined_logits_and_ignored_terms(t, reduction, options):
    options = dict(options)
    z = [[1.0, -INF, 3.0], [800.0, -1.0, -800.0], [NAN, 0.0, 1.0]]
    same_as_torch("cross_entropy", z, t, reduction=reduction, frozen=1, **options)
    options["weight"] = np.array([2, 0.5, 1])
    same_as_torch("cross_entropy", z[:2], t[:2], reduction=reduction, frozen=1, **options)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("t", [[0, 2, 1], [-100, 2, 1], [-100, -100, -100]])
def test_nll_loss_of_infinite_and_undefined_logarithms_and_ignored_terms(t, reduction):
    x = [[NAN, -1.0, -2.0], [-1.0, -INF, -2.0], [-1.0, -INF, 0.0]]
    same_as_torch("nll_loss", x, t, reduction=reduction, frozen=1)


@pytest.mark.parametrize("p", [1, 2])
def test_multi_margin_loss_at_its_kink_and_at_nan_and_infinity(p):
    x = [[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [NAN, 2.0, 0.0], [0.0, INF, 0.0], [1.0, 0.0, 0.0]]
    same_as_torch("multi_margin_loss", x, [0, 2, 0, 2, 0], p=p, reduction="none", frozen=1)


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 0), (0, 3, 2)])
def test_classes_of_nothing(name, reduction, shape):
    same_as_torch(name, np.zeros(shape), np.zeros((shape[0], *shape[2:]), int), reduction=reduction, frozen=1)


def test_operands_of_two_dtypes_are_promoted_as_in_torch():
    a, b = np.ones((2, 3), "float32"), np.zeros((2, 3))
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy_with_logits"):
        assert getattr(F, name)(T.tensor(a), T.tensor(b)).dtype == T.float64
        assert getattr(F, name)(T.tensor(a), T.tensor(a)).dtype == T.float32
    x = T.tensor(a, requires_grad=True)
    F.mse_loss(x, T.tensor(b.astype(int))).backward()
    assert x.grad.dtype == T.float32


def test_a_list_is_a_target_too():
    assert F.cross_entropy(z, t.numpy().tolist()).item() == F.cross_entropy(z, t).item()
    assert F.nll_loss(z, t.numpy().tolist()).item() == F.nll_loss(z, t).item()
    assert F.multi_margin_loss(z, t.numpy().tolist()).item() == F.multi_margin_loss(z, t).item()
    assert F.mse_loss(z[0], [0.0, 1.0, 2.0]).item() == F.mse_loss(z[0], T.tensor([0.0, 1.0, 2.0])).item()
    with pytest.raises(TypeError, match=r"cross_entropy: input is .*, a floating"):
        F.cross_entropy(T.tensor([[1, 2]]), [0])


def test_a_weight_that_requires_grad_is_told_that_it_has_no_derivative():
    weight = T.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with pytest.raises(NotImplementedError, match="cross_entropy: argument 2 has no derivative"):
        F.cross_entropy(z, t, weight).backward()


# --- what each is for -----------------------------------------------------------------------------------


def test_label_smoothing_is_the_cross_entropy_of_smoothed_probabilities():
    probabilities = T.tensor(np.eye(3)[t.numpy()] * 0.7 + 0.3 / 3)
    smoothed = F.cross_entropy(z, t, label_smoothing=0.3)
    np.testing.assert_allclose(smoothed.item(), F.cross_entropy(z, probabilities).item(), rtol=1e-14)


def test_an_integer_weight_counts_an_example_as_often():
    weight, often = np.array([2.0, 1.0, 3.0]), np.repeat(np.arange(5), np.array([2, 1, 3])[t.numpy()])
    weighted = F.cross_entropy(z, t, T.tensor(weight))
    np.testing.assert_allclose(weighted.item(), F.cross_entropy(z[often], t[often]).item(), rtol=1e-14)


def test_blocks_of_rows_change_nothing():
    """More rows than one block holds, in an array that is not contiguous."""
    torch = pytest.importorskip("torch")
    logits, classes = rng.normal(size=(700, 700)).T, rng.integers(700, size=700)
    ours, theirs = T.Tensor(logits, requires_grad=True), torch.tensor(logits, requires_grad=True)
    loss = F.cross_entropy(ours, classes)
    reference = torch.nn.functional.cross_entropy(theirs, torch.tensor(classes))
    loss.backward()
    reference.backward()
    np.testing.assert_allclose(loss.item(), reference.item(), rtol=1e-13)
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-11, atol=1e-18)


def test_multi_margin_loss_is_zero_once_the_margin_is_kept():
    kept, violated = T.tensor([[3.0, 1.9, 0.0]]), T.tensor([[3.0, 2.5, 0.0]])
    assert F.multi_margin_loss(kept, T.tensor([0])).item() == 0
    np.testing.assert_allclose(F.multi_margin_loss(violated, T.tensor([0])).item(), 0.5 / 3)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_unequal_shapes_broadcast_with_a_warning_as_in_torch(name, reduction):
    torch = pytest.importorskip("torch")
    y, u, results = rng.normal(size=(5, 1)), 3 * rng.normal(size=4), []
    for library in (T, torch):
        tensors = [library.tensor(a, requires_grad=True) for a in (y, u)]
        with pytest.warns(UserWarning, match=r"differ in shape|is different to the input size"):
            loss = getattr(library.nn.functional, name)(*tensors, reduction=reduction)
        loss.sum().backward()
        results.append([loss.detach().numpy(), *(t.grad.numpy() for t in tensors)])
    for ours, theirs in zip(*results):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("name", ["mse_loss", "huber_loss"])
def test_shapes_that_cannot_broadcast_are_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"{name}: .*\(3, 2\).*\(3,\)"):
        getattr(F, name)(T.ones(3, 2), T.ones(3))

"""Norms: equal to torch's, to their formulas, and to themselves in other blocks; running statistics."""

import copy
import warnings

import gradbook as T
import gradbook.functional as F
import numpy as np
import pytest
from gradbook import normalization

NAN, INF = float("nan"), float("inf")
rng = np.random.default_rng(0)


def outcome(library, name, arrays, *args, **options):
    """nn.functional.<name>(x, *args, weight, bias, ...): value and gradients, for a random cotangent."""
    x, *parameters = (library.tensor(np.array(a, dtype=float), requires_grad=True) for a in arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        y = getattr(library.nn.functional, name)(x, *args, *parameters, **options)
        y.backward(library.tensor(np.random.default_rng(1).normal(size=tuple(y.shape))))
    return [y.detach().numpy(), *(a.grad.numpy() for a in (x, *parameters))]


def same_as_torch(name, arrays, *args, rtol=1e-11, **options):
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(outcome(T, name, arrays, *args, **options),
                            outcome(torch, name, arrays, *args, **options)):
        finite = np.abs(theirs[np.isfinite(theirs)]).max(initial=1)
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * finite)


# name, what stands between x and weight, shape of weight and bias for x (N, 6, 4, 5), their number
NORMS = [
    pytest.param("batch_norm", (None, None), (6,), 2, id="batch"),
    pytest.param("instance_norm", (None, None), (6,), 2, id="instance"),
    pytest.param("group_norm", (3,), (6,), 2, id="group"),
    pytest.param("layer_norm", ((4, 5),), (4, 5), 2, id="layer"),
    pytest.param("rms_norm", ((6, 4, 5),), (6, 4, 5), 1, id="rms"),
]


def drawn(shape, count, examples=3):
    x = rng.normal(size=(examples, 6, 4, 5))
    return [x, *(rng.normal(size=shape) for _ in range(count))]


def training(name):
    return {"training": True} if name == "batch_norm" else {}


@pytest.mark.parametrize(("name", "between", "shape", "count"), NORMS)
@pytest.mark.parametrize("block", [1, 200, 1 << 20])
def test_norms_agree_with_torch_in_blocks_of_any_size(monkeypatch, name, between, shape, count, block):
    monkeypatch.setattr(normalization, "BLOCK", block)
    same_as_torch(name, drawn(shape, count, examples=7), *between, **training(name))


@pytest.mark.parametrize(("name", "between", "shape", "count"), NORMS)
@pytest.mark.parametrize("change", [
    lambda x: 0 * x + 0.1, lambda x: 1e-9 * x, lambda x: 1e9 * x, lambda x: np.where(x > 1, NAN, x),
    lambda x: np.where(x > 1, INF, x)],
    ids=["constant", "tiny", "huge", "nan", "infinity"])
def test_norms_agree_with_torch_for_numbers_that_are_not_ordinary(name, between, shape, count, change):
    x, *parameters = drawn(shape, count)
    same_as_torch(name, [change(x), *parameters], *between, rtol=1e-10, **training(name))


@pytest.mark.parametrize(("name", "between", "shape", "count"), NORMS[:4])
def test_a_constant_is_normed_to_the_bias_exactly(name, between, shape, count):
    _, weight, bias = drawn(shape, count)
    x = T.tensor(np.full((3, 6, 4, 5), 0.1))
    y = getattr(F, name)(x, *between, T.tensor(weight), T.tensor(bias), **training(name)).numpy()
    bias = bias[:, None, None] if bias.shape == (6,) else bias
    np.testing.assert_array_equal(y, np.broadcast_to(bias, y.shape))


@pytest.mark.parametrize(("name", "between", "shape", "count"), NORMS[:4])
def test_far_from_zero_as_many_digits_are_right_as_x_has(name, between, shape, count):
    near = rng.integers(-50, 50, size=(3, 6, 4, 5)) / 8.0            # eighths: near + 2^40 is not rounded
    far = near + 2.0 ** 40
    y, z = (getattr(F, name)(T.tensor(x), *between, **training(name)).numpy() for x in (near, far))
    np.testing.assert_allclose(z, y, rtol=1e-3, atol=1e-3)           # E[x²] - E[x]² would leave no digit
    assert np.abs(y).max() > 1


def test_a_layer_norm_is_its_formula_written_as_loops():
    x, w, b = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4)
    expected = []
    for row in x:
        mean = sum(row) / 4
        var = sum((a - mean) ** 2 for a in row) / 4
        expected.append([w[k] * (row[k] - mean) / (var + 0.1) ** 0.5 + b[k] for k in range(4)])
    y = F.layer_norm(T.tensor(x), [4], T.tensor(w), T.tensor(b), eps=0.1)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13)


def test_one_group_is_a_layer_norm_each_channel_a_group_an_instance_norm_and_one_example_a_batch():
    x = T.tensor(rng.normal(size=(3, 6, 4)))
    np.testing.assert_allclose(F.group_norm(x, 1).numpy(), F.layer_norm(x, (6, 4)).numpy(), rtol=1e-12)
    np.testing.assert_allclose(F.group_norm(x, 6).numpy(), F.instance_norm(x).numpy(), rtol=1e-12)
    alone = F.batch_norm(x[:1], None, None, training=True)
    np.testing.assert_allclose(F.instance_norm(x).numpy()[:1], alone.numpy(), rtol=1e-12)


# --- running statistics ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "flag"), [("batch_norm", "training"), ("instance_norm", "use_input_stats")])
@pytest.mark.parametrize("momentum", [0.1, 0.75, 1.0])
def test_running_statistics_follow_in_place_and_are_then_used_as_in_torch(name, flag, momentum):
    torch = pytest.importorskip("torch")
    steps = [rng.normal(loc=3, size=(4, 2, 5)) for _ in range(3)]
    mean, var, seen = rng.normal(size=2), rng.uniform(0.5, 2, size=2), []
    for library in (T, torch):
        running = [library.tensor(mean), library.tensor(var)]
        f = getattr(library.nn.functional, name)
        for x in steps:
            f(library.tensor(x), *running, momentum=momentum, **{flag: True})
        y = f(library.tensor(steps[0]), *running, **{flag: False})
        seen.append([y.numpy(), *(a.numpy() for a in running)])
    for ours, theirs in zip(*seen):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_running_variance_is_the_unbiased_one_though_the_biased_one_normalizes():
    x, mean, var = rng.normal(size=(5, 2)), T.zeros(2), T.ones(2)
    y = F.batch_norm(T.tensor(x), mean, var, training=True, momentum=1.0, eps=1e-12)
    np.testing.assert_allclose(var.numpy(), x.var(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_allclose(mean.numpy(), x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(y.numpy().var(axis=0), 1, rtol=1e-9)


def test_evaluation_changes_no_running_statistics_and_an_empty_batch_does_not_either():
    mean, var = T.zeros(2), T.ones(2)
    F.batch_norm(T.ones(3, 2), mean, var)
    F.instance_norm(T.ones(3, 2, 4), mean, var, use_input_stats=False)
    for options in ({"training": True}, {"training": False}):
        assert F.batch_norm(T.zeros(0, 2), mean, var, **options).shape == (0, 2)
    F.instance_norm(T.zeros(0, 2, 4), mean, var)
    assert mean.tolist() == [0, 0]
    assert var.tolist() == [1, 1]


def test_a_network_may_use_the_same_running_statistics_twice_before_backward():
    x, mean, var = T.tensor(rng.normal(size=(5, 2)), requires_grad=True), T.zeros(2), T.ones(2)
    F.batch_norm(F.batch_norm(x, mean, var, training=True) ** 2, mean, var, training=True).sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


# --- vectors of length 1 --------------------------------------------------------------------------------


VECTORS = [[0, 0, 0], [3, 0, -3], [1e-13, 2e-13, 0], [NAN, 1, 2], [INF, 1, 2], [-1, 1, 0.5], [2, -2, 1]]


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, INF, -INF, -1])
def test_normalize_agrees_with_torch_at_zero_ties_tiny_vectors_nan_and_infinity(p):
    for x in VECTORS:
        same_as_torch("normalize", [[x]], p)
    same_as_torch("normalize", [VECTORS[4:]], p, 0)


def test_normalize_agrees_with_torch_where_the_norm_is_eps_and_for_numbers_without_dimensions():
    same_as_torch("normalize", [[[3.0, 4.0]]], eps=5.0)
    same_as_torch("normalize", [[[3.0, 4.0]]], eps=5.1)
    same_as_torch("normalize", [-2.5], dim=0)
    same_as_torch("normalize", [np.zeros((2, 0))], dim=1)


def test_cosine_similarity_agrees_with_torch_at_zero_below_eps_nan_and_for_numbers_without_dimensions():
    other = rng.normal(size=(len(VECTORS), 3))
    for eps in (1e-8, 3.0):
        same_as_torch("cosine_similarity", [VECTORS, other], eps=eps)
        same_as_torch("cosine_similarity", [other, VECTORS], eps=eps)
        same_as_torch("cosine_similarity", [VECTORS, VECTORS], eps=eps)
    same_as_torch("cosine_similarity", [2.0, [1.0, -3.0]], dim=0)
    same_as_torch("cosine_similarity", [rng.normal(size=(2, 1, 3)), rng.normal(size=(4, 3))], dim=1)


def test_cosine_similarity_takes_the_dtype_of_a_sum():
    a, b = rng.normal(size=(2, 3)), np.array([[1, 2, 3]])
    assert F.cosine_similarity(T.tensor(a, dtype=T.float32), T.tensor(b)).dtype == "float32"
    assert F.cosine_similarity(T.tensor(a, dtype=T.float32), T.tensor(a)).dtype == "float64"


def test_what_is_given_to_a_norm_is_not_written_to():
    arrays = drawn((6,), 2)
    before = copy.deepcopy(arrays)
    outcome(T, "batch_norm", arrays, None, None, training=True)
    for a, b in zip(arrays, before):
        np.testing.assert_array_equal(a, b)

"""Attention, embeddings and one-hot vectors: masks, dropout and torch's conventions at the edges."""

import warnings

import gradbook as T
import gradbook.functional as F
import numpy as np
import pytest

NAN, INF = float("nan"), float("inf")
rng = np.random.default_rng(0)
Q, K, V = (rng.normal(size=shape) for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 6)))


def outcome(library, *arrays, **options):
    """Attention and its gradients, for a random cotangent. A mask of numbers has one, too."""
    leaves = [library.tensor(np.array(a), requires_grad=a.dtype.kind == "f") for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        y = library.nn.functional.scaled_dot_product_attention(*leaves, **options)
        y.backward(library.tensor(np.random.default_rng(1).normal(size=tuple(y.shape))))
    return [y.detach().numpy(), *(a.grad.numpy() for a in leaves if a.requires_grad)]


def same_as_torch(*arrays, **options):
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(outcome(T, *arrays, **options), outcome(torch, *arrays, **options)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_attention_is_its_formula_written_as_loops():
    y = F.scaled_dot_product_attention(T.tensor(Q), T.tensor(K), T.tensor(V)).numpy()
    for n in range(2):
        for i in range(3):
            scores = [np.exp(sum(Q[n, i, e] * K[n, j, e] for e in range(4)) / 4 ** 0.5) for j in range(5)]
            expected = sum(scores[j] * V[n, j] for j in range(5)) / sum(scores)
            np.testing.assert_allclose(y[n, i], expected, rtol=1e-13)


@pytest.mark.parametrize("scale", [None, 0.0, -1.3])
@pytest.mark.parametrize("causal", [False, True])
def test_scale_and_causality_agree_with_torch_for_more_queries_than_keys_and_fewer(scale, causal):
    same_as_torch(Q, K, V, scale=scale, is_causal=causal)
    same_as_torch(K, Q, rng.normal(size=(2, 3, 6)), scale=scale, is_causal=causal)


def test_a_query_that_sees_no_key_gets_0_and_gives_no_gradient():
    seen = np.array([[True] * 5, [False] * 5, [True, False] * 2 + [False]])
    for mask in (seen, np.where(seen, 0.0, -INF), np.where(seen, 0.3, -INF)[None]):
        same_as_torch(Q, K, V, mask)
        y, dq, dk, dv, *_ = outcome(T, Q, K, V, mask)
        assert not y[:, 1].any()
        assert not dq[:, 1].any()
        assert np.isfinite([*dk.ravel(), *dv.ravel()]).all()
        assert y[:, 0].all()


def test_a_masked_key_receives_no_gradient_and_causality_hides_the_future():
    _, _, dk, dv = outcome(T, Q, K, V, np.arange(5) != 2)
    assert not dk[:, 2].any()
    assert not dv[:, 2].any()
    changed = K.copy()
    changed[:, 2:] = rng.normal(size=(2, 3, 4))
    y, z = (outcome(T, Q, k, V, is_causal=True)[0] for k in (K, changed))
    np.testing.assert_array_equal(y[:, :2], z[:, :2])
    assert (y[:, 2] != z[:, 2]).all()


@pytest.mark.parametrize("number", [NAN, INF, -INF, 1e200])
@pytest.mark.parametrize("where", [0, 1, 2, 3])
def test_nan_infinity_and_overflow_spread_as_in_torch(number, where):
    arrays = [Q.copy(), K.copy(), V.copy(), rng.normal(size=(3, 5))]
    arrays[where][(0, 2, 1) if where < 3 else (2, 1)] = number
    same_as_torch(*arrays)
    same_as_torch(*arrays[:3], is_causal=True)
    same_as_torch(*arrays[:3], np.arange(5) != 2)


def test_scores_of_any_size_do_not_overflow():
    y, *gradients = outcome(T, 1e4 * Q, 1e4 * K, V)
    assert np.isfinite(y).all()
    assert all(np.isfinite(d).all() for d in gradients)
    same_as_torch(1e4 * Q, 1e4 * K, V)


@pytest.mark.parametrize("empty", [0, 1, 2, 3, 4])
def test_no_examples_queries_keys_and_features_agree_with_torch(empty):
    n, length, s, e, v = (0 if k == empty else size for k, size in enumerate((2, 3, 5, 4, 6)))
    same_as_torch(np.ones((n, length, e)), np.ones((n, s, e)), rng.normal(size=(n, s, v)))


def test_a_mask_of_float32_beside_float64_is_taken_and_gets_its_gradient_in_float32():
    mask = T.tensor(rng.normal(size=(3, 5)), dtype=T.float32, requires_grad=True)
    y = F.scaled_dot_product_attention(T.tensor(Q), T.tensor(K), T.tensor(V), mask)
    y.sum().backward()
    assert y.dtype == "float64"
    assert mask.grad.dtype == "float32"


def test_dropout_is_that_of_the_weights():
    def by_hand(q, k, v, rng):
        return F.dropout(F.softmax(q @ k.mT / 2, dim=-1), 0.4, rng=rng) @ v

    def attention(q, k, v, rng):
        return F.scaled_dot_product_attention(q, k, v, dropout_p=0.4, rng=rng)

    results = []
    for f in (attention, by_hand):
        leaves = [T.tensor(a, requires_grad=True) for a in (Q, K, V)]
        y = f(*leaves, np.random.default_rng(7))
        y.backward(np.random.default_rng(1).normal(size=y.shape))
        results.append([y.detach().numpy(), *(a.grad.numpy() for a in leaves)])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)
    without = F.scaled_dot_product_attention(*map(T.tensor, (Q, K, V)))
    assert np.abs(results[0][0] - without.numpy()).max() > 0.1
    assert not F.scaled_dot_product_attention(*map(T.tensor, (Q, K, V)), dropout_p=1.0).numpy().any()


def test_dropout_keeps_the_expectation():
    rng, tensors = np.random.default_rng(0), [T.tensor(a) for a in (Q, K, V)]
    draws = [F.scaled_dot_product_attention(*tensors, dropout_p=0.3, rng=rng).numpy() for _ in range(2000)]
    error = np.mean(draws, axis=0) - F.scaled_dot_product_attention(*tensors).numpy()
    assert (np.abs(error) < 5 * np.std(draws, axis=0) / 2000 ** 0.5).all()


def test_enable_gqa_is_not_offered():
    with pytest.raises(TypeError, match="enable_gqa"):
        F.scaled_dot_product_attention(*map(T.tensor, (Q, K, V)), enable_gqa=True)


# --- embeddings and one-hot vectors ---------------------------------------------------------------------


@pytest.mark.parametrize("padding_idx", [None, 0, 3, -1, -4])
def test_the_row_of_padding_is_read_but_gets_no_gradient(padding_idx):
    torch = pytest.importorskip("torch")
    weight, index, g = rng.normal(size=(4, 3)), np.array([[0, 3, 3], [1, 0, 3]]), rng.normal(size=(2, 3, 3))
    results = []
    for library in (T, torch):
        w = library.tensor(weight, requires_grad=True)
        y = library.nn.functional.embedding(library.tensor(index), w, padding_idx)
        y.backward(library.tensor(g))
        results.append((y.detach().numpy(), w.grad.numpy()))
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)
    np.testing.assert_array_equal(results[0][0], weight[index])
    if padding_idx is not None:
        assert not results[0][1][padding_idx].any()


def test_an_embedding_is_the_product_with_one_hot_vectors():
    index, weight = T.tensor([[2, 0], [1, 2]]), T.tensor(rng.normal(size=(3, 4)))
    np.testing.assert_array_equal(F.embedding(index, weight).numpy(),
                                  (F.one_hot(index, 3).double() @ weight).numpy())


@pytest.mark.parametrize(("index", "classes"), [
    ([[0, 2], [1, 1]], -1), ([[0, 2], [1, 1]], 5), (3, -1), (np.zeros((0, 2), int), 3)])
def test_one_hot_agrees_with_torch(index, classes):
    torch = pytest.importorskip("torch")
    ours = F.one_hot(T.tensor(index), classes).numpy()
    theirs = torch.nn.functional.one_hot(torch.tensor(index), classes).numpy()
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)

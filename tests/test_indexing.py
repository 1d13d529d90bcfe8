"""t[index], gather and masked_fill: torch's meaning, and what is refused."""

import gradbook
import numpy as np
import pytest

rng = np.random.default_rng(0)
x = rng.normal(size=(3, 4, 2, 5))
every = slice(None)

INDICES = {
    "numbers beside an array": (0, every, 1, [1, 2, 2]), "a 0-d array": (np.array(2), every, [0, 1]),
    "a NumPy number": (np.int64(1), every, [0, 1]), "apart": ([0, 1], every, [1, 0]), "a slice": slice(0, 2),
    "apart by None": ([0, 1], None, [1, 0]), "two-dimensional": (np.array([[0], [2]]), np.array([[1, 3]])),
    "a mask of two dimensions": rng.random((3, 4)) < 0.5,
    "a mask within": (1, np.array([True, False, False, True])),
    "a mask and a number": (np.array([True, False, True]), every, 0), "nothing": [],
    "no rows": np.zeros(0, int),
    "true": True, "the rest": (..., [0, 0]), "new dimensions": (None, 1, ..., None),
    "of bools": [True, False, True],
}


@pytest.mark.parametrize("name", INDICES)
def test_an_index_means_what_it_means_to_torch(name):
    torch = pytest.importorskip("torch")
    results = []
    for T in (gradbook, torch):
        index = INDICES[name]
        index = tuple(T.tensor(i) if isinstance(i, np.ndarray) else i for i in index) if isinstance(
            index, tuple) else T.tensor(index) if isinstance(index, np.ndarray) else index
        t = T.tensor(x, requires_grad=True)
        y = t[index]
        y.backward(T.tensor(np.random.default_rng(1).normal(size=tuple(y.shape))))
        written = T.tensor(x)
        written[index] = 7
        results.append([y.detach().numpy(), t.grad.numpy(), written.numpy()])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)
        assert ours.shape == theirs.shape


def test_an_index_that_is_written_later_does_not_change_the_gradient():
    t, index = gradbook.tensor(x, requires_grad=True), gradbook.tensor([0, 2])
    y = t[index].sum() + t[:, index].sum()
    index[0] = 1
    y.backward()
    expected = np.zeros_like(x)
    expected[[0, 2]] += 1
    expected[:, [0, 2]] += 1
    np.testing.assert_array_equal(t.grad.numpy(), expected)


@pytest.mark.parametrize(("index", "error", "words"), [
    (3, IndexError, "index 3 is out of bounds"), ((0, 0, 0, 0, 0), IndexError, "too many indices"),
    (1.5, TypeError, "getitem: an index of float64 came; integers, bools or slices are needed"),
    ("a", TypeError, "getitem: an index of <U1 came"),
    (np.array([True, False]), IndexError, "boolean index did not match"),
])
def test_what_is_no_index(index, error, words):
    with pytest.raises(error, match=words):
        gradbook.tensor(x)[index]


def test_iteration_ends_and_a_negative_step_reverses():
    assert [row.shape for row in gradbook.tensor(x)] == [(4, 2, 5)] * 3
    np.testing.assert_array_equal(gradbook.tensor(x)[::-1].numpy(), x[::-1])


def test_gather_reads_as_its_formula_says():
    index = rng.integers(4, size=(2, 6, 1, 5))
    y = gradbook.gather(gradbook.tensor(x), 1, gradbook.tensor(index)).numpy()
    assert all(y[i, j, k, m] == x[i, index[i, j, k, m], k, m] for i, j, k, m in np.ndindex(y.shape))


def test_gather_adds_where_an_entry_was_read_twice_and_serves_numbers():
    torch = pytest.importorskip("torch")
    rows = (x[0, 0], 1, [[0, 0, 1], [4, 4, 4]]), (x[0, 0, 0], 0, 2), (x[0, 0, 0, 0], 0, [0, 0])
    for array, dim, index in rows:
        grads = []
        for T in (gradbook, torch):
            t = T.tensor(array, requires_grad=True)
            y = T.gather(t, dim, T.tensor(index))
            y.backward(T.tensor(np.random.default_rng(1).normal(size=tuple(y.shape))))
            grads.append(t.grad.numpy())
        np.testing.assert_allclose(*grads, rtol=1e-14)


def test_masked_fill_keeps_the_dtype_broadcasts_and_takes_a_learnt_value():
    torch = pytest.importorskip("torch")
    mask, results = rng.random((4, 1, 5)) < 0.5, []
    for T in (gradbook, torch):
        t, value = T.tensor(x, requires_grad=True), T.tensor(0.5, dtype=T.float64, requires_grad=True)
        y = t.masked_fill(T.tensor(mask), -np.inf).masked_fill(T.tensor(~mask), value)
        y.backward(T.tensor(np.random.default_rng(1).normal(size=tuple(y.shape))))
        whole = T.masked_fill(T.tensor([1, 2]), T.tensor([True, False]), 7.9)
        results.append([y.detach().numpy(), t.grad.numpy(), value.grad.numpy(), whole.numpy()])
        assert str(whole.dtype).endswith("int64")
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)
    with pytest.raises(ValueError, match="masked_fill: value -inf came, input is int64"):
        gradbook.masked_fill(gradbook.tensor([1, 2]), gradbook.tensor([True, False]), -np.inf)

"""Reductions: dtypes, empty and special values, ties, and the forms in which torch takes them."""

import warnings

import gradbook
import numpy as np
import pytest

torch = pytest.importorskip("torch")
NAN, INF = float("nan"), float("inf")


def results(T, f, array):
    """The value (or values) and the gradient, as arrays; NumPy may warn."""
    t = T.tensor(array, requires_grad=array.dtype.kind == "f")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = f(T, t)
        values = list(value) if isinstance(value, tuple) else [value]
        if values[0].requires_grad:
            values[0].backward(T.tensor(np.random.default_rng(1).normal(size=tuple(values[0].shape)),
                                        dtype=values[0].dtype))
            values.append(t.grad)
    return values


def assert_same(f, array):
    ours, theirs = (results(T, f, np.array(array)) for T in (gradbook, torch))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == tuple(b.shape)
        assert f"torch.{a.dtype}" == str(b.dtype)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12)


ROWS = [[1.0, 3.0, 3.0], [NAN, 1.0, NAN], [INF, INF, -INF], [-INF, -INF, -INF], [0.0, -0.0, 2.0],
        [0.0, INF, 3.0]]
REDUCTIONS = {
    **{name: lambda T, x, name=name: getattr(T, name)(x, 1) for name in (
        "sum", "mean", "var", "std", "max", "min", "amax", "amin", "prod", "logsumexp", "cumsum",
        "argmax", "argmin", "any", "all")},
    "var biased": lambda T, x: x.var(1, False),
    "var with another correction": lambda T, x: x.var(1, correction=0.5, keepdim=True),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_ties_zeros_infinities_and_nan_are_torchs(name, row):
    assert_same(REDUCTIONS[name], [row, [0.5, 1.5, -1.0]])


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", ["max", "min", "amax", "amin", "prod", "std", "argmax", "argmin"])
def test_the_same_over_everything(name, row):
    assert_same(lambda T, x: getattr(T, name)(x), row)


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "float32"])
@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "amax", "max", "logsumexp", "any", "all"])
def test_dtypes_of_reductions_are_torchs(name, dtype):
    dims = (0,) if name in ("cumsum", "logsumexp") else ()
    if name == "logsumexp" and dtype != "float32":
        with pytest.raises(AssertionError, match="float64"):        # the default dtypes of the two differ
            assert_same(lambda T, x: getattr(T, name)(x, *dims), np.array([1, 0, 1], dtype))
    elif name != "logsumexp":
        assert_same(lambda T, x: getattr(T, name)(x, *dims), np.array([1, 0, 1], dtype))


EMPTY = {
    "sum": lambda T, x: x.sum(1), "sum of all": lambda T, x: x.sum(), "mean": lambda T, x: x.mean(1),
    "var": lambda T, x: x.var(1), "prod": lambda T, x: x.prod(1), "logsumexp": lambda T, x: x.logsumexp(1),
    "cumsum": lambda T, x: x.cumsum(1), "any": lambda T, x: x.any(1), "all": lambda T, x: x.all(),
    "amax of the other": lambda T, x: x.amax(0), "max of the other": lambda T, x: x.max(0),
    "argmax of the other": lambda T, x: x.argmax(0),
}


@pytest.mark.parametrize("name", EMPTY)
def test_of_nothing(name):
    assert_same(EMPTY[name], np.zeros((2, 0)))


FORMS = {
    "max of two": lambda T, x: T.max(x, 2 - x), "min kept": lambda T, x: x.min(dim=-1, keepdim=True),
    "max by name": lambda T, x: x.max(0).values, "indices": lambda T, x: T.min(x, 1).indices,
    "argmax kept of all": lambda T, x: x.argmax(keepdim=True), "any of two": lambda T, x: x.any((0, 1)),
    "any of none": lambda T, x: x.any(()), "sum of none is of all": lambda T, x: x.sum(()),
    "sum of a list": lambda T, x: x.sum([0, -1], True), "var of all, biased": lambda T, x: x.var(False),
    "var by keywords": lambda T, x: x.var(dim=0, unbiased=False, keepdim=True),
    "std": lambda T, x: x.std((0, 1)),
    "var of a number": lambda T, x: x[0, 0].var(correction=0), "sum of a number": lambda T, x: x[0, 0].sum(0),
    "max of a number": lambda T, x: x[0, 0].max(-1), "logsumexp of two": lambda T, x: x.logsumexp((0, 1)),
    "cumsum by keyword": lambda T, x: T.cumsum(x, dim=-1), "prod of a number": lambda T, x: x[0, 0].prod(0),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_torch_has(name):
    assert_same(FORMS[name], np.random.default_rng(0).normal(size=(3, 4)))


def test_more_is_subtracted_than_there_is():
    for f in (lambda T, x: x.var(), lambda T, x: x.var(0), lambda T, x: x.std(0),
              lambda T, x: x.var(correction=3)):
        assert_same(f, [2.0])
        assert_same(f, [2.0, 3.0])


def test_logsumexp_is_finite_and_silent_where_exp_is_not():
    x = gradbook.tensor([[1000.0, 999.0], [-1000.0, -1001.0], [-INF, 3.0]], requires_grad=True)
    y = gradbook.logsumexp(x, 1)                           # a warning would be an error here
    np.testing.assert_allclose(y.detach().numpy(), [1000.3132616875182, -999.6867383124818, 3.0], rtol=1e-15)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy().sum(1), 1, rtol=1e-12)


def test_the_variance_of_large_numbers_does_not_cancel():
    x = gradbook.tensor([1e9 + 1, 1e9 + 2, 1e9 + 3])
    assert x.var().item() == 1.0

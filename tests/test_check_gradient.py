"""check.gradient: what passes, and the wrong vjps that it has to reject."""

import numpy as np
import pytest
from gradbook import check
from gradbook.check import CheckFailed

gradient = check.gradient.__wrapped__
rng = np.random.default_rng(0)


def tanh(x):
    y = np.tanh(x)
    return y, lambda g: (g * (1 - y * y),)


def softmax(x, dim=1):
    e = np.exp(x - x.max(axis=dim, keepdims=True))
    p = e / e.sum(axis=dim, keepdims=True)
    return p, lambda g: (p * (g - (g * p).sum(axis=dim, keepdims=True)),)


def matmul(a, b):
    return a @ b, lambda g: (g @ b.T, a.T @ g)


def add(a, b):  # broadcasting: the cotangents are left for the tape to sum down
    return a + b, lambda g: (g, g)


def nll_loss(x, target):
    rows = np.arange(len(x))
    def vjp(g):
        dx = np.zeros_like(x)
        dx[rows, target] = -g / len(x)
        return dx, None
    return -x[rows, target].mean(), vjp  # fmt: skip


@pytest.mark.parametrize(
    ("op", "arrays"),
    [
        (tanh, (rng.normal(size=(3, 4)),)),
        (softmax, (rng.normal(size=(3, 5)),)),
        (matmul, (rng.normal(size=(3, 4)), rng.normal(size=(4, 2)))),
        (add, (rng.normal(size=(3, 1)), rng.normal(size=4))),
        (nll_loss, (rng.normal(size=(5, 3)), np.array([0, 2, 1, 1, 0]))),
        (tanh, (rng.normal(size=(50, 9)).astype("float32"),)),  # more entries than are probed
    ],
)
def test_a_right_vjp_passes_against_both_references(op, arrays):
    pytest.importorskip("torch")
    options = {"dim": 1} if op is softmax else {}
    assert gradient(op, *arrays, **options).text == (
        f"✓ {op.__name__} · vjp agrees with finite differences (rtol 1e-7) and torch.autograd (rtol 1e-10)"
        " · rejects: 1.001 × vjp; zero"
    )


def wrong(f, spoil):
    def op(*arrays, **options):
        value, vjp = f(*arrays, **options)
        return value, lambda g: spoil(g, *vjp(g))

    op.__name__ = f.__name__
    return op


x34, a34, b42 = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(4, 2))


@pytest.mark.parametrize("torch", [None, False])
@pytest.mark.parametrize(
    ("op", "arrays", "words"),
    [
        (wrong(tanh, lambda g, d: (d * (1 + 1e-5),)), (x34,), "the gradient of .* disagrees with"),
        (wrong(tanh, lambda g, d: (0 * d,)), (x34,), "disagrees with finite differences"),
        (wrong(tanh, lambda g, d: (d.T,)), (x34,), r"is \(4, 3\), not \(3, 4\)"),
        (wrong(tanh, lambda g, d: (None,)), (x34,), "is None"),
        (wrong(tanh, lambda g, d: (np.nan * d,)), (x34,), "is nan"),
        (wrong(matmul, lambda g, da, db: (da,)), (a34, b42), "gave 1 gradients of 2"),
        (wrong(matmul, lambda g, da, db: (da, -db)), (a34, b42), "disagrees"),
        (wrong(softmax, lambda g, d: (0 * d,)), (x34,), "disagrees"),
        (lambda x: (np.sign(x), lambda g: (0 * g,)), (x34,), "'1.001 × vjp' was not rejected"),
    ],
)
def test_a_wrong_vjp_is_rejected(op, arrays, words, torch):
    options = {"dim": 1} if getattr(op, "__name__", "") == "softmax" else {}
    with pytest.raises(CheckFailed, match=words):
        gradient(op, *arrays, torch=torch, **options)


def test_a_right_derivative_of_another_function_is_no_use():
    torch = pytest.importorskip("torch")
    shifted = lambda x: (tanh(x)[0] + 1, tanh(x)[1])
    with pytest.raises(CheckFailed, match="the value disagrees with torch"):
        gradient(shifted, x34, torch=torch.tanh)
    assert "torch" not in gradient(shifted, x34, torch=False).text


def test_named_wrong_variants_have_to_be_rejected_too():
    diagonal = wrong(softmax, lambda g, d: (g * softmax(x34)[0] * (1 - softmax(x34)[0]),))
    record = gradient(softmax, x34, wrong={"diagonal only": diagonal}, dim=1)
    assert record.text.endswith("zero; diagonal only")
    with pytest.raises(CheckFailed, match="'same' was not rejected"):
        gradient(softmax, x34, wrong={"same": softmax}, dim=1)


def test_a_primitive_goes_by_its_name_or_its_public_function():
    from gradbook.autodiff import PRIMITIVES, primitive

    try:
        public = primitive(lambda x: (x**3, lambda g: (3 * g * x**2,)))
        name = "<lambda>"
        text = gradient(public, x34).text
        assert text.startswith("✓ <lambda> · vjp agrees with finite differences (rtol 1e-7) ·")
        assert gradient(name, x34).data["id"] == name
        with pytest.raises(KeyError, match="there is no primitive 'sigmoidal'"):
            gradient("sigmoidal", x34)
    finally:
        PRIMITIVES.pop("<lambda>", None)


def test_what_is_not_of_the_form_value_and_vjp_is_refused():
    with pytest.raises(TypeError, match=r"must return \(value, vjp\)"):
        gradient(np.tanh, x34)
    with pytest.raises(TypeError, match="none of the arguments is a floating-point array"):
        gradient(tanh, np.arange(3))
    with pytest.raises(TypeError, match="op must be a name or a callable, got int"):
        gradient(3, x34)

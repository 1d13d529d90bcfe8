"""What a Tensor offers besides the tape, and that it equals torch's."""

import gradbook
import numpy as np
import pytest
from gradbook.autodiff import Tensor, tensor

rng = np.random.default_rng(0)


def same(f, *arrays):
    """f gives equal results under both libraries."""
    torch = pytest.importorskip("torch")
    ours, theirs = f(*map(tensor, arrays)), f(*map(torch.tensor, arrays))
    if isinstance(ours, Tensor):
        assert tuple(theirs.shape) == ours.shape
        assert str(theirs.dtype) == f"torch.{ours.dtype}"
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-14)
    else:
        assert ours == theirs


x, y = rng.normal(size=(2, 3, 4)).round(1), rng.normal(size=(3, 4)).round(1)

METHODS = {
    "view": lambda t: t.view(6, 4), "reshape": lambda t: t.reshape((4, -1)),
    "permute": lambda t: t.permute(2, 0, 1), "transpose": lambda t: t.transpose(0, 2),
    "mT": lambda t: t.mT, "T": lambda t: t[0].T, "t": lambda t: t[0].t(),
    "flatten": lambda t: t.flatten(), "flatten from 1": lambda t: t.flatten(1),
    "flatten to 1": lambda t: t.flatten(0, 1), "flatten a number": lambda t: t.sum().flatten(),
    "sum": lambda t: t.sum(), "sum of bool": lambda t: (t > 0).sum(1),
    "mean": lambda t: t.mean((0, 2), keepdim=True), "argmax": lambda t: t.argmax(),
    "argmax 1": lambda t: t.argmax(1), "argmax kept": lambda t: t.argmax(-1, keepdim=True),
    "size": lambda t: tuple(t.size()), "size of one": lambda t: t.size(1), "numel": lambda t: t.numel(),
    "ndim": lambda t: t.ndim, "len": lambda t: len(t), "shape": lambda t: tuple(t.shape),
    "tolist": lambda t: t.tolist(),
    "iteration": lambda t: [row.tolist() for row in t], "item": lambda t: t[0, 1, 2].item(),
    "float": lambda t: t.float(), "double": lambda t: t.float().double(), "long": lambda t: t.long(),
    "float()": lambda t: float(t[0, 0, 0]), "bool()": lambda t: bool(t[0, 0, 0] > 9),
    "abs()": lambda t: abs(t), "neg": lambda t: -t, "abs": lambda t: t.abs(), "square": lambda t: t ** 2,
    "clone": lambda t: t.clone(), "detach": lambda t: t.detach(), "is_leaf": lambda t: t.is_leaf,
    "index by tensor": lambda t: t[t[:, 0, 0].argmax()], "mask": lambda t: t[t > 0],
    "exp": lambda t: (t / 100).exp() * 0 + 1, "rsub": lambda t: 1 - t, "rdiv": lambda t: 1 / (t.abs() + 1),
    "equal": lambda t: t == t.clone(), "ne": lambda t: t.ne(0.5), "ge": lambda t: t.ge(t.mean()),
    "bool": lambda t: t.bool(), "int": lambda t: t.int(), "to": lambda t: t.to(float),
    "dim": lambda t: t.dim(),
    "int()": lambda t: int(t[0, 0, 0] * 10),
    "square method": lambda t: t.square(),
    "not": lambda t: ~(t > 0), "and": lambda t: (t > 0) & (t < 1), "or": lambda t: (t > 1) | (t < 0),
    "bits": lambda t: t.long() & 3, "and true": lambda t: True & (t > 0),
    "where": lambda t: t.where(t > 0, 0.0),
    "contiguous": lambda t: t.mT.contiguous(), "in": lambda t: t[0, 0, 0].item() in t,
    "format": lambda t: f"{t[0, 0, 0]:.3f} {t.sum():8.2f}", "none": lambda t: [t == None, t != None],  # noqa: E711
    "compare with a number": lambda t: (t >= 0.5).long() + (t < -0.5).long(),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_equal_torchs(name):
    same(METHODS[name], x)


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_comparisons_as_functions_and_methods(name):
    same(lambda a, b: getattr(a, name)(b), x, y)
    same(lambda a: getattr(a, name)(0.1), x.astype("float32").round(1))
    torch = pytest.importorskip("torch")
    pairs = [(np.array([0.1], "float32"), 0.1), (np.array([0.1], "float32"), np.array(0.1)),
             (np.array([0.1], "float32"), np.array([0.1])), (np.array([1, 2]), np.array([1.0, 2.5])),
             (np.array([True]), 1)]
    for a, b in pairs:
        ours, theirs = (getattr(T, name)(*(T.tensor(v) if isinstance(v, np.ndarray) else v for v in (a, b)))
                        for T in (gradbook, torch))
        assert ours.tolist() == theirs.tolist()


def test_a_tensor_of_one_integer_is_an_index():
    assert [10, 20, 30][tensor(1)] == 20
    assert list(range(tensor(3))) == [0, 1, 2]
    with pytest.raises(TypeError):
        range(tensor(3.0))


COMPARISONS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_equal_torchs_and_have_no_gradient(name):
    same(COMPARISONS[name], x, y)
    assert not COMPARISONS[name](Tensor(x, True), tensor(y)).requires_grad


def test_the_accuracy_idiom():
    same(lambda logits, t: (logits.argmax(1) == t).float().mean().item(), y, np.array([1, 3, 0]))


def test_a_tensor_is_a_key_by_identity():
    a, b = tensor(1.0), tensor(1.0)
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[b] == "b"


def test_printing_shows_what_is_not_the_default():
    assert repr(tensor([1.0, 2.5])) == "tensor([1. , 2.5])"
    assert repr(Tensor(np.float32(1.5), True)) == "tensor(1.5, dtype=float32, requires_grad=True)"
    assert repr(tensor([1, 2])) == "tensor([1, 2])"


def test_numpy_is_the_array_itself_and_refused_where_a_gradient_would_be_lost():
    t = tensor([1.0, 2.0])
    assert t.numpy() is t.data
    np.testing.assert_array_equal(np.asarray(t), [1.0, 2.0])
    assert np.asarray(t, dtype="float32").dtype == "float32"
    p = Tensor(np.ones(2), True)
    for ask in (lambda: p.numpy(), lambda: np.asarray(p), lambda: np.testing.assert_array_equal(p, 1)):
        with pytest.raises(RuntimeError, match=r"numpy: this tensor requires grad, .* use \.detach\(\)"):
            ask()
    assert p.detach().numpy() is p.data


def test_requires_grad_can_be_set_on_a_leaf_only():
    t = tensor([1.0]).requires_grad_()
    assert t.requires_grad
    assert not t.requires_grad_(False).requires_grad
    t.requires_grad_()
    with pytest.raises(RuntimeError, match="requires_grad_: this tensor has a history"):
        (t * 2).requires_grad_(False)
    with pytest.raises(RuntimeError, match="only floating tensors can require grad, this one is int64"):
        tensor([1]).requires_grad_()


def test_a_name_that_does_not_exist_cannot_be_set_by_mistake():
    with pytest.raises(AttributeError):
        tensor([1.0]).requires_gard = True


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: tensor(x).item(), ValueError, "item: a tensor of shape (2, 3, 4) is not a single number"),
    (lambda: bool(tensor(x)), ValueError, "a tensor of shape (2, 3, 4) is not a single number"),
    (lambda: tensor(x).T, ValueError, "T: shape (2, 3, 4) came, a matrix is needed"),
    (lambda: len(tensor(1.0)), TypeError, "len: this tensor has no dimensions"),
    (lambda: tensor([1, 2]).mean(), TypeError, "mean: x is int64, a floating dtype is needed"),
    (lambda: tensor(x).flatten(2, 1), ValueError, "flatten: start_dim 2 comes after end_dim 1 in shape"),
    (lambda: tensor(x).reshape(5, 5), ValueError, "reshape: cannot reshape array of size 24 into"),
    (lambda: tensor(x) + tensor([1.0, 2.0]), ValueError,
     "add: operands could not be broadcast together with shapes (2,3,4) (2,)"),
    (lambda: tensor(x).sum(3), ValueError, "sum: dim 3 is out of bounds, 3 dimensions go from -3 to 2"),
    (lambda: tensor(x).permute(0, 1), ValueError, "permute: dims (0, 1) came, x (2, 3, 4) needs each"),
])
def test_what_is_refused(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)


def test_methods_that_move_numbers_pass_gradients():
    t = Tensor(x.copy(), True)
    (t.flatten(1).view(2, 3, 4).clone().mT.double()[1] * tensor(y.T.copy())).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy()[1], y)
    np.testing.assert_array_equal(t.grad.numpy()[0], 0 * y)
    assert not gradbook.argmax(t).requires_grad
    assert not t.long().requires_grad

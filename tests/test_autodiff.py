"""The tape: what it computes, what it refuses and in which words, what it leaves behind."""

import gc
import inspect
import weakref

import gradbook
import numpy as np
import pytest
from gradbook import autodiff
from gradbook.autodiff import PRIMITIVES, Tensor, no_grad, primitive, tensor, vjp

rng = np.random.default_rng(0)


@pytest.fixture
def registry(monkeypatch):
    """Primitives made by a test are forgotten again."""
    monkeypatch.setattr(autodiff, "PRIMITIVES", dict(PRIMITIVES))


def leaf(*shape):
    return Tensor(rng.normal(size=shape), requires_grad=True)


# --- what it computes -----------------------------------------------------------------------------------


def test_a_tensor_that_is_used_twice_receives_both_cotangents():
    x = tensor([2.0, -3.0], requires_grad=True)
    (x * x + x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [5.0, -5.0])


def test_a_second_backward_adds_to_the_gradient_and_leaves_the_first_array_alone():
    x = tensor([2.0, -3.0], requires_grad=True)
    (x * x).sum().backward()
    first = x.grad
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [7.0, -3.0])
    np.testing.assert_array_equal(first.numpy(), [4.0, -6.0])


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_agree_with_torch(seed):
    """40 operations on operands drawn from all that came before, so that there are forks at every depth."""
    torch = pytest.importorskip("torch")
    start = [np.random.default_rng(seed).normal(size=shape) for shape in ((3, 4), (4,), (3, 1), ())]

    def grow(T, leaves):
        choose, made = np.random.default_rng(seed + 100), list(leaves)
        for _ in range(40):
            a, b = (made[k] for k in choose.integers(len(made), size=2))
            made.append([lambda a, b: T.tanh(a + b), lambda a, b: T.sigmoid(a) * b, lambda a, b: a - b / 2,
                         lambda a, b: T.maximum(a, b), lambda a, b: T.exp(-a * a)][choose.integers(5)](a, b))
        return sum(t.sum() for t in made[-5:])

    ours = [Tensor(a, requires_grad=True) for a in start]
    theirs = [torch.tensor(a, requires_grad=True) for a in start]
    value, reference = grow(gradbook, ours), grow(torch, theirs)
    value.backward()
    reference.backward()
    np.testing.assert_allclose(value.item(), reference.item(), rtol=1e-12)
    for a, b in zip(ours, theirs):
        expected = np.zeros(a.shape) if b.grad is None else b.grad.numpy()
        found = np.zeros(a.shape) if a.grad is None else a.grad.numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_a_chain_of_100000_operations_can_be_made_differentiated_and_dropped():
    x = tensor(1.0, requires_grad=True)
    z = x
    for _ in range(100_000):
        z = z + x
    z.backward()
    assert x.grad.item() == 100_001
    z = x
    for _ in range(100_000):
        z = -z
    del z                                        # never differentiated: the chain is dropped as it is


def test_only_what_requires_grad_gets_a_gradient():
    x, c, w = leaf(3), tensor([1.0, 2.0, 3.0]), leaf(3)
    (x * c).sum().backward()
    assert c.grad is None
    assert w.grad is None
    assert not (c * 2).requires_grad


def test_the_gradient_of_a_leaf_itself_is_the_cotangent():
    x = leaf(3)
    x.backward(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 2.0, 3.0])


def test_the_gradient_can_be_a_tensor_or_an_array_and_a_single_number_needs_none():
    for g in (np.array([1.0, 2.0]), tensor([1.0, 2.0])):
        x = leaf(2)
        (3 * x).backward(g)
        np.testing.assert_array_equal(x.grad.numpy(), [3.0, 6.0])
    x = leaf(1, 1)
    (3 * x).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[3.0]])


def test_each_gradient_has_the_dtype_of_its_tensor():
    x, w = Tensor(np.ones(3, "float32"), True), Tensor(np.ones(3), True)
    (x * w).sum().backward()
    assert (x.grad.dtype, w.grad.dtype) == ("float32", "float64")


def test_freezing_after_the_forward_pass_counts_and_unfreezing_comes_too_late_as_in_torch():
    torch = pytest.importorskip("torch")
    for T in (gradbook, torch):
        x, w = (T.tensor([1.0, 2.0], requires_grad=grad) for grad in (True, False))
        y = (x * w).sum()
        x.requires_grad_(False)
        w.requires_grad_(True)
        y.backward()
        assert x.grad is None
        assert w.grad is None


def test_a_tensor_given_by_keyword_gets_its_gradient():
    x, w, b = leaf(3, 4), leaf(5, 4), leaf(5)
    gradbook.functional.linear(x, bias=b, weight=w).sum().backward()
    np.testing.assert_array_equal(b.grad.numpy(), [3.0] * 5)
    assert w.grad.shape == (5, 4)


def test_numpy_on_the_left_of_a_tensor_does_not_lose_the_gradient():
    x = leaf(3)
    a = np.array([1.0, 2.0, 3.0])
    for y in (a * x, a + x, a - x, a / x, a @ x, np.float64(2.0) * x, 2 ** x):
        assert isinstance(y, Tensor)
        assert y.requires_grad


def test_a_numpy_function_of_a_tensor_is_an_error():
    with pytest.raises(TypeError, match="__array_ufunc__"):
        np.exp(leaf(3))


# --- vjp --------------------------------------------------------------------------------------------------


def test_vjp_gives_the_value_and_a_pullback_that_can_be_called_again():
    a, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    value, pullback = vjp(gradbook.matmul, a, b)
    np.testing.assert_array_equal(value, a @ b)
    for _ in range(2):
        g = rng.normal(size=(3, 2))
        da, db = pullback(g)
        np.testing.assert_allclose(da, g @ b.T, rtol=1e-14)
        np.testing.assert_allclose(db, a.T @ g, rtol=1e-14)


def test_vjp_of_a_composed_function_with_an_unused_and_an_integer_argument():
    def f(x, unused, index):
        return (x * x)[index]

    value, pullback = vjp(f, np.array([1.0, 2.0, 3.0]), np.ones((2, 2)), np.array([2, 2]))
    dx, du, di = pullback(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(value, [9.0, 9.0])
    np.testing.assert_array_equal(dx, [0.0, 0.0, 66.0])
    np.testing.assert_array_equal(du, np.zeros((2, 2)))
    assert di is None


def test_vjp_records_also_within_no_grad_and_hands_out_arrays_of_their_own():
    x = np.array([1.0, 2.0])
    with no_grad():
        value, pullback = vjp(gradbook.add, x, x)
        assert not autodiff._recording
    g = np.array([3.0, 4.0])
    dx, dy = pullback(g)
    np.testing.assert_array_equal(dx, g)
    assert not np.may_share_memory(dx, dy)
    assert not np.may_share_memory(dx, g)
    assert type(value) is np.ndarray
    assert all(type(d) is np.ndarray for d in vjp(gradbook.exp, np.array(0.0))[1](1.0))


# --- no_grad ----------------------------------------------------------------------------------------------


def test_no_grad_records_nothing_nests_and_ends_with_an_exception():
    x = leaf(2)
    with no_grad():
        with no_grad():
            assert not (x + x).requires_grad
        assert not (x + x).requires_grad
    assert (x + x).requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x + x).requires_grad


def test_no_grad_is_a_decorator():
    @no_grad()
    def double(x):
        return x + x

    x = leaf(2)
    assert [double(x).requires_grad for _ in range(2)] == [False, False]
    assert (x + x).requires_grad


# --- what it refuses --------------------------------------------------------------------------------------


def test_a_second_backward_through_a_freed_graph_raises_and_retain_graph_allows_it():
    x = leaf(3)
    h = x * x
    y, z = h.sum(), (h * h).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="an earlier one freed this graph; give that one retain_graph"):
        y.backward()
    before = x.grad
    with pytest.raises(RuntimeError, match="freed this graph"):       # h lies in both graphs
        z.backward()
    assert x.grad is before
    np.testing.assert_allclose(x.grad.numpy(), 4 * x.detach().numpy(), rtol=1e-15)


def test_second_derivatives_are_refused_wherever_one_would_ask_for_them():
    x = leaf(3)
    y = (x * x).sum()
    for ask in (
        lambda: y.backward(create_graph=True),
        lambda: y.backward(Tensor(np.array(1.0), requires_grad=True)),
        lambda: vjp(gradbook.exp, np.ones(3))[1](leaf(3)),
    ):
        with pytest.raises(NotImplementedError, match="gradbook has first derivatives only; torch"):
            ask()
    y.backward()
    with pytest.raises(RuntimeError, match="gradbook has first derivatives only"):
        x.grad.sum().backward()


def test_backward_says_which_gradient_it_needs():
    x = leaf(3, 4)
    with pytest.raises(ValueError, match=r"gradient \(\) came, the tensor's shape \(3, 4\) is needed"):
        (x + x).backward()
    with pytest.raises(ValueError, match=r"gradient \(4, 3\) came, the tensor's shape \(3, 4\) is needed"):
        (x + x).backward(np.ones((4, 3)))
    with pytest.raises(RuntimeError, match="nothing this tensor was made from requires grad"):
        tensor([1.0]).backward()


def test_integers_cannot_require_grad():
    with pytest.raises(RuntimeError, match="only floating tensors can require grad, this one is int64"):
        tensor([1, 2], requires_grad=True)


def test_a_cotangent_of_the_wrong_shape_is_refused_by_the_name_of_its_operation(registry):
    @primitive
    def halve(x, y):
        return x / 2 + y, lambda g: (g / 2, g[:1])

    x, y = leaf(3), leaf(3)
    with pytest.raises(ValueError, match=r"halve: cotangent 1 is \(1,\), but its argument \(3,\)"):
        halve(x, y).backward(np.ones(3))
    assert x.grad is None                                    # a backward that fails changes no gradient


def test_only_an_operation_that_is_declared_broadcasting_is_summed_down(registry):
    def stretch(x):
        return x + np.zeros((2, 3)), lambda g: (g,)

    x = leaf(3)
    with pytest.raises(ValueError, match=r"stretch: cotangent 0 is \(2, 3\), but its argument \(3,\)"):
        primitive(stretch)(x).backward(np.ones((2, 3)))
    primitive(stretch, broadcasts=True)(x).backward(np.ones((2, 3)))
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 2.0, 2.0])


def test_an_argument_without_derivative_is_refused_only_if_it_requires_one(registry):
    @primitive
    def scale(x, by):
        return x * by, lambda g: (g * by, None)

    x, by = leaf(3), leaf(3)
    scale(x, by.detach()).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad.numpy(), by.detach().numpy())
    with pytest.raises(NotImplementedError, match="scale: argument 1 has no derivative"):
        scale(x, by).backward(np.ones(3))


def test_an_operation_that_skips_is_told_what_is_needed(registry):
    asked = []

    @primitive(skips=True)
    def f(x, y, z):
        def pull(g, needs=(0, 1, 2)):
            asked.append([k for k in range(3) if k in needs])
            return g, g, g

        return x + y + z, pull

    f(leaf(2), tensor([1.0, 2.0]), leaf(2)).backward(np.ones(2))
    assert asked == [[0, 2]]


# --- what it leaves behind --------------------------------------------------------------------------------


def net(x):
    w, b = leaf(4, 4), leaf(4)
    h = x
    for _ in range(5):
        h = gradbook.functional.relu(gradbook.functional.linear(h, w, b)) + h[:, ::-1].reshape(3, 4) * 0.5
    return gradbook.functional.cross_entropy(h, np.array([0, 1, 2]))


@pytest.mark.parametrize("differentiated", [True, False])
def test_there_are_no_reference_cycles(differentiated):
    x = leaf(3, 4)
    gc.collect()
    gc.disable()
    try:
        loss = net(x)
        inner = [weakref.ref(p) for p in loss._made[4:]]
        if differentiated:
            loss.backward()
        del loss
        assert [r() for r in inner] == [None, None]                # freed by counting references alone
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_backward_releases_what_the_graph_held():
    x = leaf(3, 4)
    h = x * x
    loss = h.sum()
    held = weakref.ref(h)
    del h
    assert held() is not None
    loss.backward()
    assert held() is None


def test_the_tape_fits_on_150_lines():
    assert len(inspect.getsource(autodiff).splitlines()) <= 150


def test_operands_may_be_given_by_torchs_names():
    x, y = tensor([[1.0, -2.0, 4.0]], requires_grad=True), tensor([3.0])
    for name, named, listed in (
        ("add", {"input": x, "other": y}, (x, y)),
        ("maximum", {"input": x, "other": y}, (x, y)),
        ("where", {"condition": x > 0, "input": x, "other": y}, (x > 0, x, y)),
        ("softmax", {"input": x, "dim": 1}, (x, 1)),
        ("clamp", {"input": x, "min": 0.0}, (x, 0.0)),
        ("squeeze", {"input": x}, (x,)),
        ("transpose", {"input": x, "dim0": 0, "dim1": 1}, (x, 0, 1)),
    ):
        ours, expected = getattr(gradbook, name)(**named), getattr(gradbook, name)(*listed)
        np.testing.assert_array_equal(ours.detach().numpy(), expected.detach().numpy())
        assert ours.requires_grad
    np.testing.assert_array_equal(gradbook.add(x, other=2).detach().numpy(), [[3.0, 0.0, 6.0]])
    with pytest.raises(TypeError, match="relu: missing a required argument"):
        gradbook.relu(inptu=x)

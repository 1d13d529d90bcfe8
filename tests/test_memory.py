"""Writing in place: what a vjp holds must not change unnoticed, and what it does not hold may."""

import gradbook
import numpy as np
import pytest
from gradbook import memory
from gradbook.autodiff import Tensor, no_grad, tensor

rng = np.random.default_rng(0)


def leaf(*shape):
    return Tensor(rng.uniform(0.5, 2, size=shape), requires_grad=True)


def written_after(op, target, T=gradbook):
    """Whether backward() raises if, after op(x, y), x (or y, or the value) was written in place."""
    x, y = (T.tensor(np.array([[0.5, 1.5, 2.0]]), requires_grad=True) for _ in range(2))
    value = op(T, x, y)
    with T.no_grad():
        {"x": x, "y": y, "value": value}[target].mul_(2)
    try:
        value.sum().backward()
    except RuntimeError:
        return True
    return False


OPERATIONS = {
    "add": lambda T, x, y: x + y,
    "mul": lambda T, x, y: x * y,
    "div": lambda T, x, y: x / y,
    "exp": lambda T, x, y: T.exp(x),
    "log": lambda T, x, y: T.log(x),
    "sigmoid": lambda T, x, y: T.sigmoid(x),
    "tanh": lambda T, x, y: T.tanh(x),
    "softmax": lambda T, x, y: T.softmax(x, 1),
    "log_softmax": lambda T, x, y: T.log_softmax(x, 1),
    "matmul": lambda T, x, y: x @ y.T,
    "reshape": lambda T, x, y: x.reshape(3, 1),
    "sum": lambda T, x, y: x.sum(1, keepdim=True),
    "linear": lambda T, x, y: T.nn.functional.linear(x, y),
}


@pytest.mark.parametrize("target", ["x", "y", "value"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_backward_raises_exactly_where_torch_does(name, target):
    torch = pytest.importorskip("torch")
    op = OPERATIONS[name]
    assert written_after(op, target) == written_after(op, target, torch)


def test_the_error_names_the_operation_and_the_shape():
    x, y = leaf(3, 4), leaf(4)
    z = (x * y).sum()
    with no_grad():
        y += 1
    with pytest.raises(RuntimeError, match=r"mul needs an array of shape \(4,\) as it was, but it was"):
        z.backward()
    assert x.grad is None


def test_a_constant_that_was_written_is_noticed_too():
    x, c = leaf(2, 3), tensor([1.0, 2.0, 3.0])
    z = (x * c).sum()
    c[0] = 2
    with pytest.raises(RuntimeError, match=r"mul needs an array of shape \(3,\)"):
        z.backward()


def test_what_a_vjp_holds_in_a_list_or_in_another_function_is_noticed_too():
    for op in (lambda x, y: gradbook.einsum("ij,ij->i", x, y), lambda x, y: x.std() * y):
        x, y = leaf(2, 3), leaf(2, 3)
        z = op(x, y).sum()
        with no_grad():
            y *= 2
        with pytest.raises(RuntimeError, match=r"(einsum|mul) needs an array of shape \(2, 3\)"):
            z.backward()


@pytest.mark.parametrize("view", [
    lambda t: t.detach(), lambda t: t[0], lambda t: t.reshape(12), lambda t: t.T,
    lambda t: t.T[1:].reshape(3, 3),
])
def test_a_write_through_a_view_is_a_write_to_its_memory(view):
    x = leaf(3, 4)
    alias = view(x)
    y = (x * x).sum()
    with no_grad():
        alias *= 2
    shares = np.may_share_memory(alias.data, x.data)            # a reshape may have had to copy
    if shares:
        with pytest.raises(RuntimeError, match="mul needs an array"):
            y.backward()
    else:
        y.backward()


def test_a_view_of_a_view_that_was_made_after_the_operation_counts():
    x = leaf(3, 4)
    y = (x * x).sum()
    x.detach()[1:].detach()[0] = 0.0
    with pytest.raises(RuntimeError, match="mul needs an array"):
        y.backward()


def test_a_write_before_the_operation_or_after_backward_is_harmless():
    x = leaf(3)
    with no_grad():
        x *= 2
    y = (x * x).sum()
    y.backward()
    with no_grad():
        x *= 2
    (x * x).sum().backward()
    assert x.grad.shape == (3,)


def test_a_written_copy_is_nobody_elses_memory():
    x = leaf(3)
    copied = x.clone().detach()
    y = (x * x).sum()
    copied *= 2
    y.backward()


def test_an_in_place_write_that_the_tape_would_have_to_record_is_refused():
    x, c = leaf(3), tensor([1.0, 2.0, 3.0])
    for write in (lambda: x.add_(1), lambda: x.zero_(), lambda: x.__setitem__(0, 1.0),
                  lambda: (2 * x).mul_(2), lambda: c.add_(x), lambda: c.__setitem__(0, x[0])):
        with pytest.raises(RuntimeError, match=r"in-place write: the tape would not see it; write y = y \+"):
            write()
    c += 1
    np.testing.assert_array_equal(c.numpy(), [2.0, 3.0, 4.0])


def test_every_way_to_write_in_place_writes_and_stamps():
    for write, expected in (
        (lambda t: t.add_(1), [2.0, 3.0]), (lambda t: t.sub_(1), [0.0, 1.0]),
        (lambda t: t.mul_(3), [3.0, 6.0]), (lambda t: t.div_(2), [0.5, 1.0]),
        (lambda t: t.copy_(tensor([5.0, 6.0])), [5.0, 6.0]),
        (lambda t: t.zero_(), [0.0, 0.0]), (lambda t: t.__setitem__(1, 9.0), [1.0, 9.0]),
    ):
        t = tensor([1.0, 2.0])
        array, before = t.data, memory.last_written
        write(t)
        assert t.data is array
        assert memory.last_written > before
        np.testing.assert_array_equal(array, expected)


def test_an_integer_tensor_does_not_silently_cut_off_what_is_added():
    t = tensor([1, 2])
    with pytest.raises(TypeError, match="same_kind"):
        t += 0.5

"""SGD in lockstep with torch's, in every combination of its options; groups; saving; what is refused."""

import copy

import gradbook
import numpy as np
import pytest
from gradbook import optim
from gradbook.autodiff import Tensor, tensor

SHAPES = ((3, 4), (4,), ())
OPTIONS = [
    {}, {"lr": 0.1}, {"lr": 0.1, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True}, {"lr": 0.1, "weight_decay": 0.05},
    {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.05, "nesterov": True}, {"lr": 0.01, "maximize": True},
    {"lr": 0.01, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1, "maximize": True},
]


def parameters(T):
    start = np.random.default_rng(0)
    return [T.tensor(start.normal(size=shape), requires_grad=True) for shape in SHAPES]


def loss_of(T, params, target):
    """Not a quadratic, and different at every step."""
    return sum((T.tanh(p * t) ** 2).sum() + ((p - t) ** 2).mean() for p, t in zip(params, target))


def trained(T, optimizer_of, steps=50):
    """The parameters after each step."""
    rng, params = np.random.default_rng(1), parameters(T)
    optimizer, history = optimizer_of(T, params), []
    for _ in range(steps):
        target = [T.tensor(rng.normal(size=shape)) for shape in SHAPES]
        optimizer.zero_grad()
        loss_of(T, params, target).backward()
        optimizer.step()
        history.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return np.array(history)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: " ".join(f"{k}={o[k]}" for k in o) or "defaults")
def test_50_steps_in_lockstep_with_torch(options):
    torch = pytest.importorskip("torch")
    ours, theirs = (trained(T, lambda T, p: T.optim.SGD(p, **options)) for T in (gradbook, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    assert np.abs(ours[-1] - ours[0]).max() > 1e-3


def grouped(T, params):
    return T.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.01, "momentum": 0.5}], lr=0.1,
                       weight_decay=0.02)


def test_groups_have_their_own_options_in_lockstep_with_torch():
    torch = pytest.importorskip("torch")
    np.testing.assert_allclose(trained(gradbook, grouped), trained(torch, grouped), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("wrong", "right"), [
    ({"momentum": 0.9, "dampening": 0.1}, {"momentum": 0.9}),
    ({"momentum": 0.9, "nesterov": True}, {"momentum": 0.9}),
    ({"weight_decay": 0.05}, {"weight_decay": 0.0499}),
])
def test_lockstep_would_notice_an_option_that_is_ignored_or_slightly_off(wrong, right):
    torch = pytest.importorskip("torch")
    ours = trained(gradbook, lambda T, p: T.optim.SGD(p, lr=0.1, **wrong))
    theirs = trained(torch, lambda T, p: T.optim.SGD(p, lr=0.1, **right))
    assert np.abs(ours - theirs).max() > 1e-5


def test_a_step_binds_a_new_array_and_a_graph_made_before_stays_valid():
    p = tensor([1.0, 2.0], requires_grad=True)
    before = p.data
    y = (p * p).sum()
    p.grad = tensor([1.0, 1.0])
    optim.SGD([p], lr=0.5).step()
    np.testing.assert_array_equal(before, [1.0, 2.0])
    np.testing.assert_array_equal(p.data, [0.5, 1.5])
    p.grad = None
    y.backward()
    np.testing.assert_array_equal(p.grad.numpy(), [2.0, 4.0])


def test_the_gradient_is_not_changed_by_a_step():
    p = tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.5, momentum=0.9, weight_decay=0.1, nesterov=True)
    for _ in range(3):
        g = p.grad = tensor([1.0, -1.0])
        optimizer.step()
        np.testing.assert_array_equal(g.numpy(), [1.0, -1.0])


def test_parameters_without_gradient_are_left_alone_and_float32_stays():
    p, q = Tensor(np.ones(2, "float32"), True), Tensor(np.ones(2), True)
    optimizer = optim.SGD([p, q], lr=np.float64(0.5), momentum=0.9)
    for _ in range(2):
        (p * 2).sum().backward()
        optimizer.step()
    assert p.dtype == optimizer.state[p]["momentum_buffer"].dtype == "float32"
    np.testing.assert_array_equal(q.data, [1.0, 1.0])
    assert q not in optimizer.state


def test_zero_grad():
    p = tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([p])
    p.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(p.grad.numpy(), [0.0])
    optimizer.zero_grad()
    assert p.grad is None


def test_step_calls_the_closure_first_and_returns_its_loss():
    p = tensor(3.0, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = p * p
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9.0
    assert p.item() == 0.0


def test_training_continues_from_a_saved_state_as_if_it_had_not_stopped():
    def run(stop):
        params = parameters(gradbook)
        optimizer = optim.SGD(params, lr=0.1, momentum=0.9)
        for k in range(20):
            if k == stop:
                saved, arrays = optimizer.state_dict(), [p.data.copy() for p in params]
                params = [Tensor(a, requires_grad=True) for a in arrays]
                optimizer = optim.SGD(params, lr=99.0)
                optimizer.load_state_dict(saved)
            optimizer.zero_grad()
            sum((p.tanh() * p).sum() for p in params).backward()
            optimizer.step()
        return [p.data for p in params]

    for a, b in zip(run(stop=7), run(stop=None)):
        np.testing.assert_array_equal(a, b)


def test_state_dict_has_torchs_form_and_is_a_copy():
    torch = pytest.importorskip("torch")
    states = []
    for T in (gradbook, torch):
        params = parameters(T)
        optimizer = grouped(T, params)
        loss_of(T, params, [T.tensor(np.ones(shape)) for shape in SHAPES]).backward()
        optimizer.step()
        states.append(optimizer.state_dict())
    ours, theirs = states
    for state in states:
        assert [g["params"] for g in state["param_groups"]] == [[0], [1, 2]]
    for group, reference in zip(ours["param_groups"], theirs["param_groups"]):
        assert all(reference[k] == v for k, v in group.items())
    assert {k for k, state in ours["state"].items() if state} == {1, 2}
    for k in (1, 2):
        mine, buffer = (state["state"][k]["momentum_buffer"] for state in states)
        np.testing.assert_allclose(mine, buffer.numpy(), rtol=1e-12)


def test_an_option_given_as_a_tensor_is_its_number_and_a_group_may_have_a_name():
    p = tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([{"params": [p], "name": "head"}], lr=tensor(0.5))
    assert optimizer.param_groups[0]["lr"] == 0.5
    p.grad = tensor([2.0])
    optimizer.step()
    np.testing.assert_allclose(p.data, [0.5], rtol=1e-7)


def test_a_copy_goes_on_by_itself():
    p = tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.Adam([p], lr=0.1)
    p.grad = tensor([1.0, -1.0])
    optimizer.step()
    other = copy.deepcopy(optimizer)
    (q,) = other.param_groups[0]["params"]
    np.testing.assert_array_equal(q.data, p.data)
    optimizer.step()
    assert other.state[q]["step"] == 1
    assert optimizer.state[p]["step"] == 2
    q.grad = tensor([1.0, -1.0])
    other.step()
    np.testing.assert_array_equal(q.data, p.data)


def test_a_state_that_does_not_fit_changes_nothing():
    p = tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.Adam([p], lr=0.1)
    group = {"params": [0], "lr": 7.0}
    for state, words in (({0: {"exp_avg": np.zeros(3)}}, "Adam: exp_avg (3,) came for a parameter (2,)"),
                         ({0: {"exp_avg": np.zeros(())}}, "Adam: exp_avg () came for a parameter (2,)")):
        with pytest.raises(ValueError) as caught:
            optimizer.load_state_dict({"state": state, "param_groups": [group]})
        assert words in str(caught.value)
    with pytest.raises(ValueError, match="Adam: lr=-7 came"):
        optimizer.load_state_dict({"state": {}, "param_groups": [{**group, "lr": -7}]})
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert not optimizer.state


p = tensor([1.0], requires_grad=True)


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: optim.SGD([]), ValueError, "SGD: the parameter list is empty (a generator can be"),
    (lambda: optim.SGD(p), TypeError, "SGD: params is one Tensor, an iterable of Tensors"),
    (lambda: optim.SGD([p, p]), ValueError, "SGD: a parameter of shape (1,) occurs twice"),
    (lambda: optim.SGD([{"params": [p]}, {"params": p}]), ValueError, "a parameter of shape (1,) occurs"),
    (lambda: optim.SGD([np.ones(2)]), TypeError, "SGD: ndarray came, parameters are Tensors"),
    (lambda: optim.SGD([p * 2]), ValueError, "SGD: a Tensor with a history came"),
    (lambda: optim.SGD([p], lr=-1), ValueError, "SGD: lr=-1 came, at least 0 is needed"),
    (lambda: optim.SGD([p], lr=float("nan")), ValueError, "SGD: lr=nan came, at least 0 is needed"),
    (lambda: optim.SGD([p], momentum=-0.1), ValueError, "SGD: momentum=-0.1 came, at least 0 is needed"),
    (lambda: optim.SGD([p], nesterov=True), ValueError,
     "SGD: nesterov needs momentum above 0 and dampening 0, not momentum=0 and dampening=0"),
    (lambda: optim.SGD([{"params": [p], "lr": -2}]), ValueError, "SGD: lr=-2 came"),
    (lambda: optim.SGD([{"params": [p], "beta": 1}]), ValueError, "SGD: a group has ['beta'], it knows ["),
    (lambda: optim.SGD([p]).load_state_dict(optim.SGD(parameters(gradbook)).state_dict()), ValueError,
     "SGD: groups of [3] parameters came, groups of [1] are needed"),
    (lambda: optim.Optimizer([p], {}).update(1, 1, {}, {}), NotImplementedError, "Optimizer has no update"),
])
def test_what_is_refused(make, error, words):
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)

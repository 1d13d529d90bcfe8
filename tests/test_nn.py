"""Modules: found parameters, torch's keys, saving and loading, and the same distribution at the start."""

import copy
import pickle

import gradbook
import numpy as np
import pytest
from gradbook import nn
from gradbook.autodiff import Tensor, tensor

rng = np.random.default_rng(0)


def build(T):
    """A network with everything this file has, under either library."""
    class Net(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = T.nn.Sequential(
                T.nn.Flatten(), T.nn.Linear(12, 7), T.nn.Tanh(), T.nn.Linear(7, 5, bias=False), T.nn.ReLU(),
                T.nn.Sigmoid(),
            )
            self.scale = T.nn.Parameter(T.tensor(np.ones(5)))
            self.head = T.nn.Linear(5, 3)
            self.again = self.head                       # used twice
            self.out = T.nn.Softmax(dim=1)

        def forward(self, x):
            return self.out(self.head(self.body(x) * self.scale))

    return Net()


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


def test_names_order_and_printing_equal_torchs(torch):
    ours, theirs = build(gradbook), build(torch)
    assert [k for k, _ in ours.named_parameters()] == [k for k, _ in theirs.named_parameters()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [k for k, _ in ours.named_modules()] == [k for k, _ in theirs.named_modules()]
    assert [k for k, _ in ours.named_children()] == [k for k, _ in theirs.named_children()]
    assert repr(ours) == repr(theirs)
    assert len(list(ours.parameters())) == len(list(theirs.parameters())) == 6


def test_weights_cross_over_and_back_and_outputs_and_gradients_agree(torch):
    ours, theirs = build(gradbook), build(torch)
    ours.load_state_dict(theirs.state_dict())
    x, g = rng.normal(size=(4, 3, 4)), rng.normal(size=(4, 3))
    y, reference = ours(tensor(x)), theirs(torch.tensor(x))
    np.testing.assert_allclose(y.detach().numpy(), reference.detach().numpy(), rtol=1e-12)
    y.backward(g)
    reference.backward(torch.tensor(g))
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters()):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-10, atol=1e-14, err_msg=name)
    theirs.load_state_dict({k: torch.tensor(a) for k, a in build(gradbook).state_dict().items()})


def test_linear_starts_from_torchs_distribution(torch):
    """U(-1/√in, 1/√in): never outside, the mean square 1/(3 in) within five standard errors."""
    for layer in (nn.Linear(50, 400, rng=np.random.default_rng(0)), torch.nn.Linear(50, 400)):
        for p in (layer.weight, layer.bias):
            u = p.detach().numpy() * np.sqrt(50)                      # uniform on (-1, 1) if all is right
            assert np.abs(u).max() <= 1
            assert abs((u**2).mean() - 1 / 3) < 5 * np.sqrt(4 / 45 / u.size)


def test_the_same_generator_gives_the_same_layer_and_none_gives_another():
    a, b = (nn.Linear(4, 3, rng=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(a.weight.data, b.weight.data)
    assert not np.array_equal(nn.Linear(4, 3).weight.data, nn.Linear(4, 3).weight.data)
    assert nn.Linear(4, 3, dtype="float32").bias.dtype == "float32"
    assert nn.Linear(4, 3, bias=False).bias is None


def test_state_dict_is_a_snapshot_and_loading_copies():
    net = build(gradbook)
    saved = net.state_dict()
    before = saved["head.weight"].copy()
    with gradbook.no_grad():
        net.head.weight *= 2
    np.testing.assert_array_equal(saved["head.weight"], before)
    net.load_state_dict(saved)
    saved["head.weight"][:] = 0
    np.testing.assert_array_equal(net.head.weight.data, before)
    assert net.head.weight is net.again.weight


def test_loading_into_another_dtype_keeps_the_parameters_dtype():
    layer = nn.Linear(2, 3, dtype="float32")
    layer.load_state_dict({"weight": np.ones((3, 2)), "bias": tensor([1.0, 2.0, 3.0])})
    assert layer.weight.dtype == layer.bias.dtype == "float32"


def test_what_cannot_be_loaded_is_listed_and_changes_nothing():
    layer = nn.Linear(2, 3)
    before = layer.weight.data
    with pytest.raises(RuntimeError) as error:
        layer.load_state_dict({"weight": np.ones((2, 3)), "gain": np.ones(3)})
    assert str(error.value) == ("load_state_dict: Linear cannot take this, weight is (2, 3), not (3, 2); "
                                "bias is missing; gain is unexpected")
    assert layer.weight.data is before
    found = layer.load_state_dict({"weight": np.ones((3, 2)), "gain": np.ones(3)}, strict=False)
    assert (found.missing_keys, found.unexpected_keys) == (["bias"], ["gain"])
    assert layer.weight.data.sum() == 6


def test_train_and_eval_reach_every_module():
    net = build(gradbook)
    assert all(not m.training for m in net.eval().modules())
    assert all(m.training for m in net.train().modules())
    assert nn.Linear(2, 2).training


def test_freezing_and_forgetting_gradients():
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    net[0].requires_grad_(False)
    net(tensor(rng.normal(size=(5, 4)))).sum().backward()
    assert net[0].weight.grad is None
    assert net[1].weight.grad is not None
    net.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(net[1].weight.grad.numpy(), np.zeros((2, 3)))
    net.zero_grad()
    assert net[1].weight.grad is None


def test_a_parameter_is_a_leaf_that_requires_grad_and_shares_the_array():
    a = np.ones(3)
    p = nn.Parameter(a)
    assert isinstance(p, Tensor)
    assert p.requires_grad
    assert p.is_leaf
    assert p.data is a
    assert not nn.Parameter(tensor([1.0]), requires_grad=False).requires_grad
    assert repr(p) == "Parameter containing:\ntensor([1., 1., 1.], requires_grad=True)"
    with pytest.raises(RuntimeError, match="only floating tensors can require grad"):
        nn.Parameter(np.array([1, 2]))


def test_a_tensor_that_is_no_parameter_is_not_one():
    class Net(nn.Module):
        def __init__(self):
            self.constant = tensor([1.0], requires_grad=True)

    assert list(Net().parameters()) == []


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_network_can_be_copied_and_pickled(copied):
    net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    x = tensor(rng.normal(size=(5, 4)))
    twin = copied(net)
    np.testing.assert_array_equal(twin(x).detach().numpy(), net(x).detach().numpy())
    twin(x).sum().backward()
    with gradbook.no_grad():
        twin[0].weight *= 0
    assert net[0].weight.grad is None
    assert np.abs(net[0].weight.data).min() > 0
    assert [type(p) for p in twin.parameters()] == [nn.Parameter] * 4


def test_sequential_is_a_sequence():
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    assert len(net) == 3
    assert [type(m) for m in net] == [nn.Linear, nn.ReLU, nn.Linear]
    assert net[-1] is net[2]
    assert [type(m) for m in net[1:]] == [nn.ReLU, nn.Linear]
    layer = nn.Linear(2, 2)
    assert len(nn.Sequential(layer, nn.Tanh(), layer)) == 3          # used twice, applied twice
    assert len(list(nn.Sequential(layer, layer).parameters())) == 2


def test_losses_are_modules():
    z, t = tensor(rng.normal(size=(4, 3))), tensor([0, 1, 2, 1])
    y, u = tensor(rng.normal(size=(4, 3))), tensor(rng.normal(size=(4, 3)))
    F = gradbook.functional
    assert nn.CrossEntropyLoss()(z, t).item() == F.cross_entropy(z, t).item()
    assert nn.CrossEntropyLoss(reduction="sum")(z, t).item() == F.cross_entropy(z, t, reduction="sum").item()
    assert nn.MSELoss()(y, u).item() == F.mse_loss(y, u).item()
    assert nn.MSELoss(reduction="none")(y, u).shape == (4, 3)


def test_what_is_refused():
    with pytest.raises(ValueError, match="Linear: 0 -> 3 features came, at least 1 is needed"):
        nn.Linear(0, 3)
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()(1)

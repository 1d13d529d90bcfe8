"""Modules: found parameters, torch's keys, saving and loading, and the same distribution at the start."""

import collections
import copy
import importlib
import pickle
import time

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


def test_names_and_order_equal_torchs(torch):
    ours, theirs = build(gradbook), build(torch)
    assert [k for k, _ in ours.named_parameters()] == [k for k, _ in theirs.named_parameters()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [k for k, _ in ours.named_modules()] == [k for k, _ in theirs.named_modules()]
    assert [k for k, _ in ours.named_children()] == [k for k, _ in theirs.named_children()]
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


def uniforms(T, seed=None):
    """(numbers that are uniform on (-1, 1) if the layer draws them as torch does, which layer)."""
    options = {} if seed is None else {"rng": np.random.default_rng(seed)}
    linear, conv = T.nn.Linear(50, 400, **options), T.nn.Conv2d(8, 60, (3, 5), groups=2, **options)
    conv1d, attention = T.nn.Conv1d(6, 50, 7, **options), T.nn.MultiheadAttention(40, 2, **options)
    for k, layer in enumerate((linear, conv, conv1d)):
        for p in (layer.weight, layer.bias):
            yield p.detach().numpy() * np.sqrt([50, 4 * 15, 6 * 7][k]), layer
    yield attention.in_proj_weight.detach().numpy() / np.sqrt(6 / 160), attention
    yield attention.out_proj.weight.detach().numpy() * np.sqrt(40), attention


def test_layers_start_from_torchs_distributions(torch):
    """Uniform ones: never outside, the mean square within five standard errors of 1/3. And constants."""
    for u, layer in (*uniforms(gradbook, 0), *uniforms(torch)):
        assert np.abs(u).max() <= 1, layer
        assert abs((u**2).mean() - 1 / 3) < 5 * np.sqrt(4 / 45 / u.size), layer
    for T in (gradbook, torch):
        z = T.nn.Embedding(100, 60, padding_idx=3).weight.detach().numpy()
        assert not z[3].any()
        assert abs((np.delete(z, 3, 0)**2).mean() - 1) < 5 * np.sqrt(2 / z.size)
    for build in (lambda T: T.nn.BatchNorm2d(3), lambda T: T.nn.LayerNorm(3), lambda T: T.nn.GroupNorm(1, 3),
                  lambda T: T.nn.RMSNorm(3), lambda T: T.nn.PReLU(3)):
        for a, b in zip(build(gradbook).state_dict().values(), build(torch).state_dict().values()):
            np.testing.assert_array_equal(a, b.numpy())
            assert a.dtype == b.numpy().dtype
    for bias in (nn.MultiheadAttention(4, 2).in_proj_bias, nn.MultiheadAttention(4, 2).out_proj.bias):
        np.testing.assert_array_equal(bias.detach().numpy(), 0)


def test_the_same_generator_gives_the_same_layer_and_none_gives_another():
    a, b = (nn.Linear(4, 3, rng=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(a.weight.data, b.weight.data)
    assert not np.array_equal(nn.Linear(4, 3).weight.data, nn.Linear(4, 3).weight.data)
    for layer in (nn.Linear(4, 3, dtype="float32"), nn.Conv2d(1, 2, 3, dtype="float32"),
                  nn.BatchNorm1d(3, dtype="float32"), nn.Embedding(3, 2, dtype="float32"),
                  nn.TransformerEncoderLayer(4, 2, 5, dtype="float32")):
        assert {a.dtype.name for a in layer.state_dict().values()} <= {"float32", "int64"}
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


def kinds(net):
    return [(name, type(module).__name__) for name, module in net.named_modules()]


def test_sequential_takes_names_slices_and_new_modules(torch):
    def build(T):
        net = T.nn.Sequential(collections.OrderedDict(a=T.nn.Tanh(), b=T.nn.Linear(2, 3)))
        net.append(T.nn.ReLU())
        net.extend([T.nn.ReLU(), T.nn.Linear(3, 2)])
        net[1] = T.nn.Linear(2, 3, bias=False)
        return net, net[1:3], net[-1:]

    for ours, theirs in zip(build(gradbook), build(torch)):
        assert kinds(ours) == kinds(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
    with pytest.raises(IndexError):
        nn.Sequential(nn.ReLU())[1]


def test_a_module_list_is_a_list_that_is_found(torch):
    def build(T):
        layers = T.nn.ModuleList([T.nn.Linear(2, 2) for _ in range(3)])
        layers += [T.nn.Linear(2, 3), T.nn.ReLU()]
        layers.append(T.nn.ReLU())
        layers[0] = T.nn.Linear(2, 2, bias=False)
        return T.nn.Sequential(layers, T.nn.ModuleList(), layers[2:4])

    ours, theirs = build(gradbook), build(torch)
    assert kinds(ours) == kinds(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [type(m) for m in ours[0]] == [nn.Linear] * 4 + [nn.ReLU] * 2
    assert len(ours[0]) == 6
    assert ours[0][-1] is ours[0][5]


def test_buffers_are_saved_in_torchs_order_and_not_trained(torch):
    def build(T):
        class Inner(T.nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("first", T.tensor(np.ones(2)))
                self.weight = T.nn.Parameter(T.tensor(np.ones(3)))
                self.register_buffer("hidden", T.tensor(np.ones(2)), persistent=False)
                self.register_buffer("nothing", None)
                self.register_parameter("bias", None)
                self.plain = T.tensor(np.ones(4))

        class Outer(T.nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = Inner()
                self.register_buffer("count", T.tensor(np.array(3)))
                self.same = self.inner
                self.first = T.tensor(np.zeros(2))                    # not a buffer, though inner has one
                self.inner.first = T.tensor(np.zeros(2))              # still a buffer

        return Outer()

    ours, theirs = build(gradbook), build(torch)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for named in ("named_parameters", "named_buffers"):
        for options in ({}, {"recurse": False}):
            found, wanted = (getattr(net, named)(**options) for net in (ours, theirs))
            assert [k for k, _ in found] == [k for k, _ in wanted], (named, options)
        for options in ({"prefix": "net"}, {"remove_duplicate": False}):
            with pytest.raises(TypeError, match=rf"{named}\(\) got an unexpected keyword argument"):
                getattr(ours, named)(**options)
    assert [k for k, _ in ours.named_modules()] == [k for k, _ in theirs.named_modules()]
    assert len(list(ours.buffers())) == len(list(theirs.buffers())) == 3
    assert len(list(ours.children())) == len(list(theirs.children())) == 1
    ours.load_state_dict({**ours.state_dict(), "count": np.array(7.0)})
    assert ours.count.item() == 7
    assert ours.count.dtype == "int64"
    assert not any(b.requires_grad for b in ours.buffers())


def test_what_is_assigned_again_keeps_or_loses_its_place_as_in_torch(torch):
    def build(T):
        class Net(T.nn.Module):
            def __init__(self):
                super().__init__()
                self.late = None
                self.a = T.nn.Parameter(T.tensor(np.ones(1)))
                self.b = T.nn.Parameter(T.tensor(np.ones(2)))
                self.c = T.nn.Linear(1, 1)
                self.late = T.nn.Parameter(T.tensor(np.ones(3)))
                self.a = T.nn.Parameter(T.tensor(np.ones(4)))
                self.gone = T.nn.Linear(2, 2)
                self.gone = None
                del self.b

        return Net()

    ours, theirs = build(gradbook), build(torch)
    assert sorted(ours.state_dict()) == sorted(theirs.state_dict()) == ["a", "c.bias", "c.weight", "late"]


def test_none_takes_the_place_of_a_parameter():
    layer = nn.BatchNorm1d(2)
    layer.weight = None
    assert list(layer.state_dict()) == ["bias", "running_mean", "running_var", "num_batches_tracked"]


def test_calling_the_constructor_of_module_first_is_not_needed():
    class Net(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 3)
            self.register_buffer("x", tensor([1.0]))
            super().__init__()

    assert list(Net().state_dict()) == ["x", "layer.weight", "layer.bias"]
    assert nn.Module._buffers == {}


def test_apply_reaches_the_innermost_first(torch):
    def order(T):
        seen = []
        net = T.nn.Sequential(T.nn.Sequential(T.nn.Tanh()), T.nn.ReLU())
        assert net.apply(lambda m: seen.append(type(m).__name__)) is net
        return seen

    assert order(gradbook) == order(torch) == ["Tanh", "Sequential", "ReLU", "Sequential"]


def test_changing_the_dtype_changes_parameters_gradients_and_buffers_in_place():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    p = net[0].weight
    net(tensor(rng.normal(size=(5, 3)))).sum().backward()
    assert net.float() is net
    assert net[0].weight is p
    assert p.dtype == p.grad.dtype == net[1].running_var.dtype == "float32"
    assert net[1].num_batches_tracked.dtype == "int64"
    assert net(tensor(rng.normal(size=(5, 3)).astype("float32"))).dtype == "float32"
    assert net.double()[0].bias.dtype == net.to(gradbook.float64)[0].bias.dtype == "float64"


def test_an_average_over_all_batches_counts_them_also_after_loading():
    x = rng.normal(size=(3, 6, 2))
    layer = nn.BatchNorm1d(2, momentum=None)
    layer(tensor(x[0]))
    other = nn.BatchNorm1d(2, momentum=None)
    other.load_state_dict(layer.state_dict())
    for k in (1, 2):
        other(tensor(x[k]))
    np.testing.assert_allclose(other.running_mean.numpy(), x.mean(axis=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(other.running_var.numpy(), x.var(axis=1, ddof=1).mean(axis=0), rtol=1e-12)
    assert other.num_batches_tracked.item() == 3
    assert layer.num_batches_tracked.item() == 1
    copy.deepcopy(other)(tensor(x[0]))
    assert other.num_batches_tracked.item() == 3


def test_dropout_drops_while_training_only_and_by_its_own_generator():
    layer, x = nn.Dropout(0.25, rng=np.random.default_rng(0)), tensor(np.ones((200, 50)))
    y = layer(x).numpy()
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert abs((y == 0).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / y.size)
    assert not np.array_equal(layer(x).numpy(), y)
    assert layer.eval()(x) is x
    attention = nn.MultiheadAttention(4, 2, dropout=0.5, rng=np.random.default_rng(0))
    z = tensor(rng.normal(size=(6, 5, 4)))
    for need in (True, False):
        assert not np.allclose(attention(z, z, z, need_weights=need)[0].detach().numpy(),
                               attention(z, z, z, need_weights=need)[0].detach().numpy())
    weights = attention(z, z, z)[1].detach().numpy()
    assert (weights == 0).any()
    again = [attention.eval()(z, z, z)[0].detach().numpy() for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_functional_and_init_can_be_imported_as_modules():
    for name, module in (("functional", gradbook.functional), ("init", gradbook.initialization)):
        assert importlib.import_module(f"gradbook.nn.{name}") is getattr(nn, name) is module
    import gradbook.nn.functional as F
    from gradbook.nn.init import xavier_uniform_

    layer = nn.Linear(3, 2)
    assert xavier_uniform_(layer.weight) is layer.weight
    assert F is gradbook.functional


def test_every_public_name_is_there_and_others_say_what_there_is():
    assert [name for name in nn.__all__ if not hasattr(nn, name)] == []
    with pytest.raises(AttributeError, match=r"gradbook\.nn has no 'Conv3d': it has Conv1d and Conv2d"):
        nn.Conv3d  # noqa: B018
    assert not hasattr(nn, "Transformer")


def test_making_a_large_layer_costs_little_more_than_its_random_numbers():
    def seconds(f):
        before = time.process_time()
        f()
        return time.process_time() - before

    draw = lambda: np.random.default_rng(0).random((2000, 5000))
    ratios = [seconds(lambda: nn.Linear(5000, 2000)) / seconds(draw) for _ in range(5)]
    assert min(ratios) < 3


def test_losses_are_modules():
    z, t = tensor(rng.normal(size=(4, 3))), tensor([0, 1, 2, 1])
    y, u = tensor(rng.normal(size=(4, 3))), tensor(rng.normal(size=(4, 3)))
    F = gradbook.functional
    assert nn.CrossEntropyLoss()(z, t).item() == F.cross_entropy(z, t).item()
    assert nn.CrossEntropyLoss(reduction="sum")(z, t).item() == F.cross_entropy(z, t, reduction="sum").item()
    assert nn.MSELoss()(y, u).item() == F.mse_loss(y, u).item()
    assert nn.MSELoss(reduction="none")(y, u).shape == (4, 3)


def test_what_has_no_forward_and_a_hint_without_a_mask_are_refused_as_in_torch():
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()(1)
    x = tensor(np.ones((4, 3, 6)))
    with pytest.raises(RuntimeError, match="is_causal=True describes attn_mask, and none came"):
        nn.MultiheadAttention(6, 2)(x, x, x, is_causal=True)


def test_printing_tells_the_options_by_name():
    net = nn.Sequential(nn.MaxPool2d(2), nn.ReLU(), nn.ModuleList([nn.Dropout(0.2)]))
    assert repr(net) == """Sequential(
  (0): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  (1): ReLU()
  (2): ModuleList(
    (0): Dropout(p=0.2)
  )
)"""
    layer = nn.TransformerEncoderLayer(4, 2, 3).eval()
    assert repr(layer).startswith("TransformerEncoderLayer(\n  norm_first=False\n  (self_attn): Multihead")

"""Fine-tuning: what is frozen stays, what is replaced is new, rates by layer, and LoRA's low rank."""

import copy

import gradbook as T
import numpy as np
import pytest
from gradbook import fine_tuning as ft
from gradbook import fine_tuning_setup as setup
from gradbook.autodiff import Tensor


class Net(T.nn.Module):
    def __init__(self, rng):
        self.body = T.nn.Sequential(T.nn.Linear(6, 5, rng=rng), T.nn.Tanh(), T.nn.Linear(5, 4, rng=rng))
        self.head = T.nn.Linear(4, 3, rng=rng)

    def forward(self, x):
        return self.head(T.tanh(self.body(x)))


@pytest.fixture
def net():
    return Net(np.random.default_rng(0))


def batch(n=8):
    rng = np.random.default_rng(1)
    return Tensor(rng.normal(size=(n, 6))), Tensor(rng.integers(3, size=n))


def train(net, groups=None, steps=3, lr=0.5):
    """A few steps of SGD with momentum; returns the names of the parameters that changed."""
    before = {name: p.data.copy() for name, p in net.named_parameters()}
    optimizer = T.optim.SGD(net.parameters() if groups is None else groups, lr=lr, momentum=0.9)
    x, y = batch()
    for _ in range(steps):
        optimizer.zero_grad()
        T.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    return [name for name, p in net.named_parameters() if not np.array_equal(p.data, before[name])]


# --- freezing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("patterns", "chosen"), [
    ("*", ["body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias", "head.weight", "head.bias"]),
    ("body", ["body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias"]),
    ("body.0", ["body.0.weight", "body.0.bias"]),
    ("*.bias", ["body.0.bias", "body.2.bias", "head.bias"]),
    (["head.weight", "body.0", "body"], ["body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias",
                                         "head.weight"]),
])
def test_what_is_frozen_gets_no_gradient_and_does_not_change(net, patterns, chosen):
    every = [name for name, _ in net.named_parameters()]
    assert ft.freeze(net, patterns) == chosen
    if len(chosen) < len(every):
        assert train(net) == [name for name in every if name not in chosen]
    assert all((p.grad is None) == (name in chosen) for name, p in net.named_parameters() if len(chosen) < 6)
    assert ft.unfreeze(net, patterns) == chosen
    assert train(net) == every


def test_a_gradient_from_before_does_not_move_what_is_frozen(net):
    x, y = batch()
    optimizer = T.optim.SGD(net.parameters(), lr=0.5)
    T.nn.functional.cross_entropy(net(x), y).backward()
    other = copy.deepcopy(net)
    ft.freeze(net, "body")
    before = net.body[0].weight.data
    optimizer.step()
    np.testing.assert_array_equal(net.body[0].weight.data, before)
    other.body.requires_grad_(False)                                   # freezing without that is not enough
    assert other.body[0].weight.grad is not None


def test_patterns_that_match_nothing_are_refused(net):
    with pytest.raises(ValueError, match=r"freeze: 'boddy' matches none of the parameters \['body.0.weight'"):
        ft.freeze(net, "boddy")
    with pytest.raises(ValueError, match="unfreeze: 'hea' matches none"):
        ft.unfreeze(net, ["head", "hea"])


def test_layers_are_unfrozen_from_the_top(net):
    layers = ["body.0", "body.2", "head"]
    for count in (0, 1, 3, 2):
        assert ft.unfreeze_top(net, count, layers) == layers[3 - count:]
        trained = [name for name, p in net.named_parameters() if p.requires_grad]
        assert trained == [n for n in dict(net.named_parameters()) if n.startswith(tuple(layers[3 - count:]))]
    assert ft.unfreeze_top(net, 1) == ["head"]                           # the children are the layers
    with pytest.raises(ValueError, match=r"unfreeze_top: of the layers .*, count=4 came, between 0 and 3"):
        ft.unfreeze_top(net, 4, layers)


# --- head and rates -------------------------------------------------------------------------------------


def test_a_new_head_has_the_new_shape_and_the_rest_stays(net):
    before = net.state_dict()
    assert ft.replace_head(net, 7, rng=np.random.default_rng(3)) == "head"
    after = net.state_dict()
    assert list(after) == list(before)
    assert after["head.weight"].shape == (7, 4) and after["head.bias"].shape == (7,)
    for name in ("body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias"):
        np.testing.assert_array_equal(after[name], before[name])
    assert net(batch()[0]).shape == (8, 7)
    assert ft.replace_head(net, 2, "body.2") == "body.2"
    assert net.body[2].weight.shape == (2, 5)
    single = T.nn.Sequential(T.nn.Linear(3, 2, bias=False, dtype=np.float32))
    assert ft.replace_head(single, 5) == "0"
    assert single[0].bias is None and single[0].weight.dtype == np.float32
    with pytest.raises(ValueError, match=r"replace_head: 'tail' came, the Linear layers are \['body.0',"):
        ft.replace_head(net, 2, "tail")
    with pytest.raises(ValueError, match=r"replace_head: None came, the Linear layers are \[\]"):
        ft.replace_head(T.nn.Sequential(T.nn.Tanh()), 2)


def test_rates_decay_from_the_last_layer_to_the_first(net):
    groups = ft.layer_groups(net, 0.1, 1 / 2.6, ["body.0", "body.2", "head"])
    np.testing.assert_allclose([g["lr"] for g in groups], [0.1 / 2.6**2, 0.1 / 2.6, 0.1], rtol=1e-14)
    assert [len(g["params"]) for g in groups] == [2, 2, 2]
    assert groups[0]["params"][0] is net.body[0].weight and groups[2]["params"][1] is net.head.bias
    assert [g["lr"] for g in ft.layer_groups(net, 0.2, 0.5)] == [0.1, 0.2]   # body, head
    before = {name: p.data.copy() for name, p in net.named_parameters()}
    train(net, groups, steps=1)
    gradients = {name: p.grad.data for name, p in net.named_parameters()}
    for name, rate in (("body.0.weight", 0.1 / 2.6**2), ("body.2.bias", 0.1 / 2.6), ("head.weight", 0.1)):
        moved = before[name] - dict(net.named_parameters())[name].data
        np.testing.assert_allclose(moved, rate * gradients[name], rtol=1e-9, atol=1e-15)


def test_rates_that_are_refused(net):
    with pytest.raises(ValueError, match=r"layer_groups: decay=0 came, a number in \(0, 1\]"):
        ft.layer_groups(net, 0.1, 0)
    with pytest.raises(ValueError, match=r"layer_groups: head.weight is in \[\], one of the layers"):
        ft.layer_groups(net, 0.1, 0.5, ["body"])
    with pytest.raises(ValueError, match=r"layer_groups: body.0.weight is in \['body', 'body.0'\]"):
        ft.layer_groups(net, 0.1, 0.5, ["body", "body.0", "head"])


# --- LoRA -----------------------------------------------------------------------------------------------


def lora(r=2, alpha=None, seed=0, bias=True):
    """A LoRA that has been trained a little: B is not 0."""
    rng = np.random.default_rng(seed)
    layer = ft.LoRA(T.nn.Linear(6, 5, bias, rng=rng), r, alpha, rng=rng)
    layer.lora_B.data = rng.normal(size=(5, r))
    return layer


@pytest.mark.parametrize(("r", "alpha", "bias"), [(1, None, True), (2, 8, True), (5, 1, False), (3, 16, 1)])
def test_lora_adds_alpha_over_r_times_b_a(r, alpha, bias):
    layer, x = lora(r, alpha, bias=bias), np.random.default_rng(1).normal(size=(4, 3, 6))
    w, a, b, s = layer.weight.data, layer.lora_A.data, layer.lora_B.data, (alpha or r) / r
    shift = layer.bias.data if bias else 0
    y = layer(Tensor(x)).data
    np.testing.assert_allclose(y, x @ (w + s * b @ a).T + shift, rtol=1e-11, atol=1e-13)
    factors = {"α": s * r, "α r": s * r * r, "1 / r": 1 / r, "0": 0, "-α / r": -s}
    rejected = {name for name, factor in factors.items()
                if not np.allclose(y, x @ (w + factor * b @ a).T + shift, rtol=1e-6)}
    assert rejected == {name for name, factor in factors.items() if factor != s}
    assert r == 1 or "α" in rejected
    assert np.linalg.matrix_rank(s * b @ a) == r


def test_lora_begins_as_the_linear_and_trains_a_and_b_only():
    linear = T.nn.Linear(6, 5, rng=np.random.default_rng(0))
    layer, x = ft.LoRA(linear, 2, alpha=4, rng=np.random.default_rng(1)), batch()[0]
    np.testing.assert_array_equal(layer(x).data, linear(x).data)
    assert layer.weight is linear.weight                               # no copy
    assert ft.parameter_counts(layer) == (2 * (6 + 5), 2 * (6 + 5) + 6 * 5 + 5)
    assert list(layer.state_dict()) == ["weight", "bias", "lora_A", "lora_B"]
    assert train_layer(layer) == ["lora_B"]                              # at B = 0 the gradient of A is 0
    assert train_layer(layer) == ["lora_A", "lora_B"]
    wide = ft.LoRA(T.nn.Linear(400, 300), 50, rng=np.random.default_rng(0)).lora_A.data
    assert abs(np.mean(wide**2) * 400 - 1) < 5 * np.sqrt(2 / wide.size)


def train_layer(layer):
    before = {name: p.data.copy() for name, p in layer.named_parameters()}
    optimizer = T.optim.SGD(layer.parameters(), lr=0.1)
    optimizer.zero_grad()
    (layer(batch()[0]) ** 2).sum().backward()
    optimizer.step()
    return [name for name, p in layer.named_parameters() if not np.array_equal(p.data, before[name])]


def test_loras_gradients_are_torchs():
    torch = pytest.importorskip("torch")
    layer, x = lora(2, 3), np.random.default_rng(1).normal(size=(4, 6))
    g = np.random.default_rng(2).normal(size=(4, 5))
    t = Tensor(x, requires_grad=True)
    layer(t).backward(Tensor(g))
    w, bias, a, b = (torch.tensor(p.data, requires_grad=True) for p in layer.parameters())
    u = torch.tensor(x, requires_grad=True)
    (torch.nn.functional.linear(u, w + 3 / 2 * b @ a, bias)).backward(torch.tensor(g))
    for ours, theirs in ((t, u), (layer.lora_A, a), (layer.lora_B, b)):
        np.testing.assert_allclose(ours.grad.data, theirs.grad.numpy(), rtol=1e-10)
    assert layer.weight.grad is None


def test_merging_changes_the_weight_and_not_the_function_and_unmerging_restores_it_exactly():
    layer, x = lora(2, 7), batch()[0]
    y, w = layer(x).data, layer.weight.data
    assert layer.merge() is layer
    np.testing.assert_allclose(layer(x).data, y, rtol=1e-11, atol=1e-13)
    plain = T.nn.functional.linear(x, layer.weight, layer.bias).data
    np.testing.assert_array_equal(layer(x).data, plain)                  # no more work than a Linear
    merged = layer.weight.data
    layer.merge()
    assert layer.weight.data is merged                                 # twice is once
    layer.unmerge()
    assert layer.weight.data is w
    assert layer.unmerge().weight.data is w
    np.testing.assert_array_equal(layer(x).data, y)
    half = ft.LoRA(T.nn.Linear(6, 5, dtype=np.float32), 2, 7)
    assert half(Tensor(x.data.astype(np.float32))).dtype == half.merge().weight.dtype == np.float32


def test_add_lora_wraps_the_linear_layers_that_match_and_freezes_the_rest(net):
    x, before = batch()[0], net.state_dict()
    y = net(x).data
    assert ft.add_lora(net, 2, patterns="body", rng=np.random.default_rng(0)) == ["body.0", "body.2"]
    assert isinstance(net.body[0], ft.LoRA) and isinstance(net.head, T.nn.Linear)
    np.testing.assert_array_equal(net(x).data, y)
    assert ft.parameter_counts(net)[0] == 2 * (6 + 5) + 2 * (5 + 4)
    ft.unfreeze(net, "head")
    changed = train(net)
    assert changed == [f"body.{k}.lora_{m}" for k in (0, 2) for m in "AB"] + ["head.weight", "head.bias"]
    assert {k: v for k, v in before.items() if "body" in k}.keys() <= net.state_dict().keys()
    assert net.load_state_dict(before, strict=False).unexpected_keys == []
    with pytest.raises(ValueError, match=r"add_lora: \['body'\] match no Linear layer within the module"):
        ft.add_lora(net, 2, patterns="body")                             # they are LoRA already


@pytest.mark.parametrize("r", [0, 6])
def test_ranks_that_are_refused(r):
    with pytest.raises(ValueError, match=rf"LoRA: for Linear\(in_features=6.*, r={r} came, between 1 and"):
        ft.LoRA(T.nn.Linear(6, 5), r)
    assert "r=2, alpha=2" in repr(lora())


# --- the same script under PyTorch ----------------------------------------------------------------------

SCRIPT = '''
T.set_default_dtype(T.float64)


class Net(T.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = T.nn.Sequential(T.nn.Conv2d(1, 3, 3, padding=1), T.nn.ReLU(), T.nn.MaxPool2d(2))
        self.conv2 = T.nn.Sequential(T.nn.Conv2d(3, 4, 3, padding=1), T.nn.ReLU(), T.nn.Flatten())
        self.fc = T.nn.Sequential(T.nn.Linear(64, 7), T.nn.ReLU())
        self.head = T.nn.Linear(7, classes)

    def forward(self, x):
        return self.head(self.fc(self.conv2(self.conv1(x))))


def fill(net):
    net.load_state_dict({k: T.tensor(start(k, tuple(a.shape))) for k, a in net.state_dict().items()})


def train(net, groups, wanted, steps):
    optimizer, losses = T.optim.SGD(groups, lr=0.05, momentum=0.9), []
    schedule = T.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 - t / steps)
    x, y = T.tensor(images[wanted]), T.tensor(labels[wanted])
    for _ in range(steps):
        loss = T.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


net = Net(5)
fill(net)
before = train(net, net.parameters(), np.flatnonzero(labels < 5)[:60], 15)      # pre-training: digits 0 ... 4
labels = labels - 5
other = np.flatnonzero(labels >= 0)[:30]                                         # fine-tuning: digits 5 ... 9
net.head = T.nn.Linear(7, 5)
net.head.load_state_dict({k: T.tensor(start(k, tuple(a.shape))) for k, a in net.head.state_dict().items()})
net.conv1.requires_grad_(False)
rates = [0.05 * 0.4**2, 0.05 * 0.4, 0.05]
groups = [{"params": layer.parameters(), "lr": lr} for layer, lr in zip((net.conv2, net.fc, net.head), rates)]
after = train(net, groups, other, 15)
frozen = np.array(net.conv1[0].weight.detach().numpy())
'''


def start(name, shape):
    """The same first weights in both libraries: they depend on the name and the shape alone."""
    return np.random.default_rng([len(name), *shape]).normal(scale=0.3, size=shape)


def run_script(library):
    images, labels, _, _ = T.data.digits()
    known = {"T": library, "np": np, "start": start, "images": images.reshape(-1, 1, 8, 8),
             "labels": labels}
    exec(SCRIPT, known)
    return known


def test_pre_training_and_fine_tuning_run_alike_under_torch():
    torch = pytest.importorskip("torch")
    before = T.get_default_dtype(), torch.get_default_dtype()
    try:
        ours, theirs = run_script(T), run_script(torch)
    finally:
        T.set_default_dtype(before[0])
        torch.set_default_dtype(before[1])
    for losses in ("before", "after"):
        np.testing.assert_allclose(ours[losses], theirs[losses], rtol=1e-9)
        assert ours[losses][-1] < 0.9 * ours[losses][0]
    np.testing.assert_allclose(ours["frozen"], theirs["frozen"], rtol=1e-9)
    groups = ft.layer_groups(ours["net"], 0.05, 0.4)[1:]
    np.testing.assert_allclose([g["lr"] for g in groups], ours["rates"], rtol=1e-14)
    wrong = {"plus": [-g for g in ours["after"]], "pre-training": ours["before"]}
    assert not any(np.allclose(losses, theirs["after"], rtol=1e-6) for losses in wrong.values())


def test_the_chapters_first_step_of_lora_is_the_full_one_times_alpha_squared_over_r_and_inputs():
    """Chapter: ft-lora-first, on one layer of the library with many draws of A."""
    x, y = np.random.default_rng(3).normal(size=(9, 12)), np.random.default_rng(4).integers(5, size=9)
    changes = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        linear = T.nn.Linear(12, 5, rng=np.random.default_rng(0))
        layer = ft.LoRA(linear, 3, alpha=6, rng=rng)
        optimizer = T.optim.SGD([p for p in layer.parameters() if p.requires_grad], lr=0.1)
        T.nn.functional.cross_entropy(layer(Tensor(x)), Tensor(y)).backward()
        optimizer.step()
        before = linear.weight.data
        changes.append(layer.merge().weight.data - before)
    linear.weight.requires_grad_(True)
    layer.unmerge().lora_B.data = np.zeros((5, 3))
    T.nn.functional.cross_entropy(layer(Tensor(x)), Tensor(y)).backward()
    full = -0.1 * linear.weight.grad.data
    ratio = np.sum(np.mean(changes, axis=0) * full) / np.sum(full**2)
    assert abs(ratio - 6**2 / (3 * 12)) < 0.1
    assert abs(ratio - 6 / 3) > 0.5 and abs(ratio - 6**2 / 12) > 0.5


def test_a_net_trained_from_a_stage_on_is_the_net_trained_with_the_stages_before_it_frozen():
    rng = np.random.default_rng(6)
    start, x, y = setup.Net(rng, 4), rng.normal(size=(12, 1, 8, 8)), rng.integers(4, size=12)
    inside = start(T.tensor(x), 0, 2).detach().numpy()
    short, long, free = copy.deepcopy(start), copy.deepcopy(start), copy.deepcopy(start)
    ft.freeze(long, ["conv1", "conv2"])
    given = (y, 5, 0.1, 6)  # labels, steps, rate, batch
    setup.train(short, inside, *given, np.random.default_rng(7), first=2)
    setup.train(long, x, *given, np.random.default_rng(7))
    setup.train(free, x, *given, np.random.default_rng(7))
    a, b, c = (net(T.tensor(x)).detach().numpy() for net in (short, long, free))
    np.testing.assert_allclose(a, b, rtol=1e-12)
    assert not np.allclose(a, c)
    right = np.mean(a.argmax(axis=1) == y)
    assert right == setup.accuracy(short, x, y) == setup.accuracy(short, inside, y, first=2)


def test_the_experiments_training_lets_rates_fall_to_zero_and_adds_what_it_is_given():
    rng = np.random.default_rng(8)
    net, x, y, seen = setup.Net(rng, 4), rng.normal(size=(9, 1, 8, 8)), rng.integers(4, size=9), []
    heads = [{"params": net.head.parameters(), "lr": 0.2}]
    before = net.fc[0].weight.data.copy(), net.head.weight.data.copy()
    setup.train(net, x, y, 4, 99.0, 5, np.random.default_rng(9), groups=heads, before=seen.append)
    assert seen == [0, 1, 2, 3]
    assert np.array_equal(before[0], net.fc[0].weight.data)
    assert not np.array_equal(before[1], net.head.weight.data)
    pulled = copy.deepcopy(net)
    head = pulled.head.weight
    setup.train(pulled, x, y, 1, 0.1, 9, np.random.default_rng(9), more=lambda: 1e3 * (head**2).sum())
    assert np.abs(head.data).max() > 10 * np.abs(net.head.weight.data).max()  # thrown far beyond 0


def test_a_few_of_each_class_are_picked_and_no_more():
    y = np.repeat(np.arange(10), 7)
    found = setup.pick(y, 3, np.random.default_rng(0))
    assert len(set(found)) == 30
    assert np.array_equal(np.bincount(y[found]), [3] * 10)

"""Scripts for two libraries, `import torch as T` or `import gradbook as T`, and equal losses."""

import importlib

import numpy as np
import pytest

MLP = '''
T.set_default_dtype(T.float64)


class Net(T.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = T.nn.Sequential(T.nn.Linear(64, 24), T.nn.ReLU(), T.nn.Linear(24, 16), T.nn.Tanh())
        self.gain = T.nn.Parameter(T.ones(16))
        self.head = T.nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.hidden(x.view(len(x), -1)) * self.gain)


net = Net()
net.load_state_dict({k: T.tensor(start(k, a.shape)) for k, a in net.state_dict().items()})
optimizer = T.optim.SGD([{"params": [net.gain], "lr": 0.02}, {"params": net.hidden.parameters()},
                         {"params": net.head.parameters(), "weight_decay": 1e-3}], lr=0.1, momentum=0.9)
x, y = T.tensor(images), T.tensor(labels)
loss_fn, losses = T.nn.CrossEntropyLoss(), []
average = [p.detach().clone() for p in net.parameters()]
for step in range(50):
    batch = T.tensor((np.arange(32) * 7 + 13 * step) % len(labels))
    logits = net(x[batch])
    penalty = sum((p ** 2).sum() for p in net.parameters() if p.ndim == 2)
    agreement = T.nn.functional.mse_loss(T.softmax(logits, dim=1), T.sigmoid(logits))
    loss = loss_fn(logits, y[batch]) + 1e-4 * penalty + 0.1 * agreement
    optimizer.zero_grad()
    loss.backward()
    with T.no_grad():
        norm = sum((p.grad ** 2).sum() for p in net.parameters()).sqrt()
        for p in net.parameters():
            p.grad *= T.minimum(T.tensor(1.0), 1 / norm)
    optimizer.step()
    with T.no_grad():
        for a, p in zip(average, net.parameters()):
            a += 0.1 * (p - a)
    losses.append(loss.item())
net.eval()
with T.no_grad():
    accuracy = (net(x).argmax(dim=1) == y).double().mean().item()
'''


CNN = '''
import torch.nn.functional as F

T.set_default_dtype(T.float64)


class Block(T.nn.Module):
    def __init__(self, channels, out, stride=1):
        super().__init__()
        self.conv = T.nn.Conv2d(channels, out, 3, stride=stride, padding=1, bias=False)
        self.bn = T.nn.BatchNorm2d(out)
        self.short = T.nn.Identity() if channels == out else T.nn.Conv2d(channels, out, 1, stride=stride)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)) + self.short(x))


net = T.nn.Sequential(
    T.nn.Conv2d(1, 4, 3, padding="same"), T.nn.BatchNorm2d(4), T.nn.GELU(), T.nn.MaxPool2d(2), Block(4, 4),
    Block(4, 6, 2), T.nn.AvgPool2d(2), T.nn.Dropout(0.0), T.nn.Flatten(), T.nn.Linear(6, 10))
net.load_state_dict({k: T.tensor(start(k, a.shape)) for k, a in net.state_dict().items()})
decay = [p for p in net.parameters() if p.ndim > 1]
other = [p for p in net.parameters() if p.ndim <= 1]
optimizer = T.optim.AdamW([{"params": decay}, {"params": other, "weight_decay": 0.0}], weight_decay=0.1)
schedule = T.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.02, total_steps=40)
x, y = T.tensor(images).unsqueeze(1), T.tensor(labels)
loss_fn, losses, rates = T.nn.CrossEntropyLoss(label_smoothing=0.1), [], []
for step in range(40):
    net.train()
    batch = (np.arange(24) * 7 + 13 * step) % len(labels)
    optimizer.zero_grad()
    loss = loss_fn(net(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
    net.eval()
    with T.no_grad():
        rates.append(F.cross_entropy(net(x[150:]), y[150:]).item())
'''

TRANSFORMER = '''
T.set_default_dtype(T.float64)


class Reader(T.nn.Module):
    def __init__(self, words, width, length):
        super().__init__()
        self.words = T.nn.Embedding(words, width, padding_idx=0)
        self.places = T.nn.Parameter(T.zeros(length, width))
        self.layers = T.nn.ModuleList([
            T.nn.TransformerEncoderLayer(width, 2, 20, dropout=0.0, batch_first=True, norm_first=k == 1,
                                         activation="gelu" if k else "relu") for k in range(2)])
        self.norm = T.nn.LayerNorm(width)
        self.head = T.nn.Linear(width, words, bias=False)
        self.register_buffer("future", T.triu(T.ones(length, length), 1) > 0)

    def forward(self, i):
        x = self.words(i) + self.places
        x = self.layers[0](x, src_key_padding_mask=i == 0)                        # reads both ways
        x = self.layers[1](x, src_mask=self.future, src_key_padding_mask=i == 0)
        return self.head(self.norm(x))


net = Reader(11, 8, 6)
weights = {k: start(k, a.shape) for k, a in net.state_dict().items() if k != "future"}
net.load_state_dict({k: T.tensor(a) for k, a in weights.items()}, strict=False)
optimizer = T.optim.Adam(net.parameters(), lr=0.01)
schedule = T.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
text, losses, rates = T.tensor(sentences), [], []
for step in range(40):
    batch = text[(np.arange(16) * 5 + 11 * step) % len(sentences)]
    logits = net(batch[:, :-1])
    loss = T.nn.functional.cross_entropy(logits.reshape(-1, 11), batch[:, 1:].reshape(-1), ignore_index=0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
    rates.append(schedule.get_last_lr()[0])
'''


def start(name, shape):
    """Numbers that depend on the name alone: variances and gains about 1, all else about 0."""
    rng = np.random.default_rng(list(name.encode()))
    if name.endswith("num_batches_tracked"):
        return np.array(0)
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        return rng.uniform(0.5, 1.5, tuple(shape))
    return rng.normal(scale=0.3, size=tuple(shape))


def run(name, script):
    """What the script leaves behind when T is the module of that name."""
    T, rng = importlib.import_module(name), np.random.default_rng(0)
    lengths = rng.integers(3, 8, size=(90, 1))
    names = {
        "T": T, "np": np, "__name__": "script", "start": start,
        "images": rng.uniform(size=(200, 8, 8)), "labels": rng.integers(10, size=200),
        "sentences": rng.integers(1, 11, size=(90, 7)) * (np.arange(7) < lengths),     # 0 where they are over
    }
    before = T.get_default_dtype()
    try:
        exec(compile(script.replace("import torch.nn", f"import {name}.nn"), "script", "exec"), names)
    finally:
        T.set_default_dtype(before)
    return names


def same(ours, theirs, **tolerance):
    ours, theirs = (np.asarray(a.detach() if hasattr(a, "detach") else a) for a in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, **tolerance)


def test_the_same_mlp_script_gives_the_same_losses_weights_and_averages():
    pytest.importorskip("torch")
    ours, theirs = run("gradbook", MLP), run("torch", MLP)
    same(ours["losses"], theirs["losses"], rtol=1e-9)
    assert ours["accuracy"] == theirs["accuracy"]
    for a, b in zip([*ours["net"].parameters(), *ours["average"]],
                    [*theirs["net"].parameters(), *theirs["average"]]):
        same(a, b, rtol=1e-7, atol=1e-11)


@pytest.mark.parametrize("script", [CNN, TRANSFORMER], ids=["a CNN with batch norm", "a Transformer"])
def test_the_same_script_gives_the_same_losses_rates_and_weights(script):
    pytest.importorskip("torch")
    ours, theirs = run("gradbook", script), run("torch", script)
    assert len(ours["losses"]) == 40
    same(ours["losses"], theirs["losses"], rtol=1e-9)
    same(ours["rates"], theirs["rates"], rtol=1e-9)
    states = ours["net"].state_dict(), theirs["net"].state_dict()
    assert list(states[0]) == list(states[1])
    for k, a in states[0].items():
        same(a, states[1][k], rtol=1e-7, atol=1e-10, err_msg=k)


@pytest.mark.parametrize(("script", "right", "wrong"), [
    (CNN, "BatchNorm2d(4)", "BatchNorm2d(4, momentum=0.101)"),
    (CNN, "weight_decay=0.1", "weight_decay=0.101"),
    (TRANSFORMER, "norm_first=k == 1", "norm_first=k == 0"),
    (TRANSFORMER, "(x, src_key_padding_mask=i == 0)", "(x)"),
    (TRANSFORMER, "src_mask=self.future, ", ""),
])
def test_a_small_difference_between_the_scripts_is_noticed(script, right, wrong):
    ours, other = run("gradbook", script), run("gradbook", script.replace(right, wrong))
    with pytest.raises(AssertionError):
        same([ours["losses"], ours["rates"]], [other["losses"], other["rates"]], rtol=1e-9)


@pytest.mark.parametrize("script", [MLP, CNN, TRANSFORMER], ids=["MLP", "CNN", "Transformer"])
def test_the_scripts_run_without_torch_and_learn(script):
    losses = run("gradbook", script)["losses"]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])

"""One script, two libraries: `import torch as T` or `import gradbook as T`, and equal losses."""

import importlib

import numpy as np
import pytest

SCRIPT = '''
T.set_default_dtype(T.float64)


class Net(T.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = T.nn.Sequential(T.nn.Linear(64, 24), T.nn.ReLU(), T.nn.Linear(24, 16), T.nn.Tanh())
        self.gain = T.nn.Parameter(T.tensor(start["gain"]))
        self.head = T.nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.hidden(x.view(len(x), -1)) * self.gain)


net = Net()
net.load_state_dict({name: T.tensor(array) for name, array in start.items()})
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


def run(name):
    """What the script leaves behind when T is the module of that name."""
    T, rng = importlib.import_module(name), np.random.default_rng(0)
    shapes = {"gain": (16,), "hidden.0.weight": (24, 64), "hidden.0.bias": (24,), "hidden.2.weight": (16, 24),
              "hidden.2.bias": (16,), "head.weight": (10, 16), "head.bias": (10,)}
    names = {
        "T": T, "np": np, "__name__": "script",
        "start": {k: rng.normal(scale=0.3, size=shape) for k, shape in shapes.items()},
        "images": rng.uniform(size=(200, 8, 8)), "labels": rng.integers(10, size=200),
    }
    before = T.get_default_dtype()
    try:
        exec(compile(SCRIPT, "script", "exec"), names)
    finally:
        T.set_default_dtype(before)
    return names


def test_the_same_script_gives_the_same_losses_weights_and_averages():
    pytest.importorskip("torch")
    ours, theirs = run("gradbook"), run("torch")
    np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=1e-9)
    assert ours["accuracy"] == theirs["accuracy"]
    for p, q in zip(ours["net"].parameters(), theirs["net"].parameters()):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-7, atol=1e-11)
    for a, b in zip(ours["average"], theirs["average"]):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-7, atol=1e-11)


def test_the_script_runs_without_torch_and_learns():
    losses = run("gradbook")["losses"]
    assert len(losses) == 50
    assert losses[-1] < losses[0]

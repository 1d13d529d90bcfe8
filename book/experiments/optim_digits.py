"""Which optimizer trains a small network best, when each has its own best learning rate?

A network 64-32-10 on the digits, 200 steps in batches of 32. Every optimizer gets the same budget: RATES
learning rates, half a decade apart around a centre of its own, once constant and once falling to zero as a
cosine. 200 training images are held out to choose the rate; the test images are used for the report alone.
Muon moves the two weight matrices, Adam at the same rate the biases. A seed has the same start and the same
batches everywhere.
"""

import gradbook as T
import numpy as np
from gradbook import data, nn, optim

SEEDS = range(12)
CENTRES = {"SGD": 0.3, "momentum": 0.1, "Nesterov": 0.1, "AdaGrad": 0.1, "RMSProp": 0.01,
           "Adam": 0.02, "AdamW": 0.02, "Lion": 0.003, "Muon": 0.05}
RATES = 10.0 ** np.array([-1, -0.5, 0, 0.5, 1])
STEPS, BATCH, HELD_OUT = 200, 32, 200


def optimizers(name, net, rate):
    """The optimizer of that name for the parameters of net; Muon comes with Adam for what is no matrix."""
    params = list(net.parameters())
    if name == "Muon":
        matrices = [p for p in params if len(p.shape) == 2]
        return [optim.Muon(matrices, lr=rate, weight_decay=0),
                optim.Adam([p for p in params if len(p.shape) == 1], lr=rate)]
    kinds = {"SGD": (optim.SGD, {}), "momentum": (optim.SGD, {"momentum": 0.9}),
             "Nesterov": (optim.SGD, {"momentum": 0.9, "nesterov": True}), "AdaGrad": (optim.Adagrad, {}),
             "RMSProp": (optim.RMSprop, {}), "Adam": (optim.Adam, {}), "AdamW": (optim.AdamW, {}),
             "Lion": (optim.Lion, {})}
    kind, options = kinds[name]
    return [kind(params, lr=rate, **options)]


def train(name, rate, falling, seed):
    """(loss on the held-out images, loss on the test images, misread test images) after STEPS steps."""
    x, y, x_test, y_test = data.digits()
    rng = np.random.default_rng(seed)
    net = nn.Sequential(nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng))
    optimizers_ = optimizers(name, net, rate)
    for t in range(STEPS):
        for optimizer in optimizers_:
            cosine = 0.5 + 0.5 * np.cos(np.pi * t / STEPS)
            optimizer.param_groups[0]["lr"] = rate * cosine if falling else rate
        picked = rng.integers(HELD_OUT, len(x), BATCH)
        for optimizer in optimizers_:
            optimizer.zero_grad()
        nn.functional.cross_entropy(net(T.tensor(x[picked])), T.tensor(y[picked])).backward()
        for optimizer in optimizers_:
            optimizer.step()
    found = []
    with T.no_grad():
        for images, labels in ((x[:HELD_OUT], y[:HELD_OUT]), (x_test, y_test)):
            logits = net(T.tensor(images))
            loss = nn.functional.cross_entropy(logits, T.tensor(labels)).item()
            found.append(min(loss, 100.0) if np.isfinite(loss) else 100.0)
        found.append(int((logits.numpy().argmax(1) != y_test).sum()))
    return found


def run(seed):
    """Arrays (optimizers, rates) of held-out loss, test loss and errors, at constant and at falling rates."""
    results = {}
    for falling in (False, True):
        with np.errstate(all="ignore"):
            found = np.array([[train(name, centre * rate, falling, seed) for rate in RATES]
                              for name, centre in CENTRES.items()])
        for k, what in enumerate(("held_out", "loss", "errors")):
            results[f"{what}_{'falling' if falling else 'constant'}"] = found[:, :, k]
    return results

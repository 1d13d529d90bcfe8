"""h: one step of Adam on 10⁶ parameters, the gradient given.   a: a network trained with Adam."""

import itertools

import numpy as np


def adam(T, dtype, n=10 ** 6):
    """Adam's step alone; the gradient is the same in each."""
    rng = np.random.default_rng(0)
    p = T.tensor(rng.normal(size=n), dtype=dtype, requires_grad=True)
    p.grad = T.tensor(rng.normal(size=n), dtype=dtype)
    optimizer = T.optim.Adam([p])

    def run():
        optimizer.step()
        return p.detach().numpy()[::1000].sum()

    return run


def mlp_step(T, dtype, widths=(784, 256, 128, 10), batch=64):
    """Forward, cross-entropy, backward and a step of Adam; parameters and data the same under both."""
    rng = np.random.default_rng(0)
    layers = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [T.nn.Linear(inputs, outputs, dtype=dtype), T.nn.ReLU()]
    net = T.nn.Sequential(*layers[:-1])
    net.load_state_dict({name: T.tensor(rng.normal(scale=0.05, size=tuple(p.shape)), dtype=dtype)
                         for name, p in net.named_parameters()})
    x = T.tensor(rng.normal(size=(batch, widths[0])), dtype=dtype)
    y = T.tensor(rng.integers(widths[-1], size=batch))
    optimizer, loss_of = T.optim.Adam(net.parameters()), T.nn.CrossEntropyLoss()

    def run():
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


WORKLOADS = {                                    # name: (what it builds, goals by dtype, of the design)
    "h. Adam, 1,000,000 parameters": (adam, {"float32": 1.0, "float64": 0.85}),
    "a. MLP 784-256-128-10, Adam step": (mlp_step, {"float32": 0.85, "float64": 0.90}),
}

"""b, c. A step of training of a small convolutional net, on 28×28 and on 8×8 images.   d. One convolution."""

import numpy as np


def cnn_step(size, batch=64):
    """conv16 - pool - conv32 - pool - fc with ReLU, cross-entropy, backward, SGD step with momentum."""
    def build(T, dtype):
        rng, nn = np.random.default_rng(0), T.nn
        net = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1, dtype=dtype), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1, dtype=dtype), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * (size // 4) ** 2, 10, dtype=dtype))
        net.load_state_dict({name: T.tensor(rng.normal(scale=0.05, size=tuple(p.shape)), dtype=dtype)
                             for name, p in net.named_parameters()})
        x = T.tensor(rng.normal(size=(batch, 1, size, size)), dtype=dtype)
        y = T.tensor(rng.integers(10, size=batch))
        optimizer, loss_of = T.optim.SGD(net.parameters(), lr=0.01, momentum=0.9), nn.CrossEntropyLoss()

        def run():
            optimizer.zero_grad()
            loss = loss_of(net(x), y)
            loss.backward()
            optimizer.step()
            return loss.item()

        return run

    return build


def convolution(T, dtype):
    """y = conv2d(x, weight, bias) and, for a random cotangent, its three gradients."""
    rng = np.random.default_rng(0)
    draw = lambda *size: T.tensor(rng.normal(size=size), dtype=dtype)
    leaves, g = [draw(32, 64, 28, 28), draw(128, 64, 3, 3), draw(128)], draw(32, 128, 28, 28)

    def run():
        for a in leaves:
            a.requires_grad_().grad = None
        T.nn.functional.conv2d(*leaves, padding=1).backward(g)
        return (leaves[1].grad ** 2).mean().item()

    return run


WORKLOADS = {
    "b. CNN 1×28×28, SGD step": (cnn_step(28), {"float32": 1.4, "float64": 0.9}),
    "c. CNN 1×8×8, SGD step": (cnn_step(8), {"float32": 1.5, "float64": 0.95}),
    "d. conv2d (32,64,28,28)×(128,64,3,3)": (convolution, {"float32": 2.1, "float64": 0.80}),
}

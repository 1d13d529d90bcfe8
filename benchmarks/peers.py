"""What the NumPy-only peers of this library can express of the workloads, in their own words.

Each peer is imported when it is first used; where it is not installed its column stays empty. A peer's gaps
(an optimizer, a bias) are filled with the plain NumPy that its users would write. run() of build(peer, dtype)
returns what that of the workload returns.
"""

import functools
import importlib.util
import itertools

import numpy as np


class MyGrad:
    def __init__(self):
        import mygrad
        from mygrad.nnet.activations import relu, softmax
        from mygrad.nnet.layers import batchnorm, conv_nd, max_pool
        from mygrad.nnet.losses import softmax_crossentropy

        self.constant = lambda a: mygrad.tensor(a, constant=True, copy=False)
        self.mg, self.relu, self.cross_entropy = mygrad, relu, softmax_crossentropy
        self.softmax, self.permute = softmax, lambda x, *axes: x.transpose(axes)
        self.conv = lambda x, w: conv_nd(x, w, stride=1, padding=1)
        self.pool = lambda x: max_pool(x, (2, 2), 2)
        self.batch_norm = lambda x, w, b: batchnorm(x, gamma=w, beta=b, eps=1e-5)

    def gradients(self, f, arrays, g=None):
        """f's value and its gradients in all arrays, for the cotangent g."""
        leaves = [self.mg.tensor(a, copy=False) for a in arrays]
        y = f(*leaves)
        y.backward(g)
        return y.data, [t.grad for t in leaves]


class Autograd:
    def __init__(self):
        import autograd
        import autograd.numpy as anp
        from autograd.scipy.special import logsumexp

        self.constant = lambda a: a
        self.permute = lambda x, *axes: anp.transpose(x, axes)
        self.softmax = lambda z: anp.exp(z - logsumexp(z, axis=-1, keepdims=True))
        self.vjp, self.relu = autograd.make_vjp, lambda x: anp.maximum(x, 0)
        self.cross_entropy = lambda z, t: anp.mean(logsumexp(z, axis=1) - z[np.arange(len(t)), t])

    def gradients(self, f, arrays, g=None):
        vjp, y = self.vjp(lambda leaves: f(*leaves))(tuple(arrays))
        return y, vjp(np.ones_like(y) if g is None else g)


class PyDyNet:
    def __init__(self):
        import pydynet
        import pydynet.optim
        from pydynet.nn import functional

        self.Tensor, self.relu = pydynet.Tensor, functional.relu
        self.cross_entropy = functional.cross_entropy_loss
        self.permute = lambda x, *axes: x.transpose(*axes)
        self.softmax = lambda z: functional.softmax(z, axis=-1)
        self.adam = pydynet.optim.Adam
        self.conv = lambda x, w: functional.conv2d(x, w, padding=1)
        self.pool = lambda x: functional.max_pool2d(x, 2, 2)
        self.leaves, self.constant = {}, lambda a: pydynet.Tensor(a, dtype=a.dtype, copy=None)

    def gradients(self, f, arrays, g=None):
        key = tuple(map(id, arrays))              # it keeps every leaf, so those of one array are made once
        if key not in self.leaves:
            self.leaves[key] = [self.Tensor(a, dtype=a.dtype, copy=None, requires_grad=True) for a in arrays]
        for t in self.leaves[key]:
            t.zero_grad()
        y = f(*self.leaves[key])
        (y if g is None else (y * self.constant(g)).sum()).backward()
        return y.data, [t.grad for t in self.leaves[key]]


class Adam:
    """As most users of these write it."""

    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.options, self.t = params, (lr, beta1, beta2, eps), 0
        self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]

    def step(self, grads):
        lr, beta1, beta2, eps = self.options
        self.t += 1
        for k, (p, g) in enumerate(zip(self.params, grads)):
            self.m[k] = beta1 * self.m[k] + (1 - beta1) * g
            self.v[k] = beta2 * self.v[k] + (1 - beta2) * g ** 2
            m, v = self.m[k] / (1 - beta1 ** self.t), self.v[k] / (1 - beta2 ** self.t)
            p -= lr * m / (np.sqrt(v) + eps)


class Momentum:
    def __init__(self, params, lr=0.01, momentum=0.9):
        self.params, self.lr, self.momentum, self.v = params, lr, momentum, [0] * len(params)

    def step(self, grads):
        for k, (p, g) in enumerate(zip(self.params, grads)):
            self.v[k] = self.momentum * self.v[k] + g
            p -= self.lr * self.v[k]


def additions(peer, dtype):
    x = np.ones((), dtype)
    return lambda: float(peer.gradients(lambda x: sum(itertools.repeat(x, 1000), x), [x])[1][0])


def softmax_cross_entropy(peer, dtype):
    rng = np.random.default_rng(0)
    z, t = rng.normal(size=(4096, 1000)).astype(dtype), rng.integers(1000, size=4096)
    return lambda: float(peer.gradients(lambda z: peer.cross_entropy(z, t), [z])[0])


def training(peer, dtype, shapes, image, forward, optimizer, batch=64):
    """forward(peer, x, *params) -> logits; loss, gradients and a step, on the data of the workload."""
    rng = np.random.default_rng(0)
    params = [rng.normal(scale=0.05, size=shape).astype(dtype) for shape in shapes]
    x, y = rng.normal(size=(batch, *image)).astype(dtype), rng.integers(10, size=batch)
    optimizer = optimizer(params)

    def run():
        loss, grads = peer.gradients(
            lambda *p: peer.cross_entropy(forward(peer, peer.constant(x), *p), y), params)
        optimizer.step(grads)
        return float(loss)

    return run


def mlp(peer, dtype):
    def forward(peer, x, *p):
        for w, b in zip(p[:-2:2], p[1:-2:2]):
            x = peer.relu(x @ w.T + b)
        return x @ p[-2].T + p[-1]

    shapes = [(256, 784), (256,), (128, 256), (128,), (10, 128), (10,)]
    return training(peer, dtype, shapes, (784,), forward, Adam)


def cnn(size):
    def forward(peer, x, w1, b1, w2, b2, w, b):
        for weight, bias in ((w1, b1), (w2, b2)):
            x = peer.pool(peer.relu(peer.conv(x, weight) + bias.reshape(1, -1, 1, 1)))
        return x.reshape(64, -1) @ w.T + b

    shapes = [(16, 1, 3, 3), (16,), (32, 16, 3, 3), (32,), (10, 32 * (size // 4) ** 2), (10,)]
    return lambda peer, dtype: training(peer, dtype, shapes, (1, size, size), forward, Momentum)


def convolution(peer, dtype):
    rng = np.random.default_rng(0)
    x, w, b, g = (rng.normal(size=size).astype(dtype) for size in (
        (32, 64, 28, 28), (128, 64, 3, 3), (128,), (32, 128, 28, 28)))
    with_bias = lambda x, w, b: peer.conv(x, w) + b.reshape(1, -1, 1, 1)
    return lambda: float((peer.gradients(with_bias, [x, w, b], g)[1][1] ** 2).mean())


def batch_norm(peer, dtype):
    rng = np.random.default_rng(0)
    x, w, b, g = (rng.normal(size=size).astype(dtype) for size in (
        (64, 128, 28, 28), (128,), (128,), (64, 128, 28, 28)))
    return lambda: peer.gradients(peer.batch_norm, [x, w, b], g)[1][1]


def layer_norm(peer, dtype):
    rng = np.random.default_rng(0)
    x, w, b, g = (rng.normal(size=size).astype(dtype) for size in (
        (64, 128, 28, 28), (128, 28, 28), (128, 28, 28), (64, 128, 28, 28)))

    def norm(x, w, b):
        z = x - x.mean(axis=(1, 2, 3), keepdims=True)
        return z / ((z * z).mean(axis=(1, 2, 3), keepdims=True) + 1e-5) ** 0.5 * w + b

    return lambda: peer.gradients(norm, [x, w, b], g)[1][1]


def attention_block(peer, dtype, width=128, heads=4, length=128, batch=16):
    rng = np.random.default_rng(0)
    draw = lambda scale, *size: rng.normal(scale=scale, size=size).astype(dtype)
    x, g = draw(1, batch, length, width), draw(1, batch, length, width)
    w_in, w_out = draw(width ** -0.5, 3 * width, width), draw(width ** -0.5, width, width)
    scale = np.asarray((width // heads) ** -0.5, dtype)

    def block(x, w_in, w_out):
        parts = peer.permute((x @ w_in.T).reshape(batch, length, 3, heads, width // heads), 2, 0, 3, 1, 4)
        q, k, v = parts[0], parts[1], parts[2]
        o = peer.softmax(q @ peer.permute(k, 0, 1, 3, 2) * scale) @ v
        return peer.permute(o, 0, 2, 1, 3).reshape(batch, length, width) @ w_out.T

    return lambda: peer.gradients(block, [x, w_in, w_out], g)[1][0]


def adam_alone(peer, dtype, n=10 ** 6):
    rng = np.random.default_rng(0)
    p = peer.Tensor(rng.normal(size=n), dtype=dtype, requires_grad=True)
    p.grad = rng.normal(size=n).astype(dtype)
    optimizer = peer.adam([p])

    def run():
        optimizer.step()
        return p.data[::1000].sum()

    return run


ALL = {"a": mlp, "e": attention_block, "g": softmax_cross_entropy, "k": additions}
CONVOLUTIONS = {"b": cnn(28), "c": cnn(8), "d": convolution}
CAN = {
    MyGrad: {**ALL, **CONVOLUTIONS, "f. batch": batch_norm, "f. layer": layer_norm},
    Autograd: {**ALL, "f. layer": layer_norm},
    PyDyNet: {**ALL, **CONVOLUTIONS, "h": adam_alone},
}


def peers(workload):
    """{peer: build} of those that are installed and can express it; its name begins as in CAN."""
    found = {}
    for peer, builds in CAN.items():
        for beginning, build in builds.items():
            if workload.startswith(beginning) and importlib.util.find_spec(peer.__name__.lower()):
                found[peer.__name__.lower()] = functools.partial(build, peer())
    return found

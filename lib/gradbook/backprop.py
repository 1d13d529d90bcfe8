"""Backpropagation written out in NumPy, without a tape: the recursion of the chapter "Backpropagation".

A network is two lists of equal length D: `params`, one pair (weight (n_out, n_in), bias (n_out,)) a layer,
and `activations`, one name a layer. Rows of x are examples. With o⁰ = x, layer l computes

    forward:   zˡ = oˡ⁻¹ Wˡᵀ + bˡ,   oˡ = f(zˡ)
    backward:  δˡ = gˡ ⊙ f′(zˡ),   ∂L/∂Wˡ = δˡᵀ oˡ⁻¹,   ∂L/∂bˡ = Σ_n δˡ_n,   gˡ⁻¹ = δˡ Wˡ

where g is the gradient with respect to an output o, and δ that with respect to z: as scalar loops, line for
line with the index equations, and as matrices. A `tally` (collections.Counter) counts multiply-adds (MAC)
between layers; work that grows with the units only (biases, activations) is left out.
Sources: Rumelhart, Hinton & Williams 1986; Griewank & Walther 2008, ch. 3, 4 and 12.
"""

from itertools import pairwise

import numpy as np

from .arguments import numbers, real, several, whole


def sigmoid(z):
    """σ(z) = 1 / (1 + exp(-z)), without overflow for any z (equation bp-sigmoid-stable)."""
    z = numbers("sigmoid: z", z)
    e = np.exp(-np.abs(z))  # in (0, 1]: the exponent is never positive
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def softmax(z):
    """p_k = exp(z_k) / Σ_j exp(z_j) along the last axis; z (..., K)."""
    z = numbers("softmax: z", z)
    if not z.shape[-1:] or z.shape[-1] == 0:
        raise ValueError(f"softmax: z {z.shape} came, (..., K) with K >= 1 is needed")
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))  # softmax(z + a) = softmax(z): keeps exp finite
    return e / e.sum(axis=-1, keepdims=True)


# name: (f, its slope f′(z) written in the output o = f(z), so that only o needs to be kept)
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda o: o * (1 - o)),
    "tanh": (np.tanh, lambda o: 1 - o * o),
    "relu": (lambda z: np.maximum(z, 0.0), lambda o: np.where(o > 0, 1.0, 0.0)),  # slope 0 at z = 0, as torch
    "identity": (lambda z: z * 1.0, lambda o: np.ones_like(o)),
}


def half_mse(o, t):
    """½ Σ_k (o_k - t_k)² of each row, and its gradient o - t; o, t (N, K) -> (N,), (N, K)."""
    o, t = _pair("half_mse", o=o, t=t)
    return 0.5 * np.sum((o - t) ** 2, axis=1), o - t


def softmax_half_mse(z, t):
    """½ Σ_k (p_k - t_k)², p = softmax(z), and its gradient (diag p - p pᵀ)(p - t).

    z, t (N, K) -> (N,), (N, K).
    """
    z, t = _pair("softmax_half_mse", z=z, t=t)
    p = softmax(z)
    value, g = half_mse(p, t)
    return value, p * (g - np.sum(p * g, axis=1, keepdims=True))


def softmax_cross_entropy(z, t):
    """-Σ_k t_k log p_k, p = softmax(z), in nats, and its gradient p - t.

    z, t (N, K), rows of t sum to 1 -> (N,), (N, K).
    """
    z, t = _pair("softmax_cross_entropy", z=z, t=t)
    shifted = z - np.max(z, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.sum(t * log_p, axis=1), np.exp(log_p) - t


LOSSES = {f.__name__: f for f in (half_mse, softmax_half_mse, softmax_cross_entropy)}


def one_hot(labels, classes):
    """Row n is 1 at labels[n] and 0 elsewhere; labels (N,) int -> (N, classes)."""
    labels, classes = numbers("one_hot: labels", labels, dtype=None), whole("one_hot: classes", classes, 1)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels of {labels.dtype} came, whole numbers are needed")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"one_hot: labels {labels.min()} to {labels.max()} came, "
                         f"0 to {classes - 1} are needed")
    return np.eye(classes)[labels]


def random_params(sizes, rng):
    """Weights and biases uniform in ±1/√n_in, as torch.nn.Linear draws them; sizes [n_0, ..., n_D]."""
    sizes = [whole("random_params: a size", n, 1) for n in several("random_params: sizes", sizes, least=2)]
    bounds = [(1 / np.sqrt(n_in), n_in, n_out) for n_in, n_out in pairwise(sizes)]
    return [(rng.uniform(-r, r, (n_out, n_in)), rng.uniform(-r, r, n_out)) for r, n_in, n_out in bounds]


def forward(x, params, activations, tally=None):
    """[o⁰ = x, ..., oᴰ], all kept for `backward`. x (N, n_0) -> oˡ (N, n_l)."""
    outputs = [_checked("forward", x, params, activations)]
    for (weight, bias), name in zip(params, activations):
        z = outputs[-1] @ weight.T + bias  # (N, n_out)
        _count(tally, len(z) * weight.size)
        outputs.append(ACTIVATIONS[name][0](z))
    return outputs


def backward(outputs, params, activations, g, tally=None, input_gradient=True):
    """The δ recursion (bp-code). g = ∂L/∂oᴰ (N, n_D) -> grads, ∂L/∂x.

    grads: [(∂L/∂Wˡ, ∂L/∂bˡ), ...]; ∂L/∂x: (N, n_0), or None when
    input_gradient is False: training does not need it. Sums over the
    rows of the batch: for the gradient of a mean, divide g by N.
    """
    g = _cotangent("backward", outputs, params, activations, g)
    grads = []
    for layer in reversed(range(len(params))):
        weight, slope = params[layer][0], ACTIVATIONS[activations[layer]][1]
        below, here = outputs[layer], outputs[layer + 1]
        delta = g * slope(here)  # (N, n_out)
        grads.append((delta.T @ below, delta.sum(axis=0)))  # (n_out, n_in)
        _count(tally, len(delta) * weight.size)
        if layer == 0 and not input_gradient:
            return grads[::-1], None
        g = delta @ weight  # (N, n_in): every path adds
        _count(tally, len(delta) * weight.size)
    return grads[::-1], g


def forward_loops(x, params, activations, tally=None):
    """The same as `forward`, one multiply-add at a time."""
    outputs = [_checked("forward_loops", x, params, activations)]
    for (weight, bias), name in zip(params, activations):
        o = np.zeros((len(x), len(bias)))
        for n in range(len(x)):
            for k in range(len(bias)):
                z = bias[k]
                for j in range(weight.shape[1]):
                    z += weight[k, j] * outputs[-1][n, j]
                    _count(tally, 1)
                o[n, k] = ACTIVATIONS[name][0](z)
        outputs.append(o)
    return outputs


def backward_loops(outputs, params, activations, g, tally=None, input_gradient=True):
    """The same as `backward`, one multiply-add at a time."""
    g = _cotangent("backward_loops", outputs, params, activations, g)
    grads = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for layer in reversed(range(len(params))):
        weight, slope = params[layer][0], ACTIVATIONS[activations[layer]][1]
        (dweight, dbias), below = grads[layer], outputs[layer]
        g_below = np.zeros_like(below)
        for n in range(len(g)):  # examples: their gradients add
            for k in range(weight.shape[0]):
                o = outputs[layer + 1][n, k]
                delta = g[n, k] * slope(o)  # δ_k = g_k f′(z_k)
                dbias[k] += delta
                for j in range(weight.shape[1]):
                    dweight[k, j] += delta * below[n, j]  # δ_k o_j
                    _count(tally, 1)
                    if layer > 0 or input_gradient:
                        g_below[n, j] += weight[k, j] * delta  # Σ_k w_kj δ_k
                        _count(tally, 1)
        g = g_below
    return grads, (g if input_gradient else None)


def gradient(x, target, params, activations, loss="half_mse", reduction="mean", tally=None):
    """(value, [(∂L/∂W, ∂L/∂b), ...]) of a minibatch: one forward and one backward pass.

    `loss`: a name in LOSSES; the softmax losses contain the softmax: their last activation is "identity".
    `reduction`: "mean" or "sum" over the N examples; unlike torch.nn.MSELoss, never over the K outputs.
    """
    if not isinstance(reduction, str) or reduction not in ("mean", "sum"):
        raise ValueError(f"gradient: reduction {reduction!r} came, 'mean' or 'sum' is needed")
    outputs = forward(x, params, activations, tally)
    values, g = _loss("gradient", loss, outputs[-1], target)
    scale = 1 / len(values) if reduction == "mean" else 1.0
    grads, _ = backward(outputs, params, activations, scale * g, tally, input_gradient=False)
    return scale * values.sum(), grads


def checkpointed_gradient(x, target, params, activations, loss="half_mse", every=1, tally=None):
    """`gradient` of the mean, keeping every `every`-th output only and recomputing the others when needed.

    Returns (value, grads, peak): peak is the largest number of floats kept at one time. Chen et al. 2016, §3.
    """
    x = _checked("checkpointed_gradient", x, params, activations)
    every = whole("checkpointed_gradient: every", every, 1, len(params))
    starts = list(range(0, len(params), every))
    kept, o = [], x
    for s in starts:  # forward: remember where each segment begins, forget its inside
        kept.append(o)
        o = forward(o, params[s : s + every], activations[s : s + every], tally)[-1]
    values, g = _loss("checkpointed_gradient", loss, o, target)
    g, grads, peak = g / len(values), [], 0
    for s in reversed(starts):  # backward: run a segment again, then go through it
        segment = slice(s, s + every)
        outputs = forward(kept[-1], params[segment], activations[segment], tally)
        peak = max(peak, sum(a.size for a in kept) + sum(a.size for a in outputs[1:]))
        part, g = backward(outputs, params[segment], activations[segment], g, tally, input_gradient=s > 0)
        grads = part + grads
        kept.pop()
    return values.mean(), grads, peak


def finite_difference(f, x, step=1e-6, central=True):
    """∂f/∂x entry by entry: (f(x + h) - f(x - h)) / 2h, or (f(x + h) - f(x)) / h; f: array -> float.

    For P entries f is called 2P times when central, else P + 1. Error O(h²) or O(h), plus rounding O(ε/h).
    """
    x, step = numbers("finite_difference: x", x), real("finite_difference: step", step, "(0, inf)")
    dx, base = np.zeros_like(x), None if central else f(x.copy())
    for i in np.ndindex(x.shape):
        nudged = x.copy()
        nudged[i] = x[i] + step
        up = f(nudged)
        nudged[i] = x[i] - step
        dx[i] = (up - f(nudged)) / (2 * step) if central else (up - base) / step
    return dx


def pack(params):
    """All weights and biases (or their gradients) as one vector (P,), for optimizers that want one."""
    return np.concatenate([a.ravel() for pair in _layers("pack", params) for a in pair])


def unpack(vector, like):
    """The inverse of `pack`; `like` gives the shapes."""
    size = sum(a.size for pair in _layers("unpack", like) for a in pair)
    vector = numbers("unpack: vector", vector, f"({size},)", dtype=None)
    parts = iter(np.split(vector, np.cumsum([a.size for pair in like for a in pair])[:-1]))
    return [tuple(next(parts).reshape(a.shape) for a in pair) for pair in like]


def _count(tally, n):
    if tally is not None:
        tally["macs"] += n


def _pair(who, **arrays):
    """Two arrays (N, K) of one shape, as floats."""
    (a, x), (b, t) = arrays.items()
    x, t = numbers(f"{who}: {a}", x, "(N, K)"), numbers(f"{who}: {b}", t)
    if x.shape != t.shape:
        raise ValueError(f"{who}: {a} {x.shape} and {b} {t.shape} came, one shape is needed")
    return x, t


def _loss(who, loss, o, target):
    """Value and gradient of the loss of that name."""
    if not isinstance(loss, str) or loss not in LOSSES:
        raise ValueError(f"{who}: loss {loss!r} came, one of {', '.join(LOSSES)} is needed")
    target = numbers(f"{who}: target", target)
    if target.shape != o.shape:
        raise ValueError(f"{who}: target {target.shape} does not match the outputs {o.shape}; "
                         f"turn class labels into rows with one_hot")
    return LOSSES[loss](o, target)


def _layers(who, params, activations=()):
    """params, once they are pairs of arrays and the activations are names."""
    for layer, pair in enumerate(several(f"{who}: params", params), start=1):
        if len(several(f"{who}: layer {layer}", pair, np.ndarray)) != 2:
            raise ValueError(f"{who}: layer {layer} has {len(pair)} arrays, weight and bias are needed")
    names = several(f"{who}: activations", activations, str, least=0)
    if unknown := [name for name in names if name not in ACTIVATIONS]:
        raise ValueError(f"{who}: activation {unknown[0]!r} is not one of {', '.join(ACTIVATIONS)}")
    return params


def _checked(who, x, params, activations):
    """x as a float array, once x, the layers and the names of the activations fit together."""
    x, params = numbers(f"{who}: x", x), _layers(who, params, activations)
    if len(params) != len(activations):
        raise ValueError(f"{who}: {len(params)} layers came with {len(activations)} activations; "
                         f"needed: one each")
    width = x.shape[1] if x.ndim == 2 else None
    for layer, (weight, bias) in enumerate(params, start=1):
        if weight.ndim != 2 or width != weight.shape[1] or bias.shape != weight.shape[:1]:
            got = x.shape if layer == 1 else f"(N, {width})"
            raise ValueError(f"{who}: layer {layer} has weight {weight.shape}, bias {bias.shape} and gets "
                             f"{got}; needed: input (N, n_in), weight (n_out, n_in), bias (n_out,)")
        width = weight.shape[0]
    return x


def _cotangent(who, outputs, params, activations, g):
    """g as a float array, once it has the shape of the last output."""
    g, params = numbers(f"{who}: g", g), _layers(who, params, activations)
    outputs = several(f"{who}: outputs", outputs, np.ndarray)
    if len(outputs) != len(params) + 1 or len(params) != len(activations):
        raise ValueError(f"{who}: {len(outputs)} outputs came with {len(params)} layers and "
                         f"{len(activations)} activations; needed: all outputs of `forward`, the input first")
    if g.shape != outputs[-1].shape:
        raise ValueError(f"{who}: g {g.shape} is not of the shape of the last output {outputs[-1].shape}")
    return g

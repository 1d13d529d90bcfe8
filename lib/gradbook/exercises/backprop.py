"""The exercises of the chapter "Backpropagation"."""

from itertools import pairwise

import numpy as np

from gradbook.backprop import sigmoid, softmax
from gradbook.exercises import Exercise


def sigmoid_layer(rng):
    """g (N, K), the layer's outputs o (N, K), its inputs x (N, J), its weight (K, J); all sizes different."""
    n, k, j = rng.choice(np.arange(2, 8), size=3, replace=False)
    return (
        rng.normal(size=(n, k)),
        rng.uniform(0.05, 0.95, size=(n, k)),
        rng.normal(size=(n, j)),
        rng.normal(size=(k, j)),
    )


def layer_backward(g, o, x, weight):
    delta = g * o * (1 - o)
    return delta.T @ x, delta.sum(axis=0), delta @ weight


def with_delta(delta_of, bias=lambda delta: delta.sum(axis=0), scale=lambda g: 1.0):
    """layer_backward with another δ, another bias gradient or another scale."""

    def answer(g, o, x, weight):
        delta = scale(g) * delta_of(g, o)
        return delta.T @ x, bias(delta), delta @ weight

    return answer


def layer_backward_loops(g, o, x, weight):
    dweight, dbias, dx = np.zeros_like(weight), np.zeros(len(weight)), np.zeros_like(x)
    for n in range(len(x)):
        for k in range(len(weight)):
            delta = g[n, k] * o[n, k] * (1 - o[n, k])
            dbias[k] += delta
            dweight[k] += delta * x[n]
            dx[n] += delta * weight[k]
    return dweight, dbias, dx


def square_weights(rng):
    """δ (N, K) of the layer above, its weight (K, K), o (N, K) of a tanh layer: shapes give no warning."""
    n, k = rng.choice(np.arange(3, 8), size=2, replace=False)
    return rng.normal(size=(n, k)), rng.normal(size=(k, k)), rng.uniform(-0.9, 0.9, size=(n, k))


def logits_and_targets(rng):
    n, k = rng.choice(np.arange(3, 8), size=2, replace=False)
    return rng.normal(size=(n, k)), np.eye(k)[rng.integers(0, k, size=n)]


def softmax_half_mse(z, t):
    p = softmax(z)
    return p * ((p - t) - np.sum(p * (p - t), axis=1, keepdims=True))


def softmax_half_mse_over(z, t, axis):
    """With a softmax that adds up to 1 along another axis, or over everything."""
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=axis, keepdims=True)
    return p * ((p - t) - np.sum(p * (p - t), axis=1, keepdims=True))


def softmax_half_mse_jacobian(z, t):
    p = softmax(z)
    jacobians = p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]
    return np.einsum("nij,ni->nj", jacobians, p - t)


def wrong_softmax(formula):
    return lambda z, t: formula(softmax(z), t)


def shared(x, w):
    """o₁, o₂ and the two slopes of o₂ = σ(w o₁), o₁ = σ(w x)."""
    first = sigmoid(w * x)
    second = sigmoid(w * first)
    return first, second, first * (1 - first), second * (1 - second)


def shared_gradient(x, w, t):
    first, second, slope1, slope2 = shared(x, w)
    return (second - t) * slope2 * (first + w * slope1 * x)


def shared_by_parts(x, w, t):
    first, second, slope1, slope2 = shared(x, w)
    delta2 = (second - t) * slope2
    delta1 = delta2 * w * slope1
    return delta2 * first + delta1 * x


def shared_wrong(formula):
    return lambda x, w, t: formula(x, w, t, *shared(x, w))


def cost(sizes, examples):
    weights = [m * n for m, n in pairwise(sizes)]
    return examples * sum(weights), examples * (2 * sum(weights) - weights[0])


def cost_wrong(formula):
    def answer(sizes, examples):
        return formula(examples, [m * n for m, n in pairwise(sizes)], sizes)

    return answer


EXERCISES = [
    Exercise(
        "bp-layer-backward",
        ask="Write layer_backward(g, o, x, weight) for a sigmoid layer: return (∂L/∂weight, ∂L/∂bias, "
        "∂L/∂x).",
        inputs=sigmoid_layer,
        reference=layer_backward,
        wrong={
            "slope forgotten": (
                with_delta(lambda g, o: g),
                "Your δ is g itself. g belongs to the output o; between o and z stands the sigmoid.",
            ),
            "1 − o forgotten": (
                with_delta(lambda g, o: g * o),
                "Your slope is o. At o = 1 the neuron is saturated and its slope must be 0; yours is 1.",
            ),
            "slope o − 1": (
                with_delta(lambda g, o: g * o * (o - 1)),
                "Every entry has the opposite sign. The sigmoid never falls: its slope cannot be negative.",
            ),
            "slope of tanh": (
                with_delta(lambda g, o: g * (1 - o**2)),
                "1 − o² is the slope of tanh. This layer is a sigmoid.",
            ),
            "sigmoid taken twice": (
                with_delta(lambda g, o: g * sigmoid(o) * (1 - sigmoid(o))),
                "o is σ(z) already, and you took the sigmoid of it once more.",
            ),
            "g passed on": (
                lambda g, o, x, weight: (*layer_backward(g, o, x, weight)[:2], g @ weight),
                "∂L/∂W and ∂L/∂b are right. What goes through the weights to x: g, or δ?",
            ),
            "dW transposed": (
                lambda *given: (layer_backward(*given)[0].T, *layer_backward(*given)[1:]),
                "∂L/∂W has the shape of `weight`, (K, J). Yours is its transpose.",
            ),
            "mean for sum": (
                with_delta(lambda g, o: g * o * (1 - o), scale=lambda g: 1 / len(g)),
                "Everything is N times too small. If the loss is a mean, the 1/N is already inside g.",
            ),
            "bias: mean for sum": (
                with_delta(lambda g, o: g * o * (1 - o), bias=lambda d: d.mean(axis=0)),
                "Only the bias is off, by the factor N. Compare it with what delta.T @ x does over the "
                "examples.",
            ),
            "bias: one row for each example": (
                with_delta(lambda g, o: g * o * (1 - o), bias=lambda d: d),
                "Your bias gradient has N rows. The forward pass added one bias to each row; what does "
                "the backward "
                "pass do with N copies of one number?",
            ),
            "bias: summed over the neurons": (
                with_delta(lambda g, o: g * o * (1 - o), bias=lambda d: d.sum(axis=1)),
                "You summed along the wrong axis: the bias gradient has one entry a neuron, not one an "
                "example.",
            ),
        },
        rewrites=[layer_backward_loops],
    ),
    Exercise(
        "bp-step-back",
        ask="Write step_back(delta, weight, o): δ of a tanh layer with outputs o, from delta and weight "
        "of the layer above.",
        inputs=square_weights,
        reference=lambda delta, weight, o: (delta @ weight) * (1 - o**2),
        wrong={
            "weight for its transpose": (
                lambda delta, weight, o: (delta @ weight.T) * (1 - o**2),
                "The shapes fit by accident: this weight is square. Neuron j collects w_kj over k. Is k "
                "the first or the "
                "second index?",
            ),
            "slope of the sigmoid": (
                lambda delta, weight, o: (delta @ weight) * o * (1 - o),
                "o(1 − o) is the sigmoid's slope. Differentiate tanh = (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) and write "
                "the result in o.",
            ),
            "slope forgotten": (
                lambda delta, weight, o: delta @ weight,
                "That is ∂L/∂o. One factor is missing on the way to z.",
            ),
            "slope before the weights": (
                lambda delta, weight, o: (delta * (1 - o**2)) @ weight,
                "The slope belongs to this layer, and you applied it to the δ of the layer above. It "
                "comes after the "
                "weights.",
            ),
            "1 + o²": (
                lambda delta, weight, o: (delta @ weight) * (1 + o**2),
                "A sign: the slope of tanh is largest, 1, where o = 0.",
            ),
            "tanh taken twice": (
                lambda delta, weight, o: (delta @ weight) * (1 - np.tanh(o) ** 2),
                "o is tanh z already, and you took the tanh of it once more.",
            ),
        },
        rewrites=[lambda delta, weight, o: np.einsum("nk,kj,nj->nj", delta, weight, 1 - o * o)],
    ),
    Exercise(
        "bp-softmax-mse-rows",
        ask="Write grad(z, t): the gradient of ½ Σ (p − t)², p = softmax(z), with respect to z, one "
        "example a row.",
        inputs=logits_and_targets,
        reference=softmax_half_mse,
        wrong={
            "the sigmoid's formula": (
                wrong_softmax(lambda p, t: (p - t) * p * (1 - p)),
                "That is the diagonal of the Jacobian only. Each logit moves every p, and your entries "
                "do not sum to 0.",
            ),
            "cross-entropy's gradient": (
                wrong_softmax(lambda p, t: p - t),
                "p − t is the gradient of the cross-entropy. Here the loss is the squared error: the "
                "slope stays.",
            ),
            "slope forgotten inside the sum": (
                wrong_softmax(lambda p, t: p * ((p - t) - np.sum(p - t, axis=1, keepdims=True))),
                "The correction is an average of the errors weighted by p; yours has lost its weights.",
            ),
            "summed over the batch": (
                wrong_softmax(lambda p, t: p * ((p - t) - np.sum(p * (p - t)))),
                "Your sum runs over the whole batch. The softmax of one row knows nothing of the other rows.",
            ),
            "plus sign": (
                wrong_softmax(lambda p, t: p * ((p - t) + np.sum(p * (p - t), axis=1, keepdims=True))),
                "A sign: the Jacobian is diag(p) minus p pᵀ.",
            ),
            "no ½": (
                lambda z, t: 2 * softmax_half_mse(z, t),
                "Twice the right answer: what does the ½ in the loss do?",
            ),
            "mean over the examples": (
                lambda z, t: softmax_half_mse(z, t) / len(z),
                "You divide by the number of rows. Each row is an example with a loss of its own.",
            ),
            "softmax down the columns": (
                lambda z, t: softmax_half_mse_over(z, t, 0),
                "Your p adds up to 1 down each column. An example is a row: which axis is that?",
            ),
            "softmax over the batch": (
                lambda z, t: softmax_half_mse_over(z, t, None),
                "Your p adds up to 1 over the whole batch. It should in each row.",
            ),
        },
        rewrites=[softmax_half_mse_jacobian],
    ),
    Exercise(
        "bp-shared-weight",
        ask="Write grad(x, w, t): dL/dw for L = ½(o₂ − t)², o₂ = σ(w o₁), o₁ = σ(w x): one weight, used "
        "twice.",
        inputs=lambda rng: (rng.normal(), 2 * rng.normal(), rng.uniform()),
        reference=shared_gradient,
        wrong={
            "the upper use only": (
                shared_wrong(lambda x, w, t, o1, o2, s1, s2: (o2 - t) * s2 * o1),
                "You held o₁ fixed. But w also made o₁: a second path leads from w to the loss.",
            ),
            "the lower use only": (
                shared_wrong(lambda x, w, t, o1, o2, s1, s2: (o2 - t) * s2 * w * s1 * x),
                "That is the path through o₁. The w of the second neuron is the same w.",
            ),
            "paths multiplied": (
                shared_wrong(lambda x, w, t, o1, o2, s1, s2: (o2 - t) * s2 * o1 * w * s1 * x),
                "Along a path slopes multiply. What do two paths do with each other?",
            ),
            "w forgotten on the way down": (
                shared_wrong(lambda x, w, t, o1, o2, s1, s2: (o2 - t) * s2 * (o1 + s1 * x)),
                "From z₂ down to o₁ the path crosses the weight once more: ∂z₂/∂o₁ = w.",
            ),
            "upper slope forgotten": (
                shared_wrong(lambda x, w, t, o1, o2, s1, s2: (o2 - t) * (o1 + w * s1 * x)),
                "From o₂ to z₂ there is a slope too: ∂L/∂o₂ is not yet δ₂.",
            ),
            "mean of the uses": (
                lambda x, w, t: shared_gradient(x, w, t) / 2,
                "Half of the right answer. Two paths do not share the gradient: they add.",
            ),
            "t − o": (
                lambda x, w, t: -shared_gradient(x, w, t),
                "The opposite sign: L grows when o₂ moves away from t.",
            ),
        },
        rewrites=[shared_by_parts],
        scale=1e-3,
    ),
    Exercise(
        "bp-count",
        ask="Write cost(sizes, examples): multiply-adds of the forward pass and of the backward pass (no "
        "input gradient).",
        inputs=lambda rng: (
            [int(n) for n in rng.integers(2, 40, size=rng.integers(3, 6))],
            int(rng.integers(2, 60)),
        ),
        reference=cost,
        wrong={
            "backward twice the forward": (
                cost_wrong(lambda N, w, n: (N * sum(w), 2 * N * sum(w))),
                "Nearly: one product is not needed. Which layer's input gradient does nobody ask for?",
            ),
            "backward as the forward": (
                cost_wrong(lambda N, w, n: (N * sum(w), N * sum(w))),
                "On the way back each weight of a layer above the first is used twice: for ∂L/∂W, and "
                "for the layer below.",
            ),
            "one example": (
                cost_wrong(lambda N, w, n: (sum(w), 2 * sum(w) - w[0])),
                "That is the cost of one example.",
            ),
            "biases counted": (
                cost_wrong(lambda N, w, n: (N * (sum(w) + sum(n[1:])), N * (2 * sum(w) - w[0] + sum(n[1:])))),
                "You counted the biases. They are added, not multiplied: leave them out of this count.",
            ),
            "the top layer spared": (
                cost_wrong(lambda N, w, n: (N * sum(w), N * (2 * sum(w) - w[-1]))),
                "You left out a product in the last layer. There δ is passed on to the layer below; it "
                "is at the input that "
                "nobody waits for it.",
            ),
        },
        rewrites=[
            lambda sizes, examples: (
                examples * sum(sizes[i] * sizes[i + 1] for i in range(len(sizes) - 1)),
                examples * sum((1 + (i > 0)) * sizes[i] * sizes[i + 1] for i in range(len(sizes) - 1)),
            )
        ],
    ),
    Exercise(
        "bp-worst-error",
        ask="At which output o is |(o − t) o (1 − o)|, the gradient under ½MSE, largest if the target is "
        "t = 1?",
        reference=1 / 3,
        wrong={
            "at the largest error": (
                0.0,
                "There the error is largest, but the slope o(1 − o) is 0: the product is 0.",
            ),
            "at the steepest slope": (
                0.5,
                "There the slope is largest; but a little lower the error is larger. Where is "
                "the derivative of o(1 − o)² zero?",
            ),
            "rounded": (0.33, "Nearly: a fraction, or a digit more."),
            "at the target": (1.0, "There the error is 0, and the slope too."),
            "the other root": (
                2 / 3,
                "With t = 0 that would be right. Here the size is (1 − o) · o(1 − o) = o(1 − o)².",
            ),
        },
        rewrites=[0.3333333333],
        rtol=1e-3,
    ),
]

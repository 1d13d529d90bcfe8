"""Exercises of the chapter on activation functions (book/activations.md)."""
import math

import numpy as np

from gradbook.exercises import Exercise


def e(z):
    """e^-|z|, which never overflows."""
    return math.exp(-abs(z))


def sigma(z):
    return (1 if z >= 0 else e(z)) / (1 + e(z))


def log_sigma(z):
    return min(z, 0) - math.log1p(e(z))


def draw_far(rng):
    """One number: very far to the left, far to the left, near zero, far to the right, or very far."""
    low, high = ((-900, -750), (-80, -20), (-2, 2), (25, 34), (750, 900))[rng.integers(5)]
    return (float(rng.uniform(low, high)),)


def s(z):
    return 1 / (1 + np.exp(-z))


def draw_units(rng):
    """Inputs (N, d), weights (n, d) and biases (n,): some units dead, one of them with z = 0 exactly."""
    x = rng.integers(0, 3, size=(6, 4)).astype(float)
    weight, bias = rng.normal(size=(9, 4)), rng.normal(size=9)
    bias[:3] = -0.1 - (x @ weight[:3].T).max(axis=0)           # dead
    weight[3], bias[3] = -1.0, x.sum(axis=1).min()             # dead: its largest z is 0
    bias[4] = 0.1 - (x @ weight[4]).max()                      # alive for one example only
    return x, weight, bias


def dead(x, weight, bias):
    return (x @ weight.T + bias <= 0).all(axis=0)


def dead_by_gradient(x, weight, bias):
    gate = x @ weight.T + bias > 0
    return [not gate[:, k].any() for k in range(len(weight))]


def draw_rows(rng):
    """Logits and cotangents, (N, n)."""
    shape = tuple(int(n) for n in rng.choice(np.arange(3, 8), size=2, replace=False))
    return 2 * rng.normal(size=shape), rng.normal(size=shape)


def probabilities(z):
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def softmax_backward(z, g):
    p = probabilities(z)
    return p * (g - (g * p).sum(axis=1, keepdims=True))


def softmax_backward_by_matrices(z, g):
    return np.array([(np.diag(p) - np.outer(p, p)) @ row for p, row in zip(probabilities(z), g)])


EXERCISES = [
    Exercise(
        "act-condition",
        ask="100 uncorrelated inputs with mean ½ and variance 0.04: the condition number?",
        reference=1 + 100 * 0.25 / 0.04,
        wrong={
            "the 1 forgotten": (100 * 0.25 / 0.04, "Nearly. Across the mean there is curvature s² as well: "
                                                   "the ratio is (s² + d m²)/s²."),
            "one input": (1 + 0.25 / 0.04, "That is for one input. The means of all point one way."),
            "the mean not squared": (1 + 100 * 0.5 / 0.04, "The outer product μμᵀ has m² in every entry."),
            "the standard deviation": (1 + 100 * 0.25 / 0.2, "0.04 is the variance s² already: no root."),
        },
        rewrites=[(0.04 + 25) / 0.04],
    ),
    Exercise(
        "act-stable-sigmoid",
        ask="Write sigmoid_and_log(z): σ(z) and ln σ(z) for one number, right for every z.",
        inputs=draw_far,
        reference=lambda z: (sigma(z), log_sigma(z)),
        wrong={
            "a floor under the logarithm": (
                lambda z: (sigma(z), math.log(max(sigma(z), 1e-12))),
                "A floor inside the logarithm makes it constant far to the left: no gradient where it is "
                "needed most. Write ln σ without σ."),
            "the other logarithm": (lambda z: (sigma(z), -max(z, 0) - math.log1p(e(z))),
                                    "That is ln(1 − σ(z)). Which sign belongs in front of z?"),
            "only the line": (lambda z: (sigma(z), float(min(z, 0))),
                              "min(z, 0) is right far out. Elsewhere ln(1 + e^−|z|) is missing."),
            "log for log1p": (lambda z: (sigma(z), min(z, 0) - math.log(1 + e(z))),
                              "At z = 30, 1 + e^−30 has lost most of the digits of e^−30. There is log1p."),
            "by tanh": (lambda z: (0.5 * (1 + math.tanh(z / 2)), log_sigma(z)),
                        "Far to the left tanh is −1 but for a rounding error: 1 + tanh has no digits left."),
        },
        rewrites=[lambda z: (sigma(z), -max(-z, 0) - np.log1p(np.exp(-abs(z))))],
        draws=16,
    ),
    Exercise(
        "act-softplus",
        ask="Write softplus(z) for one number, right at z = 800 and to the last digits at z = −40.",
        inputs=draw_far,
        reference=lambda z: max(z, 0) + math.log1p(e(z)),
        wrong={
            "relu": (lambda z: float(max(z, 0)), "That is ReLU. At z = 0 softplus is ln 2, far left e^z."),
            "log for log1p": (lambda z: max(z, 0) + math.log(1 + e(z)),
                              "No overflow any more. But at z = −40, 1 + e^−40 rounds to 1: use log1p."),
            "clipped": (lambda z: math.log1p(math.exp(min(z, 30))),
                        "Far to the right yours stops at 30; the softplus goes on like z."),
            "the minus outside": (lambda z: max(z, 0) - math.log1p(e(z)),
                                  "ln(1 + e^−|z|) is added: the softplus lies above the ReLU."),
        },
        rewrites=[lambda z: float(np.logaddexp(0, z)), lambda z: -log_sigma(-z)],
        draws=16,
    ),
    Exercise(
        "act-silu-slope",
        ask="Write silu_slope(z): the derivative of z σ(z), for an array.",
        inputs=lambda rng: (3 * rng.normal(size=7),),
        reference=lambda z: s(z) * (1 + z * (1 - s(z))),
        wrong={
            "the gate": (s, "You held the gate fixed. z σ(z) is a product: two terms."),
            "sigmoid's slope": (lambda z: s(z) * (1 - s(z)), "That is the slope of the gate alone."),
            "the value": (lambda z: z * s(z), "That is SiLU itself. At z = 0 it is 0, and its slope is ½."),
            "z for σ in front": (lambda z: s(z) + z * (1 - s(z)),
                                 "σ′ = σ (1 − σ): one σ is missing in the second term."),
            "second term only": (lambda z: z * s(z) * (1 - s(z)), "Where is the term that differentiates z?"),
            "z lost": (lambda z: s(z) + s(z) * (1 - s(z)), "In z σ′(z) the factor z remains."),
            "sign": (lambda z: s(z) * (1 - z * (1 - s(z))),
                     "Both terms have a plus. Check with z = 2: SiLU rises faster than its gate there."),
        },
        rewrites=[lambda z: s(z) + z * s(z) * (1 - s(z)), lambda z: s(z) + z * s(z) * s(-z)],
    ),
    Exercise(
        "act-dead-units",
        ask="Write dead(x, weight, bias): which ReLU units get no gradient from any example.",
        inputs=draw_units,
        reference=dead,
        wrong={
            "strictly below": (lambda x, weight, bias: (x @ weight.T + bias < 0).all(axis=0),
                               "What is the slope at z = 0? One unit here has its largest z there."),
            "on average": (lambda x, weight, bias: (x @ weight.T + bias).mean(axis=0) <= 0,
                           "One example with z > 0 is enough to live, however low the mean is."),
            "for some example": (lambda x, weight, bias: (x @ weight.T + bias <= 0).any(axis=0),
                                 "Being silent for one example is normal. Dead means: for every one."),
            "alive": (lambda x, weight, bias: (x @ weight.T + bias > 0).any(axis=0),
                      "Those are the living."),
            "no bias": (lambda x, weight, bias: (x @ weight.T <= 0).all(axis=0),
                        "You left out the bias, which is what kills most of them."),
        },
        rewrites=[dead_by_gradient, lambda x, weight, bias: (x @ weight.T + bias).max(axis=0) <= 0],
        scale=1.0,
    ),
    Exercise(
        "act-revive",
        ask="A dead ReLU unit of the first layer, a fixed training set: what can revive it?",
        reference="noise",
        choices={
            "steps": "more steps of SGD",
            "adam": "Adam in place of SGD",
            "decay": "weight decay, of weights and bias",
            "rate": "a smaller learning rate",
            "noise": "noise on the inputs",
        },
        wrong={
            "steps": "Each step adds the gradient, and that is exactly zero: a thousand times nothing.",
            "adam": "Adam divides the gradient by its size. Zero stays zero, also after bias correction.",
            "decay": "It multiplies weights and bias by the same factor below 1: z keeps its sign.",
            "rate": "That may keep others alive. This one no learning rate moves.",
        },
    ),
    Exercise(
        "act-softmax-vjp",
        ask="Write softmax_backward(z, g): the gradient at the logits, row by row, without a Jacobian.",
        inputs=draw_rows,
        reference=softmax_backward,
        wrong={
            "p ⊙ g": (lambda z, g: probabilities(z) * g,
                      "Raising one logit lowers all other probabilities. Do your rows sum to 0?"),
            "the diagonal": (lambda z, g: probabilities(z) * (1 - probabilities(z)) * g,
                             "That is the Jacobian's diagonal, as for sigmoids. It has other entries, too."),
            "a plain mean": (lambda z, g: probabilities(z) * (g - g.mean(axis=1, keepdims=True)),
                             "The mean of g has to be weighted by p."),
            "over the batch": (
                lambda z, g: probabilities(z) * (g - (g * probabilities(z)).sum(axis=0, keepdims=True)),
                "Each example has a softmax of its own: sum along the row, not down the column."),
            "over everything": (
                lambda z, g: probabilities(z) * (g - (g * probabilities(z)).sum()),
                "⟨g, p⟩ is one number for each example; you took one for the whole batch."),
            "softmax down the columns": (
                lambda z, g: softmax_backward(z.T, g.T).T,
                "Your probabilities sum to 1 down the columns. One example is one row."),
            "log-softmax": (lambda z, g: g - probabilities(z) * g.sum(axis=1, keepdims=True),
                            "That is the gradient through log-softmax."),
        },
        rewrites=[softmax_backward_by_matrices],
    ),
]

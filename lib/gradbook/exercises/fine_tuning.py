"""Exercises of the chapter on fine-tuning (book/fine_tuning.md)."""

import numpy as np

from gradbook.exercises import Exercise


def draw_descent(rng):
    """w, the gradient of a bowl that is not round, η, and how many steps."""
    n = int(rng.integers(3, 7))
    a = rng.normal(size=(n + 2, n))
    bowl, best = a.T @ a, rng.normal(size=n)
    eta = 0.3 / np.linalg.norm(bowl, 2)
    return rng.normal(size=n), lambda w: bowl @ (w - best), eta, int(rng.integers(3, 7))


def fine_tune(w, gradient, eta, steps):
    for _ in range(steps):
        w = w - eta * gradient(w)
    return w


def recursive(w, gradient, eta, steps):
    return w if steps == 0 else recursive(w - eta * gradient(w), gradient, eta, steps - 1)


def climb(w, gradient, eta, steps):
    for _ in range(steps):
        w = w + eta * gradient(w)
    return w


def rates(layers, eta, xi, frozen):
    return [0.0 if layer < frozen else eta * xi ** (layers - 1 - layer) for layer in range(layers)]


def rates_from_the_head(layers, eta, xi, frozen):
    found = []
    for layer in reversed(range(layers)):
        found.append(eta if layer >= frozen else 0.0)
        eta *= xi
    return found[::-1]


def draw_layers(rng):
    layers = int(rng.integers(4, 9))
    return layers, rng.uniform(0.01, 0.1), rng.uniform(0.3, 0.8), int(rng.integers(1, layers - 2))


def best_share(delta, sigma, n):
    v = sigma**2 / n
    return v / (v + delta**2), v * delta**2 / (v + delta**2)


def best_by_precisions(delta, sigma, n):
    start, data = 1 / delta**2, n / sigma**2
    return start / (start + data), 1 / (start + data)


def draw_merged(rng):
    n_in, n_out, r = int(rng.integers(6, 9)), int(rng.integers(4, 6)), int(rng.integers(2, 4))
    shapes = (n_out, n_in), (r, n_in), (n_out, r)
    return *(rng.normal(size=shape) for shape in shapes), rng.uniform(5, 9)


PLANS = ["zero-shot", "everything, at the rate of pre-training", "head only, for it cannot overfit",
         "a nearer source or more data, and baselines until then"]

EXERCISES = [
    Exercise(
        "ft-sign",
        ask="Write fine_tune(w, gradient, eta, steps): W_T, from W_pre by gradient descent.",
        inputs=draw_descent,
        reference=fine_tune,
        wrong={
            "plus": (climb, "That climbs: the loss rises. Which way does the gradient point?"),
            "the formula of the notes": (lambda w, gradient, eta, steps: w + eta * gradient(w),
                                         "That is the notes' own. Which way does it go, and how far?"),
            "one step": (lambda w, gradient, eta, steps: w - eta * gradient(w),
                         "That is the first step. What are the others for?"),
            "gradient at the start only": (
                lambda w, gradient, eta, steps: w - steps * eta * gradient(w),
                "All your gradients are taken at W_pre. After a step the slope is another one."),
            "one step too many": (lambda w, gradient, eta, steps: fine_tune(w, gradient, eta, steps + 1),
                                  "Count: with steps = 0 the weights should be those that came."),
        },
        rewrites=[recursive],
    ),
    Exercise(
        "ft-groups",
        ask="Write rates(layers, eta, xi, frozen): the rate of each layer, from the input to the head.",
        inputs=draw_layers,
        reference=rates,
        wrong={
            "upside down": (
                lambda layers, eta, xi, frozen: [0.0 if k < frozen else eta * xi**k for k in range(layers)],
                "With yours the head is the slowest. It is new and has to move most."),
            "the head slowed as well": (
                lambda layers, eta, xi, frozen: [0.0 if k < frozen else eta * xi ** (layers - k)
                                                 for k in range(layers)],
                "Nearly. Which rate should the last layer have?"),
            "frozen at the wrong end": (
                lambda layers, eta, xi, frozen: [0.0 if k >= layers - frozen else eta * xi ** (layers - 1 - k)
                                                 for k in range(layers)],
                "You froze the head. What is general, and can stay, is at the input."),
            "nothing frozen": (
                lambda layers, eta, xi, frozen: [eta * xi ** (layers - 1 - k) for k in range(layers)],
                "The rates are right. Which of the layers should not move at all?"),
        },
        rewrites=[rates_from_the_head],
    ),
    Exercise(
        "ft-lora-count",
        ask="12 blocks; rank 8 on query and value, each 768 × 768. How many numbers are trained?",
        reference=12 * 2 * 8 * (768 + 768),
        wrong={
            "half": (12 * 2 * 8 * 768, "Half of it. Count A and B, on query and value, in each block."),
            "one layer": (8 * (768 + 768), "That is one projection. How many have LoRA, in how many blocks?"),
            "four projections": (12 * 4 * 8 * (768 + 768), "LoRA is on query and value only."),
            "one block": (2 * 8 * (768 + 768), "That is one block. There are twelve."),
            "the whole layers": (12 * 2 * 768 * 768, "These are the frozen numbers. Count B and A."),
            "r squared": (12 * 2 * 8 * 8, "A maps 768 inputs to 8 numbers. How many weights is that?"),
        },
        rewrites=[8 * 1536 * 24],
    ),
    Exercise(
        "ft-quadrant",
        ask="40 X-ray images, a network trained on holiday photographs: which plan first?",
        choices=PLANS,
        reference=PLANS[3],
        wrong={
            PLANS[0]: "Its classes are those of holidays. What would it answer?",
            PLANS[1]: "Forty images against millions of weights, and no leash: what happens to v?",
            PLANS[2]: "The body then keeps all of its start. Is δ small here?",
        },
    ),
    Exercise(
        "ft-worth",
        ask="Write best_share(delta, sigma, n): the best share κ of the start, and the error there.",
        inputs=lambda rng: (rng.uniform(0.3, 2), rng.uniform(0.5, 3), int(rng.integers(2, 20))),
        reference=best_share,
        wrong={
            "the other share": (
                lambda delta, sigma, n: (1 - best_share(delta, sigma, n)[0], best_share(delta, sigma, n)[1]),
                "Put δ = 0, a perfect start: how much of it should be kept?"),
            "noise not averaged": (lambda delta, sigma, n: best_share(delta, sigma, 1),
                                   "More images, less noise. Where is n in yours?"),
            "not squared": (
                lambda delta, sigma, n: best_share(delta**0.5, sigma**0.5, n),
                "Errors are compared as squares: v is a variance, σ²/n, and the start's error is δ²."),
            "the share alone": (lambda delta, sigma, n: best_share(delta, sigma, n)[0],
                                "That is the share. What is the error there? Return both, as a pair."),
            "the error of zero-shot": (lambda delta, sigma, n: (best_share(delta, sigma, n)[0], delta**2),
                                       "The share is right. δ² would be the error with all of the start."),
            "error and share exchanged": (lambda delta, sigma, n: best_share(delta, sigma, n)[::-1],
                                          "Both are right. The share comes first, then the error."),
            "σ for σ²": (lambda delta, sigma, n: best_share(delta, sigma**0.5, n),
                         "The noise has standard deviation σ. What is its variance?"),
            "the smaller error": (
                lambda delta, sigma, n: (best_share(delta, sigma, n)[0], min(delta**2, sigma**2 / n)),
                "A mixture is less wrong than either of the two: precisions add up."),
        },
        rewrites=[best_by_precisions],
    ),
    Exercise(
        "ft-merge",
        ask="Write without(merged, A, B, alpha): the weight before LoRA was merged into it.",
        inputs=draw_merged,
        reference=lambda merged, A, B, alpha: merged - alpha / len(A) * B @ A,
        wrong={
            "merged twice": (lambda merged, A, B, alpha: merged + alpha / len(A) * B @ A,
                             "You added it once more. It is in there already."),
            "α for α / r": (lambda merged, A, B, alpha: merged - alpha * B @ A,
                            "The product was divided by the rank. Where do you see the rank?"),
            "scale forgotten": (lambda merged, A, B, alpha: merged - B @ A, "What about α and r?"),
            "divided by the outputs": (lambda merged, A, B, alpha: merged - alpha / len(B) * B @ A,
                                       "B is (n_out, r). Which of the two is the rank?"),
            "divided by the inputs": (lambda merged, A, B, alpha: merged - alpha / A.shape[1] * B @ A,
                                      "A is (r, n_in). Which of the two is the rank?"),
        },
        rewrites=[lambda merged, A, B, alpha: merged - np.einsum("or,ri->oi", B, A) * alpha / B.shape[1]],
    ),
]

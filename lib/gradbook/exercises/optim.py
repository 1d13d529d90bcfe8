"""Exercises of the chapter on optimizers (book/optim.md)."""
import numpy as np

from gradbook.exercises import Exercise


def draw_adam(rng):
    """θ, g, m, v (n,), the step t ≥ 1, and the four constants."""
    n = int(rng.integers(2, 6))
    theta, g, m = rng.normal(size=(3, n))
    return (theta, g, m, rng.uniform(0.1, 2, size=n), int(rng.integers(1, 12)), rng.uniform(0.01, 0.5),
            rng.uniform(0.7, 0.95), rng.uniform(0.9, 0.999), 10.0 ** rng.uniform(-3, -1))


def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adam_step_with_one_factor(theta, g, m, v, t, lr, beta1, beta2, eps):
    m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
    root = (1 - beta2**t) ** 0.5
    return theta - lr * root / (1 - beta1**t) * m / (v**0.5 + eps * root), m, v


def adam_uncorrected(theta, g, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (np.sqrt(v) + eps), m, v


def adam_eps_in_root(theta, g, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return theta - lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t) + eps), m, v


def adam_not_averaged(theta, g, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + g, beta2 * v + g**2
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adam_squares_the_mean(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adam_without_t(theta, g, m, v, t, lr, beta1, beta2, eps):
    return adam_step(theta, g, m, v, 1, lr, beta1, beta2, eps)


def adam_without_root(theta, g, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return theta - lr * (m / (1 - beta1**t)) / (v / (1 - beta2**t) + eps), m, v


def adam_hands_back_corrected(theta, g, m, v, t, lr, beta1, beta2, eps):
    theta, m, v = adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)
    return theta, m / (1 - beta1**t), v / (1 - beta2**t)


def draw_decay(rng):
    """θ and Adam's direction m̂/(√v̂ + ε), (n,) each; lr and weight_decay."""
    n = int(rng.integers(2, 6))
    return rng.normal(size=n) * 3, rng.normal(size=n), rng.uniform(0.05, 0.5), rng.uniform(0.05, 0.5)


SWAPPED = ["A is AdaGrad, B is RMSProp", "A is RMSProp, B is AdaGrad", "both are AdaGrad", "both are RMSProp"]

EXERCISES = [
    Exercise(
        "opt-adam",
        ask="Write adam_step(theta, g, m, v, t, lr, beta1, beta2, eps) -> (theta, m, v), t counted from 1.",
        inputs=draw_adam,
        reference=adam_step,
        wrong={
            "not corrected": (adam_uncorrected,
                              "m and v start at zero. What share of the weight has arrived by step t?"),
            "eps inside the root": (adam_eps_in_root, "Nearly. Adam adds eps after the root is taken."),
            "sums, not averages": (adam_not_averaged,
                                   "A newcomer enters with the weight 1 − β; yours enter with the weight 1."),
            "the mean squared": (adam_squares_the_mean,
                                 "v averages the squared gradient. You averaged the square of the average."),
            "t forgotten": (adam_without_t,
                            "You divide by 1 − β at every step. What sum of weights has arrived by step t?"),
            "no root": (adam_without_root,
                        "v averages squares. In which unit is its quotient with m, and what brings it back?"),
            "state corrected": (adam_hands_back_corrected,
                                "The step is right. But the next recursion starts from what you hand back: "
                                "which m does it want?"),
        },
        rewrites=[adam_step_with_one_factor],
    ),
    Exercise(
        "opt-best-beta",
        ask="Write best_momentum(kappa): the β of the best fixed pair (η, β) on a quadratic.",
        inputs=lambda rng: (rng.uniform(2, 2000),),
        reference=lambda kappa: ((kappa**0.5 - 1) / (kappa**0.5 + 1)) ** 2,
        wrong={
            "the rate": (lambda kappa: (kappa**0.5 - 1) / (kappa**0.5 + 1),
                         "That is the factor by which the error shrinks. It equals √β."),
            "no root": (lambda kappa: ((kappa - 1) / (kappa + 1)) ** 2,
                        "Your κ belongs under a root: momentum turns κ into √κ."),
            "gradient descent": (lambda kappa: (kappa - 1) / (kappa + 1),
                                 "That is the rate without momentum. What do both ends of the spectrum ask?"),
            "rule of thumb": (lambda kappa: 1 - 1 / kappa**0.5,
                              "Close for large κ. But a round bowl, κ = 1, needs no momentum. Try κ = 4."),
        },
        rewrites=[lambda kappa: (1 - 2 / (kappa**0.5 + 1)) ** 2],
    ),
    Exercise(
        "opt-swapped",
        ask="Step lengths under a constant slope, lr 0.1: A logs 0.316, 0.229, 0.192, … 0.100, "
            "B 0.100, 0.071, 0.058, … 0.010. Which is which?",
        reference=SWAPPED[1],
        choices=SWAPPED,
        wrong={
            SWAPPED[0]: "Put g = 1 into a sum of squares: it becomes t. Which log falls like 1/√t?",
            SWAPPED[2]: "A sum of squares grows for ever, its steps shrink for ever. Does A's log do that?",
            SWAPPED[3]: "A decaying average of ones settles at 1, and the step at lr. Does B's log settle?",
        },
    ),
    Exercise(
        "opt-decoupled",
        ask="Write adamw_step(theta, direction, lr, weight_decay): θ after one step of AdamW.",
        inputs=draw_decay,
        reference=lambda theta, direction, lr, weight_decay: theta - lr * (direction + weight_decay * theta),
        wrong={
            "decay not times lr": (
                lambda theta, direction, lr, weight_decay: (1 - weight_decay) * theta - lr * direction,
                "The paper's first form. In PyTorch and here the decay is multiplied by lr as well."),
            "decay after the step": (
                lambda theta, direction, lr, weight_decay: (1 - lr * weight_decay) * (theta - lr * direction),
                "Nearly. Yours shrinks the step just taken, too. Which θ does the decay act on?"),
            "growth": (
                lambda theta, direction, lr, weight_decay: theta - lr * (direction - weight_decay * theta),
                "Put direction = 0: θ should shrink."),
            "no decay": (lambda theta, direction, lr, weight_decay: theta - lr * direction,
                         "That is Adam. Put direction = 0: what remains?"),
        },
        rewrites=[lambda theta, direction, lr, weight_decay:
                  (1 - lr * weight_decay) * theta - lr * direction],
    ),
    Exercise(
        "opt-floor-rate",
        ask="Write rate_for_floor(e, h, s): the constant η at which SGD's mean loss on ½ h x² settles at e.",
        inputs=lambda rng: (rng.uniform(0.01, 1), rng.uniform(0.3, 3), rng.uniform(0.5, 3)),
        reference=lambda e, h, s: 4 * e / (s**2 + 2 * e * h),
        wrong={
            "small rates only": (lambda e, h, s: 4 * e / s**2,
                                 "Right for small η. Do not drop η h beside 2: it stays linear in η."),
            "the variance": (lambda e, h, s: 2 * e * h / (s**2 + e * h**2),
                             "You let the variance of x be e. The loss is ½ h times that."),
            "half forgotten": (lambda e, h, s: 2 * e / (s**2 + e * h), "The loss has a ½ in front."),
            "the floor at the rate e": (lambda e, h, s: e * s**2 / (2 * (2 - e * h)),
                                        "That is the floor, with e as the rate. Here the floor is given."),
            "deviation for variance": (lambda e, h, s: 4 * e / (s + 2 * e * h),
                                       "What is the variance of the noise: s, or its square?"),
        },
        rewrites=[lambda e, h, s: 1 / (s**2 / (4 * e) + h / 2)],
    ),
]

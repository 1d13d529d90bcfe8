"""Exercises of the chapter on exponential moving averages (book/ema.md)."""
import math

import numpy as np

from gradbook.exercises import Exercise


def draw_step(rng):
    """v̂ before, the newcomer θ, its step t ≥ 2, and β."""
    return rng.normal(), rng.normal(), int(rng.integers(2, 30)), rng.uniform(0.6, 0.99)


def corrected_step(before, theta, t, beta):
    return before + (1 - beta) / (1 - beta**t) * (theta - before)


def corrected_step_through_v(before, theta, t, beta):
    v = beta * before * (1 - beta ** (t - 1)) + (1 - beta) * theta
    return v / (1 - beta**t)


def draw_gaps(rng):
    """Values at irregular times: θ (n,), the time since the value before (n,), and β for one unit of time."""
    n = int(rng.integers(4, 9))
    return rng.normal(size=n) + 2, rng.uniform(0.3, 4, size=n), rng.uniform(0.5, 0.95)


def with_gaps(keep):
    """The corrected average when the past is kept with the factor keep(beta, gap)."""
    def average(theta, gaps, beta):
        total = weight = 0.0
        for value, gap in zip(theta, gaps):
            total, weight = keep(beta, gap) * total + value, keep(beta, gap) * weight + 1
        return total / weight
    return average


def share_of_the_gap(corrected=True, copied=False):
    """Mistakes: the newcomer weighs 1 − β^gap, as if it had been there all through the gap before it."""
    def average(theta, gaps, beta):
        v = theta[0] if copied else 0.0
        for value, gap in zip(theta[copied:], gaps[copied:]):
            v = beta**gap * v + (1 - beta**gap) * value
        return v / (1 - beta ** gaps.sum()) if corrected else v
    return average


def divided_by_elapsed(elapsed):
    """Mistakes: the recursion with β^gap, divided by 1 − β^elapsed(gaps)."""
    def average(theta, gaps, beta):
        v = 0.0
        for value, gap in zip(theta, gaps):
            v = beta**gap * v + (1 - beta) * value
        return v / (1 - beta ** elapsed(gaps))
    return average


def weighted_by_age(theta, gaps, beta):
    age = np.append(np.cumsum(gaps[::-1])[-2::-1], 0.0)        # of each value, at the time of the last
    return np.average(theta, weights=beta**age)


def draw_running_mean(rng):
    """What a batch-norm layer holds: the start, the running mean after t batches, t, momentum."""
    return rng.normal(size=3), rng.normal(size=3), int(rng.integers(2, 12)), rng.uniform(0.05, 0.4)


def without_start(start, running, t, momentum):
    left = (1 - momentum) ** t
    return (running - left * start) / (1 - left)


def without_start_by_undoing(start, running, t, momentum):
    zero = np.zeros_like(running)
    for _ in range(t):                                         # a start that keeps decaying, nothing arrives
        zero, start = zero, start * (1 - momentum)
    return (running - start) / (1 - math.prod([1 - momentum] * t))


EXERCISES = [
    Exercise(
        "ema-by-hand",
        ask="β = 0.9; θ₁ = 10, θ₂ = 20. What is the corrected average v̂₂?",
        reference=(0.09 * 10 + 0.1 * 20) / 0.19,
        wrong={
            "not corrected": (0.09 * 10 + 0.1 * 20, "That is v₂: its weights, 0.09 and 0.1, sum to 0.19."),
            "plain mean": (15.0, "That weighs both the same. Which of the two is newer?"),
            "corrected for one step": (2.9 / 0.1, "You divided by 1 − β. How many steps does v₂ contain?"),
            "β and 1 − β exchanged": ((0.9 * 20 + 0.09 * 10) / 0.99,
                                      "The newcomer gets 1 − β = 0.1, and what was there keeps β = 0.9."),
            "started from the first value": (0.9 * 10 + 0.1 * 20,
                                             "That is v₂ with v₁ = θ₁, pandas' adjust=False. Here v₀ = 0."),
            "started from it, exchanged": (0.1 * 10 + 0.9 * 20,
                                           "The newcomer weighs 1 − β = 0.1, not 0.9; and v₀ is 0, not θ₁."),
        },
        rewrites=[10 + 10 * 0.1 / 0.19, 15.26],
        rtol=1e-3,                                             # two decimals are enough
    ),
    Exercise(
        "ema-corrected-step",
        ask="Write corrected_step(before, theta, t, beta): v̂_t from v̂_{t-1}, without v.",
        inputs=draw_step,
        reference=corrected_step,
        wrong={
            "constant step": (lambda before, theta, t, beta: before + (1 - beta) * (theta - before),
                              "That is the step of the uncorrected recursion. Put t = 1: v̂₁ should be θ₁."),
            "one step behind": (
                lambda before, theta, t, beta: before + (1 - beta) / (1 - beta ** (t - 1)) * (theta - before),
                "Nearly. Put t = 1: the step should be 1 there, and yours divides by zero."),
            "plain mean": (lambda before, theta, t, beta: before + (theta - before) / t,
                           "That is the mean of all values, the limit β → 1. Where has β gone?"),
            "corrected twice": (
                lambda before, theta, t, beta: (beta * before + (1 - beta) * theta) / (1 - beta**t),
                "Here `before` is v̂, already corrected; the recursion β v + (1 − β) θ is one for v."),
        },
        rewrites=[corrected_step_through_v],
    ),
    Exercise(
        "ema-matching-beta",
        ask="Write matching_beta(n): the β whose average is as noisy as the mean of n values.",
        inputs=lambda rng: (int(rng.integers(2, 400)),),
        reference=lambda n: (n - 1) / (n + 1),
        wrong={
            "folklore": (lambda n: 1 - 1 / n,
                         "That is n = 1/(1 − β). Set the two variances equal: 1/n and (1 − β)/(1 + β)."),
            "twice as slow": (lambda n: 1 - 1 / (2 * n),
                              "The factor of two goes the other way: an EMA averages more than 1/(1 − β)."),
            "no past": (lambda n: 1 - 2 / n, "Nearly, for large n. Try n = 1: no average is β = 0."),
            "inverse": (lambda n: (n + 1) / (n - 1), "β lies below 1. Solve 1/n = (1 − β)/(1 + β) again."),
        },
        rewrites=[lambda n: 1 - 2 / (n + 1)],
    ),
    Exercise(
        "ema-gaps",
        ask="Write average_with_gaps(theta, gaps, beta): v̂ at the last of irregular times.",
        inputs=draw_gaps,
        reference=with_gaps(lambda beta, gap: beta**gap),
        wrong={
            "gaps ignored": (with_gaps(lambda beta, gap: beta),
                             "You let one unit of time pass before each value. What does β do in two?"),
            "gap as a factor": (with_gaps(lambda beta, gap: beta * gap),
                                "Two units of time are two multiplications by β, not one by 2β."),
            "gap in the newcomer": (with_gaps(lambda beta, gap: beta ** (1 / gap)),
                                    "With yours a longer gap forgets less. It should forget more."),
            "mean": (lambda theta, gaps, beta: float(np.mean(theta)),
                     "All values have the same weight here; the past should fade with its age."),
            "each by the gap before it": (
                lambda theta, gaps, beta: np.average(theta, weights=beta ** np.cumsum(gaps[::-1])[::-1]),
                "gaps[i] passed before value i came. How old is the last value, just arrived?"),
            "newcomer by its gap": (
                share_of_the_gap(),
                "Yours lets the pause before a value decide how much it counts. Each arrives with the same "
                "weight."),
            "newcomer by its gap, from the first": (
                share_of_the_gap(corrected=False, copied=True),
                "1 − β^gap is a value's share if it was there all through the pause. Here it arrives at one "
                "moment, and all arrive with the same weight."),
            "newcomer by its gap, from zero": (
                share_of_the_gap(corrected=False),
                "The weights do not sum to 1, and the pause before a value should not decide how much it "
                "counts."),
            "1 − β to the time that passed": (
                divided_by_elapsed(lambda gaps: gaps.sum()),
                "1 − βᵗ is the sum of the weights if a value came at every unit of time. Here: add them up."),
            "1 − β to the number of values": (
                divided_by_elapsed(len),
                "1 − βⁿ is the sum of the weights of n values one unit of time apart. Here: add them up."),
        },
        rewrites=[weighted_by_age],
    ),
    Exercise(
        "ema-running-mean",
        ask="Write without_start(start, running, t, momentum): a batch-norm running mean, rid of its start.",
        inputs=draw_running_mean,
        reference=without_start,
        wrong={
            "momentum read as β": (
                lambda start, running, t, momentum: (running - momentum**t * start) / (1 - momentum**t),
                "In batch norm momentum is the newcomer's share: β = 1 − momentum."),
            "start forgotten": (
                lambda start, running, t, momentum: running / (1 - (1 - momentum) ** t),
                "That is right when the start is 0. What is left of `start` after t steps?"),
            "only subtracted": (
                lambda start, running, t, momentum: running - (1 - momentum) ** t * start,
                "The start is gone. Do the weights that remain sum to 1?"),
            "one step too many": (
                lambda start, running, t, momentum: (running - (1 - momentum) ** (t + 1) * start)
                / (1 - (1 - momentum) ** (t + 1)),
                "Count the multiplications by β that the start has gone through: one for each batch."),
        },
        rewrites=[without_start_by_undoing],
    ),
]

"""Exercises of the chapter on CNN and Transformer (book/cnn_vs_transformer.md)."""
import math

import numpy as np

from gradbook.exercises import Exercise


def counts_with(c, k, attention=4, feed_forward=8, taps=lambda k: k * k):
    return taps(k) * c * c, attention * c * c, feed_forward * c * c, (attention + feed_forward) * c * c


def counts(C, k):
    return counts_with(C, k)


def counts_by_shapes(c, k):
    shapes = [[(c, c, k, k)], [(3 * c, c), (c, c)], [(4 * c, c), (c, 4 * c)]]
    convolution, attention, feed_forward = (sum(map(math.prod, layer)) for layer in shapes)
    return convolution, attention, feed_forward, attention + feed_forward


def largest_side(C, k, p):
    return p * math.sqrt((k * k - 4) * C / 2)


def side_by_bisection(c, k, p):
    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        n = (middle / p) ** 2
        low, high = (middle, high) if 4 * n * c * c + 2 * n * n * c <= k * k * n * c * c else (low, middle)
    return low


def near(height, width, is_near, columns=None):
    """is_near(rows apart, columns apart) of all pairs of places."""
    row, column = np.divmod(np.arange(height * width), columns or width)
    return is_near(abs(row[:, None] - row), abs(column[:, None] - column))


def local(height, width, r):
    return near(height, width, lambda a, b: (a <= r) & (b <= r))


def local_by_loops(height, width, r):
    mask = np.zeros((height, width, height, width), bool)
    for i in range(height):
        for j in range(width):
            mask[i, j, max(0, i - r):i + r + 1, max(0, j - r):j + r + 1] = True
    return mask.reshape(height * width, -1)


def draw_layer(rng):
    """A layer that is no convolution, tokens, and a shift."""
    n, c = (int(v) for v in rng.permutation([5, 7, 9])[:2])
    mixing, channels = rng.normal(size=(n, n)) / n, rng.normal(size=(c, c)) / c
    return (lambda x: np.tanh(mixing @ x @ channels)), rng.normal(size=(n, c)), int(rng.integers(1, 4))


def differences(f, x, s, back=1, axis=0):
    return f(np.roll(x, s, axis=axis)) - np.roll(f(x), back * s, axis=axis)


def equivariance_error(f, X, s):
    return np.abs(differences(f, X, s)).max()


def error_by_matrices(f, x, s):
    shift = np.roll(np.eye(len(x)), s, axis=0)
    return max(abs((f(shift @ x) - shift @ f(x)).ravel()))


def distance(n, tap):
    return abs(np.arange(n) - np.arange(n)[:, None] - tap)


def softmax(scores, axis=1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def head(n, tap, alpha):
    return softmax(-alpha * distance(n, tap) ** 2)


def head_by_product(n, tap, alpha):
    p = np.arange(n, dtype=float)
    queries = np.stack([2 * alpha * (p + tap), np.full(n, -alpha)], axis=1)
    return softmax(queries @ np.stack([p, p * p]))


SWAP = ("convolutions, then the mean over places", "attention with learned positions, then the mean",
        "attention without positions, then the mean",
        "attention without positions, then a layer that reads all places",
        "layers on each patch alone, then a layer that reads all places")

EXERCISES = [
    Exercise(
        "cvt-counts",
        ask="Write weights(C, k): a k×k convolution, attention, feed-forward, a block; no biases.",
        inputs=lambda rng: (int(rng.integers(5, 40)), int(rng.choice([3, 5, 7]))),
        reference=counts,
        wrong={
            "three matrices": (lambda c, k: counts_with(c, k, attention=3),
                               "Queries, keys, values: these are three. What turns the heads' answers, side "
                               "by side, into one?"),
            "feed-forward of one matrix": (lambda c, k: counts_with(c, k, feed_forward=4),
                                           "The feed-forward part goes up to 4C and has to come back."),
            "one axis of the kernel": (lambda c, k: counts_with(c, k, taps=lambda k: k),
                                       "How many taps has a k×k kernel?"),
            "depthwise": (lambda c, k: (k * k * c, *counts(c, k)[1:]),
                          "That is a depthwise convolution. In a full one each output channel reads all "
                          "input channels."),
            "a list": (lambda c, k: np.array(counts(c, k), float),
                       "The numbers are right. Return them as a tuple: with commas, without brackets."),
            "with biases": (lambda c, k: (k * k * c * c + c, 4 * c * c + 4 * c, 8 * c * c + 5 * c,
                                          12 * c * c + 13 * c),
                            "These are the counts with biases and norms. Here only weights are asked for."),
            "a convolution in the block": (lambda c, k: (*counts(c, k)[:3], sum(counts(c, k)[:3])),
                                           "Three are right. A Transformer's block has no convolution."),
            "C heads": (lambda c, k: counts_with(c, k, attention=4 * c),
                        "Heads share the channels among them. Their number does not change the count."),
        },
        rewrites=[counts_by_shapes],
    ),
    Exercise(
        "cvt-crossover",
        ask="Write largest_side(C, k, p): up to which side of the image, in patches of p×p, does attention "
            "take no more MACs than a k×k convolution?",
        inputs=lambda rng: (int(rng.integers(30, 800)),
                            *(int(rng.choice(v)) for v in ((3, 5, 7), (2, 4, 16)))),
        reference=largest_side,
        wrong={
            "the number of tokens": (lambda c, k, p: (k * k - 4) * c / 2,
                                     "That is how many tokens. How many pixels along a side?"),
            "patches not counted": (lambda c, k, p: largest_side(c, k, 1),
                                    "That is the side in patches. A patch has p pixels along a side."),
            "patches counted by area": (lambda c, k, p: largest_side(c, k, p * p),
                                        "A patch has p² pixels, but along a side it has …"),
            "no root": (lambda c, k, p: p * (k * k - 4) * c / 2,
                        "That many tokens in a row. They fill a square: how many are along its side?"),
            "the root of the patch as well": (lambda c, k, p: math.sqrt(p * (k * k - 4) * c / 2),
                                              "Find the side in patches first. Each has p pixels."),
            "scores counted once": (lambda c, k, p: 2**0.5 * largest_side(c, k, p),
                                    "n² C for the scores, and again for mixing the values with them."),
            "projections forgotten": (lambda c, k, p: p * math.sqrt(k * k * c / 2),
                                      "Attention has four projections as well, 4 n C²."),
        },
        rewrites=[side_by_bisection],
    ),
    Exercise(
        "cvt-mask",
        ask="Write local(height, width, r): true where two places are at most r apart along both axes.",
        inputs=lambda rng: (*map(int, rng.permutation([4, 5, 6])[:2]), int(rng.integers(1, 3))),
        reference=local,
        wrong={
            "along the list": (
                lambda h, w, r: abs(np.subtract.outer(np.arange(h * w), np.arange(h * w))) <= r,
                "That is near in the list. The pixel below is a whole row away in the list."),
            "one axis is enough": (
                lambda h, w, r: near(h, w, lambda a, b: (a <= r) | (b <= r)),
                "Near along one axis makes a cross of whole rows and columns."),
            "a diamond": (
                lambda h, w, r: near(h, w, lambda a, b: a + b <= r),
                "Steps along both axes added up give a diamond. A kernel is a square."),
            "less than r": (lambda h, w, r: near(h, w, lambda a, b: (a < r) & (b < r)),
                            "At most r apart: places that are exactly r apart belong to it."),
            "allowed and forbidden exchanged": (
                lambda h, w, r: ~local(h, w, r), "True is where listening is allowed."),
            "height for width": (
                lambda h, w, r: near(h, w, lambda a, b: (a <= r) & (b <= r), columns=h),
                "Numbered row by row, a new row begins after how many places?"),
        },
        rewrites=[local_by_loops],
    ),
    Exercise(
        "cvt-shift-test",
        ask="Write equivariance_error(f, X, s): max |f(X shifted) − f(X), shifted|.",
        inputs=draw_layer,
        reference=equivariance_error,
        wrong={
            "invariance": (lambda f, x, s: np.abs(f(np.roll(x, s, axis=0)) - f(x)).max(),
                           "That asks whether the output stays. Equivariance asks whether it moves along."),
            "the other way": (lambda f, x, s: np.abs(differences(f, x, s, back=-1)).max(),
                              "Input and output have to move in the same direction."),
            "no axis": (lambda f, x, s: np.abs(differences(f, x, s, axis=None)).max(),
                        "Without an axis np.roll moves single numbers. Whole rows have to move."),
            "channels shifted": (lambda f, x, s: np.abs(differences(f, x, s, axis=1)).max(),
                                 "Tokens are the rows. Along which axis do they move?"),
            "no absolute value": (lambda f, x, s: differences(f, x, s).max(),
                                  "A difference of −5 is larger than one of 2, in absolute value."),
            "mean for maximum": (lambda f, x, s: np.abs(differences(f, x, s)).mean(),
                                 "The largest difference, please; a mean hides one bad place."),
            "sum of all": (lambda f, x, s: np.abs(differences(f, x, s)).sum(),
                           "The largest of them is asked for, not all together."),
        },
        rewrites=[error_by_matrices],
    ),
    Exercise(
        "cvt-head",
        ask="Write head(n, tap, alpha): the (n, n) weights of a head with scores −α (p_j − p_i − Δ)².",
        inputs=lambda rng: (int(rng.integers(5, 9)), int(rng.choice([-2, -1, 1, 2])), rng.uniform(0.3, 2)),
        reference=head,
        wrong={
            "softmax along the columns": (lambda n, tap, alpha: softmax(-alpha * distance(n, tap) ** 2, 0),
                                          "Each query's weights sum to one. Queries are the rows."),
            "the tap on the other side": (lambda n, tap, alpha: head(n, -tap, alpha),
                                          "With Δ = 1 token i should listen to token i + 1."),
            "not squared": (lambda n, tap, alpha: softmax(-alpha * distance(n, tap)),
                            "The score is minus α times the square of the distance."),
            "scores": (lambda n, tap, alpha: -alpha * distance(n, tap) ** 2,
                       "These are the scores. Weights are positive, and each row sums to one."),
            "the far ones loudest": (lambda n, tap, alpha: softmax(alpha * distance(n, tap) ** 2),
                                     "The farthest token is the loudest in yours. Mind the score's sign."),
            "hard": (lambda n, tap, alpha: np.eye(n)[np.clip(np.arange(n) + tap, 0, n - 1)],
                     "That is the limit for large α. At this α, neighbours are heard as well."),
            "not normalized": (lambda n, tap, alpha: np.exp(-alpha * distance(n, tap) ** 2),
                               "These are the exponentials of the scores. What does softmax do with them?"),
        },
        rewrites=[head_by_product],
    ),
    Exercise(
        "cvt-swap",
        ask="Two patches are exchanged. Which network gives the same answer, always?",
        reference=SWAP[2],
        choices=SWAP,
        wrong={
            SWAP[0]: "A 3×3 kernel sees which patches are neighbours. Exchange two, and neighbours change.",
            SWAP[1]: "The positions stay where they are when the patches move.",
            SWAP[3]: "What attention hands on is exchanged as the patches are. And the last layer has a "
                     "weight for each place.",
            SWAP[4]: "Up to the last layer nothing is noticed. But that one knows each place.",
        },
    ),
]

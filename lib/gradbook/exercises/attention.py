"""Exercises of the chapter on attention (book/attention.md)."""
import math

import numpy as np

from gradbook.exercises import Exercise


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def draw_scores(rng):
    n = int(rng.integers(3, 8))
    return (2 * rng.normal(size=(n, n)),)


def causal(scores):
    return softmax(np.where(np.tri(len(scores), dtype=bool), scores, -np.inf))


def causal_by_rows(scores):
    p = np.zeros_like(scores)
    for i, row in enumerate(scores):
        p[i, :i + 1] = softmax(row[:i + 1])
    return p


def strictly_before(scores):
    p = np.zeros_like(scores)
    p[0, 0] = 1.0
    for i in range(1, len(scores)):
        p[i, :i] = softmax(scores[i, :i])
    return p


def causal_by_columns(scores):
    """Masked rightly, and then normalized along the wrong axis."""
    return softmax(np.where(np.tri(len(scores), dtype=bool), scores, -np.inf).T).T


def draw_gradients(rng):
    """q (L, d), k (S, d), v (S, e) and the cotangent g (L, e) of the output, all sizes different."""
    rows, columns, d, e = (int(n) for n in rng.choice(np.arange(2, 8), size=4, replace=False))
    return tuple(rng.normal(size=shape) for shape in ((rows, d), (columns, d), (columns, e), (rows, e)))


def weighted_mean(p, dp):
    return (p * dp).sum(axis=-1, keepdims=True)


def gradients_with(q, k, v, g, center=weighted_mean, forward=None, back=None):
    """forward, back: by what the scores and their cotangents are multiplied, 1 / √d unless given."""
    forward, back = (len(q[0]) ** -0.5 if scale is None else scale for scale in (forward, back))
    p = softmax(q @ k.T * forward)
    dp = g @ v.T
    ds = p * (dp - center(p, dp))
    return back * ds @ k, back * ds.T @ q, p.T @ g


def gradients(q, k, v, g):
    return gradients_with(q, k, v, g)


def only_the_queries_scaled(q, k, v, g):
    dq, dk, dv = gradients(q, k, v, g)
    return dq, len(q[0]) ** 0.5 * dk, dv


def weights_for_scores(q, k, v, g):
    dq, _, dv = gradients(q, k, v, g)
    return dq, softmax(q @ k.T / len(q[0]) ** 0.5).T @ q, dv


def gradients_by_jacobians(q, k, v, g):
    """Row by row with the Jacobian diag(p) - p pᵀ of softmax, and D from the output."""
    scale = 1 / math.sqrt(q.shape[1])
    dq, dk, dv = (np.zeros_like(a) for a in (q, k, v))
    for i, query in enumerate(q):
        p = softmax(scale * k @ query)
        ds = (np.diag(p) - np.outer(p, p)) @ (v @ g[i])
        dq[i] = scale * ds @ k
        dk += scale * np.outer(ds, query)
        dv += np.outer(p, g[i])
    return dq, dk, dv


def draw_parts(rng):
    """(m, l, o) of two parts of the keys: largest score, Σ e^(s - m), and the weighted mean of the values."""
    parts, e = [], int(rng.integers(2, 5))
    for _ in range(2):
        s, v = 3 * rng.normal(size=int(rng.integers(2, 6))), rng.normal(size=(8, e))
        parts += [s.max(), np.exp(s - s.max()).sum(), softmax(s) @ v[:len(s)]]
    return tuple(parts)


def merge(m1, l1, o1, m2, l2, o2):
    m = max(m1, m2)
    a, b = l1 * np.exp(m1 - m), l2 * np.exp(m2 - m)
    return m, a + b, (a * o1 + b * o2) / (a + b)


def merge_turned(m1, l1, o1, m2, l2, o2):
    m = max(m1, m2)
    a, b = l1 * np.exp(m - m1), l2 * np.exp(m - m2)
    return m, a + b, (a * o1 + b * o2) / (a + b)


def merge_by_logarithms(m1, l1, o1, m2, l2, o2):
    first, second = m1 + np.log(l1), m2 + np.log(l2)
    share = 1 / (1 + np.exp(second - first))
    m = np.maximum(m1, m2)
    return m, np.exp(np.logaddexp(first, second) - m), share * o1 + (1 - share) * o2


EXERCISES = [
    Exercise(
        "att-scale",
        ask="The components of q and k are independent, with mean 0 and variance 4; d = 64. By what must "
            "q · k be divided so that its variance is 1?",
        reference=32,
        wrong={
            "√d": (8, "√d is right for components of variance 1. What is the variance of one product here?"),
            "the variance": (1024, "That is the variance of q · k. To divide by c divides the variance by …"),
            "d": (64, "Variances add up: how many standard deviations are 64 independent terms?"),
            "a factor for a divisor": (1 / 32, "That is what to multiply by. By what is it divided?"),
            "one factor forgotten": (16, "Both q and k have variance 4. What is the variance of a product of "
                                         "two independent numbers with mean 0?"),
        },
        rewrites=[math.sqrt(64 * 4 * 4)],
    ),
    Exercise(
        "att-causal",
        ask="Write causal(scores): from scores (n, n) the weights (n, n); row i sees the keys 0 to i.",
        inputs=draw_scores,
        reference=causal,
        wrong={
            "zero after softmax": (lambda scores: softmax(scores) * np.tri(len(scores)),
                                   "Add up a row. The future is gone, and it has still taken its share."),
            "score 0 for the future": (lambda scores: softmax(scores * np.tri(len(scores))),
                                       "A score of 0 is no weight of 0: e⁰ = 1."),
            "the past hidden": (lambda scores: causal(scores[::-1, ::-1])[::-1, ::-1],
                                "Which keys may the first query see? In your rows it sees all of them."),
            "not even itself": (strictly_before, "Row i sees keys 0 to i, its own among them."),
            "scaled once more": (lambda scores: causal(scores / np.sqrt(len(scores))),
                                 "The scores come divided already, and n is no width."),
            "normalized along queries": (causal_by_columns,
                                         "Each row has to add up to 1. Yours do so by columns."),
        },
        rewrites=[causal_by_rows],
    ),
    Exercise(
        "att-vjp",
        ask="Write gradients(q, k, v, g): (dq, dk, dv) of softmax(q kᵀ / √d) v, with cotangent g.",
        inputs=draw_gradients,
        reference=gradients,
        wrong={
            "normalizer forgotten": (lambda q, k, v, g: gradients_with(q, k, v, g, lambda p, dp: 0.0),
                                     "A score that rises lowers the other weights of its row. Each row of "
                                     "dS has to sum to 0; add up yours."),
            "no scale": (lambda q, k, v, g: gradients_with(q, k, v, g, back=1.0),
                         "dv is right. The scores are q kᵀ times something; so are their cotangents."),
            "no scale anywhere": (lambda q, k, v, g: gradients_with(q, k, v, g, forward=1.0, back=1.0),
                                  "Your weights are those of q kᵀ. What are the products divided by?"),
            "keys not scaled": (only_the_queries_scaled,
                                "dq and dv are right. The root stands between S and both of its factors."),
            "plain mean subtracted": (lambda q, k, v, g: gradients_with(
                q, k, v, g, lambda p, dp: dp.mean(axis=-1, keepdims=True)),
                "A mean has to be subtracted from dP in each row, but weighted. By what?"),
            "P for dS": (weights_for_scores,
                         "dq and dv are right. dk hangs on the scores, so dS leads to it, as to dq."),
        },
        rewrites=[gradients_by_jacobians],
    ),
    Exercise(
        "att-block-count",
        ask="A Transformer block has d = 768, a hidden layer of 4d, biases and two layer norms. How many "
            "parameters?",
        reference=7_087_872,
        wrong={
            "without biases and norms": (12 * 768**2, "These are the six matrices. Biases and norms lack."),
            "without norms": (12 * 768**2 + 9 * 768, "A layer norm has a weight and a bias a feature."),
            "hidden layer without its biases": (12 * 768**2 + 10 * 768,
                                                "The hidden layer has 4d units, and each has a bias."),
            "norms of one vector": (12 * 768**2 + 11 * 768,
                                    "Nearly. A layer norm has a scale and a shift for each feature."),
            "without the output projection": (11 * 768**2 + 12 * 768,
                                              "Attention has four matrices: queries, keys, values, and ..."),
            "times twelve heads": (12 * 4 * 768**2 + 8 * 768**2 + 13 * 768,
                                   "Heads share the d features: each has d / h of them."),
            "attention alone": (4 * 768**2 + 4 * 768, "That is attention. The feed-forward part has twice as "
                                                      "many weights."),
        },
        rewrites=[(4 * 768 + 4) * 768 + (8 * 768 + 5) * 768 + 2 * 2 * 768],
    ),
    Exercise(
        "att-merge",
        ask="Write merge(m1, l1, o1, m2, l2, o2): attention over two parts of the keys, made into one.",
        inputs=draw_parts,
        reference=merge,
        wrong={
            "outputs averaged": (lambda m1, l1, o1, m2, l2, o2: (
                *merge(m1, l1, o1, m2, l2, o2)[:2], (o1 + o2) / 2),
                "m and l are right. Does a part of two keys weigh as much as one of two hundred?"),
            "sums not rescaled": (lambda m1, l1, o1, m2, l2, o2: (max(m1, m2), l1 + l2,
                                                                  (l1 * o1 + l2 * o2) / (l1 + l2)),
                                  "l1 is relative to m1, and l2 to m2. Bring both to the same m first."),
            "exponent turned": (merge_turned,
                                "l is Σ e^(s − m). If m becomes larger, does that sum grow or shrink?"),
            "outputs added": (lambda m1, l1, o1, m2, l2, o2: (*merge(m1, l1, o1, m2, l2, o2)[:2],
                                                              l1 * np.exp(m1 - max(m1, m2)) * o1
                                                              + l2 * np.exp(m2 - max(m1, m2)) * o2),
                              "The weights of the two outputs have to add up to 1."),
        },
        rewrites=[merge_by_logarithms],
    ),
    Exercise(
        "att-shuffled-past",
        ask="A decoder-only Transformer with a causal mask and no positions. All tokens but the last are "
            "shuffled. What does the last token's output do?",
        reference="it stays the same with one layer, and changes with two",
        choices=("it stays the same, whatever the depth", "it changes, whatever the depth",
                 "it stays the same with one layer, and changes with two",
                 "it changes with one layer, and stays the same with two"),
        wrong={
            "it stays the same, whatever the depth": "True of the first layer: the last query sees a set. "
                                                     "What do the others hand on to the second layer?",
            "it changes, whatever the depth": "In one layer the last query sees all keys and values. Does "
                                              "their order matter to a weighted mean?",
            "it changes with one layer, and stays the same with two": "If the first layer's output for it "
                                                                      "changed, what could undo that?",
        },
    ),
]

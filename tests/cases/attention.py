"""Cases of gradbook.attention."""

import numpy as np

from .drawing import Case, normal


def attention(*shapes, mask=None, **options):
    """Query, key, value; and a mask: a shape of numbers, or how to draw one."""
    def draw(rng):
        arrays = normal(*shapes)(rng)
        return arrays if mask is None else (*arrays, mask(rng) if callable(mask) else rng.normal(size=mask))

    return Case(draw, options, torch_attention)


def torch_attention(torch):
    """torch's, but that it broadcasts also if there is nothing, and then gives a mask a gradient."""
    def attend(q, k, v, mask=None, **options):
        lead = torch.broadcast_shapes(*(a.shape[:-2] for a in (q, k, v)))
        q = q.expand(*lead, *q.shape[-2:]) if q.ndim > 1 else q
        o = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, **options)
        return o if mask is None or mask.dtype == torch.bool else o + 0 * mask.sum()

    return attend


def allowed(*shape):
    """Which pairs may attend, and none for the last query."""
    return lambda rng: (rng.random(shape) < 0.7) & (np.arange(shape[-2])[:, None] < shape[-2] - 1)


def rows(shape, count, features, **options):
    """The last row is not read: were it the padding, its gradient, 0, would not be the derivative."""
    draw = lambda rng: (rng.integers(count - 1, size=shape), rng.normal(size=(count, features)))
    return Case(draw, options, "nn.functional.embedding")


CASES = {
    "scaled_dot_product_attention": [
        attention((3, 4), (5, 4), (5, 2)),
        attention((2, 3, 4), (2, 5, 4), (2, 5, 6), is_causal=True),
        attention((2, 6, 4), (2, 3, 4), (2, 3, 4), is_causal=True, scale=-0.7),
        attention((2, 3, 4, 2), (2, 3, 5, 2), (2, 3, 5, 3), mask=allowed(4, 5)),
        attention((2, 3, 4, 2), (2, 3, 5, 2), (2, 3, 5, 3), mask=(3, 1, 5), scale=0.3),
        attention((2, 1, 3, 4), (3, 5, 4), (1, 5, 4), mask=allowed(2, 3, 3, 5)),
        attention((2, 1, 2, 3, 4), (2, 3, 2, 5, 4), (2, 3, 2, 5, 2), mask=(3, 5)),
    ],
    "embedding": [rows((2, 5), 4, 3), rows((), 4, 3), rows((7,), 4, 2), rows((6,), 5, 3, padding_idx=4)],
}


def attend(*shapes, **options):
    """A mistake: attention between zeros of these shapes."""
    def mistake(T):
        named = {k: T.zeros(a) if isinstance(a, tuple) else a for k, a in options.items()}
        return T.nn.functional.scaled_dot_product_attention(*map(T.zeros, shapes), **named)

    return mistake


def look_up(index, weight=(3, 2), **options):
    return lambda T: T.nn.functional.embedding(T.tensor(index), T.zeros(weight), **options)


def hot(index, *args):
    return lambda T: T.nn.functional.one_hot(T.tensor(index), *args)


ERRORS = {
    "scaled_dot_product_attention": [
        (attend((3, 4), (5, 3), (5, 2)),
         r"query \(3, 4\), key \(5, 3\) and value \(5, 2\) are not \(..., L, E\), \(..., S, E\)"),
        (attend((3, 4), (5, 4), (4, 2)), r"value \(4, 2\)"),
        (attend((4,), (5, 4), (5, 2)), r"query \(4,\)"),
        (attend((2, 3, 4), (3, 5, 4), (3, 5, 2)), "scaled_dot_product_attention: .*broadcast"),
        (attend((3, 4), (5, 4), (5, 2), attn_mask=(4, 5)), r"attn_mask \(4, 5\) does not broadcast"),
        (attend((3, 4), (5, 4), (5, 2), attn_mask=(2, 3, 5)),
         r"attn_mask \(2, 3, 5\) does not broadcast to the scores \(3, 5\)"),
        (attend((3, 4), (5, 4), (5, 2), attn_mask=(3, 5), is_causal=True), "attn_mask and is_causal both"),
        (attend((3, 4), (5, 4), (5, 2), attn_mask=np.ones((3, 5), int)), "attn_mask is int64, bool or"),
        (lambda T: T.nn.functional.scaled_dot_product_attention(
            T.zeros(3, 4, dtype=T.float32), T.zeros(5, 4), T.zeros(5, 2)),
         "float32, float64 and float64 came, one floating dtype is needed"),
        (attend((3, 4), (5, 4), (5, 2), dropout_p=1.5), "p=1.5 came, a number in"),
    ],
    "embedding": [
        (look_up([0, 3]), "input goes from 0 to 3, weight has 3 rows"),
        (look_up([-1]), "input goes from -1 to -1"),
        (look_up([0.0]), "input is float64, int32 or int64 is needed"),
        (look_up([0], (3,)), r"weight \(3,\) came, \(rows, features\) is needed"),
        (look_up([0], padding_idx=3), r"padding_idx=3 is no row of weight \(3, 2\)"),
        (look_up([0], padding_idx=-4), "padding_idx=-4"),
    ],
    "one_hot": [
        (hot([0, 3], 3), "goes from 0 to 3, there are 3 classes"),
        (hot([0, -1]), "goes from -1 to 0, there are 1 classes"),
        (hot([True]), "input is bool, int64 is needed"),
        (hot([0], -2), "there are -2 classes"),
        (lambda T: T.nn.functional.one_hot(T.tensor(np.zeros(0, int))), "there are 0 classes"),
    ],
}

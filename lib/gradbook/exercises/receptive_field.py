"""Exercises of the chapter on receptive fields (book/receptive_field.md)."""
import math

import numpy as np

from gradbook.exercises import Exercise
from gradbook.receptive_field import Layer, receptive_field

# Layers are tuples (kernel, stride, padding, dilation), the one that reads the image first.


def draw_stack(rng):
    """Three to five layers; the first has a stride, so that every later layer is scaled."""
    stack = [(rng.choice([2, 3, 5]), rng.integers(1, 4), rng.integers(0, 3), rng.integers(1, 4))
             for _ in range(rng.integers(3, 6))]
    return ([(3, 2, 1, 2), *(tuple(map(int, layer)) for layer in stack)],)


def field(layers):
    size, stride, pad = 1, 1, 0
    for k, s, p, d in layers:
        size, pad, stride = size + (k - 1) * d * stride, pad + p * stride, stride * s
    return size, stride, pad


def field_backwards(layers):
    """From the output to the image: the first and the last that outputs 0 and 1 need."""
    first, last, other = 0, 0, 1
    for k, s, p, d in reversed(layers):
        first, last, other = first * s - p, last * s - p + (k - 1) * d, other * s - p
    return last - first + 1, other - first, -first


def field_where(reach, scale_first=False, pad_scaled=True):
    """A recurrence that grows by reach(k, s, d, S); with the layer's own stride in S already, or not."""
    def wrong(layers):
        size, stride, pad = 1, 1, 0
        for k, s, p, d in layers:
            stride *= s if scale_first else 1
            size, pad = size + reach(k, d, stride), pad + p * (stride if pad_scaled else 1)
            stride *= 1 if scale_first else s
        return size, stride, pad
    return wrong


def draw_branch(rng):
    """A branch of one to four layers with odd kernels and less padding than would center it."""
    stack = []
    for _ in range(rng.integers(1, 4)):
        k, d = int(rng.choice([3, 5])), int(rng.integers(1, 3))
        stack.append((k, int(rng.integers(1, 3)), int(rng.integers(0, (k - 1) * d // 2 + 1)), d))
    return ([(5, 2, 1, 1), *stack],)


def crop(layers):
    size, _, pad = field(layers)
    return (size - 1) // 2 - pad


def crop_layer_by_layer(layers):
    lost, stride = 0, 1
    for k, s, p, d in layers:
        lost, stride = lost + ((k - 1) * d // 2 - p) * stride, stride * s
    return lost


def crop_by_center(layers):
    region = receptive_field([Layer(*layer) for layer in layers]).region(0)
    return sum(region) / 2


def largest_greedy(n):
    schedule, size = [], 1
    for _ in range(n):
        schedule.append(size)                                  # as far as the field so far, and no farther
        size += 2 * size
    return schedule


EXERCISES = [
    Exercise(
        "rf-vgg-by-hand",
        ask="VGG-16 begins: two 3×3, a 2×2 pooling of stride 2, two 3×3, pooling, three 3×3. How large is "
            "the field of the last of these?",
        reference=40,
        wrong={
            "strides ignored": (17, "You let every layer add its own kernel − 1. After a pooling, "
                                    "neighbours are two pixels apart."),
            "one convolution short": (32, "That is the second of the three in the third block."),
            "with the next pooling": (44, "That is one layer too far: the next pooling adds 1 · 4."),
            "poolings do not count": (37, "A pooling has a kernel of its own: it adds (2 − 1) S before it "
                                          "doubles S."),
            "its own stride first": (43, "A pooling's own stride spreads its outputs. Its kernel still reads "
                                         "at the stride before it."),
            "kernels added, not kernels − 1": (61, "A kernel of 3 reaches 2 places farther than one of 1."),
        },
        rewrites=[1 + 2 * 2 * 1 + 1 * 1 + 2 * 2 * 2 + 1 * 2 + 3 * 2 * 4],
    ),
    Exercise(
        "rf-recurrence",
        ask="Write field(layers): (size, stride, padding) of a chain of (kernel, stride, padding, dilation).",
        inputs=draw_stack,
        reference=field,
        wrong={
            "its own stride first": (field_where(lambda k, d, s: (k - 1) * d * s, scale_first=True),
                                     "A layer reads what came before it. Its own stride spreads its outputs, "
                                     "not its inputs."),
            "dilation forgotten": (field_where(lambda k, d, s: (k - 1) * s),
                                   "The k weights lie d apart. From the first to the last it is …"),
            "k for k − 1": (field_where(lambda k, d, s: k * d * s),
                            "Try one layer with a kernel of 1: its field is one pixel."),
            "strides ignored": (field_where(lambda k, d, s: (k - 1) * d),
                                "After a stride of 2, a step to the next number is two pixels."),
            "R, P, S": (lambda layers: (field(layers)[0], *field(layers)[:0:-1]),
                        "The right three. In the order R, S, P, please."),
            "the last layer first": (lambda layers: field(layers[::-1]),
                                     "The first tuple is the layer that reads the image."),
            "padding not scaled": (field_where(lambda k, d, s: (k - 1) * d * s, pad_scaled=False),
                                   "Size and stride are right. How many pixels does one number of padding "
                                   "stand for, behind a stride of 2?"),
        },
        rewrites=[field_backwards],
    ),
    Exercise(
        "rf-budget",
        ask="A field of 31 pixels or more, without gaps; an output at every pixel; ≤ 40 C² MACs a pixel.",
        reference="four 3×3, dilations 1, 2, 4, 8",
        choices=("one 31×31", "fifteen 3×3", "seven 5×5", "four 3×3, stride 2 each",
                 "four 3×3, dilations 1, 2, 4, 8", "four 3×3, dilation 8 each",
                 "three 3×3, dilations 1, 2, 4"),
        wrong={
            "one 31×31": "How many weights has a kernel of 31×31? Each costs one MAC a pixel, C² times.",
            "fifteen 3×3": "The field is 31 and whole. Count the MACs: nine a layer, times C².",
            "seven 5×5": "The field is 1 + 7 · 4 = 29. And 25 MACs a layer are more than 40 in two layers.",
            "four 3×3, stride 2 each": "The field is 31, and it is the cheapest of all. At how many pixels "
                                       "does it have an output?",
            "four 3×3, dilation 8 each": "The field is 65 wide. Are all pixels between the taps read?",
            "three 3×3, dilations 1, 2, 4": "Add up: 1 + 2 (1 + 2 + 4). Is that 31?",
        },
    ),
    Exercise(
        "rf-schedule",
        ask="Write schedule(n): the dilations of n layers of kernel 3, stride 1, in rising order, with the "
            "largest field that has no gaps.",
        inputs=lambda rng: (int(rng.integers(3, 8)),),
        reference=lambda n: [3**k for k in range(n)],
        wrong={
            "doubling": (lambda n: [2**k for k in range(n)],
                         "No gaps, but not the largest field. After dilations 1, 2 the field is 7: how far "
                         "may the next tap jump?"),
            "one too far": (lambda n: [1, *(4 * 5**k for k in range(n - 1))],
                            "After dilation 1 the field is 3 wide. A jump of 4 leaves the pixel between."),
            "counting": (lambda n: list(range(1, n + 1)),
                         "No gaps, but the field grows like n². It can grow by a factor with each layer."),
            "odd numbers": (lambda n: list(range(1, 2 * n, 2)),
                            "No gaps. After dilations 1, 3 the field is 9: is 5 the farthest jump?"),
            "one power up": (lambda n: [3 ** (k + 1) for k in range(n)],
                             "Before the first layer the block is one pixel: how far may the first jump?"),
            "all alike": (lambda n: [1] * n, "That is the plain stack: 1 + 2n pixels."),
            "from the widest": (lambda n: [3 ** (n - 1 - k) for k in range(n)],
                                "These are the right ones. In rising order, please."),
        },
        rewrites=[largest_greedy, lambda n: 3 ** np.arange(n)],
    ),
    Exercise(
        "rf-align",
        ask="Write crop(layers): how many pixels the shortcut must leave out before its first one, so that "
            "it is aligned with a branch of these layers (odd kernels).",
        inputs=draw_branch,
        reference=crop,
        wrong={
            "padding forgotten": (lambda layers: (field(layers)[0] - 1) // 2,
                                  "That is right for a branch without padding. What does padding do to the "
                                  "first output?"),
            "both sides": (lambda layers: 2 * crop(layers), "That is for both sides together."),
            "padding only": (lambda layers: field(layers)[2],
                             "That is how far outside of the image the first field begins. And its middle?"),
            "not scaled": (lambda layers: sum((k - 1) * d // 2 - p for k, _, p, d in layers),
                           "Right while all strides are 1. Behind a stride of 2, what a layer loses counts "
                           "double."),
            "dilation forgotten": (lambda layers: crop([(k, s, p, 1) for k, s, p, _ in layers]),
                                   "The outer taps lie (k − 1) d apart."),
            "not halved": (lambda layers: field(layers)[0] - 1 - field(layers)[2],
                           "From the first tap to the middle it is half of the reach."),
            "the other way": (lambda layers: -crop(layers),
                              "The sign: a branch without padding begins farther inside, so the shortcut has "
                              "to lose pixels."),
        },
        rewrites=[crop_layer_by_layer, crop_by_center],
    ),
    Exercise(
        "rf-depth-for-width",
        ask="Layers of 3×3, uniform weights: from how many on does 2 · 1.96 σ, the 95 % interval, reach 31?",
        reference=math.ceil((31 / 3.92) ** 2 * 1.5),
        wrong={
            "the theoretical field": (15, "After fifteen layers the field is 31 wide, but its edge has "
                                          "hardly any weight. Ask for σ."),
            "a variance of 1": (math.ceil((31 / 3.92) ** 2),
                                "That takes a step of variance 1. A step goes to −1, 0 or 1 with the same "
                                "probability."),
            "one side": (math.ceil((31 / 1.96) ** 2 * 1.5),
                         "31 pixels is the whole interval, both sides of the middle."),
            "σ grows like L": (math.ceil(31 / 3.92 * 1.5**0.5),
                               "That takes σ = L √(2/3). Variances add up, deviations do not."),
            "one layer short": (math.floor((31 / 3.92) ** 2 * 1.5), "Just below 31: one more."),
            "not rounded": ((31 / 3.92) ** 2 * 1.5, "Layers are whole numbers: round up."),
        },
        rewrites=[next(n for n in range(1000) if 3.92 * (n * 2 / 3) ** 0.5 >= 31)],
    ),
]

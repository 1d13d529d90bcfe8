"""Exercises of the chapter on convolution and pooling (book/convolution.md)."""
import numpy as np

from gradbook.autodiff import vjp
from gradbook.convolution import output_size
from gradbook.exercises import Exercise
from gradbook.pooling import max_pool2d


def draw_sizes(rng):
    """m, k, s, p, d; stride, padding and dilation above 1, so that each of them shows."""
    limits = ((5, 12), (2, 6), (2, 5), (1, 4), (2, 4))
    return tuple(int(rng.integers(low, high)) for low, high in limits)


def input_sizes(m, k, s, p, d):
    least = (m - 1) * s + (k - 1) * d + 1 - 2 * p
    return least, least + s - 1


def sizes_by_trial(m, k, s, p, d):
    first = max(1, (k - 1) * d + 1 - 2 * p)
    fit = [n for n in range(first, first + m * s + s) if output_size(n, k, s, (p, p), d) == m]
    return fit[0], fit[-1]


def draw_columns(rng):
    """The gradient of overlapping columns, with pixels left over at the end."""
    k, m, s = int(rng.integers(3, 6)), int(rng.integers(4, 8)), int(rng.integers(1, 3))
    return rng.normal(size=(k, m)), (m - 1) * s + k + int(rng.integers(0, s)), s


def col2im(columns, n, s, places=lambda i, s, t: i * s + t, add=True, divide=False):
    """The adjoint, with some ways to get it wrong."""
    dx, met = np.zeros(n), np.zeros(n)
    for t, i in np.ndindex(columns.shape):
        j = places(i, s, t) % n
        dx[j], met[j] = columns[t, i] + (dx[j] if add else 0), met[j] + 1
    return dx / np.maximum(met, 1) if divide else dx


def col2im_by_taps(columns, n, s):
    k, m = columns.shape
    dx = np.zeros(n)
    for t in range(k):
        dx[t:t + (m - 1) * s + 1:s] += columns[t]
    return dx


def col2im_by_matrix(columns, n, s):
    k, m = columns.shape
    pick = np.array([[float(j == i * s + t) for j in range(n)] for t in range(k) for i in range(m)])
    return pick.T @ columns.ravel()


def draw_network(rng):
    """h, w, k, p: unequal sides, one of them odd after the convolution."""
    k, p = int(rng.choice([3, 4, 5])), int(rng.integers(0, 3))
    h = int(rng.integers(14, 30))
    return h, h + 2 * int(rng.integers(1, 6)) + 1, k, p


def first_dense(h, w, k, p):
    return 32 * ((h + 2 * p - k + 1) // 2) * ((w + 2 * p - k + 1) // 2)


def first_dense_by_layers(h, w, k, p):
    maps = (output_size(output_size(n, k, 1, (p, p)), 2, 2) for n in (h, w))
    return 32 * next(maps) * next(maps)


def draw_pool(rng):
    """Small whole numbers, so that ties are frequent."""
    return rng.integers(0, 3, size=(6, 8)).astype(float), rng.normal(size=(3, 4))


def windows(x):
    """(3, 4, 2, 2): each window of 2×2."""
    return x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).swapaxes(1, 2)


def spread(shares):
    """shares: (3, 4, 2, 2), which part of g each pixel of a window gets -> dx."""
    def gradient(x, g):
        return (shares(windows(x)) * g[:, :, None, None]).swapaxes(1, 2).reshape(x.shape)
    return gradient


def winners(w, last=False):
    """1 for the first largest of each window, or the last."""
    flat = w.reshape(*w.shape[:2], 4)
    place = 3 - flat[..., ::-1].argmax(axis=-1) if last else flat.argmax(axis=-1)
    return (np.arange(4) == place[..., None]).reshape(w.shape).astype(float)


def largest(w):
    return (w == w.max(axis=(2, 3), keepdims=True)).astype(float)


EXERCISES = [
    Exercise(
        "conv-input-sizes",
        ask="Write input_sizes(m, k, s, p, d): the smallest and the largest input that gives m outputs.",
        inputs=draw_sizes,
        reference=input_sizes,
        wrong={
            "only the smallest": (lambda m, k, s, p, d: (input_sizes(m, k, s, p, d)[0],) * 2,
                                  "The smallest is right. With stride 2, does one pixel more always give one "
                                  "output more?"),
            "one too many": (lambda m, k, s, p, d: (input_sizes(m, k, s, p, d)[0],
                                                    input_sizes(m, k, s, p, d)[1] + 1),
                             "With your largest size there is already one output more."),
            "padding added": (lambda m, k, s, p, d: input_sizes(m, k, s, -p, d),
                              "Padding makes the input longer before the kernel comes. So the image itself "
                              "may be …"),
            "dilation forgotten": (lambda m, k, s, p, d: input_sizes(m, k, s, p, 1),
                                   "The first and the last weight of a dilated kernel are (k − 1) d apart."),
            "dilation on k": (lambda m, k, s, p, d: tuple(n + d - 1 for n in input_sizes(m, k, s, p, d)),
                              "Between k weights there are k − 1 distances of d, not k."),
            "padding once": (lambda m, k, s, p, d: tuple(n + p for n in input_sizes(m, k, s, p, d)),
                             "Padding comes on both sides."),
            "m strides": (lambda m, k, s, p, d: input_sizes(m + 1, k, s, p, d),
                          "From the first output to the last there are m − 1 steps."),
        },
        rewrites=[sizes_by_trial],
    ),
    Exercise(
        "conv-col2im",
        ask="Write col2im(columns, n, s): the gradient of x, where columns[t, i] belongs to x[i s + t].",
        inputs=draw_columns,
        reference=col2im,
        wrong={
            "overwritten": (lambda columns, n, s: col2im(columns, n, s, add=False),
                            "A pixel stands in several columns. The last of them has wiped out the others."),
            "averaged": (lambda columns, n, s: col2im(columns, n, s, divide=True),
                         "You divide by how often a pixel was copied. Nudge that pixel: every copy moves by "
                         "the full amount."),
            "stride forgotten": (lambda columns, n, s: col2im(columns, n, s, lambda i, s, t: i + t),
                                 "Right for stride 1. Column i begins at pixel …"),
            "stride on the tap": (lambda columns, n, s: col2im(columns, n, s, lambda i, s, t: i + t * s),
                                  "The stride moves the window. Within it, pixels are neighbours."),
            "mirrored": (lambda columns, n, s: col2im(columns[::-1], n, s),
                         "Row t belongs to pixel i s + t, also on the way back. The mirror appears only "
                         "when one writes the result as a convolution."),
        },
        rewrites=[col2im_by_taps, col2im_by_matrix],
        draws=6,
    ),
    Exercise(
        "conv-depthwise",
        ask="A depthwise 3×3 convolution on 64 channels, then a 1×1 convolution to 128: how many weights?",
        reference=64 * 9 + 64 * 128,
        wrong={
            "the full convolution": (64 * 128 * 9, "That is the 3×3 convolution that this replaces."),
            "depthwise on 128": (128 * 9 + 64 * 128, "The depthwise layer comes first: its outputs are as "
                                                     "many as its inputs."),
            "kernels 64 deep": (64 * 64 * 9 + 64 * 128, "With groups = 64, how deep is each of the kernels?"),
            "the 1×1 alone": (64 * 128, "The 3×3 kernels have weights too, if few."),
            "the 3×3 alone": (64 * 9, "And the 1×1 convolution, which mixes the channels?"),
            "3×3 both times": (64 * 9 + 64 * 128 * 9, "The second layer's kernels are 1×1."),
            "nine for all channels": (9 + 64 * 128, "Every channel has a 3×3 kernel of its own."),
        },
        rewrites=[64 * (9 + 128)],
    ),
    Exercise(
        "conv-repair",
        ask="Write first_dense(h, w, k, p): the inputs of fc1 behind 32 maps, a k×k convolution with padding "
            "p and a 2×2 pooling with stride 2.",
        inputs=draw_network,
        reference=first_dense,
        wrong={
            "as in the notes": (lambda h, w, k, p: 32 * 8 * 8, "That is right for images of 16×16 and "
                                                               "nothing else."),
            "pooling forgotten": (lambda h, w, k, p: 32 * (h + 2 * p - k + 1) * (w + 2 * p - k + 1),
                                  "That is what the convolution makes. The pooling halves both sides."),
            "convolution forgotten": (lambda h, w, k, p: 32 * (h // 2) * (w // 2),
                                      "Right where the padding keeps the size. And elsewhere?"),
            "rounded up": (lambda h, w, k, p: first_dense(h + 1, w + 1, k, p),
                           "With an odd number of pixels, does the pooling begin a window that it cannot "
                           "fill?"),
            "not rounded": (lambda h, w, k, p: 8 * (h + 2 * p - k + 1) * (w + 2 * p - k + 1),
                            "Each side is a whole number of windows. What becomes of an odd last pixel?"),
            "32 forgotten": (lambda h, w, k, p: first_dense(h, w, k, p) // 32, "That is one of the 32 maps."),
            "padding once": (lambda h, w, k, p: 32 * ((h + p - k + 1) // 2) * ((w + p - k + 1) // 2),
                             "Padding comes on both sides."),
        },
        rewrites=[first_dense_by_layers],
        draws=8,
    ),
    Exercise(
        "conv-max-vjp",
        ask="Write max_pool_vjp(x, g): the gradient of x behind maxima of 2×2 windows, stride 2. Of several "
            "largest, the first by rows gets it.",
        inputs=draw_pool,
        reference=spread(winners),
        wrong={
            "all that are largest": (spread(largest), "Right where one is largest. Where several are, you "
                                                      "give out g several times."),
            "shared among the largest": (spread(lambda w: largest(w) / largest(w).sum(axis=(2, 3),
                                                                                      keepdims=True)),
                                         "A fair rule, and some libraries have it. PyTorch gives all to "
                                         "the first."),
            "the last of the largest": (spread(lambda w: winners(w, last=True)),
                                        "Of several largest, which does argmax find?"),
            "the first by columns": (spread(lambda w: winners(w.swapaxes(2, 3)).swapaxes(2, 3)),
                                     "By rows, please: the upper right pixel of a window comes before the "
                                     "lower left one."),
            "evenly": (spread(lambda w: np.full(w.shape, 0.25)),
                       "That is the gradient of the mean. Nudge a pixel that is not the largest: does the "
                       "maximum move?"),
            "times the maximum": (spread(lambda w: winners(w) * w), "The derivative of max with respect to "
                                                                    "the winner is 1, not its value."),
        },
        rewrites=[lambda x, g: vjp(max_pool2d, x[None], 2)[1](g[None])[0][0]],
    ),
    Exercise(
        "conv-invariant",
        ask="Which gives the same numbers when the image moves by one pixel on a circle?",
        reference="convolution, ReLU, mean over all places",
        choices=("convolution, stride 1", "convolution, then 2×2 maxima",
                 "convolution, ReLU, mean over all places",
                 "convolution with stride 2, ReLU, mean over all places",
                 "convolution, flattened, dense layer"),
        wrong={
            "convolution, stride 1": "Its output moves along with the image. Are these the same numbers at "
                                     "the same places?",
            "convolution, then 2×2 maxima": "Each window loses a column of pixels and gains another. How "
                                            "often is its maximum the same?",
            "convolution with stride 2, ReLU, mean over all places": "The mean forgets places. But which "
                                                                     "outputs does the stride keep, before "
                                                                     "and after the move?",
            "convolution, flattened, dense layer": "The dense layer has a weight for every place.",
        },
    ),
]

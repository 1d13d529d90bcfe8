"""Pooling: each window of an image becomes one number, its maximum or its mean. Channels stay apart.

In all of it x is (N, C, H, W) or (C, H, W), and y the same with H', W'. An option that has two axes is one
number for both or a tuple. A window is a loop over taps, as the kernel of a convolution is.
"""

import itertools

import numpy as np

from .autodiff import primitive
from .convolution import output_size as size_of
from .convolution import per_axis, taps


@primitive
def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """y = max x over each window. g goes to the largest pixel; of several equal ones to the first, by rows.

    stride: kernel_size if None.   padding: at most kernel_size / 2, by pixels that are never the largest.
    dilation, ceil_mode: as in `convolution.output_size`.   nan is the largest, and its last one gets g.
    Raises ValueError for shapes and options that do not fit.   Unlike torch: no return_indices.
    """
    axes = _axes("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.full(_shape(x, axes), -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min, x.dtype)
    for outputs, pixels in _windows(axes):
        np.maximum(y[outputs], x[pixels], out=y[outputs])

    def vjp(g):
        dx, free, bits = np.zeros(x.shape, x.dtype), np.ones(y.shape, bool), g.view(f"i{g.itemsize}")

        def give(windows, largest):
            for outputs, pixels in windows:
                mine = largest(x[pixels], y[outputs]) & free[outputs]
                free[outputs] ^= mine
                dx[pixels] += (bits[outputs] * mine).view(g.dtype)    # g or 0: g · 0 were nan if inf

        give(_windows(axes), np.equal)
        if free.any():                                     # a window with nan, which nothing equals
            give(_windows(axes)[::-1], lambda x, y: np.isnan(x))
        return (dx,)

    return y, vjp


@primitive
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
               divisor_override=None):
    """y = Σ x / k over each window, of k pixels. Its adjoint adds g / k to each of them.

    stride: kernel_size if None.   padding: at most kernel_size / 2, by pixels of 0.   ceil_mode: as in
    `convolution.output_size`.   k counts the padding too, if count_include_pad, but nothing beyond it; or is
    divisor_override, an integer.
    Raises ValueError for shapes and options that do not fit.   Unlike torch: TypeError for integers x.
    """
    axes = _axes("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    _refuse_integers("avg_pool2d", x)
    if divisor_override == 0 or not isinstance(divisor_override, (int, type(None))):
        raise ValueError(f"avg_pool2d: divisor_override={divisor_override!r} is not an integer other than 0")
    k = divisor_override or np.multiply.outer(*(_counts(*axis, count_include_pad) for axis in axes))
    y, shape = np.zeros(_shape(x, axes), x.dtype), x.shape
    for outputs, pixels in _windows(axes):
        y[outputs] += x[pixels]
    y /= k

    def vjp(g):
        dx, each = np.zeros(shape, g.dtype), (g / k).astype(g.dtype, copy=False)
        for outputs, pixels in _windows(axes):
            dx[pixels] += each[outputs]
        return (dx,)

    return y, vjp


@primitive
def adaptive_avg_pool2d(x, output_size):
    """The mean of each of H'·W' windows that cover x: in H, pixels ⌊i H / H'⌋ to before ⌈(i + 1) H / H'⌉.

    output_size: H' and W', where None keeps H or W; 1 is the global mean. Neighbouring windows may overlap.
    Raises ValueError for shapes and sizes that do not fit.   Unlike torch: None alone is (None, None).
    """
    _check("adaptive_avg_pool2d", x, filled=2)
    _refuse_integers("adaptive_avg_pool2d", x)
    sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if len(sizes) == 2:
        sizes = [n if size is None else size for size, n in zip(sizes, x.shape[-2:])]
    sizes = per_axis("adaptive_avg_pool2d: output_size", sizes, 2, least=0)
    spans = [[slice(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]
             for n, size in zip(x.shape[-2:], sizes)]
    y, shape = np.empty((*x.shape[:-2], *sizes), x.dtype), x.shape
    windows = [((..., p, q), (..., rows, columns))
               for (p, rows), (q, columns) in itertools.product(*map(enumerate, spans))]
    for output, pixels in windows:
        y[output] = x[pixels].mean(axis=(-2, -1))

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        for output, pixels in windows:
            seen = dx[pixels]
            seen += g[output][..., None, None] / (seen.shape[-2] * seen.shape[-1])
        return (dx,)

    return y, vjp


def _check(name, x, filled=3):
    if x.ndim not in (3, 4) or 0 in x.shape[-filled:]:
        raise ValueError(f"{name}: x {x.shape} is not (N, C, H, W) or (C, H, W), with pixels")


def _refuse_integers(name, x):
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: x is {x.dtype}, a floating dtype is needed")


def _axes(name, x, kernel_size, stride, padding, dilation, ceil_mode):
    """(n, size, kernel, stride, padding, dilation) for each axis, as `taps` takes them."""
    _check(name, x)
    options = [per_axis(f"{name}: {what}", value, 2, least) for what, value, least in (
        ("kernel_size", kernel_size, 1), ("stride", kernel_size if stride is None else stride, 1),
        ("padding", padding, 0), ("dilation", dilation, 1))]
    axes = []
    for n, k, s, p, d in zip(x.shape[-2:], *options):
        size = size_of(n, k, s, (p, p), d, ceil_mode)
        if 2 * p > k:
            raise ValueError(f"{name}: padding={padding} is more than half of kernel_size={kernel_size}")
        if size < 1:
            raise ValueError(f"{name}: kernel_size={kernel_size} with dilation={dilation} is larger than "
                             f"x {x.shape} with padding={padding}")
        axes.append((n, size, k, s, p, d))
    return axes


def _shape(x, axes):
    return *x.shape[:-2], axes[0][1], axes[1][1]


def _windows(axes):
    """For each place in the window, by rows: the outputs that have a pixel there, and these pixels."""
    return [((..., p, q), (..., rows, columns))
            for (p, rows), (q, columns) in itertools.product(*(list(taps(*axis)) for axis in axes))]


def _counts(n, size, kernel, stride, padding, _, include_pad):
    """How many pixels each window of an axis has."""
    first = stride * np.arange(size) - padding
    low, high = (-padding, n + padding) if include_pad else (0, n)
    return np.minimum(first + kernel, high) - np.maximum(first, low)

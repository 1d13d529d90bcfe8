"""Pooling: each window of an image becomes one number, its maximum or its mean. Channels stay apart.

In all of it x is (N, C, H, W) or (C, H, W), and y the same with H', W'. An option that has two axes is one
number for both or a tuple. A window is a loop over taps, as the kernel of a convolution is."""

import itertools

import numpy as np

from .autodiff import primitive
from .convolution import output_size as size_of
from .convolution import per_axis, taps


@primitive
def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """y = max x over each window. g goes to the largest pixel; of several equal ones to the first by rows.

    stride: kernel_size if None.   padding: at most kernel_size / 2, by pixels that are never the largest.
    dilation, ceil_mode: as in `convolution.output_size`.   nan is the largest, and its last one gets g.
    Raises ValueError for shapes and options that do not fit.   Unlike torch: no return_indices."""
    axes = _axes("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    y = np.full((*x.shape[:-2], *(size for _, size, *_ in axes)), lowest, x.dtype)
    for outputs, pixels in _windows(axes):
        np.maximum(y[outputs], x[pixels], out=y[outputs])

    def vjp(g):
        dx, free, bits = np.zeros(x.shape, x.dtype), np.ones(y.shape, bool), g.view(f"i{g.itemsize}")

        def give(windows, largest):
            for outputs, pixels in windows:
                mine = largest(x[pixels], y[outputs]) & free[outputs]
                free[outputs] ^= mine
                dx[pixels] += (bits[outputs] * mine).view(g.dtype)  # g or 0, and 0 also for infinite g

        give(_windows(axes), np.equal)
        if free.any():                                              # windows with nan: it equals nothing
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
    Raises ValueError for shapes and options that do not fit.   Unlike torch: TypeError for integers x."""
    axes = _axes("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode, floating=True)
    if divisor_override == 0 or not isinstance(divisor_override, (int, type(None))):
        raise ValueError(f"avg_pool2d: divisor_override={divisor_override!r} is not an integer other than 0")
    counts = []
    for n, size, kernel, s, p, _ in axes:
        first, (low, high) = s * np.arange(size) - p, (-p, n + p) if count_include_pad else (0, n)
        counts.append(np.minimum(first + kernel, high) - np.maximum(first, low))
    k = divisor_override or np.multiply.outer(*counts).astype(x.dtype)
    y, shape = np.zeros((*x.shape[:-2], *map(len, counts)), x.dtype), x.shape
    for outputs, pixels in _windows(axes):
        y[outputs] += x[pixels]
    y /= k

    def vjp(g):
        dx, each = np.zeros(shape, g.dtype), g / k
        for outputs, pixels in _windows(axes):
            dx[pixels] += each[outputs]
        return (dx,)

    return y, vjp


@primitive
def adaptive_avg_pool2d(x, output_size):
    """The mean of each of H'·W' windows that cover x: in H, pixels ⌊i H / H'⌋ to before ⌈(i + 1) H / H'⌉.

    output_size: H' and W', where None keeps H or W; 1 is the global mean. Neighbouring windows may overlap.
    Raises ValueError for shapes and sizes that do not fit.   Unlike torch: None alone is (None, None)."""
    _check("adaptive_avg_pool2d", x, floating=True, filled=2)
    sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if len(sizes) != 2:
        raise ValueError(f"adaptive_avg_pool2d: output_size={output_size} came, a number or two are needed")
    sizes = [n if size is None else size for n, size in zip(x.shape[-2:], sizes)]
    sizes = per_axis("adaptive_avg_pool2d: output_size", sizes, 2, least=0)
    spans = [[slice(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]
             for n, size in zip(x.shape[-2:], sizes)]
    windows = [((..., p, q), (..., rows, columns))
               for (p, rows), (q, columns) in itertools.product(*map(enumerate, spans))]
    y, shape = np.empty((*x.shape[:-2], *sizes), x.dtype), x.shape
    for output, pixels in windows:
        y[output] = x[pixels].mean(axis=(-2, -1))

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        for output, (_, rows, columns) in windows:
            k = (rows.stop - rows.start) * (columns.stop - columns.start)
            dx[..., rows, columns] += g[output][..., None, None] / k
        return (dx,)

    return y, vjp


def _check(name, x, floating=False, filled=3):
    if x.ndim not in (3, 4) or 0 in x.shape[-filled:]:
        raise ValueError(f"{name}: x {x.shape} is not (N, C, H, W) or (C, H, W), with pixels")
    if floating and x.dtype.kind != "f":
        raise TypeError(f"{name}: x is {x.dtype}, a floating dtype is needed")


def _axes(name, x, kernel_size, stride, padding, dilation, ceil_mode, floating=False):
    """(n, size, kernel, stride, padding, dilation) for each axis, as `taps` takes them."""
    _check(name, x, floating)
    options = [per_axis(f"{name}: {what}", value, 2, least) for what, value, least in (
        ("kernel_size", kernel_size, 1), ("stride", kernel_size if stride is None else stride, 1),
        ("padding", padding, 0), ("dilation", dilation, 1))]
    axes = [(n, size_of(n, k, s, (p, p), d, ceil_mode), k, s, p, d)
            for n, k, s, p, d in zip(x.shape[-2:], *options)]
    if any(2 * p > k for _, _, k, _, p, _ in axes):
        raise ValueError(f"{name}: padding={padding} is more than half of kernel_size={kernel_size}")
    if any(size < 1 for _, size, *_ in axes):
        raise ValueError(f"{name}: kernel_size={kernel_size} with dilation={dilation} is larger than "
                         f"x {x.shape} with padding={padding}")
    return axes


def _windows(axes):
    """For each place in the window, by rows: the outputs that have a pixel there, and these pixels."""
    return [((..., p, q), (..., rows, columns))
            for (p, rows), (q, columns) in itertools.product(*(list(taps(*axis)) for axis in axes))]

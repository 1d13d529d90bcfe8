"""Tensors made from sizes: constants, rows of numbers, random numbers.

Without dtype they are of the default dtype, and whole numbers of int64. Unlike torch: randn's generator is a
NumPy Generator, and without one the numbers differ from run to run; there is no out, device or layout."""

import math
import operator

import numpy as np

from .arguments import named_errors
from .autodiff import Tensor
from .dtypes import get_default_dtype, int64


def _made(name, sizes, make, dtype, requires_grad):
    """The Tensor of make(shape), where sizes are (2, 3) or ((2, 3),)."""
    shape = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    shape = tuple(operator.index(n) for n in shape)
    if any(n < 0 for n in shape):
        raise ValueError(f"{name}: size {shape} came, no length can be below 0")
    return Tensor(make(shape).astype(dtype or get_default_dtype(), copy=False), requires_grad)


@named_errors
def zeros(*size, dtype=None, requires_grad=False) -> Tensor:
    """Zeros of this size, zeros(2, 3) or zeros((2, 3))."""
    return _made("zeros", size, np.zeros, dtype, requires_grad)


@named_errors
def ones(*size, dtype=None, requires_grad=False) -> Tensor:
    """Ones of this size, ones(2, 3) or ones((2, 3))."""
    return _made("ones", size, np.ones, dtype, requires_grad)


@named_errors
def zeros_like(input, *, dtype=None, requires_grad=False) -> Tensor:
    """Zeros of the shape and dtype of input."""
    return zeros(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@named_errors
def ones_like(input, *, dtype=None, requires_grad=False) -> Tensor:
    """Ones of the shape and dtype of input."""
    return ones(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@named_errors
def arange(start=None, end=None, step=1, *, dtype=None, requires_grad=False) -> Tensor:
    """start, start + step, ... as long as it is before end; arange(end) starts at 0."""
    start, end = (0, start) if end is None else (start or 0, end)
    start, end, step = (x.item() if hasattr(x, "item") else x for x in (start, end, step))
    if not step or (end - start) * step < 0:
        raise ValueError(f"arange: from {start} to {end} by {step} is no row of numbers")
    whole = all(isinstance(x, int) for x in (start, end, step))
    n = -((start - end) // step) if whole else math.ceil((end - start) / step)
    row = start + step * np.arange(n)
    return Tensor(row.astype(dtype or (int64 if whole else get_default_dtype())), requires_grad)


@named_errors
def linspace(start, end, steps, *, dtype=None, requires_grad=False) -> Tensor:
    """steps numbers at equal distances, the first start, the last end."""
    if steps < 0:
        raise ValueError(f"linspace: {steps} steps came, 0 at least are needed")
    start, end, k = float(start), float(end), np.arange(steps)
    h = (end - start) / max(steps - 1, 1)
    row = np.where(k < steps / 2, start + h * k, end - h * (steps - 1 - k))       # from both ends, as torch
    return Tensor(row.astype(dtype or get_default_dtype()), requires_grad)


@named_errors
def eye(n, m=None, *, dtype=None, requires_grad=False) -> Tensor:
    """The identity matrix, (n, n) or (n, m)."""
    return _made("eye", (n, n if m is None else m), lambda shape: np.eye(*shape), dtype, requires_grad)


@named_errors
def randn(*size, generator=None, dtype=None, requires_grad=False) -> Tensor:
    """Standard normal numbers, drawn by generator."""
    if not isinstance(generator, (np.random.Generator, type(None))):
        raise TypeError(f"randn: generator of {type(generator).__name__} came, a NumPy Generator is needed")
    draw = (np.random.default_rng() if generator is None else generator).standard_normal
    return _made("randn", size, draw, dtype, requires_grad)

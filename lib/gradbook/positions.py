"""Positions for attention, which has none of its own: sinusoidal encodings, and rotary ones.

Position t has d/2 angles t ω_k with ω_k = base^(-2k/d), k = 0 ... d/2 - 1: the hands of d/2 clocks. The first
turns once in 2π positions, and each later one more slowly. `sinusoidal` gives the hands, to be added to the
tokens; `rotary` turns pairs of components of queries and keys by them, so that a product of two depends on
the distance of their positions alone.
"""

import numpy as np

from .autodiff import Tensor
from .shape import stack
from .tensors import plain


def angles(positions, d, base=10_000.0):
    """t ω_k in radians, (n, d/2), for every position t.

    positions: (n,), any numbers.   d: features.   base: the slowest clock turns once in about 2π base
    positions.   Raises ValueError unless d is even and positive.
    """
    if d < 2 or d % 2:
        raise ValueError(f"angles: d = {d} came, an even number of features is needed")
    t = np.asarray(plain(positions), float)
    return t[:, None] * base ** (-np.arange(0, d, 2) / d)


def sinusoidal(positions, d, base=10_000.0) -> Tensor:
    """sin and cos of the angles in turn, (n, d): what is added to the tokens at these positions.

    Source: Vaswani et al. 2017, §3.5; derived in {ref}`sec-att-positions`.
    """
    a = angles(positions, d, base)
    return Tensor(np.stack([np.sin(a), np.cos(a)], axis=-1).reshape(len(a), d))


def rotary(x, positions, base=10_000.0) -> Tensor:
    """Each pair (x_2k, x_2k+1) turned by the angle t ω_k of its position t: as x, (..., n, d).

    x: queries or keys.   Raises ValueError where x and the positions (n,) do not fit.
    Source: Su et al. 2021, eq. 34; derived in {ref}`sec-att-rotary`.
    """
    if len(x.shape) < 2 or np.shape(plain(positions)) != tuple(x.shape[-2:-1]):
        raise ValueError(f"rotary: x {tuple(x.shape)} and positions {np.shape(plain(positions))} came, "
                         "(..., n, d) and (n,) are needed")
    a = angles(positions, x.shape[-1], base)
    cos, sin = (Tensor(f(a).astype(x.dtype)) for f in (np.cos, np.sin))                          # (n, d/2)
    even, odd = x[..., 0::2], x[..., 1::2]
    return stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).reshape(x.shape)

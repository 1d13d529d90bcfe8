"""How weights begin: with a variance that keeps signals and gradients of one size through the layers.

For y = W x with independent, centred entries Var[y_i] = fan_in Var[w] E[x²], and on the way back the same
holds with fan_out. So Var[w] = gain² / fan, where the gain makes up for what the activation takes away.
Named as torch.nn.init, which gradbook.nn.init is. Each function overwrites the tensor and returns it.
Unlike torch: rng, a NumPy Generator, in the place of `generator`.
"""

import math
from numbers import Real

import numpy as np

from .autodiff import Tensor, no_grad
from .names import missing

_GAINS = {"linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "selu": 3 / 4,
          "relu": math.sqrt(2)}


def calculate_gain(nonlinearity, param=None) -> float:
    """1 / √E[f(z)²] of a rectifier f for z ~ N(0, 1):   √2 for relu,   √(2 / (1 + a²)) for leaky_relu.

    1 for linear, conv1d, conv2d and sigmoid; 5/3 for tanh and 3/4 for selu are empirical.
    param: the slope a of leaky_relu, 0.01 unless given.
    Raises ValueError for another name, or a param that is not a number.   Source: He et al. 2015, eq. 15.
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, Real):
            raise ValueError(f"calculate_gain: param {slope!r} came, leaky_relu's slope is a number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"calculate_gain: {nonlinearity!r} came, it knows {', '.join(_GAINS)}, leaky_relu")
    return _GAINS[nonlinearity]


def fan_in_and_fan_out(tensor) -> tuple[int, int]:
    """How many inputs an output has, and how many outputs an input: (in, out) for a weight (out, in).

    (in · k, out · k) for a convolution's weight (out, in, ...) whose window has k numbers, at stride 1 and
    without groups (with groups fan_out is too large, as in torch). ValueError for less than two dimensions.
    """
    if len(tensor.shape) < 2:
        raise ValueError(f"fan_in_and_fan_out: shape {tensor.shape} came, (out, in, ...) is needed")
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def uniform_(tensor, a=0.0, b=1.0, *, rng=None):
    """Numbers from U(a, b), of variance (b - a)² / 12. ValueError if a > b."""
    if not a <= b:
        raise ValueError(f"uniform_: a={a} and b={b} came, a <= b is needed")
    return _fill("uniform_", tensor, lambda shape: _generator(rng).uniform(a, b, shape))


def normal_(tensor, mean=0.0, std=1.0, *, rng=None):
    """Numbers from N(mean, std²). ValueError for a negative std."""
    if not std >= 0:
        raise ValueError(f"normal_: std={std} came, at least 0 is needed")
    return _fill("normal_", tensor, lambda shape: _generator(rng).normal(mean, std, shape))


def constant_(tensor, val):
    """The number val everywhere. Weights that are all equal stay equal, as their gradients are."""
    return _fill("constant_", tensor, val)


def zeros_(tensor):
    """0 everywhere, as biases begin."""
    return _fill("zeros_", tensor, 0)


def ones_(tensor):
    """1 everywhere, as the scales of normalizations begin."""
    return _fill("ones_", tensor, 1)


def xavier_uniform_(tensor, gain=1.0, *, rng=None):
    """U(-b, b), b = gain √(6 / (fan_in + fan_out)).   Source: Glorot & Bengio 2010, eq. 16."""
    bound = gain * math.sqrt(6 / max(sum(fan_in_and_fan_out(tensor)), 1))     # the variance is bound² / 3
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(tensor, gain=1.0, *, rng=None):
    """N(0, gain² 2 / (fan_in + fan_out)), between 1 / fan_in and 1 / fan_out.   Source: the same, eq. 12."""
    return normal_(tensor, 0, gain * math.sqrt(2 / max(sum(fan_in_and_fan_out(tensor)), 1)), rng=rng)


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", *, rng=None):
    """U(-b, b), b = gain √(3 / fan), a being leaky_relu's slope. ValueError for a mode but these two.

    mode: fan_in keeps the size of the signals, fan_out that of the gradients.
    Source: He et al. 2015, eq. 10 and 14, for a normal distribution of the same variance.
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", *, rng=None):
    """N(0, gain² / fan), as kaiming_uniform_ else."""
    return normal_(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), rng=rng)


def orthogonal_(tensor, gain=1, *, rng=None):
    """gain Q for a weight (out, in, ...) seen as (out, in · ...): orthonormal rows or, if more, columns.

    Q is uniform among those: from a Gaussian matrix's QR factors, with the signs that make R's diagonal
    positive (Mezzadri 2007).   ValueError for less than two dimensions.   Source: Saxe et al. 2014.
    """
    fan_in_and_fan_out(tensor)                                           # which raises
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    q, r = np.linalg.qr(_generator(rng).normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return _fill("orthogonal_", tensor, lambda shape: gain * (q if rows >= columns else q.T).reshape(shape))


def _kaiming_std(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode {mode!r} came, 'fan_in' or 'fan_out' is needed")
    fan = fan_in_and_fan_out(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


def _generator(rng):
    return np.random.default_rng() if rng is None else rng


def _fill(name, tensor, values):
    """Overwrite tensor with a number or, if it is floating, with values(shape)."""
    if not isinstance(tensor, Tensor) or (callable(values) and tensor.dtype.kind != "f"):
        came = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise TypeError(f"{name}: {came} came, a Tensor is needed, of floats if it is to hold random numbers")
    with no_grad():
        return tensor.copy_(values(tensor.shape) if callable(values) else values)


__getattr__ = missing("gradbook.nn.init", [name for name in globals() if name[0] != "_" == name[-1]], {
    "trunc_normal_ sparse_ eye_ dirac_": "write the numbers: under no_grad(), tensor.copy_(array)",
})

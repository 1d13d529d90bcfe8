"""Layers with parameters or running statistics. Each calls the function of functional that has its name.

Parameters are named, shaped and drawn as in torch.   rng: the NumPy Generator that draws them; without
it they differ from run to run.   dtype: that of the parameters, by default get_default_dtype()."""

import math

import numpy as np

from .. import functional as F
from ..autodiff import Tensor
from ..dtypes import get_default_dtype
from .module import Module, Parameter


def uniform(bound, shape, dtype, rng):
    """A Parameter from U(-bound, bound)."""
    rng = np.random.default_rng() if rng is None else rng
    u = rng.random(shape, dtype=dtype or get_default_dtype())
    u *= 2 * bound                                  # in place: the largest layers have 10⁸ weights
    u -= bound
    return Parameter(u)


def constant(value, shape, dtype):
    """A Parameter of equal numbers."""
    return Parameter(np.full(shape, value, dtype or get_default_dtype()))


class Linear(Module):
    """y = x Wᵀ + b. weight: (out, in), bias: (out,), both drawn from U(-1/√in, 1/√in)."""

    def __init__(self, in_features, out_features, bias=True, *, dtype=None, rng=None):
        if in_features < 1 or out_features < 1:
            raise ValueError(f"Linear: {in_features} -> {out_features} features came, at least 1 is needed")
        self.in_features, self.out_features, bound = in_features, out_features, 1 / math.sqrt(in_features)
        self.weight = uniform(bound, (out_features, in_features), dtype, rng)
        self.bias = uniform(bound, out_features, dtype, rng) if bias else None

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)


class Embedding(Module):
    """Row i of weight, (num_embeddings, embedding_dim), for each index i. Rows are drawn from N(0, 1).

    Row padding_idx is zero and receives no gradient."""

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, *, dtype=None, rng=None):
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx {padding_idx} came, there are {num_embeddings} rows")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        rng = np.random.default_rng() if rng is None else rng
        weight = rng.standard_normal((num_embeddings, embedding_dim), dtype=dtype or get_default_dtype())
        if padding_idx is not None:
            weight[padding_idx] = 0
        self.weight = Parameter(weight)

    def forward(self, input):
        return F.embedding(input, self.weight, self.padding_idx)


class PReLU(Module):
    """max(x, 0) + a min(x, 0), a = weight being learned: one number, or one for each channel."""

    def __init__(self, num_parameters=1, init=0.25, *, dtype=None):
        self.num_parameters, self.init = num_parameters, init
        self.weight = constant(init, num_parameters, dtype)

    def forward(self, input):
        return F.prelu(input, self.weight)


class _Conv(Module):
    """Convolution with windows weight, (out, in / groups, *kernel_size), plus bias, (out,).

    Both are drawn from U(-1/√n, 1/√n), n = in / groups · kernel_size being the inputs of an output.
    padding: numbers, "same" or "valid".   Unlike torch: no padding_mode; functional.pad has the other modes.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
                 bias=True, *, dtype=None, rng=None):
        name = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(f"{name}: groups={groups} came for {in_channels} -> {out_channels} channels")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = self._tuple(kernel_size), self._tuple(stride)
        self.padding = padding if isinstance(padding, str) else self._tuple(padding)
        self.dilation = self._tuple(dilation)
        if isinstance(padding, str) and padding != "valid" and (padding != "same" or {*self.stride} != {1}):
            raise ValueError(f"{name}: padding={padding!r} with stride={stride} came; it is a number, "
                             "'valid' or, with stride 1, 'same'")
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        bound = 1 / math.sqrt(max(math.prod(shape[1:]), 1))
        self.weight = uniform(bound, shape, dtype, rng)
        self.bias = uniform(bound, out_channels, dtype, rng) if bias else None

    def _tuple(self, n):
        return tuple(n) if isinstance(n, (tuple, list)) else (n,) * self._dims

    def forward(self, input):
        function = F.conv1d if self._dims == 1 else F.conv2d
        return function(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Conv1d(_Conv):
    __doc__, _dims = _Conv.__doc__, 1


class Conv2d(_Conv):
    __doc__, _dims = _Conv.__doc__, 2


def _weight_and_bias(shape, affine, bias, dtype):
    """What a normalization learns: a weight, 1 at first, and a bias, 0 at first; or None."""
    weight = constant(1, shape, dtype) if affine else None
    return weight, constant(0, shape, dtype) if affine and bias else None


class _BatchNorm(Module):
    """(x - mean) / √(var + eps) · weight + bias for each channel: over the batch when training, else running.

    running ← (1 - momentum) running + momentum (this batch's); momentum=None: the average of all batches.
    running_mean, running_var and num_batches_tracked are buffers, or None without track_running_stats."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, *,
                 bias=True, dtype=None):
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight, self.bias = _weight_and_bias(num_features, affine, bias, dtype)
        start = (constant(0, num_features, dtype), constant(1, num_features, dtype), np.array(0))
        for name, value in zip(("running_mean", "running_var", "num_batches_tracked"), start):
            self.register_buffer(name, Tensor(getattr(value, "data", value)) if track_running_stats else None)

    def forward(self, input):
        if input.ndim not in self._ndims:
            raise ValueError(f"{type(self).__name__}: {input.shape} came, {self._needs} is needed")
        tracked, momentum = not self.training or self.track_running_stats, self.momentum
        if self.training and self.num_batches_tracked is not None and tracked:
            self.num_batches_tracked.add_(1)
            momentum = 1 / float(self.num_batches_tracked) if momentum is None else momentum
        mean, var = (self.running_mean, self.running_var) if tracked else (None, None)
        return F.batch_norm(input, mean, var, self.weight, self.bias,
                            self.training or self.running_mean is None, momentum or 0.0, self.eps)


class BatchNorm1d(_BatchNorm):
    __doc__, _ndims, _needs = _BatchNorm.__doc__, (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    __doc__, _ndims, _needs = _BatchNorm.__doc__, (4,), "(N, C, H, W)"


class LayerNorm(Module):
    """(x - mean) / √(var + eps) · weight + bias over the last dimensions, normalized_shape."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=None):
        self.normalized_shape = tuple(np.atleast_1d(normalized_shape).tolist())
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight, self.bias = _weight_and_bias(self.normalized_shape, elementwise_affine, bias, dtype)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """x / √(mean of x² + eps) · weight over the last dimensions. eps=None: the dtype's machine epsilon."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, *, dtype=None):
        self.normalized_shape = tuple(np.atleast_1d(normalized_shape).tolist())
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = constant(1, self.normalized_shape, dtype) if elementwise_affine else None

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)


class GroupNorm(Module):
    """(x - mean) / √(var + eps) · weight + bias over each of num_groups groups of channels."""

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, *, bias=True, dtype=None):
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_groups={num_groups} does not divide {num_channels} channels")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.weight, self.bias = _weight_and_bias(num_channels, affine, bias, dtype)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

"""Activation functions: value and derivative, stable for every float.

σ' = σ(1 - σ) and the Jacobian of softmax, diag(p) - p pᵀ, are derived in the chapter on backpropagation.
"""

import numpy as np

from .autodiff import Tensor, primitive
from .dtypes import floating


@primitive
def sigmoid(x):
    """σ(x) = 1 / (1 + e^-x), between 0 and 1.   σ' = σ (1 - σ) <= 1/4."""
    x = floating(x)
    e = np.exp(-np.abs(x))                          # never overflows
    y = np.where(x >= 0, 1, e) / (1 + e)            # 1 / (1 + e^-x) = e^x / (1 + e^x)
    return y, lambda g: (g * y * (1 - y),)


@primitive
def tanh(x):
    """tanh(x) = (e^x - e^-x) / (e^x + e^-x) = 2 σ(2x) - 1.   tanh' = 1 - tanh²."""
    y = np.tanh(floating(x))
    return y, lambda g: (g * (1 - y * y),)


@primitive
def relu(x):
    """max(x, 0); nan stays nan. At the kink x = 0 the derivative is taken as 0, as in torch."""
    active = np.logical_not(x <= 0)                 # true at nan, which thus passes gradients as in torch
    return np.maximum(x, 0), lambda g: (g * active,)


@primitive
def softmax(x, dim):
    """p_i = e^{x_i} / Σ_j e^{x_j} along dim: positive, of sum 1.   dx = p ⊙ (g - Σ_j g_j p_j).

    Unlike torch: dim has no default.
    """
    e = np.exp(x - x.max(axis=dim, keepdims=True))  # softmax(x + a) = softmax(x): every exponent is <= 0
    p = e / e.sum(axis=dim, keepdims=True)
    return p, lambda g: (p * (g - (g * p).sum(axis=dim, keepdims=True)),)


@primitive
def log_softmax(x, dim):
    """log p_i = x_i - log Σ_j e^{x_j} along dim, in nats.   dx = g - p Σ_j g_j.

    Unlike torch: dim has no default.
    """
    z = x - x.max(axis=dim, keepdims=True)          # log-sum-exp: the largest exponent is 0
    y = z - np.log(np.exp(z).sum(axis=dim, keepdims=True))
    return y, lambda g: (g - np.exp(y) * g.sum(axis=dim, keepdims=True),)


Tensor.sigmoid, Tensor.tanh, Tensor.relu = sigmoid, tanh, relu
Tensor.softmax, Tensor.log_softmax = softmax, log_softmax

"""The names of torch.nn.functional. Each lives in the module of its idea; here they are found as in torch."""

from .activations import (
    elu,
    gelu,
    glu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    maxout,
    prelu,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from .linear import linear
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from .losses_classes import cross_entropy, multi_margin_loss, nll_loss

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "elu", "gelu", "glu",
    "hardtanh", "huber_loss", "kl_div", "l1_loss", "leaky_relu", "linear", "log_softmax", "logsigmoid",
    "maxout", "mse_loss", "multi_margin_loss", "nll_loss", "prelu", "relu", "selu", "sigmoid", "silu", "smooth_l1_loss",
    "softmax", "softplus", "tanh",
]

"""The names of torch.nn.functional, found here as there. Each lives in the module of its idea, listed below.

maxout, drop_path and dropconnect are not in torch."""

import importlib

from .names import missing

_WHERE = {                                          # module: the names that it gives to this one
    "activations": "elu gelu glu hardtanh leaky_relu log_softmax logsigmoid maxout prelu relu selu sigmoid "
                   "silu softmax softplus tanh",
    "attention": "embedding one_hot scaled_dot_product_attention",
    "convolution": "conv1d conv2d pad",
    "linear": "linear",
    "losses": "binary_cross_entropy binary_cross_entropy_with_logits huber_loss kl_div l1_loss mse_loss "
              "smooth_l1_loss",
    "losses_classes": "cross_entropy multi_margin_loss nll_loss",
    "normalization": "batch_norm cosine_similarity group_norm instance_norm layer_norm normalize rms_norm",
    "pooling": "adaptive_avg_pool2d avg_pool2d max_pool2d",
    "regularization": "drop_path dropconnect dropout dropout2d",
}
for _module, _names in _WHERE.items():
    _module = importlib.import_module(f".{_module}", __package__)
    globals().update({_name: getattr(_module, _name) for _name in _names.split()})

__all__ = sorted(" ".join(_WHERE.values()).split())
__getattr__ = missing("gradbook.functional", __all__, {
    "conv3d": "it has conv1d and conv2d",
    "conv_transpose2d": "it has conv2d, whose vjp in x is this",
    "interpolate": "pictures keep their size here, except by pooling",
    "max_pool1d": "it has max_pool2d; give x a height of 1",
    "relu6": "hardtanh(x, 0, 6) is it",
    "softmin": "softmax(-x, dim) is it",
    "swish": "silu is it",
})

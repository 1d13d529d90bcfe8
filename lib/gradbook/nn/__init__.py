"""Modules: what holds parameters and calls functional. No derivative is written here.

state_dict's keys equal torch.nn's. Unlike torch: its values are NumPy arrays, copied; an rng that is passed
draws the random numbers, as there is no global seed; no device=, inplace=, size_average= or reduce=."""

# ruff: noqa: F401   what is imported here is what nn offers
# isort: off
import sys

from .. import functional, initialization as init
from ..names import missing
from .module import Module, ModuleList, Parameter, Sequential
from .functions import (
    ELU, GELU, GLU, SELU, AdaptiveAvgPool2d, AvgPool2d, BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, Dropout,
    Flatten, Hardtanh, HuberLoss, Identity, KLDivLoss, L1Loss, LeakyReLU, LogSigmoid, LogSoftmax, MaxPool2d,
    MSELoss, MultiMarginLoss, NLLLoss, ReLU, Sigmoid, SiLU, SmoothL1Loss, Softmax, Softplus, Tanh,
)
from .layers import (
    BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, Embedding, GroupNorm, LayerNorm, Linear, PReLU, RMSNorm,
)
from .attention import MultiheadAttention, TransformerEncoderLayer

__all__ = [*sorted(name for name, v in globals().items() if isinstance(v, type)), "functional", "init"]
__getattr__ = missing("gradbook.nn", __all__, {
    "Conv3d": "it has Conv1d and Conv2d",
    "Dropout2d": "functional.dropout2d is it",
    "InstanceNorm2d": "GroupNorm(channels, channels) is it; functional.instance_norm has running statistics",
    "MaxPool1d": "it has MaxPool2d; give x a height of 1",
    "ModuleDict": "it has ModuleList, and Sequential({name: module})",
    "ReLU6": "Hardtanh(0, 6) is it",
    "Transformer TransformerEncoder": "it has TransformerEncoderLayer; Sequential or ModuleList stack them",
})
for _name in ("functional", "init"):                         # for: import gradbook.nn.functional as F
    sys.modules[f"{__name__}.{_name}"] = globals()[_name]

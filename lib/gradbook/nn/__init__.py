"""Modules: what holds parameters and calls functional. No derivative is written here.

state_dict's keys equal torch.nn's. Unlike torch: its values are NumPy arrays, copied, and random numbers come
from an rng that is passed, as there is no global seed.
"""

import sys

from .. import functional
from .module import (
    CrossEntropyLoss,
    Flatten,
    Linear,
    Module,
    MSELoss,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)

__all__ = ["CrossEntropyLoss", "Flatten", "Linear", "MSELoss", "Module", "Parameter", "ReLU", "Sequential", "Sigmoid",
           "Softmax", "Tanh", "functional"]
sys.modules[f"{__name__}.functional"] = functional           # for: import gradbook.nn.functional as F

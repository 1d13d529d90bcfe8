"""Optimizers, with the names, defaults and param_groups of torch.optim."""

from ..names import missing
from . import lr_scheduler
from .adaptive import Adagrad, Adam, AdamW, RMSprop
from .muon import Muon
from .optimizer import Optimizer
from .second_order import LBFGS, Newton
from .sgd import SGD, Lion

__all__ = ["LBFGS", "SGD", "Adagrad", "Adam", "AdamW", "Lion", "Muon", "Newton", "Optimizer", "RMSprop",
           "lr_scheduler"]

__getattr__ = missing("gradbook.optim", __all__, {
    "ASGD": "SGD, and gradbook.ema averages the weights", "Adadelta Rprop": "RMSprop",
    "Adafactor Adamax NAdam SparseAdam": "Adam", "RAdam": "Adam, with a warm-up by lr_scheduler.LinearLR",
})

"""Optimisers, with the names, defaults and param_groups of torch.optim."""

from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Optimizer"]

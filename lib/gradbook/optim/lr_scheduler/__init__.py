"""Learning rates that change: names, defaults and results as in torch.optim.lr_scheduler.

η_t is a group's lr after t calls of scheduler.step(), each after one of optimizer.step(); η_0 begins as lr.
As in torch, most schedulers multiply the lr that they find. So several can act together, and an lr set by
hand stays as a factor; each by itself gives the closed form at the head of its docstring.
Unlike torch: no step(epoch); state_dict() is a copy, and has no lr_lambda."""

from ...names import missing
from .cycles import CosineAnnealingWarmRestarts, OneCycleLR, ReduceLROnPlateau, SequentialLR
from .factors import CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, StepLR
from .scheduler import LRScheduler

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "ExponentialLR", "LRScheduler", "LambdaLR",
           "LinearLR", "MultiStepLR", "OneCycleLR", "ReduceLROnPlateau", "SequentialLR", "StepLR"]

__getattr__ = missing("gradbook.optim.lr_scheduler", __all__, {
    "ChainedScheduler": "call step() of several schedulers, one after another", "ConstantLR": "LambdaLR",
    "CyclicLR": "OneCycleLR goes up and down once, CosineAnnealingWarmRestarts starts again and again",
    "MultiplicativeLR": "LambdaLR, with the product of the factors", "PolynomialLR": "LambdaLR or LinearLR",
})

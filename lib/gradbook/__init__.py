"""gradbook: deep learning, derived and checked. The reference library of the book, on NumPy alone.

`import gradbook as T` gives what `import torch as T` gives, as far as the book teaches it: T.tensor,
T.no_grad, T.nn, T.optim, T.nn.functional, T.exp, T.matmul ... The chapters' modules, such as gradbook.ema,
and what needs other packages, such as gradbook.figures, are imported when they are first used.
"""

import importlib
import pkgutil

from . import autodiff, functional, nn, optim
from .activations import log_softmax, relu, sigmoid, softmax, tanh
from .autodiff import Tensor, no_grad, tensor
from .dtypes import float32, float64, get_default_dtype, int64, set_default_dtype
from .elementwise import abs, add, clone, div, exp, log, maximum, minimum, mul, neg, pow, sqrt, sub, where
from .linear import matmul
from .shape import argmax, flatten, mean, permute, reshape, sum, transpose

double, long = float64, int64
nn.functional = functional

_LATER = sorted({m.name for m in pkgutil.iter_modules(__path__)} - set(globals()))
__all__ = [
    "Tensor", "abs", "add", "argmax", "autodiff", "clone", "div", "double", "exp", "flatten", "float32",
    "float64", "functional", "get_default_dtype", "int64", "log", "log_softmax", "long", "matmul", "maximum",
    "mean", "minimum", "mul", "neg", "nn", "no_grad", "optim", "permute", "pow", "relu", "reshape",
    "set_default_dtype", "sigmoid", "softmax", "sqrt", "sub", "sum", "tanh", "tensor", "transpose", "where",
]


def __getattr__(name):
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"gradbook has no {name!r}. It has {', '.join(__all__)}; "
                         f"and the modules {', '.join(_LATER)}")


def __dir__():
    return sorted({*globals(), *_LATER})

"""gradbook: deep learning, derived and checked. The reference library of the book, on NumPy alone.

`import gradbook as T` gives what `import torch as T` gives, as far as the book teaches it: T.tensor,
T.no_grad, T.nn, T.optim, T.nn.functional, T.exp, T.matmul ... The chapters' modules, such as gradbook.ema,
and what needs other packages, such as gradbook.figures, are imported when they are first used."""

import importlib
import math
import pkgutil

from . import autodiff, dtypes, functional, nn, optim
from .names import EVERYWHERE, TENSOR, TOP, mark_missing, missing

_WHERE = {                                          # module: the names that it gives to this one
    "autodiff": "Tensor no_grad tensor",
    "dtypes": "float32 float64 get_default_dtype int32 int64 set_default_dtype",
    "elementwise": "abs add clamp clone cos div erf exp log maximum minimum mul neg pow sign sin sqrt square "
                   "sub where",
    "shape": "cat chunk flatten flip permute reshape roll split squeeze stack transpose tril triu unsqueeze",
    "indexing": "gather masked_fill",
    "reductions": "all amax amin any argmax argmin cumsum logsumexp max mean min prod std sum var",
    "linear": "bmm einsum matmul outer",
    "tensors": "eq ge gt le lt ne",
    "creation": "arange eye linspace ones ones_like randn zeros zeros_like",
    "activations": "log_softmax relu sigmoid softmax tanh",
}
for _module, _names in _WHERE.items():
    _module = importlib.import_module(f"{__name__}.{_module}")
    globals().update({_name: getattr(_module, _name) for _name in _names.split()})

float, double, int, long, bool = dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.bool_
inf, nan, pi = math.inf, math.nan, math.pi
nn.functional = functional

_LATER = sorted({m.name for m in pkgutil.iter_modules(__path__)} - set(globals()))
__all__ = ["autodiff", "bool", "double", "float", "functional", "inf", "int", "long", "nan", "nn", "optim"]
__all__ += ["pi", *" ".join(_WHERE.values()).split()]
_elsewhere = {_name: f"it is gradbook.nn.functional.{_name}" for _name in functional.__all__}
_missing = missing(__name__, [*__all__, *_LATER], EVERYWHERE | TOP | _elsewhere)
mark_missing(autodiff.Tensor, EVERYWHERE | TENSOR)


def __getattr__(name):
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    return _missing(name)


def __dir__():
    return sorted({*globals(), *_LATER})

"""Modules without parameters: a function of functional, and its options as attributes.

_module("ELU", F.elu) is the class whose constructor takes the options of F.elu, by the same names and with
the same defaults, and whose forward calls F.elu with them."""

import inspect

from .. import functional as F
from ..shape import flatten
from .module import Module


def _module(name, function, inputs=1, positional=None, **defaults):
    """The class `name`, whose forward(*inputs) is function(*inputs, **options).

    positional: how many of the options may come without their names, and defaults: where function's differ.
    """
    options = list(inspect.signature(function).parameters.values())[inputs:]
    for k, p in enumerate(options):
        kind = p.kind if positional is None else p.POSITIONAL_OR_KEYWORD if k < positional else p.KEYWORD_ONLY
        options[k] = p.replace(kind=kind, default=defaults.get(p.name, p.default))
    signature = inspect.Signature(options)

    def __init__(self, *args, **options):
        try:
            given = signature.bind(*args, **options)
        except TypeError as error:
            raise TypeError(f"{name}: {error}; it takes {signature}") from None
        given.apply_defaults()
        for option, value in given.arguments.items():
            if option in ("weight", "pos_weight"):                   # a loss's: saved, not trained
                self.register_buffer(option, value)
            elif option == "stride" and value is None:               # windows side by side
                self.stride = self.kernel_size
            else:
                setattr(self, option, value)

    def forward(self, *inputs, **named):
        return function(*inputs, **named, **{p.name: getattr(self, p.name) for p in options})

    return type(name, (Module,), {"__init__": __init__, "forward": forward, "__doc__": function.__doc__,
                                  "__module__": __name__, "__signature__": signature})


_FUNCTIONS = {
    "ReLU": F.relu, "LeakyReLU": F.leaky_relu, "ELU": F.elu, "SELU": F.selu, "SiLU": F.silu, "GLU": F.glu,
    "Sigmoid": F.sigmoid, "LogSigmoid": F.logsigmoid, "Tanh": F.tanh, "Hardtanh": F.hardtanh,
    "Softplus": F.softplus, "Softmax": F.softmax, "LogSoftmax": F.log_softmax, "AvgPool2d": F.avg_pool2d,
    "AdaptiveAvgPool2d": F.adaptive_avg_pool2d,
}
_LOSSES = {
    "MSELoss": F.mse_loss, "L1Loss": F.l1_loss, "SmoothL1Loss": F.smooth_l1_loss, "HuberLoss": F.huber_loss,
    "BCELoss": F.binary_cross_entropy, "CrossEntropyLoss": F.cross_entropy, "NLLLoss": F.nll_loss,
    "KLDivLoss": F.kl_div, "MultiMarginLoss": F.multi_margin_loss,
}
globals().update({name: _module(name, f) for name, f in _FUNCTIONS.items()})
globals().update({name: _module(name, f, inputs=2) for name, f in _LOSSES.items()})
GELU = _module("GELU", F.gelu, positional=1)
Flatten = _module("Flatten", flatten, start_dim=1)
MaxPool2d = _module("MaxPool2d", F.max_pool2d, positional=4)
BCEWithLogitsLoss = _module("BCEWithLogitsLoss", F.binary_cross_entropy_with_logits, 2, positional=1)


class Identity(Module):
    """x, whatever the constructor is told."""

    def __init__(self, *args, **options):
        pass

    def forward(self, input):
        return input


class Dropout(Module):
    """Each number becomes 0 with probability p, else is divided by 1 - p; when not training, none does.

    Unlike torch: rng, a NumPy Generator, says which."""

    def __init__(self, p=0.5, *, rng=None):
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p={p} came, a probability between 0 and 1 is needed")
        self.p, self.rng = p, rng

    def forward(self, input):
        return F.dropout(input, self.p, self.training, rng=self.rng)

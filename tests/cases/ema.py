"""What gradbook.ema says of mistakes."""

import numpy as np


def call(name, *args, **options):
    return lambda T: getattr(T.ema, name)(*args, **options)


def load(**changed):
    """load_state_dict of the state of an EMA over one parameter (2,), changed so."""
    def call(T):
        average = T.ema.EMA([np.ones(2)], 0.9)
        average.load_state_dict(average.state_dict() | changed)

    return call


DECAY = r"=(1|-0\.1|nan|inf|'0\.9'|None|True|\[0\.9\]) came, a number in \[0, 1\) is needed"
WRONG = (1, -0.1, float("nan"), float("inf"), "0.9", None, True, [0.9])

ERRORS = {
    "one_minus_power": [
        *((call("one_minus_power", beta, 1), f"one_minus_power: beta{DECAY}") for beta in WRONG),
        (call("one_minus_power", 0.9, [3, -1]), "one_minus_power: t=-1.0 came, at least 0 is needed"),
        (call("one_minus_power", 0.9, np.nan), "one_minus_power: t=nan came, at least 0 is needed"),
        (call("one_minus_power", 0.9, "3"), "one_minus_power: t of <U1 came, real numbers are needed"),
        (call("one_minus_power", 0.9, None), "one_minus_power: t of object came, real numbers are needed"),
        (call("one_minus_power", 0.9, [[1, 2], [3]]), "one_minus_power: t came in parts of unequal shapes"),
    ],
    "ema": [
        *((call("ema", [1.0], beta), f"ema: beta{DECAY}") for beta in WRONG),
        (call("ema", 3.0, 0.9), "ema: series is a single number"),
        (call("ema", ["a"], 0.9), "ema: series of dtype <U1 is not real numbers"),
        (call("ema", [None], 0.9), "ema: series of dtype object is not real numbers"),
    ],
    "EMA": [
        *((call("EMA", [np.ones(2)], decay), f"EMA: decay{DECAY}") for decay in WRONG),
        (call("EMA", [], 0.9), "EMA: params is empty"),
        (call("EMA", None, 0.9), "EMA: params must be a list of parameters such as .*, not NoneType"),
        (call("EMA", [3.0], 0.9), "EMA: parameter 0 is float; it must be a writable array of floats"),
        (call("EMA", [np.arange(3)], 0.9), "EMA: parameter 0 is read-only or of dtype int64"),
    ],
    "EMA.load_state_dict": [
        *((load(decay=decay), f"EMA.load_state_dict: decay{DECAY}") for decay in WRONG),
        (load(steps=-1), "EMA.load_state_dict: steps=-1 came, at least 0 is needed"),
        (load(steps=2.5), "EMA.load_state_dict: steps=2.5 came, a whole number is needed"),
        (load(average=3), "EMA.load_state_dict: average: 3 came, several of type ndarray are needed"),
        (load(average=[np.array(["a", "b"])]), "EMA.load_state_dict: average of <U1 came"),
        (load(average=[np.ones(3)]), r"EMA.load_state_dict: averages of shapes \[\(3,\)\] do not fit"),
        (load(extra=3), "EMA.load_state_dict: needs the keys"),
        (lambda T: T.ema.EMA([np.ones(2)], 0.9).load_state_dict(None),
         r"EMA.load_state_dict: needs the keys .*, got \['NoneType'\]"),
    ],
}

"""What arguments have to be. Who refuses, what came and what is needed stand in one message.

where: "function: argument", with which the message begins. An interval, "[0, 1)", and a shape, "(n, 3)", are
given as they are written, so that the message says what is checked. Used by the chapters' modules.
"""

import functools
import math
from collections.abc import Callable
from numbers import Integral, Real

import numpy as np


def whole(where, value, least=0, most=math.inf) -> int:
    """value as an int. TypeError unless it is a whole number, ValueError unless least <= value <= most."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{where}={value!r} came, a whole number is needed")
    if not least <= value <= most:
        needed = f"at least {least}" if most == math.inf else f"between {least} and {most}"
        raise ValueError(f"{where}={value} came, {needed} is needed")
    return int(value)


def real(where, value, interval) -> float:
    """value as a float. TypeError unless it is one real number, ValueError unless it is in the interval."""
    number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    low, high = map(float, interval[1:-1].split(","))
    if not (number and low <= value <= high
            and (value > low or interval[0] == "[") and (value < high or interval[-1] == "]")):
        error = ValueError if number else TypeError
        raise error(f"{where}={value!r} came, a number in {interval} is needed")
    return float(value)


def several(where, values, of=object, least=1) -> list:
    """values as a list. TypeError unless they are several, each of the type `of` (a word is not taken for its
    letters, nor a dict for its keys), ValueError for fewer than `least`."""
    what = {object: "several", Callable: "functions"}.get(of, f"several of type {of.__name__}")
    try:
        found = None if isinstance(values, (str, bytes, dict)) else list(values)
    except TypeError:
        found = None
    if found is None or not all(isinstance(value, of) for value in found):
        wrong = values if found is None else next(value for value in found if not isinstance(value, of))
        raise TypeError(f"{where}: {wrong!r} came, {what} are needed")
    if len(found) < least:
        once = "" if found else " (a generator can be used only once)"
        raise ValueError(f"{where}: {len(found)} came, needed: at least {least}{once}")
    return found


def numbers(where, x, shape="(...)", finite=False, dtype=np.float64) -> np.ndarray:
    """x as an array of dtype (None: its own). TypeError unless it holds real numbers, ValueError unless they
    have the shape, whose letters stand for any length, and are finite if they must be."""
    try:
        x = np.asarray(x)
    except ValueError:
        raise ValueError(f"{where} came in parts of unequal shapes, {shape} is needed") from None
    if x.dtype.kind not in "buif":
        raise TypeError(f"{where} of {x.dtype} came, real numbers are needed")
    lengths = [n.strip() for n in shape[1:-1].split(",") if n]
    if lengths != ["..."] and (x.ndim != len(lengths)
                               or any(n.isdigit() and int(n) != m for n, m in zip(lengths, x.shape))):
        raise ValueError(f"{where} {x.shape} came, {shape} is needed")
    if finite and not np.isfinite(x).all():
        raise ValueError(f"{where} with nan or inf came, finite numbers are needed")
    return x if dtype is None else x.astype(dtype, copy=False)


def named_errors(f):
    """Let f, which is no primitive, say its name where Python's errors would not."""
    @functools.wraps(f)
    def op(*args, **options):
        try:
            return f(*args, **options)
        except (AttributeError, TypeError) as e:
            raise named(f.__name__, args, e) from None
    return op


def named(name, args, e):
    """The error e, beginning with the name of the operation, which Python's and NumPy's do not say."""
    if isinstance(e, AttributeError):                   # what is no array has no shape, no dtype, no ndim
        came = ", ".join(dict.fromkeys(type(a).__name__ for a in args))
        e = TypeError(f"of type {came} came, a Tensor is needed ({e})")
    kind = TypeError if isinstance(e, TypeError) else ValueError
    return e if str(e).startswith(name) else kind(f"{name}: {e}")

"""How far one result is from another: a norm-wise relative error, one array at a time.

    deviation(a, t) = max|a - t| / max(max|t|, scale)

Entries of one array are judged on the scale of its largest entry, so a gradient that crosses zero does not
fail on a rounding error; the arrays of one result (the gradients of two layers, say) are judged apart, so a
large one cannot hide a small one. A reference that is zero throughout has no scale: one has to be given.
"""

import copy
from dataclasses import dataclass

import numpy as np


class NotComparable(Exception):
    """Two results cannot be compared as numbers. The message goes on from "the result ..."."""


@dataclass(frozen=True)
class Comparison:
    """The worst place: its deviation, where it is (" at [0, 2]"), and the two numbers there."""

    deviation: float
    where: str
    got: float
    want: float


def as_array(value) -> np.ndarray:
    """value as an array of real numbers. Takes NumPy, torch and gradbook tensors, pandas, numbers, lists."""
    if hasattr(value, "detach"):
        value = value.detach()
        value = value.cpu() if hasattr(value, "cpu") else value
    for method in ("to_numpy", "numpy"):
        if hasattr(value, method):
            value = getattr(value, method)()
            break
    try:
        array = np.asarray(value)
    except ValueError:
        raise NotComparable("is a list whose rows have unequal lengths") from None
    if array.dtype.kind not in "biuf":
        kind = "complex" if array.dtype.kind == "c" else f"of type {type(value).__name__}"
        raise NotComparable("is None" if value is None else f"is {kind}, not an array of real numbers")
    return array


def pieces(value, name: str = "") -> dict[str, np.ndarray]:
    """The arrays in value by name: one array is {"": a}, a tuple {"[0]": a, "[1]": b}, a dict has its keys.

    A list of numbers is one array; a list that holds arrays, like a tuple, is several.
    """
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, tuple) or (isinstance(value, list) and any(map(is_array, value))):
        items = list(enumerate(value))
    else:
        return {name: as_array(value)}
    return {inner: a for key, item in items for inner, a in pieces(item, f"{name}[{key!r}]").items()}


def is_array(value) -> bool:
    return hasattr(value, "shape") and not isinstance(value, np.generic)


def compare(got, want, *, scale: float = 0.0, relation: str = "=") -> Comparison:
    """The largest deviation of got from want; with relation "≤" or "≥" only what violates it counts.

    got, want: whatever `pieces` takes. Raises NotComparable when the arrays differ in number or shape, when
    got holds NaN or ±inf, or when want is zero throughout, got is not, and there is no scale.
    """
    got, want = pieces(got), pieces(want)
    if got.keys() != want.keys():
        raise NotComparable(f"consists of {spelled(got)}; needed: {spelled(want)}")
    return max(
        (compare_arrays(got[name], want[name], name, scale, relation) for name in want),
        key=lambda found: found.deviation,
        default=Comparison(0.0, "", 0.0, 0.0),
    )


def compare_arrays(got, want, name="", scale=0.0, relation="=") -> Comparison:
    """`compare` for one array; name: where it stands in the result, for the message."""
    if got.shape != want.shape:
        raise NotComparable(f"has shape {got.shape}{at(name)}, and {want.shape} was needed")
    if not np.isfinite(got).all():
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(got))[0])
        raise NotComparable(f"is {got[bad]}{at(name, bad)}")
    if got.size == 0:
        return Comparison(0.0, at(name), 0.0, 0.0)
    gap = np.asarray(got, float) - np.asarray(want, float)
    gap = {"=": np.abs(gap), "≤": np.maximum(gap, 0), "≥": np.maximum(-gap, 0)}[relation]
    size = max(float(np.abs(np.asarray(want, float)).max()), scale)
    if size == 0 and gap.max() > 0:
        raise NotComparable(
            f"is not zero{at(name)}, while the reference is zero throughout: a relative comparison needs "
            "scale=, the size of the terms that cancel"
        )
    place = np.unravel_index(int(gap.argmax()), gap.shape)
    deviation = float(gap[place] / size) if size else 0.0
    return Comparison(deviation, at(name, tuple(map(int, place))), float(got[place]), float(want[place]))


def at(name: str, index: tuple[int, ...] = ()) -> str:
    """Where in a result, in words: " in part [1] at [0, 2]", or nothing for a single number."""
    return (f" in part {name}" if name else "") + (f" at [{', '.join(map(str, index))}]" if index else "")


def spelled(arrays: dict) -> str:
    return "one array" if list(arrays) == [""] else f"{len(arrays)} arrays ({', '.join(arrays)})"


def plain(x: float) -> str:
    """A number as people write it: three significant digits, exponents without padding (1e-10, 0.25, -3)."""
    mantissa, _, exponent = f"{x:.3g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def describe(inputs: tuple, names: list[str] | None = None) -> str:
    """Inputs by name, arrays with their shapes and numbers with their values: "x (3, 4), beta = 0.9"."""
    if not names or len(names) != len(inputs):
        names = [f"argument {k + 1}" for k in range(len(inputs))]
    return ", ".join(f"{name} {described(value)}" for name, value in zip(names, inputs))


def described(value) -> str:
    if getattr(value, "shape", ()) != ():
        return str(tuple(value.shape))
    if isinstance(value, (bool, str)) or value is None:
        return f"= {value!r}"
    if isinstance(value, (int, float, np.number, np.ndarray)):
        return f"= {plain(float(value))}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(described(v).removeprefix("= ") for v in value)
        return f"[{inside}]" if len(inside) < 60 else f"({len(value)} items)"
    return f"({type(value).__name__})"


def unchanged(before, after) -> bool:
    """Whether every array, list and dict inside is still what it was."""
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(unchanged(b, a) for b, a in zip(before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(unchanged(before[k], after[k]) for k in before)
    if isinstance(before, np.ndarray):
        exact = {"equal_nan": before.dtype.kind == "f"}
        return before.shape == after.shape and np.array_equal(before, after, **exact)
    if isinstance(before, (int, float, str)):
        return before == after or before != before
    return True


def copied(inputs: tuple) -> tuple:
    """A deep copy, so that what one function does to its inputs cannot reach the next."""
    return copy.deepcopy(inputs)

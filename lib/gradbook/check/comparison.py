"""How far one result is from another: a norm-wise relative error, one array at a time.

    deviation(a, t) = max|a - t| / max(max|t|, scale)

Entries of one array are judged on the scale of its largest entry, so a gradient that crosses zero does not fail
on a rounding error; arrays of one result (say, the gradients of two layers) are judged apart, so a large one
cannot hide a small one. Where the reference is zero throughout there is no scale, and one has to be given.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

__all__ = ["Comparison", "NotComparable", "compare", "copied", "describe", "pieces", "plain", "unchanged"]


class NotComparable(Exception):
    """Two results cannot be compared as numbers; the message is one sentence saying why."""


@dataclass(frozen=True)
class Comparison:
    """The worst place of a comparison: which array, which entry, what stood there, how far off."""

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
        raise NotComparable(f"is {describe_kind(value, array)}, not an array of real numbers")
    return array


def describe_kind(value, array: np.ndarray) -> str:
    if value is None:
        return "None"
    if array.dtype.kind == "c":
        return "complex"
    return f"of type {type(value).__name__}"


def pieces(value, name: str = "") -> dict[str, np.ndarray]:
    """The arrays in value by name: one array is {"": a}, a tuple {"[0]": a, "[1]": b}, a dict by its keys.

    A list of numbers is one array; a list that holds arrays, like a tuple, is several.
    """
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, tuple) or (isinstance(value, list) and any(hasattr(v, "shape") for v in value)):
        items = list(enumerate(value))
    else:
        return {name: as_array(value)}
    return {inner: array for key, item in items for inner, array in pieces(item, f"{name}[{key!r}]").items()}


def compare(got, want, *, scale: float = 0.0, relation: str = "equal") -> Comparison:
    """The largest deviation of got from want; with relation "≤" or "≥" only violations of it count.

    Raises NotComparable when the arrays differ in number or shape, hold NaN or ±inf, or want has no scale.
    """
    got, want = pieces(got), pieces(want)
    if got.keys() != want.keys():
        raise NotComparable(f"returned {spelled(got)} where {spelled(want)} was needed")
    worst = Comparison(0.0, "", 0.0, 0.0)
    for name, reference in want.items():
        array = got[name]
        if array.shape != reference.shape:
            raise NotComparable(f"has shape {array.shape}{at(name)} where {reference.shape} was needed")
        if not np.isfinite(array).all():
            bad = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise NotComparable(f"is {array[bad]}{at(name, bad)}")
        if array.size == 0:
            continue
        off = np.asarray(array, float) - np.asarray(reference, float)
        off = {"equal": np.abs(off), "≤": np.maximum(off, 0), "≥": np.maximum(-off, 0)}[relation]
        size = max(float(np.abs(reference).max()), scale)
        if size == 0 and off.max() > 0:
            raise NotComparable(
                f"is {plain(off.max())} where the reference is zero throughout{at(name)}: a relative "
                "comparison needs scale=, the size of the terms that cancel"
            )
        place = np.unravel_index(int(off.argmax()), off.shape)
        deviation = float(off[place] / size) if size else 0.0
        if deviation >= worst.deviation:
            index = tuple(int(i) for i in place)
            worst = Comparison(deviation, at(name, index), float(array[index]), float(reference[index]))
    return worst


def at(name: str, index: tuple[int, ...] = ()) -> str:
    """Where in a result, in words: " in result[1] at [0, 2]", or nothing for a single number."""
    inside = f" in result{name}" if name else ""
    return inside + (f" at [{', '.join(map(str, index))}]" if index else "")


def spelled(arrays: dict) -> str:
    return "one array" if list(arrays) == [""] else f"{len(arrays)} arrays ({', '.join(arrays)})"


def plain(x: float) -> str:
    """A number as people write it: three significant digits, exponents without padding (1e-10, 0.25, -3)."""
    text = f"{x:.3g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text


def describe(inputs: tuple, names: list[str] | None = None) -> str:
    """The inputs by name, with shapes for arrays and values for numbers: "x (3, 4), beta = 0.9"."""
    names = (
        names if names and len(names) == len(inputs) else [f"argument {k + 1}" for k in range(len(inputs))]
    )
    words = []
    for name, value in zip(names, inputs):
        shape = getattr(value, "shape", None)
        if shape is not None and tuple(shape) != ():
            words.append(f"{name} {tuple(shape)}")
        elif isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
            words.append(f"{name} = {plain(float(value))}")
        elif isinstance(value, (bool, str)) or value is None:
            words.append(f"{name} = {value!r}")
        elif isinstance(value, (list, tuple)):
            inner = ", ".join(str(tuple(v.shape)) if hasattr(v, "shape") else type(v).__name__ for v in value)
            words.append(f"{name} [{inner}]" if len(inner) < 60 else f"{name} of {len(value)} items")
        else:
            words.append(f"{name} of type {type(value).__name__}")
    return ", ".join(words)


def copied(inputs: tuple) -> tuple:
    """A deep copy, so that what one function does to its inputs cannot reach the next."""
    return copy.deepcopy(inputs)


def unchanged(before, after) -> bool:
    """Whether every array, list and number inside is still what it was."""
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(unchanged(b, a) for b, a in zip(before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(unchanged(before[k], after[k]) for k in before)
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(
            before, after, equal_nan=before.dtype.kind == "f"
        )
    return True

"""What a mark is, and what its arguments must be: series, matrices, colours, formats, strokes.

A mark is a dict, ready for JSON, whose fields refer to compute's result by key or hold numbers. Its needs say
what each field is, for `explore_data.check`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

COLOR_NAMES = ("ink", "soft", "rule", "paper", "forward", "gradient", "varied", "wrong", "fifth", "sixth")
SHAPES = ("circle", "square", "triangle", "diamond", "wedge", "cross")

# The cue that goes with a colour, so that no series is told apart by colour alone.
DASHES = {"gradient": "6 3", "fifth": "9 3 2 3", "sixth": "2 2"}
WIDTHS = {"varied": 3.0, "wrong": 1.25}
SHAPE_OF = {
    "gradient": "square",
    "varied": "triangle",
    "wrong": "cross",
    "fifth": "diamond",
    "sixth": "wedge",
}


class Need(NamedTuple):
    """What a field of a mark refers to."""

    field: str
    kind: str  # number, words, told (numbers written as text), matrix, pixels or contour
    source: Any  # a key of compute's result, or the values themselves
    along: str = ""  # "x" or "y": drawn along this axis
    option: Any = None  # told: the format; pixels: the domain; contour: x, y, levels, fill


class Mark(dict):
    """A mark as the script reads it, with what its fields need."""

    def __init__(self, mark: str, needs: Sequence[Need], **fields: Any) -> None:
        plain = {need.field: need.source for need in needs if need.kind in ("number", "words")}
        super().__init__(mark=mark, **plain, **fields)
        self.needs = list(needs)


# ---- what the arguments must be


def numbers_of(mark: str, **fields: Any) -> list[Need]:
    along = {"d": ""}  # a difference has no place on an axis
    return [Need(field, "number", series_of(mark, field, value), along.get(field[0], field[0]))
            for field, value in fields.items()]  # fmt: skip


def series_of(mark: str, role: str, value: Any) -> Any:
    """A key as it is; numbers as a list of floats (one number stays one)."""
    if isinstance(value, str):
        return value
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "biuf" or numbers.ndim > 1:
        raise ValueError(f"{mark}: {role} is {value!r}; a key, a number or a list of numbers is needed")
    finite = [float(v) if np.isfinite(v) else None for v in np.atleast_1d(numbers)]
    return finite[0] if numbers.ndim == 0 else finite


def matrix_of(mark: str, value: Any, colors: int = 0) -> Any:
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    right = array.ndim == 2 or (colors and array.ndim == 3 and array.shape[2] == colors)
    if array.dtype.kind not in "biuf" or not right or not array.size:
        more = f" or (rows, columns, {colors})" if colors else ""
        raise ValueError(
            f"{mark}: z is an array of shape {array.shape}; a key or (rows, columns){more} is needed"
        )
    return array


def domain_of(mark: str, domain: Any) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in domain)
    except (TypeError, ValueError):
        raise ValueError(f"{mark}: domain {domain!r} is not a pair of numbers") from None
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise ValueError(f"{mark}: domain {domain!r} needs two different finite ends")
    return low, high


def format_of(mark: str, spec: str) -> str:
    try:
        format(0.5, spec)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{mark}: format {spec!r} does not suit a number: {error}") from None
    return spec


def sets_of(mark: str, sets: Any) -> dict[str, Any]:
    """The controls that pointing at the mark moves: a name, or for cells a pair."""
    pair = isinstance(sets, (tuple, list)) and mark == "cells" and len(sets) == 2
    names = [name for name in sets if name is not None] if pair else [] if sets is None else [sets]
    if not all(isinstance(name, str) for name in names) or (pair and not names):
        more = " or a pair of names" if mark == "cells" else ""
        raise ValueError(f"{mark}: sets is {sets!r}; the name of a control{more} is needed")
    return {} if sets is None else {"sets": list(sets) if pair else sets}


def stroke_of(mark: str, label, color, dash, faint, width) -> dict[str, Any]:
    color = color_of(mark, color)
    own = DASHES.get(color, "")
    pattern = own if dash is None else ((own or "6 3") if dash else "")
    width = WIDTHS.get(color, 2.0) if width is None else width
    return {"label": label, "color": color, "dash": pattern, "faint": bool(faint), "width": float(width)}


def color_of(mark: str, color: str) -> str:
    if color not in COLOR_NAMES:
        raise ValueError(f"{mark}: color {color!r} is not one of {', '.join(COLOR_NAMES)}")
    return color

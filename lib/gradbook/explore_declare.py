"""The words of an explorable: controls, axes, marks and readouts, checked where they are written.

Every function here returns plain data (dicts and lists, ready for JSON) or a small control object. Nothing is
drawn and nothing is computed; `gradbook.explore.explore` puts the words together. A mistake in a declaration
raises at the line that made it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

COLOR_NAMES = ("ink", "soft", "rule", "paper", "forward", "gradient", "varied", "wrong", "fifth", "sixth")
SHAPES = ("circle", "square", "triangle", "diamond", "wedge", "cross")
ANCHORS = ("start", "middle", "end")

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


class Control:
    """A slider whose scale is the list of its values.

    values: at least two finite numbers, strictly rising or falling. The static page stops at these values; a
    live kernel also takes those between. start: the first value shown (default: the middle one); the listed
    value nearest to it gives way to it, so that a figure said to start at 0.9 starts at 0.9. format: a Python
    format specification; unit: written after the number. integer: compute receives int, and start must be in
    the list. Raises ValueError for anything else.
    """

    kind = "range"

    def __init__(
        self,
        values: Sequence[float],
        label: str | None = None,
        *,
        start: float | None = None,
        format: str | None = None,
        unit: str = "",
        integer: bool = False,
    ) -> None:
        grid = np.asarray(values, dtype=float)
        steps = np.diff(grid) if grid.ndim == 1 else np.zeros(1)
        if grid.ndim != 1 or grid.size < 2 or not np.isfinite(grid).all():
            raise ValueError(f"Control: values {values!r} are not a list of at least two finite numbers")
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError(
                f"Control: values {_short(grid)} neither rise nor fall strictly, as a slider's scale must"
            )
        # 12 digits: keeps every value a reader can set, drops the last bits, in which machines differ.
        grid = np.array([float(f"{v:.12g}") for v in grid])
        if integer and (grid != np.round(grid)).any():
            raise ValueError(f"Control: integer=True, but values {_short(grid)} are not all whole numbers")
        self.start_index = grid.size // 2 if start is None else self._place(grid, start, integer)
        self.values: list[float | int] = [int(v) if integer else float(v) for v in grid]
        self.label, self.unit, self.integer = label, unit, integer
        self.format = format if format is not None else ("d" if integer else ".4g")
        try:
            self.text(self.values[0])
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"Control: format {self.format!r} does not suit {self.values[0]!r}: {error}"
            ) from None

    @staticmethod
    def _place(grid: np.ndarray, start: float, integer: bool) -> int:
        """Index of the value nearest to start; that value becomes start."""
        low, high = sorted((grid[0], grid[-1]))
        if not low <= start <= high:
            raise ValueError(f"Control: start {start!r} is outside the values, {low:g} to {high:g}")
        index = int(np.argmin(np.abs(grid - start)))
        if integer and grid[index] != start:
            raise ValueError(f"Control: start {start!r} is not one of the values {_short(grid)}")
        grid[index] = start
        return index

    def text(self, value: float) -> str:
        """The number as the reader sees it, with its unit."""
        return join_unit(number(value, self.format), self.unit)


class Toggle:
    """A checkbox; compute receives True or False."""

    kind = "toggle"
    values: tuple[bool, bool] = (False, True)

    def __init__(self, label: str | None = None, *, start: bool = False) -> None:
        if not isinstance(start, (bool, np.bool_)):
            raise ValueError(f"Toggle: start {start!r} is neither True nor False")
        self.label, self.start_index = label, int(start)

    def text(self, value: bool) -> str:
        """The state as the reader sees it."""
        return "on" if value else "off"


def number(value: float, format_spec: str) -> str:
    """The number as Python formats it, with a true minus, as on the axes."""
    return format(value, format_spec).replace("-", "−")


def join_unit(number: str, unit: str) -> str:
    """number and unit with a no-break space between them; per cent and degree signs follow directly."""
    return number + ("" if not unit or unit[0] in "%°×" else "\u00a0") + unit


def axis(label: str, domain: Sequence[float], scale: str = "linear", hidden: bool = False) -> dict[str, Any]:
    """An axis with a declared domain: it does not move while the reader compares. scale: linear or log."""
    if scale not in ("linear", "log"):
        raise ValueError(f"axis {label!r}: scale {scale!r} is neither 'linear' nor 'log'")
    try:
        low, high = (float(v) for v in domain)
    except (TypeError, ValueError):
        raise ValueError(f"axis {label!r}: domain {domain!r} is not a pair of numbers") from None
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise ValueError(f"axis {label!r}: domain {domain!r} needs two different finite ends")
    if scale == "log" and min(low, high) <= 0:
        raise ValueError(f"axis {label!r}: a log scale needs a domain above zero, not {domain!r}")
    return {"label": label, "domain": [low, high], "scale": scale, "hidden": bool(hidden)}


def line(x, y, label=None, color="forward", dash=None, faint=False, width=None) -> dict[str, Any]:
    """A line through (x, y), with gaps at NaN and its label at its end.

    x, y: a key of compute's result, or numbers. dash: True, False, or None for the colour's own (solid for
    forward, dashed for gradient). width: px, or None for the colour's own (thick for varied, thin for wrong).
    """
    color = _color("line", color)
    own = DASHES.get(color, "")
    pattern = own if dash is None else ((own or "6 3") if dash else "")
    width = WIDTHS.get(color, 2.0) if width is None else width
    return {
        "mark": "line", "x": _series("line", "x", x), "y": _series("line", "y", y), "label": label,
        "color": color, "dash": pattern, "faint": bool(faint), "width": float(width),
    }  # fmt: skip


def points(x, y, label=None, color="forward", shape=None, size=4) -> dict[str, Any]:
    """Markers at (x, y). shape: one of SHAPES, None for the colour's own; size: px."""
    color = _color("points", color)
    shape = SHAPE_OF.get(color, "circle") if shape is None else shape
    if shape not in SHAPES:
        raise ValueError(f"points: shape {shape!r} is not one of {', '.join(SHAPES)}")
    return {
        "mark": "points", "x": _series("points", "x", x), "y": _series("points", "y", y), "label": label,
        "color": color, "shape": shape, "size": float(size),
    }  # fmt: skip


def area(x, y0, y1, label=None, color="forward") -> dict[str, Any]:
    """The area between y0 and y1 (keys, numbers, or one number for a level base)."""
    return {
        "mark": "area", "x": _series("area", "x", x), "y0": _series("area", "y0", y0),
        "y1": _series("area", "y1", y1), "label": label, "color": _color("area", color),
    }  # fmt: skip


def rule(x=None, y=None, label=None, color="soft") -> dict[str, Any]:
    """A straight line across the figure: upright at x, or level at y (one of them: a key or a number)."""
    if (x is None) == (y is None):
        raise ValueError(f"rule: needs exactly one of x and y, came x={x!r}, y={y!r}")
    at = {"x": _series("rule", "x", x)} if y is None else {"y": _series("rule", "y", y)}
    return {"mark": "rule", **at, "label": label, "color": _color("rule", color)}


def text(x, y, text, color="ink", anchor="middle", size=12, dx=0, dy=0) -> dict[str, Any]:
    """Words at (x, y), moved by (dx, dy) px. text: a key of compute's result, or a list of strings."""
    if anchor not in ANCHORS:
        raise ValueError(f"text: anchor {anchor!r} is not one of {', '.join(ANCHORS)}")
    if size < 11:
        raise ValueError(f"text: size {size} px is too small to read, at least 11 is needed")
    if not isinstance(text, str):
        text = [str(word) for word in text]
    return {
        "mark": "text", "x": _series("text", "x", x), "y": _series("text", "y", y), "text": text,
        "color": _color("text", color), "anchor": anchor, "size": float(size),
        "dx": float(dx), "dy": float(dy),
    }  # fmt: skip


def readout(label: str, key: str, format: str = ".3g", unit: str = "") -> dict[str, Any]:
    """A number of compute's result, written beside the figure. It is formatted in Python, hence exact."""
    return {"label": label, "key": key, "format": format, "unit": unit}


def view(x, y, marks, height=320, readout=()) -> dict[str, Any]:
    """The picture: two axes, marks in drawing order, readouts. height: px, the same at every width."""
    marks, readouts = list(marks), list(readout)
    if not marks:
        raise ValueError("view: needs at least one mark")
    if not 80 <= height <= 1200:
        raise ValueError(f"view: height {height!r} is not between 80 and 1200 px")
    for role, value, maker in (("x", x, "domain"), ("y", y, "domain")):
        if not isinstance(value, dict) or maker not in value:
            raise ValueError(f"view: {role} is {value!r}, axis(…) is needed")
    _told_apart(marks)
    return {"x": x, "y": y, "height": int(height), "marks": marks, "readout": readouts}


def _told_apart(marks: list[dict[str, Any]]) -> None:
    """Refuse two unlabelled marks that differ in colour only."""
    seen: dict[tuple, str] = {}
    for mark in marks:
        if mark["mark"] not in ("line", "points", "area") or mark["label"]:
            continue
        cue = (mark["mark"], mark.get("dash"), mark.get("shape"), mark.get("faint"), mark.get("width"))
        other = seen.setdefault(cue, mark["color"])
        if other != mark["color"]:
            raise ValueError(
                f"view: two {mark['mark']} marks, {other} and {mark['color']}, differ in colour only; "
                "give one a label, a dash, a shape or a width of its own"
            )


def _series(mark: str, role: str, value: Any) -> Any:
    """A key as it is; numbers as a list of floats (one number stays one)."""
    if isinstance(value, str):
        return value
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "biuf" or numbers.ndim > 1:
        raise ValueError(f"{mark}: {role} is {value!r}; a key, a number or a list of numbers is needed")
    finite = [float(v) if np.isfinite(v) else None for v in np.atleast_1d(numbers)]
    return finite[0] if numbers.ndim == 0 else finite


def _color(mark: str, color: str) -> str:
    if color not in COLOR_NAMES:
        raise ValueError(f"{mark}: color {color!r} is not one of {', '.join(COLOR_NAMES)}")
    return color


def _short(grid: np.ndarray) -> str:
    return np.array2string(grid, threshold=6, precision=4, separator=", ")

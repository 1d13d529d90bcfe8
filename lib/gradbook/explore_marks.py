"""The marks of an explorable, one function each: line path points bars area rule arrow text, and on matrices
cells image contour, and graph, a computational graph.

A mark is a dict, ready for JSON, whose fields refer to compute's result by key or hold numbers. Its needs say
what each field is, for `explore_data.check`. A mistake in a declaration raises at the line that made it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

COLOR_NAMES = ("ink", "soft", "rule", "paper", "forward", "gradient", "varied", "wrong", "fifth", "sixth")
SHAPES = ("circle", "square", "triangle", "diamond", "wedge", "cross")
ANCHORS = ("start", "middle", "end")
SCALES = ("blue", "green", "grey", "diverging")

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


def line(x, y, label=None, color="forward", dash=None, faint=False, width=None) -> Mark:
    """A line through (x, y), with gaps at NaN and its label at its end.

    x, y: a key of compute's result, or numbers. dash: True, False, or None for the colour's own (solid for
    forward, dashed for gradient). width: px, or None for the colour's own (thick for varied, thin for wrong).
    """
    return Mark("line", _numbers("line", x=x, y=y), **_stroke("line", label, color, dash, faint, width))


def path(x, y, label=None, color="forward", dash=None, faint=False, width=None, head=True) -> Mark:
    """A curve in the plane, a trajectory say, through (x, y) in their order. head: mark its last point."""
    stroke = _stroke("path", label, color, dash, faint, width)
    return Mark(
        "path", _numbers("path", x=x, y=y), **stroke, shape=SHAPE_OF.get(color, "circle"), head=bool(head)
    )


def points(x, y, label=None, color="forward", shape=None, size=4, sets=None) -> Mark:
    """Markers at (x, y). shape: one of SHAPES, None for the colour's own; size: px.

    sets: the name of a control with one value for each point; pointing at a point moves it there.
    """
    color = _color("points", color)
    shape = SHAPE_OF.get(color, "circle") if shape is None else shape
    if shape not in SHAPES:
        raise ValueError(f"points: shape {shape!r} is not one of {', '.join(SHAPES)}")
    needs = _numbers("points", x=x, y=y)
    return Mark(
        "points", needs, label=label, color=color, shape=shape, size=float(size), **_sets("points", sets)
    )


def area(x, y0, y1, label=None, color="forward") -> Mark:
    """The region between y0 and y1 along x."""
    return Mark("area", _numbers("area", x=x, y0=y0, y1=y1), label=label, color=_color("area", color))


def bars(x, height, label=None, color="forward", base=0, width=0.8, sets=None) -> Mark:
    """Upright bars at x, from base to height. width: in units of x.

    sets: the name of a control with one value for each bar; pointing at a bar moves it there.
    """
    if not (isinstance(width, (int, float)) and width > 0):
        raise ValueError(f"bars: width {width!r} is not a number above zero")
    needs = _numbers("bars", x=x, y0=base, y1=height)
    return Mark(
        "bars", needs, label=label, color=_color("bars", color), width=float(width), **_sets("bars", sets)
    )


def rule(x=None, y=None, label=None, color="soft") -> Mark:
    """A straight line across the figure at x or at y (a key, a number or a list of numbers)."""
    if (x is None) == (y is None):
        raise ValueError(f"rule: exactly one of x and y is needed, got x={x!r}, y={y!r}")
    at = _numbers("rule", x=x) if y is None else _numbers("rule", y=y)
    return Mark("rule", at, label=label, color=_color("rule", color))


def arrow(x, y, dx, dy, label=None, color="gradient", dash=None, faint=False, width=None) -> Mark:
    """Arrows from (x, y) to (x + dx, y + dy), in units of the axes; the label stands at the first tip."""
    needs = [*_numbers("arrow", x=x, y=y), *_numbers("arrow", dx=dx, dy=dy)]
    return Mark("arrow", needs, **_stroke("arrow", label, color, dash, faint, width))


def text(x, y, text, color="ink", anchor="middle", size=12, dx=0, dy=0, format=None) -> Mark:
    """Words at (x, y), moved by (dx, dy) px. text: a key of compute's result, or a list of strings.

    format: a Python format specification, when the key holds numbers; they are written at build, hence exact.
    """
    if anchor not in ANCHORS:
        raise ValueError(f"text: anchor {anchor!r} is not one of {', '.join(ANCHORS)}")
    if size < 11:
        raise ValueError(f"text: size {size} px is too small to read, at least 11 is needed")
    if not isinstance(text, str):
        text = [str(word) for word in text]
    words = (
        Need("text", "words", text)
        if format is None
        else Need("text", "told", text, "", _format("text", format))
    )
    return Mark("text", [*_numbers("text", x=x, y=y), words], color=_color("text", color), anchor=anchor,
                size=float(size), dx=float(dx), dy=float(dy))  # fmt: skip


def cells(z, x0=0, y0=0, dx=1, dy=1, scale="blue", domain=None, format=None, show=False, sets=None) -> Mark:
    """A matrix as coloured cells; row 0 lies at y0, column 0 at x0 (their centres), dx and dy apart.

    z: a key whose value has shape (rows, columns), or such an array; NaN leaves a cell empty. scale: blue,
    green or grey from the paper's colour to full over domain (default 0 … 1), or diverging over −1 … 1:
    vermilion with a minus below zero, blue above. format: the value is told while the pointer is on its cell;
    with show=True it stands in the cell. sets: the name of a control with a value for each cell, row by row,
    or a pair of names, (control of the row, control of the column), either None: pointing at a cell moves it.
    """
    if scale not in SCALES:
        raise ValueError(f"cells: scale {scale!r} is not one of {', '.join(SCALES)}")
    low, high = _domain("cells", (-1, 1) if domain is None and scale == "diverging" else domain or (0, 1))
    if scale == "diverging" and low != -high:
        raise ValueError(f"cells: a diverging scale has zero in its middle, unlike the domain {domain!r}")
    if show and format is None:
        raise ValueError("cells: show=True writes the values, so a format is needed, '.2f' say")
    if not dx or not dy:
        raise ValueError(f"cells: dx {dx!r} and dy {dy!r} are the distances between cells, not zero")
    needs = [Need("z", "matrix", _matrix("cells", z), "", (low, high))]
    if format is not None:
        needs.append(Need("told", "told", needs[0].source, "", _format("cells", format)))
    return Mark("cells", needs, x0=float(x0), y0=float(y0), dx=float(dx), dy=float(dy), scale=scale,
                domain=[low, high], show=bool(show), **_sets("cells", sets))  # fmt: skip


def image(z, extent=None, domain=(0, 1)) -> Mark:
    """An array drawn as pixels: (rows, columns) as greys, black to white over domain, or (rows, columns, 3).

    extent: (left, right, bottom, top) in units of the axes, None for the whole picture. Row 0 is at the top.
    Stored with 256 levels.
    """
    box = None if extent is None else list(np.ravel(extent).astype(float))
    if box is not None and (len(box) != 4 or box[0] == box[1] or box[2] == box[3]):
        raise ValueError(f"image: extent {extent!r} is not (left, right, bottom, top)")
    return Mark(
        "image", [Need("z", "pixels", _matrix("image", z, 3), "", _domain("image", domain))], extent=box
    )


def contour(z, x, y, levels=10, color="soft", fill=False, width=1) -> Mark:
    """Lines on which z is constant, found in Python. z: a key or an array of shape (len(y), len(x)).

    x, y: the coordinates of columns and rows, rising or falling. levels: the values, or how many, evenly
    between the ends of z (numbers are needed when z is a key). fill: shade what lies below each line, so that
    valleys are darker.
    """
    x, y = (np.asarray(v, float) for v in (x, y))
    for name, v in (("x", x), ("y", y)):
        if v.ndim != 1 or v.size < 2 or not ((np.diff(v) > 0).all() or (np.diff(v) < 0).all()):
            raise ValueError(f"contour: {name} is not a list of rising or falling coordinates")
    z = _matrix("contour", z)
    if not isinstance(z, str) and z.shape != (len(y), len(x)):
        raise ValueError(f"contour: z has shape {z.shape}, the coordinates make it ({len(y)}, {len(x)})")
    if isinstance(levels, (int, np.integer)):
        if isinstance(z, str) or levels < 1:
            raise ValueError(f"contour: levels={levels!r}; when z is a key the levels must be listed")
        levels = np.linspace(np.nanmin(z), np.nanmax(z), int(levels) + 2)[1:-1]
    levels = np.asarray(levels, float)
    if levels.ndim != 1 or not levels.size or not np.isfinite(levels).all():
        raise ValueError(f"contour: levels {levels!r} are not a list of numbers")
    need = Need("z", "contour", z, "", (x, y, np.sort(levels), bool(fill)))
    return Mark("contour", [need], color=_color("contour", color), fill=bool(fill), width=float(width))


def graph(nodes, edges, values=None, gradients=None, format=".2f", active=None) -> Mark:
    """A computational graph: boxes, arrows between them, forward values above the arrows, gradients below.

    nodes: {name: (x, y)} or {name: (x, y, what stands in the box)}. edges: pairs of names; a pair
    (name, None) is an arrow that leaves the graph to the right. values, gradients: a key, or a list, of one
    number or text for each edge, in order; NaN and "" stay empty. active: a key or number, the position in
    nodes of the box that is marked (NaN: none).
    """
    if not isinstance(nodes, Mapping) or not all(np.size(spot) in (2, 3) for spot in nodes.values()):
        raise ValueError("graph: nodes is a dict {name: (x, y)} or {name: (x, y, text)}")
    _format("graph", format)
    if not edges:
        raise ValueError("graph: there are no edges")
    names, boxes = list(nodes), [tuple(spot) for spot in nodes.values()]
    pairs = []
    for edge in edges:
        if len(tuple(edge)) != 2 or edge[0] not in nodes or not (edge[1] is None or edge[1] in nodes):
            raise ValueError(f"graph: the edge {edge!r} does not join two of the nodes {', '.join(names)}")
        pairs.append([names.index(edge[0]), -1 if edge[1] is None else names.index(edge[1])])
    needs = [Need(field, "told", list(v) if not isinstance(v, str) else v, "", format)
             for field, v in (("values", values), ("gradients", gradients)) if v is not None]  # fmt: skip
    if active is not None:
        needs.append(Need("active", "number", _series("graph", "active", active)))
    return Mark("graph", needs, edges=pairs, nodes=[[float(x), float(y), str(word[0] if word else name)]
                for name, (x, y, *word) in zip(names, boxes)])  # fmt: skip


# ---- what the arguments must be


def _numbers(mark: str, **fields: Any) -> list[Need]:
    along = {"d": ""}  # a difference has no place on an axis
    return [Need(field, "number", _series(mark, field, value), along.get(field[0], field[0]))
            for field, value in fields.items()]  # fmt: skip


def _series(mark: str, role: str, value: Any) -> Any:
    """A key as it is; numbers as a list of floats (one number stays one)."""
    if isinstance(value, str):
        return value
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "biuf" or numbers.ndim > 1:
        raise ValueError(f"{mark}: {role} is {value!r}; a key, a number or a list of numbers is needed")
    finite = [float(v) if np.isfinite(v) else None for v in np.atleast_1d(numbers)]
    return finite[0] if numbers.ndim == 0 else finite


def _matrix(mark: str, value: Any, colors: int = 0) -> Any:
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


def _domain(mark: str, domain: Any) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in domain)
    except (TypeError, ValueError):
        raise ValueError(f"{mark}: domain {domain!r} is not a pair of numbers") from None
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise ValueError(f"{mark}: domain {domain!r} needs two different finite ends")
    return low, high


def _format(mark: str, spec: str) -> str:
    try:
        format(0.5, spec)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{mark}: format {spec!r} does not suit a number: {error}") from None
    return spec


def _sets(mark: str, sets: Any) -> dict[str, Any]:
    """The controls that pointing at the mark moves: a name, or for cells a pair."""
    pair = isinstance(sets, (tuple, list)) and mark == "cells" and len(sets) == 2
    names = [name for name in sets if name is not None] if pair else [] if sets is None else [sets]
    if not all(isinstance(name, str) for name in names) or (pair and not names):
        more = " or a pair of names" if mark == "cells" else ""
        raise ValueError(f"{mark}: sets is {sets!r}; the name of a control{more} is needed")
    return {} if sets is None else {"sets": list(sets) if pair else sets}


def _stroke(mark: str, label, color, dash, faint, width) -> dict[str, Any]:
    color = _color(mark, color)
    own = DASHES.get(color, "")
    pattern = own if dash is None else ((own or "6 3") if dash else "")
    width = WIDTHS.get(color, 2.0) if width is None else width
    return {"label": label, "color": color, "dash": pattern, "faint": bool(faint), "width": float(width)}


def _color(mark: str, color: str) -> str:
    if color not in COLOR_NAMES:
        raise ValueError(f"{mark}: color {color!r} is not one of {', '.join(COLOR_NAMES)}")
    return color

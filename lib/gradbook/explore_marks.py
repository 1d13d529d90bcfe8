"""Marks of series, one function each: line path points area bars rule arrow text.

A mistake in a declaration raises at the line that made it.
"""

from __future__ import annotations

from .explore_mark import SHAPE_OF, SHAPES, Mark, Need, color_of, format_of, numbers_of, sets_of, stroke_of

ANCHORS = ("start", "middle", "end")


def line(x, y, label=None, color="forward", dash=None, faint=False, width=None) -> Mark:
    """A line through (x, y), with gaps at NaN and its label at its end.

    x, y: a key of compute's result, or numbers. dash: True, False, or None for the colour's own (solid for
    forward, dashed for gradient). width: px, or None for the colour's own (thick for varied, thin for wrong).
    """
    return Mark("line", numbers_of("line", x=x, y=y), **stroke_of("line", label, color, dash, faint, width))


def path(x, y, label=None, color="forward", dash=None, faint=False, width=None, head=True) -> Mark:
    """A curve in the plane, a trajectory say, through (x, y) in their order. head: mark its last point."""
    stroke = stroke_of("path", label, color, dash, faint, width)
    return Mark(
        "path", numbers_of("path", x=x, y=y), **stroke, shape=SHAPE_OF.get(color, "circle"), head=bool(head)
    )


def points(x, y, label=None, color="forward", shape=None, size=4, sets=None) -> Mark:
    """Markers at (x, y). shape: one of SHAPES, None for the colour's own; size: px.

    sets: the name of a control with one value for each point; pointing at a point moves it there.
    """
    color = color_of("points", color)
    shape = SHAPE_OF.get(color, "circle") if shape is None else shape
    if shape not in SHAPES:
        raise ValueError(f"points: shape {shape!r} is not one of {', '.join(SHAPES)}")
    needs = numbers_of("points", x=x, y=y)
    return Mark(
        "points", needs, label=label, color=color, shape=shape, size=float(size), **sets_of("points", sets)
    )


def area(x, y0, y1, label=None, color="forward") -> Mark:
    """The region between y0 and y1 along x."""
    return Mark("area", numbers_of("area", x=x, y0=y0, y1=y1), label=label, color=color_of("area", color))


def bars(x, height, label=None, color="forward", base=0, width=0.8, sets=None) -> Mark:
    """Upright bars at x, from base to height. width: in units of x.

    sets: the name of a control with one value for each bar; pointing at a bar moves it there.
    """
    if not (isinstance(width, (int, float)) and width > 0):
        raise ValueError(f"bars: width {width!r} is not a number above zero")
    needs = numbers_of("bars", x=x, y0=base, y1=height)
    return Mark(
        "bars", needs, label=label, color=color_of("bars", color), width=float(width), **sets_of("bars", sets)
    )


def rule(x=None, y=None, label=None, color="soft") -> Mark:
    """A straight line across the figure at x or at y (a key, a number or a list of numbers)."""
    if (x is None) == (y is None):
        raise ValueError(f"rule: exactly one of x and y is needed, got x={x!r}, y={y!r}")
    at = numbers_of("rule", x=x) if y is None else numbers_of("rule", y=y)
    return Mark("rule", at, label=label, color=color_of("rule", color))


def arrow(x, y, dx, dy, label=None, color="gradient", dash=None, faint=False, width=None) -> Mark:
    """Arrows from (x, y) to (x + dx, y + dy), in units of the axes; the label stands at the first tip."""
    needs = [*numbers_of("arrow", x=x, y=y), *numbers_of("arrow", dx=dx, dy=dy)]
    return Mark("arrow", needs, **stroke_of("arrow", label, color, dash, faint, width))


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
        else Need("text", "told", text, "", format_of("text", format))
    )
    return Mark("text", [*numbers_of("text", x=x, y=y), words], color=color_of("text", color), anchor=anchor,
                size=float(size), dx=float(dx), dy=float(dy))  # fmt: skip

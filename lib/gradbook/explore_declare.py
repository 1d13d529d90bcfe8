"""Axes, readouts and views: what surrounds the marks of an explorable.

Every function here returns a plain dict, ready for JSON. Nothing is drawn and nothing is computed. A mistake
in a declaration raises at the line that made it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .explore_mark import Mark


def axis(label: str, domain: Sequence, scale: str = "linear", hidden: bool = False) -> dict[str, Any]:
    """An axis with a declared domain: it does not move while the reader compares. scale: linear or log.

    domain: (from, to), also falling; or a list of names, which stand at 0, 1, 2 … (on y from the top down).
    """
    if scale not in ("linear", "log"):
        raise ValueError(f"axis {label!r}: scale {scale!r} is neither 'linear' nor 'log'")
    names = None
    if isinstance(domain, (list, tuple)) and domain and all(isinstance(name, str) for name in domain):
        if scale == "log":
            raise ValueError(f"axis {label!r}: names stand on a linear scale, not on a log one")
        names, domain = list(domain), (-0.5, len(domain) - 0.5)
    try:
        low, high = (float(v) for v in domain)
    except (TypeError, ValueError):
        raise ValueError(f"axis {label!r}: domain {domain!r} is not a pair of numbers") from None
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise ValueError(f"axis {label!r}: domain {domain!r} needs two different finite ends")
    if scale == "log" and min(low, high) <= 0:
        raise ValueError(f"axis {label!r}: a log scale needs a domain above zero, not {domain!r}")
    more = {} if names is None else {"names": names}
    return {"label": label, "domain": [low, high], "scale": scale, "hidden": bool(hidden), **more}


def readout(label: str, key: str, format: str = ".3g", unit: str = "") -> dict[str, Any]:
    """A number of compute's result, written beside the figure. It is formatted in Python, hence exact."""
    return {"label": label, "key": key, "format": format, "unit": unit}


def view(x=None, y=None, marks=(), height=320, readout=(), title="", equal=False) -> dict[str, Any]:
    """The picture: two axes, marks in drawing order, readouts. height: px, the same at every width.

    A graph needs no axes. equal: a unit is as long on x as on y. title: above the picture, useful where
    several views stand side by side: explore(…, view=[view(…), view(…)]).
    """
    marks, readouts = list(marks), list(readout)
    if not marks:
        raise ValueError("view: needs at least one mark")
    if not all(isinstance(mark, Mark) for mark in marks):
        wrong = next(mark for mark in marks if not isinstance(mark, Mark))
        raise ValueError(f"view: {wrong!r} is no mark; line(…), points(…) … make one")
    if not 80 <= height <= 1200:
        raise ValueError(f"view: height {height!r} is not between 80 and 1200 px")
    graphs = [mark for mark in marks if mark["mark"] == "graph"]
    if graphs and x is None and y is None:
        x, y = (_around([node[i] for mark in graphs for node in mark["nodes"]]) for i in (0, 1))
    for role, value, maker in (("x", x, "domain"), ("y", y, "domain")):
        if not isinstance(value, dict) or maker not in value:
            raise ValueError(f"view: {role} is {value!r}, axis(…) is needed")
    if "names" in y and y["domain"][0] < y["domain"][1]:
        y = {**y, "domain": y["domain"][::-1]}  # a list is read from the top down
    for mark in marks:
        if mark["mark"] in ("cells", "image", "graph") and "log" in (x["scale"], y["scale"]):
            raise ValueError(f"view: a {mark['mark']} mark needs linear axes")
    _told_apart(marks)
    more = {**({"title": title} if title else {}), **({"equal": True} if equal else {})}
    return {"x": x, "y": y, "height": int(height), "marks": marks, "readout": readouts, **more}


def _around(places: list[float]) -> dict[str, Any]:
    """A hidden axis with room for boxes at these places."""
    return axis("", [min(places) - 0.6, max(places) + 0.6], hidden=True)


def _told_apart(marks: list[Mark]) -> None:
    """Refuse two unlabelled marks that differ in colour only."""
    seen: dict[tuple, str] = {}
    for mark in marks:
        if mark["mark"] not in ("line", "path", "points", "area", "bars", "arrow") or mark["label"]:
            continue
        cue = (mark["mark"], mark.get("dash"), mark.get("shape"), mark.get("faint"), mark.get("width"))
        other = seen.setdefault(cue, mark["color"])
        if other != mark["color"]:
            raise ValueError(
                f"view: two {mark['mark']} marks, {other} and {mark['color']}, differ in colour only; "
                "give one a label, a dash, a shape or a width of its own"
            )

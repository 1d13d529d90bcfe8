"""explore(compute, controls, view): a figure with sliders, in a page and in a live notebook.

    fig = explore(compute, controls={"beta": Control(1 - np.geomspace(.5, .001, 31), "β", start=.9)},
                  view=view(x=axis("step", [0, 120]), y=axis("value", [-1, 2]), marks=[line("t", "average")]),
                  alt="A noisy series and its moving average", look_for="Push β to 0.99.")

In a notebook with a kernel, fig is an ipywidgets.DOMWidget with one trait for each control. compute runs in
the kernel, with the exact value: `fig.beta = .99` redraws, and `ipywidgets.link((slider, "value"),
(fig, "beta"))` ties it to any other widget. While a book is built (environment variable GRADBOOK_STATIC)
nothing is opened; the figure carries what compute returned at every listed value, and works without a kernel.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .explore_controls import CONTROLS, Choice, Control, Play, Toggle
from .explore_data import Drawing
from .explore_declare import axis, readout, view
from .explore_marks import area, arrow, bars, line, path, points, rule, text
from .explore_matrices import cells, contour, graph, image
from .explore_page import is_static
from .explore_widget import Explorable

__all__ = [
    "Choice",
    "Control",
    "Explorable",
    "Play",
    "Toggle",
    "area",
    "arrow",
    "axis",
    "bars",
    "cells",
    "contour",
    "explore",
    "graph",
    "image",
    "is_static",
    "line",
    "path",
    "points",
    "readout",
    "rule",
    "text",
    "view",
]


def explore(
    compute: Callable[..., Mapping[str, Any]],
    controls: Mapping[str, Control | Choice | Toggle],
    view: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    alt: str,
    look_for: str = "",
) -> Explorable:
    """A figure that shows compute(**controls) and changes with its controls.

    compute: takes one keyword for each control; returns a dict of arrays, numbers and texts, by key. view:
    what gradbook.explore.view(…) returns, or a list of these, which stand side by side (one below the other
    on a phone) and share the controls. alt: what the figure shows, for those who do not see it. look_for: one
    sentence on what to try and what to see. Raises ValueError or TypeError for what cannot work.
    """
    if not callable(compute):
        raise TypeError(f"explore: compute is {compute!r}, a function is needed")
    if not isinstance(controls, Mapping) or not controls:
        raise TypeError(f"explore: controls is {controls!r}, a dict of name: {_ONE_OF} is needed")
    for name, control in controls.items():
        _check_control(name, control)
    views = [view] if isinstance(view, Mapping) else list(view) if isinstance(view, (list, tuple)) else []
    if not views or not all(isinstance(one, Mapping) and "marks" in one for one in views):
        raise TypeError(f"explore: view is {view!r}, what gradbook.explore.view(…) returns is needed")
    if not alt.strip():
        raise ValueError("explore: alt is empty; say what the figure shows, for those who do not see it")
    try:
        inspect.signature(compute).bind(**dict.fromkeys(controls))
    except TypeError as error:
        names = ", ".join(controls)
        raise TypeError(f"explore: compute does not take the controls {names} as keywords: {error}") from None
    return Explorable(compute, dict(controls), Drawing(views, alt, controls), look_for)


_ONE_OF = "Control(…), Choice(…), Toggle(…) or Play(…)"


def _check_control(name: Any, control: Any) -> None:
    """Raise unless name can be a trait of a widget and control is a control."""
    if not isinstance(control, CONTROLS):
        raise TypeError(f"explore: the control {name!r} is {control!r}, {_ONE_OF} is needed")
    plain = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
    if not plain or name.startswith("_"):
        raise ValueError(f"explore: {name!r} cannot name a control, a plain Python name is needed")
    if hasattr(Explorable, name):
        raise ValueError(f"explore: every widget has an attribute {name!r}, give the control another name")

"""explore(compute, controls, view): a figure with sliders, in a page and in a live notebook.

    fig = explore(compute, controls={"beta": Control(1 - np.geomspace(.5, .001, 31), "β", start=.9)},
                  view=view(x=axis("step", [0, 120]), y=axis("value", [-1, 2]), marks=[line("t", "average")]),
                  alt="A noisy series and its moving average", look_for="Push β to 0.99.")

In a notebook with a kernel, fig is an ipywidgets.DOMWidget with one trait for each control: compute runs in the kernel
with the exact value, `fig.beta = .99` redraws, `ipywidgets.link((slider, "value"), (fig, "beta"))` ties it to any
other widget. While a book is built (environment variable GRADBOOK_STATIC) no widget is opened; the figure carries
what compute returned at every listed value, and works without a kernel.
"""

from __future__ import annotations

import inspect
import json
import keyword
import math
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from . import explore_frames as frames
from . import explore_page as page
from .explore_declare import Control, Toggle, area, axis, line, points, readout, rule, text, view
from .explore_page import is_static

__all__ = [
    "Control", "Explorable", "Toggle", "area", "axis", "explore", "is_static", "line", "points", "readout", "rule",
    "text", "view",
]  # fmt: skip


def explore(
    compute: Callable[..., Mapping[str, Any]],
    controls: Mapping[str, Control | Toggle],
    view: Mapping[str, Any],
    alt: str,
    look_for: str = "",
) -> Explorable:
    """A figure that shows compute(**controls) and changes with its controls.

    compute: takes one keyword for each control and returns a dict of 1-D arrays, numbers and lists of strings.
    view: see gradbook.explore_declare.view. alt: what the figure shows, for those who do not see it.
    look_for: one sentence on what to try and see. Raises ValueError or TypeError for a wrong declaration.
    """
    if not callable(compute):
        raise TypeError(f"explore: compute is {compute!r}, a function is needed")
    if not controls or not all(isinstance(c, (Control, Toggle)) for c in controls.values()):
        raise TypeError(f"explore: controls is {controls!r}; a dict of name: Control(…) or Toggle(…) is needed")
    for name in controls:
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            raise ValueError(f"explore: {name!r} cannot name a control, a plain Python name is needed")
        if hasattr(Explorable, name):
            raise ValueError(f"explore: a widget already has an attribute {name!r}, choose another name")
    if not isinstance(view, Mapping) or "marks" not in view:
        raise TypeError(f"explore: view is {view!r}; what gradbook.explore.view(…) returns is needed")
    if not alt.strip():
        raise ValueError("explore: alt is empty; say what the figure shows, for those who do not see it")
    start = {name: control.values[control.start_index] for name, control in controls.items()}
    try:
        inspect.signature(compute).bind(**start)
    except TypeError as error:
        raise TypeError(f"explore: compute does not take the controls {', '.join(start)}: {error}") from None
    return Explorable(compute, dict(controls), dict(view), alt, look_for, start)


class Explorable(anywidget.AnyWidget):
    """The widget that explore() returns. Its public traits are the controls."""

    _esm = page.module_script()
    _css = page.stylesheet()
    _spec = traitlets.Dict().tag(sync=True)
    _frame = traitlets.Dict().tag(sync=True)
    _html = traitlets.Unicode().tag(sync=True)

    def __init__(self, compute, controls, view, alt, look_for, start) -> None:
        self._compute, self._controls, self._look_for = compute, controls, look_for
        self._page_spec = {"view": view, "alt": alt}
        # A class of its own for each figure, as the traits are the figure's.
        self.add_traits(**{name: _trait(name, control) for name, control in controls.items()})
        positions = tuple(control.start_index for control in controls.values())
        listed = [
            {"name": name, "kind": control.kind, **({"grid": control.values} if control.kind == "range" else {})}
            for name, control in controls.items()
        ]
        super().__init__(
            **start,
            _spec={**self._page_spec, "controls": listed},
            _frame=self._run(start),
            _html=page.figure(self._page_spec, controls, positions, [""] * len(view["readout"]), look_for, plot=""),
        )
        self.observe(self._redraw, names=list(controls))

    # ---- the kernel's side of a live figure

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._controls}

    def _redraw(self, change: Mapping[str, Any]) -> None:
        self._frame = self._run(self._values())

    def _run(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the front end shows at these values; an exception of compute becomes a message in the figure."""
        shown = {
            "data": {},
            "controls": {name: control.text(values[name]) for name, control in self._controls.items()},
            "readouts": ["–"] * len(self._page_spec["view"]["readout"]),
            "error": "",
        }
        try:
            result = self._compute(**values)
            data = frames.check(result, self._page_spec["view"])
            shown["readouts"] = frames.readouts(result, self._page_spec["view"])
        except Exception as error:
            if is_static():
                error.add_note(f"explore: at {values}")
                raise
            shown["error"] = _told(error)
            return shown
        shown["data"] = {
            key: value if isinstance(value, list) else np.ascontiguousarray(value, dtype="<f8").tobytes()
            for key, value in data.items()
        }
        return shown

    # ---- the static figure

    def _static_html(self) -> str:
        """The figure with the frames of every listed value, at the listed start."""
        view = self._page_spec["view"]
        head, packed = frames.encode(frames.table(self._compute, self._controls, view), view)
        frames.refuse_heavy(head, packed)
        positions = tuple(control.start_index for control in self._controls.values())
        data = frames.decode(head, packed, positions)
        texts = [data.pop(f"@{i}")[0] for i in range(len(view["readout"]))]
        listed = [
            {"name": n, "kind": c.kind, "texts": [c.text(v) for v in c.values]} for n, c in self._controls.items()
        ]
        spec = json.dumps(
            {**self._page_spec, "controls": listed, "frames": head}, separators=(",", ":"), ensure_ascii=False
        ).replace("</", "<\\/")
        scripts = (
            f'<script type="application/json">{spec}</script>'
            f'<script type="application/octet-stream">{packed}</script>'
        )
        plot = page._picture(self._page_spec, data)
        return page.figure(
            self._page_spec, self._controls, positions, texts, self._look_for, plot=plot, scripts=scripts
        )

    def _fallback_html(self) -> str:
        """The figure as it is now, without controls: for places that do not run widgets."""
        view = self._page_spec["view"]
        try:
            result = self._compute(**self._values())
            plot = page._picture(self._page_spec, frames.check(result, view))
            texts = frames.readouts(result, view)
        except Exception as error:
            plot, texts = f"<p>{page.escape(_told(error))}</p>", []
        return page.figure(self._page_spec, {}, (), texts, self._look_for, plot=plot)

    # ---- what Jupyter asks of a widget

    def open(self) -> None:
        """Open the channel to the front end, unless a book is being built."""
        if not is_static():
            super().open()

    def __repr__(self) -> str:
        return f"Explorable({', '.join(c.label or n for n, c in self._controls.items())}): {self._page_spec['alt']}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        if is_static() or self.comm is None:
            return {"text/plain": repr(self), "text/html": self._static_html()}
        widget = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            "text/plain": repr(self),
            "text/html": self._fallback_html(),
            "application/vnd.jupyter.widget-view+json": widget,
        }

    def __setattr__(self, name: str, value: Any) -> None:
        # Python would silently make a new attribute of a misspelt control.
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(f"explore: there is no control {name!r}; the controls are {', '.join(self._controls)}")
        super().__setattr__(name, value)


class _Number(traitlets.TraitType):
    """A control's value: a number on the slider's scale, between its ends."""

    def __init__(self, name: str, control: Control) -> None:
        self.info_text = f"a number between {min(control.values)!r} and {max(control.values)!r}"
        self._told, self._control = f"explore: {name}", control
        super().__init__(control.values[control.start_index])

    def validate(self, obj: Any, value: Any) -> float | int:
        values, wants = self._control.values, self.info_text
        if isinstance(value, (bool, str)) or np.ndim(value) != 0:
            raise traitlets.TraitError(f"{self._told} = {value!r} is not {wants}")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise traitlets.TraitError(f"{self._told} = {value!r} is not {wants}") from None
        if not math.isfinite(number) or not min(values) <= number <= max(values):
            raise traitlets.TraitError(f"{self._told} = {value!r} is outside the slider: {wants} is needed")
        if self._control.integer and number != round(number):
            raise traitlets.TraitError(f"{self._told} = {value!r} is not a whole number")
        return int(number) if self._control.integer else number


class _Truth(traitlets.TraitType):
    """A toggle's value."""

    info_text = "True or False"

    def __init__(self, name: str, control: Toggle) -> None:
        self._told = f"explore: {name}"
        super().__init__(control.values[control.start_index])

    def validate(self, obj: Any, value: Any) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            raise traitlets.TraitError(f"{self._told} = {value!r} is neither True nor False")
        return bool(value)


def _trait(name: str, control: Control | Toggle) -> traitlets.TraitType:
    kind = _Truth if control.kind == "toggle" else _Number
    return kind(name, control).tag(sync=True)


def _told(error: Exception) -> str:
    """An exception in one line: its type, its message, and where in compute it arose."""
    place = traceback.extract_tb(error.__traceback__)
    inner = [entry for entry in place if entry.name not in ("_run", "_fallback_html")]
    where = f" (in {inner[-1].name}, line {inner[-1].lineno})" if inner else ""
    return f"{type(error).__name__}: {error}{where}"

"""Explorable: the widget behind explore(), its traits, and what it hands to Jupyter.

Live, it is an anywidget: the front end sets a control's trait, compute runs here, and the private trait
_frame carries the result back. Static, it opens no channel and gives text/html with every frame.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import anywidget
import numpy as np
import traitlets

from . import explore_frames as frames
from . import explore_page as page
from . import explore_script as script
from .explore_controls import Choice, Control, Toggle
from .explore_data import Drawing, Values, check, readouts


class Explorable(anywidget.AnyWidget):
    """A figure with controls; its public traits are the controls. Made by gradbook.explore.explore."""

    _esm = script.module_script()
    _css = script.stylesheet()
    _spec = traitlets.Dict().tag(sync=True)
    _frame = traitlets.Dict().tag(sync=True)
    _html = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        compute: Callable[..., Mapping[str, Any]],
        controls: dict[str, Control | Choice | Toggle],
        drawing: Drawing,
        look_for: str,
    ) -> None:
        self._compute, self._controls, self._look_for = compute, controls, look_for
        self._drawing = drawing
        self._start = tuple(control.start_index for control in controls.values())
        start = {name: control.values[control.start_index] for name, control in controls.items()}
        self.add_traits(**{name: _trait(name, control) for name, control in controls.items()})
        super().__init__(
            **start,
            _spec={
                **drawing,
                "controls": [_live(name, control) for name, control in controls.items()],
                "constants": {key: _wire(value) for key, value in drawing.constants.items()},
            },
            _frame=self._first_frame(start),
            _html=self._figure([""] * len(drawing["readout"]), plot=""),
        )
        self.observe(self._redraw, names=list(controls))

    # ---- the kernel's side of a live figure

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._controls}

    def _redraw(self, change: Mapping[str, Any]) -> None:
        values = self._values()
        try:
            self._frame = self._shown(values, self._compute(**values))
        except Exception as error:
            self._frame = self._failed(values, error)

    def _first_frame(self, start: Mapping[str, Any]) -> dict[str, Any]:
        """As _redraw; but a declaration that does not suit compute's result raises at once, and so does any
        exception while a book is built."""
        try:
            result = self._compute(**start)
        except Exception as error:
            if page.is_static():
                raise
            return self._failed(start, error)
        return self._shown(start, result)

    def _shown(self, values: Mapping[str, Any], result: Any) -> dict[str, Any]:
        """What the front end needs to show compute's result."""
        data = check(result, self._drawing, values)
        return {
            "data": {key: _wire(value) for key, value in data.items()},
            "controls": self._control_texts(values),
            "readouts": readouts(result, self._drawing),
            "error": "",
        }

    def _failed(self, values: Mapping[str, Any], error: Exception) -> dict[str, Any]:
        """What the front end needs to show that compute failed."""
        return {
            "data": {},
            "controls": self._control_texts(values),
            "readouts": ["–"] * len(self._drawing["readout"]),
            "error": _message(error),
        }

    def _control_texts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {name: control.text(values[name]) for name, control in self._controls.items()}

    # ---- HTML

    def _figure(self, readouts: list[str], **parts: str) -> str:
        return page.figure(self._drawing, self._controls, self._start, readouts, self._look_for, **parts)

    def _static_html(self) -> str:
        """The figure at its listed start, with the frames of every listed value."""
        drawing = self._drawing
        head, packed = frames.encode(frames.table(self._compute, self._controls, drawing), drawing)
        frames.refuse_heavy(head, packed)
        # The picture shows the decoded frame: exactly what the page's script will draw in its place.
        data = frames.decode(head, packed, self._start)
        told = [data.pop(f"@{i}")[0] for i in range(len(drawing["readout"]))]
        listed = [
            {**_listed(name, control), "texts": [control.text(value) for value in control.values]}
            for name, control in self._controls.items()
        ]
        spec = {**drawing, "controls": listed, "frames": head}
        return self._figure(told, plot=page.picture(drawing, data), scripts=page.payload(spec, packed))

    def _fallback_html(self) -> str:
        """The figure as it is now, without controls: for places that do not run widgets."""
        drawing, values = self._drawing, self._values()
        try:
            result = self._compute(**values)
            plot = page.picture(drawing, {**drawing.constants, **check(result, drawing, values)})
            told = readouts(result, drawing)
        except Exception as error:
            plot, told = f"<p>{escape(_message(error))}</p>", []
        return page.figure(drawing, {}, (), told, self._look_for, plot=plot)

    # ---- what Jupyter asks of a widget

    def open(self) -> None:
        """Open the channel to the front end, unless a book is being built."""
        if not page.is_static():
            super().open()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        if page.is_static() or self.comm is None:
            return {"text/plain": repr(self), "text/html": self._static_html()}
        widget = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            "text/plain": repr(self),
            "text/html": self._fallback_html(),
            "application/vnd.jupyter.widget-view+json": widget,
        }

    def __repr__(self) -> str:
        labels = ", ".join(control.label or name for name, control in self._controls.items())
        return f"Explorable({labels}): {self._drawing['alt']}"

    def __setattr__(self, name: str, value: Any) -> None:
        # Python would silently make a new attribute of a misspelt control.
        if not name.startswith("_") and not hasattr(type(self), name):
            names = ", ".join(self._controls)
            raise AttributeError(f"explore: there is no control {name!r}, the controls are {names}")
        super().__setattr__(name, value)


class _Number(traitlets.TraitType):
    """A slider's value: a number between the ends of its scale."""

    def __init__(self, name: str, control: Control) -> None:
        self._name, self._control = name, control
        low, high = min(control.values), max(control.values)
        self.info_text = f"a {'whole ' if control.integer else ''}number between {low!r} and {high!r}"
        super().__init__(control.values[control.start_index])

    def validate(self, obj: Any, value: Any) -> float | int:
        try:
            number = math.nan if isinstance(value, (bool, np.bool_, str)) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        inside = min(self._control.values) <= number <= max(self._control.values)  # False for NaN
        if not inside or (self._control.integer and number != round(number)):
            raise traitlets.TraitError(f"explore: {self._name} = {value!r} is not {self.info_text}")
        return int(number) if self._control.integer else number


class _Truth(traitlets.TraitType):
    """A toggle's value."""

    info_text = "True or False"

    def __init__(self, name: str, control: Toggle) -> None:
        self._name = name
        super().__init__(control.values[control.start_index])

    def validate(self, obj: Any, value: Any) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            raise traitlets.TraitError(f"explore: {self._name} = {value!r} is neither True nor False")
        return bool(value)


class _Option(traitlets.TraitType):
    """A choice's value: one of its options. The front end knows it by its position."""

    def __init__(self, name: str, control: Choice) -> None:
        self._name, self._control = name, control
        self.info_text = f"one of {', '.join(control.names)}"
        super().__init__(control.values[control.start_index])

    def validate(self, obj: Any, value: Any) -> Any:
        try:
            return self._control.values[self._control.nearest(value)]
        except ValueError:
            raise traitlets.TraitError(f"explore: {self._name} = {value!r} is not {self.info_text}") from None


def _trait(name: str, control: Control | Choice | Toggle) -> traitlets.TraitType:
    if control.kind == "choice":
        position = {
            "to_json": lambda value, widget: control.nearest(value),
            "from_json": lambda position, widget: control.values[position],
        }
        return _Option(name, control).tag(sync=True, **position)
    return (_Truth if control.kind == "toggle" else _Number)(name, control).tag(sync=True)


def _listed(name: str, control: Control | Choice | Toggle) -> dict[str, Any]:
    """A control as the script needs it."""
    plays = {"seconds": control.seconds} if getattr(control, "seconds", None) else {}
    return {"name": name, "kind": control.kind, **plays}


def _live(name: str, control: Control | Choice | Toggle) -> dict[str, Any]:
    """In a live notebook: with the slider's scale, and finer steps for real numbers."""
    if control.kind != "range":
        return _listed(name, control)
    return {**_listed(name, control), "grid": control.values, "step": 1 if control.integer else 0.1}


def _wire(values: Values) -> list[str] | bytes:
    return values if isinstance(values, list) else np.ascontiguousarray(values, dtype="<f8").tobytes()


def _message(error: Exception) -> str:
    """An exception in one line: its type, its words, and the line of compute's file where it arose."""
    own = (__file__, check.__code__.co_filename)
    inner = [entry for entry in traceback.extract_tb(error.__traceback__) if entry.filename not in own]
    where = f" (line {inner[-1].lineno}, in {inner[-1].name})" if inner else ""
    return f"{type(error).__name__}: {error}{where}"

"""From compute's result to what the script draws: which values each mark needs, and whether they suit.

`Drawing` joins the declared views; `check` turns one result of compute into arrays of numbers and lists of
texts, one for each key of the drawing, and says in words what does not suit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .explore_contour import contours
from .explore_controls import Control, number
from .explore_mark import Mark, Need

WIDTH = 600  # px: the text column, for which the picture is drawn
BETWEEN = 24  # px between two views
INLINE = 12  # numbers; longer constants are packed like frames

Values = np.ndarray | list[str]


class Place(NamedTuple):
    """A need, under which key the script finds its values, and where they are drawn."""

    key: str
    need: Need
    view: Mapping[str, Any]

    @property
    def axis(self) -> Mapping[str, Any] | None:
        """The axis along which the values lie, None for values that lie on none."""
        return self.view[self.need.along] if self.need.along else None


class Drawing(dict):
    """What the script draws: {views, readout, alt}.

    groups: for each mark, in order, the places of its fields. constants: values that no control changes, by
    key. sets: the controls that pointing at a mark moves.
    """

    def __init__(
        self, views: Mapping | Sequence[Mapping], alt: str = "", controls: Mapping[str, Any] | None = None
    ) -> None:
        self.controls = dict(controls or {})
        self.groups: list[tuple[Mark, dict[str, Place]]] = []
        self.constants: dict[str, Values] = {}
        self.sets: set[str] = set()
        panels = [views] if isinstance(views, Mapping) else list(views)
        readout = [entry for panel in panels for entry in panel["readout"]]
        shown = [{name: part for name, part in panel.items() if name != "readout"} for panel in panels]
        for panel in shown:
            panel["marks"] = [self._fields(mark, panel) for mark in panel["marks"]]
        super().__init__(views=shown, readout=readout, alt=alt)

    @property
    def places(self) -> Iterator[Place]:
        """The places of all marks."""
        return (place for _, places in self.groups for place in places.values())

    @property
    def heights(self) -> tuple[int, int]:
        """px: of the views side by side, and below one another."""
        all_heights = [panel["height"] for panel in self["views"]]
        return max(all_heights), sum(all_heights) + BETWEEN * (len(all_heights) - 1)

    def _fields(self, mark: Mark, view: Mapping[str, Any]) -> dict[str, Any]:
        """The mark as the script reads it: each field is a key, or a few numbers."""
        fields, places = dict(mark), {}
        for need in mark.needs:
            constant = not isinstance(need.source, str)
            if constant and need.kind in ("number", "words") and np.size(need.source) <= INLINE:
                continue
            place = Place(self._key(need), need, view)
            if constant:
                self.constants.update(_values(place, need.source))
            fields[need.field], places[need.field] = place.key, place
        self.groups.append((mark, places))
        for name in _names(mark):
            if not isinstance(self.controls.get(name), Control):
                sliders = ", ".join(n for n, c in self.controls.items() if isinstance(c, Control))
                raise ValueError(
                    f"explore: a {mark['mark']} mark sets {name!r}; the sliders are {sliders or 'none'}"
                )
            self.sets.add(name)
        return fields

    def _key(self, need: Need) -> str:
        """compute's own key for plain values; with a suffix for what is derived of them."""
        key = need.source if isinstance(need.source, str) else f"={len(self.constants)}"
        if need.kind == "told":
            return f"{key}:{need.option}"
        if need.kind == "pixels":
            return f"{key}:{need.option[0]:g}…{need.option[1]:g}"
        if need.kind == "contour":
            return f"{key}:{len(self.groups)}"
        return key


def _names(mark: Mark) -> list[str]:
    """The controls that pointing at the mark moves."""
    sets = mark.get("sets", [])
    return [name for name in ([sets] if isinstance(sets, str) else sets) if name is not None]


def check(result: Any, drawing: Drawing, settings: Mapping[str, Any] | None = None) -> dict[str, Values]:
    """The drawn part of compute's result: 1-D arrays (infinite becomes NaN) and lists of strings.

    A matrix "z" comes row by row, with its shape as "z#"; the position of a control that marks set as
    ">name". Raises ValueError that names the key when compute did not return what the marks need.
    """
    if not isinstance(result, Mapping):
        raise ValueError(f"explore: compute returned {type(result).__name__}, a dict is needed")
    asked = [place for place in drawing.places if isinstance(place.need.source, str)]
    wanted = dict.fromkeys([*(place.need.source for place in asked), *(r["key"] for r in drawing["readout"])])
    missing = [key for key in wanted if key not in result]
    if missing:
        raise ValueError(f"explore: compute's result lacks {', '.join(missing)}; it has {', '.join(result)}")
    data: dict[str, Values] = {}
    for place in asked:
        data.update(_values(place, result[place.need.source]))
    for mark, places in drawing.groups:
        _check_lengths(mark, places, {**drawing.constants, **data}, drawing.controls)
    for name in sorted(drawing.sets) if settings else ():
        data[f">{name}"] = np.array([drawing.controls[name].nearest(settings[name])])
    return data


def _values(place: Place, value: Any) -> dict[str, Values]:
    """The values of one place, in the form in which the script wants them."""
    key, need = place.key, place.need
    if need.kind == "words":
        value = np.ravel(np.array(value, object)).tolist()
        if not all(isinstance(word, str) for word in value):
            raise ValueError(
                f"explore: {key!r} is used as text, so compute must return strings for it (or give the mark "
                "a format)"
            )
        return {key: value}
    if need.kind == "told":
        return {key: [_told(entry, need.option, need.source) for entry in np.ravel(np.array(value, object))]}
    array = np.asarray(value)
    if need.kind == "number":
        array = np.atleast_1d(
            np.array([np.nan if v is None else v for v in value]) if isinstance(value, list) else array
        )
        if array.dtype.kind not in "biuf" or array.ndim != 1:
            raise ValueError(
                f"explore: {key!r} is {array.dtype} of shape {array.shape}; a number or a 1-D array is needed"
            )
        return {key: _plain(array)}
    deep = need.kind == "pixels" and array.ndim == 3 and array.shape[2] == 3
    if array.dtype.kind not in "biuf" or not (array.ndim == 2 or deep) or not array.size:
        more = " or (rows, columns, 3)" if need.kind == "pixels" else ""
        raise ValueError(
            f"explore: {need.source!r} is {array.dtype} of shape {array.shape}; (rows, columns){more} needed"
        )
    if need.kind == "contour":
        x, y, levels, fill = need.option
        if array.shape != (len(y), len(x)):
            raise ValueError(
                f"explore: {need.source!r} has shape {array.shape}, the coordinates make it "
                f"({len(y)}, {len(x)})"
            )
        return contours(key, array.astype(float), x, y, levels, fill, place.view)
    if need.kind == "pixels":
        low, high = need.option
        share = np.clip((np.nan_to_num(array.astype(float), nan=low) - low) / (high - low), 0, 1)
        array = np.round(255 * share).astype(np.int64)
    return {key: _plain(array.ravel()), f"{key}#": np.array(array.shape)}


def _plain(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        return array.astype(np.int64)
    return np.where(np.isfinite(array), array, np.nan).astype(float)


def _told(value: Any, spec: str, key: Any) -> str:
    """A number as the reader sees it; texts as they are, NaN and None as nothing."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    try:
        return re.sub(r"^−(?=[0.]*$)", "", number(value, spec))  # −0.0 says nothing that 0.0 does not
    except (TypeError, ValueError):
        raise ValueError(f"explore: {key!r} holds {value!r}, which format {spec!r} does not suit") from None


def _check_lengths(mark: Mark, places: Mapping[str, Place], data: Mapping, controls: Mapping) -> None:
    """Series of a mark are equally long, a graph has a value for each edge, a control one for each cell."""
    kind = mark["mark"]
    lengths = {need.field: len(data[places[need.field].key]) if need.field in places else np.size(need.source)
               for need in mark.needs if need.kind in ("number", "words", "told")}  # fmt: skip
    if kind == "graph":
        lengths.pop("active", None)
        wrong = [f"{field} has {n}" for field, n in lengths.items() if n != len(mark["edges"])]
        if wrong:
            raise ValueError(f"explore: a graph of {len(mark['edges'])} edges, but {', '.join(wrong)}")
        return
    if kind == "cells":
        rows, columns = (int(n) for n in data[places["z"].key + "#"])
        sets = mark.get("sets")
        counts = [rows * columns] if isinstance(sets, str) else [rows, columns]
        for name, count in zip([sets] if isinstance(sets, str) else sets or (), counts):
            if name is not None and len(controls[name].values) != count:
                raise ValueError(
                    f"explore: cells of shape ({rows}, {columns}) set {name!r}, which has "
                    f"{len(controls[name].values)} values; {count} are needed"
                )
        return
    if len({n for n in lengths.values() if n != 1}) > 1:
        told = ", ".join(f"{role} has {n}" for role, n in lengths.items())
        raise ValueError(f"explore: a {kind} mark has series of unequal length: {told}")
    for name in _names(mark):
        if len(controls[name].values) != max(lengths.values()):
            raise ValueError(
                f"explore: {max(lengths.values())} {kind} set {name!r}, which has "
                f"{len(controls[name].values)} values"
            )


def readouts(result: Mapping[str, Any], drawing: Mapping[str, Any]) -> list[str]:
    """The readouts as text. Each key must hold one number, truth value or string."""
    texts = []
    for entry in drawing["readout"]:
        value = result[entry["key"]]
        if np.ndim(value) != 0:
            raise ValueError(
                f"explore: readout {entry['label']!r} needs one number, {entry['key']!r} has shape "
                f"{np.shape(value)}"
            )
        value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
        if isinstance(value, float) and math.isnan(value):
            texts.append("undefined")
            continue
        try:
            texts.append(value if isinstance(value, str) else number(value, entry["format"]))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"explore: readout {entry['label']!r}: {value!r} does not suit {entry['format']!r}: {error}"
            ) from None
    return texts

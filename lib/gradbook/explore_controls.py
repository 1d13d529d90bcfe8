"""The controls of an explorable: slider, choice, checkbox, and a slider that plays.

A control lists its values: a static page stops at these and shows what compute returned there. In a live
kernel a slider takes the values between them too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Control:
    """A slider whose scale is the list of its values.

    values: at least two finite numbers, strictly rising or falling. The static page stops at these values; a
    live kernel also takes those between. start: the first value shown (default: the middle one); the listed
    value nearest to it gives way to it, so that a figure said to start at 0.9 starts at 0.9. format: a Python
    format specification; unit: written after the number. integer: compute receives int, and start must be in
    the list. Raises ValueError for anything else.
    """

    kind = "range"
    seconds: float | None = None  # a step, when it plays

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
        name = type(self).__name__
        try:
            grid = np.array(values, dtype=float)
        except (TypeError, ValueError):
            grid = np.zeros(0)
        steps = np.diff(grid) if grid.ndim == 1 else np.zeros(1)
        if grid.ndim != 1 or grid.size < 2 or not np.isfinite(grid).all():
            raise ValueError(f"{name}: values {values!r} are not a list of at least two finite numbers")
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError(
                f"{name}: values {_short(grid)} neither rise nor fall strictly, as a slider's scale must"
            )
        # 12 digits: keeps every value a reader can set, drops the last bits, in which machines differ.
        grid = np.array([float(f"{v:.12g}") for v in grid])
        if integer and (grid != np.round(grid)).any():
            raise ValueError(f"{name}: integer=True, but values {_short(grid)} are not all whole numbers")
        self.start_index = self._default(grid.size) if start is None else self._place(grid, start, integer)
        self.values: list[Any] = [int(v) if integer else float(v) for v in grid]
        self.label, self.unit, self.integer = label, unit, integer
        self.format = format if format is not None else ("d" if integer else ".4g")
        try:
            self.text(self.values[0])
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{name}: format {self.format!r} does not suit {self.values[0]!r}: {error}"
            ) from None

    def _default(self, count: int) -> int:
        return count // 2

    def _place(self, grid: np.ndarray, start: float, integer: bool) -> int:
        """Index of the value nearest to start; that value becomes start."""
        low, high = sorted((grid[0], grid[-1]))
        name = type(self).__name__
        if not low <= start <= high:
            raise ValueError(f"{name}: start {start!r} is outside the values, {low:g} to {high:g}")
        index = int(np.argmin(np.abs(grid - start)))
        if integer and grid[index] != start:
            raise ValueError(f"{name}: start {start!r} is not one of the values {_short(grid)}")
        grid[index] = start
        return index

    def text(self, value: float) -> str:
        """The number as the reader sees it, with its unit."""
        return join_unit(number(value, self.format), self.unit)

    def nearest(self, value: float) -> int:
        """Position of the listed value that is nearest."""
        return int(np.argmin(np.abs(np.asarray(self.values, float) - value)))


class Play(Control):
    """A slider that also advances by itself: a button plays it to its end, two more go one step on or back.

    seconds: between two steps. It begins at the first value unless start says otherwise, and never moves
    before the reader asks; whoever prefers reduced motion gets at most two steps a second.
    """

    def __init__(self, values: Sequence[float], label: str | None = None, *, seconds: float = 0.1, **options):
        if not 0.02 <= seconds <= 10:
            raise ValueError(f"Play: seconds {seconds!r} a step is not between 0.02 and 10")
        super().__init__(values, label, **options)
        self.seconds = float(seconds)

    def _default(self, count: int) -> int:
        return 0


class Choice:
    """A list to choose from; compute receives the option.

    options: texts or numbers, or a dict {what the reader sees: what compute receives}. start: one of the
    values (default: the first).
    """

    kind = "choice"

    def __init__(self, options: Sequence | Mapping, label: str | None = None, *, start: Any = None) -> None:
        if isinstance(options, str):
            raise ValueError(f"Choice: options {options!r} is one text, a list of options is needed")
        pairs = dict(options) if isinstance(options, Mapping) else {str(option): option for option in options}
        if len(pairs) < 2 or (not isinstance(options, Mapping) and len(pairs) != len(list(options))):
            raise ValueError(f"Choice: options {options!r} are not at least two different ones")
        if not all(isinstance(name, str) and name.strip() for name in pairs):
            raise ValueError(f"Choice: each option needs a name that can be read, not {list(pairs)!r}")
        self.label, self.names, self.values = label, list(pairs), list(pairs.values())
        self.start_index = 0
        if start is not None:
            try:
                self.start_index = self.nearest(start)
            except ValueError:
                raise ValueError(f"Choice: start {start!r} is none of {', '.join(self.names)}") from None

    def text(self, value: Any) -> str:
        """The option's name."""
        return self.names[self.nearest(value)]

    def nearest(self, value: Any) -> int:
        """Position of the option. Raises ValueError when it is none of them."""
        for i, option in enumerate(self.values):
            if option is value or (type(option) is type(value) and bool(np.all(option == value))):
                return i
        raise ValueError(f"{value!r} is none of {', '.join(self.names)}")


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

    def nearest(self, value: bool) -> int:
        """0 for False, 1 for True."""
        return int(value)


CONTROLS = (Control, Choice, Toggle)  # Play is a Control


def number(value: float, format_spec: str) -> str:
    """The number as Python formats it, with a true minus, as on the axes."""
    return format(value, format_spec).replace("-", "−")


def join_unit(number: str, unit: str) -> str:
    """number and unit with a no-break space between them; per cent and degree signs follow directly."""
    return number + ("" if not unit or unit[0] in "%°×" else "\u00a0") + unit


def _short(grid: np.ndarray) -> str:
    return np.array2string(grid, threshold=6, precision=4, separator=", ")

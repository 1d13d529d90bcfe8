"""Numbers in the prose that a cell computed: `prose.number` in the cell, {glue:text} in the sentence.

The output has the form that myst_nb.glue uses, so the book's build finds it; myst_nb itself is not needed.
"""

import os
import re
import sys

__all__ = ["number", "text"]

PREFIX = "application/papermill.record/"
_glued: dict[str, str] = {}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Glued(str):
    """The text that was glued. As the last expression of a cell it shows nothing."""

    def _ipython_display_(self) -> None:
        pass


def number(name: str, value: float, format: str = ".3g") -> Glued:
    """Glue value under name, formatted as in format(value, format) and then set as print sets it.

    A true minus sign, a thin space before %, powers of ten: number("mass", 0.6513, ".1%") is "65.1 %", and
    number("gap", 4e-17, ".0e") is "4 × 10⁻¹⁷". Ask for four significant digits at most: further ones may
    differ between machines.
    Raises ValueError if value is not finite, or if the book's build glues another text under the same name.
    """
    if hasattr(value, "item"):
        value = value.item()
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"prose.number: {name} is {value}, not a finite number")
    return text(name, typeset(f"{value:{format}}"))


def text(name: str, words: str) -> Glued:
    """Glue words under name, as they are."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ValueError(f"prose: the name {name!r} is not of the form ema-mass-10 (a-z, 0-9, hyphens)")
    # A reader who edits a cell and runs it again replaces the number; in the book a second one is a mistake.
    if os.environ.get("GRADBOOK_STATIC") and _glued.get(name, words) != words:
        raise ValueError(f"prose: {name} is already {_glued[name]!r} and cannot also be {words!r}")
    _glued[name] = words
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        from IPython.display import display

        metadata = {"scrapbook": {"name": name, "mime_prefix": PREFIX}}
        display({f"{PREFIX}text/plain": repr(words)}, raw=True, metadata=metadata)
    return Glued(words)


def typeset(formatted: str) -> str:
    """A formatted number as print sets it: −0.5, 65.1 %, 4 × 10⁻¹⁷. A rounded zero has no sign."""
    if formatted.startswith("-") and not re.search(r"[1-9]", formatted):
        formatted = formatted[1:]
    power = re.fullmatch(r"(-?[\d.,]+)e([+-]\d+)", formatted)
    if power:
        exponent = str(int(power[2])).translate(_SUPERSCRIPT)
        formatted = f"{power[1]}\u00a0×\u00a010{exponent}"
    return formatted.replace("-", "−").replace("%", "\u202f%")

"""What a check leaves behind: one line of text, a quiet badge for the page, a record for the ledger.

All three are deterministic: they name what was compared and to which tolerance, never the size of a rounding error.
"""

from __future__ import annotations

import functools
import re
import sys
from dataclasses import dataclass
from html import escape

__all__ = ["MIME", "CheckFailed", "Record", "badge", "checked_id", "shown"]

MIME = "application/vnd.gradbook.check+json"


class CheckFailed(AssertionError):
    """A check did not hold. The message names the check, the line or variant, and what was expected."""


@dataclass(frozen=True)
class Record:
    """A result in its three forms. data: JSON, with at least "kind", "id" and "passed"."""

    text: str
    html: str
    data: dict

    def bundle(self) -> dict:
        return {"text/plain": self.text, "text/html": self.html, MIME: self.data}


def shown(examine):
    """Decorator: a function that returns a Record displays it at once and returns None.

    Displayed, not returned, so that two checks in one cell both appear. Outside IPython the text is printed.
    The undecorated function is `.__wrapped__`.
    """

    @functools.wraps(examine)
    def check(*args, **keywords) -> None:
        record = examine(*args, **keywords)
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if shell is None:
            print(record.text)
        else:
            from IPython.display import display

            display(record.bundle(), raw=True)

    return check


def checked_id(name: str, function: str) -> str:
    """name, if it can be the label of an equation and the id of an element: lower case, digits, hyphens."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ValueError(
            f"{function}: the id {name!r} is not of the form bp-hidden-delta (a-z, 0-9, hyphens)"
        )
    return name


def badge(
    name: str, says: str, *, kind: str = "", link: bool = False, mark: str = "✓", after: str = ""
) -> str:
    """The quiet line under an equation. says is text and is escaped; after is HTML, already escaped."""
    title = f'<a href="#equation-{escape(name)}">{escape(name)}</a>' if link else escape(name)
    style = f" gb-{kind}" if kind else ""
    prefix = "check" if kind in ("", "equation") else f"check-{kind}"
    return (
        f'<p class="gb-check{style}" id="{prefix}-{escape(name)}"><span class="gb-mark">{escape(mark)}</span> '
        f'<span class="gb-label">{title}</span> · {escape(says)}{after}</p>'
    )


def rejected(names: list[str]) -> tuple[str, str]:
    """The list of rejected variants as text and as HTML, both beginning with their separator."""
    if not names:
        return "", ""
    text = f" · rejects: {'; '.join(names)}"
    return text, f' · rejects: <span class="gb-wrong">{"; ".join(escape(name) for name in names)}</span>'

"""What a check leaves behind: one line of text, a quiet badge for the page, a record for the ledger.

All three are deterministic: they say what was compared and to which tolerance, never the size of a rounding
error, which differs between machines.
"""

import functools
import re
import sys
from dataclasses import dataclass
from html import escape

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
    """Decorator: the function's Record is displayed at once, and nothing is returned.

    Displayed rather than returned, so that of two checks in one cell both appear. Outside of IPython the text
    is printed. `.__wrapped__` is the function that returns the Record.
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
    """name, if it can be an equation's label and an element's id: lower case, digits, single hyphens."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ValueError(f"{function}: the id {name!r} is not of the form bp-hidden-delta (a-z 0-9 -)")
    return name


def badge(name: str, html: str, *, kind: str = "", mark: str = "✓", href: str = "", id: str = "") -> str:
    """The quiet line: mark, name and html (markup, already escaped). kind: a second class."""
    title = f'<a href="{escape(href)}">{escape(name)}</a>' if href else escape(name)
    where = f' id="{escape(id)}"' if id else ""
    style = f"gb-check gb-check-{kind}" if kind else "gb-check"
    return (
        f'<p class="{style}"{where}><span class="gb-mark">{escape(mark)}</span> '
        f'<span class="gb-label">{title}</span> · {html}</p>'
    )


def rejected(names: list[str]) -> tuple[str, str]:
    """The list of rejected variants as text and as HTML, each beginning with its separator."""
    listed = "; ".join(names)
    return f" · rejects: {listed}", f' · rejects: <span class="gb-wrong">{escape(listed)}</span>'

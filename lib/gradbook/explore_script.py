"""The scripts of the explorables, put together of the files of static/: one for a page, one for a notebook.

The files are ES modules; joined in their order and without imports and exports they are one script, since
module scripts do not load from file://. Comments and spaces that mean nothing are left out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "static"

# In this order they are one script. Each mark but the line has a file of its name; a page gets what it needs.
MARKS = ("path", "area", "points", "rule", "text", "bars", "arrow", "cells", "image", "contour", "graph")
FILES = tuple(f"{mark}.js" for mark in MARKS)
DRAW = ("scales.js", "log.js", "pieces.js", "marks.js", "labels.js", *FILES, "draw.js")
OPTIONAL = {"log.js", *FILES, "hover.js", "play.js"}
BOTH = (*DRAW, "explore.js", "hover.js", "play.js")


def draw_script() -> str:
    """draw() and what it needs, for a JavaScript engine without a browser."""
    return source(*DRAW)


def module_script() -> str:
    """The ES module that anywidget loads in a live notebook."""
    return source(*BOTH, "live.js") + "export default { render };\n"


def page_script(needed: Collection[str] | None = None) -> str:
    """The one classic script of a page. needed: what extras() says of its figures; None for everything."""
    files = [name for name in BOTH if needed is None or name not in OPTIONAL or name in needed]
    return "(() => {\n" + source(*files, "page.js") + "})();\n"


def extras(spec: Mapping[str, Any]) -> set[str]:
    """The files of static/ that this figure needs and others do not."""
    marks = [mark for view in spec["views"] for mark in view["marks"]]
    files = {f"{mark['mark']}.js" for mark in marks} & OPTIONAL
    if "graph.js" in files:
        files.add("arrow.js")
    if any(view[side]["scale"] == "log" for view in spec["views"] for side in "xy"):
        files.add("log.js")
    if any("sets" in mark or (mark["mark"] == "cells" and "told" in mark) for mark in marks):
        files.add("hover.js")
    if any("seconds" in control for control in spec["controls"]):
        files.add("play.js")
    return files


def stylesheet() -> str:
    """The style of an explorable, for pages and for JupyterLab."""
    return (STATIC / "explore.css").read_text(encoding="utf-8")


@functools.cache
def source(*names: str) -> str:
    """The named files of static/ as one script, without imports, exports, comments and needless spaces."""
    text = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)
    text = re.sub(r"^(import|export default) .*\n", "", text, flags=re.M)
    return packed(re.sub(r"^export ", "", text, flags=re.M))


def packed(script: str) -> str:
    """The script without comments, and without spaces and line breaks that mean nothing."""
    done, space = [""], ""
    for part in _parts(script):
        if part.isspace():
            space = "\n" if "\n" in part else space or " "
        elif not part.startswith("//"):
            if space and _needed(done[-1][-1:], space, part[0]):
                done.append(space)
            done.append(part)
            space = ""
    return "".join(done) + "\n"


def _needed(last: str, space: str, first: str) -> bool:
    """Between these signs: a space keeps words and ++ apart; a line break may stand for a semicolon."""
    if space == "\n":
        return bool(last) and last not in "{(,;[=&|?:+<>" and first not in "}).,;?:&|="
    return ((last.isalnum() or last in "_$") and (first.isalnum() or first in "_$")) or last == first in "+-"


_TEXT = re.compile(
    r"(?:\\.|\$(?!\{)|[^`\\$])*(?:`|\$\{)", re.S
)  # of a template, until it ends or code begins
_CODE = re.compile(r"""//[^\n]*|\s+|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\w$]+|.""")
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/\w*")


def _parts(script: str) -> Iterator[str]:
    """Comments, spaces, strings, words, signs, and templates cut where code stands in them."""
    at, last, braces = 0, "", [0]  # braces: open ones in the code, and in the code of each template around it
    text = False
    while at < len(script):
        if text:
            match = _TEXT.match(script, at)
            text = False
            if match[0].endswith("{"):
                braces.append(0)
        elif script[at] == "/" and script[at + 1] != "/" and last in "(,=:?&|!;{}[+":
            match = _REGEX.match(script, at)
        else:
            match = _CODE.match(script, at)
            braces[-1] += (match[0] == "{") - (match[0] == "}")
            text = match[0] == "`" or braces[-1] < 0
            if braces[-1] < 0:
                braces.pop()
        yield match[0]
        at = match.end()
        last = last if match[0].isspace() else match[0][-1]

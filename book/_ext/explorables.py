"""Sphinx extension: give each page that contains an explorable the script and the style that move it.

The script holds what the marks and controls of that page need, and no more: explore.js on most pages,
explore-cells-hover.js where there are matrices to point at. It is async, so that a figure answers as soon as
the parser has passed it. Pages without an explorable get neither. A page whose explorables are too heavy
together gives a warning, which fails the build.
"""

import json
import re
import zlib
from pathlib import Path

from gradbook.explore_script import extras, page_script, stylesheet
from sphinx.util import logging

FIGURE = re.compile(r'<figure class="gb-explore".*?</figure>', re.S)
SPEC = re.compile(r'<script type="application/json">(.*?)</script>', re.S)
MOST_BYTES = 150_000  # gzipped, for all explorables of a page
logger = logging.getLogger(__name__)


def script_of(figures):
    """(name, text) of the one script that moves these figures."""
    needed = set().union(*(extras(json.loads(spec)) for figure in figures for spec in SPEC.findall(figure)))
    name = "-".join(["explore", *sorted(file.removesuffix(".js") for file in needed)])
    return f"{name}.js", page_script(needed)


def write(app, name, text):
    """Write _static/name of the built book; before Sphinx asks for its checksum."""
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def add_assets(app, pagename, templatename, context, doctree):
    figures = FIGURE.findall(context.get("body", ""))
    if not figures or app.builder.format != "html":
        return
    script = script_of(figures)
    write(app, *script)
    write(app, "explore.css", stylesheet())
    app.add_js_file(script[0], loading_method="async")
    app.add_css_file("explore.css")
    weights = [len(zlib.compress(figure.encode())) for figure in figures]
    if sum(weights) > MOST_BYTES:
        told = ", ".join(f"{weight / 1000:.0f}" for weight in weights)
        message = "explorables weigh %.0f kB gz together (%s), at most %.0f are allowed: list fewer values"
        logger.warning(message, sum(weights) / 1000, told, MOST_BYTES / 1000, location=pagename)


def setup(app):
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

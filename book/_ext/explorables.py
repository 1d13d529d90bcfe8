"""Sphinx extension: give each page that contains an explorable the script and the style that move it.

Both are written to _static before the pages are; Sphinx adds a checksum to their addresses. Pages without
an explorable get neither. A page whose explorables are too heavy together gives a warning, which fails the
build.
"""

import re
import zlib
from pathlib import Path

from gradbook.explore_page import page_script, stylesheet
from sphinx.util import logging

FIGURE = re.compile(r'<figure class="gb-explore".*?</figure>', re.S)
MOST_BYTES = 150_000  # gzipped, for all explorables of a page
logger = logging.getLogger(__name__)


def write_assets(app):
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "explore.js").write_text(page_script(), encoding="utf-8")
    (folder / "explore.css").write_text(stylesheet(), encoding="utf-8")


def add_assets(app, pagename, templatename, context, doctree):
    figures = FIGURE.findall(context.get("body", ""))
    if not figures:
        return
    app.add_js_file("explore.js", loading_method="defer")
    app.add_css_file("explore.css")
    weights = [len(zlib.compress(figure.encode())) for figure in figures]
    if sum(weights) > MOST_BYTES:
        told = ", ".join(f"{weight / 1000:.0f}" for weight in weights)
        message = "explorables weigh %.0f kB gz together (%s), at most %.0f are allowed: list fewer values"
        logger.warning(message, sum(weights) / 1000, told, MOST_BYTES / 1000, location=pagename)


def setup(app):
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

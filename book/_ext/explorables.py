"""Sphinx extension: give each page that contains an explorable the script and the style that move it.

The script holds what the marks and controls of that page need, and no more: explore.js on most pages,
explore-cells-hover.js where there are matrices to point at. It is async, so that a figure answers as soon as
the parser has passed it. Pages without an explorable get neither. A page whose explorables are too heavy
together gives a warning, which fails the build.
"""

import hashlib
import json
import re
import zlib
from pathlib import Path
from urllib.parse import unquote

from gradbook.explore_script import extras
from sphinx.util import logging
from sphinx.util.osutil import relative_uri

FIGURE = re.compile(r'<figure class="gb-explore".*?</figure>', re.S)
SPEC = re.compile(r'<script type="application/json">(.*?)</script>', re.S)
URI = re.compile(r'\b(src|srcset)="data:image/svg\+xml,([^"]*)"')
MOST_BYTES = 150_000  # gzipped, for all explorables of a page
logger = logging.getLogger(__name__)


def script_of(figures):
    """Name of the one script that moves these figures; bundles.py makes it."""
    needed = set().union(*(extras(json.loads(spec)) for figure in figures for spec in SPEC.findall(figure)))
    return "-".join(["explore", *sorted(file.removesuffix(".js") for file in needed)]) + ".js"


def pictures(app, pagename, body):
    """The body with the figures' pictures as files: a browser asks for them when they come near."""

    def stored(match):
        svg = unquote(match[2])
        name = f"_static/pictures/{hashlib.sha256(svg.encode()).hexdigest()[:12]}.svg"
        path = Path(app.outdir, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg, encoding="utf-8")
        place = relative_uri(app.builder.get_target_uri(pagename), name)
        return f'{match[1]}="{place}"' + (' loading="lazy"' if match[1] == "src" else "")

    return FIGURE.sub(lambda figure: URI.sub(stored, figure[0]), body)


def add_assets(app, pagename, templatename, context, doctree):
    figures = FIGURE.findall(context.get("body", ""))
    if not figures or app.builder.format != "html":
        return
    app.add_js_file(script_of(figures), loading_method="async")
    app.add_css_file("explore.css")
    context["body"] = pictures(app, pagename, context["body"])
    weights = [len(zlib.compress(figure.encode())) for figure in FIGURE.findall(context["body"])]
    if sum(weights) > MOST_BYTES:
        told = ", ".join(f"{weight / 1000:.0f}" for weight in weights)
        message = "explorables weigh %.0f kB gz together (%s), at most %.0f are allowed: list fewer values"
        logger.warning(message, sum(weights) / 1000, told, MOST_BYTES / 1000, location=pagename)


def setup(app):
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

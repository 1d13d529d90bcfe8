"""Sphinx extension: give each page that contains an explorable the script and the style that move it.

Both are written to _static before the pages are; Sphinx adds a checksum to their addresses. Pages without an
explorable get neither.
"""

from pathlib import Path

from gradbook.explore_page import page_script, stylesheet


def write_assets(app):
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "explore.js").write_text(page_script(), encoding="utf-8")
    (folder / "explore.css").write_text(stylesheet(), encoding="utf-8")


def add_assets(app, pagename, templatename, context, doctree):
    if '<figure class="gb-explore"' in context.get("body", ""):
        app.add_js_file("explore.js", loading_method="defer")
        app.add_css_file("explore.css")


def setup(app):
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

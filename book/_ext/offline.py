"""Every page stands alone and carries only what it uses: its assets are listed here, all others are dropped.

What is dropped, and why:
- the theme's style sheets and scripts, bootstrap and Font Awesome (1 MB): the book has its own layout
  (_templates/layout.html) and style (book.css);
- sphinx-thebe: Jupyter Book adds it always; it names unpkg.com, throws a SyntaxError on every page, and
  writes settings for somebody else's Binder into the text;
- MathJax: formulas are set at build time (maths.py);
- require.js, html-manager, widget state, from two CDNs: explorables carry their own picture and script;
- togglebutton: folds are <details> (layout.py);
- pygments.css: book.css colours code, without the colours that have a meaning;
- copybutton and clipboard.js: page.js copies code in a few lines;
- doctools, search scripts and index: only the search page uses them.
"""

import re
import shutil
from pathlib import Path

PAGE = {"book.css", "katex/katex.css", "explore.css", "page.js", "ledger.js", "answer.js"}
EXPLORE = re.compile(r"explore[\w-]*\.js")  # named after the marks that the page's explorables have
SEARCH = {"documentation_options.js", "doctools.js", "sphinx_highlight.js"}
DESIGN = "sphinx-design.min.css"  # grids, cards and tabs of sphinx-design, where a page has them

FONTS = {"source-serif-4-latin-wght-normal.woff2", "source-serif-4-latin-wght-italic.woff2"}
THEBE = re.compile(r'<script type="[^"]*thebe[^"]*">.*?</script>\s*<script>kernelName.*?</script>', re.S)


def _name(asset) -> str:
    return str(getattr(asset, "filename", None) or asset).split("?")[0].removeprefix("_static/")


def _select(app, pagename, templatename, context, doctree):
    wanted = PAGE | (SEARCH if pagename == "search" else set())
    context["body"] = THEBE.sub("", context.get("body", ""))
    if any(mark in context["body"] for mark in ("sd-container", "sd-row", "sd-tab-set")):
        wanted = wanted | {DESIGN}
    for kind in ("script_files", "css_files"):
        names = {asset: _name(asset) for asset in context.get(kind, [])}
        context[kind] = [a for a, name in names.items() if name in wanted or EXPLORE.fullmatch(name)]


def _forget_widgets(app, doctree):
    # myst-nb would write the widget manager's state into the page.
    app.env.metadata[app.env.docname].pop("widgets", None)


def _fonts(app):
    """The text face from its npm package to _static/fonts: latin, upright and italic."""
    if app.builder.format != "html":
        return
    packages = Path(app.srcdir, app.config.gradbook_node_modules)
    source = packages / "@fontsource-variable" / "source-serif-4" / "files"
    target = Path(app.outdir, "_static", "fonts")
    target.mkdir(parents=True, exist_ok=True)
    for font in FONTS:
        if not (target / font).exists():
            shutil.copyfile(source / font, target / font)


def setup(app):
    app.connect("builder-inited", _fonts)
    app.connect("doctree-read", _forget_widgets)
    app.connect("html-page-context", _select, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

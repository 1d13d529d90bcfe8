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
- doctools, the search with its stems and its index: words.py and search.js find offline, and quote.
"""

import re

from bundles import script_name, style_name

EXPLORE = re.compile(r"explore[\w-]*\.js")  # named after the marks that the page's explorables have
DESIGN = "sphinx-design.min.css"  # grids, cards and tabs of sphinx-design, where a page has them

THEBE = re.compile(r'<script type="[^"]*thebe[^"]*">.*?</script>\s*<script>kernelName.*?</script>', re.S)


def _name(asset) -> str:
    return str(getattr(asset, "filename", None) or asset).split("?")[0].removeprefix("_static/")


def _select(app, pagename, templatename, context, doctree):
    """gb_style, the page's one style sheet, and gb_scripts, [(name, how it is loaded)]: see bundles.py."""
    context["body"] = THEBE.sub("", context.get("body", ""))
    styles = {"book.css", *map(_name, context.get("css_files", []))}
    if not any(mark in context["body"] for mark in ("sd-container", "sd-row", "sd-tab-set")):
        styles.discard(DESIGN)
    scripts = [_name(asset) for asset in context.get("script_files", [])]
    context["gb_style"] = style_name(styles)
    context["gb_scripts"] = [
        *((name, "async") for name in scripts if EXPLORE.fullmatch(name)),
        *([("words.js", "defer")] if pagename == "search" else []),
        (script_name(["page.js", *scripts, *(["search.js"] if pagename == "search" else [])]), "defer"),
    ]


def _forget_widgets(app, doctree):
    # myst-nb would write the widget manager's state into the page.
    app.env.metadata[app.env.docname].pop("widgets", None)


def setup(app):
    app.connect("doctree-read", _forget_widgets)
    app.connect("html-page-context", _select, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

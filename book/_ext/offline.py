"""Every page stands alone: what would call another host, throw, or weigh without use is taken out.

| removed | because |
| --- | --- |
| sphinx-thebe's scripts and styles | Jupyter Book adds them always; they name unpkg.com and declare one constant twice, a SyntaxError on every page |
| MathJax | formulas are set at build time (maths.py) |
| require.js, html-manager, widget state | explorables carry their own picture and script; these come from two CDNs |
| fontawesome.js (543 kB gz) | the theme draws its icons from a font; see _templates/static/webpack-macros.html |
| search scripts and index on every page | only the search page uses them; see _templates/layout.html |
"""

import html
import re

from docutils import nodes

_UNWANTED = re.compile(r"thebe|mathjax|require(?:\.min)?\.js|html-manager|embed-amd|design-tabs", re.I)


def _keep(asset) -> bool:
    attributes = getattr(asset, "attributes", None) or {}
    text = f"{getattr(asset, 'filename', None) or asset} {attributes.get('body') or ''}"
    return not _UNWANTED.search(text)


def _drop(app, pagename, templatename, context, doctree):
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if _keep(asset)]


def describe(doctree) -> str:
    """The first paragraph of a page as its description, at most 156 characters, cut between words."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40 and not any(isinstance(up, nodes.Admonition | nodes.container) for up in _parents(paragraph)):
            return text if len(text) <= 156 else text[:155].rsplit(" ", 1)[0] + "…"
    return ""


def _parents(node):
    while node.parent is not None:
        node = node.parent
        yield node


def _description(app, pagename, templatename, context, doctree):
    if doctree is None or 'name="description"' in context.get("metatags", ""):
        return
    if text := describe(doctree):
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{html.escape(text)}">\n'


def _forget_widgets(app, doctree):
    # myst-nb would write the widget manager's state into the page.
    app.env.metadata[app.env.docname].pop("widgets", None)


def setup(app):
    app.connect("doctree-read", _forget_widgets)
    app.connect("html-page-context", _drop, priority=900)
    app.connect("html-page-context", _description, priority=910)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

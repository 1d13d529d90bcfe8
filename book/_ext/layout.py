"""What the page's template needs beyond Sphinx: the contents with this chapter's sections, a description, folds."""

import html
import re

from docutils import nodes
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

# `toctree` marks the page that is being read; its sections are put below it.
_HERE = re.compile(r'(<li class="toctree-l1 current">)<a class="current reference internal" href="#">(.*?)</a>', re.S)


def contents(toctree: str, sections: str) -> str:
    """The book's table of contents, with `sections`, the list of this page's sections, below the current page."""
    found = re.search(r"<ul>\s*<li>.*?(<ul>.*</ul>)\s*</li>\s*</ul>\s*$", sections, re.S)  # without the page's title
    below = found[1].replace("<ul>", '<ul class="gb-sections">', 1) if found else ""
    captions = re.sub(r'<p class="caption" role="heading">(.*?)</p>', r'<p class="gb-part">\1</p>', toctree, flags=re.S)
    return _HERE.sub(lambda m: f'{m[1]}<a href="#" aria-current="page">{m[2]}</a>{below}', captions)


def describe(doctree: nodes.document) -> str:
    """The first real paragraph of a page, at most 156 characters, cut between words: its description."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40 and isinstance(paragraph.parent, nodes.section | nodes.document):
            return text if len(text) <= 156 else text[:155].rsplit(" ", 1)[0] + "…"
    return ""


def _page(app, pagename, templatename, context, doctree):
    toctree = context["toctree"](maxdepth=1, titles_only=True, includehidden=True, collapse=False)
    context["gb_contents"] = contents(str(toctree or ""), context.get("toc", ""))
    if doctree is not None and (text := describe(doctree)):
        context["metatags"] = f'\n    <meta name="description" content="{html.escape(text)}">' + context.get("metatags", "")


def _fold(app, doctree, docname):
    """Admonitions of class dropdown become <details>: they fold without a script and open by keyboard.

    The class is dropped afterwards, because Jupyter Book's toggle button would look for it.
    """
    folding = (nodes.Admonition, exercise_node, exercise_enumerable_node, solution_node)
    for node in list(doctree.findall(lambda n: isinstance(n, folding) and "dropdown" in n["classes"])):
        title = node.children[0] if node.children and isinstance(node.children[0], nodes.title) else None
        label = nodes.title("", "", *title.children) if title is not None else nodes.title("", _name(node))
        kind = "gb-solution" if isinstance(node, solution_node) else f"gb-{type(node).__name__}"
        opening = nodes.raw("", f'<details class="gb-fold {kind}"><summary>', format="html")
        summary = nodes.inline("", "", *label.children)
        folded = nodes.container(classes=["gb-folded"], ids=node["ids"])
        folded += node.children[1:] if title is not None else node.children
        body = [opening, summary, nodes.raw("", "</summary>", format="html"), folded]
        node.replace_self([*body, nodes.raw("", "</details>", format="html")])


def _name(node: nodes.Element) -> str:
    return type(node).__name__.capitalize()


def setup(app):
    app.connect("doctree-resolved", _fold, priority=900)
    app.connect("html-page-context", _page, priority=910)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

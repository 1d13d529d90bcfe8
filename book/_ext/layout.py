"""What a page needs beyond Sphinx: contents with its own sections, a description, folds, table boxes."""

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

_INNER = ("exercise-content", "solution-content")
_FOLDING = (nodes.Admonition, exercise_node, exercise_enumerable_node, solution_node)

# `toctree` marks the page that is being read; its sections are put below it.
_HERE = re.compile(
    r'(<li class="toctree-l1 current">)<a class="current reference internal" href="#">(.*?)</a>', re.S
)
# Sphinx's local contents begin with the page's title; these are the sections below it.
_SECTIONS = re.compile(r"<ul>\s*<li>.*?(<ul>.*</ul>)\s*</li>\s*</ul>\s*$", re.S)


def contents(toctree: str, sections: str) -> str:
    """The book's contents; below the current page stand its sections, from Sphinx's local contents."""
    found = _SECTIONS.search(sections)
    below = found[1].replace("<ul>", '<ul class="gb-sections">', 1) if found else ""
    return _HERE.sub(lambda m: f'{m[1]}<a href="#" aria-current="page">{m[2]}</a>{below}', toctree)


def describe(doctree: nodes.document) -> str:
    """The first real paragraph of a page, at most 156 characters, cut between words: its description."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40 and isinstance(paragraph.parent, nodes.section | nodes.document):
            return text if len(text) <= 156 else text[:155].rsplit(" ", 1)[0] + "…"
    return ""


# Markup of docutils and myst-nb that accessibility checkers refuse, and what says the same.
_REPAIRS = [
    (' role="doc-biblioentry"', ' role="listitem"'),  # a deprecated role, and not one of a <div>
    ('<summary aria-label="Toggle hidden content">', "<summary>"),  # its words already are its name
]
_EMPTY_HEAD = re.compile(r'<th class="head[^"]*">\s*(?:<p></p>)?\s*</th>')  # a corner cell heads nothing


def repaired(body: str) -> str:
    for refused, accepted in _REPAIRS:
        body = body.replace(refused, accepted)
    return _EMPTY_HEAD.sub("<td></td>", body)


def _page(app, pagename, templatename, context, doctree):
    toctree = context["toctree"](maxdepth=1, titles_only=True, includehidden=True, collapse=False)
    context["body"] = repaired(context.get("body", ""))
    context["gb_contents"] = contents(str(toctree or ""), context.get("toc", ""))
    if doctree is not None and (text := describe(doctree)):
        tag = f'\n    <meta name="description" content="{html.escape(text)}">'
        context["metatags"] = tag + context.get("metatags", "")


def _fold(app, doctree, docname):
    """Admonitions of class dropdown become <details>: they fold without a script and open by keyboard."""
    for node in list(doctree.findall(lambda n: isinstance(n, _FOLDING) and "dropdown" in n["classes"])):
        title = node.children[0] if node.children and isinstance(node.children[0], nodes.title) else None
        name = title.astext().strip() if title is not None else type(node).__name__.capitalize()
        kind = "solution" if isinstance(node, solution_node) else type(node).__name__
        inside = nodes.container("", *(node.children[1:] if title is not None else node.children))
        inside["classes"], inside["ids"] = ["gb-folded"], node["ids"]
        place = node.parent.index(node)
        # A link inside <summary> could not be told from the summary itself by keyboard: its words only.
        opening = f'<details class="gb-fold gb-{kind}"><summary>{html.escape(name)}</summary>'
        node.parent[place : place + 1] = [
            nodes.raw("", opening, format="html"), inside, nodes.raw("", "</details>", format="html"),
        ]  # fmt: skip


def _name_once(app, doctree, docname):
    """sphinx-exercise gives every exercise and solution the same inner id; nothing links to it."""
    for section in doctree.findall(nodes.section):
        section["ids"] = [name for name in section["ids"] if name not in _INNER]


def _box_tables(app, doctree, docname):
    """Each table stands in a box that scrolls where the page is narrower than the table."""
    for table in list(doctree.findall(nodes.table)):
        box = nodes.container("", classes=["gb-table"])
        place = table.parent.index(table)
        table.parent[place] = box
        box += table


# sphinx-external-toc would write a bare redirect, for which a browser asks the server for a favicon.
_DOOR = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={first}">
<link rel="icon" href="_static/favicon.svg">
<title>{title}</title>
<p><a href="{first}">{title}</a></p>
</html>
"""


def _door(app, exception):
    """/index.html leads to the front page, whatever folder that lies in."""
    if exception is None and app.builder.format == "html" and app.config.root_doc != "index":
        page = _DOOR.format(first=f"{app.config.root_doc}.html", title=html.escape(app.config.project))
        Path(app.outdir, "index.html").write_text(page, "utf-8")


def setup(app):
    app.connect("doctree-resolved", _fold, priority=900)
    app.connect("doctree-resolved", _box_tables, priority=900)
    app.connect("doctree-resolved", _name_once, priority=900)
    app.connect("html-page-context", _page, priority=910)
    app.connect("build-finished", _door, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

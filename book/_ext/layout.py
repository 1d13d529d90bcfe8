"""What a page needs beyond Sphinx: contents with its own sections, a description, folds, table boxes."""

import html
import itertools
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


# What an author says of a page, below its title, for search engines and previews.
_SAID = re.compile(r"<!-- description: (.*?) -->", re.S)


def describe(doctree: nodes.document) -> str:
    """The page's own description; without one its first real paragraph. At most 156 characters, cut between
    words."""
    said = (
        _SAID.search(node.astext())
        for node in doctree.findall(lambda n: isinstance(n, nodes.raw | nodes.comment))
    )
    told = (match[1] for match in said if match)
    paragraphs = (
        node.astext()
        for node in doctree.findall(nodes.paragraph)
        if len(node.astext()) > 40 and isinstance(node.parent, nodes.section | nodes.document)
    )
    text = " ".join(next(itertools.chain(told, paragraphs), "").split())
    return text if len(text) <= 156 else text[:155].rsplit(" ", 1)[0] + "…"


LONG = 60  # lines of code that a page shows unfolded

# Heights in px, about: of a line of text and of code, of what has no lines.
LINE, CODE_LINE, BLOCK, PICTURE = 29, 20, 75, 420


def estimate(node: nodes.Node) -> float:
    """About how high this stands on the page, in px: its room while it is far from the screen."""
    if isinstance(node, nodes.paragraph):
        return 20 + LINE * -(-len(node.astext()) // 72)
    if isinstance(node, nodes.literal_block):
        return 30 + CODE_LINE * (1 + node.astext().count("\n"))
    if isinstance(node, nodes.title | nodes.math_block | nodes.row):
        return BLOCK if not isinstance(node, nodes.row) else 1.3 * LINE
    if isinstance(node, nodes.raw):
        text = node.astext()
        return PICTURE * ("gb-explore" in text or "<svg class" in text) or (BLOCK if len(text) > 200 else 0)
    if {"tag_hide-input", "dropdown"} & set(node.attributes.get("classes", ())):
        return BLOCK
    return sum(estimate(child) for child in node.children if isinstance(child, nodes.Element))


def with_heights(body: str, doctree: nodes.document) -> str:
    """Each section carries its estimate."""
    for section in doctree.findall(nodes.section):
        if isinstance(section.parent, nodes.section):
            opening = f'<section id="{section["ids"][0]}">'
            height = round(estimate(section), -1)
            body = body.replace(opening, f'{opening[:-1]} style="--gb-h:{height:.0f}px">', 1)
    return body


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
    if doctree is not None:
        context["body"] = with_heights(context["body"], doctree)
    if doctree is not None and (text := describe(doctree)):
        title = html.escape(re.sub(r"<[^>]*>", "", context.get("title", "")))
        text = html.escape(text)
        tags = [("name", "description", text), ("property", "og:title", title),
                ("property", "og:description", text), ("property", "og:type", "article")]  # fmt: skip
        lines = (f'\n    <meta {kind}="{name}" content="{said}">' for kind, name, said in tags)
        context["metatags"] = "".join(lines)


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


def _fold_long_code(app, doctree, docname):
    """Code of more than LONG lines that is not folded yet becomes a <details>, too."""
    for block in list(doctree.findall(nodes.literal_block)):
        lines, above = block.astext().rstrip().count("\n") + 1, block.parent
        while above is not None and not ({"tag_hide-input", "dropdown"} & set(above.get("classes", ()))):
            above = above.parent
        if lines > LONG and above is None:
            place = block.parent.index(block)
            opening = f'<details class="gb-long"><summary>Show the code, {lines} lines</summary>'
            block.parent[place : place + 1] = [
                nodes.raw("", opening, format="html"), block, nodes.raw("", "</details>", format="html"),
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


_VERBATIM = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.raw)
_PERCENT = re.compile(r"(?<=\d) (?=%)")


def _keep_together(app, doctree, docname):
    """No line breaks between a number and its percent sign."""
    for text in [*doctree.findall(nodes.Text)]:
        if " %" in text and not isinstance(text.parent, _VERBATIM):
            text.parent.replace(text, nodes.Text(_PERCENT.sub("\N{NO-BREAK SPACE}", text)))


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


def _sitemap(app, exception):
    """sitemap.xml and robots.txt, when the book has an address."""
    base = app.config.html_baseurl.rstrip("/")
    if exception is None and app.builder.format == "html" and base:
        names = [app.config.root_doc, *app.env.toctree_includes.get(app.config.root_doc, ())]
        places = (f"  <url><loc>{base}/{app.builder.get_target_uri(name)}</loc></url>" for name in names)
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<urlset xmlns="{space}">', *places, "</urlset>"]
        Path(app.outdir, "sitemap.xml").write_text("\n".join(lines) + "\n", "utf-8")
        Path(app.outdir, "robots.txt").write_text(f"User-agent: *\nSitemap: {base}/sitemap.xml\n", "utf-8")


def setup(app):
    app.connect("doctree-resolved", _fold_long_code, priority=890)
    app.connect("doctree-resolved", _fold, priority=900)
    app.connect("doctree-resolved", _box_tables, priority=900)
    app.connect("doctree-resolved", _name_once, priority=900)
    app.connect("doctree-resolved", _keep_together, priority=900)
    app.connect("html-page-context", _page, priority=910)
    app.connect("build-finished", _door, priority=400)
    app.connect("build-finished", _sitemap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

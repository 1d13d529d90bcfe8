"""Markup that nobody sees is left out of the pages.

Pygments wraps every name, sign and number of a program, 20,000 elements on a long page. What book.css colours
keeps one class for its kind; neighbours of a kind share a span. Formulas: lean_formulas.py.
"""

import re

KINDS = {
    name: kind
    for kind, names in {
        "k": "k kn kd kc ow",
        "s": "s s1 s2 sa si se sb",
        "c": "c c1 ch cm sd",
        "nf": "nf nc",
        "gr": "gr gt",
    }.items()
    for name in names.split()
}
_PRE = re.compile(r"<pre>.*?</pre>", re.S)
_WORD = re.compile(r'<span class="(\w+)">([^<]*)</span>')
_NEIGHBOURS = re.compile(r'<span class="(\w+)">([^<]*)</span>(\s*)(?=<span class="\1">)')


def lean_code(block: str) -> str:
    """A highlighted <pre> with as few spans as its colours need."""

    def word(match: re.Match) -> str:
        kind = KINDS.get(match[1])
        return f'<span class="{kind}">{match[2]}</span>' if kind else match[2]

    block = _WORD.sub(word, block.replace("<span></span>", ""))
    for match in reversed(list(_NEIGHBOURS.finditer(block))):
        after = match.end() + len(f'<span class="{match[1]}">')
        opening = f'<span class="{match[1]}">{match[2]}{match[3]}'
        block = block[: match.start()] + opening + block[after:]
    return block


def _page(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = _PRE.sub(lambda match: lean_code(match[0]), context["body"])


def setup(app):
    app.connect("html-page-context", _page, priority=920)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Markup that nobody sees is left out of the pages.

Pygments wraps every name, sign and number of a program, 20,000 elements on a long page. What book.css colours
keeps one class for its kind; neighbours of a kind share a span.

KaTeX wraps every letter, and names what it is. Classes that KaTeX's style sheet does not know go, then the
spans that are left with neither class nor style, unless a rule of the sheet counts on their place.
"""

import functools
import re
from pathlib import Path

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


_TOKEN = re.compile(r"<(/?)(span|svg)\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
# `.vlist > span > span` and the like: what stands there is laid out as a box, whether it has a class or not
_PLACES = {
    "vlist",
    "vlist-t",
    "vlist-r",
    "mfrac",
    "inner",
    "delim-size1",
    "delim-size4",
    "mtable",
    "svg-align",
}


@functools.cache
def known_classes(sheet: Path) -> frozenset[str]:
    """The classes that a style sheet names."""
    rules = re.sub(r"@font-face\{[^}]*\}", "", sheet.read_text("utf-8"))
    return frozenset(re.findall(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)", rules))


class _Span:
    def __init__(self, classes=(), rest="", above=None):
        self.classes, self.rest, self.above, self.inside = list(classes), rest, above, []

    @property
    def placed(self) -> bool:
        """Whether a rule of the sheet counts on this element being there."""
        around = [self.above, self.above and self.above.above]
        return any(_PLACES & set(one.classes) for one in around if one)

    def leaves(self) -> bool:
        return not (self.classes or self.rest or self.placed)

    def text(self) -> str:
        pieces: list[str | _Span] = []
        for piece in self.inside:  # one kind of letter after another: one span
            last = pieces[-1] if pieces else None
            if (
                isinstance(piece, _Span)
                and isinstance(last, _Span)
                and piece.classes == last.classes
                and piece.letters
                and last.letters
            ):
                last.inside += piece.inside
            else:
                pieces.append(piece)
        return "".join(piece if isinstance(piece, str) else piece.html() for piece in pieces)

    @property
    def letters(self) -> bool:
        """Whether it is nothing but letters in a face of their own."""
        own = len(self.classes) == 1 and self.classes[0].startswith(("math", "text"))
        return own and not self.rest and not self.placed and all(isinstance(p, str) for p in self.inside)

    def html(self) -> str:
        named = f' class="{" ".join(self.classes)}"' if self.classes else ""
        return self.text() if self.leaves() else f"<span{named}{self.rest}>{self.text()}</span>"


def lean_formula(markup: str, known: frozenset[str]) -> str:
    """KaTeX's markup of a formula with as few spans as its look needs; the MathML is left as it is."""
    start = markup.find('<span class="katex-html"')
    if start < 0:
        return markup
    at, top = start, _Span()
    here = top
    for token in _TOKEN.finditer(markup, start):
        if token.start() < at:
            continue  # within a picture
        if token.start() > at:
            here.inside.append(markup[at : token.start()])
        at = token.end()
        if token[2] == "svg":
            at = markup.index("</svg>", at) + len("</svg>")
            here.inside.append(markup[token.start() : at])
        elif token[1]:
            here = here.above
            if here is top:
                break
        else:
            attributes = dict(_ATTRIBUTE.findall(token[3]))
            named = attributes.pop("class", "").split()
            classes = [name for name in named if name in known or name.startswith("gb-")]
            rest = "".join(f' {name}="{value.rstrip(";")}"' for name, value in attributes.items())
            span = _Span(classes, rest, here)
            here.inside.append(span)
            here = span
    math = markup[:start].replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    return math + top.text() + markup[at:]


def _page(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = _PRE.sub(lambda match: lean_code(match[0]), context["body"])


def setup(app):
    app.connect("html-page-context", _page, priority=920)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Formulas without the markup that nobody sees.

KaTeX wraps every letter, and names what it is. Classes that KaTeX's style sheet does not know go, then the
spans that are left with neither class nor style, unless a rule of the sheet counts on their place. Its struts
become boxes that book.css makes (::before), its tables of two rows tables of one: the second row only says
how deep the table is, which the strut of the line says anyway. Each letter stays where KaTeX puts it, to a
tenth of a pixel.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

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


COMMON = "2.7em"  # book.css: the height of a strut in a list of shifted boxes that says nothing else


@functools.cache
def known_classes(sheet: Path) -> frozenset[str]:
    """The classes that a style sheet names."""
    rules = re.sub(r"@font-face\{[^}]*\}", "", sheet.read_text("utf-8"))
    return frozenset(re.findall(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)", rules))


_NOUGHT = re.compile(r"(?<![\d.])0(?=\.)|margin-left:0em;?")  # in a style: 0.5em is .5em


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
        for piece in self.pieces():  # neighbours of one kind: one piece
            last = pieces[-1] if pieces else None
            if isinstance(piece, str):
                if isinstance(last, str):
                    pieces[-1] += piece
                else:
                    pieces.append(piece)
            elif isinstance(last, _Span) and piece.classes == last.classes and piece.letters and last.letters:
                last.inside += piece.inside
            elif piece.space and isinstance(last, _Span) and last.take(piece.space):
                pass
            elif piece.space and isinstance(last, str) and (left := getattr(pieces[-2:][0], "space", "")):
                right = piece.space
                around = _Span((), f' style="margin:0 {right}{"" if left == right else f" 0 {left}"}"', self)
                around.inside = [last]
                pieces[-2:] = [around]
            else:
                pieces.append(piece)
        return "".join(piece if isinstance(piece, str) else piece.html() for piece in pieces)

    def pieces(self) -> Iterator[str | _Span]:
        """What is inside, without spans that mean nothing."""
        for piece in self.inside:
            if isinstance(piece, _Span) and piece.leaves():
                yield from piece.pieces()
            else:
                yield piece

    @property
    def space(self) -> str:
        """How wide an empty span that is nothing but space is, or ""."""
        found = re.fullmatch(r' style="margin-right:([\d.]+em)"', self.rest)
        return found[1] if found and self.classes == ["mspace"] and not self.placed else ""

    def take(self, space: str) -> bool:
        """Let letters bring the space after them themselves; whether it could."""
        own = re.fullmatch(r'(?: style="margin-right:([\d.]+)em")?', self.rest)
        if not own or not self.faced:
            return False
        self.rest = f' style="margin-right:{float(own[1] or 0) + float(space[:-2]):.4g}em"'
        return True

    def slim(self) -> None:
        """Without the struts, rows and wrappers for which book.css has rules."""
        spans = [one for one in self.inside if isinstance(one, _Span)]
        for one in spans:
            one.slim()
        if "vlist-t" in self.classes:  # a table of rows of cells, of which the first is seen
            self.classes = ["vlist-t"]
            self.adopt(cell for cell in spans[0].inside if "vlist" in cell.classes)
        elif self.classes == ["msupsub"] and not self.placed:  # around one such table
            self.classes = ["vlist-t", "msupsub"]
            self.adopt(spans[0].inside)
        elif "vlist" in self.classes:
            tall = {shift.strut("pstrut") for shift in spans}
            if len(tall) == 1 and None not in tall:  # KaTeX gives all shifts of a list the same
                height = tall.pop().removeprefix("height:")
                self.rest += f' style="--p:{height}"' * (height != COMMON)
                for shift in spans:
                    del shift.inside[0]
        elif "base" in self.classes and (strut := self.strut("strut")):
            height, _, down = strut.removeprefix("height:").partition(";vertical-align:")
            self.rest = f' style="--h:{height}{";--d:" + down if down else ""}"'
            del self.inside[0]
        elif "sizing" in self.classes and not self.rest and len(pieces := [*self.pieces()]) == 1:
            letter = pieces[0]  # is of that size itself
            if isinstance(letter, _Span) and letter.faced:
                self.classes, self.rest = self.classes + letter.classes, letter.rest
                self.inside = letter.inside

    def adopt(self, spans: Iterable[_Span]) -> None:
        self.inside = list(spans)
        for one in self.inside:
            one.above = self

    def strut(self, name: str) -> str | None:
        """The style of the strut of this name that stands first in it, or None."""
        first = self.inside[0] if self.inside else None
        if isinstance(first, _Span) and first.classes == [name] and not first.inside:
            return re.fullmatch(r' style="(.*)"', first.rest)[1]
        return None

    @property
    def faced(self) -> bool:
        """Whether it is nothing but letters in a face of their own."""
        own = len(self.classes) == 1 and self.classes[0].startswith(("math", "text"))
        return own and not self.placed and all(isinstance(p, str) for p in self.inside)

    @property
    def letters(self) -> bool:
        """Whether it is that and has no more to say."""
        return self.faced and not self.rest

    def html(self) -> str:
        named = f' class="{" ".join(self.classes)}"' if self.classes else ""
        self.rest = _NOUGHT.sub("", self.rest.replace('" style="', ";")).replace(';"', '"')
        return f"<span{named}{self.rest}>{self.text()}</span>"


def lean_formula(markup: str, known: frozenset[str]) -> str:
    """KaTeX's markup of a formula with as few elements as its look, its sound and its copying need."""
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
    top.slim()
    return lean_mathml(markup[:start]) + top.text() + markup[at:]


_LOOKS = {"stretchy", "separator", "fence", "lspace", "rspace", "displaystyle", "scriptlevel", "mathcolor"}
_MATH = re.compile(r"<math\b.*</math>", re.S)


def lean_mathml(markup: str) -> str:
    """MathML, which is heard and not seen, without what is only for the eye and without rows of one."""
    return _MATH.sub(_heard, markup.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', ""))


def _heard(match: re.Match) -> str:
    def heard(element: ElementTree.Element) -> ElementTree.Element:
        kept = [heard(child) for child in element if child.tag != "mspace"]
        if len(kept) == 1 and element.tag in ("mrow", "mstyle"):
            return kept[0]
        lean = ElementTree.Element(element.tag, {k: v for k, v in element.items() if k not in _LOOKS})
        lean.text = element.text
        lean.extend(kept)
        return lean

    lean = heard(ElementTree.fromstring(match[0]))
    return ElementTree.tostring(lean, "unicode", short_empty_elements=False)

"""What the words of a chapter say without a cell behind them: numbers, comparisons, hidden derivations.

typed        A number in the prose, a caption, an alternative text or a line of what to look for is a setting
             or a result. A setting stands in the code of the page as well; a result does not, so it has to
             come through {glue:text}, or stand in mathematics, which is checked.
comparisons  A sentence that says better, faster, diverges, makes no difference ... is bound, in its
             paragraph, to what asserts it: {claim}`id` of a check on the page, {eq}`label`, or a citation.
chains       A chain of equalities within a line, $a = b = c$, is a derivation that hides from its check.

What is none of these although it looks so is excused in its paragraph or cell, with the reason:

    <!-- typed: 1986, the year of the paper -->            # typed: 0.6, read off the figure
    <!-- no claim: what the notes say, judged below -->    <!-- inline: quoted from the notes -->
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools import coverage

LEVEL = 95  # per cent, of every interval in the book
SMALL = 12  # whole numbers up to this are words: two lines, three layers
WORDS_OF = ("alt", "caption", "look_for", "title")  # arguments and options that readers read
NUMBER = re.compile(r"(?<![\w.,/–-])[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w-]|[.,]\d)")
EXCUSE = re.compile(r"(?:<!--|#)\s*typed:\s*([^,]+),\s*(?!-->)\S")
# What is not prose within a line of prose: mathematics, code, roles, targets of links, references.
NOT_WORDS = re.compile(
    r"\$\$.*?\$\$(?:\s*\([\w-]+\))?|\$[^$]*\$|\{[\w:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|<!--.*?-->"
    r"|\{[^}]*\}|https?://\S+|^:[\w-]+:.*$",
    re.S | re.M,
)
COMPARES = re.compile(
    r"\b(better|worse|best|worst|faster|slower|fastest|slowest|quicker|diverges?|no difference|improves?"
    r"|hurts?|helps?(?! us)|(?:more|less) (?:accurate|robust|stable|efficient)|beats?|wins?|outperforms?"
    r"|loses|useless|as (?:good|bad|fast|well) as)\b",
    re.I,
)
BOUND = re.compile(r"\{(?:claim|eq|cite(?::\w+)?)\}|<!--\s*no claim:\s*(?!-->)\S")
SAID = re.compile(r'"[^"]*"|“[^”]*”|^#+ .*$|^>.*$|\*\*[^*]*\?\*\*', re.M)  # quoted, headings, questions asked
INLINE = re.compile(r"(?<!\$)\$(?!\$)([^$]+)\$(?!\$)")
INLINE_EXCUSE = re.compile(r"<!--\s*inline:\s*(?!-->)\S")
PLAIN_NUMBER = re.compile(r"\s*[-+]?[\d.,\s\\]*\s*")


@dataclass(frozen=True)
class Typed:
    """A number in words that no cell of the page knows."""

    line: int
    number: str
    words: str


def typed(path: Path) -> list[Typed]:
    """The typed numbers of a chapter, in order."""
    text = path.read_text("utf-8")
    prose, cells, _ = coverage.split(without_front_matter(text))
    known = set().union(*(literals(cell) for cell in cells)) if cells else set()
    found = [t for first, words in paragraphs(prose) for t in numbers(first, words, known, words)]
    for first, cell in code_cells(text):
        for line, words in read_by_people(cell):
            found += numbers(first + line, words, known, cell)
    return sorted(found, key=lambda t: t.line)


@dataclass(frozen=True)
class Unbound:
    """A comparison that nothing on the page asserts, or a chain of equalities that nothing checks."""

    line: int
    words: str


def comparisons(path: Path) -> list[Unbound]:
    """The sentences that compare, in paragraphs that are bound to nothing."""
    prose, _, _ = coverage.split(without_front_matter(path.read_text("utf-8")))
    found = []
    for first, words in paragraphs(prose):
        bare = SAID.sub(blanked, NOT_WORDS.sub(blanked, words))
        for sentence in re.finditer(r"[^.?!]+[.?!]?", bare):
            compares = COMPARES.search(sentence[0])
            if compares and not sentence[0].endswith("?") and not BOUND.search(words):
                line = first + bare.count("\n", 0, sentence.start() + compares.start())
                found.append(Unbound(line, " ".join(sentence[0].split())))
    return found


def chains(path: Path) -> list[Unbound]:
    """The formulas within a line that have two equals signs or more, unless the last only names a value."""
    prose, _, _ = coverage.split(without_front_matter(path.read_text("utf-8")))
    found = []
    for first, words in paragraphs(coverage.DOLLARS.sub(blanked, prose)):
        for formula in INLINE.finditer(words):
            body = formula[1]
            while re.search(r"\{[^{}]*\}", body):
                body = re.sub(r"\{[^{}]*\}", " ", body)  # indices, sums from i=1
            sides = body.split("=")
            if len(sides) > 2 and not PLAIN_NUMBER.fullmatch(sides[-1]) and not INLINE_EXCUSE.search(words):
                line = first + words.count("\n", 0, formula.start())
                found.append(Unbound(line, " ".join(formula[1].split())))
    return found


def blanked(match: re.Match) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def without_front_matter(text: str) -> str:
    """The same lines, those of the YAML at the top empty."""
    match = re.match(r"---\n.*?\n---\n", text, re.S)
    return "\n" * match[0].count("\n") + text[match.end() :] if match else text


def paragraphs(prose: str):
    """(number of the first line, text) of each block between empty lines."""
    line = 1
    for block in re.split(r"(\n[ \t]*\n)", prose):
        if block.strip():
            yield line + len(block) - len(block.lstrip("\n")), block
        line += block.count("\n")


def numbers(first: int, words: str, known: set[float], around: str) -> list[Typed]:
    excused = {value(n) for match in EXCUSE.finditer(around) for n in re.findall(r"[\d.]+", match[1])}
    bare = NOT_WORDS.sub(blanked, words)
    found = []
    for match in NUMBER.finditer(bare):
        number = value(match[0])
        whole = number == int(number)
        percent = bare[match.end() :].lstrip()[:1] == "%"
        ways = {abs(number), abs(number) / 100} if percent else {abs(number)}
        if (whole and abs(number) <= SMALL and not percent) or ways & known or abs(number) in excused:
            continue
        if percent and number == LEVEL:
            continue
        line = first + bare.count("\n", 0, match.start())
        text = " ".join(words[max(0, match.start() - 30) : match.end() + 30].split())
        found.append(Typed(line, match[0], text))
    return found


def value(number: str) -> float:
    return float(number.replace(",", "").replace("−", "-"))


def literals(cell: str) -> set[float]:
    """The numbers in a cell's code, in strings too unless they are words for readers."""
    code = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell, flags=re.M)
    tree = ast.parse(code)
    skipped = {id(node) for node, _ in words_for_readers(tree)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in skipped:
            if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
                found.add(float(node.value))
            elif isinstance(node.value, str):
                found |= {value(n) for n in re.findall(r"\d+(?:\.\d+)?", node.value)}
    return found


def words_for_readers(tree: ast.AST):
    """(constant, keyword) for each string that an argument such as look_for= holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in WORDS_OF:
            for inner in ast.walk(node.value):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner, node.arg


def code_cells(text: str):
    """(line of the first line of its body, body) of every code cell, YAML header included."""
    for match in re.finditer(r"^(`{3,})\{code-cell\}[^\n]*\n(.*?)^\1\s*$", text, re.M | re.S):
        yield text.count("\n", 0, match.start(2)) + 1, match[2]


def read_by_people(cell: str):
    """(line within the cell, words): captions and alternative texts of the header, look_for= of the code."""
    header = re.match(r"---\n(.*?)\n---\n", cell, re.S)
    if header:
        for words in strings(yaml.safe_load(header[1])):
            yield 1, words
    before = cell[: header.end()].count("\n") if header else 0
    options = r"\A(:[\w-]+:.*\n)+"
    code = cell[header.end() :] if header else re.sub(options, lambda m: "\n" * m[0].count("\n"), cell)
    for node, _ in words_for_readers(ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.M))):
        yield before + node.lineno - 1, node.value


def strings(tree):
    """The captions and alternative texts within a cell's options."""
    if isinstance(tree, dict):
        for key, inner in tree.items():
            if isinstance(inner, str) and key in WORDS_OF:
                yield inner
            yield from strings(inner)


def complaints(path: Path) -> list[str]:
    """All that a chapter's words say without a cell behind them, with line and what to do."""
    return [
        *(f"{path.name}:{t.line}: {t.number} is typed (… {t.words} …): compute it, and use {{glue:text}}"
          for t in typed(path)),
        *(f"{path.name}:{u.line}: nothing asserts {u.words!r}: bind it with {{claim}}`id`"
          for u in comparisons(path)),
        *(f"{path.name}:{u.line}: ${u.words}$ derives within a line: display it, with a label and a check"
          for u in chains(path)),
    ]  # fmt: skip


if __name__ == "__main__":
    for path in sorted(Path(__file__).parents[1].glob("book/*.md")):
        print(*complaints(path), sep="\n", end="\n" * bool(complaints(path)))

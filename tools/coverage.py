"""Which displayed equations a chapter has, and which of them its checks cover.

A displayed equation is `$$ … $$ (label)`, a `{math}` directive, or a bare amsmath environment. What covers it
is `check.equation("label", …)` in a code cell of the same chapter, or a comment right after it, its excuse:

    <!-- no check: definition of the softmax -->
"""

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from gradbook.check.results import MIME

FENCE = re.compile(r"^\s*(?P<mark>`{3,}|~{3,}|:{3,})\s*(?:\{(?P<name>[^}]+)\})?(?P<rest>.*)$")
CODE = {"code-cell", "code", "code-block", "sourcecode", "math", "mermaid", "raw", "eval-rst"}
DOLLARS = re.compile(r"\$\$(?P<body>.+?)\$\$(?:[ \t]*\((?P<label>[^)\s]+)\))?", re.S)
AMSMATH = re.compile(
    r"\\begin\{(?P<name>equation|align|alignat|eqnarray|flalign|gather|multline)\*?\}.*?"
    r"\\end\{(?P=name)\*?\}",
    re.S,
)
REASON = re.compile(r"\s*<!--\s*no check:\s*(?P<why>.*?)\s*-->", re.S)
INNER = re.compile(r"\\begin\{(?!aligned)(\w+\*?)\}(?:(?!\\begin).)*?\\end\{\1\}", re.S)
RELATION = re.compile(r"[=<>]|\\(?:le|ge|leq|geq|ne|approx|to|sim|propto|in|equiv|iff|implies|ll|gg)\b")


@dataclass
class Equation:
    """A displayed equation: where it stands, how many steps it takes, and how it is covered."""

    line: int
    label: str | None
    steps: int
    why: str | None = None  # the reason for having no check
    checks: list[int | None] = field(default_factory=list)  # lines that each check evaluates, None if unknown


@dataclass
class Chapter:
    stem: str
    equations: list[Equation]
    cells: list[str]  # code
    checked: dict[str, list[int | None]]  # label -> one entry for each check.equation
    exercises: list[str]  # ids in the order of their calls


def read(path: Path) -> Chapter:
    """The chapter in a MyST-Markdown file."""
    prose, cells, math = split(path.read_text("utf-8"))
    equations = sorted([*math, *displayed(prose)], key=lambda e: e.line)
    checked: dict[str, list[int | None]] = {}
    exercises: list[str] = []
    for cell in cells:
        for name, identity, lines in calls(cell):
            if name == "equation":
                checked.setdefault(identity, []).append(lines)
            elif name == "exercise":
                exercises.append(identity)
    for equation in equations:
        equation.checks = checked.get(equation.label, [])
    return Chapter(path.stem, equations, cells, checked, exercises)


def split(text: str) -> tuple[str, list[str], list[Equation]]:
    """(the text with code blanked, the code cells, the {math} directives); line numbers are kept."""
    prose, cells, math, block = [], [], [], []
    around: list[str] = []  # the marks of the open directives whose content is prose
    inside, name, begin = "", "", 0  # the mark, name and line of the open block of code
    for number, line in enumerate(text.splitlines(), 1):
        found = FENCE.match(line)
        bare = found and not found["name"] and not found["rest"].strip()
        kept = ""
        if inside and bare and found["mark"].startswith(inside):
            if name == "code-cell":
                cells.append(without_options(block))
            elif name == "math":
                body = "\n".join(block)
                label = re.search(r"^:label:\s*(\S+)", body, re.M)
                math.append(Equation(begin, label[1] if label else None, steps(body)))
            inside = ""
        elif inside:
            block.append(line)
        elif bare and around and found["mark"].startswith(around[-1]):
            around.pop()
        elif found and (not found["name"] or found["name"] in CODE):
            inside, name, begin, block = found["mark"], found["name"], number, []
        elif found:
            around.append(found["mark"])
        else:
            kept = re.sub(r"`[^`]*`", lambda m: " " * len(m[0]), line)
        prose.append(kept)
    for equation in math:
        equation.why = reason("\n".join(prose[equation.line :]), 0)
    return "\n".join(prose), cells, math


def without_options(block: list[str]) -> str:
    """The code of a cell, without its YAML header or `:option:` lines."""
    if block and block[0].strip() == "---":
        return "\n".join(block[block.index("---", 1) + 1 :])
    while block and re.match(r":[\w-]+:", block[0]):
        block = block[1:]
    return "\n".join(block)


def displayed(text: str) -> list[Equation]:
    """The $$ blocks and bare amsmath environments of prose."""
    found = []
    for match in DOLLARS.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        found.append(Equation(line, match["label"], steps(match["body"]), reason(text, match.end())))
    bare = DOLLARS.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    for match in AMSMATH.finditer(bare):
        line = bare.count("\n", 0, match.start()) + 1
        found.append(Equation(line, None, steps(match[0]), reason(bare, match.end())))
    return found


def reason(text: str, end: int) -> str | None:
    match = REASON.match(text, end)
    return match["why"] if match and match["why"] else None


def steps(body: str) -> int:
    """How many lines the longest statement of a displayed equation has.

    A row with a left-hand side begins a statement, a row that begins with a relation is its next line, and a
    row without a relation goes on from the row before. Several statements may share one function that returns
    them all.
    """
    while INNER.search(body):
        body = INNER.sub("", body)  # the rows of a matrix or of cases are not lines
    body = re.sub(r"\\(begin|end)\{\w+\*?\}|\\text\w*\{[^}]*\}|\\q?quad\b", "", body)
    statements = [0]
    for row in re.split(r"\\\\(?:\[[^\]]*\])?", body):
        if row.split("&")[0].strip():
            statements.append(0)
        statements[-1] += bool(RELATION.search(row))
    return max(1, *statements)


def calls(code: str) -> list[tuple[str, str, int | None]]:
    """(function, id, number of lines) for each call of check.equation, check.claim and so on."""
    code = re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.M)
    found = []
    for node in ast.walk(ast.parse(code)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "check"):
            continue
        keywords = {k.arg: k.value for k in node.keywords}
        identity = node.args[0] if node.args else keywords.get("label", keywords.get("id"))
        if isinstance(identity, ast.Constant) and isinstance(identity.value, str):
            lines = keywords.get("lines")
            known = isinstance(lines, ast.List) and not any(isinstance(e, ast.Starred) for e in lines.elts)
            found.append((node.func.attr, identity.value, len(lines.elts) if known else None))
    return found


def records(notebook: Path) -> list[dict]:
    """The JSON records that the checks left in an executed notebook."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]


def built(root: Path, chapter: Chapter) -> Path | None:
    """The executed notebook of a chapter, or None if there is none that is younger than the chapter's text.

    Raises ValueError if there is one and its code is not the chapter's.
    """
    notebook = root / "_build/notebooks" / f"{chapter.stem}.ipynb"
    source = root / "book" / f"{chapter.stem}.md"
    if not notebook.exists() or notebook.stat().st_mtime < source.stat().st_mtime:
        return None
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]).strip() for cell in cells if cell["cell_type"] == "code"]
    if code != [cell.strip() for cell in chapter.cells]:
        count = len(chapter.cells)
        raise ValueError(f"{notebook}: its {len(code)} code cells are not the {count} of {source.name}")
    return notebook


def main() -> None:
    """Print the coverage of each chapter in book/."""
    for path in sorted(Path(__file__).parents[1].glob("book/*.md")):
        print(summary(read(path)))


def summary(chapter: Chapter) -> str:
    checked = sum(bool(e.checks) for e in chapter.equations)
    excused = sum(bool(e.why) and not e.checks for e in chapter.equations)
    count = len(chapter.equations)
    return (
        f"{chapter.stem}: {count} displayed equations, {checked} checked, {excused} excused, "
        f"{count - checked - excused} open; {len(set(chapter.exercises))} exercises"
    )


if __name__ == "__main__":
    main()

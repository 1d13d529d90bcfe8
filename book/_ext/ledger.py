"""The ledger: every equation, claim and exercise of the book, from the records that its checks left behind.

The directive {ledger} stands for one of PARTS, in book/ledger.md. A chapter's records are read from its
executed notebook, so a row is there because a check ran and held. An equation that is neither checked nor
excused is a warning, which fails the build.
"""

import platform
from html import escape
from importlib import metadata
from pathlib import Path

from docutils import nodes
from export import executed
from gradbook.check.comparison import plain
from gradbook.check.results import MIME
from gradbook.exercises import find
from jupyter_cache import get_cache
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tools import coverage

log = logging.getLogger(__name__)

PAGE = "book/ledger"
VERSIONS = ("numpy", "torch", "scipy", "scikit-learn", "pandas", "matplotlib")
VERDICTS = ("true", "false", "depends", "not shown")
RELATIONS = {
    "equal": "equal", "bound": "at most", "upper bound": "at least", "limit": "in the limit",
    "expectation": "in the mean",
}  # fmt: skip


class ledger(nodes.General, nodes.Element):
    """The place of one part, filled once all chapters are read."""


class Chapter:
    """One chapter's equations, as its text has them, and records, as its cells left them."""

    def __init__(self, app, docname: str, cache):
        source = Path(app.env.doc2path(docname))
        self.docname, self.stem = docname, source.stem
        self.link = f"{self.stem}.html"
        self.title = app.env.titles[docname].astext()
        self.equations = coverage.read(source).equations
        notebook = executed(source, cache)
        outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])] if notebook else []
        found = [o["data"][MIME] for o in outputs if MIME in o.get("data", {})]
        self.records = {kind: {r["id"]: r for r in found if r["kind"] == kind}
                        for kind in ("equation", "claim", "exercise")}  # fmt: skip
        numbers = app.env.toc_fignumbers.get(docname, {}).get("displaymath", {})
        self.numbers = {name: ".".join(map(str, number)) for name, number in numbers.items()}

    def checked(self) -> list[tuple]:
        """(equation, its record) in the order of the page."""
        return [(e, self.records["equation"][e.label]) for e in self.equations
                if e.label in self.records["equation"]]  # fmt: skip

    def excused(self) -> list:
        return [e for e in self.equations if e.why and e.label not in self.records["equation"]]

    def open(self) -> list:
        return [e for e in self.equations if not e.why and e.label not in self.records["equation"]]

    def anchor(self, place: str, words: str) -> str:
        return f'<a href="{self.link}#{escape(place)}">{escape(words)}</a>'

    def equation(self, e) -> str:
        number = self.numbers.get(f"equation-{e.label}", "")
        return f"{self.anchor(f'equation-{e.label}', f'({number})')} {escape(e.label)}"


class Part(SphinxDirective):
    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        if name not in PARTS:
            raise self.error(f"ledger: there is no part {name!r}; there are {', '.join(PARTS)}")
        return [ledger("", part=name)]


def table(heads: list[str], rows: list[tuple[str, list[str]]], attributes: str) -> str:
    """A table in its box. rows: (attributes of the row, cells as markup)."""
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    body = ""
    for given, cells in rows:
        columns = "".join(f'<td data-head="{h}">{cell}</td>' for h, cell in zip(heads, cells))
        body += f"<tr{given}>{columns}</tr>\n"
    return (f'<div class="gb-table"><table {attributes}><thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{body}</tbody></table></div>")  # fmt: skip


def listed(name: str, heads: list[str], rows: list[tuple[Chapter, list[str]]]) -> str:
    """A table that ledger.js filters and sorts: a row for each thing, its last cell the chapter."""
    rows = [(f' data-chapter="{c.stem}"', [*cells, escape(c.title)]) for c, cells in rows]
    return table([*heads, "chapter"], rows, f'class="gb-ledger" id="ledger-{name}"')


def totals(chapters: list[Chapter]) -> str:
    """One line for each chapter, and their sum."""
    counted = {
        "displayed equations": lambda c: len(c.equations),
        "checked": lambda c: len(c.checked()),
        "excused": lambda c: len(c.excused()),
        "wrong variants rejected": lambda c: sum(len(r["rejects"]) for _, r in c.checked()),
        "claims measured": lambda c: len(c.records["claim"]),
        "exercises": lambda c: len(c.records["exercise"]),
        "wrong answers recognized": lambda c: sum(len(find(id).wrong) for id in c.records["exercise"]),
    }
    rows = [("", [f'<a href="{c.link}">{escape(c.title)}</a>', *(f"{of(c):,}" for of in counted.values())])
            for c in chapters]  # fmt: skip
    whole = (f"{sum(map(of, chapters)):,}" for of in counted.values())
    rows.append((' class="gb-sum"', ["the book", *whole]))
    return table(["chapter", *counted], rows, 'class="gb-ledger gb-totals"')


def interval(f: dict, reach: float, width: int = 132, height: int = 12) -> str:
    """The 95 % interval as a bar about the line of no effect; `reach` lies at the edge of the picture."""
    def x(value):
        return round(width / 2 * (1 + (value - f["null"]) / reach), 1)

    low, mean, high = x(f["mean"] - f["half_width"]), x(f["mean"]), x(f["mean"] + f["half_width"])
    return (f'<svg class="gb-interval" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'aria-hidden="true"><path d="M{width / 2:g} 0V{height}"/>'
            f'<rect x="{low}" y="4" width="{max(high - low, 1.5):.1f}" height="4"/>'
            f'<circle cx="{mean}" cy="6" r="3.2"/></svg>')  # fmt: skip


def measured(found: dict) -> str:
    """What a claim found, one line for each condition, the intervals of one claim on one scale."""
    drawn = [abs(f["mean"] - f["null"]) + f["half_width"] for f in found.values() if "mean" in f]
    reach = 1.08 * max(drawn, default=0) or 1.0
    return "".join(
        f"<p>{escape(name)}{': ' * bool(name)}{escape(f['says'])}"
        + (f"<br>{interval(f, reach)}" if "mean" in f else "") + "</p>"
        for name, f in found.items()
    )  # fmt: skip


def claims(chapters: list[Chapter]) -> str:
    rows = []
    for c in chapters:
        for id, r in c.records["claim"].items():
            verdict = f'<strong class="gb-verdict">{escape(r["verdict"])}</strong>'
            how = "on" if r["verdict"] == "depends" else "measured on"
            where = f"<br>{how} {escape(r['on'])}" if r["on"] else ""
            said = c.anchor(f"check-{id}", r["statement"])
            rows.append((c, [said, verdict + where, measured(r["found"])]))
    return listed("claims", ["what people say", "verdict", "what was measured"], rows)


def equations(chapters: list[Chapter]) -> str:
    rows = []
    for c in chapters:
        records = c.records["equation"]
        for e in c.equations:
            if e.label in records:
                r = records[e.label]
                lines = f", {r['lines']} lines" if r["lines"] > 1 else ""
                cells = [c.anchor(f"check-{e.label}", r["against"]),
                         f"{RELATIONS[r['relation']]}, {r['inputs']} inputs{lines}",
                         "5 standard errors" if r["relation"] == "expectation" else escape(r["rtol"]),
                         f'<span class="gb-wrong">{escape("; ".join(r["rejects"]))}</span>']  # fmt: skip
            else:
                cells = [f"not checked: {escape(e.why or 'open')}", "", "", ""]
            rows.append((c, [c.equation(e), *cells]))
    return listed("equations", ["equation", "compared with", "how", "tolerance", "rejects"], rows)


def exercises(chapters: list[Chapter]) -> str:
    rows = []
    for c in chapters:
        for id in c.records["exercise"]:
            exercise = find(id)
            wrong = "; ".join(escape(name) for name in exercise.wrong)
            tolerance = "" if exercise.kind == "choice" else escape(plain(exercise.rtol))
            rows.append((c, [c.anchor(f"ex-{id}", exercise.ask), exercise.kind, tolerance,
                             f'<span class="gb-wrong">{wrong}</span>']))  # fmt: skip
    return listed("exercises", ["exercise", "answer", "tolerance", "has a hint for"], rows)


def versions(chapters: list[Chapter]) -> str:
    used = [("Python", platform.python_version()),
            *((name, metadata.version(name).partition("+")[0]) for name in VERSIONS)]  # fmt: skip
    return "<p>" + " · ".join(f"{name} {version}" for name, version in used) + "</p>"


PARTS = {part.__name__: part for part in (totals, claims, equations, exercises, versions)}


def _outdated(app, env, added, changed, removed):
    """The ledger is written again whenever anything is read."""
    return [PAGE] if PAGE in env.found_docs and (added or changed or removed) else []


def _fill(app, doctree, docname):
    places = list(doctree.findall(ledger))
    if not places:
        return
    cache = app.config.nb_execution_cache_path or Path(app.doctreedir).parent / ".jupyter_cache"
    order = app.env.toctree_includes[app.config.root_doc]
    chapters = [Chapter(app, name, get_cache(str(cache))) for name in order]
    chapters = [c for c in chapters if c.equations or any(c.records.values())]
    for c in chapters:
        for e in c.open():
            log.warning("ledger: %s has neither a check nor a reason for none", e.label or "an equation",
                        location=f"{app.env.doc2path(c.docname)}:{e.line}", type="ledger")  # fmt: skip
    checked, count = sum(len(c.checked()) for c in chapters), sum(len(c.equations) for c in chapters)
    excused = sum(len(c.excused()) for c in chapters)
    log.info("ledger: %d displayed equations, %d checked, %d excused, %d open",
             count, checked, excused, count - checked - excused)  # fmt: skip
    for place in places:
        place.replace_self(nodes.raw("", PARTS[place["part"]](chapters), format="html"))


def _script(app, pagename, templatename, context, doctree):
    if pagename == PAGE:
        app.add_js_file("ledger.js", loading_method="defer")


def setup(app):
    app.add_node(ledger)
    app.add_directive("ledger", Part)
    app.connect("env-get-outdated", _outdated)
    app.connect("doctree-resolved", _fill)
    app.connect("html-page-context", _script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

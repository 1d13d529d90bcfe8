"""The ledger: a row for everything that was checked, and a failed build for what was not."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from gradbook.exercises import find
from tiny_book import build

from tools import coverage

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "_build" / "html" / "book" / "ledger.html"
CHAPTERS = {path.stem: coverage.read(path) for path in sorted(ROOT.glob("book/*.md"))}
ACCOUNT = "# Ledger\n\n```{ledger} totals\n```\n\n```{ledger} equations\n```\n"


class Tables(HTMLParser):
    """The tables of a page: {id: rows}, a row being (chapter, cells), a cell (text, links)."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.rows, self.cell = {}, None, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "table":
            self.rows = self.tables.setdefault(given.get("id", given.get("class")), [])
        elif tag == "tr" and self.rows is not None:
            self.rows.append((given.get("data-chapter"), []))
        elif tag in ("td", "th") and self.rows:
            self.cell = ["", []]
            self.rows[-1][1].append(self.cell)
        elif tag == "a" and self.cell:
            self.cell[1].append(given["href"])

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None
        elif tag == "table":
            self.rows = None

    def handle_data(self, text):
        if self.cell:
            self.cell[0] += text


@pytest.fixture(scope="module")
def tables():
    if not PAGE.exists() or any(coverage.built(ROOT, c) is None for c in CHAPTERS.values() if c.cells):
        pytest.skip("the book has not been built since a chapter was edited")
    return Tables(PAGE.read_text("utf-8")).tables


@pytest.fixture(scope="module")
def records():
    """[(stem, record)] of the whole book."""
    chapters = [(c, coverage.built(ROOT, c)) for c in CHAPTERS.values() if c.cells]
    return [(c.stem, r) for c, notebook in chapters if notebook for r in coverage.records(notebook)]


@pytest.mark.built
def test_every_displayed_equation_has_its_row_in_the_order_of_its_chapter(tables):
    rows = tables["ledger-equations"][1:]
    for stem, chapter in CHAPTERS.items():
        labels = [cells[0][0].split()[-1] for of, cells in rows if of == stem]
        assert labels == [e.label for e in chapter.equations]
    for stem, cells in rows:
        number, label = cells[0][0].split()
        assert re.fullmatch(r"\(\d+\.\d+\)", number)
        assert cells[0][1] == [f"{stem}.html#equation-{label}"]


@pytest.mark.built
def test_a_row_says_what_the_check_said(tables, records):
    rows = {cells[0][0].split()[-1]: cells for _, cells in tables["ledger-equations"][1:]}
    equations = [(stem, r) for stem, r in records if r["kind"] == "equation"]
    assert equations
    for stem, r in equations:
        _, against, how, tolerance, rejects, _ = rows[r["id"]]
        assert against == [r["against"], [f"{stem}.html#check-{r['id']}"]]
        assert f"{r['inputs']} inputs" in how[0]
        assert tolerance[0] == (r["rtol"] if r["relation"] != "expectation" else "5 standard errors")
        assert rejects[0] == "; ".join(r["rejects"])
    checked = {r["id"] for _, r in equations}
    unchecked = {label: cells for label, cells in rows.items() if label not in checked}
    for chapter in CHAPTERS.values():
        for e in chapter.equations:
            if e.label in unchecked:
                assert unchecked[e.label][1][0] == f"not checked: {e.why}"


@pytest.mark.built
def test_every_claim_and_exercise_has_its_row(tables, records):
    claims = {cells[0][1][0]: cells for _, cells in tables["ledger-claims"][1:]}
    for stem, r in records:
        if r["kind"] == "claim":
            said, verdict, measured, _ = claims.pop(f"{stem}.html#check-{r['id']}")
            assert said[0] == r["statement"]
            assert verdict[0].startswith(r["verdict"])
            assert all(found["says"] in measured[0] for found in r["found"].values())
    assert not claims
    asked = {cells[0][1][0]: cells for _, cells in tables["ledger-exercises"][1:]}
    for stem, id in {(stem, r["id"]) for stem, r in records if r["kind"] == "exercise"}:
        cells = asked.pop(f"{stem}.html#ex-{id}")
        assert cells[0][0] == find(id).ask
        assert cells[3][0] == "; ".join(find(id).wrong)
    assert not asked


@pytest.mark.built
def test_the_account_adds_up(tables, records):
    *chapters, whole = [cells for _, cells in tables["gb-ledger gb-totals"][1:]]
    for column in range(1, len(whole)):
        assert sum(int(cells[column][0]) for cells in chapters) == int(whole[column][0])
    equations = [r for _, r in records if r["kind"] == "equation"]
    assert int(whole[1][0]) == sum(len(c.equations) for c in CHAPTERS.values())
    assert int(whole[2][0]) == len(equations)
    assert int(whole[1][0]) == int(whole[2][0]) + int(whole[3][0])
    assert int(whole[4][0]) == sum(len(r["rejects"]) for r in equations)
    assert int(whole[5][0]) == sum(r["kind"] == "claim" for _, r in records)


def test_an_equation_with_neither_check_nor_reason_fails_the_build(tmp_path):
    page = "# One\n\n$$ a = b $$ (x-open)\n\n$$ c = d $$ (x-said)\n<!-- no check: a definition -->\n"
    built = build(tmp_path, {"one": page, "ledger": ACCOUNT}, extensions=("maths", "ledger"))
    assert built.status != 0
    assert "ledger: x-open has neither a check nor a reason for none" in built.output
    assert "one.md:3: WARNING" in built.output
    assert "x-said has neither" not in built.output
    assert "2 displayed equations, 0 checked, 1 excused, 1 open" in built.output


def test_excused_equations_alone_build(tmp_path):
    page = "# One\n\n$$ c = d $$ (x-said)\n<!-- no check: a definition -->\n"
    built = build(tmp_path, {"one": page, "ledger": ACCOUNT}, extensions=("maths", "ledger"))
    assert built.status == 0, built.output
    rows = Tables(built.page("ledger")).tables["ledger-equations"]
    assert [text for text, _ in rows[1][1]][1] == "not checked: a definition"


def test_a_part_that_does_not_exist_fails_the_build(tmp_path):
    pages = {"ledger": "# Ledger\n\n```{ledger} equatoins\n```\n"}
    built = build(tmp_path, pages, extensions=("maths", "ledger"))
    assert built.status != 0
    assert "there is no part 'equatoins'; there are totals, claims, equations" in built.output

"""lean_formulas.py leaves out two fifths of KaTeX's elements: each letter must stay where KaTeX puts it."""

import json
from pathlib import Path

import pytest
from maths import Katex

pytestmark = [pytest.mark.browser, pytest.mark.built]
ROOT = Path(__file__).resolve().parents[2]
KATEX = ROOT / "node_modules" / "katex"
OWN = ".katex .base::before, .katex .vlist > span::before"  # the boxes of book.css that stand for struts
# Of each formula: its letters and lines, where they stand and how large they are, in px.
PLACES = """() => document.fonts.ready.then(() => [...document.querySelectorAll(".formula")].map(formula => {
  const from = formula.getBoundingClientRect(), found = [["formula", 0, 0, from.width, from.height]];
  const add = (name, {left, top, height}) =>
    found.push([name, left - from.left, top - from.top, height]);
  const walk = document.createTreeWalker(formula, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (walk.nextNode()) {
    const {data} = walk.currentNode;
    if (walk.currentNode.parentNode.closest(".katex-mathml")) continue;
    for (let i = 0; i < data.length; i++) {
      if (data[i] === "\\u200b") continue;
      range.setStart(walk.currentNode, i);
      range.setEnd(walk.currentNode, i + 1);
      add(data[i], range.getBoundingClientRect());
    }
  }
  for (const line of formula.querySelectorAll(".frac-line, svg, .hline")) {
    add("line", line.getBoundingClientRect());
  }
  return found;
}))"""


@pytest.fixture(scope="module")
def formulas(site, tmp_path_factory):
    """[(markup of KaTeX, markup of the book)] of every formula of the book."""
    known = json.loads((ROOT / "_build" / ".katex.json").read_text("utf-8"))["known"]
    katex = Katex(KATEX, tmp_path_factory.mktemp("katex") / "none.json")
    ours = [katex.render(key[1:], key[0] == "D")[0] for key in known]
    theirs = [katex._ask(key[1:], key[0] == "D")["html"] for key in known]
    katex.close()
    assert len(known) > 1000
    return theirs, ours


def places(browser, tmp_path, markups, style):
    """What PLACES finds in a page of these formulas, each as wide as a phone."""
    boxes = "".join(
        f'<div class="formula" style="position:absolute;top:{300 * i}px;width:330px">x {markup}</div>'
        for i, markup in enumerate(markups)
    )
    sheets = [KATEX / "dist" / "katex.min.css", ROOT / "book" / "_static" / "book.css"]
    linked = "".join(f'<link rel="stylesheet" href="{sheet.as_uri()}">' for sheet in sheets)
    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html><meta charset="utf-8">{linked}<style>{style}</style>{boxes}', "utf-8")
    tab = browser.new_page()
    tab.goto(page.as_uri())
    found = tab.evaluate(PLACES)
    tab.close()
    return found


def moved(theirs, ours):
    """How many px the letter that moved most moved, for each formula."""
    for one, other in zip(theirs, ours, strict=True):
        assert [name for name, *_ in one] == [name for name, *_ in other]
        yield max(abs(a - b) for p, q in zip(one, other) for a, b in zip(p[1:], q[1:]))


def test_every_letter_of_the_book_stands_where_katex_puts_it(browser, formulas, tmp_path):
    theirs, ours = formulas
    wanted = places(browser, tmp_path, theirs, f"{OWN} {{ content: none; }}")
    got = places(browser, tmp_path, ours, "")
    assert max(moved(wanted, got)) < 0.1  # Chromium lays out in 64ths of a pixel
    wrong = places(browser, tmp_path, ours, ".katex .vlist { --p: 2.6em; }")
    assert sum(far > 1 for far in moved(wanted, wrong)) > 300  # had book.css another height there

"""The ledger's tables in Chromium: filtered and sorted by keyboard, whole without JavaScript."""

import pytest
from test_pages import opened

pytestmark = [pytest.mark.browser, pytest.mark.built]

SHOWN = """id => [...document.querySelectorAll(`#${id} tbody tr`)]
  .filter(row => !row.hidden).map(row => [...row.cells].map(cell => cell.textContent.trim()).join("\\t"))"""
TOLERANCES = """() => [...document.querySelectorAll('#ledger-equations tbody tr')]
  .map(row => row.cells[3].textContent)"""


def numbers(texts):
    return [float(text) for text in texts if text[:1].isdigit() and "standard" not in text]


@pytest.fixture
def tab(browser, site):
    with opened(browser, f"{site}book/ledger.html") as tab:
        yield tab
        assert not tab.said


def test_words_and_a_chapter_leave_the_rows_that_have_them(tab):
    rows = tab.evaluate(SHOWN, "ledger-equations")
    words = tab.get_by_label("Show only equations with these words")
    words.focus()
    tab.keyboard.type("SGD plus")
    few = tab.evaluate(SHOWN, "ledger-equations")
    assert few == [row for row in rows if "sgd" in row.lower() and "plus" in row.lower()]
    words.fill("")
    tab.keyboard.press("Tab")
    tab.keyboard.press("End")
    of_last = tab.evaluate(SHOWN, "ledger-equations")
    assert 0 < len(of_last) < len(rows)
    count = tab.locator(".gb-filter output").nth(1).inner_text()
    assert count == f"{len(of_last)} of {len(rows)} equations"


def test_a_head_sorts_up_and_down_by_keyboard(tab):
    head = tab.locator("#ledger-equations th", has_text="tolerance")
    head.get_by_role("button").focus()
    tab.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = numbers(tab.evaluate(TOLERANCES))
    assert up == sorted(up) and len(set(up)) > 2
    tab.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    down = numbers(tab.evaluate(TOLERANCES))
    assert down == up[::-1]
    tab.locator("#ledger-equations th", has_text="rejects").get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") is None


def test_without_javascript_the_tables_stand_whole(browser, site):
    with opened(browser, f"{site}book/ledger.html") as tab:
        rows = len(tab.evaluate(SHOWN, "ledger-claims"))
    with opened(browser, f"{site}book/ledger.html", java_script_enabled=False) as tab:
        assert tab.locator("#ledger-claims tbody tr").count() == rows > 0
        assert tab.locator(".gb-filter").count() == 0

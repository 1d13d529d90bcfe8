"""In the built book every link within it leads somewhere, and nothing is loaded from elsewhere."""

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.built

HTML = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted(
    path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html") if "_static" not in path.parts
)
LOADED = {"script": "src", "img": "src", "link": "href", "source": "src", "iframe": "src"}


class Page(HTMLParser):
    """What a page defines (ids), links to, and loads."""

    def __init__(self, file):
        super().__init__()
        self.ids, self.links, self.loaded = [], [], []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if given.get("id"):
            self.ids.append(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and given.get(LOADED[tag]):
            self.loaded.append(given[LOADED[tag]])


@cache
def parsed(file):
    return Page(file)


def broken(page, addresses):
    """Those of the addresses, as written in the page, that lead to no file or no id of the book."""
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "mailto", "data"):
            continue
        file = (HTML / page).parent / unquote(parts.path) if parts.path else HTML / page
        if not file.resolve().is_file() or (
            parts.fragment
            and file.suffix == ".html"
            and unquote(parts.fragment) not in parsed(file.resolve()).ids
        ):
            yield address


@pytest.mark.skipif(not PAGES, reason="the book is not built (python3 run.py book)")
@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_book_leads_somewhere(page):
    found = parsed((HTML / page).resolve())
    assert list(broken(page, [*found.links, *found.loaded])) == []


@pytest.mark.skipif(not PAGES, reason="the book is not built (python3 run.py book)")
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_elsewhere(page):
    assert [
        address for address in parsed((HTML / page).resolve()).loaded if "//" in address.split("data:")[0]
    ] == []


@pytest.mark.skipif(not PAGES, reason="the book is not built (python3 run.py book)")
@pytest.mark.parametrize("page", PAGES)
def test_no_id_is_given_twice(page):
    ids = parsed((HTML / page).resolve()).ids
    assert sorted({name for name in ids if ids.count(name) > 1}) == []


@pytest.mark.skipif(not PAGES, reason="the book is not built (python3 run.py book)")
@pytest.mark.parametrize("page", PAGES)
def test_no_page_carries_the_settings_of_a_service_that_it_does_not_use(page):
    text = (HTML / page).read_text("utf-8")
    assert "thebe" not in text
    assert "require.js" not in text

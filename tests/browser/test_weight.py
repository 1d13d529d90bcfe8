"""What the first view of each page asks for: few requests, few bytes as a server would send them."""

import gzip

import pytest
from test_pages import DESKTOP, HTML, PHONE, chapters, opened

pytestmark = [pytest.mark.browser, pytest.mark.built]
BYTES, REQUESTS = 250_000, 18
PACKED = (".woff2", ".png", ".jpg")  # compressed already


def test_scripts_of_explorables_are_small():
    weigh = lambda path: len(gzip.compress(path.read_bytes(), 6))
    scripts = {path.name: weigh(path) for path in HTML.glob("_static/explore*.js")}
    assert scripts
    for name, size in scripts.items():  # the common part, then a little for each rare one that the page has
        assert size <= 7_000 + 800 * name.count("-"), (name, size)


def sent(site, addresses):
    """{path: bytes}, of what was asked for."""
    found = {}
    for url in addresses:
        if url.startswith(site):
            path = HTML / url.removeprefix(site).split("?")[0].split("#")[0]
            content = path.read_bytes()
            found[path.name] = len(content if path.suffix in PACKED else gzip.compress(content, 6))
    return found


@chapters
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_view_is_light(browser, site, page, size):
    with opened(browser, site + page, size) as tab:
        weights = sent(site, tab.asked)
        assert sum(weights.values()) <= BYTES, weights
        assert len(tab.asked) <= REQUESTS, weights

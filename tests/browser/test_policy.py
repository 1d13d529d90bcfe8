"""The book under a strict Content-Security-Policy below a path, and from a folder: silent."""

import functools
import http.server
import socketserver
import threading

import pytest
from test_pages import DESKTOP, HTML, PAGES, opened

pytestmark = [pytest.mark.browser, pytest.mark.built]
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
PREFIX = "/a/deep/path/"
EVERY = [*PAGES, "index.html"] if PAGES else ["index.html"]
STORED = "[document.cookie, sessionStorage.length, Object.keys(localStorage)]"


class Strict(http.server.SimpleHTTPRequestHandler):
    """Serves the book below PREFIX and nothing else, with the policy."""

    def translate_path(self, path):
        inside = path.startswith(PREFIX)
        return super().translate_path("/" + path.removeprefix(PREFIX)) if inside else str(HTML / "nowhere")

    def log_message(self, *words):
        pass

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@pytest.fixture(scope="module")
def strict():
    if not (HTML / "index.html").exists():
        pytest.skip("the book is not built (python3 run.py book)")
    handler = functools.partial(Strict, directory=HTML)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
        server.shutdown()


@pytest.mark.parametrize("page", EVERY)
def test_a_page_works_under_a_strict_policy_from_a_sub_path(browser, strict, page):
    with opened(browser, strict + page, DESKTOP) as tab:
        tab.wait_for_timeout(50)  # the door leaves for the front page
        assert [line for line in tab.said if not line.startswith("failed")] == []
        assert [url for url in tab.asked if not url.startswith((strict, "data:"))] == []
        assert tab.evaluate(STORED) == ["", 0, []]
        assert tab.locator("script:not([src]):not([type^='application/'])").count() == 0


@pytest.mark.parametrize("page", ["book/index.html", "search.html?q=average"])
def test_a_page_works_from_a_folder(browser, page):
    with opened(browser, f"file://{HTML}/{page}", DESKTOP) as tab:
        assert tab.said == []
        if page.startswith("search"):
            assert tab.locator("#search-results li .context mark").count() > 0
        else:
            slider = tab.locator("figure.gb-explore input[type=range]").first
            before = tab.locator("figure.gb-explore .gb-plot").inner_html()
            slider.press("ArrowRight")
            tab.wait_for_function(
                "old => document.querySelector('figure.gb-explore .gb-plot').innerHTML !== old", arg=before
            )


def test_only_the_theme_is_stored_and_only_when_it_is_chosen(browser, strict):
    with opened(browser, strict + "book/index.html", DESKTOP) as tab:
        tab.locator(".gb-theme").click()
        assert tab.evaluate(STORED) == ["", 0, ["mode"]]


def test_the_search_quotes_what_it_finds_and_leads_there(browser, strict):
    with opened(browser, strict + "search.html", DESKTOP) as tab:
        field = tab.locator(".gb-search-page input[type=search]")
        field.fill("bias correction")
        first = tab.locator("#search-results li").first
        assert "section" in tab.locator("#search-progress").inner_text()
        quoted = first.locator(".context").inner_text().lower()
        assert "bias" in quoted or "correct" in quoted
        first.locator("a").click()
        tab.wait_for_url("**/book/*.html*")
        assert tab.locator("h1").count() == 1
        tab.go_back()
        field.fill("zzzz")
        assert tab.locator("#search-results li").count() == 0

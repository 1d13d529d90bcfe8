"""previews.py: a picture for those who share a page, once the book has an address."""

import re
import sys

import previews
import pytest
from test_pages import HTML

sys.path.append(str(HTML.parents[1] / "tests" / "book"))
import tiny_book

ADDRESS = "https://book.example/deep"


@pytest.fixture(scope="module")
def shared(tmp_path_factory, chromium_path):
    folder = tmp_path_factory.mktemp("shared")
    page = "# Waves\n\n<!-- description: What a wave is. -->\n\nWaves go up and down.\n"
    return tiny_book.build(folder, {"waves": page}, ("maths", "layout", "previews"),
                           more=f'html_baseurl = "{ADDRESS}/"')  # fmt: skip


def size(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def test_a_book_with_an_address_names_a_picture_that_exists_for_each_page(shared):
    assert shared.status == 0, shared.output
    for stem in ("waves", "index"):
        named = re.findall(r'<meta property="og:image" content="([^"]*)">', shared.page(stem))
        assert named == [f"{ADDRESS}/{previews.FOLDER}/{stem}.png"]
        picture = shared.html / named[0].removeprefix(ADDRESS + "/")
        assert size(picture.read_bytes()) == (previews.WIDTH, previews.HEIGHT)
    assert f'<link rel="canonical" href="{ADDRESS}/waves.html"' in shared.page("waves")
    assert f"{ADDRESS}/waves.html" in (shared.html / "sitemap.xml").read_text("utf-8")


@pytest.mark.built
def test_the_picture_of_a_chapter_shows_its_opening_figure(browser, tmp_path):
    tab = browser.new_page(viewport={"width": previews.WIDTH, "height": previews.HEIGHT})
    tab.goto((HTML / "book" / "ema.html").as_uri())
    first = tab.locator(".gb-svg").first.get_attribute("aria-label")
    tab.evaluate(previews.CARD)
    tab.add_style_tag(content=previews.STYLE)
    assert tab.locator(".gb-card .gb-svg").get_attribute("aria-label") == first
    boxes = tab.evaluate("""() => [...document.querySelectorAll(".gb-card h1, .gb-card p, .gb-card svg")]
      .map(part => part.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom, b.width])""")
    tab.close()
    assert len(boxes) == 4, "title, description, the sign of the book, figure"
    for left, top, right, bottom, _ in boxes:
        assert 0 <= left < right <= previews.WIDTH
        assert 0 <= top < bottom <= previews.HEIGHT
    assert max(width for *_, width in boxes) > previews.WIDTH / 2

"""tools/pdf.py: one document with bookmarks, page numbers and links that stay inside."""

import re
import statistics
import zlib

import pytest
from test_pages import HTML

from tools import pdf

PAGES = ["notation", "receptive_field", "ledger"]
FULL_SIZE = 300 / 96  # Chromium's scale; it shrinks every page where something is wider than the paper

CONTENTS = '<nav class="gb-contents"><form></form><li class="toctree-l1"><a href="a.html">A</a></nav>'
TEXTS = {
    "index": '<a href="a.html">A</a> <a href="https://example.org/a.html">E</a> <a href="no.html#x">L</a>',
    "a": '<h2 id="x">A</h2><a href="#x">x</a><a href="b.html#x">b</a><i fill="url(#x)">',
    "b": '<h2 id="x">B</h2><label for="y"></label><img src="../_images/c.svg"><script>let s;</script>',
}


def test_ids_stay_apart_and_links_lead_to_them(tmp_path):
    book = tmp_path / "html" / "book"
    book.mkdir(parents=True)
    for stem, text in TEXTS.items():
        article = f'<article class="gb-article">{text}</article>'
        page = f'<link rel="stylesheet" href="../_static/s.css">{CONTENTS}{article}'
        (book / f"{stem}.html").write_text(page, "utf-8")
    assert pdf.pages(tmp_path / "html") == ["index", "a"]
    whole = pdf.bound(tmp_path / "html", ["index", "a", "b"])
    assert re.findall(r'\bid="([^"]*)"', whole) == ["index", "a", "a--x", "b", "b--x"]
    links = re.findall(r'<a href="([^"]*)"', whole)
    assert links == ["#a", "#a", "https://example.org/a.html", "#a--x", "#b--x"]
    assert "<a >L</a>" in whole
    assert "url(#a--x)" in whole and 'for="b--y"' in whole and "script" not in whole
    assert whole.count("s.css") == 1 and '"../html/_images/c.svg"' in whole
    with pytest.raises(ValueError, match=r"no page 'c'.*run\.py book"):
        pdf.bound(tmp_path / "html", ["c"])


@pytest.mark.built
def test_pages_of_the_book_become_one_pdf_at_full_size(browser, tmp_path):
    source = tmp_path / "pdf" / "book.html"
    source.parent.mkdir()
    (tmp_path / "html").symlink_to(HTML)
    source.write_text(pdf.bound(tmp_path / "html", PAGES), "utf-8")
    tab = browser.new_page()
    tab.goto(source.as_uri())
    ids = tab.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    lost = tab.evaluate("""[...document.querySelectorAll('a[href^="#"]')].map(a => a.hash.slice(1))
                           .filter(id => !document.getElementById(decodeURIComponent(id)))""")
    assert lost == []
    printed = tab.pdf(outline=True, tagged=True, format="A4", prefer_css_page_size=True)
    tab.close()
    assert b"/URI (file:" not in printed
    bookmarks = b"".join(re.findall(rb"/Title (\(.*?\))", printed))
    assert all(name in bookmarks for name in (b"Notation)", b"Receptive fields)", b"Ledger)"))
    streams = re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", printed, re.S)
    first = re.compile(rb"\S+ 0 0 -\S+ 0 \S+ cm\nq\n.*?\nq\n(\S+) 0 0 \S+ \S+ \S+ cm", re.S)
    drawn = [zlib.decompressobj().decompress(stream) for stream in streams]
    sizes = [float(found[1]) for page in drawn if (found := first.match(page))]
    assert len(sizes) == printed.count(b"/Type /Page\n") > 20
    assert statistics.median(sizes) == pytest.approx(FULL_SIZE, rel=1e-4)

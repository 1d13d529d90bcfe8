"""The whole book as one PDF, after a build:

    python tools/pdf.py [page ...] [--to FILE]      # all pages, or some, such as: ema optim

Chromium prints the pages of _build/html one after another as one document. So the page numbers run through,
links between chapters lead to their places in the PDF, and the headings become its bookmarks. Explorables are
the pictures that a page shows without JavaScript. The file is _build/gradbook.pdf.
"""

import argparse
import functools
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))
HTML = ROOT / "_build" / "html"
LINK = re.compile(r'\bhref="(?P<page>[^"#:]*)(?:#(?P<place>[^"]*))?"')
NAMED = re.compile(r'\b(?P<name>id|for|aria-labelledby|aria-describedby|aria-controls)="(?P<ids>[^"]+)"')
HEAD = '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>gradbook</title>'
TITLE = """<section class="gb-title">
<p class="gb-title-name">gradbook</p><p>deep learning, derived and checked</p>
<nav aria-label="Contents">{contents}</nav>
</section>"""
FOOT = """<div style="width: 100%; text-align: center; font: 8pt sans-serif; color: #57606a">
<span class="pageNumber"></span>
</div>"""


def pages(folder: Path) -> list[str]:
    """The pages of a built book in the order of its contents: "index", then the chapters."""
    linked = re.findall(r'class="toctree-l1[^>]*><a [^>]*href="(\w+)\.html"', _read(folder, "index"))
    return ["index", *dict.fromkeys(linked)]


def bound(folder: Path, stems: list[str]) -> str:
    """The pages as one document: ids get their page's name in front, and links lead to them.

    Raises ValueError for a page that was not built.
    """
    contents = _between(_read(folder, "index"), r'<nav class="gb-contents"[^>]*>.*?</form>', "</nav>")
    contents = contents.replace(' role="heading"', "")  # bookmarks are for the text
    body, styles = [TITLE.format(contents=_linked(contents, "index", stems))], []
    for stem in stems:
        page = _read(folder, stem)
        styles += re.findall(r'<link rel="stylesheet"[^>]*>', page)
        article = _between(page, r'<article class="gb-article">', "</article>")
        article = re.sub(r"<script\b.*?</script>", "", article, flags=re.S)
        article = NAMED.sub(functools.partial(_named, stem), article)
        article = re.sub(r"url\(#([\w-]+)\)", rf"url(#{stem}--\1)", _linked(article, stem, stems))
        body.append(f'<section class="gb-page" id="{stem}">{article}</section>')
    head, main = "".join(dict.fromkeys(styles)), "\n".join(body)
    whole = f'{HEAD}{head}</head><body><main class="gb-main">{main}</main></body></html>'
    whole = whole.replace(' loading="lazy"', "")
    return whole.replace('"../_', '"../html/_')  # it stands in _build/pdf


def _named(stem: str, match: re.Match) -> str:
    ids = " ".join(f"{stem}--{name}" for name in match["ids"].split())
    return f'{match["name"]}="{ids}"'


def _linked(markup: str, stem: str, stems: list[str]) -> str:
    def lead(match):
        target = match["page"].removesuffix(".html") or stem
        if target not in stems:  # a page that is not printed: no link; a picture: as it is
            return "" if match["page"].endswith(".html") else match[0]
        return f'href="#{target}--{match["place"]}"' if match["place"] else f'href="#{target}"'

    return LINK.sub(lead, markup)


def _read(folder: Path, stem: str) -> str:
    path = folder / "book" / f"{stem}.html"
    if not path.exists():
        raise ValueError(f"pdf: {folder} has no page {stem!r}; build the book first: python3 run.py book")
    return path.read_text("utf-8")


def _between(markup: str, begin: str, end: str) -> str:
    start = re.search(begin, markup, re.S)
    return markup[start.end() : markup.index(end, start.end())]


def write(folder: Path, stems: list[str], target: Path) -> Path:
    """Prints the pages into target, which is there whole or not at all. ValueError without a browser."""
    from playwright.sync_api import sync_playwright

    from tools import browser as here

    path, source = here.executable(), folder.parent / "pdf" / "book.html"
    document = bound(folder, stems)
    source.parent.mkdir(exist_ok=True)
    source.write_text(document, "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=here.FLAGS)
        page = browser.new_page()
        page.goto(source.as_uri())
        page.evaluate("document.fonts.ready")
        printed = page.pdf(
            outline=True, tagged=True, format="A4", prefer_css_page_size=True,
            display_header_footer=True, header_template="<span></span>", footer_template=FOOT,
        )  # fmt: skip
        browser.close()
    partial = target.with_suffix(".partial")
    partial.write_bytes(printed)
    return partial.replace(target)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("pages", nargs="*", metavar="page")
    words.add_argument("--to", type=Path, default=ROOT / "_build" / "gradbook.pdf", metavar="FILE")
    wanted = words.parse_args()
    try:
        path = write(HTML, wanted.pages or pages(HTML), wanted.to)
    except ValueError as complaint:
        sys.exit(str(complaint))
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()

"""A picture of each page for those who share it, drawn from its opening figure, when the book has an address.

Where html_baseurl is set, Chromium draws _static/previews/<page>.png, and the page names it to who asks for a
preview. Without a Chromium there are none, and the build says so.
"""

import sys
from pathlib import Path

from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))
from tools import browser as here  # noqa: E402

WIDTH, HEIGHT = 1200, 630  # what the networks ask for
FOLDER = "_static/previews"
# The page becomes a card: its title, what is said of it, its first figure, the name of the book.
CARD = """() => {
  const title = document.querySelector("h1"), said = document.createElement("p");
  const figure = document.querySelector(".gb-svg, .gb-explore .gb-plot");
  const card = document.createElement("main"), words = document.createElement("div");
  title.querySelectorAll(".headerlink").forEach(link => link.remove());
  said.textContent = document.querySelector("meta[name=description]")?.content || "";
  card.className = figure ? "gb-card" : "gb-card gb-words-only";
  words.append(title, said, document.querySelector(".gb-brand"));
  card.append(words, ...(figure ? [figure] : []));
  document.body.className = title.className = "";
  document.body.replaceChildren(card);
}"""
STYLE = f"""
body {{ margin: 0; padding: 0; display: block; background: #fff; }}
.gb-card {{ display: grid; grid-template-columns: 400px 1fr; gap: 50px; width: {WIDTH}px; height: {HEIGHT}px;
  padding: 56px; align-items: center; border-top: 12px solid #007a5a; overflow: hidden; }}
.gb-words-only {{ grid-template-columns: 1fr; }}
.gb-card > div {{ display: flex; flex-direction: column; height: 100%; }}
.gb-card h1 {{ margin: 0; font-size: 46px; line-height: 1.12; }}
.gb-card p {{ margin: 26px 0 auto; font-size: 23px; line-height: 1.4; color: #57606a; }}
.gb-card .gb-brand {{ margin: 0; font-size: 30px; }}
.gb-card .gb-svg, .gb-card .gb-plot {{ --gb-words: 1; width: 100%; max-width: none; height: auto;
  max-height: 500px; margin: 0; }}
.gb-card .gb-plot img {{ width: 100%; }}
"""


def draw(html: Path, names: list[str], target: Path) -> None:
    """target/<last part of name>.png of each page html/<name>.html. Raises ValueError without a browser."""
    from playwright.sync_api import sync_playwright

    path = here.executable()
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=here.FLAGS)
        for name in names:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.goto((html / f"{name}.html").as_uri())
            page.evaluate(CARD)
            page.add_style_tag(content=STYLE)
            page.evaluate("document.fonts.ready")
            page.wait_for_function("[...document.images].every(image => image.complete)")
            page.screenshot(path=target / f"{Path(name).name}.png")
            page.close()
        browser.close()


def _wanted(app) -> str:
    """The book's address, if pictures can be drawn for it."""
    base = app.config.html_baseurl.rstrip("/") if app.builder.format == "html" else ""
    try:
        return base and here.executable() and base
    except ValueError as complaint:
        logging.getLogger(__name__).info("previews: %s, so there are no pictures for previews", complaint)
        return ""


def _page(app, pagename, templatename, context, doctree):
    if doctree is not None and (base := _wanted(app)):
        picture = f"{base}/{FOLDER}/{Path(pagename).name}.png"
        tags = [("property", "og:image", picture), ("property", "og:image:width", WIDTH),
                ("property", "og:image:height", HEIGHT), ("name", "twitter:card", "summary_large_image"),
                ("property", "og:url", f"{base}/{app.builder.get_target_uri(pagename)}")]  # fmt: skip
        lines = (f'\n    <meta {kind}="{name}" content="{said}">' for kind, name, said in tags)
        context["metatags"] = context.get("metatags", "") + "".join(lines)


def _draw(app, exception):
    if exception is None and _wanted(app):
        html = Path(app.outdir)
        draw(html, sorted(app.env.found_docs), html / FOLDER)


def setup(app):
    app.connect("html-page-context", _page, priority=915)
    app.connect("build-finished", _draw, priority=960)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

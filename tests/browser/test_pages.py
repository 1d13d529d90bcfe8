"""Every page of the built book in Chromium: silent, accessible, readable on a phone, on paper, scriptless."""

import contextlib
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.built]

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
# /index.html only leads to the front page: what it has asked for when it leaves is cut off.
PAGES = sorted(
    name
    for path in HTML.rglob("*.html")
    if "_static" not in path.parts and (name := path.relative_to(HTML).as_posix()) != "index.html"
)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
pages = pytest.mark.parametrize("page", PAGES or ["book/index.html"])
chapters = pytest.mark.parametrize(
    "page", [page for page in PAGES if page.startswith("book/")] or ["book/index.html"]
)

DESKTOP, PHONE = (1280, 900), (360, 780)

# What runs past the right edge, but for boxes that scroll on their own.
OVERFLOWING = """() => {
  const edge = document.documentElement.clientWidth;
  const scrolls = (e) => {
    for (; e; e = e.parentElement) if (getComputedStyle(e).overflowX !== "visible") return true;
  };
  return [...document.querySelectorAll("main *")]
    .filter((e) => e.getBoundingClientRect().right > edge + 1 && !scrolls(e) && !e.closest("svg"))
    .map((e) => `${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`);
}"""

# As if every section were near the screen: those that are not are not laid out.
NEAR = "article section section { content-visibility: visible !important }"

# Everything open and near, and fewer elements, which would cost axe long: the spans of formulas, hidden from
# assistive technology, and the coloured words of code but for those of the first five blocks.
FEWER_ELEMENTS = """async () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const formula of document.querySelectorAll(".katex-html")) formula.remove();
  const blocks = [...document.querySelectorAll("pre")];
  for (const block of blocks.slice(5)) block.replaceChildren(block.textContent);
  document.head.append(Object.assign(document.createElement("style"), {textContent: NEAR}));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)));
}""".replace("NEAR", repr(NEAR))


@contextlib.contextmanager
def opened(browser, address, size=DESKTOP, **options):
    """A page in a fresh context, and what it asked for and said meanwhile."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    tab = context.new_page()
    tab.asked, tab.said = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("console", lambda message: tab.said.append(f"{message.type}: {message.text}"))
    tab.on("pageerror", lambda error: tab.said.append(f"error: {error}"))
    tab.on("requestfailed", lambda request: tab.said.append(f"failed: {request.url}"))
    tab.on(
        "response", lambda answer: answer.status >= 400 and tab.said.append(f"{answer.status}: {answer.url}")
    )
    try:
        tab.goto(address)  # until deferred scripts have run: the network idles while a long page is parsed
        tab.wait_for_load_state("networkidle")
        yield tab
    finally:
        context.close()


@pages
def test_a_page_asks_no_other_host_and_says_nothing(browser, site, page):
    with opened(browser, site + page) as tab:
        tab.evaluate("scrollTo(0, document.body.scrollHeight)")
        tab.wait_for_load_state("networkidle")
        elsewhere = [url for url in tab.asked if not url.startswith((site, "data:", "blob:"))]
        assert elsewhere == []
        assert tab.said == []


@chapters
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_light_and_dark(browser, site, page, size):
    run = "async () => (await axe.run({resultTypes: ['violations']})).violations"
    with opened(browser, site + page, size, color_scheme="light") as tab:
        tab.evaluate(FEWER_ELEMENTS)
        tab.add_script_tag(path=AXE)
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
            found = [(v["id"], len(v["nodes"]), v["nodes"][0]["html"][:200]) for v in tab.evaluate(run)]
            assert found == [], scheme


@pages
def test_a_phone_scrolls_down_only(browser, site, page):
    with opened(browser, site + page, PHONE) as tab:
        tab.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
        assert tab.evaluate(OVERFLOWING) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


@chapters
def test_what_scrolls_sideways_is_reached_by_keyboard(browser, site, page):
    with opened(browser, site + page, PHONE) as tab:
        tab.add_style_tag(content=NEAR)
        left = tab.evaluate("""async () => {
          const left = () => [...document.querySelectorAll(".gb-display-body, .gb-table, pre")]
            .filter((box) => box.checkVisibility({contentVisibilityAuto: true}))
            .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.tabIndex !== 0)
            .map((box) => box.textContent.slice(0, 60));
          for (let k = 0; k < 50 && left().length; k++) {  // a busy machine takes its time
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)));
          }
          return left();
        }""")
        assert left == []


@chapters
def test_on_a_phone_no_word_of_a_figure_is_cut(browser, site, page):
    """Figures shrink to the page; their words, which grow, may use its margin but not leave it."""
    with opened(browser, site + page, PHONE) as tab:
        cut = tab.evaluate("""() => [...document.querySelectorAll(".gb-svg text")]
          .map((word) => [word.textContent, word.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.left < 0 || box.right > innerWidth))
          .map(([text]) => text)""")
        assert cut == []
        boxes = "[...document.querySelectorAll('.gb-figure')].map((box) => getComputedStyle(box).overflowX)"
        assert set(tab.evaluate(boxes)) <= {"visible"}


@chapters
def test_without_scripts_words_formulas_and_pictures_are_there(browser, site, page):
    with opened(browser, site + page, java_script_enabled=False) as tab:
        assert len(tab.locator("main").inner_text()) > 200
        formulas = tab.locator("article :not(details *) > .katex > .katex-html")
        for formula in formulas.all()[:40]:
            assert formula.bounding_box()["width"] > 0
        pictures = tab.locator("figure.gb-explore img, .gb-svg, article figure img")
        for picture in pictures.all():
            box = picture.bounding_box()
            assert box is None or min(box["width"], box["height"]) > 20, "a picture without a size"
        assert tab.locator("figure.gb-explore input:visible").count() == 0, "a control that cannot work"
        assert tab.said == []


@chapters
def test_paper_has_no_navigation_and_clips_nothing(browser, site, page):
    with opened(browser, site + page, (720, 1000), color_scheme="dark") as tab:
        tab.emulate_media(media="print")
        for part in (".gb-side", ".gb-turn", ".gb-copy"):
            assert tab.locator(f"{part}:visible").count() == 0, part
        assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(31, 35, 40)", (
            "ink on paper, also in dark"
        )
        clipped = tab.evaluate("""() => [...document.querySelectorAll("pre, .gb-figure")]
          .filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
          .map((box) => box.textContent.slice(0, 60))""")
        assert clipped == []


def test_the_door_leads_to_the_front_page(browser, site):
    with opened(browser, site) as tab:
        tab.wait_for_url(site + "book/index.html")
        assert tab.locator("figure.gb-explore").count() > 0


def test_the_theme_is_chosen_by_a_button_and_kept(browser, site):
    with opened(browser, site + "book/index.html", color_scheme="light") as tab:
        theme = "document.documentElement.dataset.theme"
        button = tab.locator(".gb-theme")
        assert (button.inner_text(), tab.evaluate(theme)) == ("Auto", "light")
        button.click()
        button.press("Enter")
        assert (button.inner_text(), tab.evaluate(theme)) == ("Dark", "dark")
        tab.reload()
        assert (button.inner_text(), tab.evaluate(theme)) == ("Dark", "dark")


def test_on_a_phone_the_contents_open_and_close_without_scripts(browser, site):
    with opened(browser, site + "book/notation.html", PHONE, java_script_enabled=False) as tab:
        contents = tab.locator("#contents")
        assert not contents.is_visible()
        tab.locator(".gb-open").click()
        assert contents.is_visible()
        tab.locator(".gb-close").click()
        assert not contents.is_visible()


def test_the_search_finds_a_word_in_its_chapter(browser, site):
    with opened(browser, site + "search.html?q=backpropagation") as tab:
        tab.wait_for_selector("#search-results li")
        assert tab.locator("#search-results a[href*='book/backprop']").count() > 0
        assert tab.said == []

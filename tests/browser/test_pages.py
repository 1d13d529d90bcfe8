"""Every page of the built book in Chromium: silent, accessible, readable on a phone, on paper, scriptless."""

import contextlib
import gzip
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
NEAR = "article section { content-visibility: visible !important }"

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

EXAMINE = Path(__file__).with_name("examine.js")
# Where all elements are seen that were seen in the light, the dark can be wrong in its colours only.
OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
SEEN = """() => [...document.querySelectorAll("*")]
  .map((e) => e.checkVisibility({visibilityProperty: true}) ? 1 : 0).join("")"""


@contextlib.contextmanager
def opened(browser, address, size=DESKTOP, idle=True, **options):
    """A page in a fresh context, and what it asked for and said. idle: late requests are awaited."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(120_000)  # a machine that builds at the same time takes its time
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
        if idle:
            tab.wait_for_load_state("networkidle")
        yield tab
    finally:
        context.close()


ADD_STYLE = "css => document.head.append(Object.assign(document.createElement('style'), {textContent: css}))"

# Each page is opened three times, and asked all questions of a kind in the order in which they stand here:
# axe, which is shown fewer elements, comes last.


def once(name, *arguments, **options):
    """The fixture of that name: each page of the book in turn, opened once for all tests that ask for it."""

    @pytest.fixture(scope="module", params=PAGES or ["book/index.html"], name=name)
    def fixture(request, browser, site):
        with opened(browser, site + request.param, *arguments, **options) as tab:
            tab.first_view = list(tab.asked)
            yield tab

    return fixture


desktop = once("desktop", DESKTOP, color_scheme="light")
phone = once("phone", PHONE, color_scheme="light")
scriptless = once("scriptless", java_script_enabled=False)


def light(tab, site):
    """Whether the first view asks for few requests and, as a server would pack them, few bytes."""
    own = [url.removeprefix(site).split("?")[0].split("#")[0] for url in tab.first_view if site in url]
    weights = {path: weight(HTML / path) for path in own}
    assert sum(weights.values()) <= 250_000, weights
    assert len(tab.first_view) <= 18, weights


def weight(path):
    content = path.read_bytes()
    return len(content if path.suffix in (".woff2", ".png", ".jpg") else gzip.compress(content, 6))


def test_the_first_view_is_light(desktop, site):
    light(desktop, site)


def test_a_page_asks_no_other_host_and_says_nothing(desktop, site):
    desktop.evaluate("scrollTo(0, document.body.scrollHeight)")
    desktop.wait_for_load_state("networkidle")
    elsewhere = [url for url in desktop.asked if not url.startswith((site, "data:", "blob:"))]
    assert elsewhere == []
    assert desktop.said == []


def test_paper_has_no_navigation_and_clips_nothing(desktop):
    desktop.set_viewport_size({"width": 720, "height": 1000})
    desktop.emulate_media(media="print", color_scheme="dark")
    try:
        for part in (".gb-side", ".gb-turn", ".gb-copy"):
            assert desktop.locator(f"{part}:visible").count() == 0, part
        assert desktop.evaluate("getComputedStyle(document.body).color") == "rgb(31, 35, 40)", (
            "ink on paper, also in dark"
        )
        clipped = desktop.evaluate("""() => [...document.querySelectorAll("pre, .gb-figure")]
          .filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
          .map((box) => box.textContent.slice(0, 60))""")
        assert clipped == []
    finally:
        desktop.emulate_media(media="screen", color_scheme="light")
        desktop.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


def test_axe_finds_nothing_in_light_and_dark(desktop):
    axe_finds_nothing(desktop)


def axe_finds_nothing(tab):
    """In light by all rules; in dark by those on colours, and that the same elements are seen.

    What axe leaves open is examined, too."""
    tab.evaluate(FEWER_ELEMENTS)
    tab.add_script_tag(path=AXE)
    tab.add_script_tag(path=EXAMINE)
    seen = {}
    for scheme, only in (("light", {}), ("dark", OF_COLOURS)):
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        seen[scheme] = tab.evaluate(SEEN)
        assert tab.evaluate("only => gbExamine(only)", only) == [], scheme
    assert seen["light"] == seen["dark"]


def test_what_scrolls_sideways_is_reached_by_keyboard(phone):
    phone.add_style_tag(content=NEAR)
    left = phone.evaluate("""async () => {
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


def test_on_a_phone_no_word_of_a_figure_is_cut(phone):
    """Figures shrink to the page; their words, which grow, may use its margin but not leave it."""
    cut = phone.evaluate("""() => [...document.querySelectorAll(".gb-svg text")]
      .map((word) => [word.textContent, word.getBoundingClientRect()])
      .filter(([, box]) => box.width && (box.left < 0 || box.right > innerWidth))
      .map(([text]) => text)""")
    assert cut == []
    boxes = "[...document.querySelectorAll('.gb-figure')].map((box) => getComputedStyle(box).overflowX)"
    assert set(phone.evaluate(boxes)) <= {"visible"}


def test_a_phone_scrolls_down_only(phone):
    phone.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    assert phone.evaluate(OVERFLOWING) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_on_a_phone_an_equation_fits_or_breaks(phone):
    """Between statements, relations and operators; rows that are too long are broken by hand."""
    phone.evaluate(ADD_STYLE, NEAR)
    wide = phone.evaluate("""() => [...document.querySelectorAll(".gb-display-body")]
      .filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
      .map((box) => [box.closest("[id]").id, box.scrollWidth])""")
    assert wide == []


def test_the_first_view_on_a_phone_is_light(phone, site):
    light(phone, site)


def test_axe_finds_nothing_on_a_phone_in_light_and_dark(phone):
    axe_finds_nothing(phone)


def test_without_scripts_words_formulas_and_pictures_are_there(scriptless):
    scriptless.evaluate(ADD_STYLE, NEAR)
    if "/book/" in scriptless.url:
        assert len(scriptless.locator("main").inner_text()) > 200
    formulas = scriptless.locator("article :not(details *) > .katex > .katex-html")
    widths = formulas.evaluate_all("all => all.slice(0, 40).map((one) => one.getBoundingClientRect().width)")
    assert all(width > 0 for width in widths)
    pictures = scriptless.locator("figure.gb-explore img, .gb-svg, article figure img")
    small = pictures.evaluate_all("""all => all.filter((one) => one.checkVisibility())
      .map((one) => [one.getBoundingClientRect(), one])
      .filter(([box]) => Math.min(box.width, box.height) <= 20)
      .map(([box, one]) => [box.width, box.height, one.outerHTML.slice(0, 200)])""")
    assert small == [], "a picture without a size"
    assert scriptless.locator("figure.gb-explore input:visible").count() == 0, "a control that cannot work"
    assert scriptless.said == []


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

"""What pages look like: light, dark, on a phone and on paper, as pictures in _build/look.

    python tools/look.py                     # the tops of the front page, two chapters, gallery and ledger
    python tools/look.py ema optim --whole   # these from top to bottom
    python tools/look.py --of DIR ema        # a page of another build, to lay beside

A picture is up to 2400 px tall. Needs Playwright, a Chromium, and the book in _build/html.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))
HTML, LOOK = ROOT / "_build" / "html" / "book", ROOT / "_build" / "look"
PAGES = ("index", "backprop", "ema", "explorables", "ledger")
VIEWS = {  # name: width in px, theme, medium
    "light": (1280, "light", "screen"),
    "dark": (1280, "dark", "screen"),
    "phone": (360, "light", "screen"),
    "phone-dark": (360, "dark", "screen"),
    "print": (720, "light", "print"),
}
TALL = 2400


def pictures(browser, page: Path, whole: bool):
    """The paths of the pictures of a page, as they are written."""
    for view, (width, theme, medium) in VIEWS.items():
        tab = browser.new_page(viewport={"width": width, "height": TALL}, color_scheme=theme)
        tab.emulate_media(media=medium)
        tab.goto(page.as_uri())
        for count in range(1000 if whole else 1):
            tab.evaluate(f"scrollTo(0, {TALL * count})")
            tab.wait_for_timeout(700)  # figures are drawn when they come near the screen
            if count and tab.evaluate("document.documentElement.scrollHeight") <= TALL * count:
                break
            path = LOOK / f"{page.stem}-{view}{f'-{count}' if whole else ''}.png"
            tab.screenshot(path=path)
            yield path
        tab.close()


def main():
    parser = argparse.ArgumentParser(description="Pictures of pages: light, dark, phone, print.")
    parser.add_argument("pages", nargs="*", default=PAGES, help="stems of pages")
    parser.add_argument("--whole", action="store_true", help="from top to bottom")
    parser.add_argument("--of", type=Path, default=HTML, metavar="DIR", help="where the pages lie")
    options = parser.parse_args()
    from tools import browser as here

    missing = [stem for stem in options.pages if not (options.of / f"{stem}.html").exists()]
    if missing:
        sys.exit(f"look: {options.of} has no {missing[0]}.html; the book: python3 run.py book --no-serve")
    LOOK.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=here.executable(), args=here.FLAGS)
        for stem in options.pages:
            for path in pictures(browser, (options.of / f"{stem}.html").resolve(), options.whole):
                print(path, flush=True)
        browser.close()


if __name__ == "__main__":
    main()

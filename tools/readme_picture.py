"""The README's picture, from the built book: a derivation with its checks, and a figure with a slider.

    python tools/readme_picture.py        (needs Pillow, Playwright, a Chromium, and the book in _build/html)
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))
PAGE = ROOT / "_build" / "html" / "book" / "ema.html"
PICTURE = ROOT / ".github" / "readme.png"
SCALE, GAP = 1.5, 48

# The box around two elements, in pixels of the page, with a margin (to the right: the equations' numbers).
BOX = """([first, last, margin]) => {
  const top = document.querySelector(first).getBoundingClientRect();
  const end = document.querySelector(last).getBoundingClientRect();
  const left = Math.min(top.left, end.left), right = Math.max(top.right, end.right) + margin;
  const height = end.bottom - top.top + 20;
  return {x: left - 12, y: top.top + scrollY - 8, width: right - left + 12, height};
}"""


def main():
    from tools import browser as here

    parts = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=here.executable(), args=here.FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, device_scale_factor=SCALE)
        page.goto(PAGE.as_uri())
        figure = "figure.gb-explore"
        slider = page.locator(f"{figure} input[type=range]").first
        for _ in range(8):
            slider.press("ArrowRight")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(1000)
        for words in (["p:has(+ #equation-ema-bias)", "#check-ema-corrected", 60], [figure, figure, 12]):
            box = page.evaluate(BOX, words)
            parts.append(Image.open(io.BytesIO(page.screenshot(clip=box, full_page=True))).convert("RGB"))
        browser.close()
    gap = int(GAP * SCALE)
    size = (sum(part.width for part in parts) + 3 * gap, max(part.height for part in parts) + 2 * gap)
    picture, x = Image.new("RGB", size, "#ffffff"), gap
    for part in parts:
        picture.paste(part, (x, (size[1] - part.height) // 2))
        x += part.width + gap
    picture = picture.quantize(200, kmeans=1, dither=Image.Dither.NONE)
    picture.save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {size[0]} x {size[1]}, {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())

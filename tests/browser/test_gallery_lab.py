"""The gallery's link in a real JupyterLab: a FloatSlider and the learning rate move each other."""

import json

import jupytext
import pytest
from live_lab import LIB, jupyterlab
from test_lab import Lab, notebook

pytestmark = [pytest.mark.lab, pytest.mark.browser]
# The cells of book/explorables.md, as they stand, that the section on links needs; then three of our own.
WANTED = ("from gradbook.explore import", "fig = explore(", "ipywidgets.link(", "fig.observe(")
OURS = [
    "fig.rate = 0.05",
    "def rates(rate):\n    raise ValueError('no rate will do')\nfig._compute = rates\nfig.rate = 0.06",
    "print(fig.rate, slider.value)",
]


@pytest.fixture(scope="module")
def gallery(browser, tmp_path_factory):
    pytest.importorskip("jupyterlab")
    chapter = jupytext.read(LIB.parent / "book" / "explorables.md")
    code = [cell.source for cell in chapter.cells if cell.cell_type == "code"]
    found = [next(source for source in code if words in source) for words in WANTED]
    folder, state = tmp_path_factory.mktemp("gallery"), tmp_path_factory.mktemp("state")
    (folder / "gallery.ipynb").write_text(json.dumps(notebook([*found, *OURS])), encoding="utf-8")
    with jupyterlab(folder, state) as address:
        context = browser.new_context(viewport={"width": 1200, "height": 1800})
        opened = Lab(context.new_page(), address, "gallery.ipynb")
        for cell in range(len(WANTED)):
            opened.run(cell)
        opened.page.wait_for_selector(".gb-explore svg")
        opened.page.locator(".widget-readout").wait_for()
        yield opened
        context.close()
    assert opened.errors == []


def readout(lab):
    return lab.page.locator(".widget-readout").inner_text()


def test_the_float_slider_moves_the_learning_rate_to_values_that_are_not_listed(gallery):
    assert readout(gallery) == "0.030"
    before = gallery.drawing()
    gallery.page.locator(".widget-slider .noUi-handle").press("ArrowRight")
    gallery.wait_for("0.0310")
    assert gallery.drawing() != before


def test_the_figure_s_slider_moves_the_float_slider_and_the_next_cell_hears_it(gallery):
    gallery.figure.locator("input[name=rate]").press("Home")
    gallery.wait_for("0.0040")
    gallery.page.wait_for_function("document.querySelector('.widget-readout').textContent.trim() === '0.004'")
    gallery.page.locator(".widget-label", has_text="250.0 steps for one").wait_for()


def test_a_cell_moves_both(gallery):
    gallery.run(4)
    gallery.wait_for("0.0500")
    gallery.page.wait_for_function("document.querySelector('.widget-readout').textContent.trim() === '0.050'")


# Where the eighth of the points is on the screen.
EIGHTH = """() => {
  const paths = [...document.querySelectorAll(".gb-plot path")];
  const path = paths.find(p => p.getAttribute("d").split("M").length > 20);
  const [x, y] = path.getAttribute("d").split("M")[8].match(/-?[\\d.]+/g).map(Number);
  const at = new DOMPoint(x, y).matrixTransform(path.getScreenCTM());
  return [at.x, at.y];
}"""


def test_pointing_at_a_point_moves_the_slider_and_the_linked_one(gallery):
    gallery.figure.scroll_into_view_if_needed()
    gallery.page.mouse.move(*gallery.page.evaluate(EIGHTH), steps=3)
    gallery.wait_for(f"{0.004 * 35 ** (7 / 40):.4f}")  # of 41 rates between 0.004 and 0.14
    gallery.page.wait_for_function("document.querySelector('.widget-readout').textContent.trim() === '0.007'")
    gallery.page.mouse.move(0, 0)


def test_an_exception_is_shown_in_the_figure_and_both_sliders_stay_usable(gallery):
    gallery.run(5)
    gallery.figure.locator(".gb-error").filter(has_text="ValueError: no rate will do").wait_for()
    gallery.page.locator(".widget-slider .noUi-handle").press("ArrowRight")
    gallery.wait_for("0.0610")
    printed = gallery.run(6).locator(".jp-OutputArea-output").inner_text()
    assert printed.split() == ["0.061", "0.061"]

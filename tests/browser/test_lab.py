"""An explorable in a real JupyterLab with a real kernel: slider, trait, linked widget, failure."""

import json
import os
import re
import subprocess
import sys

import jupytext
import pytest
from live_lab import LIB, jupyterlab

pytestmark = [pytest.mark.lab, pytest.mark.browser]
HAS_RUN = r"""([index, before]) => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index];
  const told = cell.querySelector('.jp-InputPrompt').innerText;
  return told !== before && /\[\d+\]/.test(told);
}"""
CELLS = [
    """
import numpy as np
from gradbook.explore import Choice, Control, Play, Toggle, axis, cells, explore, line, readout, view
t = np.arange(20.0)
calls = []
def curve(beta, flip, power, n):
    calls.append((beta, flip))
    if beta > 0.985:
        raise ValueError("β is too close to one")
    v = (1 - 2 * flip) * (1 - beta**t) ** power
    return {"t": t, "v": v, "rest": beta**20, "z": v[:4].reshape(1, 4), "at": f"{n} of 4, {power}"}
""",
    """
beta = Control([.5, .7, .9, .99], "β", start=.9, format=".4f")
power, n = Choice({"plain": 1, "squared": 2}, "shape"), Play(range(4), "first", seconds=0.1, integer=True)
row = cells("z", format=".3f", sets="n")
fig = explore(curve, {"beta": beta, "flip": Toggle("flip"), "power": power, "n": n},
              [view(axis("step", [0, 20]), axis("value", [-1, 1]), [line("t", "v", "average")],
                    readout=[readout("rest", "rest", ".9f"), readout("seen", "at")]),
               view(axis("", [-0.5, 3.5]), axis("", [0.5, -0.5]), [row], height=90)],
              alt="A curve", look_for="Move β.")
fig
""",
    "fig.beta = 0.61",
    """
import ipywidgets
slider = ipywidgets.FloatSlider(0.75, min=0.5, max=0.99, step=0.01, description="mine")
ipywidgets.link((slider, "value"), (fig, "beta"))
slider
""",
    "print(repr((fig.beta, fig.flip)), len(calls), isinstance(fig, ipywidgets.DOMWidget))",
    "fig.beta = 2",
    """
kinds = ipywidgets.Dropdown(options={"one": 1, "two": 2})
ipywidgets.link((kinds, "value"), (fig, "power"))
fig.power, fig.n = 2, 3
""",
    "print(fig.power, fig.n, kinds.value)",
]


def notebook(sources=CELLS):
    cells = [
        {"id": f"c{i}", "cell_type": "code", "source": source.strip(), "metadata": {}, "outputs": [],
         "execution_count": None}
        for i, source in enumerate(sources)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def from_the_chapter():
    """The cells of the ema chapter that its first explorable needs, the one that links a slider, one more."""
    chapter = jupytext.read(LIB.parent / "book" / "ema.md")
    code = [cell.source for cell in chapter.cells if cell.cell_type == "code"]
    wanted = ("figures.use()", "def series_view", "ipywidgets.link(")
    found = [next(source for source in code if words in source) for words in wanted]
    return notebook([*found, "fig.beta = 0.8"])


def downloaded():
    """The notebook as a reader downloads it from the book: with the output of the build, not trusted."""
    show = "print(fig._repr_mimebundle_()['text/html'])"
    program = "\n".join([CELLS[0], CELLS[1].replace(".99]", ".98]"), show])
    env = {**os.environ, "PYTHONPATH": str(LIB), "GRADBOOK_STATIC": "1"}
    html = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, encoding="utf-8", check=True
    ).stdout
    data = {"text/html": html, "text/plain": "Explorable"}
    output = {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
    book = notebook()
    book["cells"] = [{**book["cells"][1], "outputs": [output], "execution_count": 1}]
    return book


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """The notebook, open in JupyterLab, with its first two cells run; errors of the page are collected."""
    pytest.importorskip("jupyterlab")
    folder, state = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("state")
    (folder / "explore.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    (folder / "downloaded.ipynb").write_text(json.dumps(downloaded()), encoding="utf-8")
    (folder / "chapter.ipynb").write_text(json.dumps(from_the_chapter()), encoding="utf-8")
    with jupyterlab(folder, state) as address:
        context = browser.new_context(viewport={"width": 1200, "height": 1000})
        opened = Lab(context.new_page(), address, "explore.ipynb")
        opened.run(0)
        opened.run(1)
        opened.page.wait_for_selector(".gb-explore svg")
        yield opened
        context.close()
    assert opened.errors == []


class Lab:
    """A notebook in the browser; errors of the page are collected."""

    def __init__(self, page, address, name):
        self.page, self.address, self.errors = page, address, []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{address}/lab/tree/{name}?reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        # Cells run before the kernel is connected would be lost.
        page.wait_for_function(
            """() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel
                     ?.connectionStatus === 'connected'"""
        )
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
        self.figure = page.locator(".gb-explore")
        self.beta = self.figure.locator("input[name=beta]")

    def run(self, index):
        """Run the cell and wait until it has run; gives its printed output."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.first.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(HAS_RUN, arg=[index, before])
        return cell

    def edit(self, index, old, new):
        """Replace a text in a cell."""
        self.page.evaluate(
            """([index, old, text]) => {
                 const cell = window.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel;
                 cell.setSource(cell.getSource().replace(old, text));
               }""",
            [index, old, new],
        )

    def drawing(self):
        return self.figure.locator(".gb-plot").inner_html()

    def wait_for(self, text):
        """Until the figure says so: a slider's or a readout's text."""
        self.figure.locator("output", has_text=re.compile(f"^{re.escape(text)}$")).first.wait_for()


def test_an_arrow_key_on_the_slider_reaches_the_kernel_and_redraws(lab):
    before = lab.drawing()
    lab.beta.focus()
    lab.page.keyboard.press("ArrowLeft")  # a tenth of the way from 0.9 to 0.7: the kernel computes between
    lab.wait_for("0.8800")
    lab.wait_for(f"{0.88**20:.9f}")
    assert lab.drawing() != before
    assert lab.beta.get_attribute("aria-valuetext") == "0.8800"


def test_a_ticked_box_reaches_the_kernel(lab):
    before = lab.drawing()
    lab.figure.get_by_text("flip").click()
    lab.page.wait_for_function("old => document.querySelector('.gb-plot').innerHTML !== old", arg=before)
    lab.figure.get_by_text("flip").click()
    lab.page.wait_for_function("old => document.querySelector('.gb-plot').innerHTML === old", arg=before)


def test_setting_the_trait_in_the_next_cell_moves_slider_and_drawing(lab):
    before = lab.drawing()
    lab.run(2)
    lab.wait_for("0.6100")
    lab.wait_for(f"{0.61**20:.9f}")
    assert lab.drawing() != before
    assert 0.5 <= float(lab.beta.input_value()) <= 0.6  # 0.61 lies at 0.55, between 0.5 and 0.7


def test_a_linked_ipywidgets_slider_moves_the_figure_and_follows_it(lab):
    lab.run(3)
    lab.wait_for("0.7500")
    handle = lab.page.locator(".widget-slider .noUi-handle")
    handle.focus()
    handle.press("ArrowRight")
    lab.wait_for("0.7600")
    lab.wait_for(f"{0.76**20:.9f}")
    lab.beta.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_function("document.querySelector('.widget-readout').textContent.trim() !== '0.76'")


def test_an_exception_of_compute_is_shown_and_the_slider_still_works(lab):
    lab.beta.focus()
    lab.page.keyboard.press("End")
    error = lab.figure.locator(".gb-error")
    error.filter(has_text="ValueError: β is too close to one (line 8, in curve)").wait_for()
    lab.beta.focus()
    lab.page.keyboard.press("Home")
    lab.wait_for("0.5000")
    lab.page.wait_for_function("document.querySelector('.gb-error').textContent === ''")
    assert lab.figure.get_attribute("class") == "gb-explore"


def test_the_kernel_sees_what_the_reader_set_and_refuses_what_cannot_be(lab):
    printed = lab.run(4).locator(".jp-OutputArea-output").inner_text()
    assert re.match(r"\(0\.5, False\) \d+ True", printed)
    traceback = lab.run(5).locator(".jp-OutputArea-output").inner_text()
    assert "TraitError: explore: beta = 2 is not a number between 0.5 and 0.99" in traceback


def test_choice_buttons_and_cells_reach_the_kernel_and_follow_it(lab):
    lab.run(6)
    lab.wait_for("3 of 4, 2")
    choice, first = lab.figure.locator("select"), lab.figure.locator("input[name=n]")
    assert (choice.input_value(), first.input_value()) == ("1", "3")
    choice.select_option("plain")
    lab.wait_for("3 of 4, 1")
    lab.figure.get_by_role("button", name="one step back: first").click()
    lab.wait_for("2 of 4, 1")
    lab.figure.get_by_role("button", name="play: first").click()  # to the end, and there it stops
    lab.wait_for("3 of 4, 1")
    lab.figure.get_by_role("button", name="play: first", exact=True).wait_for()
    box = lab.figure.locator("svg > g").nth(1).locator("svg > path").first.bounding_box()
    lab.page.mouse.move(box["x"] + box["width"] / 8, box["y"] + box["height"] / 2)
    lab.wait_for("0 of 4, 1")  # pointing at the first of four cells
    assert lab.run(7).locator(".jp-OutputArea-output").inner_text().strip() == "1 0 1"


def test_an_edited_compute_changes_what_the_slider_shows(lab):
    """Running the two cells again, as a reader does who has changed a line."""
    lab.edit(0, "beta**20", "1000 + beta**20")
    lab.run(0)
    lab.run(1)
    lab.wait_for(f"{1000 + 0.9**20:.9f}")
    lab.beta.focus()
    lab.page.keyboard.press("ArrowLeft")
    lab.wait_for(f"{1000 + 0.88**20:.9f}")


def test_the_chapter_ties_a_standard_slider_to_beta(lab):
    """The cells of book/ema.md, as they stand: each of slider, figure and next cell moves the others."""
    chapter = Lab(lab.page.context.new_page(), lab.address, "chapter.ipynb")
    for cell in range(3):
        chapter.run(cell)
    readout = chapter.page.locator(".widget-readout")
    readout.wait_for()
    before = chapter.drawing()
    chapter.run(3)
    chapter.wait_for("0.800")
    assert chapter.drawing() != before
    assert readout.inner_text() == "0.800"
    chapter.page.locator(".widget-slider .noUi-handle").press("ArrowLeft")
    chapter.wait_for("0.799")
    assert chapter.errors == []
    chapter.page.close()


def test_a_downloaded_notebook_shows_the_picture_and_no_dead_control(lab):
    """JupyterLab cleans the HTML of a notebook it does not trust, and has neither our style nor script."""
    page = lab.page.context.new_page()
    page.goto(f"{lab.address}/lab/tree/downloaded.ipynb?reset")
    image = page.locator(".jp-Notebook figure img")
    image.wait_for()
    assert image.get_attribute("alt") == "A curve"
    assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") == 600
    assert not any(node.is_visible() for node in page.locator(".jp-Notebook figure input").all())
    page.close()

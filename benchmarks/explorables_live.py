"""The live half of bench_explorables.py: one notebook in a real JupyterLab, with a real kernel.

An explorable, and ipywidgets.interact with matplotlib, over the same compute function, in one page. Ten moves
of one, ten of the other, and again, so that a slow moment of the machine meets both. The time of a move runs
from the key press to the end of the frame that shows another picture.
"""

import json
import pathlib
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "browser"))
from live_lab import jupyterlab

MOVES = 40
CELLS = [
    """
import ipywidgets, matplotlib.pyplot as plt, numpy as np
from gradbook.ema import ema
from gradbook.explore import Control, axis, explore, line, readout, view
t = np.arange(120)
data = np.random.default_rng(0).normal(size=120) * 0.3 + 1
def compute(beta):
    return {"t": t, "data": data, "plain": ema(data, beta, bias_correction=False),
            "corrected": ema(data, beta), "same": (1 + beta) / (1 - beta)}
""",
    """
explore(compute, {"beta": Control(np.linspace(0.5, 0.99, 50), "β", start=0.74, format=".3f")},
        view(axis("step", [0, 120]), axis("value", [-1, 3]),
             [line("t", "data", "data", color="wrong"),
              line("t", "plain", "uncorrected", color="gradient"),
              line("t", "corrected", "corrected")],
             readout=[readout("as calm as", "same", ".1f")]), alt="An average")
""",
    """
def draw(beta):
    shown = compute(beta)
    fig, ax = plt.subplots(figsize=(6, 3.2))
    ax.plot(t, shown["data"], label="data")
    ax.plot(t, shown["plain"], "--", label="uncorrected")
    ax.plot(t, shown["corrected"], label="corrected")
    ax.set(xlim=(0, 120), ylim=(-1, 3), xlabel="step", ylabel="value")
    ax.set_title(f"as calm as {shown['same']:.1f}")
    ax.legend()
    plt.show()
slider = ipywidgets.FloatSlider(0.74, min=0.5, max=0.99, step=0.001, readout_format=".3f")
ipywidgets.interact(draw, beta=slider)
None
""",
]
WATCH = """
window.gbWatch = picture => new Promise(done => {
  const before = picture();
  addEventListener("keydown", event => {
    const look = () => {
      const now = picture();
      if (!now || now === before) return requestAnimationFrame(look);
      const {port1, port2} = new MessageChannel();
      port1.onmessage = () => done(performance.now() - event.timeStamp);
      port2.postMessage(0);
    };
    requestAnimationFrame(look);
  }, {capture: true, once: true});
});
window.gbPictures = {
  explorable: () => [...document.querySelectorAll(".gb-plot svg svg path")]
    .map(path => path.getAttribute("d")).join(),
  interact: () => {
    const image = document.querySelector(".widget-interact img, .jupyter-widgets-output-area img");
    return image && image.complete && image.naturalWidth ? image.src : "";
  },
};
"""
HAS_RUN = r"""index => /\[\d+\]/.test(document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index]
                     .querySelector('.jp-InputPrompt').textContent)"""
CONNECTED = """() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel
                     ?.connectionStatus === 'connected'"""
SLIDERS = {"explorable": ".gb-explore input[name=beta]", "interact": ".widget-slider .noUi-handle"}


def notebook():
    """The cells as a notebook."""
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**empty, "id": f"c{i}", "source": source.strip()} for i, source in enumerate(CELLS)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def measured(browser):
    """{"explorable": [ms, …], "interact": [ms, …]}."""
    taken = {name: [] for name in SLIDERS}
    with tempfile.TemporaryDirectory() as place:
        folder, state = pathlib.Path(place, "notebooks"), pathlib.Path(place, "state")
        folder.mkdir()
        state.mkdir()
        (folder / "live.ipynb").write_text(json.dumps(notebook()), "utf-8")
        with jupyterlab(folder, state) as address:
            tab = browser.new_context(viewport={"width": 1200, "height": 1600}).new_page()
            tab.set_default_timeout(90_000)
            tab.goto(f"{address}/lab/tree/live.ipynb?reset")
            tab.wait_for_selector(".jp-Notebook .jp-CodeCell")
            tab.wait_for_function(CONNECTED)
            tab.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
            for number in range(len(CELLS)):
                tab.locator(".jp-Notebook .jp-CodeCell").nth(number).locator(".cm-content").click()
                tab.keyboard.press("Control+Enter")
                tab.wait_for_function(HAS_RUN, arg=number)
            tab.evaluate(WATCH)
            for name in SLIDERS:
                tab.wait_for_function("name => gbPictures[name]()", arg=name)
            for turn in range(MOVES // 10):
                for name, selector in SLIDERS.items():
                    tab.locator(selector).focus()
                    for _ in range(10):
                        tab.evaluate("name => { window.gbShown = gbWatch(gbPictures[name]); }", name)
                        tab.keyboard.press("ArrowLeft" if turn % 2 else "ArrowRight")
                        taken[name].append(tab.evaluate("gbShown"))
                        tab.wait_for_timeout(120)
            tab.context.close()
    return taken

"""Explorables in a page of their own, opened from file:// in headless Chromium: no server, no kernel.

The page holds five figures, made by explore(…) as a book build makes them. Every control is moved by
keyboard and by pointer; the readouts must be what Python computes for that setting, to the letter. A control
that plays does so only when it is asked to.
"""

import re
import time
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from gradbook.explore import (
    Choice,
    Control,
    Play,
    Toggle,
    area,
    axis,
    cells,
    explore,
    line,
    points,
    readout,
    rule,
    text,
    view,
)
from gradbook.explore_page import page_script, stylesheet
from gradbook.figures import COLORS

pytestmark = pytest.mark.browser
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
STEPS = np.arange(61.0)
SERIES = np.random.default_rng(3).normal(size=61).cumsum() * 0.2 + 1


def average(beta, outlier):
    raw = SERIES + 2.0 * outlier * (STEPS == 30)
    biased, last = np.empty_like(raw), 0.0
    for t, value in enumerate(raw):
        last = beta * last + (1 - beta) * value
        biased[t] = last
    corrected = biased / (1 - beta ** (STEPS + 1))
    return {"t": STEPS, "raw": raw, "biased": biased, "corrected": corrected, "end": corrected[-1]}


def window(beta):
    weight = (1 - beta) * beta**STEPS
    inside = np.where(1 / (1 - beta) > STEPS, weight, np.nan)
    return {"t": STEPS, "w": weight, "in": inside, "n": 1 / (1 - beta), "mass": np.nansum(inside)}


def neuron(w, x):
    z = w * x
    a = 1 / (1 + np.exp(-z))
    return {"values": [f"{x:.2f}", f"{a:.2f}"], "names": [f"w = {w:.2f}"], "a": a, "da": a * (1 - a)}


def descent(rate, steps):
    k = np.arange(20)
    loss = (1 - 2 * rate) ** (2.0 * k)
    return {"k": k, "loss": np.where(k <= steps, loss, np.nan), "last": loss[steps]}


KERNELS = {"edge": [-1.0, 0, 1], "blur": [0.25, 0.5, 0.25]}
PICTURE = np.arange(24.0).reshape(4, 6) % 7


def slid(kernel, row, column):
    weight = np.array(KERNELS[kernel])
    out = np.stack([np.convolve(line, weight[::-1], "valid") for line in PICTURE])
    window = np.where((np.arange(6) >= column) & (np.arange(6) < column + 3), 1.0, np.nan)
    mask = np.where(np.arange(4)[:, None] == row, window, np.nan)
    return {"mask": mask, "out": out / 10, "sum": out[row, column]}


ALL_READY = "n => document.querySelectorAll('[data-ready]').length === n"
BETAS = {"beta": Control(1 - np.geomspace(0.5, 0.01, 9), "β", start=0.9, format=".3f")}
FIGURES = {
    "average": (
        average,
        {**BETAS, "outlier": Toggle("one outlier")},
        view(
            axis("step", [0, 60]),
            axis("value", [-1, 4]),
            [
                line("t", "raw", "data", color="wrong", faint=True),
                line("t", "biased", "uncorrected", color="gradient"),
                line("t", "corrected", "bias-corrected"),
                rule(y=0),
            ],
            readout=[readout("at the end", "end", ".4f")],
        ),
    ),
    "window": (
        window,
        BETAS,
        view(
            axis("age", [0, 60]),
            axis("weight", [0, 0.5]),
            [area("t", 0, "in", "in the window", color="varied"), line("t", "w", "weight"), rule(x="n")],
            height=220,
            readout=[readout("share", "mass", ".1%"), readout("window", "n", ".1f", "steps")],
        ),
    ),
    "neuron": (
        neuron,
        {
            "w": Control(np.linspace(-4, 4, 9), "w", start=1, format=".2f"),
            "x": Control(np.linspace(-1, 1, 5), "x", start=0.5),
        },
        view(
            axis("", [0, 3], hidden=True),
            axis("", [0, 2], hidden=True),
            [
                line([0.5, 2.5], [1, 1], color="soft"),
                points([0.5, 2.5], [1, 1], size=22),
                text([0.5, 2.5], [1, 1], "values", color="paper"),
                text([1.5], [1.3], "names"),
            ],
            height=160,
            readout=[readout("σ(wx)", "a", ".6f"), readout("σ′(wx)", "da", ".3g")],
        ),
    ),
    "descent": (
        descent,
        {
            "rate": Control([0.05, 0.1, 0.2, 0.4], "learning rate"),
            "steps": Control(range(1, 20), "steps", start=10, integer=True),
        },
        view(
            axis("step", [0, 20]),
            axis("loss", [1e-28, 10], "log"),
            [points("k", "loss", "loss"), rule(y=1, label="start")],
            readout=[readout("last loss", "last", ".3e")],
        ),
    ),
    "slid": (
        slid,
        {
            "kernel": Choice(list(KERNELS), "kernel", start="blur"),
            "row": Control(range(4), "row", integer=True, start=1),
            "column": Play(range(4), "column", integer=True, seconds=0.05),
        },
        [
            view(
                axis("column", [-0.5, 5.5]),
                axis("row", [3.5, -0.5]),
                [cells(PICTURE, domain=(0, 7)), cells("mask", scale="green")],
                height=180,
            ),
            view(
                axis("column", [-0.5, 3.5]),
                axis("row", [3.5, -0.5]),
                [cells("out", scale="diverging", format=".1f", sets=("row", "column"))],
                height=180,
                readout=[readout("sum", "sum", "+.2f")],
            ),
        ],
    ),
}


@pytest.fixture(scope="module")
def page_url(tmp_path_factory):
    """A page with all figures, as Sphinx would write it: the style, the deferred script, the outputs."""
    folder = tmp_path_factory.mktemp("explorables")
    (folder / "explore.js").write_text(page_script(), encoding="utf-8")
    (folder / "explore.css").write_text(stylesheet(), encoding="utf-8")
    outputs = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADBOOK_STATIC", "1")
        for name, (compute, controls, plot) in FIGURES.items():
            fig = explore(compute, controls, plot, alt=f"The figure {name}", look_for=f"What {name} shows.")
            html = fig._repr_mimebundle_()["text/html"]
            outputs.append(f'<div class="cell_output" id="{name}"><div class="text_html">{html}</div></div>')
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Figures</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="explore.css"><script defer src="explore.js"></script>'
        '<style>html[data-theme="dark"] { background: #14181d; color: #e6e6e6 }</style>'
        f"</head><body><main><h1>Figures</h1>{''.join(outputs)}</main></body></html>",
        encoding="utf-8",
    )
    return (folder / "page.html").as_uri()


@pytest.fixture
def open_page(browser, page_url):
    """Opens the page with these options; at the end nothing may have been logged or fetched elsewhere."""
    contexts, troubles = [], []

    def open_(**options):
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or troubles.append(r.url))
        page.goto(page_url)
        if options.get("java_script_enabled", True):
            page.wait_for_function(ALL_READY, arg=len(FIGURES))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert troubles == []


class Figure:
    """One figure of the page, and what Python says it must show."""

    def __init__(self, page, name):
        self.compute, self.controls, views = FIGURES[name]
        views = [views] if isinstance(views, dict) else views
        self.readouts = [entry for view in views for entry in view["readout"]]
        self.page, self.root = page, page.locator(f"#{name} figure")

    def input(self, control):
        return self.root.locator(f'[name="{control}"]')

    def drawing(self):
        return self.root.locator(".gb-plot").inner_html()

    def must_show(self, **values):
        """The drawing's texts, the readouts and the sliders' texts are those of this setting."""
        result = self.compute(**values)
        told = [format(result[entry["key"]], entry["format"]) for entry in self.readouts]
        wanted = [text.replace("-", "−") for text in told]
        shown = self.root.evaluate(
            """figure => ({
                 readouts: [...figure.querySelectorAll('.gb-readout output')].map(node => node.textContent),
                 words: [...figure.querySelectorAll('svg text')].map(node => node.textContent),
                 controls: Object.fromEntries([...figure.querySelectorAll('[name]')].map(input => [input.name,
                   input.type === 'checkbox' ? input.checked
                   : input.options ? input.selectedOptions[0].textContent
                   : [input.ariaValueText,
                      input.closest('.gb-control').querySelector('output').textContent]])),
               })"""
        )
        assert shown["readouts"] == wanted
        for name, value in values.items():
            control = self.controls[name]
            told = value if control.kind in ("toggle", "choice") else [control.text(value)] * 2
            assert shown["controls"][name] == told
        for key in ("values", "names"):
            assert set(result.get(key, ())) <= set(shown["words"])

    def start(self):
        return {name: control.values[control.start_index] for name, control in self.controls.items()}


@pytest.mark.parametrize("name", FIGURES)
def test_every_control_moves_the_drawing_by_keyboard_from_end_to_end(open_page, name):
    figure = Figure(open_page(), name)
    values = figure.start()
    figure.must_show(**values)
    for control, declared in figure.controls.items():
        figure.input(control).focus()
        if declared.kind == "toggle":
            before = figure.drawing()
            figure.page.keyboard.press("Space")
            figure.must_show(**{**values, control: not values[control]})
            assert figure.drawing() != before
            figure.page.keyboard.press("Space")
            continue
        figure.page.keyboard.press("Home")
        for k, value in enumerate(declared.values):
            before = figure.drawing()
            if k:
                figure.page.keyboard.press("ArrowDown" if declared.kind == "choice" else "ArrowRight")
                assert figure.drawing() != before
            figure.must_show(**{**values, control: value})
        values[control] = declared.values[-1]


def test_the_pointer_moves_the_slider_and_the_label_ticks_the_box(open_page):
    figure = Figure(open_page(), "average")
    box = figure.input("beta").bounding_box()
    before = figure.drawing()
    figure.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    figure.page.mouse.down()
    figure.page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=8)
    figure.page.mouse.up()
    figure.must_show(beta=figure.controls["beta"].values[-1], outlier=False)
    figure.page.get_by_text("one outlier").click()
    figure.must_show(beta=figure.controls["beta"].values[-1], outlier=True)
    assert figure.drawing() != before


def test_pointing_at_a_cell_moves_both_sliders(open_page):
    figure = Figure(open_page(), "slid")
    figure.root.scroll_into_view_if_needed()
    cell = figure.root.locator("svg > g").nth(1).locator("svg path").first.bounding_box()  # the ground: 4 × 4
    for row, column in ((0, 3), (2, 1)):
        x, y = cell["x"] + (column + 0.5) * cell["width"] / 4, cell["y"] + (row + 0.5) * cell["height"] / 4
        figure.page.mouse.move(x, y)
        figure.must_show(kernel="blur", row=row, column=column)
    figure.page.mouse.move(2, 2)
    figure.must_show(kernel="blur", row=2, column=1)


def test_a_control_plays_from_its_button_to_its_end_and_pauses(open_page):
    figure = Figure(open_page(), "slid")
    back, play, on = figure.root.get_by_role("button").all()
    figure.page.wait_for_timeout(300)
    figure.must_show(kernel="blur", row=1, column=0)  # nothing moved by itself
    on.press("Enter")
    on.press("Space")
    figure.must_show(kernel="blur", row=1, column=2)
    back.press("Enter")
    figure.must_show(kernel="blur", row=1, column=1)
    assert "play" in play.get_attribute("aria-label")
    play.press("Enter")
    figure.page.wait_for_function("document.querySelector('#slid [name=column]').value === '3'")
    figure.must_show(kernel="blur", row=1, column=3)
    assert "play" in play.get_attribute("aria-label")  # it has ended by itself
    play.press("Enter")  # again, from the beginning
    play.press("Enter")
    held = figure.input("column").input_value()
    figure.page.wait_for_timeout(300)
    assert figure.input("column").input_value() == held != "3"


def test_playing_is_slow_for_those_who_prefer_less_motion(open_page):
    figure = Figure(open_page(reduced_motion="reduce"), "slid")
    began = time.monotonic()
    figure.root.get_by_role("button").nth(1).press("Enter")
    figure.page.wait_for_function("document.querySelector('#slid [name=column]').value === '3'")
    assert time.monotonic() - began > 3 * 0.45  # three steps, half a second each in the place of 0.05 s


def test_a_figure_leaves_its_neighbours_alone(open_page):
    page = open_page()
    before = Figure(page, "window").drawing()
    Figure(page, "average").input("beta").press("End")
    assert Figure(page, "window").drawing() == before
    assert Figure(page, "window").input("beta").input_value() != "8"


def test_what_is_drawn_after_moves_equals_a_fresh_drawing(open_page):
    """The script replaces only what changed; the result must be what draw() gives at once."""
    page = open_page()
    for name in FIGURES:
        figure = Figure(page, name)
        for control in figure.controls:
            key = {"toggle": "Space", "choice": "ArrowUp"}.get(figure.controls[control].kind, "ArrowLeft")
            figure.input(control).press(key)
    after_moves = {name: Figure(page, name).drawing() for name in FIGURES}
    page.set_viewport_size({"width": 420, "height": 800})
    page.wait_for_function("document.querySelector('.gb-plot svg').getAttribute('width') < 420")
    page.set_viewport_size({"width": 1000, "height": 800})
    page.wait_for_function("document.querySelector('.gb-plot svg').getAttribute('width') > 420")
    assert {name: Figure(page, name).drawing() for name in FIGURES} == after_moves


def test_the_reader_s_settings_survive_when_the_script_comes_late(browser, page_url):
    """Inputs are usable before the script has run; it begins from where they stand."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "document.addEventListener('readystatechange', () => { if (document.readyState === 'interactive')"
        " document.querySelector('input[name=beta]').value = 0; })"
    )
    page.goto(page_url)
    page.wait_for_selector("[data-ready]")
    Figure(page, "average").must_show(beta=0.5, outlier=False)
    context.close()


@pytest.mark.parametrize("width", [360, 1000])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_overflows(open_page, theme, width):
    page = open_page(viewport={"width": width, "height": 800})
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll('figure svg text')].filter(node => {
             const box = node.getBoundingClientRect();
             const edge = node.closest('.gb-plot').getBoundingClientRect();
             return box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1
               || box.bottom > edge.bottom + 1;
           }).map(node => node.textContent)"""
    )
    assert outside == []
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    # preload fetches style sheets anew, which file:// does not allow; axe reads the computed styles anyway.
    found = page.evaluate("axe.run(document, {preload: false})")
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []


def contrast(first, second):
    def luminance(colour):
        parts = [int(part) / 255 for part in colour[4:-1].split(",")[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 29)")])
def test_every_word_and_line_stands_out_from_the_paper(open_page, theme, paper):
    """axe calls contrast inside SVG incomplete, so it is computed here: 4.5:1 for words, 3:1 for lines."""
    page = open_page()
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    words = page.locator("svg text").evaluate_all(
        "nodes => nodes.map(n => [n.textContent, getComputedStyle(n).fill, n.getAttribute('fill')])"
    )
    assert len(words) > 40
    low = [word for word, fill, named in words if "paper" not in named and contrast(fill, paper) < 4.5]
    assert low == []
    strokes = page.locator("svg svg path[stroke]").evaluate_all(
        "nodes => nodes.map(n => getComputedStyle(n).stroke)"
    )
    assert min(contrast(stroke, paper) for stroke in strokes) >= 3


def test_without_javascript_the_picture_is_shown_and_no_control(open_page):
    page = open_page(java_script_enabled=False)
    assert page.locator("figure img").count() == len(FIGURES)
    for image in page.locator("figure img").all():
        assert image.is_visible()
        assert image.get_attribute("alt")
    assert page.locator("figure svg").count() == 0
    assert not any(node.is_visible() for node in page.locator("figure input").all())
    assert page.get_by_text("0.900").first.is_visible()  # the setting of the picture, as text


def test_the_picture_without_javascript_is_the_drawing_of_the_script(open_page):
    """Element for element, at the width for which the picture was drawn."""
    page = open_page(viewport={"width": 600 + 16, "height": 800})
    still = open_page(viewport={"width": 600 + 16, "height": 800}, java_script_enabled=False)
    for name in FIGURES:
        picture = unquote(still.locator(f"#{name} img").get_attribute("src")).partition(",")[2]
        drawing = Figure(page, name).drawing()
        drawing = re.sub(r"var\(--gb-(\w+)\)", lambda match: COLORS[match[1]][0], drawing)
        assert drawing.replace("></path>", "/>") == picture.replace("'", '"')


def test_print_shows_the_drawing_in_light_colours_without_controls(open_page):
    page = open_page()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    assert not any(node.is_visible() for node in page.locator("figure input").all())
    assert page.locator("figure svg").first.is_visible()
    fill = page.locator("#average svg text").last.evaluate("node => getComputedStyle(node).fill")
    assert fill == "rgb(0, 104, 168)"


def test_nothing_shifts_while_the_page_loads(open_page):
    for width in (360, 1000):
        page = open_page(viewport={"width": width, "height": 800})
        shift = page.evaluate(
            """() => new Promise(done => {
                 let total = 0;
                 new PerformanceObserver(list => { for (const e of list.getEntries()) total += e.value; })
                   .observe({type: "layout-shift", buffered: true});
                 setTimeout(() => done(total), 300);
               })"""
        )
        assert shift == 0


def test_a_broken_figure_says_so_and_keeps_its_picture(browser, page_url, tmp_path):
    """Frames that cannot be read leave the picture, without controls that would do nothing."""
    source = Path(page_url.removeprefix("file://"))
    broken = source.read_text(encoding="utf-8").replace('octet-stream">', 'octet-stream">AAAA', 1)
    (source.parent / "broken.html").write_text(broken, encoding="utf-8")
    context = browser.new_context()
    page, errors = context.new_page(), []
    page.on("console", lambda message: errors.append(message.text))
    page.goto((source.parent / "broken.html").as_uri())
    page.wait_for_function(ALL_READY, arg=len(FIGURES) - 1)
    assert len(errors) == 1
    assert errors[0].startswith("explorable:")
    assert page.locator("#average img").is_visible()
    assert page.locator("#average input").count() == 0
    context.close()

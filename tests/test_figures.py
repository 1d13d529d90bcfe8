"""The palette, and figures in the style of the book."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gradbook import figures
from gradbook.figures import COLORS, STYLES, spread

ROOT = Path(__file__).parents[1]


def luminance(hex_value: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(hex_value[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", [n for n in COLORS if n not in ("paper", "rule")])
def test_every_colour_that_text_may_have_is_legible_in_light_and_dark(name):
    for theme in (0, 1):
        assert contrast(COLORS[name][theme], COLORS["paper"][theme]) >= 4.5


def test_no_two_meanings_look_alike_without_their_colour():
    looks = [(str(s["linestyle"]), s["linewidth"]) for s in STYLES.values()]
    assert len(set(looks)) == len(looks)
    meanings = [s["marker"] for name, s in STYLES.items() if name not in ("ink", "soft")]
    assert len(set(meanings)) == len(meanings)
    assert set(STYLES) <= set(COLORS)


def test_the_style_sheets_have_the_same_palette():
    sheets = [*ROOT.glob("book/_static/*.css"), *ROOT.glob("lib/gradbook/static/*.css")]
    for sheet in sheets:
        for name, value in re.findall(r"--gb-([a-z]+)\s*:\s*(#[0-9a-fA-F]{6})\b", sheet.read_text("utf-8")):
            if name in COLORS:
                assert value.lower() in COLORS[name], f"{sheet.name}: --gb-{name} is {value}"


def test_the_palette_needs_no_matplotlib():
    code = "import sys, gradbook.figures as f; f.color('ink'); assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_an_unknown_meaning_names_those_that_there_are():
    with pytest.raises(ValueError, match=r"figures\.color: 'red' is none of ink, soft"):
        figures.color("red")
    with pytest.raises(ValueError, match=r"figures\.series: 'backward' is none of forward"):
        figures.series("backward")


@pytest.fixture
def ax():
    pytest.importorskip("matplotlib")
    return figures.subplots()[1]


def drawn(ax) -> str:
    t = np.linspace(0, 10, 50)
    ax.plot(t, t, label="forward", **figures.series("forward"))
    ax.plot(t, t + 0.1, label="gradient", **figures.series("gradient", marker=True, markevery=10))
    ax.plot(t, np.where(t < 8, 10.05, np.nan), label="gaps", **figures.series("wrong"))
    figures.band(ax, t, t - 1, t + 1)
    figures.mark_line(ax, y=5, text="half")
    figures.mark_line(ax, x=5, text="middle", color="varied")
    ax.set(xlabel="step t", ylabel="v")
    figures.label_ends(ax)
    return figures.svg(ax.figure)


def test_a_figure_is_the_same_to_the_byte_and_has_no_colour_outside_the_palette(ax):
    pytest.importorskip("matplotlib")
    svg = drawn(ax)
    assert svg == drawn(figures.subplots()[1])
    light = {value for value, _ in COLORS.values()}
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) <= light
    assert "<dc:date>" not in svg and ">gradient</text>" in svg


def test_labels_stand_at_the_ends_of_their_lines_and_apart(ax):
    drawn(ax)
    labels = {t.get_text(): t for t in ax.texts}
    ax.figure.draw_without_rendering()
    boxes = [labels[name].get_window_extent() for name in ("forward", "gradient", "gaps")]
    heights = sorted((box.y0 + box.y1) / 2 for box in boxes)
    assert min(np.diff(heights)) * 72 / ax.figure.dpi > 11.5  # of 12: the labels changed the layout a little
    assert labels["gaps"].xy[0] < 8 < labels["forward"].xy[0]
    assert labels["gradient"].get_color() == COLORS["gradient"][0]
    assert labels["half"].get_color() == COLORS["soft"][0]


def test_inked_pictures_have_no_ground_and_gaps_are_empty():
    shown = figures.inked([[0, 1], [0.5, np.nan]], "forward")
    assert shown.shape == (2, 2, 4)
    np.testing.assert_array_equal(shown[..., 3], [[0, 1], [0.5, 0]])
    for color in figures.INKS:
        full = "#" + "".join(f"{round(255 * v):02x}" for v in figures.inked([[1]], color)[0, 0, :3])
        assert all(contrast(full, paper) >= 3 for paper in COLORS["paper"])
    for picture, color in (([[1.5]], "soft"), ([1], "soft"), ([[1]], "green")):
        with pytest.raises(ValueError, match=r"figures\.inked"):
            figures.inked(picture, color)


def test_a_rule_needs_one_place(ax):
    for place in ({}, {"x": 1, "y": 1}):
        with pytest.raises(ValueError, match="exactly one of x and y"):
            figures.mark_line(ax, **place)


def test_a_figure_does_not_pass_through_pyplot():
    pytest.importorskip("matplotlib")
    code = (
        "import sys; from gradbook import figures; figures.use(); figure, axes = figures.subplots(2, 2)\n"
        "assert figure.get_size_inches().tolist() == [6.4, 5.6] and axes.shape == (2, 2)\n"
        "assert 'matplotlib.pyplot' not in sys.modules; figures.svg(figure)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_spread_moves_labels_as_little_as_possible():
    assert spread([0, 20, 40], 12) == [0, 20, 40]
    assert spread([0, 0], 12) == [-6, 6]
    assert spread([0, 10, 21], 12) == pytest.approx([-5 / 3, 31 / 3, 67 / 3])
    assert spread([0, 13, 14], 12) == pytest.approx([-3, 9, 21])
    assert spread([], 12) == []
    rng = np.random.default_rng(0)
    for _ in range(50):
        heights = sorted(rng.uniform(0, 50, size=6))
        assert min(np.diff(spread(heights, 12))) >= 12 - 1e-9


def test_what_was_measured_is_drawn_from_the_samples_of_the_claim_with_its_verdicts():
    rng = np.random.default_rng(0)
    clear = (rng.normal(9, 1, 12), rng.normal(5, 1, 12))
    samples = {"clear": clear, "none": rng.normal(0, 1, 12), "less": -rng.random(10)}
    figure = figures.measured(samples, unit="points")
    (ax,) = figure.axes
    words = [text.get_text() for text in ax.texts]
    assert [w for w in words if w in samples] == list(samples)
    verdicts = ("true", "false", "depends", "not shown")
    assert [w for w in words if w in verdicts] == ["true", "not shown", "false"]
    assert ax.get_xlabel() == "effect (points)"
    circles = [line.get_xdata() for line in ax.get_lines() if len(line.get_xdata()) >= 10]
    np.testing.assert_array_equal(circles[0], np.subtract(*samples["clear"]))
    means = [line.get_xdata()[0] for line in ax.get_lines() if len(line.get_xdata()) == 1]
    np.testing.assert_allclose(means[2], samples["less"].mean(), rtol=1e-3)
    assert figures.svg(figure) == figures.svg(figures.measured(samples, unit="points"))


def test_what_was_measured_needs_ten_seeds_as_a_claim_does():
    with pytest.raises(ValueError, match=r"figures\.measured: needs one effect a seed and 10 seeds"):
        figures.measured({"few": np.arange(9.0)})

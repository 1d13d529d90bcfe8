"""Marks and controls of an explorable: what they refuse, what they make of compute's result, what travels."""

import re

import numpy as np
import pytest
from gradbook import explore_frames as frames
from gradbook.explore import (
    Choice,
    Control,
    Play,
    Toggle,
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
    readout,
    text,
    view,
)
from gradbook.explore_contour import level_lines
from gradbook.explore_data import Drawing, check, readouts
from gradbook.figures import STYLES
from matplotlib.figure import Figure

X, Y = axis("x", [0, 4]), axis("y", [-1, 3])
NODES = {"x": (0, 0), "y": (0, 1), "sum": (1, 0.5, "+")}
EDGES = [("x", "sum"), ("y", "sum"), ("sum", None)]


# --- declarations


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Choice("ab"), "options 'ab' is one text, a list of options is needed"),
        (lambda: Choice(["a"]), "are not at least two different ones"),
        (lambda: Choice(["a", "a"]), "are not at least two different ones"),
        (lambda: Choice({"": 1, "b": 2}), "each option needs a name that can be read"),
        (lambda: Choice(["a", "b"], start="c"), "start 'c' is none of a, b"),
        (lambda: Play([0, 1], seconds=0), "seconds 0 a step is not between 0.02 and 10"),
        (lambda: Play([1]), "Play: values [1] are not a list of at least two"),
        (lambda: Control(["a", "b"]), "are not a list of at least two finite numbers"),
        (lambda: axis("x", ["a", "b"], "log"), "names stand on a linear scale"),
        (lambda: bars("x", "y", width=0), "width 0 is not a number above zero"),
        (lambda: path("x", "y", color="red"), "path: color 'red' is not one of ink"),
        (lambda: arrow("x", "y", 1, "dy", color="red"), "arrow: color 'red' is not one of ink"),
        (lambda: points("x", "y", sets=3), "points: sets is 3; the name of a control is needed"),
        (lambda: bars("x", "y", sets=("a", "b")), "the name of a control is needed"),
        (lambda: text(0, 0, "v", format="q"), "text: format 'q' does not suit a number"),
        (lambda: cells([1, 2]), "z is an array of shape (2,); a key or (rows, columns) is needed"),
        (lambda: cells("z", scale="rainbow"), "scale 'rainbow' is not one of blue, green, grey, diverging"),
        (lambda: cells("z", scale="diverging", domain=(0, 1)), "has zero in its middle, unlike the domain"),
        (lambda: cells("z", domain=(0, 0)), "two different finite ends"),
        (lambda: cells("z", show=True), "so a format is needed"),
        (lambda: cells("z", dx=0), "dx 0 and dy 1 are the distances between cells"),
        (lambda: cells("z", sets=(None, None)), "the name of a control or a pair of names is needed"),
        (lambda: image(np.zeros((2, 2, 4))), "a key or (rows, columns) or (rows, columns, 3) is needed"),
        (lambda: image("z", extent=(0, 0, 1, 2)), "is not (left, right, bottom, top)"),
        (lambda: image("z", extent=3), "is not (left, right, bottom, top)"),
        (lambda: contour("z", [0, 1], [0, 1]), "when z is a key the levels must be listed"),
        (lambda: contour("z", [0, 0], [0, 1], [1]), "x is not a list of rising or falling coordinates"),
        (lambda: contour("z", [0, 1], [0, 1], [np.nan]), "are not a list of numbers"),
        (
            lambda: contour(np.eye(3), [0, 1], [0, 1, 2], [0.5]),
            "shape (3, 3), the coordinates make it (3, 2)",
        ),
        (lambda: graph({"x": 1}, []), "nodes is a dict {name: (x, y)}"),
        (lambda: graph(NODES, [("x", "z")]), "the edge ('x', 'z') does not join two of the nodes x, y, sum"),
        (lambda: graph(NODES, EDGES, format="q"), "graph: format 'q' does not suit"),
        (lambda: graph(NODES, []), "graph: there are no edges"),
        (lambda: view(X, Y, [{"mark": "line"}]), "is no mark; line(…), points(…) … make one"),
        (lambda: view(axis("", [1, 9], "log"), Y, [cells("z")]), "a cells mark needs linear axes"),
        (lambda: view(marks=[line("x", "y")]), "x is None, axis(…) is needed"),
        (lambda: view(X, Y, [bars("x", "y"), bars("x", "z", color="fifth")]), "differ in colour only"),
    ],
)
def test_a_wrong_declaration_says_what_came_and_what_is_needed(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_names_on_an_axis_stand_at_whole_numbers_and_read_from_the_top_down():
    shown = view(axis("", ["a", "b", "c"]), axis("", ["d", "e"]), [cells("z")])
    assert shown["x"]["domain"] == [-0.5, 2.5]
    assert shown["y"]["domain"] == [1.5, -0.5]


def test_a_playing_slider_begins_at_its_first_value_and_any_other_in_the_middle():
    assert Play([1, 2, 3]).start_index == 0
    assert Play([1, 2, 3], start=3).start_index == 2
    assert Control([1, 2, 3]).start_index == 1


def test_a_choice_hands_over_the_value_behind_the_name():
    choice = Choice({"none": None, "half": 0.5, "array": np.eye(2)}, start=0.5)
    assert choice.start_index == 1
    assert choice.text(choice.values[2]) == "array"
    assert choice.text(None) == "none"
    with pytest.raises(ValueError, match="1 is none of none, half, array"):
        choice.nearest(1)
    assert Choice([1, True], start=True).start_index == 1  # equal, but not the same option


def test_the_cues_beside_the_colours_are_those_of_the_static_figures():
    shapes = {"o": "circle", "s": "square", "^": "triangle", "x": "cross", "D": "diamond", "v": "wedge"}
    for color in ("forward", "gradient", "varied", "wrong", "fifth", "sixth"):
        style = STYLES[color]
        assert points("x", "y", color=color)["shape"] == shapes[style["marker"]]
        assert bool(line("x", "y", color=color)["dash"]) == (style["linestyle"] != "-")
    widths = {color: line("x", "y", color=color)["width"] for color in ("varied", "forward", "wrong")}
    assert widths["varied"] > widths["forward"] > widths["wrong"]
    assert STYLES["varied"]["linewidth"] > STYLES["forward"]["linewidth"] > STYLES["wrong"]["linewidth"]


# --- from compute's result to what is drawn


def drawing(*marks, **controls):
    return Drawing(view(X, Y, list(marks)), "", controls)


FOUR = {"cell": Control(range(4), integer=True)}


@pytest.mark.parametrize(
    ("mark", "result", "words"),
    [
        (bars("x", "y"), {"x": [1, 2], "y": [1, 2, 3]}, "bars mark has series of unequal length"),
        (bars("x", "y"), {"x": [1, 2]}, "compute's result lacks y; it has x"),
        (arrow("x", "y", "u", "v"), {"x": 0, "y": 0, "u": [1, 2], "v": [1, 2, 3]}, "dx has 2, dy has 3"),
        (area("x", 0, "y"), {"x": [1, 2], "y": ["a", "b"]}, "'y' is <U1 of shape (2,)"),
        (text(0, 0, "w"), {"w": 3.5}, "'w' is used as text"),
        (text(0, 0, "w", format=".1f"), {"w": {}}, "'w' holds {}, which format '.1f' does not suit"),
        (cells("z"), {"z": [1, 2]}, "'z' is int64 of shape (2,); (rows, columns) needed"),
        (cells("z"), {"z": np.eye(2, dtype=complex)}, "'z' is complex128"),
        (
            cells("z", sets="cell"),
            {"z": np.eye(3)},
            "shape (3, 3) set 'cell', which has 4 values; 9 are needed",
        ),
        (cells("z", sets=("cell", None)), {"z": np.eye(3)}, "which has 4 values; 3 are needed"),
        (
            points("x", "y", sets="cell"),
            {"x": [1, 2], "y": [1, 2]},
            "2 points set 'cell', which has 4 values",
        ),
        (image("z"), {"z": np.zeros((2, 2, 2))}, "(rows, columns) or (rows, columns, 3) needed"),
        (
            contour("z", [0, 1], [0, 1, 2], [1]),
            {"z": np.eye(2)},
            "shape (2, 2), the coordinates make it (3, 2)",
        ),
        (graph(NODES, EDGES, "v"), {"v": [1, 2]}, "a graph of 3 edges, but values has 2"),
    ],
)
def test_a_result_that_does_not_suit_the_mark_is_named(mark, result, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        check(result, drawing(mark, **FOUR))


def test_a_mark_may_only_set_a_slider_of_its_figure():
    with pytest.raises(ValueError, match="a cells mark sets 'spot'; the sliders are cell"):
        drawing(cells("z", sets="spot"), **FOUR)
    with pytest.raises(ValueError, match="sets 'on'; the sliders are none"):
        drawing(points("x", "y", sets="on"), on=Toggle())


def test_numbers_written_as_text_are_python_s_own():
    made = drawing(text([0, 1, 2], 0, "v", format=".2f"), cells("z", format=".1f"))
    data = check({"v": [2.675, np.nan, -0.001], "z": [[0.25, 0.35], [np.nan, -7]]}, made)
    assert data["v:.2f"] == [f"{2.675:.2f}", "", "0.00"]
    assert data["z:.1f"] == [f"{0.25:.1f}", f"{0.35:.1f}", "", "−7.0"]


def test_a_readout_that_cannot_be_formatted_is_named():
    with pytest.raises(ValueError, match=r"readout 'loss': None does not suit '\.2f'"):
        readouts({"y": None}, Drawing(view(X, Y, [line(0, 0)], readout=[readout("loss", "y", ".2f")])))


# --- frames


def packed(compute, controls, *views):
    made = Drawing(list(views), "", controls)
    return made, *frames.encode(frames.table(compute, controls, made), made)


def everything(shift, kind, cell):
    rng = np.random.default_rng(7)
    z = rng.normal(size=(2, 2)) + shift
    x, y = np.meshgrid(np.linspace(0, 4, 9), np.linspace(-1, 3, 8))
    return {
        "z": z, "photo": rng.uniform(size=(3, 5)), "land": (x - shift) ** 2 + y**2,
        "x": [0, 1, 2], "y": [shift, 1, np.nan] if kind == "small" else [2 * shift, 1, 0],
        "dx": rng.normal(size=3), "v": [shift, np.nan, -1], "cell": z.ravel()[cell],
    }  # fmt: skip


EVERY = {
    "shift": Control([0.5, 1, 1.5, 2]),
    "kind": Choice({"s": "small", "l": "large"}),
    "cell": Play(range(4), integer=True),
}
VIEWS = (
    view(
        X, Y,
        [cells("z", scale="diverging", domain=(-3, 3), format=".3f", sets="cell"), image("photo"),
         bars("x", "y", color="varied"), arrow("x", "y", "dx", 0.1), path("x", "y")],
        readout=[readout("value", "cell", ".6f")],
    ),
    view(X, Y, [contour("land", np.linspace(0, 4, 9), np.linspace(-1, 3, 8), [1, 2, 4]),
                line(np.linspace(0, 4, 50), np.linspace(-1, 3, 50))]),
    view(marks=[graph(NODES, EDGES, values="v", gradients=["1", "2", "3"])]),
)  # fmt: skip


def test_frames_of_every_mark_decode_to_compute_s_values_within_the_half_step():
    made, head, blob = packed(everything, EVERY, *VIEWS)
    for at in np.random.default_rng(1).integers([4, 2, 4], size=(6, 3)):
        index = tuple(int(i) for i in at)
        settings = {name: control.values[i] for (name, control), i in zip(EVERY.items(), index)}
        wanted = {**made.constants, **check(everything(**settings), made, settings)}
        got = frames.decode(head, blob, index)
        assert set(got) == {*wanted, "@0"}
        assert got["@0"] == [f"{everything(**settings)['cell']:.6f}".replace("-", "−")]
        for key, value in wanted.items():
            if isinstance(value, list):
                assert got[key] == value
            elif value.dtype.kind == "i":
                np.testing.assert_array_equal(got[key], value)
            else:
                longer = got[key][len(value) :]  # contour lines are padded with gaps
                assert np.isnan(longer).all()
                np.testing.assert_allclose(
                    got[key][: len(value)], value, rtol=0, atol=head[key]["step"] / 2 * (1 + 1e-9)
                )
    assert head["photo:0…1"]["step"] == 1  # 256 levels, exact
    assert head[">cell"]["axes"] == [1, 1, 4]  # stored along the one control it depends on
    assert head["=0"]["axes"] == [1, 1, 1]


def test_what_the_marks_need_is_found_wrong_when_a_frame_is_swapped():
    _, head, blob = packed(everything, EVERY, *VIEWS)
    one, other = (frames.decode(head, blob, (i, 0, 0)) for i in (0, 1))
    assert np.abs(one["z"] - other["z"]).max() > 100 * head["z"]["step"]


def test_values_that_would_blur_the_colours_are_refused():
    far = lambda cell: {"z": np.array([[0.0, 1e4]]) * (cell + 1)}
    with pytest.raises(ValueError, match=r"'z' spans .* where the colour scale shows 1: .* of 256 shades"):
        packed(far, FOUR, view(X, Y, [cells("z")]))
    packed(lambda cell: {"z": np.array([[0.5, 3.0]]) + cell}, FOUR, view(X, Y, [cells("z")]))


def test_a_series_of_the_mark_itself_is_refused_like_one_of_compute():
    far = line(np.linspace(0, 4, 20), np.linspace(0, 4000, 20))
    words = r"a mark's own series spans 4e\+03 where the y axis shows 4: .* px .* np.clip\(values, -5, 7\)"
    with pytest.raises(ValueError, match=words):
        packed(lambda cell: {}, FOUR, view(X, Y, [far]))


def test_a_key_on_a_linear_and_on_a_log_axis_suits_both():
    """Coded by its value, since zero and negative numbers have a place on the linear axis."""
    log = view(axis("", [1, 4]), axis("", [0.1, 3], "log"), [line("x", "y")])
    _, head, blob = packed(
        lambda cell: {"x": [1, 2], "y": [-1.0, 2.5]}, FOUR, view(X, Y, [line("x", "y")]), log
    )
    assert "log" not in head["y"]
    np.testing.assert_allclose(frames.decode(head, blob, (0,))["y"], [-1, 2.5], atol=1e-3)


# --- contour lines


def test_contour_lines_are_those_of_matplotlib():
    """As long and as many, on a landscape with saddles, two sizes and a hole of NaN."""
    rows, columns = np.mgrid[0:31, 0:47]
    z = np.sin(rows / 4) * np.cos(columns / 5) + 0.02 * rows
    levels = (-0.5, 0.03, 0.311, 0.9)
    for hole in (False, True):
        if hole:
            z[10:14, 20:23] = np.nan
        judge = Figure().subplots().contour(np.ma.masked_invalid(z), levels, corner_mask=False)
        for level, theirs in zip(levels, judge.allsegs):
            ours = level_lines(z, level)
            length = lambda lines: sum(np.hypot(*np.diff(points, axis=0).T).sum() for points in lines)
            np.testing.assert_allclose(length(ours), length(theirs), rtol=1e-9)
            if not hole:
                assert len(ours) == len(theirs)


def test_a_wrong_crossing_would_be_noticed():
    z = np.add.outer(np.linspace(-2, 2, 41) ** 2, np.linspace(-2, 2, 41) ** 2)
    (circle,) = level_lines(z, 1.0)
    radius = np.hypot(*(circle - 20).T) / 10
    np.testing.assert_allclose(radius, 1, atol=2e-3)
    np.testing.assert_array_equal(circle[0], circle[-1])
    middles = np.round(2 * circle) / 2  # as if the level lay half way between neighbours
    assert np.abs(np.hypot(*(middles - 20).T) / 10 - 1).max() > 1.5e-2


def test_a_shaded_landscape_closes_its_lines_outside_the_grid():
    x = np.linspace(0, 4, 21)
    land = contour(np.subtract.outer(x**2, 2 * x), x, x, [0.0], fill=True)
    made = Drawing(view(axis("", [0, 4]), axis("", [0, 4]), [land]))
    ((xs, ys, _),) = [
        [made.constants[f"{key}~{v}"] for v in "xyn"] for key in {k[:-2] for k in made.constants}
    ]
    lines = np.split(np.column_stack([xs, ys]), np.nonzero(np.isnan(xs))[0] + 1)[:-1]
    assert lines
    for ring in lines:
        np.testing.assert_allclose(ring[0], ring[-2])
    assert xs[np.isfinite(xs)].max() > 4

"""figures.py: figures follow the theme and say in words what they show."""

import io
import re

import figures as page_figures
import pytest
from gradbook import figures
from tiny_book import ROOT, build

STYLE = ROOT / "book" / "_static" / "book.css"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt" viewBox="0 0 72 36">'
    '<path d="M0 0" {}/></svg>'
)


@pytest.fixture
def drawn():
    figure, ax = figures.subplots()
    ax.plot([0, 1], [0, 1], color=figures.COLORS["gradient"][0])
    ax.plot([0, 1], [1, 0], color=figures.COLORS["forward"][0], marker="o")
    ax.set_title("A title")
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return page_figures.inline_svg(file.getvalue(), "Two lines <cross>.", "svg0", page_figures.palette(STYLE))


def test_the_palette_is_read_from_the_style_sheet_and_is_the_one_of_the_library():
    assert page_figures.palette(STYLE) == {light: name for name, (light, _) in figures.COLORS.items()}


def test_every_colour_of_a_drawn_figure_follows_the_theme(drawn):
    assert "var(--gb-gradient)" in drawn
    assert "var(--gb-forward)" in drawn
    assert not re.search(r"#[0-9a-fA-F]{6}\b", drawn), "a colour outside the palette"


def test_the_ground_is_the_page(drawn):
    assert "var(--gb-paper)" not in drawn
    assert "fill: none" in drawn


def test_a_figure_has_a_name_a_size_and_no_paths_of_files(drawn):
    assert drawn.startswith('<svg class="gb-svg" role="img" aria-label="Two lines &lt;cross&gt;." width=')
    assert "viewBox" in drawn
    assert "<metadata" not in drawn
    assert "<?xml" not in drawn


def test_two_figures_of_one_page_share_no_ids(drawn):
    ids = re.findall(r' id="([^"]+)"', drawn)
    assert ids
    assert all(name.startswith("svg0-") for name in ids)
    for used in re.findall(r'(?:url\(#|href="#)([^)"]+)', drawn):
        assert used in ids


@pytest.mark.parametrize("alt", [None, "", "  ", "plot.svg", "_images/8a3f.png", "C:\\figures\\plot"])
def test_what_no_person_wrote_is_no_alternative_text(alt):
    assert not page_figures.written(alt)


def test_a_sentence_is_an_alternative_text():
    assert page_figures.written("The loss in nats/step falls from 2.3 to 0.1.")


def test_figures_without_words_or_in_black_fail_the_build(tmp_path):
    (tmp_path / "good.svg").write_text(SVG.format('fill="#0068a8"'))
    (tmp_path / "black.svg").write_text(SVG.format('fill="#000000"'))
    images = [
        "![A blue path.](good.svg)",
        "![](good.svg)",
        "![good.svg](good.svg)",
        "![A black path.](black.svg)",
    ]
    page = "\n\n".join(["# Page", *images])
    built = build(tmp_path, {"page": page}, extensions=("maths", "figures"))
    assert built.status == 1
    told = [line for line in built.output.splitlines() if "WARNING" in line]
    for number, word in ((5, "alternative text"), (7, "alternative text"), (9, "black")):
        assert any(f"page.md:{number}: WARNING" in line and word in line for line in told), built.output
    assert len(told) == 3
    assert 'aria-label="A blue path."' in built.page("page")

"""What cells of the book show: checks, numbers and figures, run in a kernel, twice, to the same outputs."""

import ast
import re

import pytest
from gradbook.check.results import MIME

nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")

CELLS = {
    "setup": "import numpy as np\nfrom gradbook import check, figures, prose\nfigures.use()",
    "checks": (
        "for n in ('x-one', 'x-two'):\n"
        "    check.equation(n, lines=[np.square], truth=lambda x: x * x, wrong={'cube': lambda x: x ** 3},\n"
        "                   inputs=lambda rng: (rng.normal(size=4),), against='a product')"
    ),
    "number": "prose.text('x-word', 'blue')\nprose.number('x-mass', 0.6513, '.1%')",
    "figure": (
        "fig, ax = figures.subplots()\n"
        "ax.plot(range(9), label='v', **figures.series('forward'))\n"
        "ax.plot(range(9, 0, -1), label='g', **figures.series('gradient', marker=True))\n"
        "figures.label_ends(ax)\n"
        "fig"
    ),
    "claim": "check.claim('x-claim', 'a < b', verdict='not shown', samples=np.arange(-5.0, 6.0))",
    "fails": "check.claim('x-claim', 'a < b', verdict='true', samples=np.arange(-5.0, 6.0))",
}


def executed() -> dict:
    """The outputs by cell, from a fresh kernel."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    nbformat.validate(notebook)
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells)}


@pytest.fixture(scope="module")
def runs():
    return executed(), executed()


def test_two_runs_give_the_same_outputs_to_the_byte(runs):
    for name in CELLS:
        if name != "fails":  # a traceback holds the kernel's paths
            assert runs[0][name] == runs[1][name], name


def test_a_cell_with_two_checks_shows_both_as_text_html_and_json(runs):
    outputs = runs[0]["checks"]
    assert [set(o.data) for o in outputs] == [{"text/plain", "text/html", MIME}] * 2
    assert [o.data[MIME]["id"] for o in outputs] == ["x-one", "x-two"]


def test_numbers_are_glued_in_the_form_of_myst_nb_and_nothing_else_is_shown(runs):
    word, mass = runs[0]["number"]
    assert word.data == {"application/papermill.record/text/plain": "'blue'"}
    # as a literal: a bare 10,000 would be read as a tuple
    assert ast.literal_eval(mass.data["application/papermill.record/text/plain"]) == "65.1\u202f%"
    assert mass.metadata["scrapbook"] == {"name": "x-mass", "mime_prefix": "application/papermill.record/"}


def test_a_figure_is_shown_once_as_svg_with_words_as_text_and_without_a_date(runs):
    (output,) = runs[0]["figure"]
    svg = output.data["image/svg+xml"]
    assert "image/png" not in output.data
    assert "<dc:date>" not in svg and "matplotlib.org" not in svg
    assert re.search(r"<text[^>]*>v</text>", svg) and "system-ui" in svg
    assert 'width="460.8pt" height="230.4pt"' in svg


def test_nothing_is_written_to_standard_error(runs):
    for name in CELLS:
        assert not [o for o in runs[0][name] if o.output_type == "stream"], name


def test_a_check_that_does_not_hold_ends_the_cell_with_an_error(runs):
    (error,) = runs[0]["fails"]
    assert (error.output_type, error.ename) == ("error", "CheckFailed")
    assert "the text says 'true', the numbers say 'not shown'" in error.evalue

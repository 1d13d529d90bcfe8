"""What a reader takes away: notebooks that any Jupyter opens, in words that need no build, and the text."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from downloads import _places

pytestmark = pytest.mark.built
ROOT = Path(__file__).resolve().parents[2]
TAKEN = sorted((ROOT / "_build" / "html" / "downloads").glob("*.ipynb"))
BUILD_ONLY = re.compile(r"\{(?:glue:\w*|claim|eq|ref|numref|doc|cite:\w+)\}`|\{literalinclude\}")


@pytest.mark.parametrize("path", TAKEN or [None], ids=lambda path: path.stem if path else "none")
def test_a_downloaded_notebook_is_whole_executed_and_plain(path):
    assert path, "the book is not built"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(re.sub(r"^%.*", "", cell.source, flags=re.M))
            assert cell.execution_count or cell.id.startswith(("carried", "install")), cell.source
        else:
            assert not BUILD_ONLY.search(cell.source), cell.source
    text = ROOT / "book" / f"{path.stem}.md"
    assert path.with_suffix(".md").read_bytes() == text.read_bytes()


def test_stored_measurements_travel_with_the_cell_that_reads_them():
    notebook = nbformat.read(ROOT / "_build" / "html" / "downloads" / "ema.ipynb", as_version=4)
    carried = next(k for k, cell in enumerate(notebook.cells) if cell.id == "carried-ema")
    assert '"benchmarks" / "results" / "ema.json"' in notebook.cells[carried + 1].source


def test_without_public_addresses_no_button_leads_away():
    config = type("Config", (), {"gradbook_repository": "", "gradbook_branch": "gh-pages"})
    app = type("App", (), {"config": config})
    assert _places(app, "ema") == []
    config.gradbook_repository = "https://github.com/a/b"
    assert [name for name, _ in _places(app, "ema")] == ["Binder", "Colab"]
    page = (ROOT / "_build" / "html" / "book" / "ema.html").read_text("utf-8")
    assert "downloads/ema.ipynb" in page and "mybinder" not in page and "colab" not in page

"""fresh.py: what an edit makes stale, and what it leaves alone."""

from types import SimpleNamespace

import fresh
import pytest


@pytest.fixture
def tree(tmp_path):
    """A tree after a good build: a library, an extension, executions in the cache, a pickled environment."""
    for name, text in {
        "lib/gradbook/ema.py": "ANSWER = 1",
        "lib/gradbook/static/draw.js": "draw()",
        "benchmarks/results/ema.json": "{}",
        "requirements.lock": "numpy==2",
        "book/_ext/maths.py": "",
        "book/ema.md": "",
        "_build/.doctrees/environment.pickle": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    build(tmp_path)
    (tmp_path / "_build/.jupyter_cache/executed").write_text("outputs")
    (tmp_path / "_build/.doctrees/environment.pickle").write_text("")
    return tmp_path


def build(root, good=True, edit=lambda: None):
    """One build as Sphinx runs it, an edit while it runs. Returns whether executions and pages were kept."""
    app = SimpleNamespace(
        srcdir=root,
        doctreedir=root / "_build/.doctrees",
        config=SimpleNamespace(nb_execution_cache_path=""),
        _warncount=0 if good else 1,
    )
    fresh._start(app, app.config)
    executions, pages = root / "_build/.jupyter_cache/executed", root / "_build/.doctrees/environment.pickle"
    kept = executions.exists(), pages.exists()
    edit()
    pages.write_text("")
    fresh._finish(app, None)
    return kept


def test_nothing_changed_keeps_everything(tree):
    assert build(tree) == (True, True)


@pytest.mark.parametrize(
    "name",
    [
        "lib/gradbook/ema.py",
        "lib/gradbook/static/draw.js",
        "benchmarks/results/ema.json",
        "requirements.lock",
    ],
)
def test_an_edit_of_what_cells_use_drops_executions_and_pages(tree, name):
    (tree / name).write_text("changed")
    assert build(tree) == (False, False)


def test_a_new_module_drops_executions(tree):
    (tree / "lib/gradbook/losses.py").write_text("")
    assert build(tree) == (False, False)


def test_an_edit_of_an_extension_reads_the_pages_again_and_keeps_executions(tree):
    (tree / "book/_ext/maths.py").write_text("changed")
    assert build(tree) == (True, False)


def test_an_edit_of_prose_is_left_to_sphinx(tree):
    (tree / "book/ema.md").write_text("changed")
    assert build(tree) == (True, True)


def test_compiled_files_do_not_count(tree):
    (tree / "lib/gradbook/__pycache__").mkdir()
    (tree / "lib/gradbook/__pycache__/ema.py").write_text("")
    assert build(tree) == (True, True)


def test_after_a_failed_build_every_page_is_read_again(tree):
    assert build(tree, good=False) == (True, True)
    assert build(tree) == (True, False)
    assert build(tree) == (True, True)


def test_an_edit_while_the_notebooks_run_makes_their_executions_stale(tree):
    build(tree, edit=lambda: (tree / "lib/gradbook/ema.py").write_text("ANSWER = 2"))
    assert build(tree)[0] is False

"""export.py: the notebooks that nbval verifies are complete, or there are none."""

import export
import nbformat
import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import read_myst_markdown_notebook

CHAPTER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Chapter

```{code-cell} ipython3
print(6 * 7)
```

```{code-cell} ipython3
6 * 7
```
"""


@pytest.fixture
def book(tmp_path):
    """A chapter, and a cache that holds its execution."""
    source = tmp_path / "ema.md"
    source.write_text(CHAPTER, "utf-8")
    store(source, tmp_path)
    return tmp_path


def store(source, folder, skip=None):
    notebook = read_myst_markdown_notebook(source.read_text("utf-8"), add_source_map=True, path=str(source))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        if number != skip:
            cell.execution_count = number
            shown = {"text/plain": "a slider", export.WIDGET_VIEW: {"model_id": "random"}}
            cell.outputs = [
                nbformat.v4.new_output("stream", name="stdout", text="42\n"),
                nbformat.v4.new_output("display_data", data=shown),
            ]
    notebook.metadata["widgets"] = {"state": {}}
    cache = get_cache(str(folder / "cache"))
    cache.cache_notebook_bundle(CacheBundleIn(notebook, str(source)), check_validity=False, overwrite=True)


def exported(folder):
    return export.export([folder / "ema.md"], folder / "cache", folder / "notebooks")


def test_a_chapter_is_exported_as_it_was_executed(book):
    (file,) = exported(book)
    notebook = nbformat.read(file, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2]
    assert code[0].outputs[0].text == "42\n"
    assert code[0].outputs[1].data == {"text/plain": "a slider"}, "no view of a widget that is gone"
    assert "widgets" not in notebook.metadata


def test_a_text_that_was_not_executed_is_refused(book):
    (book / "ema.md").write_text(CHAPTER.replace("6 * 7", "6 * 8"), "utf-8")
    with pytest.raises(export.NotExecuted, match=r"ema\.md: the build has not executed this text"):
        exported(book)


def test_an_edit_of_prose_alone_needs_no_new_execution(book):
    (book / "ema.md").write_text(CHAPTER.replace("# Chapter", "# Another title"), "utf-8")
    assert len(exported(book)) == 1


def test_a_chapter_that_did_not_change_is_not_written_again(book):
    (file,) = exported(book)
    file.write_text("as it was left", "utf-8")
    assert exported(book) == [file]
    assert file.read_text("utf-8") == "as it was left"
    (book / "cache" / export.INPUTS).write_text("another library")
    exported(book)
    assert "42" in file.read_text("utf-8")


def test_a_cell_that_did_not_run_is_named(book):
    store(book / "ema.md", book, skip=2)
    with pytest.raises(export.NotExecuted, match=r"ema\.md: code cell 2 was not executed \(6 \* 7\)"):
        exported(book)


def test_pages_without_code_give_no_notebook_and_old_ones_go(book):
    exported(book)
    (book / "ema.md").write_text("# Only words\n", "utf-8")
    (book / "notebooks" / "gone.ipynb").write_text("{}")
    assert exported(book) == []
    assert list((book / "notebooks").glob("*.ipynb")) == []

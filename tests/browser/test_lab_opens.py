"""A real JupyterLab: a double click on a chapter opens a notebook, because of tools/labconfig."""

import shutil
from pathlib import Path

import pytest
from live_lab import jupyterlab

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = next((name for name in ("ema.md", "backprop.md") if (ROOT / "book" / name).exists()), None)
pytestmark = [pytest.mark.lab, pytest.mark.browser]


@pytest.mark.skipif(CHAPTER is None, reason="no chapter yet")
@pytest.mark.parametrize(("settings", "widget"), [("tools", ".jp-NotebookPanel"), ("book", ".jp-FileEditor")])
def test_a_double_click_on_a_chapter_opens_a_notebook(browser, tmp_path, settings, widget):
    """With the book's settings a notebook; without them text, which shows that it is they that do it."""
    folder = tmp_path / "book"
    folder.mkdir()
    shutil.copy(ROOT / "book" / CHAPTER, folder)
    with jupyterlab(folder, tmp_path, ROOT / settings) as address, browser.new_page() as page:
        page.goto(f"{address}/lab")
        page.locator(".jp-DirListing-item", has_text=CHAPTER).dblclick(timeout=60_000)
        page.locator(f"{widget}:visible").wait_for(timeout=30_000)
        if widget == ".jp-NotebookPanel":
            page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=30_000)
            assert page.locator(".jp-Toolbar-kernelName").first.inner_text(timeout=30_000) != ""
            assert page.get_by_text("Would you like to receive official Jupyter news").count() == 0

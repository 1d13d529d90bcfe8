"""A real JupyterLab: a double click on a chapter opens a notebook, because of tools/labconfig."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = next((name for name in ("ema.md", "backprop.md") if (ROOT / "book" / name).exists()), None)
pytestmark = [pytest.mark.lab, pytest.mark.browser]


@contextmanager
def jupyterlab(folder, settings, state):
    """As `run.py lab`, on `folder`, with these settings and nothing of the user's own; yields the address."""
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
    own = {name: str(state / name) for name in (*homes, "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")}
    env = {**os.environ, **own, "JUPYTER_CONFIG_PATH": str(settings)}
    words = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--port=0"]
    words += ["--IdentityProvider.token=t", f"--ServerApp.root_dir={folder}"]
    log = state / "lab.log"
    with log.open("w") as stream:
        process = subprocess.Popen(words, env=env, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/lab\?token", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()  # its kernel notices and ends too
            process.wait()


@pytest.mark.skipif(CHAPTER is None, reason="no chapter yet")
@pytest.mark.parametrize(("settings", "widget"), [("tools", ".jp-NotebookPanel"), ("book", ".jp-FileEditor")])
def test_a_double_click_on_a_chapter_opens_a_notebook(browser, tmp_path, settings, widget):
    """With the book's settings a notebook; without them text, which shows that it is they that do it."""
    folder = tmp_path / "book"
    folder.mkdir()
    shutil.copy(ROOT / "book" / CHAPTER, folder)
    with jupyterlab(folder, ROOT / settings, tmp_path) as address, browser.new_page() as page:
        page.goto(f"{address}/lab?token=t")
        page.locator(".jp-DirListing-item", has_text=CHAPTER).dblclick(timeout=60_000)
        page.locator(f"{widget}:visible").wait_for(timeout=30_000)
        if widget == ".jp-NotebookPanel":
            page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=30_000)
            assert page.locator(".jp-Toolbar-kernelName").first.inner_text(timeout=30_000) != ""
            assert page.get_by_text("Would you like to receive official Jupyter news").count() == 0

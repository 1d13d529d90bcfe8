"""After a good build: each chapter, as executed for the page, to _build/notebooks/<stem>.ipynb.

`pytest --nbval _build/notebooks` runs these again in fresh kernels and compares, so what is verified is what
the reader sees. They come from the jupyter-cache: _build/jupyter_execute stays empty when nothing had to run.
"""

import hashlib
import json
import shutil
from pathlib import Path

import nbformat
from fresh import INPUTS
from jupyter_cache import get_cache
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from sphinx.util import logging

log = logging.getLogger(__name__)

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class NotExecuted(Exception):
    """A chapter, or a cell of it, has no outputs: nbval would pass on it without having compared anything."""


def executed(source: Path, cache) -> nbformat.NotebookNode | None:
    """The notebook of a chapter with the outputs that the book shows, or None for a page without code.

    Raises NotExecuted where the cache has no run of exactly this text, or where a code cell did not run.
    """
    text = source.read_text("utf-8")
    if source.suffix != ".md" or not is_myst_markdown_notebook(text):
        return None
    notebook = read_myst_markdown_notebook(text, add_source_map=True, path=str(source))
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        return None
    try:
        _, notebook = cache.merge_match_into_notebook(notebook)
    except KeyError:
        raise NotExecuted(f"{source.name}: the build has not executed this text") from None
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        if not cell.execution_count:
            first = next(iter(cell.source.strip().splitlines()), "empty")
            raise NotExecuted(f"{source.name}: code cell {number} was not executed ({first})")
        for output in cell.outputs:  # a view of a widget that is gone, its id another one each run
            output.get("data", {}).pop(WIDGET_VIEW, None)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # nbformat draws them at random
    notebook.metadata.pop("source_map", None)
    notebook.metadata.pop("widgets", None)
    return notebook


def export(sources: list[Path], cache_path: Path, target: Path) -> list[Path]:
    """Write every chapter with code to target and remove what is not among them. Returns the files.

    A chapter whose text and inputs (fresh.py) are those of its last export by this file is left as it is.
    """
    cache, known = get_cache(str(cache_path)), target / ".sources.json"
    inputs = cache_path / INPUTS
    key = Path(__file__).read_text("utf-8") + (inputs.read_text() if inputs.exists() else "")
    before = json.loads(known.read_text()) if known.exists() else {}
    now, files = {}, []
    for source in sources:
        file = target / f"{source.stem}.ipynb"
        now[source.stem] = hashlib.sha256(key.encode() + source.read_bytes()).hexdigest()
        if not (before.get(source.stem) == now[source.stem] and file.exists()):
            notebook = executed(source, cache)
            if notebook is None:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(nbformat.writes(notebook) + "\n", "utf-8")
        files.append(file)
    for old in set(target.glob("*.ipynb")) - set(files):
        old.unlink()
    if files:
        known.write_text(json.dumps(now))
    return files


def _finish(app, exception):
    if app.builder.format != "html":
        return
    target = Path(app.doctreedir).parent / "notebooks"
    if exception is not None or (app._warncount and app.warningiserror):
        shutil.rmtree(target, ignore_errors=True)  # a failed build leaves nothing to verify
        return
    sources = [Path(app.env.doc2path(name)) for name in sorted(app.env.found_docs)]
    cache = app.config.nb_execution_cache_path or Path(app.doctreedir).parent / ".jupyter_cache"
    try:
        export(sources, Path(cache), target)
    except NotExecuted as error:
        shutil.rmtree(target, ignore_errors=True)
        log.warning("export: %s", error, type="export")


def setup(app):
    app.connect("build-finished", _finish, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

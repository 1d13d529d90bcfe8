"""Each chapter to take away: as an executed notebook, and as the text it was written in; and where to run it.

The notebook is the one the page was made of. What only this book's build understands becomes plain Markdown
in it: numbers are filled in, the library's code is quoted, references keep their words. Stored benchmarks
that a cell reads travel with it, so that it runs outside a checkout too.
"""

import ast
import copy
import re
import shutil
from pathlib import Path
from urllib.parse import quote

import nbformat

ROLES = [
    (re.compile(r"\{claim\}`[^`]*`"), ""),
    (re.compile(r"\{(?:doc|ref|numref|eq|cite:\w+|term|download)\}`([^`<]*?)\s*<[^>`]*>`"), r"\1"),
    (re.compile(r"\{(?:eq|ref|numref)\}`([^`]*)`"), r"(\1)"),
    (re.compile(r"\{(?:doc|cite:\w+|term)\}`([^`]*)`"), r"\1"),
    (re.compile(r"^\(([\w-]+)\)=\n", re.M), ""),
    (re.compile(r"<!--.*?-->\n?", re.S), ""),
    (re.compile(r"^\$\$[ \t]*\(([\w-]+)\)[ \t]*$", re.M), r"\\tag{\1}\n$$"),
]
INCLUDE = re.compile(r"```\{literalinclude\} (\S+)\n(.*?)```", re.S)
GLUE = re.compile(r"\{glue:(?:text)?\}`([^`:]+)(?::[^`]*)?`")
STORED = re.compile(r'"benchmarks" / "results" / "(\w+\.json)"')
CARRIED = """# The stored measurements that the next cell reads, for a run outside a checkout of the book.
from pathlib import Path

name = Path("benchmarks", "results", "{name}")
if not any((base / name).exists() for base in (Path.cwd(), *Path.cwd().parents)):
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_text({text!r}, "utf-8")"""


def glued(notebook) -> dict[str, str]:
    """What {glue:text} shows: the texts that cells stored under a name."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            for kind in ("text/plain", "application/papermill.record/text/plain"):
                if name and kind in output.get("data", {}):
                    found[name] = output["data"][kind].strip("'\"")
    return found


def included(match: re.Match, folder: Path) -> str:
    """The lines that a literalinclude shows, as a block of code."""
    path = folder / match[1]
    text = path.read_text("utf-8")
    wanted = re.search(r":pyobject: (\S+)", match[2])
    if wanted:
        lines = text.splitlines()
        names, body = wanted[1].split("."), ast.parse(text).body
        for name in names:
            node = next(n for n in body if getattr(n, "name", None) == name)
            body = getattr(node, "body", [])
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        text = "\n".join(lines[first - 1 : node.end_lineno])
    return f"```python\n{text.strip()}\n```"


def plain(notebook, folder: Path, results: Path, install: str = ""):
    """A copy that any Jupyter shows and runs; install: a first cell, for a machine without gradbook."""
    notebook = copy.deepcopy(notebook)
    values, cells = glued(notebook), []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = INCLUDE.sub(lambda match: included(match, folder), cell.source)
            text = GLUE.sub(lambda match: values.get(match[1], match[0]), text)
            for role, words in ROLES:
                text = role.sub(words, text)
            cell.source = text
        elif cell.cell_type == "code":
            for name in STORED.findall(cell.source):
                carried = CARRIED.format(name=name, text=(results / name).read_text("utf-8"))
                cells.append(nbformat.v4.new_code_cell(carried, id=f"carried-{name[:-5]}"))
            cell.outputs = [
                output
                for output in cell.outputs
                if not output.get("metadata", {}).get("scrapbook", {}).get("name")
            ]
        cells.append(cell)
    if install:
        cells.insert(0, nbformat.v4.new_code_cell(install, id="install"))
    notebook.cells = cells
    return notebook


def _places(app, stem: str) -> list[tuple[str, str]]:
    """[(name, address)] of services that run the chapter; none before the repository has an address.

    Colab opens notebooks of GitHub only: it takes them from the branch to which the built book is published.
    """
    repository = app.config.gradbook_repository.rstrip("/")
    if not repository.startswith("https://github.com/"):
        return []
    path, branch = repository.removeprefix("https://github.com/"), app.config.gradbook_branch
    return [
        ("Binder", f"https://mybinder.org/v2/gh/{path}/HEAD?labpath={quote(f'book/{stem}.md', safe='')}"),
        ("Colab", f"https://colab.research.google.com/github/{path}/blob/{branch}/downloads/{stem}.ipynb"),
    ]


def _page(app, pagename, templatename, context, doctree):
    source = Path(app.srcdir, f"{pagename}.md")
    stem = Path(pagename).name
    if doctree is not None and source.exists() and "{code-cell}" in source.read_text("utf-8"):
        context["gb_take"] = {
            "stem": stem,
            "places": _places(app, stem),
            "repository": app.config.gradbook_repository,
        }


def _finish(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    target, made = Path(app.outdir, "downloads"), Path(app.doctreedir).parent / "notebooks"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    repository = app.config.gradbook_repository.rstrip("/")
    install = (
        f'%pip install -q "gradbook[check,figures,data,notebook] @ git+{repository}"' if repository else ""
    )
    for path in sorted(made.glob("*.ipynb")):
        source = Path(app.env.doc2path(f"book/{path.stem}"))
        notebook = nbformat.read(path, as_version=4)
        results = Path(app.srcdir, "benchmarks", "results")
        taken = plain(notebook, source.parent, results, install)
        nbformat.write(taken, target / path.name)
        shutil.copyfile(source, target / source.name)


def setup(app):
    app.add_config_value("gradbook_repository", "", "html")
    app.add_config_value("gradbook_branch", "gh-pages", "html")
    app.connect("html-page-context", _page)
    app.connect("build-finished", _finish, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

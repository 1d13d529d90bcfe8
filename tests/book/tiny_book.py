"""A book of a few pages in a temporary folder, built by Sphinx with extensions of book/_ext and no others."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CONF = """\
import sys
sys.path[:0] = [{ext!r}]
extensions = {extensions!r}
root_doc = "index"
html_theme = "basic"
html_math_renderer = "katex"
math_numfig = numfig = True
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence"]
gradbook_node_modules = {modules!r}
gradbook_style = {style!r}
exclude_patterns = ["_build"]
"""


@dataclass
class Built:
    """How a build ended: its exit status, what it printed, the folder of its pages."""

    status: int
    output: str
    html: Path

    def page(self, name: str) -> str:
        return (self.html / f"{name}.html").read_text("utf-8")


def build(folder: Path, pages: dict[str, str], extensions=("maths",), style=None, more="") -> Built:
    """Build pages {name: MyST text} as `jupyter-book build -W -n --keep-going` would, without running cells.

    A first page that lists the others is added. style: a style sheet other than the book's. more: lines of
    conf.py.
    """
    listed = "\n".join(name for name in pages)
    first = f"# First\n\n```{{toctree}}\n:numbered:\n\n{listed}\n```\n"
    for name, text in {"index": first, **pages}.items():
        file = folder / f"{name}.md"
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
    conf = CONF.format(
        ext=str(ROOT / "book" / "_ext"),
        extensions=["myst_nb", "sphinx_exercise", *extensions],
        modules=str(ROOT / "node_modules"),
        style=str(style or ROOT / "book" / "_static" / "book.css"),
    )
    if not (folder / "conf.py").exists():
        (folder / "conf.py").write_text(f"{conf}{more}\n", "utf-8")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "-n", "--keep-going"]
    command += ["-d", "_build/.doctrees", ".", "_build/html"]
    env = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    run = subprocess.run(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    return Built(run.returncode, run.stdout, folder / "_build" / "html")

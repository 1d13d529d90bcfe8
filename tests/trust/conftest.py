"""A small copy of the tree with one tiny chapter, to be broken in one way at a time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("book/_ext", "book/_static", "book/_templates", "lib", "tools", "_config.yml", "conftest.py",
          "run.py", "tests/browser/conftest.py", "tests/browser/test_pages.py", "pyproject.toml",
          "requirements.lock", "package.json", "package-lock.json")
HEADER = """\
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

"""
TINY = """\
# Tiny

```{code-cell} ipython3
from gradbook import check
from gradbook.tiny import ANSWER
```

The derivative of a square:

$$
\\frac{d}{dx} x^2 = 2x
$$ (tiny-square)

```{code-cell} ipython3
check.equation(
    "tiny-square",
    lines=[lambda x: 2 * x],
    truth=lambda x: ((x + 1e-3) ** 2 - (x - 1e-3) ** 2) / 2e-3,
    wrong={"factor forgotten": lambda x: x},
    inputs=lambda rng: (rng.normal(size=3),),
    against="central differences",
)
```

By {eq}`tiny-square` the answer is even.

```{code-cell} ipython3
print(ANSWER)
```
"""
BUILD = """\
import functools, sys
from pathlib import Path
import run

run.prepare = lambda: None
run.tool = lambda name: Path(sys.executable).parent / name
run.call = functools.partial(run.call, PYTHONPATH=str(run.ROOT / "lib"))
sys.exit(run.main(["book", "--no-serve"]))
"""


class Tree:
    """The copy: edit(path, old, new), build(), nbval(), page(), and in `output` what they printed."""

    def __init__(self, root):
        self.root = root
        self.output = ""

    @property
    def summary(self):
        """How a failed build ends: what run.py makes of jupyter-book's errors."""
        assert "run.py: the book was not built." in self.output, self.output
        return self.output.split("run.py: the book was not built.")[1].replace("\\", "/")

    def file(self, path):
        return self.root / path

    def edit(self, path, old, new):
        text = self.file(path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
        self.file(path).write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *words):
        """The exit status of this Python with these words, run in the copy with the copy's lib/."""
        env = {**os.environ, "PYTHONPATH": str(self.root / "lib"), "PYTHONUTF8": "1"}
        options = {"cwd": self.root, "env": env, "encoding": "utf-8", "check": False}
        done = subprocess.run([sys.executable, *words], capture_output=True, **options)
        self.output = done.stdout + done.stderr
        return done.returncode

    def build(self):
        """As run.py builds: run.build() itself, with this environment in the place of .venv."""
        return self.run("-c", BUILD)

    def nbval(self):
        return self.run("-m", "pytest", "-p", "no:cacheprovider", "--nbval", "_build/notebooks")

    def page(self):
        """The page test that listens: requests to other hosts, errors in the console."""
        words = ["-vv", "-p", "no:cacheprovider", "-k", "asks_no_other_host and tiny"]
        return self.run("-m", "pytest", *words, "tests/browser/test_pages.py")


@pytest.fixture(scope="session")
def good_tree(tmp_path_factory):
    """The copy, built once and found good: without this, what must fail might fail for another reason."""
    root = tmp_path_factory.mktemp("trust") / "tree"
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif source.exists():
            shutil.copy(source, target)
    try:
        (root / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    except OSError:
        shutil.copytree(ROOT / "node_modules", root / "node_modules")
    (root / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n  - file: book/tiny\n")
    (root / "book/index.md").write_text("# Front\n\nOne chapter: [tiny](tiny.md).\n")
    (root / "book/references.bib").write_text("")
    (root / "book/tiny.md").write_text(HEADER + TINY)
    (root / "lib/gradbook/tiny.py").write_text('"""An answer."""\n\nANSWER = 42\n')
    tree = Tree(root)
    assert tree.build() == 0, tree.output
    return tree


@pytest.fixture
def tree(good_tree, tmp_path):
    """A copy of the good copy, with its _build: each test breaks its own."""
    shutil.copytree(good_tree.root, tmp_path / "tree", symlinks=True)
    return Tree(tmp_path / "tree")

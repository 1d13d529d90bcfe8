"""Experiments that take too long for a page: what they found, and whether that is still what they would find.

book/experiments/<name>.py says what is measured: SEEDS, at least ten, and run(seed) -> {quantity: number or
list}. `run.py experiments` runs it and stores the numbers with a fingerprint of all they depend on: the code
of the script and of every module of gradbook that it imports, directly or not (without docstrings, comments
and layout), and the pinned versions of the packages that these import. A page takes the numbers with load(),
which refuses them once the fingerprint differs.
"""

import ast
import functools
import hashlib
import importlib.util
import json
import os
import re
from importlib import metadata
from pathlib import Path

import numpy as np

__all__ = ["Stale", "fingerprint", "load", "names"]

LIBRARY = Path(__file__).parent
RESULTS = LIBRARY / "results"
ROOT = LIBRARY.parents[1]  # of a checkout; an installed library has no scripts beside it
SCRIPTS = ROOT / "book" / "experiments"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Stale(RuntimeError):
    """Stored numbers are not those of today's code. The message gives the command that renews them."""


def names() -> list[str]:
    """The experiments of this checkout."""
    return sorted(path.stem for path in SCRIPTS.glob("*.py"))


def load(name: str) -> dict[str, np.ndarray]:
    """{quantity: array (seeds, ...)} as stored; the entry "seed" says which row is which.

    Raises KeyError for an unknown name, and Stale where the fingerprint differs: in the book's build and its
    tests. A reader who changes the library is told in one line and keeps the stored numbers.
    """
    path = RESULTS / f"{name}.json"
    script = SCRIPTS / f"{name}.py"
    if not path.exists():
        if script.exists():
            raise Stale(f"experiments: {name} was never run. To run it: python3 run.py experiments {name}")
        known = ", ".join(sorted(p.stem for p in RESULTS.glob("*.json"))) or "none"
        raise KeyError(f"experiments: there is no {name!r}; stored are {known}")
    stored = json.loads(path.read_text("utf-8"))
    if script.exists() and stored["fingerprint"] != fingerprint(script):
        told = (f"experiments: {name} was run with other code or other packages than today's. "
                f"To run it again: python3 run.py experiments {name}")
        if os.environ.get("GRADBOOK_STATIC"):
            raise Stale(told)
        print(told)
    return {key: np.array(value) for key, value in stored["results"].items()}


def fingerprint(script: Path) -> str:
    """SHA-256 over the script's code, that of gradbook's modules it needs, and the pins of their packages."""
    total, packages = hashlib.sha256(), set()
    for name, path in sorted({"": script, **modules(script)}.items()):
        code, imported = read(path, name)
        packages |= {other.partition(".")[0] for other in imported}
        total.update(f"{name}\0{code}\0".encode())
    for line in pins(packages):
        total.update(f"{line}\n".encode())
    return total.hexdigest()


def modules(script: Path) -> dict[str, Path]:
    """{dotted name: file} of every module of gradbook that the script imports, directly or not."""
    found: dict[str, Path] = {}
    todo = set(read(script, "")[1])
    while todo:
        name = todo.pop()
        if name.partition(".")[0] == "gradbook" and name not in found and (path := file_of(name)):
            found[name] = path
            todo |= read(path, name)[1]
    return found


def file_of(name: str) -> Path | None:
    """The file of the module gradbook.a.b, or None if that is no module but a name within one."""
    place = LIBRARY.joinpath(*name.split(".")[1:])
    return next((p for p in (place / "__init__.py", place.with_suffix(".py")) if p.is_file()), None)


def read(path: Path, name: str) -> tuple[str, frozenset[str]]:
    """(the code, without docstrings, comments and layout; dotted names, among them all that it imports)."""
    return _read(path, name, path.stat().st_mtime_ns)


@functools.cache
def _read(path, name, changed):
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree, imported, aliases = ast.parse(path.read_text("utf-8")), set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                imported |= prefixes(alias.name)
                aliases[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            imported |= prefixes(base)
            for alias in node.names:
                imported.add(f"{base}.{alias.name}")
                aliases[alias.asname or alias.name] = f"{base}.{alias.name}"
        elif isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):  # T.ema, where T is gradbook: such modules are imported when first used
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            imported.add(f"{aliases.get(node.value.id, node.value.id)}.{node.attr}")
    return written(tree), frozenset(imported)


def written(node) -> str:
    """The tree as text, the same under every Python: ast.dump says or omits empty fields as it changes."""
    if isinstance(node, list):
        return f"[{','.join(map(written, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (f"{name}={written(value)}" for name, value in ast.iter_fields(node) if value not in (None, []))
    return f"{type(node).__name__}({','.join(fields)})"


def prefixes(name: str) -> set[str]:
    """a.b.c imports a, a.b and a.b.c."""
    parts = name.split(".")
    return {".".join(parts[: k + 1]) for k in range(len(parts))}


def pins(imported: set[str]) -> list[str]:
    """The lines of requirements.lock for the distributions that bring the imported packages."""
    providers, lines = _providers(), (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    wanted = {canonical(d) for name in imported for d in providers.get(name, ())}
    return [line for line in lines if canonical(line.partition("==")[0]) in wanted]


def canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


_providers = functools.cache(metadata.packages_distributions)

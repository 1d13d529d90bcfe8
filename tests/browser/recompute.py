"""What compute says: a chapter's explorables, made again from its cells and asked in Python.

    python tests/browser/recompute.py book/ema.md       # prints what the tests compare the page with, as JSON

Of the chapter's statements only those run that its explorables depend on, in the order of the page, so the
trainings of other figures are not repeated. Nothing is read from the built book. A figure is asked at the end
of its cell, as when the book was built, and its numbers are formatted here, not by the library.
"""

import ast
import contextlib
import io
import json
import re
import symtable
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RANDOM = 3  # settings of which all drawn values are returned


def positions(sizes, start):
    """The settings that a reader passes who moves each control from end to end: [[position, ...], ...]."""
    at, passed = list(start), []
    for axis, size in enumerate(sizes):
        for position in range(size):
            at = [*at[:axis], position, *at[axis + 1 :]]
            passed.append(at)
    return passed


# ---- which statements a figure depends on


def code_cells(path):
    """The statements of each code cell of a chapter."""
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(r"^(`{3,})\{code-cell\}[^\n]*\n(.*?)^\1\s*$", text, re.M | re.S):
        body = re.sub(r"\A---\n.*?\n---\n", "", match[2], flags=re.S)
        body = re.sub(r"^(:[\w-]+:.*\n)+", "", body)
        yield ast.parse(re.sub(r"^[%!].*$", "", body, flags=re.M)).body


def loads(statement):
    """The global names that a statement reads, those that its functions read included."""
    found, tables = set(), [symtable.symtable(ast.unparse(statement), "cell", "exec")]
    while tables:
        table = tables.pop()
        top = table.get_type() == "module"
        names = (s.get_name() for s in table.get_symbols() if (s.is_referenced() if top else s.is_global()))
        found.update(names)
        tables += table.get_children()
    return found


def root(node):
    """a of a.b[c].d(e)."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


TELL = {"check", "prose", "figures", "print", "display"}  # what they are given they leave as it is
SETS = re.compile(r"\.(set_|seed|manual_seed|use\b)")  # what a call on a module changes


def binds(statement, modules):
    """The names that a statement makes or changes: assigned, defined, imported, written into, called upon."""
    found = set()
    inner = [statement]
    while inner:
        node = inner.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            found.add(root(node))
        called = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        if called and (root(called) not in modules or SETS.search(ast.unparse(called.func))):
            found.add(root(called))
        inner += ast.iter_child_nodes(node)
    return found


def effects(statement):
    """[(a, names in the arguments)] for each a.b(…) that a statement calls for its effect alone."""
    found, inner = [], [statement]
    while inner:
        node = inner.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            given = [*node.value.args, *(word.value for word in node.value.keywords)]
            names = {n.id for part in given for n in ast.walk(part) if isinstance(n, ast.Name)}
            found.append((root(node.value), names))
        inner += ast.iter_child_nodes(node)
    return found


def _seeded(statement):
    """The name of the random generator that a statement makes, or None."""
    if isinstance(statement, ast.Assign) and "default_rng" in ast.unparse(statement.value)[:32]:
        return root(statement.targets[0])
    return None


def depended_on(cells):
    """For each cell, those of its statements on which the explorables depend, and the explorables."""
    statements = [statement for cell in cells for statement in cell]
    imports = [s for s in statements if isinstance(s, (ast.Import, ast.ImportFrom))]
    modules = set().union(*(binds(s, ()) for s in imports))
    read, made = [loads(s) for s in statements], [binds(s, modules) for s in statements]
    seeds = [_seeded(s) for s in statements]
    defined = {s.name for s in statements if isinstance(s, (ast.FunctionDef, ast.ClassDef))}
    pictures = {name for s, m in zip(statements, made) if "figures." in ast.unparse(s)[:60] for name in m}
    made_of = {}  # of which names a name was made
    for names, m in zip(read, made):
        for name in m - defined - modules:
            made_of[name] = made_of.get(name, set()) | names

    def alters(i, values):
        """Whether the statement may change one of the values: an optimizer changes what it was made of."""
        return any(
            (given | made_of.get(name, set())) & values and not given & pictures
            for name, given in effects(statements[i]) if name not in TELL | pictures
        )  # fmt: skip

    kept, needed = set(), set()
    while True:
        values = (needed & set().union(*made)) - modules - defined
        more = {i for i in range(len(statements))
                if "explore" in read[i] or made[i] & needed or alters(i, values)}  # fmt: skip
        for i in kept | more:  # numbers drawn from a generator depend on what was drawn since it was made
            for name in read[i] & set(seeds):
                for k in range(i - 1, -1, -1):
                    if seeds[k] == name:
                        break
                    more |= {k} if name in read[k] else set()
        if more <= kept:
            break
        kept |= more
        needed |= set().union(*(read[i] for i in more))
    numbers = iter(range(len(statements)))
    return [[s for s in cell if next(numbers) in kept] for cell in cells]


# ---- the values


def told(value, spec):
    """A number as a page shows it; formatted here, independently of the library."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return value
    return "undefined" if value != value else format(value, spec).replace("-", "−")


def _listed(value):
    """Numbers or words in one list, None for what is no finite number."""
    import numpy as np

    flat = np.ravel(value).tolist()
    return [v if isinstance(v, str) else float(v) if np.isfinite(v) else None for v in flat]


def asked(fig):
    """A figure's values where the tests compare them with the page."""
    import numpy as np
    from gradbook.explore_data import check

    controls = fig._controls
    grids = [list(control.values) for control in controls.values()]
    start = [control.start_index for control in controls.values()]
    drawing = fig._drawing
    rng = np.random.default_rng(zlib.crc32(drawing["alt"].encode()))
    chosen = [[int(rng.integers(len(grid))) for grid in grids] for _ in range(RANDOM)]

    def settings(at):
        return {name: grid[i] for name, grid, i in zip(controls, grids, at)}

    def readouts(at):
        result = fig._compute(**settings(at))
        return [told(result[entry["key"]], entry["format"]) for entry in drawing["readout"]]

    def drawn(at):
        """What is drawn, by key; where a key is compute's own, as compute returned it."""
        result = fig._compute(**settings(at))
        values = {**drawing.constants, **check(result, drawing, settings(at))}
        return {key: _listed(result.get(key, value)) for key, value in values.items()}

    walk = positions([len(grid) for grid in grids], start)
    return {
        "alt": drawing["alt"],
        "controls": {name: [control.text(value) for value in control.values]
                     for name, control in controls.items()},
        "start": start,
        "walk": [[at, readouts(at)] for at in walk],
        "random": [[at, readouts(at), drawn(at)] for at in chosen],
    }  # fmt: skip


def recompute(path):
    """asked(figure) of every explorable of a chapter, in the order in which they are made."""
    import gradbook.explore as library

    figures, made, original = [], [], library.explore

    def explore(*arguments, **options):
        made.append(original(*arguments, **options))
        return made[-1]

    library.explore = explore
    names = {"__name__": "__main__"}
    for number, cell in enumerate(depended_on(list(code_cells(path)))):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.Module(cell, []), f"{path.name}, cell {number}", "exec"), names)
        figures += [asked(fig) for fig in made[len(figures) :]]
    return figures


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]
    from tools import kernel_env

    kernel_env.apply()
    json.dump(recompute(Path(sys.argv[1]).resolve()), sys.stdout)

"""In a kernel without PyTorch a chapter runs to its end: what needs torch is skipped, and a line says so."""

import ast
import importlib.util

INSTALL = "python -m pip install torch --index-url https://download.pytorch.org/whl/cpu"
ABSENT = f"This kernel has no PyTorch: what compares with it is skipped. To install it: {INSTALL}"


class WithoutTorch(ast.NodeTransformer):
    """Leaves out `import torch`, what reads torch, and what reads what was left out; a line says so."""

    def __init__(self):
        self.missing, self.modules = set(), set()

    def visit_Module(self, cell):
        told, kept, needed = bool(self.missing), [], set()
        for node in cell.body:
            lacks = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & self.missing - _made(node)
            if lacks or _imports_torch(node):
                self.missing |= _made(node) | (_changed(node) - self.modules)
                needed |= lacks
            else:
                self.missing -= _made(node)
                self.modules |= _made(node) if isinstance(node, ast.Import | ast.ImportFrom) else set()
                kept.append(node)
        lines = [] if told or not self.missing else [ABSENT]
        if needed:
            lines.append(f"Skipped, without PyTorch: what needs {', '.join(sorted(needed))}.")
        cell.body = [ast.parse(f"print({line!r})").body[0] for line in lines] + kept
        return cell


def _imports_torch(node):
    named = node.names[0].name if isinstance(node, ast.Import) else getattr(node, "module", None) or ""
    return isinstance(node, ast.Import | ast.ImportFrom) and named.split(".")[0] == "torch"


def _made(node):
    """The names that a statement gives a value in the notebook."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(n.asname or n.name).split(".")[0] for n in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    within = [c.target for c in ast.walk(node) if isinstance(c, ast.comprehension)]
    own = {n for target in within for n in ast.walk(target)}
    return {n.id for n in ast.walk(node)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n not in own}  # fmt: skip


def _changed(node):
    """The names of what a statement may change: a[0] = 1, a.append(1)."""
    parts = [n.value for n in ast.walk(node) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
    parts += [n.func.value for n in ast.walk(node)
              if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]  # fmt: skip
    return {part.id for part in parts if isinstance(part, ast.Name)}


if importlib.util.find_spec("torch") is None:
    get_ipython().ast_transformers.append(WithoutTorch())  # noqa: F821 - given by IPython

"""One table of cases a module: how to draw the arguments of each primitive, and what torch calls it.

Sizes are unequal, so that a transposed gradient has the wrong shape. Kinks and ties, where finite differences
see no derivative, stand in test_kinks.py. CASES: {primitive: [Case, ...]}, of all modules in this folder.
ERRORS: {public name: [(call, words), ...]}: call(T) is a mistake, and words a pattern of what it is told.
"""

import importlib
import pkgutil

from .drawing import Case

__all__ = ["CASES", "ERRORS", "Case"]

CASES, ERRORS = {}, {}
for _module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
    _table = importlib.import_module(f"{__name__}.{_module}")
    for _whole, _part in ((CASES, getattr(_table, "CASES", {})), (ERRORS, getattr(_table, "ERRORS", {}))):
        assert not _whole.keys() & _part.keys(), f"{_module}: {_whole.keys() & _part.keys()} has two tables"
        _whole.update(_part)

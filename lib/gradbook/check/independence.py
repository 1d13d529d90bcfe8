"""Whether the truth of a check is really another computation: what Python can see of that, it checks.

Nobody can prove that two functions share no idea. But copied code, a truth that calls a line, and a truth that
claims to be torch's and never calls torch are the ways in which it goes wrong in practice, and all three can be seen.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence

from .results import CheckFailed

__all__ = ["same_code", "watched"]

NAMED = ("torch", "pandas", "scipy", "sklearn")


def same_code(f: Callable, g: Callable) -> bool:
    """Whether f and g are one function, or the same instructions over the same names and closed-over values."""
    if f is g:
        return True
    if isinstance(f, functools.partial) and isinstance(g, functools.partial):
        return same_code(f.func, g.func) and repr((f.args, f.keywords)) == repr((g.args, g.keywords))
    a, b = getattr(f, "__code__", None), getattr(g, "__code__", None)
    if a is None or b is None or getattr(f, "__self__", None) is not getattr(g, "__self__", None):
        return f == g
    alike = all(getattr(a, part) == getattr(b, part) for part in ("co_code", "co_names", "co_freevars"))
    if not alike or constants(a) != constants(b) or f.__globals__ is not g.__globals__:
        return False
    cells = zip(f.__closure__ or (), g.__closure__ or ())
    return f.__defaults__ == g.__defaults__ and all(c.cell_contents is d.cell_contents for c, d in cells)


def constants(code) -> tuple:
    """The constants of a code object; inner functions count by their instructions."""
    return tuple(
        (c.co_code, c.co_names, constants(c)) if hasattr(c, "co_code") else (type(c).__name__, repr(c))
        for c in code.co_consts
    )


def watched(label: str, run: Callable, lines: Sequence[Callable], against: str):
    """run(), watching which functions it enters: none of the lines, and those of the library that `against` names."""
    line_codes = {line.__code__: k for k, line in enumerate(lines) if hasattr(line, "__code__")}
    entered: set[str] = set()
    borrowed: set[int] = set()

    def watch(frame, event, argument):
        if event == "call":
            entered.add(str(frame.f_globals.get("__name__", "")))
            if frame.f_code in line_codes:
                borrowed.add(line_codes[frame.f_code])
        elif event == "c_call":
            owner = getattr(argument, "__self__", None)
            entered.add(str(getattr(argument, "__module__", None) or type(owner).__module__))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        value = run()
    finally:
        sys.setprofile(before)
    if borrowed:
        raise CheckFailed(
            f"{label}: truth calls line {min(borrowed) + 1}; it has to come from somewhere else"
        )
    library = against.replace(".", " ").split()[0] if against.split() else ""
    if library in NAMED and not any(name.split(".")[0] == library for name in entered):
        raise CheckFailed(f"{label}: truth never calls {library}, yet against={against!r} says so")
    autograd = ("torch.autograd", "torch._tensor", "torch.func", "torch._functorch")
    if against.startswith("torch.autograd") and not any(name.startswith(autograd) for name in entered):
        raise CheckFailed(
            f"{label}: truth never asks torch.autograd for a gradient, yet against={against!r} says so"
        )
    return value

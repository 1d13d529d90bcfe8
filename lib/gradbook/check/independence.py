"""Whether the truth of a check is really another computation: what Python can see of that, it looks at.

Nobody can prove that two functions share no idea. But copied code, a truth that calls a line, and a truth
that is said to be torch's and never calls torch are how it goes wrong in practice, and these can be seen.
"""

import functools
import sys
from collections.abc import Callable, Sequence

from .results import CheckFailed

LIBRARIES = ("torch", "pandas", "scipy", "sklearn")
AUTOGRAD = ("torch.autograd", "torch._tensor", "torch.func", "torch._functorch")


def same_code(f: Callable, g: Callable) -> bool:
    """Whether f and g are one function, or the same instructions over the same names and closures."""
    if f is g:
        return True
    if isinstance(f, functools.partial) and isinstance(g, functools.partial):
        return same_code(f.func, g.func) and repr((f.args, f.keywords)) == repr((g.args, g.keywords))
    a, b = getattr(f, "__code__", None), getattr(g, "__code__", None)
    if a is None or b is None:
        return f == g
    alike = instructions(a) == instructions(b) and a.co_freevars == b.co_freevars
    alike = alike and getattr(f, "__self__", None) is getattr(g, "__self__", None)
    alike = alike and f.__globals__ is g.__globals__ and f.__defaults__ == g.__defaults__
    return alike and all(same_cell(c, d) for c, d in zip(f.__closure__ or (), g.__closure__ or ()))


def instructions(code) -> tuple:
    """What a code object does, without the file and line where it stands."""
    constants = tuple(instructions(c) if hasattr(c, "co_code") else repr(c) for c in code.co_consts)
    return code.co_code, code.co_names, constants


def same_cell(c, d) -> bool:
    try:
        x, y = c.cell_contents, d.cell_contents
    except ValueError:  # a name that is not bound yet
        return c is d
    return x is y or (isinstance(x, (int, float, str)) and type(x) is type(y) and x == y)


def watched(label: str, run: Callable, lines: Sequence[Callable], against: str):
    """run(), watching what it enters: none of the lines, and the library that `against` begins with."""
    codes = {line.__code__: k for k, line in enumerate(lines) if hasattr(line, "__code__")}
    borrowed: set[int] = set()
    entered: set[str] = set()

    def watch(frame, event, argument):
        if event == "call":
            entered.add(str(frame.f_globals.get("__name__", "")))
            borrowed.update({codes[frame.f_code]} if frame.f_code in codes else ())
        elif event == "c_call":
            owner = getattr(argument, "__self__", None)
            owner = owner if isinstance(owner, type) else type(owner)
            entered.update((str(getattr(argument, "__module__", "")), str(owner.__module__)))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        value = run()
    finally:
        sys.setprofile(before)
    if borrowed:
        raise CheckFailed(f"{label}: truth calls line {min(borrowed) + 1}; it has to come from elsewhere")
    library = against.replace(".", " ").split()[0]
    if library in LIBRARIES and not any(name.split(".")[0] == library for name in entered):
        raise CheckFailed(f"{label}: truth never calls {library}, yet against={against!r} says so")
    if against.startswith("torch.autograd") and not any(name.startswith(AUTOGRAD) for name in entered):
        raise CheckFailed(
            f"{label}: truth never asks torch.autograd for a gradient, yet against={against!r} says so; "
            "name what truth is"
        )
    return value

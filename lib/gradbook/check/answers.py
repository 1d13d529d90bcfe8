"""check.exercise: runs the learner's answer and answers back, with ✓, with the hint of a known mistake, or in a sentence.

An ordinary mistake (an exception, None, a wrong shape, NaN, an endless loop) is never a traceback.
"""

from __future__ import annotations

import inspect
import traceback
import zlib
from html import escape

import numpy as np

from .comparison import NotComparable, compare, copied, describe, pieces, unchanged
from .results import Record, badge, shown
from .time_limit import TimeUp, run_within

__all__ = ["exercise"]


class NotYet(Exception):
    """The answer is not right yet; the message says so in a sentence."""


class Unanswered(Exception):
    """There is no answer yet."""


@shown
def exercise(id: str, answer):
    """Check a learner's answer to the exercise `id`: a function, a number or a choice. Displays one line.

    Raises KeyError if there is no such exercise, and nothing for a wrong answer.
    """
    from gradbook.exercises import Exercise, find

    ex = id if isinstance(id, Exercise) else find(id)
    state, sentence, hint = examine(ex, answer)
    mark = {"right": "✓", "hint": "✗", "wrong": "✗", "open": "○"}[state]
    data = {"kind": "exercise", "id": ex.id, "passed": state == "right", "state": state, "hint": hint}
    kind = "exercise" if state == "right" else "open" if state == "open" else "hint"
    html = badge(ex.id, "", kind=kind, mark=mark, after=escape(sentence)).replace(
        f'id="check-{kind}-{ex.id}"', ""
    )
    return Record(f"{mark} {ex.id} · {sentence}", html, data)


def examine(ex, answer) -> tuple[str, str, str]:
    """(state, sentence, name of the matched mistake): state is "right", "hint", "wrong" or "open"."""
    look = {"function": function_answer, "number": number_answer, "choice": choice_answer}[ex.kind]
    try:
        return look(ex, answer)
    except Unanswered:
        return "open", "not answered yet: put your answer in place of the dots and run the cell.", ""
    except NotYet as sentence:
        return "wrong", f"not yet. {sentence}", ""


def number_answer(ex, answer):
    if answer is None or answer is Ellipsis:
        raise Unanswered
    if callable(answer) and not hasattr(answer, "shape"):
        raise NotYet("A number is asked for, and this is a function: call it, and pass what it returns.")
    try:
        got = {name: np.asarray(array, float) for name, array in pieces(from_fraction(answer)).items()}
    except (NotComparable, TypeError, ValueError):
        raise NotYet(f"A number is asked for, and this is {named(answer)}.") from None
    if any(not np.isfinite(a).all() for a in got.values()):
        raise NotYet("The answer is not a finite number: look for a division by zero or a log of zero.")
    got = got[""] if [*got] == [""] else got
    if agrees(got, ex.reference, ex):
        return "right", "right.", ""
    for name, value, hint in ex.mistakes():
        if agrees(got, value, ex):
            return "hint", f"not yet. {hint}", name
    raise NotYet("That is another number. Take the definition step by step, and look at the hints above.")


def choice_answer(ex, answer):
    if answer is None or answer is Ellipsis or answer == "":
        raise Unanswered
    options = list(ex.choices)
    given = str(answer).strip().casefold()
    match = next((option for option in options if str(option).casefold() == given), None)
    if match is None:
        raise NotYet(f"Choose one of {', '.join(map(repr, options))}; this is {named(answer)}.")
    if match == ex.reference:
        return "right", "right.", ""
    for name, value, hint in ex.mistakes():
        if str(value).casefold() == given:
            return "hint", f"not yet. {hint}", name
    raise NotYet("That is another of the choices. Look at the hints above.")


def function_answer(ex, answer):
    if answer is None or answer is Ellipsis:
        raise Unanswered
    if not callable(answer):
        raise NotYet(
            f"A function is asked for, and this is {named(answer)}: pass the function itself, without calling it."
        )
    rng = np.random.default_rng(zlib.crc32(ex.id.encode()))
    trials = [ex.inputs(rng) for _ in range(ex.draws)]
    names = argument_names(ex.reference)
    fits_signature(answer, trials[0], names)
    try:
        results = run_within(ex.seconds, lambda: [called(answer, trial, names) for trial in trials])
    except TimeUp:
        raise NotYet(
            f"Your function was stopped after {ex.seconds:g} seconds. Is there a loop whose condition never becomes false?"
        ) from None
    wanted = [ex.reference(*copied(trial)) for trial in trials]
    if all(agrees(got, want, ex) for got, want in zip(results, wanted)):
        return "right", f"right, on {len(trials)} inputs.", ""
    for name, mistake, hint in ex.mistakes():
        if all(agrees(got, mistake(*copied(trial)), ex) for got, trial in zip(results, trials)):
            return "hint", f"not yet. {hint}", name
    for got, want, trial in zip(results, wanted, trials):
        if not agrees(got, want, ex):
            raise NotYet(difference(got, want, describe(trial, names), ex))
    raise AssertionError("unreachable: some result differs")


def called(answer, inputs, names):
    """One call, on inputs of its own. What goes wrong becomes a sentence."""
    own = copied(inputs)
    where = f"With {describe(inputs, names)}"
    try:
        value = answer(*own)
    except NotImplementedError:
        raise Unanswered from None
    except Exception as error:
        line = own_line(error, answer)
        text = str(error).rstrip(".")
        raise NotYet(f"{where} your function raised {type(error).__name__}{line}: {text}.") from None
    if value is Ellipsis or value is None:
        raise (
            Unanswered
            if stub(answer)
            else NotYet(f"{where} your function returned None: is a return missing?")
        )
    if not unchanged(inputs, own):
        raise NotYet(
            f"{where} your function changed its input in place: write the result to a new array instead."
        )
    return value


def stub(answer) -> bool:
    """Whether the function does nothing yet: its code calls nothing and computes nothing."""
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    import dis

    idle = {
        "RESUME",
        "LOAD_CONST",
        "RETURN_VALUE",
        "RETURN_CONST",
        "POP_TOP",
        "NOP",
        "PUSH_NULL",
        "COPY_FREE_VARS",
    }
    return all(step.opname in idle for step in dis.get_instructions(code))


def own_line(error, answer) -> str:
    """ " in line 3 (y = x @ w)": the last line of the learner's own file that led to the error."""
    mine = getattr(getattr(answer, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == mine]
    return (
        f" in line {frames[-1].lineno}" + (f" ({frames[-1].line})" if frames[-1].line else "")
        if frames
        else ""
    )


def argument_names(function) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def fits_signature(answer, inputs, names) -> None:
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*inputs)
    except TypeError:
        needed = f"{len(inputs)} ({', '.join(names)})" if len(names) == len(inputs) else str(len(inputs))
        raise NotYet(f"Your function takes {signature}, and it is called with {needed} arguments.") from None


def precision(value) -> float:
    """The tolerance that the coarsest floating-point type in value deserves: 0 for float64, 1e-5 for float32."""
    kinds = [a.dtype for a in pieces(value).values() if a.dtype.kind == "f"]
    return max((100 * float(np.finfo(kind).eps) for kind in kinds if kind.itemsize < 8), default=0.0)


def agrees(got, want, ex) -> bool:
    try:
        return compare(got, want, scale=ex.scale).deviation <= max(ex.rtol, precision(got))
    except NotComparable as reason:
        # a reference that is zero throughout has no scale of its own: nothing but rounding may stand there
        if "zero throughout" in str(reason):
            return compare(got, want, scale=1.0).deviation <= max(ex.rtol, precision(got))
        return False


def difference(got, want, inputs: str, ex) -> str:
    """The first difference, in a sentence that a learner can act upon."""
    try:
        found = compare(got, want, scale=ex.scale or 1e-300)
    except NotComparable as reason:
        text = str(reason)
        if text.startswith("returned"):
            return f"With {inputs} your function {text}."
        return f"With {inputs} your result {text}."
    return f"With {inputs} your result is {short(found.got)}{found.where}; expected is {short(found.want)}."


def short(x: float) -> str:
    return f"{x:.4g}".replace("e-0", "e-").replace("e+0", "e+")


def named(answer) -> str:
    text = repr(answer)
    return text if len(text) <= 40 and "0x" not in text else f"of type {type(answer).__name__}"


def from_fraction(answer):
    """Exact fractions and decimals count as numbers."""
    return float(answer) if type(answer).__name__ in ("Fraction", "Decimal") else answer

"""check.exercise: runs a learner's answer and answers back: ✓, the hint of a known mistake, or a sentence.

An ordinary mistake (an exception, None, a wrong shape, NaN, an endless loop) never becomes a traceback.
"""

import dis
import inspect
import traceback
import zlib
from html import escape

import numpy as np

from .comparison import NotComparable, compare, copied, describe, pieces, unchanged
from .equations import parameters
from .results import Record, badge, shown
from .time_limit import TimeUp, run_within

MARKS = {"right": "✓", "hint": "✗", "wrong": "✗", "open": "○"}
OTHER_NUMBER = "That is another number. Take the definition step by step; the hints above help."
OTHER_CHOICE = "Another of the choices fits; the hints above help."
IDLE = {"RESUME", "NOP", "POP_TOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS"}


class Unanswered(Exception):
    """There is no answer yet."""


class NotYet(Exception):
    """The answer is not right yet; the message says so in a sentence."""


@shown
def exercise(id: str, answer):
    """Check a learner's answer to the exercise `id`: a function, a number or a choice. Displays one line.

    Raises KeyError, with the nearest ids, if there is no such exercise; nothing for a wrong answer.
    """
    from gradbook.exercises import Exercise, find

    ex = id if isinstance(id, Exercise) else find(id)
    state, sentence, mistake = examine(ex, answer)
    data = {"kind": "exercise", "id": ex.id, "passed": state == "right", "state": state, "mistake": mistake}
    kind = {"right": "exercise", "open": "open"}.get(state, "hint")
    html = badge(ex.id, f"<span>{escape(sentence)}</span>", kind=kind, mark=MARKS[state])
    return Record(f"{MARKS[state]} {ex.id} · {sentence}", html, data)


def examine(ex, answer) -> tuple[str, str, str]:
    """(state, sentence, name of the mistake that was recognized). state: right, hint, wrong or open."""
    try:
        if answer is None or answer is Ellipsis or (isinstance(answer, str) and answer in ("", "...")):
            raise Unanswered
        look = {"function": function_answer, "number": number_answer, "choice": choice_answer}[ex.kind]
        mistake, hint, right = look(ex, answer)
        return ("hint", f"not yet. {hint}", mistake) if mistake else ("right", right, "")
    except Unanswered:
        return "open", "not answered yet: put your answer in place of the dots, and run the cell.", ""
    except NotYet as sentence:
        return "wrong", f"not yet. {sentence}", ""


def number_answer(ex, answer) -> tuple[str, str, str]:
    if callable(answer) and not hasattr(answer, "shape"):
        raise NotYet("A number is asked for, and this is a function: call it, and pass what it returns.")
    exact = type(answer).__name__ in ("Fraction", "Decimal")
    got = float(answer) if exact else answer
    try:
        finite = all(np.isfinite(a).all() for a in pieces(got).values())
    except NotComparable:
        raise NotYet(f"A number is asked for, and this is {shortened(answer)}.") from None
    if not finite:
        raise NotYet("That is not a finite number: is there a division by zero, or a logarithm of zero?")
    if agrees(got, ex.reference, ex):
        return "", "", "right."
    for name, value, hint in ex.mistakes():
        if agrees(got, value, ex):
            return name, hint, ""
    raise NotYet(OTHER_NUMBER)


def choice_answer(ex, answer) -> tuple[str, str, str]:
    given = str(answer).strip().casefold()
    match = next((option for option in ex.choices if str(option).casefold() == given), None)
    if match is None:
        options = ", ".join(repr(option) for option in ex.choices)
        raise NotYet(f"The choices are {options}, and this is {shortened(answer)}.")
    if match == ex.reference:
        return "", "", "right."
    for name, value, hint in ex.mistakes():
        if value == match:
            return name, hint, ""
    raise NotYet(OTHER_CHOICE)


def function_answer(ex, answer) -> tuple[str, str, str]:
    if not callable(answer):
        raise NotYet(f"A function is asked for, and this is {shortened(answer)}: pass it uncalled.")
    rng = np.random.default_rng(zlib.crc32(ex.id.encode()))
    trials = [ex.inputs(rng) for _ in range(ex.draws)]
    names = parameters(ex.reference)
    refuse_signature(answer, trials[0], names)
    try:
        results = run_within(ex.seconds, lambda: [called(answer, trial, names) for trial in trials])
    except TimeUp:
        raise NotYet(
            f"Your function was stopped after {ex.seconds:g} seconds. Does every loop in it come to its end?"
        ) from None
    wanted = [ex.reference(*copied(trial)) for trial in trials]
    results = [tuple(got) if isinstance(got, list) and isinstance(want, tuple) else got
               for got, want in zip(results, wanted)]  # fmt: skip
    right = [agrees(got, want, ex) for got, want in zip(results, wanted)]
    if all(right):
        return "", "", f"right, on {len(trials)} inputs."
    for name, mistake, hint in ex.mistakes():
        if all(agrees(got, mistake(*copied(trial)), ex) for got, trial in zip(results, trials)):
            return name, hint, ""
    k = right.index(False)
    raise NotYet(difference(results[k], wanted[k], describe(trials[k], names), ex))


def called(answer, inputs, names):
    """One call, on inputs of its own. What goes wrong becomes a sentence."""
    own, where = copied(inputs), f"With {describe(inputs, names)} your function"
    try:
        value = answer(*own)
    except NotImplementedError:
        raise Unanswered from None
    except Exception as error:
        message = str(error).strip().rstrip(".")
        raised = type(error).__name__ + (f": {message}" if message else "")
        raise NotYet(f"{where} raised {raised}{own_line(error, answer)}.") from None
    if value is None or value is Ellipsis:
        if value is Ellipsis or is_stub(answer):
            raise Unanswered
        raise NotYet(f"{where} returned None: is a return missing?")
    if not unchanged(inputs, own):
        raise NotYet(f"{where} changed what it was given: write the result into a new array instead.")
    try:
        pieces(value)
    except NotComparable as reason:
        raise NotYet(f"{where} returned something that {reason}.") from None
    return value


def is_stub(answer) -> bool:
    """Whether the function only returns a constant, as `...` or `pass` under a docstring does."""
    code = getattr(answer, "__code__", None)
    return code is not None and all(step.opname in IDLE for step in dis.get_instructions(code))


def own_line(error, answer) -> str:
    """" (line 3: y = x @ w)", the last line of the learner's own cell on the way to the error."""
    source = getattr(getattr(answer, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == source]
    return f" (line {frames[-1].lineno}: {frames[-1].line})" if frames and frames[-1].line else ""


def refuse_signature(answer, inputs, names) -> None:
    """Say in a sentence that the function cannot take the arguments it will be given."""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*inputs)
    except TypeError:
        count = len(inputs)
        listed = f" ({', '.join(names)})" if len(names) == count else ""
        needs = f"{count} argument{'s' * (count != 1)}{listed}"
        raise NotYet(f"Your function takes {signature}, and it is called with {needs}.") from None


def agrees(got, want, ex) -> bool:
    """Whether got is want, to the exercise's tolerance or, for a coarser dtype, to what that can hold."""
    try:
        zero = not any(np.any(a) for a in pieces(want).values())
        rtol = max(ex.rtol, rounding(got))
        return compare(got, want, scale=ex.scale or float(zero)).deviation <= rtol
    except NotComparable:
        return False


def rounding(value) -> float:
    """100 units in the last place of the coarsest floating-point dtype below float64; otherwise 0."""
    kinds = [a.dtype for a in pieces(value).values() if a.dtype.kind == "f" and a.dtype.itemsize < 8]
    return max((100 * float(np.finfo(kind).eps) for kind in kinds), default=0.0)


def difference(got, want, inputs: str, ex) -> str:
    """The largest difference on one input, in a sentence that a learner can act upon."""
    try:
        found = compare(got, want, scale=ex.scale or 1e-300)
    except NotComparable as reason:
        return f"With {inputs} your result {reason}."
    digits = next((n for n in (4, 7, 10) if f"{found.got:.{n}g}" != f"{found.want:.{n}g}"), 17)
    got, want = f"{found.got:.{digits}g}", f"{found.want:.{digits}g}"
    return f"With {inputs} your result{found.where} is {got}, and {want} was expected."


def shortened(answer) -> str:
    text = repr(answer)
    return text if len(text) <= 40 and " at 0x" not in text else f"of type {type(answer).__name__}"

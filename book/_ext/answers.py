"""An exercise whose answer is a number or a choice answers back on the page as well, without a kernel.

Below the stub, which the page shows unanswered, stands a form; answer.js judges what is entered by the same
reference answer, the same wrong answers and the same hints as check.exercise. Without JavaScript the form
stays hidden. A number is judged to the digits that were given, at least as many as tell the reference from
every wrong answer.
"""

import json
import math
import re
from html import escape

import numpy as np
from gradbook.check.answers import OTHER_CHOICE, OTHER_NUMBER
from gradbook.exercises import Exercise, find

OPEN = re.compile(r'<p class="gb-check gb-check-open">.*?<span class="gb-label">([^<]+)</span>.*?</p>', re.S)
DIGITS = 3  # significant, at least


def digits(reference: float, wrong: list[float]) -> int:
    """How many significant digits tell the reference from each wrong answer."""
    for count in range(DIGITS, 16):
        unit = 10.0 ** (math.floor(math.log10(abs(reference) or 1)) - count + 1)
        if all(abs(value - reference) > 2 * unit for value in wrong):
            return count
    raise ValueError(f"answers: {reference} and a wrong answer are equal to 15 digits")


def form(exercise: Exercise) -> str:
    """The form, or nothing where a function or an array is asked for."""
    mistakes = [(value, hint) for _, value, hint in exercise.mistakes()]
    if exercise.kind == "function" or (exercise.kind == "number" and np.ndim(exercise.reference)):
        return ""
    name = f"answer-{escape(exercise.id)}"
    if exercise.kind == "number":
        reference, mistakes = float(exercise.reference), [(float(value), hint) for value, hint in mistakes]
        told = {"reference": reference, "wrong": mistakes, "other": OTHER_NUMBER,
                "digits": digits(reference, [value for value, _ in mistakes])}  # fmt: skip
        field = (f'<label for="{name}">Your number</label> '
                 f'<input id="{name}" name="answer" inputmode="text" autocomplete="off" spellcheck="false">')
    else:
        told = {"reference": exercise.reference, "wrong": mistakes, "other": OTHER_CHOICE}
        labels = exercise.choices if isinstance(exercise.choices, dict) else {c: c for c in exercise.choices}
        options = "".join(
            f'<label><input type="radio" name="answer" value="{escape(str(option))}"> '
            f"{escape(str(label))}</label>"
            for option, label in labels.items()
        )
        field = f"<fieldset><legend>Your choice</legend>{options}</fieldset>"
    data = escape(json.dumps(told, ensure_ascii=False))
    return (f'\n<form class="gb-answer" hidden data-answer="{data}">{field} <button type="submit">'
            'Check</button> <output role="status"></output></form>')  # fmt: skip


def _page(app, pagename, templatename, context, doctree):
    body = context.get("body", "")
    context["body"] = OPEN.sub(lambda match: match[0] + form(find(match[1])), body)
    if context["body"] != body:
        app.add_js_file("answer.js", loading_method="defer")


def setup(app):
    app.connect("html-page-context", _page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

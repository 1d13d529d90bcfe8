"""Every exercise of the book, its mistakes and hints; and the checker's answers to everything else."""

import contextlib
import signal
import sys
import threading
import time
from fractions import Fraction

import numpy as np
import pytest
from gradbook import check, exercises
from gradbook.check.answers import examine
from gradbook.check.time_limit import TimeUp, run_within
from gradbook.exercises import Exercise, all_exercises

BOOK = all_exercises()
ids = pytest.mark.parametrize("id", BOOK)
mistakes = pytest.mark.parametrize(
    ("id", "name"), [(id, name) for id, ex in BOOK.items() for name, _, _ in ex.mistakes()]
)


def changed(answer, change):
    """answer with `change` applied to each array that it returns."""

    def apply(value):
        if isinstance(value, tuple):
            return tuple(map(apply, value))
        if isinstance(value, dict):
            return {key: apply(v) for key, v in value.items()}
        return change(np.asarray(value))

    return lambda *inputs: apply(answer(*inputs))


# The book's exercises


def test_there_are_exercises():
    assert BOOK


@ids
def test_the_reference_and_its_rewrites_are_right(id):
    ex = BOOK[id]
    for answer in (ex.reference, *ex.rewrites):
        assert examine(ex, answer)[0] == "right", examine(ex, answer)
    assert ex.rewrites or ex.kind == "choice", f"{id}: show that another right answer passes"


@ids
def test_lists_and_float32_are_right_as_well(id):
    ex = BOOK[id]
    if ex.kind == "function":
        assert examine(ex, changed(ex.reference, lambda a: a.tolist()))[0] == "right"
        coarse = changed(ex.reference, lambda a: a.astype("float32") if a.dtype.kind == "f" else a)
        assert examine(ex, coarse)[0] == "right", examine(ex, coarse)
    elif ex.kind == "number":
        assert examine(ex, np.asarray(ex.reference).tolist())[0] == "right"


@mistakes
def test_each_mistake_gets_its_own_hint(id, name):
    ex = BOOK[id]
    answer, hint = next((answer, hint) for found, answer, hint in ex.mistakes() if found == name)
    assert examine(ex, answer) == ("hint", f"not yet. {hint}", name)
    assert len(hint) > 15, f"{id}: {hint!r} is too short to help"


@ids
def test_hints_differ_and_unanswered_is_open(id):
    ex = BOOK[id]
    hints = [hint for _, _, hint in ex.mistakes()]
    assert len(set(hints)) == len(hints)
    assert examine(ex, ...)[0] == "open" and examine(ex, None)[0] == "open"


# The checker


def made(**changes) -> Exercise:
    keywords = {
        "ask": "Scale the rows of x by w.",
        "inputs": lambda rng: (rng.normal(size=(n := check.sizes(rng, 2))), rng.normal(size=(n[0], 1))),
        "reference": lambda x, w: x * w,
        "wrong": {
            "plus": (lambda x, w: x + w, "Scaling multiplies."),
            "summed": (lambda x, w: (x * w).sum(axis=0), "One row for each row of x, please."),
            "transposed": (lambda x, w: (x * w).T, "Rows, not columns."),
        },
    }
    return Exercise("x-scale", **(keywords | changes))


def raises(x, w):
    y = x[:, 99]
    return y


def mutates(x, w):
    x *= w
    return x


def stub(x, w):
    """Scale the rows of x by w."""
    ...


def todo(x, w):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (lambda x, w: x * w, "right", "right, on 4 inputs."),
        (lambda x, w: (x * w).tolist(), "right", "right"),
        (lambda x, w: [[v * u[0] for v in row] for row, u in zip(x, w)], "right", "right"),
        (lambda x, w: (x * w).astype("float32"), "right", "right"),
        (lambda x, w: x + w, "hint", "not yet. Scaling multiplies."),
        (lambda x, w: (x * w).T, "hint", "not yet. Rows, not columns."),
        (lambda *both: both[0] * both[1], "right", "right"),
        (stub, "open", "not answered yet"),
        (todo, "open", "not answered yet"),
        (lambda x, w: ..., "open", "not answered yet"),
        (lambda x, w: print(end=""), "wrong", "returned None: is a return missing?"),
        (raises, "wrong", "raised IndexError: index 99 is out of bounds"),
        (raises, "wrong", "(line 99: y = x[:, 99])"),
        (lambda x, w: 1 / 0, "wrong", "raised ZeroDivisionError: division by zero"),
        (lambda x, w: x * w * np.nan, "wrong", "your result is nan at [0, 0]."),
        (lambda x, w: (x * w)[0], "wrong", "your result has shape ("),
        (lambda x, w: (x * w, x), "wrong", "consists of 2 arrays ([0], [1]); needed: one array"),
        (lambda x, w: (x * w) + 1e-3, "wrong", "was expected."),
        (lambda x, w: x * w * 1j, "wrong", "complex, not an array of real numbers"),
        (lambda x, w: "x times w", "wrong", "of type str, not an array of real numbers"),
        (lambda x, w: [[1.0], [1.0, 2.0]], "wrong", "a list whose rows have unequal lengths"),
        (mutates, "wrong", "changed what it was given: write the result into a new array instead."),
        (lambda x: x, "wrong", "function takes (x), and it is called with 2 arguments (x, w)."),
        (3.0, "wrong", "A function is asked for, and this is 3.0: pass it uncalled."),
        (np.ones((3, 4)), "wrong", "A function is asked for, and this is of type ndarray"),
        (np.multiply, "right", "right"),
    ],
)
def test_every_ordinary_answer_gets_a_sentence(answer, state, words):
    found, sentence, _ = examine(made(), answer)
    assert found == state
    if "(line" in words:
        assert "(line " in sentence and sentence.endswith(": y = x[:, 99]).")
    else:
        assert words in sentence


def test_torch_and_gradbook_tensors_are_answers():
    torch = pytest.importorskip("torch")
    from gradbook.autodiff import tensor

    assert examine(made(), lambda x, w: torch.tensor(x, requires_grad=True) * torch.tensor(w))[0] == "right"
    assert examine(made(), lambda x, w: tensor(x * w, requires_grad=True))[0] == "right"


def test_numbers_are_answers():
    wrong = {"1": (0.1, "a"), "2": (10.0, "b"), "3": (1.9, "c")}
    ex = Exercise("x-n", ask="0.9?", reference=0.9, wrong=wrong)
    for right in (0.9, Fraction(9, 10), np.float32(0.9), np.array(0.9)):
        assert examine(ex, right)[0] == "right", right
    assert examine(ex, 0.1) == ("hint", "not yet. a", "1")
    for answer, words in {
        5: "That is another number.", "0.9": "this is '0.9'", float("nan"): "not a finite number",
        test_numbers_are_answers: "this is a function: call it", (1, 2): "That is another number.",
    }.items():  # fmt: skip
        state, sentence, _ = examine(ex, answer)
        assert state == "wrong" and words in sentence
    whole = Exercise("x-w", ask="7?", reference=7, wrong={"1": (6, "a"), "2": (8, "b"), "3": (0, "c")})
    assert [examine(whole, n)[0] for n in (7, 7.0, 6, 0)] == ["right", "right", "hint", "hint"]


def test_choices_are_answers():
    wrong = {"b": "Think of b.", "c": "Think of c.", "d": "Think of d."}
    ex = Exercise("x-c", ask="Which?", reference="a", choices=["a", "b", "c", "d"], wrong=wrong)
    assert examine(ex, " A ")[0] == "right"
    assert examine(ex, "b") == ("hint", "not yet. Think of b.", "b")
    assert examine(ex, "")[0] == "open" and examine(ex, "...")[0] == "open"
    assert "The choices are 'a', 'b', 'c', 'd', and this is 'e'." in examine(ex, "e")[1]


def test_a_result_that_ought_to_be_zero_may_be_a_rounding_error_and_nothing_more():
    ex = made(reference=lambda x, w: 0 * x)
    assert examine(ex, lambda x, w: x * 1e-15)[0] == "right"
    assert "was expected" in examine(ex, lambda x, w: x * 1e-3)[1]


def test_the_line_shown_is_text_html_and_data(capsys):
    record = check.exercise.__wrapped__(made(), lambda x, w: x + w)
    assert record.text == "✗ x-scale · not yet. Scaling multiplies."
    assert record.html == (
        '<p class="gb-check gb-check-hint"><span class="gb-mark">✗</span> '
        '<span class="gb-label">x-scale</span> · '
        "<span>not yet. Scaling multiplies.</span></p>"
    )
    assert record.data == {
        "kind": "exercise", "id": "x-scale", "passed": False, "state": "hint", "mistake": "plus",
    }  # fmt: skip
    assert "&lt;b&gt;" in check.exercise.__wrapped__(made(), "<b>").html
    assert check.exercise(made(), ...) is None
    assert capsys.readouterr().out.startswith("○ x-scale · not answered yet")


# Endless loops


def endless(*_):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


def swallows(*_):
    for _ in range(3):
        with contextlib.suppress(BaseException):  # a bare except
            endless()
    endless()


@pytest.mark.parametrize("alarm", [True, False])
@pytest.mark.parametrize("function", [endless, swallows])
def test_an_endless_loop_is_stopped(function, alarm):
    begin = time.perf_counter()
    with pytest.raises(TimeUp):
        run_within(0.1, function, alarm=alarm)
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize("alarm", [True, False])
def test_within_the_time_results_errors_and_ctrl_c_pass_through_and_nothing_rings_later(alarm):
    assert run_within(0.2, lambda x: x + 1, 1, alarm=alarm) == 2
    with pytest.raises(ZeroDivisionError):
        run_within(0.2, lambda: 1 / 0, alarm=alarm)

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_within(0.2, interrupted, alarm=alarm)
    end = time.perf_counter() + 0.4
    while time.perf_counter() < end:
        sum(range(1000))


def test_the_stop_button_reaches_the_code_under_either_limit():
    import _thread

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        for alarm in (True, False):
            timer = threading.Timer(0.1, _thread.interrupt_main)
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                run_within(5, endless, alarm=alarm)
            timer.join()
    finally:
        signal.signal(signal.SIGINT, before)


def test_after_the_watchdog_functions_run_under_a_profiler():
    """As truth does in check.equation. After a withdrawn interruption CPython 3.11 never enters them."""
    assert run_within(1, lambda: 2, alarm=False) == 2
    with pytest.raises(TimeUp):
        run_within(0.05, endless, alarm=False)

    def profiled():
        sys.setprofile(lambda *event: None)
        try:
            return sum(n for n in range(5))
        finally:
            sys.setprofile(None)

    assert run_within(5, profiled, alarm=True) == 10


def test_another_thread_is_stopped_by_the_watchdog():
    states = []
    ex = made(seconds=0.2)
    thread = threading.Thread(target=lambda: states.append(examine(ex, endless)))
    thread.start()
    thread.join(5)
    ((state, sentence, _),) = states
    assert state == "wrong" and "was stopped after 0.2 seconds. Does every loop" in sentence


def test_an_interruption_never_escapes_though_the_code_ends_just_then():
    for _ in range(60):
        with contextlib.suppress(TimeUp):
            run_within(0.002, lambda: time.sleep(0.002), alarm=False)
        sum(range(20_000))  # a late interruption would arrive here


# The declaration


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"wrong": {}}, ValueError, "0 wrong answers are too few"),
        ({"wrong": {"a": 1, "b": (2, "x"), "c": (3, "y")}}, TypeError, "'a' must be a pair"),
        ({"wrong": {"a": (1, " "), "b": (2, "x"), "c": (3, "y")}}, TypeError, "'a' must be a pair"),
        ({"inputs": None}, TypeError, "inputs must be a function of rng"),
        ({"ask": " "}, ValueError, "ask is empty"),
        ({"choices": ["a", "b"], "reference": "z"}, ValueError, "must be among the choices"),
    ],
)
def test_an_incomplete_exercise_is_refused(changes, error, words):
    with pytest.raises(error, match=words):
        made(**changes)
    with pytest.raises(ValueError, match="the id 'X scale' is not of the form"):
        Exercise("X scale", ask="?", reference=1, wrong={})


def test_an_unknown_id_names_its_neighbours(monkeypatch):
    monkeypatch.setattr(exercises, "all_exercises", lambda: {"bp-delta": 1, "ema-lag": 2})
    with pytest.raises(KeyError, match="no exercise 'bp-dleta'; the nearest are bp-delta"):
        exercises.find("bp-dleta")
    assert exercises.find("ema-lag") == 2

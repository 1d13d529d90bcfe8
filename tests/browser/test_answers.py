"""Answers on the page: forms without a kernel say what check.exercise says."""

import contextlib
from pathlib import Path

import pytest
from gradbook.check.answers import examine
from gradbook.exercises import Exercise, all_exercises
from test_pages import opened

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "book" / "_static" / "answer.js").read_text("utf-8")

pytestmark = pytest.mark.browser

MISTAKES = {"N": (10.0, "Half."), "off by one": (19.01, "One less."), "negative": (-19.0, "Sign!")}
WINDOW = Exercise("test-window", "How many?", 19.0, MISTAKES)
MISTAKES = {"half": (0.5, "Two?"), "sign": (-1 / 3, "Minus."), "3": (3.0, "Over.")}
THIRD = Exercise("test-third", "Which share?", 1 / 3, MISTAKES)
CHOICE = Exercise(
    "test-choice",
    "Which?",
    "sum",
    {"mean": "Who divides?", "max": "Which one?", "none": "Really?"},
    choices={"sum": "the <sum>", "mean": "the mean", "max": "the maximum", "none": "nothing", "all": "all"},
)


@pytest.fixture
def answer(browser):
    """answer(exercise, typed or chosen) -> (class, sentence) of the form for that exercise."""
    import answers

    context = browser.new_context()
    tab, errors = context.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))

    def judged(exercise, given):
        tab.set_content(f"<main>{answers.form(exercise)}</main><script>{SCRIPT}</script>")
        if exercise.kind == "choice":
            labels = exercise.choices if isinstance(exercise.choices, dict) else {given: given}
            tab.get_by_label(labels[given], exact=True).check()
        else:
            tab.get_by_label("Your number").fill(given)
        tab.keyboard.press("Enter")
        output = tab.get_by_role("status")
        return output.get_attribute("class"), output.inner_text()

    yield judged
    context.close()
    assert not errors


RIGHT, NOT_YET = "gb-right", "gb-not-yet"


def as_python_says(exercise, value):
    """The class and the sentence of the form, if it says what check.exercise says."""
    state, sentence, _ = examine(exercise, value)
    return (RIGHT, f"✓ {sentence}") if state == "right" else (NOT_YET, sentence)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    {
        "19": "✓ right.",
        "19.0000": "✓ right.",
        " +19 ": "✓ right.",
        "38/2": "✓ right.",
        "1.9e1": "✓ right.",
        "1900%": "✓ right.",
        "10": "not yet. Half.",
        "10,0": "not yet. Half.",
        "−19": "not yet. Sign!",
        "19.01": "not yet. One less.",
        "18.9999": "✓ right, to the 6 digits given.",
        "19.1": "not yet. To tell it from its neighbours, give 5 significant digits.",
        "18": "not yet. To tell it from its neighbours, give 5 significant digits.",
        "21": "not yet. That is another number. Take the definition step by step; the hints above help.",
        "19.2000": "not yet. That is another number. Take the definition step by step; the hints above help.",
        "many": "not yet. A number is asked for, such as 14.7, 1/3 or 2e-3.",
        "1/0": "not yet. A number is asked for, such as 14.7, 1/3 or 2e-3.",
        "1e": "not yet. A number is asked for, such as 14.7, 1/3 or 2e-3.",
    }.items(),
)
def test_a_number_is_judged_to_the_digits_that_were_given(answer, typed, sentence):
    assert answer(WINDOW, typed) == (RIGHT if sentence.startswith("✓") else NOT_YET, sentence)


@pytest.mark.parametrize("typed", ["1/3", "0.333", "0.334", "33.3 %", ".3333", "0,333", "3.33e-1"])
def test_a_third_may_be_written_in_many_ways(answer, typed):
    assert answer(THIRD, typed)[0] == RIGHT


@pytest.mark.parametrize("typed", ["0.3", "0.33", "0.336", "33", "1/4", ""])
def test_and_not_in_any_way(answer, typed):
    assert answer(THIRD, typed)[0] != RIGHT


@pytest.mark.parametrize("choice", ["sum", "mean", "max", "none", "all"])
def test_a_choice_gets_the_sentence_that_python_gives(answer, choice):
    assert answer(CHOICE, choice) == as_python_says(CHOICE, choice)


ON_PAGES = {id: e for id, e in all_exercises().items() if e.kind != "function"}


@pytest.mark.parametrize("id", ON_PAGES)
def test_every_exercise_of_the_book_gets_on_the_page_the_sentences_that_python_gives(answer, id):
    exercise = ON_PAGES[id]
    for value in [exercise.reference, *(value for _, value, _ in exercise.mistakes())]:
        given = value if exercise.kind == "choice" else repr(float(value))
        assert answer(exercise, given) == as_python_says(exercise, value)


TEXTS = {path.stem: path.read_text("utf-8") for path in ROOT.glob("book/*.md")}
STEMS = {id: next((stem for stem, text in TEXTS.items() if f":label: ex-{id}\n" in text), "nowhere")
         for id in ON_PAGES}  # fmt: skip


@pytest.fixture(scope="module", params=sorted(set(STEMS.values())))
def both(request, browser, site):
    """A page with exercises, opened once with scripts and once without; and its name."""
    address = f"{site}book/{request.param}.html"
    with contextlib.ExitStack() as stack:
        yield (stack.enter_context(opened(browser, address, idle=False)),
               stack.enter_context(opened(browser, address, idle=False, java_script_enabled=False)),
               request.param)


@pytest.mark.built
def test_every_form_stands_on_its_page_and_is_used_by_keyboard(both):
    tab, scriptless, stem = both
    for id in (id for id in ON_PAGES if STEMS[id] == stem):
        form = tab.locator(f".gb-check-open:has-text('{id}') + form")
        assert form.is_visible(), id
        form.locator("input").first.focus()
        if ON_PAGES[id].kind == "number":
            tab.keyboard.type(repr(float(ON_PAGES[id].reference)))
        else:
            form.locator(f"input[value='{ON_PAGES[id].reference}']").check()
        tab.keyboard.press("Enter")
        assert form.get_by_role("status").inner_text() == "✓ right.", id
        assert not tab.said, id
        assert not scriptless.locator(f".gb-check-open:has-text('{id}') + form").is_visible(), id


def test_functions_and_arrays_have_no_form():
    import answers

    for id, exercise in all_exercises().items():
        assert bool(answers.form(exercise)) is (id in ON_PAGES)
    array = Exercise("test-array", "Which?", [1.0, 2.0], {k: ([0.0, k], "No.") for k in (1, 2, 3)})
    assert answers.form(array) == ""


def test_a_wrong_answer_that_no_digits_tell_from_the_reference_is_refused():
    import answers

    with pytest.raises(ValueError, match="equal to 15 digits"):
        answers.digits(1 / 3, [0.5, 1 / 3])
    assert answers.digits(19.0, [10.0, 15.0]) == 3
    assert answers.digits(19.0, [10.0, 19.01]) == 5

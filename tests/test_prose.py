"""Glued numbers: how they are set, and that a name keeps its number."""

import numpy as np
import pytest
from gradbook import prose


@pytest.fixture(autouse=True)
def nothing_glued(monkeypatch):
    monkeypatch.setattr(prose, "_glued", {})


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.6513, ".1%", "65.1\u202f%"),
        (-0.5, ".2f", "−0.50"),
        (-0.0001, ".2f", "0.00"),
        (-0.0001, ".0%", "0\u202f%"),
        (4e-17, ".0e", "4\u00a0×\u00a010⁻¹⁷"),
        (-2.5e12, ".1e", "−2.5\u00a0×\u00a010¹²"),
        (10_000, ",", "10,000"),
        (7, ".3g", "7"),
        (np.float64(0.25), ".3g", "0.25"),
        (np.array(3), "d", "3"),
        (0.62, "+.1f", "+0.6"),
    ],
)
def test_numbers_are_set_as_in_print(value, form, text):
    assert prose.number("x-n", value, form) == text


def test_what_is_no_finite_number_is_refused():
    for value in (float("nan"), float("inf"), np.array([-np.inf])):
        with pytest.raises(ValueError, match=r"prose\.number: x-n is -?(nan|inf), not a finite number"):
            prose.number("x-n", value)
    with pytest.raises(ValueError, match="the name 'X n' is not of the form"):
        prose.number("X n", 1.0)


def test_in_the_book_a_name_keeps_its_number_and_a_reader_may_change_it(monkeypatch):
    monkeypatch.setenv("GRADBOOK_STATIC", "1")
    prose.number("x-n", 1.0)
    prose.number("x-n", 1.0)
    with pytest.raises(ValueError, match="x-n is already '1' and cannot also be '2'"):
        prose.number("x-n", 2.0)
    monkeypatch.delenv("GRADBOOK_STATIC")
    assert prose.number("x-n", 2.0) == "2"


def test_the_text_is_returned_and_shows_nothing_of_its_own(capsys):
    text = prose.text("x-word", "blue")
    assert text == "blue" and f"{text}" == "blue"
    assert text._ipython_display_() is None
    assert capsys.readouterr().out == ""

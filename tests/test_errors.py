"""What is refused, in which words: a table for each public function."""

import gradbook
import pytest
from cases import ERRORS

ROWS = [pytest.param(call, words, id=f"{name}-{k}") for name in ERRORS for k, (call, words) in
        enumerate(ERRORS[name])]


@pytest.mark.parametrize(("call", "words"), ROWS)
def test_a_mistake_is_told_by_the_function_that_was_called(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call(gradbook)

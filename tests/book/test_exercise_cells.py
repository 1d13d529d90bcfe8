"""Promise 4, in the page: each exercise of the library has a stub and an executed solution in one chapter."""

import re
from pathlib import Path

import pytest
from gradbook.exercises import all_exercises

from tools import coverage

ROOT = Path(__file__).parents[2]
CHAPTERS = {path.stem: coverage.read(path) for path in sorted(ROOT.glob("book/*.md"))}
chapters = pytest.mark.parametrize("stem", [stem for stem, chapter in CHAPTERS.items() if chapter.exercises])


def test_every_exercise_is_asked_in_one_chapter_and_every_one_asked_exists():
    asked = [id for chapter in CHAPTERS.values() for id in set(chapter.exercises)]
    assert sorted(asked) == sorted(all_exercises())


@chapters
def test_every_exercise_has_a_stub_and_a_folded_solution(stem):
    source = (ROOT / "book" / f"{stem}.md").read_text("utf-8")
    asked = CHAPTERS[stem].exercises
    for id in set(asked):
        assert asked.count(id) == 2, f"{id}: one check under the stub, one under the solution"
        assert re.search(rf"^:label: ex-{id}$", source, re.M), f"{id}: an exercise with :label: ex-{id}"
        solution = rf"^`{{3,}}\{{solution-start\}} ex-{id}\n(:.*\n)*:class: .*dropdown"
        assert re.search(solution, source, re.M), f"{id}: a solution-start ex-{id} with class dropdown"


@pytest.mark.built
@chapters
def test_the_stub_is_shown_unanswered_and_the_solution_is_right(stem):
    notebook = coverage.built(ROOT, CHAPTERS[stem])
    if notebook is None:
        pytest.skip(f"{stem} has not been built since it was edited")
    states: dict[str, list[str]] = {}
    for record in coverage.records(notebook):
        if record["kind"] == "exercise":
            states.setdefault(record["id"], []).append(record["state"])
    assert states == {id: ["open", "right"] for id in CHAPTERS[stem].exercises}

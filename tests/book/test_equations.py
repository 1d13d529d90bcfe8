"""Promise 1: every displayed equation of the book has a label, and a check or a reason for having none."""

import json
import os
from pathlib import Path

import pytest

from tools import coverage

ROOT = Path(__file__).parents[2]
CHAPTERS = {path.stem: coverage.read(path) for path in sorted(ROOT.glob("book/*.md"))}
chapters = pytest.mark.parametrize("stem", CHAPTERS)


@chapters
def test_every_displayed_equation_has_a_label(stem):
    bare = [f"{stem}.md:{e.line}" for e in CHAPTERS[stem].equations if not e.label]
    assert not bare, f"write $$ … $$ (label) at {', '.join(bare)}"


@chapters
def test_every_displayed_equation_has_a_check_or_a_reason(stem, capsys):
    equations = CHAPTERS[stem].equations
    with capsys.disabled():
        print(f"\n  {coverage.summary(CHAPTERS[stem])}" if equations else "", end=" ")
    left = [f"{stem}.md:{e.line} ({e.label})" for e in equations if not e.checks and not e.why]
    assert not left, f"no check.equation and no reason: {', '.join(left)}"


@chapters
def test_an_equation_has_one_check_or_one_reason(stem):
    both = [e.label for e in CHAPTERS[stem].equations if len(e.checks) + bool(e.why) > 1]
    assert not both, f"{stem}.md: two checks, or a check and a reason for none: {', '.join(both)}"


@chapters
def test_a_check_evaluates_every_line_of_its_equation(stem):
    short = [
        f"{e.label} ({e.steps} lines, {e.checks[0]} evaluated)"
        for e in CHAPTERS[stem].equations
        if e.checks and e.checks[0] is not None and e.checks[0] < e.steps
    ]
    assert not short, f"{stem}.md: {', '.join(short)}"


@chapters
def test_every_check_belongs_to_an_equation_of_its_page(stem):
    labels = {e.label for e in CHAPTERS[stem].equations}
    stray = sorted(set(CHAPTERS[stem].checked) - labels)
    assert not stray, f"{stem}.md has no equations with the labels {', '.join(stray)}"


def test_labels_are_unique_in_the_book():
    labels = [e.label for chapter in CHAPTERS.values() for e in chapter.equations if e.label]
    assert not {label for label in labels if labels.count(label) > 1}


@pytest.mark.built
@pytest.mark.parametrize("stem", [stem for stem, chapter in CHAPTERS.items() if chapter.checked])
def test_the_executed_notebook_holds_a_passed_record_of_every_check(stem):
    chapter = CHAPTERS[stem]
    notebook = coverage.built(ROOT, chapter)
    if notebook is None:
        pytest.skip(f"{stem} has not been built since it was edited")
    found = {r["id"]: r for r in coverage.records(notebook) if r["kind"] == "equation"}
    assert set(found) == set(chapter.checked)
    for equation in chapter.equations:
        if equation.checks:
            record = found[equation.label]
            assert record["passed"] and record["rejects"] and record["lines"] >= equation.steps, record


# The reader of chapters itself

PAGE = r"""
# Title

$$
\begin{aligned}
a &= b \\
  &\quad + c \\
  &= \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases} \\[1ex]
  &\le d
\end{aligned}
$$ (x-one)

````{admonition} Nested
```{figure} x.svg
```
````

Inline $a = b$ and `$$ code $$` do not count.

$$ e = f $$ (x-two)

<!-- no check: definition of e -->

$$g = h$$

:::{note}
$$ i = j $$ (x-three)
:::

```{math}
:label: x-four
k = l
```

\begin{align}
m &= n
\end{align}

```python
"$$ not = maths $$"
```

```{code-cell} ipython3
---
tags: [hide-input]
---
check.equation("x-one", lines=[f, g, h], truth=t)
check.exercise("x-ex", ...)
```

```{code-cell} ipython3
:tags: [margin]

%matplotlib inline
for k in range(3):
    check.equation(label="x-four", lines=[*many], truth=t)
other.equation("x-three")
```
"""


def test_equations_are_found_with_their_lines_labels_reasons_and_checks(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE, "utf-8")
    chapter = coverage.read(path)
    assert [(e.label, e.steps, e.why, e.checks) for e in chapter.equations] == [
        ("x-one", 3, None, [3]),
        ("x-two", 1, "definition of e", []),
        (None, 1, None, []),
        ("x-three", 1, None, []),
        ("x-four", 1, None, [None]),
        (None, 1, None, []),
    ]
    assert [e.line for e in chapter.equations] == [4, 20, 24, 27, 30, 35]
    assert chapter.exercises == ["x-ex"] and len(chapter.cells) == 2
    summary = "page: 6 displayed equations, 2 checked, 1 excused, 3 open; 1 exercises"
    assert coverage.summary(chapter) == summary


def test_statements_may_share_a_function_and_their_steps_may_not():
    assert coverage.steps(r"\begin{aligned} a &= b, \\ c &= d \end{aligned}") == 1
    assert coverage.steps(r"\begin{aligned} a &= b, \\ c &= d \\ &\le e \end{aligned}") == 2
    assert coverage.steps(r"\begin{aligned} a \\ &= b \\ &\quad + c \\ &= d \end{aligned}") == 2
    assert coverage.steps(r"a = b") == 1


def test_a_notebook_that_is_not_the_chapter_s_is_an_error_and_an_older_one_does_not_count(tmp_path):
    source, notebook = tmp_path / "book/page.md", tmp_path / "_build/notebooks/page.ipynb"
    for path in (source, notebook):
        path.parent.mkdir(parents=True)
    source.write_text("```{code-cell} ipython3\nx = 1\n```\n", "utf-8")
    chapter = coverage.read(source)
    assert coverage.built(tmp_path, chapter) is None
    for code, same in (("x = 1", True), ("x = 2", False)):
        notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": [code]}]}), "utf-8")
        if same:
            assert coverage.built(tmp_path, chapter) == notebook
        else:
            with pytest.raises(ValueError, match=r"its 1 code cells are not the 1 of page\.md"):
                coverage.built(tmp_path, chapter)
    os.utime(source, (notebook.stat().st_mtime + 9,) * 2)
    assert coverage.built(tmp_path, chapter) is None


def test_a_reason_after_a_math_directive_counts(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("```{math}\n:label: x-a\na = b\n```\n\n<!-- no check: an axiom -->\n", "utf-8")
    assert coverage.read(path).equations[0].why == "an axiom"

"""layout.py and the references between pages: folds, contents, descriptions; what points nowhere fails."""

import re

import layout
import pytest
import tiny_book
from tiny_book import build

LINES = "\n".join(f"line = {n}" for n in range(layout.LONG + 1))
FOLDS = """
# Folds

The first paragraph describes the page, and it is long enough to be cut if need be.

```{exercise-start} A window
:label: ex-window
```

How long is it?

```{hint}
:class: dropdown

Look at *both* ends of $x$.
```

```{exercise-end}
```

```{solution-start} ex-window
:class: dropdown
```

Ten steps.

```{solution-end}
```

```python
{long}
```

```python
{short}
```

| a | b |
| - | - |
| 1 | 2 |
""".replace("{long}", LINES).replace("{short}", LINES.rpartition("\n")[0])
SAID = """
# Said

<!-- description: What the author
says of it. -->

This first paragraph would describe the page, and it is long enough, if the author had not.
"""

BROKEN = """
# Broken

{eq}`nowhere-equation`, {ref}`nowhere-section`, {numref}`nowhere-figure`,
{doc}`nowhere-page`, [](#nowhere-heading)
"""


@pytest.fixture(scope="module")
def folds(tmp_path_factory):
    pages = {"folds": FOLDS, "said": SAID}
    return build(tmp_path_factory.mktemp("folds"), pages, extensions=("maths", "layout"))


def test_hints_and_solutions_fold_without_a_script(folds):
    assert folds.status == 0, folds.output
    page = folds.page("folds")
    assert '<details class="gb-fold gb-hint"><summary>Hint</summary>' in page
    assert '<details class="gb-fold gb-solution"><summary>Solution to' in page
    assert page.count("</details>") == 3
    hint = page[page.index("gb-hint") : page.index("</details>")]
    assert "<em>both</em>" in hint
    assert "katex" in hint


def test_long_code_folds(folds):
    page = folds.page("folds")
    before, after = page.split(f"<summary>Show the code, {layout.LONG + 1} lines</summary>")
    assert before.rstrip().endswith('<details class="gb-long">')
    assert after.partition("</details>")[0].count("<pre>") == 1
    assert after.partition("</details>")[2].count("<pre>") == 1, "which is a line shorter"


def test_a_table_stands_in_a_box_that_may_scroll(folds):
    assert '<div class="gb-table docutils container">\n<table' in folds.page("folds")


def test_a_page_is_described_by_its_first_paragraph(folds):
    assert '<meta name="description" content="The first paragraph describes the page' in folds.page("folds")


def test_an_author_may_say_it_better(folds):
    assert '<meta name="description" content="What the author says of it.">' in folds.page("said")


def test_every_page_of_the_book_has_its_description():
    for path in (tiny_book.ROOT / "book").glob("*.md"):
        said = re.search(r"^# .*\n\n<!-- description: (.*) -->$", path.read_text("utf-8"), re.M)
        assert said, path.name
        assert 100 < len(said[1]) <= 156, path.name


@pytest.mark.parametrize(
    "word", ["nowhere-equation", "nowhere-section", "nowhere-figure", "nowhere-page", "nowhere-heading"]
)
def test_a_broken_reference_fails_the_build(broken, word):
    assert broken.status == 1
    assert any("broken.md:4: WARNING" in line and word in line for line in broken.output.splitlines()), (
        broken.output
    )


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    return build(tmp_path_factory.mktemp("broken"), {"broken": BROKEN}, extensions=("maths", "layout"))


def test_the_sections_of_a_page_stand_below_it_in_the_contents():
    toctree = (
        '<ul><li class="toctree-l1 current"><a class="current reference internal" href="#">EMA</a></li></ul>'
    )
    local = '<ul>\n<li><a href="#">EMA</a><ul>\n<li><a href="#bias">Bias</a></li>\n</ul>\n</li>\n</ul>\n'
    found = layout.contents(toctree, local)
    assert '<a href="#" aria-current="page">EMA</a><ul class="gb-sections">\n<li><a href="#bias">' in found
    assert layout.contents(toctree, "<ul>\n<li><a>EMA</a></li>\n</ul>").count("<ul") == 1

"""What the words of the book say has a cell behind it: numbers, comparisons, chains of equalities."""

from pathlib import Path

import pytest
from tiny_book import build

from tools import prose

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted(ROOT.glob("book/*.md")), ids=lambda path: path.stem)
def test_the_words_of_a_page_say_nothing_that_no_cell_knows(path):
    assert prose.complaints(path) == []


def page(tmp_path, words, code="steps = 1000\nrate = 0.65\n"):
    path = tmp_path / "page.md"
    path.write_text(f"# Title\n\n{words}\n\n```{{code-cell}} ipython3\n{code}```\n", "utf-8")
    return path


RESULTS = {
    "a decimal": ("It reaches 0.97 at last.", ["0.97"]),
    "a percentage": ("That is 97 % of them.", ["97"]),
    "a true minus": ("It falls to −0.31 there.", ["−0.31"]),
    "with thousands": ("After 12,345 steps.", ["12,345"]),
    "a power": ("Below 3e-7 it stops.", ["3e-7"]),
    "two in a line": ("From 13.5 to 14.5 of them.", ["13.5", "14.5"]),
    "in a table": ("| a | b |\n| --- | --- |\n| loss | 0.123 |", ["0.123"]),
    "in a list": ("- first: 44.1 points", ["44.1"]),
    "in a directive": ("```{note}\nIt is 71.2 there.\n```", ["71.2"]),
}


@pytest.mark.parametrize("what", RESULTS)
def test_a_result_that_was_typed_is_found(tmp_path, what):
    words, expected = RESULTS[what]
    assert [t.number for t in prose.typed(page(tmp_path, words))] == expected


FINE = {
    "a setting, which the code has": "After 1000 steps, or 1,000.",
    "a setting in per cent": "At a rate of 65 %.",
    "a small whole number": "Two of 12 layers.",
    "the level of the intervals": "With 95 % intervals.",
    "mathematics": "Where $x = 0.97$, and\n\n$$ y = 0.31 $$ (p-y)",
    "code": "Call `f(0.97)`.",
    "what a cell computed": "It reaches {glue:text}`p-0-97`.",
    "a citation": "By {cite:t}`kingma2015`, {eq}`ema-15`.",
    "a name": "With float64 and ResNet-50 or conv2d.",
    "an excuse": "Written in 1986.\n<!-- typed: 1986, the year of the paper -->",
}


@pytest.mark.parametrize("what", FINE)
def test_what_is_no_result_is_left_alone(tmp_path, what):
    assert prose.typed(page(tmp_path, FINE[what])) == []


def test_an_excuse_holds_for_its_number_and_its_paragraph_only(tmp_path):
    words = "In 1986 and 1987.\n<!-- typed: 1986, the year -->\n\nIn 1986."
    assert [(t.number, t.line) for t in prose.typed(page(tmp_path, words))] == [("1987", 3), ("1986", 6)]
    without_reason = page(tmp_path, "In 1986.\n<!-- typed: 1986 -->")
    assert [t.number for t in prose.typed(without_reason)] == ["1986"]


CELL = '''---
mystnb:
  figure:
    caption: 'It reaches 0.97 after 1000 steps.'
  image:
    alt: A line that ends at 0.31.
---
explore(f, alt="Ends at 0.44.", look_for="Move it to 0.65, "
        "where it is 0.55.", title=f"{steps} of 0.66")
'''


def test_captions_alternative_texts_and_what_to_look_for_are_words_too(tmp_path):
    path = page(tmp_path, "Words.", CELL + "rate, steps = 0.65, 1000\n")
    assert [t.number for t in prose.typed(path)] == ["0.97", "0.31", "0.44", "0.55", "0.66"]
    excused = CELL + "# typed: 0.97 0.31 0.44 0.55 0.66, read off the figure\nrate, steps = 0.65, 1000\n"
    assert prose.typed(page(tmp_path, "Words.", excused)) == []


COMPARISONS = {
    "unbound": ("Adam is faster.", ["Adam is faster."]),
    "a difference": ("It makes no difference here.", ["It makes no difference here."]),
    "divergence": ("Then it diverges. It is so.", ["Then it diverges."]),
    "in brackets too": ("The rest (which is worse) stays.", ["The rest (which is worse) stays."]),
    "in a list": ("- batch norm helps", ["- batch norm helps"]),
    "bound to a claim": ("Adam is faster{claim}`x-adam`.", []),
    "bound to an equation": ("By {eq}`x-rate` it is faster.", []),
    "bound to a paper": ("{cite:t}`kingma2015` find it faster.", []),
    "excused": ("The best of three.\n<!-- no claim: what we chose -->", []),
    "excused without a reason": ("The best of three.\n<!-- no claim: -->", ["The best of three."]),
    "a question": ("Is it faster?", []),
    "a heading": ("## The faster way", []),
    "quoted": ('People say "it is faster".', []),
    "nothing compared": ("It helps us to see. We define a fast form.", []),
}


@pytest.mark.parametrize("what", COMPARISONS)
def test_comparisons_are_bound_to_what_asserts_them(tmp_path, what):
    words, expected = COMPARISONS[what]
    assert [u.words for u in prose.comparisons(page(tmp_path, words))] == expected


CHAINS = {
    "$a = b = c$": ["a = b = c"],
    r"$f'(x) = \frac{a}{b} = \sum_{i=1}^n x_i$": [r"f'(x) = \frac{a}{b} = \sum_{i=1}^n x_i"],
    "$a = b$": [],
    "$h = s = 1$": [],
    "$n = m = 1{,}000$": [],
    r"$\sum_{i=1}^{n=3} x_i = y$": [],
    "$a = b = c$\n<!-- inline: quoted -->": [],
    "`$a = b = c$`": [],
}


@pytest.mark.parametrize("words", CHAINS)
def test_a_derivation_does_not_hide_within_a_line(tmp_path, words):
    assert [u.words for u in prose.chains(page(tmp_path, words))] == CHAINS[words]


def test_a_complaint_names_the_line_and_what_to_do(tmp_path):
    found = prose.complaints(page(tmp_path, "It is 0.97.\n\nIt is faster, as $a = b = c$."))
    assert found == [
        "page.md:3: 0.97 is typed (… It is 0.97. …): compute it, and use {glue:text}",
        "page.md:5: nothing asserts 'It is faster, as .': bind it with {claim}`id`",
        "page.md:5: $a = b = c$ derives within a line: display it, with a label and a check",
    ]


# the role {claim}

PAGE = """# One

It is faster{{claim}}`{}`.

```{{raw}} html
<p class="gb-check" id="check-x-fast">✓</p>
```
"""


def test_a_bound_sentence_leads_to_its_check(tmp_path):
    built = build(tmp_path, {"one": PAGE.format("x-fast")}, extensions=("maths", "bound"))
    assert built.status == 0, built.output
    assert 'faster<a class="gb-bound" href="#check-x-fast" title="asserted by x-fast">' in built.page("one")


def test_a_sentence_bound_to_nothing_fails_the_build(tmp_path):
    built = build(tmp_path, {"one": PAGE.format("x-fats")}, extensions=("maths", "bound"))
    assert built.status != 0
    assert "one.md:3: WARNING: claim: no check 'x-fats' stands on this page" in built.output

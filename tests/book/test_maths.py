"""maths.py: what is set, and what fails the build with file and line."""

import re
from pathlib import Path

import maths
import pytest
from tiny_book import ROOT, build

KATEX = ROOT / "node_modules" / "katex"

GOOD = r"""
# Good

Inline $\textcolor{blue}{a} = \sigma(z)$ and displayed:

$$
\begin{aligned}
\delta &= \textcolor{orangered}{g} \odot \sigma'(z) \\
       &= \mathbf{W}^\top \textcolor{gray}{\delta}
\end{aligned}
$$ (good-delta)

```{raw} html
<p id="check-good-delta">checked</p>
```

$$ \beta < 1 $$ (good-unchecked)
"""

OTHER = """
# Other

See {eq}`good-delta`, on another page.
"""

BAD = r"""
# Bad

An unknown macro on
the second line of a paragraph: $\sigmoid(z)$.

$$
\frac{1}{2
$$ (bad-brace)

$$
x = 1 \label{own}
$$ (bad-label)

\begin{align}
x &= 1
\end{align}

Colour without a meaning: $\textcolor{red}{x}$, and ½ in $½ x$.
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return build(tmp_path_factory.mktemp("good"), {"good": GOOD, "other": OTHER})


@pytest.fixture(scope="module")
def bad_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bad")


@pytest.fixture(scope="module")
def bad(bad_folder):
    return build(bad_folder, {"bad": BAD}, extensions=("fresh", "maths"))


def test_a_good_page_has_html_for_the_eye_and_mathml_for_the_ear(good):
    assert good.status == 0, good.output
    page = good.page("good")
    assert page.count('class="katex-html"') == len(re.findall("<math[ >]", page)) == 3
    assert "annotation encoding" in page  # the TeX, for copying
    assert not re.search(r"katex-error|<script[^>]*(mathjax|katex)", page)


def test_a_short_formula_in_the_text_is_not_broken_between_lines(good):
    assert good.page("good").count('class="katex gb-whole"') == 1


def test_colours_follow_the_theme(good):
    page = good.page("good")
    for meaning in ("forward", "gradient", "wrong"):
        assert f"color:var(--gb-{meaning})" in page
    assert not re.search(r"color:(blue|orangered|gray)|mathcolor=", page)


def test_equations_are_numbered_within_the_chapter_and_referred_to_from_another_page(good):
    assert "(1.1)" in good.page("good")
    assert re.search(r'href="good.html#equation-good-delta"[^>]*>.*?\(1\.1\)', good.page("other"))


def test_a_checked_equation_links_to_its_check_and_an_unchecked_one_does_not(good):
    page = good.page("good")
    assert 'href="#check-good-delta"' in page
    assert "check-good-unchecked" not in page


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (r"\sigmoid(z)", "sigmoid"),
        (r"\frac{1}{2", "expected '}'"),
        (r"x = 1 \label{own}", "the build numbers equations"),
        (r"\begin{align}", "aligned"),
        (r"\textcolor{red}{x}", "'red' has no meaning"),
        ("½ x", "½"),
    ],
)
def test_a_wrong_formula_fails_the_build_with_file_and_line(bad, text, word):
    assert bad.status == 1
    line = next(n for n, line in enumerate(BAD.splitlines(), start=1) if text in line)
    found = [told for told in bad.output.splitlines() if f"bad.md:{line}: WARNING: maths:" in told]
    assert any(word in told for told in found), bad.output


def test_a_second_build_of_the_same_mistakes_fails_again(bad, bad_folder):
    assert bad.status == 1
    again = build(bad_folder, {"bad": BAD}, extensions=("fresh", "maths"))
    assert again.status == 1
    assert again.output.count("WARNING: maths:") == bad.output.count("WARNING: maths:")


def test_a_formula_is_set_once_and_kept(tmp_path):
    store = tmp_path / "store.json"
    first = maths.Katex(KATEX, store)
    html, message = first.render("x^2", display=False)
    first.close()
    assert (message, first.process is None) == (None, False)
    second = maths.Katex(KATEX, store)
    assert second.render("x^2", display=False) == (html, None)
    assert second.render("x^2", display=True)[0] != html, "displayed is not inline"
    second.close()
    third = maths.Katex(KATEX, store)
    third.render("x^2", display=False)
    assert third.process is None, "nothing new: no process"


@pytest.mark.parametrize(
    ("tex", "parts"),
    {
        r"a = b": [],
        r"v = \beta v + g, \qquad x = y, \qquad z = 0": ["v=βv+g,", "x=y,", "z=0"],
        r"\left( a \qquad b \right) \text{c \qquad d} \{ {e \qquad f} \}": [],
        r"\begin{aligned} a &= b, \qquad c \\ d &= e \end{aligned}": [],
        r"\max_x \{ x \} \qquad \textcolor{blue}{y}": ["xmax{x}", "y"],
    }.items(),
)
def test_a_displayed_equation_may_break_between_its_statements(tmp_path, tex, parts):
    katex = maths.Katex(KATEX, tmp_path / "store.json")
    html, message = katex.render(tex, display=True)
    katex.close()
    eye = html.partition('class="katex-html" aria-hidden="true">')[2]
    found = [re.sub(r"<[^>]*>|[\s\u200b]", "", part) for part in eye.split('<span class="gb-part">')[1:]]
    assert (message, found) == (None, parts)
    assert html.count("<span") == html.count("</span>")
    assert html.count("<annotation") == 1, "for the ear it stays one equation"


def test_what_another_version_set_is_not_used(tmp_path):
    store = tmp_path / "store.json"
    store.write_text('{"version": "another", "known": {"Ix^2": "stale"}}')
    katex = maths.Katex(KATEX, store)
    assert katex.render("x^2", display=False)[0] != "stale"
    katex.close()


def test_without_katex_the_error_says_how_to_get_it():
    with pytest.raises(Exception, match="npm ci"):
        maths.Katex(Path("nowhere"), Path("store.json"))

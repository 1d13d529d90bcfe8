"""What leaves the build is small and named after its content; what is left out was not seen."""

import hashlib
import re
from pathlib import Path

import pytest
from bundles import script_name, smaller_css, style_name
from downloads import GLUE, ROLES
from figures import compact
from lean import lean_code
from lean_formulas import known_classes, lean_formula
from words import spoken

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "_build" / "html" / "_static"
SHEET = ROOT / "node_modules" / "katex" / "dist" / "katex.min.css"


@pytest.mark.built
def test_everything_below_static_has_its_content_in_its_name_and_is_used():
    files = [path for path in STATIC.rglob("*") if path.is_file() and path.parent.name != "pictures"]
    assert files
    for path in files:
        assert path.name.split(".")[-2] == hashlib.sha256(path.read_bytes()).hexdigest()[:10], path
    sheets = "".join(path.read_text("utf-8") for path in STATIC.glob("*.css"))
    fonts = set(re.findall(r"url\(fonts/([\w.-]+)\)", sheets))
    assert fonts == {path.name for path in (STATIC / "fonts").iterdir()}
    assert all(name.endswith(".woff2") for name in fonts)
    assert "//" not in sheets
    pages = "".join(path.read_text("utf-8") for path in STATIC.parent.rglob("*.html"))
    assert {path.name for path in files} - fonts <= set(re.findall(r"_static/([\w.-]+)", pages))


def test_a_page_names_its_sheet_and_script_by_their_parts():
    assert style_name({"book.css", "katex.css", "explore.css"}) == "style-katex-explore-book.css"
    assert script_name(["page.js", "explore.js", "answer.js"]) == "page-answer.js"


def test_a_smaller_sheet_keeps_its_strings():
    assert (
        smaller_css('a { b: c; /* no */ }\n.x::after { content: ": "; }')
        == 'a{b: c}.x::after{content: ": "}\n'
    )


def test_lean_code_keeps_every_letter_and_colours_by_kind():
    block = (
        '<pre><span></span><span class="kn">from</span> <span class="nn">a</span> '
        '<span class="kn">import</span> '
        '<span class="n">b</span><span class="s2">&quot;x</span>'
        '<span class="se">\\n</span></pre>'
    )
    lean = lean_code(block)
    assert re.sub("<[^>]*>", "", lean) == re.sub("<[^>]*>", "", block)
    assert lean == (
        '<pre><span class="k">from</span> a <span class="k">import</span> b'
        '<span class="s">&quot;x\\n</span></pre>'
    )


@pytest.mark.skipif(not SHEET.exists(), reason="no KaTeX: npm ci")
def test_a_lean_formula_keeps_its_letters_its_structure_and_its_mathml():
    math = (
        '<span class="katex-mathml"><math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow>'
        '<mo stretchy="false">(</mo><mstyle displaystyle="true" scriptlevel="0"><mi>x</mi></mstyle>'
        '<mspace width="1em"></mspace><mrow><mi mathvariant="bold">y</mi></mrow></mrow>'
        '<annotation encoding="application/x-tex">(x &lt; y</annotation></semantics></math></span>'
    )
    formula = (
        f'<span class="katex">{math}<span class="katex-html" aria-hidden="true"><span class="base">'
        '<span class="strut" style="height:1em;vertical-align:-0.25em;"></span><span class="mord">'
        '<span class="mopen">(</span><span class="mord mathnormal">x</span><span class="mord mathnormal">y'
        '</span></span><span class="mspace" style="margin-right:0.2778em;"></span><span class="mrel">=</span>'
        '<span class="mspace" style="margin-right:0.2778em;"></span><span class="mopen">(</span>'
        '<span class="mspace" style="margin-right:0.2em;"></span><span class="mrel">=</span>'
        '<span class="mspace" style="margin-right:0.3em;"></span>'
        '<span class="msupsub"><span class="vlist-t vlist-t2"><span class="vlist-r">'
        '<span class="vlist" style="height:0.8em;">'
        '<span style="top:-3em;margin-left:0em;"><span class="pstrut" style="height:2.7em;"></span>'
        '<span class="mord">2</span></span>'
        '<span style="top:-2em;"><span class="pstrut" style="height:2.7em;"></span>'
        '<span class="sizing reset-size6 size3 mtight"><span class="mord mathnormal">z</span></span></span>'
        '</span><span class="vlist-s">\u200b</span></span><span class="vlist-r">'
        '<span class="vlist" style="height:0.15em;"><span></span></span></span></span></span>'
        '<span class="vlist" style="height:1em;"><span><span class="pstrut" style="height:3em;"></span>'
        "<span>3</span></span></span></span></span></span>"
    )
    assert lean_formula(formula, known_classes(SHEET)) == (
        '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mo>(</mo><mi>x</mi>'
        '<mi mathvariant="bold">y</mi></mrow><annotation encoding="application/x-tex">(x &lt; y</annotation>'
        '</semantics></math></span><span class="katex-html" aria-hidden="true">'
        '<span class="base" style="--h:1em;--d:-.25em">('
        '<span class="mathnormal" style="margin-right:.2778em">xy</span>='  # spaces go to a neighbour
        '<span style="margin:0 .2em 0 .2778em">(</span>='
        '<span class="mspace" style="margin-right:.3em"></span>'
        '<span class="vlist-t msupsub"><span class="vlist" style="height:.8em"><span style="top:-3em">'
        "<span>2</span></span>"  # what stands two below a vlist is laid out as a box, so its span stays
        '<span style="top:-2em"><span class="sizing reset-size6 size3 mathnormal">z</span></span></span>'
        '</span><span class="vlist" style="height:1em;--p:3em"><span><span>3</span></span></span></span>'
        "</span></span>"
    )


def test_compact_paths_say_the_same_and_their_roundings_do_not_add_up():
    assert compact("M 10 10 L 10 20 L 20 20 z M 1 1 L 2 2") == "m10 10 0 10 10 0zm-9-9 1 1"
    path = "M 0 0 " + " ".join(f"L {0.04 * k:.2f} 1" for k in range(1, 101))
    numbers = [float(n) for n in re.findall(r"-?\d*\.\d+|-?\d+", compact(path))]
    assert sum(numbers[::2]) == pytest.approx(4, abs=0.05)
    assert compact("M 0 0 A 1 1 0 0 0 2 2") == "M 0 0 A 1 1 0 0 0 2 2"


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\beta_2", "β_2"),
        (r"\frac{1-\beta}{1+\beta}", "(1−β)/(1+β)"),
        (r"\begin{aligned} a", "…"),
        (r"W^{(l)\top}\delta^{(l+1)}", "W^(l)⊤δ^(l+1)"),
        (r"\textcolor{green}{\beta}", "β"),
    ],
)
def test_short_formulas_are_quoted_as_text(tex, text):
    assert spoken(tex) == text


def test_a_downloaded_notebook_has_plain_words():
    text = (
        "As {eq}`ema-bias` says{claim}`x`, {doc}`the page <ema>` has {glue:text}`n`.\n$$\nx\n$$ (ema-bias)\n"
    )
    text = GLUE.sub("7", text)
    for role, words in ROLES:
        text = role.sub(words, text)
    assert text == "As (ema-bias) says, the page has 7.\n$$\nx\n\\tag{ema-bias}\n$$\n"

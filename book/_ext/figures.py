"""Figures inside the page: matplotlib's SVG inlined, its palette following the theme, its words required.

An SVG behind <img> keeps the colours it was drawn with, a white panel in dark mode. Inlined, every colour of
the palette becomes its CSS variable and the figure changes with the page, at no request.
"""

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

log = logging.getLogger(__name__)

_VARIABLE = re.compile(r"--gb-([a-z]+):\s*(#[0-9a-fA-F]{6})\b")
_PATH_LIKE = re.compile(r"\.(?:svg|png|jpe?g|gif|webp)\s*$|^\S*[/\\]\S*$", re.IGNORECASE)


def palette(style: Path) -> dict[str, str]:
    """{light hex: name} from the first block of --gb-<name> variables in the style sheet, the light one."""
    found: dict[str, str] = {}
    for name, value in _VARIABLE.findall(style.read_text("utf-8")):
        if name in found.values():
            break  # the dark block begins
        found[value.lower()] = name
    return found


def inline_svg(svg: str, alt: str, prefix: str, colors: dict[str, str]) -> str:
    """The <svg> element for the page: named, theme-coloured, on no ground, its ids under `prefix`."""

    def themed(match: re.Match) -> str:
        name = colors.get(match[0].lower())
        return f"var(--gb-{name})" if name else match[0]

    # matplotlib's own style sheet, *{stroke-linejoin: round …}, would rule the whole page; .gb-svg says it.
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r"<defs>\s*</defs>", "", svg)
    # matplotlib paints the figure's and the axes' ground as the first patches, without a stroke.
    svg = re.sub(r'(<g id="patch_\d+">\s*<path [^>]*?style="fill: )#ffffff"', r'\1none"', svg)
    svg = re.sub(r"#[0-9a-fA-F]{6}\b", themed, svg)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(#|href="#)([^)"]+)', rf"\g<1>{prefix}-\2", svg)
    svg = re.sub(r">\s+<(?!tspan|/text)", "><", svg)
    svg = re.sub(r'(?<= d=")[^"]*', lambda match: compact(match[0]), svg)
    svg = re.sub(r"<[^>]*>", lambda tag: LENGTHY.sub(_rounded, tag[0]), svg)  # and no word between tags
    # On a phone the figure shrinks to the page and its words grow to stay legible (--gb-words in book.css).
    svg = re.sub(r"font-size: ([\d.]+px)", r"font-size: calc(var(--gb-words, 1) * \1)", svg)
    head, body = re.match(r"(<svg[^>]*>)(.*)", svg, re.S).groups()
    width, height = (_pixels(re.search(rf'\b{side}="([^"]+)"', head)) for side in ("width", "height"))
    box = re.search(r'viewBox="[^"]+"', head)
    size = f'width="{width:.0f}" height="{height:.0f}" ' if width and height else ""
    name = html.escape(" ".join(alt.split()))
    return f'<svg class="gb-svg" role="img" aria-label="{name}" {size}{box[0] if box else ""}>{body}'


LENGTHY = re.compile(r"(?<=[\s\"(,])-?\d+\.\d{3,}")


def _rounded(number: re.Match) -> str:
    """To a hundredth of a point: nobody sees more, and every digit is sent to every reader."""
    text = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


LONG = 12  # points: a path of more is a curve, whose points may lie a twentieth of a point beside it


def compact(path: str) -> str:
    """matplotlib's absolute M, L, Q, C, z as short relative ones; roundings do not add up."""
    steps = re.findall(r"([A-Za-z])([^A-Za-z]*)", path)
    if {letter for letter, _ in steps} - set("MLQCz"):
        return path
    unit = 0.1 if len(steps) > LONG else 0.01
    here, first, last, out = (0, 0), (0, 0), "", []
    for letter, numbers in steps:
        whole = [round(float(number) / unit) for number in numbers.split()]
        if letter == "z":
            here = first
            out.append("z")
            last = ""
            continue
        deltas = "".join(_short(n - here[i % 2], unit) for i, n in enumerate(whole))
        here = tuple(whole[-2:])
        first = here if letter == "M" else first
        command = letter.lower()
        out.append(deltas if command == last else command + deltas.lstrip(" "))
        last = command if command != "m" else "l"
    return "".join(out)


def _short(count: int, unit: float) -> str:
    """A number that needs no space before it when it is negative."""
    text = f"{count * unit:.2f}".rstrip("0").rstrip(".").replace("-0.", "-.").removeprefix("0")
    text = "0" if text in ("", "-0") else text
    return text if text.startswith("-") else " " + text


def _pixels(length: re.Match | None) -> float:
    number = re.match(r"([\d.]+)(pt|px|)$", length[1]) if length else None
    return float(number[1]) * (4 / 3 if number[2] == "pt" else 1) if number else 0.0


def written(alt: str | None) -> bool:
    """Whether alt is a text that a person wrote: not missing, not empty, not a path or a file name."""
    return bool(alt and alt.strip() and not _PATH_LIKE.search(alt.strip()))


def _inline(app, doctree):
    colors = palette(Path(app.srcdir, app.config.gradbook_style))
    images = list(doctree.findall(nodes.image))
    for count, image in enumerate(images):
        alt, uri = image.get("alt"), image["uri"]
        place = image
        while not place.line and place.parent is not None:  # MyST leaves 0 where the text is empty
            place = place.parent
        if not written(alt):
            log.warning(
                "figure without written alternative text (alt is %r): say what is to be seen, in the cell's "
                "`mystnb: image: alt` or the figure's `:alt:`", alt, location=place, type="figure"
            )  # fmt: skip
            continue
        if not uri.endswith(".svg") or "://" in uri:
            continue
        path = Path(app.env.relfn2path(uri, app.env.docname)[1])
        svg = inline_svg(path.read_text("utf-8"), alt, f"svg{count}", colors)
        if "#000000" in svg:
            log.warning(
                "figure in black, which dark mode swallows: draw it under gradbook.figures.use()",
                location=place, type="figure",
            )  # fmt: skip
        raw = nodes.raw("", f'<div class="gb-figure">{svg}</div>', format="html")
        raw.source, raw.line = place.source, place.line
        image.replace_self(raw)


def setup(app):
    app.add_config_value("gradbook_style", "book/_static/book.css", "env")
    # Before Sphinx collects images (priority 500), so that none of these is copied to _images.
    app.connect("doctree-read", _inline, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

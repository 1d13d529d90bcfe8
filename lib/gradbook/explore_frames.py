"""Frames: what compute returns at every setting of the controls, small enough to travel inside a page.

`table` evaluates the whole grid, `encode` packs the table, and `decode` is its inverse (the page's script
does the same; tests compare both with compute).

A key is stored once along every control it does not depend on. Numbers become 12-bit codes on the
scale lo + code·step, NaN being the top code, so that no value is off by more than step/2; where all are
whole, step is 1 and they stay exact. Values on a log axis are coded by their logarithm. Strings become an
index into a list of distinct strings. Readouts are stored as text, hence exact.

Codes are stored as differences, along the series or along controls or both, whichever packs best, each in one
to three letters, and a run of zeros in three: the gzip of any server packs these as well as a packer of our
own would, and the page reads them at once, with no stream to wait for.
"""

from __future__ import annotations

import itertools
import json
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .explore_data import WIDTH, Drawing, Values, check, readouts

TOP = 4095  # the code of NaN; 0 … 4094 are values
MOST_FRAMES = 2000
MOST_BYTES = 60_000
MOST_ERROR = 0.5  # px at the width for which the picture is drawn
MOST_SHADE = 1 / 256  # of a colour scale


def table(
    compute: Callable[..., Mapping], controls: Mapping[str, Any], drawing: Drawing
) -> dict[str, np.ndarray]:
    """Every key at every setting: arrays of shape (values of control 1, values of control 2, …, length).

    Readout i is the key "@i". Raises ValueError for too many settings, or a series whose length varies.
    """
    grids = [control.values for control in controls.values()]
    count = math.prod(map(len, grids))
    if count > MOST_FRAMES:
        sizes = " × ".join(f"{name} {len(grid)}" for name, grid in zip(controls, grids))
        raise ValueError(
            f"explore: {count} settings ({sizes}) exceed the {MOST_FRAMES} a page may carry; "
            "list fewer values, drop a control, or split the figure"
        )
    rows: dict[str, list] = {}
    for setting in itertools.product(*grids):
        values = dict(zip(controls, setting))
        try:
            result = compute(**values)
            data = check(result, drawing, values)
            texts = readouts(result, drawing)
        except Exception as error:
            error.add_note("explore: at " + ", ".join(f"{name}={value!r}" for name, value in values.items()))
            raise
        for key, value in [*data.items(), *((f"@{i}", [t]) for i, t in enumerate(texts))]:
            rows.setdefault(key, []).append(value)
    for key in (f"{place.key}~{v}" for place in drawing.places if place.need.kind == "contour" for v in "xy"):
        if key in rows:  # lines are as long as they are; the rest is gap
            most = max(map(len, rows[key]))
            rows[key] = [np.pad(entry, (0, most - len(entry)), constant_values=np.nan) for entry in rows[key]]
    for key, entries in rows.items():
        lengths = sorted({len(entry) for entry in entries})
        if len(lengths) > 1:
            raise ValueError(
                f"explore: {key!r} has between {lengths[0]} and {lengths[-1]} values, depending on the "
                "controls; pad it to one length (numbers with NaN, strings with '')"
            )
    shape = tuple(map(len, grids))
    found = {key: np.array(entries).reshape(*shape, len(entries[0])) for key, entries in rows.items()}
    fixed = {key: np.array(value).reshape(*[1] * len(shape), -1) for key, value in drawing.constants.items()}
    return {**found, **fixed}


def encode(table: Mapping[str, np.ndarray], drawing: Drawing) -> tuple[dict[str, Any], str]:
    """(head, the codes as letters). head: per key its shape and how to read its codes."""
    uses, head, blobs = _uses(drawing), {}, []
    for key, values in table.items():
        values = _drop_constant_axes(values)
        axes = [axis for axis, _, _ in uses.get(key, ())]
        how, codes = _codes(values, bool(axes) and all(axis["scale"] == "log" for axis in axes))
        for use in uses.get(key, ()):
            _refuse_coarse(key, how, *use)
        by, letters = _smallest(codes)
        head[key] = {"axes": list(codes.shape[:-1]), "size": codes.shape[-1], **how, **by}
        blobs.append(letters)
    return head, "".join(blobs)


def _smallest(codes: np.ndarray) -> tuple[dict[str, Any], str]:
    """({"by": the axes along which differences are taken}, these as letters), or {} for the series alone."""
    last = codes.ndim - 1
    axes = [axis for axis, n in enumerate(codes.shape) if n > 1 and axis < last]
    ways = [(last,), *((axis,) for axis in axes), *((last, axis) for axis in (*axes, last))]
    packed = {}
    for way in ways:
        differences = codes
        for axis in way:
            differences = np.diff(differences, axis=axis, prepend=0)
        packed[way] = _letters(differences)
    size = {way: len(zlib.compress(text.encode(), 6)) for way, text in packed.items()}
    best = min(ways, key=lambda way: size[way] + 12 * (way != ways[0]))  # 12: what to say so costs
    return ({} if best == ways[0] else {"by": list(best)}), packed[best]


def _letters(differences: np.ndarray) -> str:
    """Whole numbers as letters: 0, −1, 1, −2 … become 0, 1, 2, 3 …, written with 90 digits.

    The first of one letter is below 46, of two below 86, of three below 89; after 89 come two digits that say
    how many zeros follow. ASCII from "#" on, without "<" and the backslash.
    """
    n = np.where(differences < 0, -2 * differences - 1, 2 * differences).ravel()
    if n.size and n.max() >= 3646 + 3 * 8100:
        raise ValueError("explore: a key holds too many different texts")
    n, zeros = _runs(n)
    two, three, more = n - 46, n - 3646, zeros - 1
    digits = np.stack([
        np.where(zeros, 89, np.where(n < 46, n, np.where(two < 3600, 46 + two // 90, 86 + three // 8100))),
        np.where(zeros, more // 90, np.where(two < 3600, two % 90, three // 90 % 90)),
        np.where(zeros, more % 90, three % 90),
    ])  # fmt: skip
    letters = digits + 35 + (digits >= 25)
    letters += letters >= 92
    there = np.stack([n >= 0, (n >= 46) | (zeros > 0), (n >= 3646) | (zeros > 0)])
    return letters.T[there.T].astype(np.uint8).tobytes().decode()


def _runs(n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """n with one 0 for each run of 4 to 8100 zeros, and beside it the length of that run (0: no run)."""
    index = np.arange(n.size)
    since = index - np.maximum.accumulate(np.where(n != 0, index, -1))  # 1, 2, … within a run
    first = (n != 0) | (since % 8100 == 1)
    starts = index[first]
    length = np.diff(starts, append=n.size)
    zeros = np.where((n[starts] == 0) & (length >= 4), length, 0)
    kept = first | ~np.repeat(zeros > 0, length)
    spread = np.zeros_like(n)
    spread[starts] = zeros
    return n[kept], spread[kept]


def _numbers(text: str) -> np.ndarray:
    """The inverse of _letters."""
    letters = np.frombuffer(text.encode(), np.uint8).astype(int)
    digits = (letters - 35 - (letters > 60) - (letters > 92)).tolist()
    numbers, at = [], 0
    while at < len(digits):
        a = digits[at]
        if a == 89:
            numbers += [0] * (digits[at + 1] * 90 + digits[at + 2] + 1)
            at += 3
            continue
        if a < 46:
            n = a
        elif a < 86:
            n = 46 + (a - 46) * 90 + digits[at + 1]
        else:
            n = 3646 + ((a - 86) * 90 + digits[at + 1]) * 90 + digits[at + 2]
        numbers.append(-(n + 1) // 2 if n & 1 else n // 2)
        at += 1 if a < 46 else 2 if a < 86 else 3
    return np.array(numbers, int)


def _uses(drawing: Drawing) -> dict[str, list[tuple[Mapping, float, str]]]:
    """For each key of numbers that are seen: (a scale with its domain, its extent, what to call it)."""
    uses: dict[str, list] = {}
    for place in drawing.places:
        kind, key = place.need.kind, place.key
        if kind == "number" and place.axis:
            keys = {key: place.need.along}
        else:
            keys = {f"{key}~x": "x", f"{key}~y": "y"} if kind == "contour" else {}
        for name, along in keys.items():
            extent = WIDTH if along == "x" else place.view["height"]
            uses.setdefault(name, []).append((place.view[along], extent, f"{along} axis"))
        if kind == "matrix":
            scale = {"scale": "linear", "domain": place.need.option}
            uses.setdefault(key, []).append((scale, MOST_ERROR / MOST_SHADE, "colour scale"))
    return uses


def _drop_constant_axes(values: np.ndarray) -> np.ndarray:
    for axis in range(values.ndim - 1):
        first = values.take([0], axis)
        same = (values == first) | (values != values) & (first != first)
        if same.all():
            values = first
    return values


def _codes(values: np.ndarray, on_log: bool) -> tuple[dict[str, Any], np.ndarray]:
    """How to read the codes, and the codes, whole numbers of the shape of values."""
    if values.dtype.kind == "U":
        words = list(dict.fromkeys(values.ravel().tolist()))
        index = {word: i for i, word in enumerate(words)}
        codes = np.array([index[word] for word in values.ravel().tolist()]).reshape(values.shape)
        return {"words": words}, codes
    values = values.astype(float)
    known = values[np.isfinite(values)]
    if not on_log and (known == np.round(known)).all():
        low, high = (int(known.min()), int(known.max())) if known.size else (0, 0)
        if high - low < TOP:
            nan = high - low + 1
            codes = np.where(np.isfinite(values), np.nan_to_num(values) - low, nan).astype(int)
            return {"lo": low, "step": 1, **({"nan": nan} if known.size < values.size else {})}, codes
    if on_log:
        values = np.log10(np.where(values > 0, values, np.nan))
    finite = values[np.isfinite(values)]
    low, high = (_outward(finite.min(), -1), _outward(finite.max(), 1)) if finite.size else (0.0, 0.0)
    step = (high - low) / (TOP - 1) or 1e-9  # a constant has the one code 0; no step is too fine for it
    codes = np.where(np.isfinite(values), np.round((np.nan_to_num(values) - low) / step), TOP)
    return {"lo": low, "step": step, "nan": TOP, **({"log": 1} if on_log else {})}, codes.astype(int)


def _outward(value: float, sign: int) -> float:
    """value to six digits, away from the data: the last bits, in which machines differ, stay behind."""
    rounded = float(f"{value:.6g}")
    if (rounded - value) * sign >= 0:
        return rounded
    return float(f"{value + sign * abs(value) * 1e-5:.6g}")


def _refuse_coarse(
    key: str, how: Mapping[str, Any], scale: Mapping[str, Any], extent: float, name: str
) -> None:
    """Raise when a half step would be seen, because a few far values stretch the scale."""
    if type(how.get("step")) is not float or scale["scale"] == "log":
        return  # words, or whole numbers, which are exact
    low, high = sorted(scale["domain"])
    error = how["step"] / 2 / (high - low) * extent
    if error > MOST_ERROR:
        seen = "of 256 shades" if "colour" in name else "px"
        told, advice = (repr(key), "Let compute return NaN for far values, or clip them")
        if key.startswith("="):
            told, advice = "a mark's own series", "Leave far values out, or clip them"
        raise ValueError(
            f"explore: {told} spans {how['step'] * (TOP - 1):.3g} where the {name} shows {high - low:.3g}: "
            f"12 bits would be off by {error:.1f} {seen} (at most {MOST_ERROR}). {advice}: "
            f"np.clip({'values' if key.startswith('=') else key}, {2 * low - high:g}, {2 * high - low:g})"
        )


def decode(head: Mapping[str, Any], text: str, index: tuple[int, ...]) -> dict[str, Values]:
    """What the page shows at the setting with these positions on the controls."""
    numbers, at, data = _numbers(text), 0, {}
    for key, how in head.items():
        count = math.prod(how["axes"]) * how["size"]
        codes = numbers[at : at + count].reshape(*how["axes"], how["size"])
        at += count
        for axis in how.get("by", [-1]):
            codes = codes.cumsum(axis)
        code = codes[tuple(i if n > 1 else 0 for i, n in zip(index, how["axes"]))]
        if "words" in how:
            data[key] = [how["words"][c] for c in code]
        else:
            value = how["lo"] + code * float(how["step"])
            data[key] = np.where(code == how.get("nan", -1), np.nan, 10.0**value if how.get("log") else value)
    return data


def refuse_heavy(head: Mapping[str, Any], text: str) -> int:
    """Bytes of the frames as a server would send them (gzip). Raises ValueError above the budget."""
    size = len(zlib.compress((json.dumps(head, separators=(",", ":")) + text).encode(), 9))
    if size > MOST_BYTES:
        parts = sorted(((math.prod(h["axes"]) * h["size"], key) for key, h in head.items()), reverse=True)
        told = ", ".join(f"{key} {count} numbers" for count, key in parts[:3])
        raise ValueError(
            f"explore: the frames weigh {size / 1000:.1f} kB gz, at most {MOST_BYTES / 1000:.0f} kB are "
            f"allowed (largest: {told}). Use fewer control values, fewer points, or split it"
        )
    return size

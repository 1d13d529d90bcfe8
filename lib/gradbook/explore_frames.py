"""Frames: what compute returns at every setting of the controls, small enough to travel inside a page.

`check` turns one result of compute into arrays and strings, `table` evaluates the whole grid, `encode` packs
the table, and `decode` is its inverse (the page's script does the same; tests compare both with compute).

A key is stored once along every control it does not depend on. Numbers become 12-bit codes in uint16 on the
scale lo + code·step, NaN being the top code, so that no value is off by more than step/2; whole numbers stay
exact. Values on a log axis are coded by their logarithm. Codes are stored as differences along the series,
which deflate packs well. Strings become an index into a list of distinct strings. Readouts are stored as
text, hence exact.
"""

from __future__ import annotations

import itertools
import json
import math
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .explore_declare import number

TOP = 4095  # the code of NaN; 0 … 4094 are values
MOST_FRAMES = 2000
MOST_BYTES = 60_000
WIDTH = 600  # px: the text column, for which the picture is drawn
MOST_ERROR = 0.5  # px at that width

Values = np.ndarray | list[str]


def keys_of(view: Mapping[str, Any]) -> dict[str, set[str]]:
    """The keys that the marks draw, each with the roles (x, y, text) in which it is used."""
    roles: dict[str, set[str]] = {}
    for mark in view["marks"]:
        for role in ("x", "y", "y0", "y1", "text"):
            if isinstance(mark.get(role), str):
                roles.setdefault(mark[role], set()).add(role[0])
    return roles


def check(result: Any, view: Mapping[str, Any]) -> dict[str, Values]:
    """The drawn part of compute's result: 1-D float64 arrays (infinite becomes NaN) and lists of strings.

    Raises ValueError that names the key when compute did not return what the marks need.
    """
    if not isinstance(result, Mapping):
        raise ValueError(f"explore: compute returned {type(result).__name__}, a dict is needed")
    roles = keys_of(view)
    wanted = [*roles, *(r["key"] for r in view["readout"])]
    missing = [key for key in wanted if key not in result]
    if missing:
        raise ValueError(f"explore: compute's result lacks {', '.join(missing)}; it has {', '.join(result)}")
    data = {key: _values(key, result[key], "t" in roles[key]) for key in roles}
    for mark in view["marks"]:
        lengths = {role: _length(mark[role], data) for role in ("x", "y", "y0", "y1", "text") if role in mark}
        if len({n for n in lengths.values() if n != 1}) > 1:
            told = ", ".join(f"{role} has {n}" for role, n in lengths.items())
            raise ValueError(f"explore: a {mark['mark']} mark has series of unequal length: {told}")
    return data


def _values(key: str, value: Any, words: bool) -> Values:
    if words:
        value = [value] if isinstance(value, str) else list(value)
        if not all(isinstance(word, str) for word in value):
            raise ValueError(f"explore: {key!r} is used as text, so compute must return strings for it")
        return value
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind not in "biuf" or array.ndim != 1:
        raise ValueError(
            f"explore: {key!r} is {array.dtype} of shape {array.shape}; a number or a 1-D array is needed"
        )
    if array.dtype.kind != "f":
        return array.astype(np.int64)
    return np.where(np.isfinite(array), array, np.nan).astype(float)


def _length(ref: Any, data: Mapping[str, Values]) -> int:
    return len(data[ref]) if isinstance(ref, str) else len(ref) if isinstance(ref, list) else 1


def readouts(result: Mapping[str, Any], view: Mapping[str, Any]) -> list[str]:
    """The readouts as text. Each key must hold one number, truth value or string."""
    texts = []
    for entry in view["readout"]:
        value = result[entry["key"]]
        if np.ndim(value) != 0:
            raise ValueError(
                f"explore: readout {entry['label']!r} needs one number, {entry['key']!r} has shape "
                f"{np.shape(value)}"
            )
        value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
        if isinstance(value, float) and math.isnan(value):
            texts.append("undefined")
        else:
            texts.append(value if isinstance(value, str) else number(value, entry["format"]))
    return texts


def table(
    compute: Callable[..., Mapping], controls: Mapping[str, Any], view: Mapping
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
            data = check(result, view)
            texts = readouts(result, view)
        except Exception as error:
            error.add_note("explore: at " + ", ".join(f"{name}={value!r}" for name, value in values.items()))
            raise
        for key, value in [*data.items(), *((f"@{i}", [t]) for i, t in enumerate(texts))]:
            rows.setdefault(key, []).append(value)
    for key, entries in rows.items():
        lengths = sorted({len(entry) for entry in entries})
        if len(lengths) > 1:
            raise ValueError(
                f"explore: {key!r} has between {lengths[0]} and {lengths[-1]} values, depending on the "
                "controls; pad it to one length (numbers with NaN, strings with '')"
            )
    shape = tuple(map(len, grids))
    return {key: np.array(entries).reshape(*shape, len(entries[0])) for key, entries in rows.items()}


def encode(table: Mapping[str, np.ndarray], view: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """(head, base64 text of the deflated codes). head: per key its shape and how to read its codes."""
    roles, head, blobs = keys_of(view), {}, []
    for key, values in table.items():
        values = _drop_constant_axes(values)
        on_log = bool(roles.get(key)) and all(view[r]["scale"] == "log" for r in roles[key] if r != "t")
        how, codes = _codes(values, on_log)
        _refuse_coarse(key, how, roles.get(key, ()), view)
        head[key] = {"axes": list(codes.shape[:-1]), "size": codes.shape[-1], "bytes": codes.itemsize, **how}
        delta = np.diff(codes, axis=-1, prepend=codes.dtype.type(0))  # modulo 2^bits, undone by a running sum
        blobs.append(delta.astype(delta.dtype.newbyteorder("<")).tobytes())
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return head, b64encode(packer.compress(b"".join(blobs)) + packer.flush()).decode()


def _drop_constant_axes(values: np.ndarray) -> np.ndarray:
    for axis in range(values.ndim - 1):
        first = values.take([0], axis)
        same = (values == first) | (values != values) & (first != first)
        if same.all():
            values = first
    return values


def _codes(values: np.ndarray, on_log: bool) -> tuple[dict[str, Any], np.ndarray]:
    """How to read the codes, and the codes: uint8 or uint16 of the shape of values."""
    if values.dtype.kind == "U":
        words = list(dict.fromkeys(values.ravel().tolist()))
        index = {word: i for i, word in enumerate(words)}
        codes = np.array([index[word] for word in values.ravel().tolist()]).reshape(values.shape)
        return {"words": words}, codes.astype(np.uint8 if len(words) <= 256 else np.uint16)
    if values.dtype.kind == "i" and not on_log:
        low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
        if high - low < TOP:
            return {"lo": low, "step": 1}, (values - low).astype(np.uint8 if high - low < 255 else np.uint16)
    values = values.astype(float)
    if on_log:
        values = np.log10(np.where(values > 0, values, np.nan))
    finite = values[np.isfinite(values)]
    low, high = (_outward(finite.min(), -1), _outward(finite.max(), 1)) if finite.size else (0.0, 0.0)
    step = (high - low) / (TOP - 1) or 1e-9  # a constant has the one code 0; no step is too fine for it
    codes = np.where(np.isfinite(values), np.round((np.nan_to_num(values) - low) / step), TOP)
    return {"lo": low, "step": step, "nan": TOP, **({"log": 1} if on_log else {})}, codes.astype(np.uint16)


def _outward(value: float, sign: int) -> float:
    """value to six digits, away from the data: the last bits, in which machines differ, stay behind."""
    rounded = float(f"{value:.6g}")
    if (rounded - value) * sign >= 0:
        return rounded
    return float(f"{value + sign * abs(value) * 1e-5:.6g}")


def _refuse_coarse(key: str, how: Mapping[str, Any], roles: set[str], view: Mapping[str, Any]) -> None:
    """Raise when a half step would be seen, because a few far values stretch the scale."""
    for role in sorted(set(roles) & {"x", "y"}):
        axis, extent = view[role], {"x": WIDTH, "y": view["height"]}[role]
        if "nan" not in how or axis["scale"] == "log":
            continue
        low, high = sorted(axis["domain"])
        error = how["step"] / 2 / (high - low) * extent
        if error > MOST_ERROR:
            raise ValueError(
                f"explore: {key!r} spans {how['step'] * (TOP - 1):.3g} where the {role} axis shows "
                f"{high - low:.3g}: 12 bits would be off by {error:.1f} px (at most {MOST_ERROR}). Let "
                f"compute return NaN for far values, or clip them: np.clip({key}, {2 * low - high:g}, "
                f"{2 * high - low:g})"
            )


def decode(head: Mapping[str, Any], text: str, index: tuple[int, ...]) -> dict[str, Values]:
    """What the page shows at the setting with these positions on the controls."""
    blob, offset, data = zlib.decompress(b64decode(text), -15), 0, {}
    for key, how in head.items():
        dtype = np.dtype("<u1" if how["bytes"] == 1 else "<u2")
        count = math.prod(how["axes"]) * how["size"]
        codes = np.frombuffer(blob, dtype, count, offset).reshape(*how["axes"], how["size"])
        offset += count * dtype.itemsize
        delta = codes[tuple(i if n > 1 else 0 for i, n in zip(index, how["axes"]))]
        code = np.cumsum(delta, dtype=dtype)
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
        parts = sorted(
            ((math.prod(h["axes"]) * h["size"] * h["bytes"], key) for key, h in head.items()), reverse=True
        )
        told = ", ".join(f"{key} {raw / 1000:.0f} kB" for raw, key in parts[:3])
        raise ValueError(
            f"explore: the frames weigh {size / 1000:.1f} kB gz, at most {MOST_BYTES / 1000:.0f} kB are "
            f"allowed (largest, unpacked: {told}). Use fewer control values, fewer points, or split it"
        )
    return size

"""check.gradient: a vjp against finite differences and torch.autograd, along random cotangents.

Cotangents are random, never ones: with ones the gradients of softmax and of the normalizations vanish, and a vjp that
returns zeros would pass. Two wrong variants come for free, the vjp × 1.001 and zero, and both must be rejected.
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Callable, Mapping

import numpy as np

from .comparison import NotComparable, as_array, compare, describe, plain
from .equations import MARGIN, parameters
from .results import CheckFailed, Record, badge, rejected, shown

__all__ = ["gradient"]

NUMERIC, EXACT = 1e-7, 1e-10  # tolerances against finite differences and against torch
STEP = 1e-4
COORDINATES = 200  # an array with more entries than this is probed at this many, drawn at random


@shown
def gradient(op, *arrays, wrong: Mapping[str, Callable] | None = None, torch=None, **options):
    """Check the vjp of op(*arrays, **options) -> (value, vjp).

    op: the name of a primitive of gradbook, its function, or any callable that returns (value, vjp).
    wrong: {name: function of the same form}; each must be rejected, as are the vjp × 1.001 and zero.
    torch: the function to compare with; by default torch.nn.functional.<name> or torch.<name>, if torch is there;
      False for none. Arrays that are not floating-point (class indices) get no gradient.
    Raises CheckFailed, which names the argument, expected and got.
    """
    name, function = resolved(op)
    value, vjp = answered(name, function, arrays, options)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    g = rng.standard_normal(np.shape(value))
    real = [k for k, a in enumerate(arrays) if is_real(a)]
    if not real:
        raise TypeError(f"check.gradient {name}: none of the arguments is a floating-point array")
    names = parameters(function)
    labels = {k: names[k] if k < len(names) else f"argument {k + 1}" for k in real}
    probes = {k: chosen(rng, arrays[k].size) for k in real}
    numeric = {labels[k]: slope(function, arrays, options, g, k, probes[k]) for k in real}
    reference = {"finite differences": (numeric, NUMERIC)}
    theirs = torch_gradient(name, torch, arrays, options, g, real)
    if theirs is not None:
        reference["torch.autograd"] = ({labels[k]: d.ravel()[probes[k]] for k, d in theirs.items()}, EXACT)
        # the values have to agree as well: a right derivative of another function is no use
    here = describe(arrays, names)

    def probed(pullback) -> dict:
        grads = pullback(g)
        grads = grads if isinstance(grads, (tuple, list)) else (grads,)
        if len(grads) < max(real) + 1:
            raise CheckFailed(
                f"{name}: vjp returned {len(grads)} gradients for {len(arrays)} arguments ({here})"
            )
        out = {}
        for k in real:
            if grads[k] is None:
                raise CheckFailed(
                    f"{name}: vjp returned None for {labels[k]}, a floating-point array ({here})"
                )
            d = summed_to(as_array(grads[k]), arrays[k].shape)
            if d.shape != arrays[k].shape:
                raise CheckFailed(f"{name}: the gradient of {labels[k]} is {d.shape}, not {arrays[k].shape}")
            out[labels[k]] = d.ravel()[probes[k]]
        return out

    ours = probed(vjp)
    for against, (truth, rtol) in reference.items():
        for argument in truth:
            found = deviation(name, argument, ours[argument], truth[argument], here)
            if found.deviation > rtol:
                raise CheckFailed(
                    f"{name}: the gradient of {argument} disagrees with {against}: got {found.got:.8g}, needed "
                    f"{found.want:.8g}; relative deviation {plain(found.deviation)}, tolerance {plain(rtol)} ({here})"
                )
    mistakes = {
        "vjp × 1.001": {a: 1.001 * d for a, d in ours.items()},
        "zero": {a: 0 * d for a, d in ours.items()},
    }
    for title, variant in (wrong or {}).items():
        mistakes[title] = probed(answered(f"{name}, {title}", variant, arrays, options)[1])
    for title, grads in mistakes.items():
        for against, (truth, rtol) in reference.items():
            miss = max(deviation(name, a, grads[a], truth[a], here).deviation for a in truth)
            if not miss > MARGIN * rtol:
                raise CheckFailed(
                    f"{name}: the wrong variant {title!r} was not rejected by {against}: it misses by {plain(miss)}, "
                    f"more than {plain(MARGIN * rtol)} is needed ({here})"
                )
    compared = " and ".join(f"{against} (rtol {plain(rtol)})" for against, (_, rtol) in reference.items())
    says = f"vjp agrees with {compared}"
    text, html = rejected(list(mistakes))
    data = {"kind": "gradient", "id": name, "passed": True, "against": list(reference),
            "rtol": [plain(rtol) for _, rtol in reference.values()], "rejects": list(mistakes)}  # fmt: skip
    return Record(f"✓ {name} · {says}{text}", badge(name, says, kind="gradient", after=html), data)


def resolved(op) -> tuple[str, Callable]:
    """(name, function) of a primitive by name, of a public function made from one, or of any callable."""
    from gradbook.autodiff import PRIMITIVES

    if isinstance(op, str):
        if op not in PRIMITIVES:
            raise KeyError(
                f"check.gradient: there is no primitive {op!r}; there are {', '.join(sorted(PRIMITIVES))}"
            )
        return op, raw(PRIMITIVES[op])
    name = getattr(op, "__name__", type(op).__name__)
    if name in PRIMITIVES and str(getattr(op, "__module__", "")).startswith("gradbook"):
        return name, raw(PRIMITIVES[name])
    return name, op


def raw(entry) -> Callable:
    """The function (value, vjp) in an entry of the registry, which may be the function itself."""
    return entry if callable(entry) else next(getattr(entry, n) for n in ("forward", "function", "raw", "f"))


def answered(name, function, arrays, options):
    try:
        value, vjp = function(*arrays, **options)
        if callable(vjp):
            return value, vjp
    except (TypeError, ValueError) as error:
        if "unpack" not in str(error):
            raise
    raise TypeError(f"check.gradient {name}: the function does not return (value, vjp)")


def is_real(a) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def chosen(rng, size: int) -> np.ndarray:
    return np.arange(size) if size <= COORDINATES else np.sort(rng.choice(size, COORDINATES, replace=False))


def slope(function, arrays, options, g, k, coordinates) -> np.ndarray:
    """d<g, f>/dx at the coordinates of argument k: (8 (f₊ - f₋) - (f₊₊ - f₋₋)) / 12h, off by O(h⁴)."""
    x = np.asarray(arrays[k], float)
    h = STEP * max(1.0, float(np.abs(x).max(initial=0.0)))

    def at(index, shift):
        moved = x.copy()
        moved.flat[index] += shift
        return float(np.sum(g * function(*arrays[:k], moved, *arrays[k + 1 :], **options)[0]))

    return np.array(
        [(8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h) for i in coordinates]
    )


def torch_gradient(name, theirs, arrays, options, g, real):
    """{k: gradient} by torch.autograd, or None where torch or its function is missing."""
    if theirs is False or importlib.util.find_spec("torch") is None:
        return None
    import torch

    if theirs is None:
        theirs = getattr(torch.nn.functional, name, None) or getattr(torch, name, None)
        if theirs is None:
            return None
    tensors = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in arrays]
    for k in real:
        tensors[k].requires_grad_(True)
    out = theirs(*tensors, **options)
    grads = torch.autograd.grad(out, [tensors[k] for k in real], torch.tensor(g), allow_unused=True)
    return {k: np.zeros(arrays[k].shape) if d is None else d.numpy() for k, d in zip(real, grads)}


def summed_to(d: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting, as the tape does for operations that are declared as broadcasting."""
    if d.shape == shape or d.ndim < len(shape):
        return d
    d = d.sum(axis=tuple(range(d.ndim - len(shape))))
    wide = tuple(axis for axis, n in enumerate(shape) if n == 1 and d.shape[axis] != 1)
    return d.sum(axis=wide, keepdims=True) if wide else d


def deviation(name, argument, got, want, here):
    try:
        return compare(got, want)
    except NotComparable as reason:
        raise CheckFailed(f"{name}: the gradient of {argument} {reason} ({here})") from None

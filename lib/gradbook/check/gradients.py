"""check.gradient: a vjp against finite differences and torch.autograd, along a random cotangent.

Random, never ones: with ones the gradients of softmax and of the normalizations vanish, and a vjp that
returns zeros would pass. Two wrong variants come for free, 1.001 times the vjp and zero.
"""

import importlib.util
import zlib
from collections.abc import Callable, Mapping
from html import escape

import numpy as np

from gradbook.dtypes import sum_to

from .comparison import NotComparable, as_array, compare, describe, plain
from .equations import parameters
from .judgement import MARGIN
from .results import CheckFailed, Record, badge, rejected, shown

TOLERANCE = {"finite differences": 1e-7, "torch.autograd": 1e-10}
STEP = 1e-4
COORDINATES = 200  # of an array with more entries than this, so many are probed, drawn at random


@shown
def gradient(op, *arrays, wrong: Mapping[str, Callable] | None = None, torch=None, **options):
    """Check the vjp of op(*arrays, **options) -> (value, vjp), where vjp(g) is one gradient an array.

    op: the name of a primitive of gradbook, its public function, or any callable of that form.
    wrong: {name: callable of the same form}; each is rejected, as are 1.001 times the vjp and zero.
    torch: what to compare with; by default torch.nn.functional.<name> or torch.<name> where torch is
      installed, False for nothing. Arrays that are not floating-point (class indices) have no gradient.
    Raises CheckFailed, which names the argument, what was expected and what came.
    """
    name, function = resolved(op)
    arrays = [a.astype(float) if is_real(a) else a for a in arrays]
    real = [k for k, a in enumerate(arrays) if is_real(a)]
    if not real:
        raise TypeError(f"check.gradient {name}: none of the arguments is a floating-point array")
    names = parameters(function)
    names = [names[k] if k < len(names) else f"argument {k + 1}" for k in range(len(arrays))]
    here = f"(inputs: {describe(arrays, names)})"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    value, vjp = value_and_vjp(name, function, arrays, options)
    g = rng.standard_normal(np.shape(value))
    probes = {k: chosen(rng, arrays[k].size) for k in real}

    def probed(title, pullback):
        """The gradients by argument, of its shape, at the probes."""
        grads = pullback(g)
        grads = grads if isinstance(grads, (tuple, list)) else (grads,)
        if len(grads) <= max(real):
            raise CheckFailed(f"{title}: vjp gave {len(grads)} gradients of {len(arrays)} arguments {here}")
        try:
            shaped = {k: summed_to(as_array(grads[k]), arrays[k].shape) for k in real}
        except NotComparable as reason:
            raise CheckFailed(f"{title}: a gradient {reason} {here}") from None
        for k, d in shaped.items():
            if d.shape != arrays[k].shape:
                raise CheckFailed(f"{title}: the gradient of {names[k]} is {d.shape}, not {arrays[k].shape}")
        return {names[k]: d.ravel()[probes[k]] for k, d in shaped.items()}

    slopes = {names[k]: slope(function, arrays, options, g, k, probes[k]) for k in real}
    truths = {"finite differences": slopes}
    theirs = by_torch(name, torch, arrays, options, g, real)
    if theirs is not None:
        agree(name, {"value": value}, {"value": theirs[0]}, "torch", TOLERANCE["torch.autograd"], here)
        truths["torch.autograd"] = {names[k]: d.ravel()[probes[k]] for k, d in zip(real, theirs[1])}
    ours = probed(name, vjp)
    mistakes = {
        "1.001 × vjp": {a: 1.001 * d for a, d in ours.items()},
        "zero": {a: 0 * d for a, d in ours.items()},
    }
    for title, variant in (wrong or {}).items():
        full = f"{name}, the wrong variant {title!r}"
        mistakes[title] = probed(full, value_and_vjp(full, variant, arrays, options)[1])
    for against, truth in truths.items():
        agree(name, ours, truth, against, TOLERANCE[against], here)
        for title, grads in mistakes.items():
            disagree(name, title, grads, truth, against, MARGIN * TOLERANCE[against], here)
    compared = " and ".join(f"{against} (rtol {plain(TOLERANCE[against])})" for against in truths)
    says = f"vjp agrees with {compared}"
    text, html = rejected(list(mistakes))
    data = {
        "kind": "gradient", "id": name, "passed": True, "against": list(truths),
        "rtol": [plain(TOLERANCE[against]) for against in truths], "rejects": list(mistakes),
    }  # fmt: skip
    line = badge(name, escape(says) + html, kind="gradient", id=f"check-gradient-{name}")
    return Record(f"✓ {name} · {says}{text}", line, data)


def agree(name, ours, truth, against, rtol, here) -> None:
    """Raise CheckFailed unless ours equals truth, argument by argument."""
    for argument, reference in truth.items():
        what = "the value" if argument == "value" else f"the gradient of {argument}"
        try:
            found = compare(ours[argument], reference)
        except NotComparable as reason:
            raise CheckFailed(f"{name}: {what} {reason} {here}") from None
        if found.deviation > rtol:
            raise CheckFailed(
                f"{name}: {what} disagrees with {against}: got {found.got:.8g}, needed {found.want:.8g}; "
                f"relative deviation {plain(found.deviation)}, tolerance {plain(rtol)} {here}"
            )


def disagree(name, title, grads, truth, against, needed, here) -> None:
    """Raise CheckFailed unless grads are finite and miss the truth by more than `needed` in some argument."""
    try:
        miss = max(compare(grads[a], reference).deviation for a, reference in truth.items())
    except NotComparable as reason:
        raise CheckFailed(f"{name}: the wrong variant {title!r} {reason} {here}") from None
    if not miss > needed:
        raise CheckFailed(
            f"{name}: the wrong variant {title!r} was not rejected by {against}: it misses by {plain(miss)}, "
            f"and more than {plain(needed)} is needed {here}"
        )


def resolved(op) -> tuple[str, Callable]:
    """(name, callable that returns (value, vjp)) for whatever check.gradient accepts as op."""
    from gradbook.autodiff import PRIMITIVES

    if isinstance(op, str):
        if op not in PRIMITIVES:
            known = ", ".join(sorted(PRIMITIVES)) or "none: import the module that defines them"
            raise KeyError(f"check.gradient: there is no primitive {op!r}; there are {known}")
        return op, PRIMITIVES[op]
    raw = getattr(op, "__wrapped__", None)
    if raw is not None and raw in PRIMITIVES.values():
        return raw.__name__, raw
    if not callable(op):
        raise TypeError(f"check.gradient: op must be a name or a callable, got {type(op).__name__}")
    return getattr(op, "__name__", type(op).__name__), op


def value_and_vjp(name, function, arrays, options):
    """What the function returns; a vjp called with g alone gives every gradient."""
    result = function(*arrays, **options)
    if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
        raise TypeError(f"check.gradient {name}: the function must return (value, vjp)")
    return result


def is_real(a) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def chosen(rng, size: int) -> np.ndarray:
    if size <= COORDINATES:
        return np.arange(size)
    return np.sort(rng.choice(size, COORDINATES, replace=False))


def slope(function, arrays, options, g, k, coordinates) -> np.ndarray:
    """d<g, f>/dx at entries of argument k, as (8 (f₊ - f₋) - (f₊₊ - f₋₋)) / 12h, exact up to O(h⁴)."""
    h = STEP * max(1.0, float(np.abs(arrays[k]).max(initial=0.0)))

    def at(index, shift):
        moved = arrays[k].copy()
        moved.flat[index] += shift
        return float(np.sum(g * function(*arrays[:k], moved, *arrays[k + 1 :], **options)[0]))

    return np.array(
        [(8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h) for i in coordinates]
    )


def by_torch(name, theirs, arrays, options, g, real):
    """(value, gradients) by torch.autograd, or None where torch or the function is missing."""
    if theirs is False or importlib.util.find_spec("torch") is None:
        return None
    import torch

    theirs = theirs or getattr(torch.nn.functional, name, None) or getattr(torch, name, None)
    if theirs is None:
        return None
    tensors = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in arrays]
    for k in real:
        tensors[k].requires_grad_(True)
    out = theirs(*tensors, **options)
    grads = torch.autograd.grad(out, [tensors[k] for k in real], torch.tensor(g), materialize_grads=True)
    return out.detach().numpy(), [d.numpy() for d in grads]


def summed_to(d: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting, as the tape does for primitives that broadcast; the caller refuses a misfit."""
    return d if d.shape == shape or d.ndim < len(shape) else sum_to(d, shape)

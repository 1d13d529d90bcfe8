"""Receptive fields: which pixels an output sees, in principle and in effect.

Along one axis, output i of a layer of kernel k, stride s and dilation d, with p numbers of padding before the
first, reads the inputs is - p, is - p + d, ..., is - p + (k-1)d. Through several layers, output i sees of the
pixels 0, 1, ... those from -P + iS to -P + iS + R - 1, where from R = S = 1, P = 0 each layer makes

    R <- R + (k-1) d S,    P <- P + p S,    S <- s S.

Padding moves the field and does not enlarge it. Holes in it, left by stride or dilation, are counted.
Source: Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

import numpy as np

from .arguments import numbers, real, several, whole
from .autodiff import vjp
from .convolution import output_size
from .dtypes import get_default_dtype


@dataclass(frozen=True)
class Layer:
    """A convolution or pooling along one axis. Raises TypeError, ValueError for what cannot be a layer.

    padding: a number, on either side; (before, after); "valid", none; or TensorFlow's "same", which makes n
    numbers ⌈n/stride⌉, and puts the odd one after. Unlike torch: there "same" needs stride 1.
    """

    kernel: int
    stride: int = 1
    padding: int | tuple[int, int] | str = 0
    dilation: int = 1

    def __post_init__(self):
        for name in ("kernel", "stride", "dilation"):
            whole(f"Layer: {name}", getattr(self, name), 1)
        sides = (0, 0) if self._same() else self._sides()
        if isinstance(sides, str) or len(sides) != 2:
            raise ValueError(f"Layer: padding {sides!r} is not a number, (before, after), 'same' or 'valid'")
        for n in sides:
            whole("Layer: padding", n)

    def _same(self):
        return isinstance(self.padding, str) and self.padding == "same"

    def _sides(self):
        p = 0 if isinstance(self.padding, str) and self.padding == "valid" else self.padding
        return p if isinstance(p, (tuple, list, str)) else (p, p)

    def on(self, n=None):
        """(padding before the first number, outputs) for n numbers; None for what needs an n not known."""
        if n is not None:
            whole("Layer.on: n", n, 1)
        if not self._same():
            sides = self._sides()
            return sides[0], n and output_size(n, self.kernel, self.stride, sides, self.dilation)
        places = (1, self.stride) if n is None else ((n - 1) % self.stride + 1,)
        # the last window begins so many places before the end, and what it lacks is added, half of it before
        halves = {max(self.dilation * (self.kernel - 1) + 1 - place, 0) // 2 for place in places}
        return halves.pop() if len(halves) == 1 else None, n and -(-n // self.stride)


@dataclass(frozen=True)
class ReceptiveField:
    """size R, stride S and padding P, in pixels: output i sees the pixels -P + iS ... -P + iS + R - 1.

    padding: None where "same" makes it depend on an input_size that was not given. outputs: how many there
    are, None without input_size. trace: the fields on the way; a tuple, or for a graph {name: field}.
    """

    size: int = 1
    stride: int = 1
    padding: int | None = 0
    outputs: int | None = None
    trace: tuple | dict = field(default=(), repr=False, compare=False)

    def __post_init__(self):
        for name, least in (("size", 1), ("stride", 1), ("padding", 0), ("outputs", 1)):
            value = getattr(self, name)
            if value is not None or name in ("size", "stride"):
                whole(f"ReceptiveField: {name}", value, least)

    def region(self, i):
        """(first, last) pixel that output i, a number or array, sees. Either may lie outside the image."""
        if self.padding is None:
            raise ValueError("region: the padding depends on the size of the image; give input_size")
        i = i if isinstance(i, int) else numbers("region: i", i, dtype=None)
        first = i * self.stride - self.padding
        return first, first + self.size - 1

    def through(self, layer, where="through: layer"):
        """The field of what a layer makes of the outputs that have this field."""
        if not isinstance(layer, Layer):
            raise TypeError(f"{where} is {layer!r}, a Layer is needed")
        before, n = layer.on(self.outputs)
        if n is not None and n < 1:
            raise ValueError(f"{where}: an input of {self.outputs} is too short for {layer}")
        padding = None if None in (self.padding, before) else self.padding + before * self.stride
        reach = layer.dilation * (layer.kernel - 1)
        return ReceptiveField(self.size + reach * self.stride, self.stride * layer.stride, padding, n)


def receptive_field(layers, input_size=None):
    """R = 1 + Σ_l (k_l - 1) d_l S_{l-1} and P = Σ_l p_l S_{l-1}, where S_l = s_1 ... s_l; a ReceptiveField.

    layers: Layers, the first of which reads the image. input_size: the image's length in pixels, needed for
    the padding where some layer's "same" depends on it. .trace: the L + 1 fields, the image's first.
    Raises TypeError for what is not a Layer, ValueError for an image that is too short.
    """
    trace = [_image(input_size, "receptive_field")]
    for k, layer in enumerate(several("receptive_field: layers", layers, least=0)):
        trace.append(trace[-1].through(layer, f"receptive_field: layer {k}"))
    return replace(trace[-1], trace=tuple(trace))


def receptive_field_of_graph(nodes, output, input_size=None):
    """The receptive field of a node over all paths from the image to it; .trace has those of all its nodes.

    nodes: {name: (Layer, "its input")} or {name: ("merge", ["a", "b", ...])}, a sum or a concatenation. The
    image is "x". Of the branches that meet, the widest holds the others, as their centers must align.
    Where a padding depends on an input_size that was not given, centers are not compared.
    Raises ValueError for branches of unequal stride, center or length, for unknown names and for circles.
    Source: Araujo, Norris & Sim 2019, on arbitrary computation graphs.
    """
    where = "receptive_field_of_graph"
    sources, wanted, fields = {"x": []}, [output], {"x": _image(input_size, where)}
    if not isinstance(nodes, dict) or not isinstance(output, str):
        raise TypeError(f"{where}: {{name: (Layer, input)}} and a name are needed, not {nodes!r}, {output!r}")
    if "x" in nodes:
        raise ValueError(f"{where}: 'x' is the image, another name is needed for the node")
    while wanted:                                                   # what leads to the output, and from where
        name = wanted.pop()
        if name in sources:
            continue
        if name not in nodes:
            raise ValueError(f"{where}: {name!r} is not among {['x', *nodes]}")
        match nodes[name]:
            case (Layer(), str(source)):
                sources[name] = [source]
            case ("merge", [_, *_] as several):
                sources[name] = several
            case node:
                raise TypeError(f"{where}: {name!r} is {node!r}, but (Layer, input) or ('merge', inputs) "
                                "is needed")
        wanted += sources[name]
    try:
        order = list(TopologicalSorter(sources).static_order())
    except CycleError as error:
        raise ValueError(f"{where}: {' -> '.join(error.args[1])} is a circle") from None
    for name in order[1:]:
        what, inputs = nodes[name][0], {source: fields[source] for source in sources[name]}
        fields[name] = (_merged(inputs, f"{where}: {name!r}") if what == "merge"
                        else fields[sources[name][0]].through(what, f"{where}: {name!r}"))
    return replace(fields[output], trace=fields)


def _image(input_size, where):
    if input_size is not None:
        whole(f"{where}: input_size", input_size, 1)
    return ReceptiveField(outputs=input_size)


def _merged(branches, where):
    """The field that holds those of all branches."""
    known = all(f.padding is not None for f in branches.values())
    for what, of in {"strides": lambda f: f.stride, "lengths": lambda f: f.outputs,
                     "centers": lambda f: known and sum(f.region(0)) / 2}.items():
        values = {name: of(f) for name, f in branches.items()}
        if len(set(values.values())) > 1:
            raise ValueError(f"{where} merges branches whose {what} differ: {values}")
    widest = max(branches.values(), key=lambda f: f.size)
    return widest if known else replace(widest, padding=None)


def effective_receptive_field(function, input_shape, samples=32, power=1, *, rng=None):
    """How much each pixel counts: E |∂y/∂x_j|^power, y the central output; scaled to the sum 1 over pixels.

    function: makes of x (N, C, ...) a y (N, K, ...), such as a module in eval mode. input_shape: (C, ...).
    The mean is over standard normal x, its channels, and random signs with which y's K channels are added.
    Returns an array of shape input_shape[1:]. Raises ValueError if no pixel counts.
    Source: Luo, Li, Urtasun & Zemel 2016, "Understanding the Effective Receptive Field in Deep CNNs".
    """
    power = real("effective_receptive_field: power", power, "(0, inf)")
    shape = [whole("effective_receptive_field: samples", samples, 1)]
    shape += [whole("effective_receptive_field: a length of input_shape", n, 1)
              for n in several("effective_receptive_field: input_shape", input_shape)]
    rng = np.random.default_rng() if rng is None else rng
    x = rng.normal(size=shape).astype(get_default_dtype())
    y, pullback = vjp(function, x)
    if y.ndim < 3 or len(y) != samples:
        raise ValueError(f"effective_receptive_field: {x.shape} became {y.shape}, (N, K, ...) is needed")
    g = np.zeros_like(y)
    g[(slice(None), slice(None), *(n // 2 for n in y.shape[2:]))] = rng.choice((-1, 1), size=y.shape[:2])
    weights = (np.abs(pullback(g)[0]) ** power).mean(axis=(0, 1))
    if not weights.sum() > 0:
        raise ValueError("effective_receptive_field: the central output depends on no pixel")
    return weights / weights.sum()


def pixels_holding(weights, share=0.95):
    """The least number of pixels that together hold this share of the weight."""
    share = real("pixels_holding: share", share, "(0, 1]")
    weights = numbers("pixels_holding: weights", weights, finite=True)
    if not (weights.size and weights.min() >= 0 and weights.any()):
        raise ValueError("pixels_holding: weights of at least 0 are needed, and one of more")
    held = np.cumsum(np.sort(weights.ravel())[::-1])
    return int(np.searchsorted(held, share * held[-1] * (1 - 1e-12))) + 1     # 1e-12: rounding in the sum

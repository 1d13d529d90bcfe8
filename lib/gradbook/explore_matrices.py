"""Marks of matrices and graphs, one function each: cells image contour graph.

A mistake in a declaration raises at the line that made it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .explore_mark import Mark, Need, color_of, domain_of, format_of, matrix_of, series_of, sets_of

SCALES = ("blue", "green", "grey", "diverging")


def cells(z, x0=0, y0=0, dx=1, dy=1, scale="blue", domain=None, format=None, show=False, sets=None) -> Mark:
    """A matrix as coloured cells; row 0 lies at y0, column 0 at x0 (their centres), dx and dy apart.

    z: a key whose value has shape (rows, columns), or such an array; NaN leaves a cell empty. scale: blue,
    green or grey from the paper's colour to full over domain (default 0 … 1), or diverging over −1 … 1:
    vermilion with a minus below zero, blue above. format: the value is told while the pointer is on its cell;
    with show=True it stands in the cell. sets: the name of a control with a value for each cell, row by row,
    or a pair of names, (control of the row, control of the column), either None: pointing at a cell moves it.
    """
    if scale not in SCALES:
        raise ValueError(f"cells: scale {scale!r} is not one of {', '.join(SCALES)}")
    low, high = domain_of("cells", (-1, 1) if domain is None and scale == "diverging" else domain or (0, 1))
    if scale == "diverging" and low != -high:
        raise ValueError(f"cells: a diverging scale has zero in its middle, unlike the domain {domain!r}")
    if show and format is None:
        raise ValueError("cells: show=True writes the values, so a format is needed, '.2f' say")
    if not dx or not dy:
        raise ValueError(f"cells: dx {dx!r} and dy {dy!r} are the distances between cells, not zero")
    needs = [Need("z", "matrix", matrix_of("cells", z), "", (low, high))]
    if format is not None:
        needs.append(Need("told", "told", needs[0].source, "", format_of("cells", format)))
    return Mark("cells", needs, x0=float(x0), y0=float(y0), dx=float(dx), dy=float(dy), scale=scale,
                domain=[low, high], show=bool(show), **sets_of("cells", sets))  # fmt: skip


def image(z, extent=None, domain=(0, 1)) -> Mark:
    """An array drawn as pixels: (rows, columns) as greys, black to white over domain, or (rows, columns, 3).

    extent: (left, right, bottom, top) in units of the axes, None for the whole picture. Row 0 is at the top.
    Stored with 256 levels.
    """
    box = None if extent is None else list(np.ravel(extent).astype(float))
    if box is not None and (len(box) != 4 or box[0] == box[1] or box[2] == box[3]):
        raise ValueError(f"image: extent {extent!r} is not (left, right, bottom, top)")
    return Mark(
        "image", [Need("z", "pixels", matrix_of("image", z, 3), "", domain_of("image", domain))], extent=box
    )


def contour(z, x, y, levels=10, color="soft", fill=False, width=1) -> Mark:
    """Lines on which z is constant, found in Python. z: a key or an array of shape (len(y), len(x)).

    x, y: the coordinates of columns and rows, rising or falling. levels: the values, or how many, evenly
    between the ends of z (numbers are needed when z is a key). fill: shade what lies below each line, so that
    valleys are darker.
    """
    x, y = (np.asarray(v, float) for v in (x, y))
    for name, v in (("x", x), ("y", y)):
        if v.ndim != 1 or v.size < 2 or not ((np.diff(v) > 0).all() or (np.diff(v) < 0).all()):
            raise ValueError(f"contour: {name} is not a list of rising or falling coordinates")
    z = matrix_of("contour", z)
    if not isinstance(z, str) and z.shape != (len(y), len(x)):
        raise ValueError(f"contour: z has shape {z.shape}, the coordinates make it ({len(y)}, {len(x)})")
    if isinstance(levels, (int, np.integer)):
        if isinstance(z, str) or levels < 1:
            raise ValueError(f"contour: levels={levels!r}; when z is a key the levels must be listed")
        levels = np.linspace(np.nanmin(z), np.nanmax(z), int(levels) + 2)[1:-1]
    levels = np.asarray(levels, float)
    if levels.ndim != 1 or not levels.size or not np.isfinite(levels).all():
        raise ValueError(f"contour: levels {levels!r} are not a list of numbers")
    need = Need("z", "contour", z, "", (x, y, np.sort(levels), bool(fill)))
    return Mark("contour", [need], color=color_of("contour", color), fill=bool(fill), width=float(width))


def graph(nodes, edges, values=None, gradients=None, format=".2f", active=None) -> Mark:
    """A computational graph: boxes, arrows between them, forward values above the arrows, gradients below.

    nodes: {name: (x, y)} or {name: (x, y, what stands in the box)}. edges: pairs of names; a pair
    (name, None) is an arrow that leaves the graph to the right. values, gradients: a key, or a list, of one
    number or text for each edge, in order; NaN and "" stay empty. active: a key or number, the position in
    nodes of the box that is marked (NaN: none).
    """
    if not isinstance(nodes, Mapping) or not all(np.size(spot) in (2, 3) for spot in nodes.values()):
        raise ValueError("graph: nodes is a dict {name: (x, y)} or {name: (x, y, text)}")
    format_of("graph", format)
    if not edges:
        raise ValueError("graph: there are no edges")
    names, boxes = list(nodes), [tuple(spot) for spot in nodes.values()]
    pairs = []
    for edge in edges:
        if len(tuple(edge)) != 2 or edge[0] not in nodes or not (edge[1] is None or edge[1] in nodes):
            raise ValueError(f"graph: the edge {edge!r} does not join two of the nodes {', '.join(names)}")
        pairs.append([names.index(edge[0]), -1 if edge[1] is None else names.index(edge[1])])
    needs = [Need(field, "told", list(v) if not isinstance(v, str) else v, "", format)
             for field, v in (("values", values), ("gradients", gradients)) if v is not None]  # fmt: skip
    if active is not None:
        needs.append(Need("active", "number", series_of("graph", "active", active)))
    return Mark("graph", needs, edges=pairs, nodes=[[float(x), float(y), str(word[0] if word else name)]
                for name, (x, y, *word) in zip(names, boxes)])  # fmt: skip

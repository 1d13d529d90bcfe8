"""Contour lines by marching squares: where z, given on a grid and bilinear between, equals a level.

Each square of four neighbours is crossed by no, one or two straight pieces; the pieces are joined to lines. A
saddle, whose opposite corners agree, is decided by the mean of its corners. Lorensen & Cline 1987 do the same
with cubes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

NEAR = 0.15  # px: a point is left out when the line stays as near as this without it

# The sides that a piece joins, by which corners lie above: corner 0 (row, column), 1 (row, column + 1),
# 2 (row + 1, column + 1), 3 (row + 1, column); side k joins corner k with the next one.
SIDES = {1: [(3, 0)], 2: [(0, 1)], 3: [(3, 1)], 4: [(1, 2)], 6: [(0, 2)], 7: [(3, 2)]}
SIDES |= {15 - case: pieces for case, pieces in SIDES.items()}
SADDLES = {5: ([(3, 0), (1, 2)], [(0, 1), (2, 3)]), 10: ([(0, 1), (2, 3)], [(3, 0), (1, 2)])}


def level_lines(z: np.ndarray, level: float) -> list[np.ndarray]:
    """The lines z = level as arrays of (row, column); closed ones end where they begin. z: (rows, columns).

    Squares with a NaN corner are left out.
    """
    above = z > level
    joined: dict[tuple, list[tuple]] = {}  # point: its one or two neighbours; a point is a side of a square
    corners = np.stack([above[:-1, :-1], above[:-1, 1:], above[1:, 1:], above[1:, :-1]])
    case = (corners * np.array([1, 2, 4, 8])[:, None, None]).sum(0)
    mean = (z[:-1, :-1] + z[:-1, 1:] + z[1:, 1:] + z[1:, :-1]) / 4
    for i, j in zip(*np.nonzero((case > 0) & (case < 15) & np.isfinite(mean))):
        k = int(case[i, j])
        pieces = SIDES[k] if k in SIDES else SADDLES[k][int(mean[i, j] > level)]
        sides = ((i, j, 0), (i, j + 1, 1), (i + 1, j, 0), (i, j, 1))  # (row, column, 0 along a row, 1 down)
        for a, b in pieces:
            joined.setdefault(sides[a], []).append(sides[b])
            joined.setdefault(sides[b], []).append(sides[a])
    lines = []
    ends = [point for point, near in joined.items() if len(near) == 1]
    for first in [*ends, *joined]:
        if joined.get(first):
            lines.append(np.array([_crossing(z, level, point) for point in _walk(joined, first)]))
    return lines


def _walk(joined: dict[tuple, list[tuple]], first: tuple) -> list[tuple]:
    """The points from first on, taking each piece away as it is passed."""
    line = [first]
    while near := joined[line[-1]]:
        after = near.pop()
        joined[after].remove(line[-1])
        line.append(after)
    return line


def _crossing(z: np.ndarray, level: float, side: tuple[int, int, int]) -> tuple[float, float]:
    """Where the level lies on the side between two neighbouring grid points."""
    i, j, down = side
    a, b = z[i, j], z[(i + 1, j) if down else (i, j + 1)]
    share = (level - a) / (b - a)
    return (i + share, j) if down else (i, j + share)


def contours(
    key: str,
    z: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    levels: np.ndarray,
    fill: bool,
    view: Mapping[str, Any],
) -> dict[str, np.ndarray]:
    """All lines, level after level: key~x, key~y with NaN behind each line; key~n: the points of each level.

    fill: the lines become the borders of z < level, closed outside the edge of the grid.
    """
    if fill:  # a rim that lies higher than all levels closes every line, a little outside the grid
        z = np.pad(z, 1, constant_values=max(np.nanmax(z), levels[-1]) + np.ptp(levels) + 1.0)
        x, y = (np.concatenate([[2 * v[0] - v[1]], v, [2 * v[-1] - v[-2]]]) for v in (x, y))
    scale = [_pixels(view[name], extent) for name, extent in (("x", 600), ("y", view["height"]))]
    xs, ys, counts = [], [], []
    for level in levels:
        before = len(xs)
        for line in level_lines(z, level):
            across, down = _between(x, line[:, 1], view["x"]), _between(y, line[:, 0], view["y"])
            kept = _thinned(np.column_stack([scale[0](across), scale[1](down)]))
            xs += [*across[kept], np.nan]
            ys += [*down[kept], np.nan]
        counts.append(len(xs) - before)
    return {f"{key}~x": np.array(xs), f"{key}~y": np.array(ys), f"{key}~n": np.array(counts)}


def _between(grid: np.ndarray, place: np.ndarray, axis: Mapping[str, Any]) -> np.ndarray:
    """The coordinate at a place between two grid points, straight as the axis shows it."""
    index = np.arange(len(grid))
    if axis["scale"] == "log":
        return 10 ** np.interp(place, index, np.log10(np.maximum(grid, 1e-300)))
    return np.interp(place, index, grid)


def _pixels(axis: Mapping[str, Any], extent: float):
    log = np.log if axis["scale"] == "log" else np.asarray
    low, high = (log(v) for v in axis["domain"])
    return lambda values: extent * (log(values) - low) / (high - low)


def _thinned(line: np.ndarray) -> list[int]:
    """Positions of the points that a line within NEAR of all of them needs (Douglas & Peucker 1973)."""
    kept, open_ = {0, len(line) - 1}, [(0, len(line) - 1)]
    while open_:
        first, last = open_.pop()
        if last - first < 2:
            continue
        way, inner = line[last] - line[first], line[first + 1 : last] - line[first]
        long = np.hypot(*way)
        far = np.abs(inner @ [-way[1], way[0]]) / long if long > 1e-9 else np.hypot(*inner.T)
        worst = int(far.argmax())
        if far[worst] > NEAR:
            middle = first + 1 + worst
            kept.add(middle)
            open_ += [(first, middle), (middle, last)]
    return sorted(kept)

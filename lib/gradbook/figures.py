"""The book's figures: one palette with fixed meanings, one matplotlib style, labels at the lines.

COLORS is the one source of the palette and needs no matplotlib. Forward values are blue and solid, gradients vermilion
and dashed, what is being varied green and thick, wrong variants grey and thin; the mark beside the colour carries the
meaning for those who do not see it. A figure is made by `subplots` and is the last expression of its cell; it does not
pass through pyplot, so it is shown once.
"""
from __future__ import annotations

import contextlib
import sys

__all__ = ["COLORS", "band", "color", "label_ends", "label_line", "mark_line", "series", "subplots", "use"]

COLORS: dict[str, tuple[str, str]] = {  # name: (on white paper, on dark paper)
    "ink": ("#1f2328", "#e6e6e6"),
    "soft": ("#57606a", "#a8b0ba"),
    "rule": ("#d8dce0", "#3a4149"),
    "paper": ("#ffffff", "#14181d"),
    "forward": ("#0068a8", "#6cb8f0"),
    "gradient": ("#bf4800", "#ff9466"),
    "varied": ("#007a5a", "#45d0a2"),
    "wrong": ("#6e6e6e", "#a0a0a0"),
    "fifth": ("#8a4f9e", "#cf9fe4"),
    "sixth": ("#7d5a00", "#e3b341"),
}

STYLES: dict[str, dict] = {  # what stands beside the colour: dashes, marker, width
    "forward": {"linestyle": "-", "marker": "o", "linewidth": 1.8},
    "gradient": {"linestyle": (0, (6, 3)), "marker": "s", "linewidth": 1.8},
    "varied": {"linestyle": "-", "marker": "^", "linewidth": 3.0},
    "wrong": {"linestyle": "-", "marker": "x", "linewidth": 1.0},
    "fifth": {"linestyle": (0, (6, 2, 1, 2)), "marker": "D", "linewidth": 1.8},
    "sixth": {"linestyle": (0, (2, 2)), "marker": "v", "linewidth": 1.8},
    "soft": {"linestyle": (0, (1, 2)), "marker": ".", "linewidth": 1.2},
    "ink": {"linestyle": "-", "marker": "o", "linewidth": 1.4},
}

WIDTH, HEIGHT = 6.4, 3.2  # inches: the text column


def color(name: str) -> str:
    """The hex value on white paper of a colour of the palette; the page swaps in the dark one."""
    if name not in COLORS:
        raise ValueError(f"figures.color: {name!r} is none of {', '.join(COLORS)}")
    return COLORS[name][0]


def style() -> dict:
    """The rcParams of the book."""
    ink, soft, rule, paper = (color(name) for name in ("ink", "soft", "rule", "paper"))
    return {
        "figure.figsize": (WIDTH, HEIGHT), "figure.facecolor": paper, "figure.dpi": 100, "savefig.facecolor": paper,
        "figure.constrained_layout.use": True,
        "svg.fonttype": "none", "svg.hashsalt": "gradbook",
        # No file is called system-ui: the page's face is the system's, the layout is measured with DejaVu everywhere.
        "font.family": ["sans-serif"], "font.sans-serif": ["system-ui", "DejaVu Sans"], "font.size": 10,
        "mathtext.fontset": "dejavusans", "axes.unicode_minus": True,
        "text.color": ink, "axes.labelcolor": soft, "axes.titlecolor": ink, "axes.titlesize": 10.5,
        "axes.titlelocation": "left", "axes.titleweight": "normal", "axes.titlepad": 8, "axes.labelsize": 10,
        "axes.facecolor": "none", "axes.edgecolor": soft, "axes.linewidth": 0.8,
        "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
        "axes.grid": False, "grid.color": rule, "grid.linewidth": 0.8,
        "xtick.color": soft, "ytick.color": soft, "xtick.labelsize": 9, "ytick.labelsize": 9,
        "xtick.major.size": 3, "ytick.major.size": 3, "xtick.minor.visible": False, "ytick.minor.visible": False,
        "lines.linewidth": 1.8, "lines.markersize": 4.5, "lines.solid_capstyle": "round",
        "legend.frameon": False, "hatch.color": soft, "patch.edgecolor": paper,
    }  # fmt: skip


def use() -> None:
    """Set the book's style for every figure that follows; in a notebook figures become SVG, the same in every run."""
    import matplotlib

    matplotlib.rcParams.update(style())
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        with contextlib.suppress(ImportError):
            from matplotlib_inline.backend_inline import set_matplotlib_formats

            # neither a date nor a version: the figure depends on its data only
            set_matplotlib_formats("svg", bbox_inches=None, metadata={"Date": None, "Creator": None})


def subplots(rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float | None = None, **options):
    """(figure, axes) in the book's style; height: inches, by default 3.2 for the first row and 2.4 for each further one."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(style()):
        figure = Figure(figsize=(width, HEIGHT + 2.4 * (rows - 1) if height is None else height))
        return figure, figure.subplots(rows, columns, **options)


def series(meaning: str, *, marker: bool = False, **changes) -> dict:
    """Keywords for ax.plot by meaning: ax.plot(t, v, **series("forward")). marker: draw the points as well."""
    if meaning not in STYLES:
        raise ValueError(f"figures.series: {meaning!r} is none of {', '.join(STYLES)}")
    return {"color": color(meaning), **STYLES[meaning], **({} if marker else {"marker": ""}), **changes}


def label_line(ax, x: float, y: float, text: str, meaning: str = "ink", *, dx: float = 5, dy: float = 0, **options):
    """Write text beside the point (x, y) of a line, in the line's colour; dx, dy: points. Returns the annotation."""
    options = {"ha": "left" if dx >= 0 else "right", "va": "center", "fontsize": 9.5, **options}
    name = color(meaning) if meaning in COLORS else meaning
    return ax.annotate(
        text, (x, y), xytext=(dx, dy), textcoords="offset points", color=name, annotation_clip=False, **options
    )


def label_ends(ax, *, gap: float = 12, dx: float = 5, **options) -> None:
    """Label every line that has a label at its right end; labels closer than `gap` points are moved apart.

    Call it last: where the labels go depends on the final limits of the axes.
    """
    lines = [line for line in ax.get_lines() if not line.get_label().startswith("_") and len(line.get_xdata())]
    if not lines:
        return
    ax.figure.draw_without_rendering()
    points = 72 / ax.figure.dpi
    low, high = ax.get_window_extent().y0 * points, ax.get_window_extent().y1 * points
    ends = []
    for line in lines:
        x, y = finite_end(line)
        ends.append([min(max(ax.transData.transform((x, y))[1] * points, low), high), x, y, line])
    ends.sort(key=lambda end: end[0])
    heights = spread([end[0] for end in ends], gap)
    for (here, x, y, line), there in zip(ends, heights):
        label_line(ax, x, y, line.get_label(), line.get_color(), dx=dx, dy=there - here, **options)


def finite_end(line) -> tuple[float, float]:
    import numpy as np

    x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    last = np.flatnonzero(np.isfinite(x) & np.isfinite(y))[-1]
    return float(x[last]), float(y[last])


def spread(heights: list[float], gap: float) -> list[float]:
    """Heights (ascending) moved as little as possible until neighbours are `gap` apart: clusters share their mean."""
    clusters = [[h, 1] for h in heights]  # [centre, number of labels]
    k = 0
    while k < len(clusters) - 1:
        (a, n), (b, m) = clusters[k], clusters[k + 1]
        if b - a < gap * (n + m) / 2 - 1e-9:
            clusters[k : k + 2] = [[(a * n + b * m) / (n + m), n + m]]
            k = max(k - 1, 0)
        else:
            k += 1
    return [centre + gap * (j - (n - 1) / 2) for centre, n in clusters for j in range(n)]


def mark_line(ax, *, x: float | None = None, y: float | None = None, text: str = "", meaning: str = "soft") -> None:
    """A thin rule across the axes at x or at y, with its label at the rule's end."""
    thin = {"color": color(meaning), "linewidth": 0.9, "linestyle": STYLES.get(meaning, STYLES["soft"])["linestyle"]}
    if (x is None) == (y is None):
        raise ValueError(f"figures.mark_line: exactly one of x and y is needed, got x={x}, y={y}")
    if x is not None:
        ax.axvline(x, zorder=0, **thin)
        place, offset, ha, va = (x, 1), (3, -2), "left", "top"
        coordinates = ax.get_xaxis_transform()
    else:
        ax.axhline(y, zorder=0, **thin)
        place, offset, ha, va = (1, y), (-2, 3), "right", "bottom"
        coordinates = ax.get_yaxis_transform()
    if text:
        ax.annotate(text, place, xycoords=coordinates, xytext=offset, textcoords="offset points",
                    color=color(meaning), fontsize=9, ha=ha, va=va)  # fmt: skip


def band(ax, x, low, high, meaning: str = "forward", **options):
    """The region between low and high: an interval around a line of the same meaning."""
    return ax.fill_between(x, low, high, color=color(meaning), alpha=0.16, linewidth=0, **options)

"""The book's figures: one palette with fixed meanings, one matplotlib style, labels at the lines.

COLORS is the one source of the palette and needs no matplotlib. Forward values are blue and solid, gradients
vermilion and dashed, what is being varied green and thick, wrong variants grey and thin: dashes, marker and
width carry the meaning for those who do not see the colour.

    figures.use()                                       # once, in the first cell
    fig, ax = figures.subplots()
    ax.plot(t, v, label="corrected", **figures.series("forward"))
    figures.label_ends(ax)
    fig                                                 # the last expression of the cell

A figure does not pass through pyplot, so it is shown once, where the cell ends with it.
"""

import contextlib
import io
import sys

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

STYLES: dict[str, dict] = {  # what stands beside the colour
    "forward": {"linestyle": "-", "marker": "o", "linewidth": 1.8},
    "gradient": {"linestyle": (0, (6, 3)), "marker": "s", "linewidth": 1.8},
    "varied": {"linestyle": "-", "marker": "^", "linewidth": 3.0},
    "wrong": {"linestyle": "-", "marker": "x", "linewidth": 1.0},
    "fifth": {"linestyle": (0, (6, 2, 1, 2)), "marker": "D", "linewidth": 1.8},
    "sixth": {"linestyle": (0, (2, 2)), "marker": "v", "linewidth": 1.8},
    "soft": {"linestyle": (0, (1, 2)), "marker": ".", "linewidth": 1.2},
    "ink": {"linestyle": "-", "marker": "o", "linewidth": 1.4},
}

WIDTH, HEIGHT = 6.4, 3.2  # inches; the width of the text column
_SAME_IN_EVERY_RUN = {"metadata": {"Date": None, "Creator": None}, "bbox_inches": None}


def color(name: str) -> str:
    """The hex value on white paper of a colour of the palette; the page puts the dark one in its place."""
    if name not in COLORS:
        raise ValueError(f"figures.color: {name!r} is none of {', '.join(COLORS)}")
    return COLORS[name][0]


INKS = {"soft": (0.46, 0.52, 0.58), "forward": (0.16, 0.54, 0.82)}  # seen on white paper and on dark


def inked(picture, color: str = "soft"):
    """(h, w) of values from 0 to 1 -> (h, w, 4) for imshow: the more of a colour, the larger the value.

    Pixels cannot change with the page's theme as lines do; so there is no ground, and the colour is one for
    both. NaN is left empty. color: "soft" or "forward".
    """
    import numpy as np

    if color not in INKS:
        raise ValueError(f"figures.inked: {color!r} is none of {', '.join(INKS)}")
    picture = np.asarray(picture, float)
    if picture.ndim != 2 or not (np.isnan(picture) | (picture >= 0) & (picture <= 1)).all():
        ends = np.nanmin(picture, initial=1), np.nanmax(picture, initial=0)
        came = f"shape {picture.shape}, {ends[0]:g} to {ends[1]:g}"
        raise ValueError(f"figures.inked: needs values from 0 to 1 of shape (h, w), not {came}")
    return np.dstack([np.broadcast_to(INKS[color], (*picture.shape, 3)), np.nan_to_num(picture)])


def style() -> dict:
    """The rcParams of the book."""
    ink, soft, rule, paper = (color(name) for name in ("ink", "soft", "rule", "paper"))
    return {
        "figure.figsize": (WIDTH, HEIGHT), "figure.dpi": 100, "figure.constrained_layout.use": True,
        "figure.facecolor": paper, "savefig.facecolor": paper, "patch.edgecolor": paper,
        "svg.fonttype": "none", "svg.hashsalt": "gradbook",
        # No font file is called system-ui: the page shows the system's face, DejaVu measures it everywhere.
        "font.family": ["sans-serif"], "font.sans-serif": ["system-ui", "DejaVu Sans"], "font.size": 10,
        "text.color": ink, "mathtext.fontset": "dejavusans", "axes.unicode_minus": True,
        "axes.facecolor": "none", "axes.edgecolor": soft, "axes.linewidth": 0.8,
        "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
        "axes.labelcolor": soft, "axes.labelsize": 10, "axes.titlecolor": ink, "axes.titlesize": 10.5,
        "axes.titlelocation": "left", "axes.titleweight": "normal", "axes.titlepad": 8, "axes.xmargin": 0.01,
        "axes.grid": False, "grid.color": rule, "grid.linewidth": 0.8,
        "xtick.color": soft, "xtick.labelsize": 9, "xtick.major.size": 3, "xtick.minor.visible": False,
        "ytick.color": soft, "ytick.labelsize": 9, "ytick.major.size": 3, "ytick.minor.visible": False,
        "lines.linewidth": 1.8, "lines.markersize": 4.5, "lines.solid_capstyle": "round",
        "legend.frameon": False, "hatch.color": soft,
    }  # fmt: skip


def use() -> None:
    """Set the book's style for figures that follow. In a notebook they become SVG, the same in every run."""
    import matplotlib

    matplotlib.rcParams.update(style())
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        with contextlib.suppress(ImportError):
            from matplotlib_inline.backend_inline import set_matplotlib_formats

            set_matplotlib_formats("svg", **_SAME_IN_EVERY_RUN)


def subplots(rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float | None = None, **more):
    """(figure, axes) in the book's style. Inches; the height is 3.2, and 2.4 more for each further row.

    more: what Figure.subplots takes (sharex, sharey, width_ratios ...).
    """
    import matplotlib
    from matplotlib.figure import Figure

    height = HEIGHT + 2.4 * (rows - 1) if height is None else height
    with matplotlib.rc_context(style()):
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots(rows, columns, **more)


def svg(figure) -> str:
    """The figure as SVG text that depends on what is drawn and on nothing else."""
    import matplotlib

    out = io.StringIO()
    with matplotlib.rc_context(style()):
        figure.savefig(out, format="svg", **_SAME_IN_EVERY_RUN)
    return out.getvalue()


def series(meaning: str, *, marker: bool = False, **changes) -> dict:
    """Keywords for ax.plot by meaning: ax.plot(t, v, **series("forward")). marker: draw the points too."""
    if meaning not in STYLES:
        raise ValueError(f"figures.series: {meaning!r} is none of {', '.join(STYLES)}")
    return {"color": color(meaning), **STYLES[meaning], **({} if marker else {"marker": ""}), **changes}


def label_line(ax, x, y, text: str, color: str = "ink", *, dx: float = 5, dy: float = 0, **options):
    """Write text beside the point (x, y) of a line, in its colour; dx, dy in points. Returns the annotation.

    color: a name of the palette, or any colour of matplotlib.
    """
    options = {"ha": "left" if dx >= 0 else "right", "va": "center", "fontsize": 9.5, **options}
    hex_value = COLORS[color][0] if color in COLORS else color
    shift = {"xytext": (dx, dy), "textcoords": "offset points", "annotation_clip": False}
    return ax.annotate(text, (x, y), color=hex_value, **shift, **options)


def label_ends(ax, *, gap: float = 12, dx: float = 5, **options) -> None:
    """Label every line that has a label at its right end; labels closer than `gap` points are moved apart.

    Call it last, since the places depend on the limits of the axes.
    """
    import numpy as np

    ax.figure.draw_without_rendering()  # settles the limits and the layout
    to_points = 72 / ax.figure.dpi
    box = ax.get_window_extent()
    ends = []
    for line in ax.get_lines():
        points = np.asarray(line.get_xydata(), float)
        points = points[np.isfinite(points).all(axis=1)]
        if len(points) and not line.get_label().startswith("_"):
            x, y = points[-1]
            at = float(line.get_transform().transform((x, y))[1])
            ends.append((min(max(at, box.y0), box.y1) * to_points, at * to_points, x, y, line))
    ends.sort(key=lambda end: end[0])
    for (_, at, x, y, line), place in zip(ends, spread([end[0] for end in ends], gap)):
        label_line(ax, x, y, line.get_label(), line.get_color(), dx=dx, dy=place - at, **options)


def spread(heights: list[float], gap: float) -> list[float]:
    """Ascending heights, moved as little as possible until neighbours are `gap` apart."""
    clusters: list[tuple[float, int]] = []  # (centre, number of labels): labels that touched share a centre
    for height in heights:
        centre, count = height, 1
        while clusters and centre - clusters[-1][0] < gap * (count + clusters[-1][1]) / 2:
            below, n = clusters.pop()
            centre, count = (below * n + centre * count) / (n + count), n + count
        clusters.append((centre, count))
    return [centre + gap * (j - (n - 1) / 2) for centre, n in clusters for j in range(n)]


def mark_line(ax, *, x: float | None = None, y: float | None = None, text: str = "", color: str = "soft"):
    """A thin rule across the axes at x or at y, with its label inside: at the top of x, at the left of y."""
    if (x is None) == (y is None):
        raise ValueError(f"figures.mark_line: exactly one of x and y is needed, got x={x}, y={y}")
    thin = {**series(color), "linewidth": 0.9, "zorder": 0.5}
    rule = ax.axhline(y, **thin) if x is None else ax.axvline(x, **thin)
    if text:
        if x is None:
            place, across, shift, va = (0, y), ax.get_yaxis_transform(), (4, 3), "bottom"
        else:
            place, across, shift, va = (x, 1), ax.get_xaxis_transform(), (4, -2), "top"
        options = {"textcoords": "offset points", "fontsize": 9, "color": rule.get_color()}
        ax.annotate(text, place, xycoords=across, xytext=shift, va=va, **options)
    return rule


def band(ax, x, low, high, color: str = "forward", **options):
    """The region between low and high, faint: an interval around a line of the same meaning."""
    options = {"color": COLORS[color][0], "alpha": 0.16, "linewidth": 0, **options}
    return ax.fill_between(x, low, high, **options)


def measured(samples, *, null: float = 0.0, within: float | None = None, unit: str = ""):
    """What people say against what was measured: the picture of a check.claim, from the same samples.

    samples, null, within: as in `gradbook.check.claim`. One row a condition: a circle for each seed, the mean
    with its 95 % interval, and the verdict. To the right of the line of no effect, the saying is right.
    Returns the figure.
    """
    import numpy as np

    from .check.claims import judge_samples

    conditions = samples if isinstance(samples, dict) else {"": samples}
    figure, ax = subplots(height=0.9 + 0.68 * len(conditions))
    mark_line(ax, x=null)
    if within is not None:
        ax.axvspan(null - within, null + within, color=color("rule"), linewidth=0)
    for row, (name, one) in enumerate(conditions.items()):
        effects = np.subtract(*one) if isinstance(one, tuple) else np.asarray(one, float)
        found = judge_samples("figures.measured", one, null, within, unit)
        mean, half = found["mean"], found["half_width"]
        below = np.full(len(effects), row + 0.24)
        ax.plot(effects, below, "o", color=color("soft"), ms=3.2, mfc="none", mew=0.8)
        ax.plot([mean - half, mean + half], [row, row], **series("forward", linewidth=4, alpha=0.4))
        ax.plot([mean], [row], **series("forward", marker=True, markersize=6.5))
        for text, x, align, weight in ((name, 0, "left", "normal"), (found["verdict"], 1, "right", "bold")):
            paper = {"facecolor": color("paper"), "edgecolor": color("paper"), "pad": 1}    # over the line
            place = {"xycoords": ax.get_yaxis_transform(), "ha": align, "va": "bottom", "weight": weight,
                     "bbox": paper}  # fmt: skip
            ax.annotate(text, (x, row), xytext=(0, 7), textcoords="offset points", **place)
    ax.set(ylim=(len(conditions) - 0.5, -0.75), yticks=[], xlabel=f"effect ({unit})" if unit else "effect")
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.06)
    label_line(ax, null, -0.75, "no effect", "soft", dx=4, dy=-1, va="bottom", fontsize=9)
    return figure

"""A plotly figure as SVG (or pixels), drawn by matplotlib: no browser on the server.

Only what this package uses is understood: scatter (with interval, text, lines), bar, heatmap and
image traces, rectangles and lines, annotations without arrows, axes with fixed domains. Anything
else raises ValueError, and a test draws every figure of this package. Text is kept as text (not
outlines), never read as TeX, and escaped by the XML writer.
"""

from __future__ import annotations

import io
import threading
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import matplotlib as mpl
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from matplotlib.transforms import blended_transform_factory

from pxcore.plots.svg_traces import DRAW, colour
from pxcore.plots.text import readable

DPI = 72
_LOCK = threading.Lock()  # matplotlib's settings are global to the process


def to_svg(figure: go.Figure, width: int = 960) -> bytes:
    """Return the figure as an SVG document ``width`` pixels wide (or of its own width).

    Raises ValueError for a trace, shape or annotation that is not in the subset.
    """
    meta = {"Date": None, "Title": str((figure.layout.meta or {}).get("alt", ""))}
    stream = io.BytesIO()
    with _drawn(figure, width) as paper:
        paper.savefig(stream, format="svg", metadata=meta)
    return stream.getvalue()


def to_png(figure: go.Figure, width: int = 960, scale: float = 2.5) -> bytes:
    """Return the same drawing in pixels: ``scale`` of them for each of ``to_svg``."""
    stream = io.BytesIO()
    with _drawn(figure, width) as paper:
        paper.savefig(stream, format="png", dpi=DPI * scale, metadata={"Software": None})
    return stream.getvalue()


@contextmanager
def _drawn(figure: go.Figure, width: int) -> Iterator[Figure]:
    """Yield the figure drawn, to be saved before the block ends."""
    for trace in figure.data:
        if trace.type not in DRAW:
            message = f"{trace.type} traces have no SVG; there are {', '.join(DRAW)}"
            raise ValueError(message)
    width, height = int(figure.layout.width or width), float(figure.layout.height or 450)
    with (
        _LOCK,
        mpl.rc_context(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": "pxcore",
                "text.parse_math": False,
                "font.family": "sans-serif",
                "font.sans-serif": ["DejaVu Sans"],
                "font.size": 10.0,
            }
        ),
        warnings.catch_warnings(),
    ):
        canvas = FigureCanvasSVG(Figure(figsize=(width / DPI, height / DPI), dpi=DPI))
        page = _page(figure, width, height)
        axes = {suffix: _axes(canvas.figure, figure, suffix, page) for suffix in _suffixes(figure)}
        for trace in figure.data:
            DRAW[trace.type](axes[(trace.xaxis or "x")[1:]], trace)
        for suffix, one in axes.items():
            _finish_axes(one, figure, suffix)
        _shapes(figure, axes)
        _annotations(figure, axes)
        _legend(axes[""], figure, width)
        # The text stays text: the viewer's fonts draw it, and may have what this one lacks.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        yield canvas.figure


def _suffixes(figure: go.Figure) -> list[str]:
    """Return the numbers of the axis pairs in use, the first one as an empty text."""
    found = {""} | {(trace.xaxis or "x")[1:] for trace in figure.data}
    return sorted(found, key=lambda suffix: int(suffix or 1))


def _page(figure: go.Figure, width: float, height: float) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height of the plot area as shares of the page."""
    margin = figure.layout.margin
    bare = figure.layout.xaxis.visible is False and figure.layout.yaxis.visible is False
    if figure.layout.width or bare:  # a sheet of cells, a drawing: its margins fit exactly
        left, bottom = margin.l / width, margin.b / height
        return left, bottom, 1 - left - margin.r / width, 1 - bottom - margin.t / height
    longest = max((_columns(readable(t)) for t in figure.layout.yaxis.ticktext or ()), default=0)
    left = max(margin.l or 60, 20 + longest * 6.5 + (24 if figure.layout.yaxis.title.text else 0))
    scale = any(trace.type == "heatmap" and trace.showscale is not False for trace in figure.data)
    right = max(margin.r or 20, 76 if scale else 0)
    top = max(margin.t or 20, 24, 18 * -(-len(_named(figure)) // _across(_named(figure), width)))
    bottom = max(margin.b or 40, 52)
    return left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height


def _columns(text: str) -> int:
    """Return how many characters wide a text is; Chinese, Japanese and Korean ones count two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _axes(
    paper: Figure, figure: go.Figure, suffix: str, page: tuple[float, float, float, float]
) -> Axes:
    """Return a pair of axes at its share of the plot area."""
    left, bottom, width, height = page
    x0, x1 = figure.layout[f"xaxis{suffix}"].domain or (0, 1)
    y0, y1 = figure.layout[f"yaxis{suffix}"].domain or (0, 1)
    box = (left + x0 * width, bottom + y0 * height, (x1 - x0) * width, (y1 - y0) * height)
    axes = paper.add_axes(box)
    axes.set_facecolor("none")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if figure.layout[f"xaxis{suffix}"].visible is False:
        axes.set_axis_off()
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#B9BEC5")
    return axes


def _finish_axes(axes: Axes, figure: go.Figure, suffix: str) -> None:
    """Set ranges, ticks and titles of a pair of axes."""
    for name, own in (("x", axes.xaxis), ("y", axes.yaxis)):
        layout = figure.layout[f"{name}axis{suffix}"]
        if layout.range is not None:
            low, high = layout.range
            set_limits = axes.set_xlim if name == "x" else axes.set_ylim
            set_limits(low, high)
        elif layout.rangemode == "tozero":
            _from_zero(axes, name)
        _ticks(own, layout)
        if layout.title.text:
            own.set_label_text(readable(layout.title.text), color="#5A6068")
        if layout.showgrid is not False and layout.tickvals is None:
            own.grid(visible=True, color="#E3E6EA", linewidth=0.8)
            axes.set_axisbelow(True)
        if name == "x" and layout.side == "top":
            axes.xaxis.tick_top()


def _ticks(own: Axis, layout: go.layout.XAxis | go.layout.YAxis) -> None:
    """Set the ticks of an axis: as named, none, or at a given distance."""
    if layout.tickvals is not None:
        texts = layout.ticktext or [str(v) for v in layout.tickvals]
        own.set_ticks(list(layout.tickvals), [readable(str(t)) for t in texts])
        own.set_tick_params(length=0)
        if layout.tickangle:
            for label in own.get_ticklabels():
                label.set(rotation=-layout.tickangle, ha="right", rotation_mode="anchor")
    elif layout.showticklabels is False:
        own.set_ticks([])
    elif layout.dtick:
        own.set_major_locator(MultipleLocator(layout.dtick))


def _from_zero(axes: Axes, name: str) -> None:
    """Let an automatic range begin at 0 where no value lies below."""
    low, high = axes.get_xlim() if name == "x" else axes.get_ylim()
    if low < 0 < high:
        return
    (axes.set_xlim if name == "x" else axes.set_ylim)(min(0, low), max(0, high))


def _shapes(figure: go.Figure, axes: dict[str, Axes]) -> None:
    """Draw rectangles and lines, in data units or (``domain``, ``paper``) across the plot."""
    for shape in figure.layout.shapes:
        one = axes[(shape.xref or "x").split(" ")[0][1:] if shape.xref != "paper" else ""]
        place = _transform(one, shape.xref, shape.yref)
        low, high = shape.layer == "below", shape.opacity or 1.0
        tone, depth = colour(shape.line.color or "#888888"), 0.5 if low else 3.0
        width = 1.0 if shape.line.width is None else shape.line.width
        if shape.type == "line":
            style = {"dot": ":", "dash": "--"}.get(shape.line.dash, "-")
            one.plot(
                [shape.x0, shape.x1],
                [shape.y0, shape.y1],
                transform=place,
                linewidth=width,
                linestyle=style,
                scalex=False,
                scaley=False,
                color=tone,
                zorder=depth,
            )
        elif shape.type == "rect":
            corners_x = [shape.x0, shape.x1, shape.x1, shape.x0]
            corners_y = [shape.y0, shape.y0, shape.y1, shape.y1]
            (patch,) = one.fill(
                corners_x, corners_y, transform=place, facecolor=colour(shape.fillcolor), zorder=0.4
            )
            patch.set(alpha=None if high == 1.0 else high, linewidth=width, edgecolor=tone)
        else:
            message = f"{shape.type} shapes have no SVG; there are line and rect"
            raise ValueError(message)


def _transform(axes: Axes, x: str | None, y: str | None):  # type: ignore[no-untyped-def]
    """Return data units for plain references, shares of the plot for paper and domain ones."""
    parts = [
        axes.transAxes
        if reference is not None and ("paper" in reference or "domain" in reference)
        else axes.transData
        for reference in (x, y)
    ]
    return blended_transform_factory(*parts)


def _annotations(figure: go.Figure, axes: dict[str, Axes]) -> None:
    """Write annotations at their place, on their own ground where they have one."""
    anchors = {"left": "left", "right": "right", "center": "center", "middle": "center"}
    for note in figure.layout.annotations:
        if note.showarrow is not False:
            message = "annotations with an arrow have no SVG"
            raise ValueError(message)
        reference = note.xref or "x"
        one = axes[reference.split(" ")[0][1:] if reference != "paper" else ""]
        place = _transform(one, reference, note.yref or "y")
        ground = {"facecolor": colour(note.bgcolor), "linewidth": 0, "pad": 1.5}
        one.annotate(
            readable(note.text),
            (note.x, note.y),
            xycoords=place,
            xytext=((note.xshift or 0) * 1.0, (note.yshift or 0) * 1.0),
            textcoords="offset points",
            ha=anchors.get(note.xanchor or "center", "center"),
            va={"top": "top", "bottom": "bottom"}.get(note.yanchor or "middle", "center"),
            color=colour(note.font.color or "#22262B"),
            fontsize=(note.font.size or 12) * 0.78,
            annotation_clip=False,
            bbox=ground if note.bgcolor else None,
        )


def _named(figure: go.Figure) -> list[str]:
    """Return the names that stand above the plot, each once."""
    if figure.layout.showlegend is False:
        return []
    named = (trace for trace in figure.data if trace.name and trace.showlegend is not False)
    return list(dict.fromkeys(readable(trace.name) for trace in named))


def _across(names: Sequence[str], width: float) -> int:
    """Return how many names of a legend stand in one row: all, where the page is wide enough."""
    one_row = sum(len(name) * 6 + 45 for name in names) < 0.85 * width
    return max(1, len(names)) if one_row else 4


def _legend(axes: Axes, figure: go.Figure, width: int) -> None:
    """Put named traces above the plot, in one row where the page is wide enough."""
    if figure.layout.showlegend is False:
        return
    handles, labels = axes.get_legend_handles_labels()
    seen = dict(zip(labels, handles, strict=True))
    if seen:
        ncols = _across(list(seen), width)
        look: dict[str, Callable[[], object] | object] = {"frameon": False, "ncols": ncols}
        axes.legend(
            list(seen.values()), list(seen), loc="lower left", bbox_to_anchor=(0, 1), **look
        )

"""How each kind of trace is drawn by matplotlib, for the SVG export."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.image import imread

from pxcore.plots.text import readable
from pxcore.types import Array

Rgba = tuple[float, float, float, float]
_RGBA = re.compile(r"rgba\((\d+),\s*(\d+),\s*(\d+),\s*([\d.]+)\)")
_SYMBOLS = {"circle": "o", "square": "s", "triangle-up": "^", "x": "X", "diamond": "D", "star": "*"}
_DASHES = {"solid": "-", "dash": "--", "dot": ":", None: "-"}


def colour(text: str | None) -> Rgba:
    """Return a plotly colour (``#rrggbb``, ``rgba(...)``) as matplotlib takes it."""
    if not text:
        return (0.0, 0.0, 0.0, 0.0)
    found = _RGBA.fullmatch(text)
    if found is None:
        red, green, blue, alpha = to_rgba(text)
        return (red, green, blue, alpha)
    return (*(int(found[i]) / 255 for i in (1, 2, 3)), float(found[4]))  # type: ignore[return-value]


def _numbers(values: Sequence[float] | None) -> Array:
    """Return coordinates as float64, None as NaN."""
    return np.array([np.nan if v is None else v for v in values or ()], dtype=np.float64)


def draw_scatter(axes: Axes, trace: go.Scatter) -> None:
    """Draw points, lines, intervals and text of a scatter trace."""
    x, y = _numbers(trace.x), _numbers(trace.y)
    mode, opacity = trace.mode or "lines", 1.0 if trace.opacity is None else trace.opacity
    label = readable(trace.name) if trace.name and trace.showlegend is not False else None
    if "lines" in mode:
        axes.plot(
            x,
            y,
            color=colour(trace.line.color or "#000000"),
            linewidth=trace.line.width or 2,
            linestyle=_DASHES.get(trace.line.dash, "-"),
            drawstyle="steps-mid" if trace.line.shape == "hvh" else "default",
            alpha=opacity,
            label=label,
        )
        label = None
    if trace.error_x.array is not None:
        reach = np.stack([_numbers(trace.error_x.arrayminus), _numbers(trace.error_x.array)])
        axes.errorbar(
            x, y, xerr=reach, fmt="none", elinewidth=2, ecolor=colour(trace.error_x.color)
        )
    if trace.error_y.array is not None:
        reach = np.stack([_numbers(trace.error_y.arrayminus), _numbers(trace.error_y.array)])
        wide, tone = trace.error_y.thickness or 2, colour(trace.error_y.color)
        axes.errorbar(x, y, yerr=reach, fmt="none", elinewidth=wide, ecolor=tone)
    if "markers" in mode and trace.marker.opacity != 0:
        shown = 1.0 if trace.marker.opacity is None else trace.marker.opacity
        axes.scatter(
            x,
            y,
            s=float(trace.marker.size or 6) ** 2 * 0.8,
            c=_colours(trace.marker.color, len(x)),
            marker=_SYMBOLS[trace.marker.symbol or "circle"],
            alpha=None if shown * opacity == 1 else shown * opacity,
            linewidths=0,
            label=label,
            zorder=3,
        )
    if "text" in mode:
        _write(axes, trace, x, y)


def _colours(given: str | Sequence[str] | None, number: int) -> list[Rgba]:
    """Return one colour a point."""
    if given is None or isinstance(given, str):
        return [colour(given or "#000000")] * number
    return [colour(one) for one in given]


def _write(axes: Axes, trace: go.Scatter, x: Array, y: Array) -> None:
    """Write the texts of a scatter trace, centred on their points."""
    tones = _colours(trace.textfont.color, len(x))
    for place_x, place_y, words, tone in zip(x, y, trace.text, tones, strict=True):
        size = (trace.textfont.size or 12) * 0.75
        axes.text(
            place_x, place_y, readable(words), color=tone, fontsize=size, ha="center", va="center"
        )


def draw_bar(axes: Axes, trace: go.Bar) -> None:
    """Draw the bars of a bar trace (upright, or ``orientation="h"``)."""
    label = readable(trace.name) if trace.name and trace.showlegend is not False else None
    tone = colour(trace.marker.color or "#0072B2")
    if trace.orientation == "h":
        left = None if trace.base is None else _numbers(trace.base)
        axes.barh(_numbers(trace.y), _numbers(trace.x), left=left, color=tone, label=label)
    else:
        width = 0.8 if trace.width is None else np.asarray(trace.width, dtype=float)
        axes.bar(_numbers(trace.x), _numbers(trace.y), width=width, color=tone, label=label)


def draw_heatmap(axes: Axes, trace: go.Heatmap) -> None:
    """Draw tiles with white gaps, and the colour bar where the figure has one."""
    z = np.array(trace.z, dtype=np.float64)
    stops = [(float(at), to_rgba(tone)) for at, tone in trace.colorscale]
    scale = LinearSegmentedColormap.from_list("figure", stops)
    rows, columns = z.shape
    mesh = axes.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(rows + 1) - 0.5,
        np.ma.masked_invalid(z),
        cmap=scale,
        vmin=trace.zmin,
        vmax=trace.zmax,
        edgecolors="white",
        linewidth=1.5,
    )
    for r, row in enumerate(trace.text if trace.text is not None else ()):
        for c, words in enumerate(row):
            red, green, blue, alpha = np.asarray(scale(mesh.norm(z[r, c]))).tolist()
            _tile_text(axes, (c, r), readable(words), (red, green, blue, alpha))
    if trace.showscale is not False and axes.figure is not None:
        bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.03, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label(readable(trace.colorbar.title.text or ""))


def _tile_text(axes: Axes, place: tuple[int, int], words: str, ground: Rgba) -> None:
    """Write into a tile, in white or ink, whatever stands out."""
    brightness = 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2]
    tone = "#FFFFFF" if brightness < 0.5 else "#22262B"
    axes.text(*place, words, color=tone, fontsize=9, ha="center", va="center")


def draw_image(axes: Axes, trace: go.Image) -> None:
    """Draw a sprite, pixel by pixel."""
    encoded = trace.source.partition(",")[2]
    pixels = imread(io.BytesIO(base64.b64decode(encoded)), format="png")
    rows, columns = pixels.shape[:2]
    x0, y0 = float(trace.x0 or 0), float(trace.y0 or 0)
    axes.imshow(
        pixels,
        interpolation="none",
        aspect="equal",
        extent=(x0 - 0.5, x0 + columns - 0.5, y0 + rows - 0.5, y0 - 0.5),
    )


DRAW: Mapping[str, Callable[[Axes, go.Figure], None]] = MappingProxyType(
    {
        "scatter": draw_scatter,
        "bar": draw_bar,
        "heatmap": draw_heatmap,
        "image": draw_image,
    }
)
"""Every trace type that has an SVG."""

"""What a data set holds: cells by class and donor, and the spread of intensities by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.style import DASHES, Theme, dressed, mark, tinted, tone
from pxcore.plots.text import one_line, plain
from pxcore.types import Array, Panel

ACROSS = 4
"""Histograms side by side."""
_ROW, _GAP = 190, 62


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How often each intensity occurs in one channel, for one or several series."""

    edges: Array
    """(B + 1,) float: borders of the bins, in stored units."""
    counts: Array
    """(S, B) int: pixels or cells in each bin, a row a series."""

    def coarse(self, n_bins: int = 20, share: float = 0.99) -> Histogram:
        """Return the middle ``share`` of all counts in at most ``n_bins`` wider bins.

        Small classes scatter over fine bins, and one bright cell would squeeze all others.
        """
        total = np.cumsum(self.counts.sum(axis=0))
        rest = (1 - share) / 2 * total[-1]
        first = int(np.searchsorted(total, rest, side="right"))
        last = min(int(np.searchsorted(total, total[-1] - rest)), len(total) - 1)
        step = -(-(last - first + 1) // n_bins)
        starts = np.arange(first, last + 1, step)
        counts = np.add.reduceat(self.counts[:, : last + 1], starts, axis=1)
        ends = np.minimum(starts + step, last + 1)
        return Histogram(edges=self.edges[np.append(starts, ends[-1])], counts=counts)


def class_counts(
    classes: Sequence[str], table: Array, groups: Sequence[str], theme: Theme
) -> go.Figure:
    """Return cells by class, stacked by donor. ``table``: (K, G) counts."""
    totals = table.sum(axis=1)
    figure = go.Figure()
    for g in range(table.shape[1]):
        colour = theme.series[g % len(theme.series)] if len(groups) > 1 else theme.accent
        name = plain(groups[g]) if len(groups) > 1 else ""
        figure.add_bar(
            x=table[:, g].tolist(),
            y=list(range(len(classes))),
            base=table[:, :g].sum(axis=1).tolist(),
            orientation="h",
            marker={"color": colour},
            name=name,
            showlegend=len(groups) > 1,
            hovertemplate="%{x:,} cells<extra></extra>",
        )
    alt = "Cells by class: " + ", ".join(
        f"{one_line(name, 30)} {int(n):,}" for name, n in zip(classes, totals, strict=True)
    )
    dressed(figure, theme, alt=alt, height=34 * len(classes) + 90)
    for k, total in enumerate(totals.tolist()):
        figure.add_annotation(
            **{"x": total, "y": k, "text": f"{int(total):,}", "xanchor": "left", "xshift": 6},
            showarrow=False,
            font={"size": 13, "color": theme.ink},
        )
    figure.update_xaxes(title_text="cells", range=[0, float(totals.max(initial=1)) * 1.12])
    figure.update_yaxes(
        tickvals=list(range(len(classes))),
        ticktext=[plain(name, 28) for name in classes],
        range=[len(classes) - 0.4, -0.6],
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(barmode="overlay", margin={"l": 8, "r": 16, "t": 36, "b": 44})
    return figure


def intensities(
    panel: Panel,
    histograms: Sequence[Histogram],
    series: Sequence[str],
    limits: Sequence[tuple[float, float]],
    theme: Theme,
) -> go.Figure:
    """Return one histogram a channel: pixels on a log scale, or cells by class as shares.

    One series is drawn as counts of pixels; several (classes) as shares of each one's cells.
    The shaded part is what the gallery shows.
    """
    figure = go.Figure()
    across = min(ACROSS, len(panel))
    rows = -(-len(panel) // across)
    for c, (channel, one) in enumerate(zip(panel.channels, histograms, strict=True)):
        for s, name in enumerate(series):
            colour = theme.series[s % len(theme.series)]
            _add_series(
                figure,
                c,
                one,
                s,
                _Look(
                    name=plain(name) if len(series) > 1 else "",
                    colour=colour if len(series) > 1 else tone(channel.role, theme),
                    dash=DASHES[(s // len(theme.series)) % len(DASHES)],
                ),
            )
    for c in range(len(panel)):
        _place(figure, c, across, rows)
    what = "cell means by class" if len(series) > 1 else "pixels"
    alt = f"Histograms of intensities ({what}) of {len(panel)} channels."
    dressed(figure, theme, alt=alt, height=rows * _ROW + 70)
    for c in range(len(panel)):
        _label(figure, panel, c, limits[c] if len(series) == 1 else None, theme)
    figure.update_layout(margin={"l": 48, "r": 12, "t": 56, "b": 34})
    figure.update_layout(legend={"yanchor": "bottom", "y": 1 + 26 / (rows * _ROW)})
    return figure


@dataclass(frozen=True, slots=True)
class _Look:
    """How one series is drawn; an empty name stands for the only one."""

    name: str
    colour: str
    dash: str


def _add_series(figure: go.Figure, c: int, one: Histogram, s: int, look: _Look) -> None:
    """Add series ``s`` of the histogram of channel ``c``."""
    suffix = "" if c == 0 else str(c + 1)
    counts = one.counts[s].astype(np.float64)
    middles = (one.edges[:-1] + one.edges[1:]) / 2
    if look.name:
        heights, shown = counts / max(counts.sum(), 1.0), np.ones(len(counts), dtype=bool)
    else:
        shown = counts > 0
        heights = np.log10(np.maximum(counts, 1.0))
    figure.add_scatter(
        x=middles[shown].tolist(),
        y=heights[shown].tolist(),
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        mode="lines",
        line={"color": look.colour, "width": 1.8, "dash": look.dash, "shape": "hvh"},
        customdata=one.counts[s][shown].tolist(),
        hovertemplate="around %{x:,.0f}: %{customdata:,}<extra></extra>",
        name=look.name,
        legendgroup=str(s),
        showlegend=bool(look.name) and c == 0,
    )


def _label(
    figure: go.Figure, panel: Panel, c: int, limits: tuple[float, float] | None, theme: Theme
) -> None:
    """Name a histogram; shade what the gallery shows of these intensities."""
    suffix = "" if c == 0 else str(c + 1)
    channel = panel.channels[c]
    if limits is not None:
        figure.add_shape(
            **{"type": "rect", "x0": limits[0], "x1": limits[1], "xref": f"x{suffix}"},
            **{"y0": 0, "y1": 1, "yref": f"y{suffix} domain", "layer": "below"},
            line={"width": 0},
            fillcolor=tinted(theme.muted, 0.14),
        )
        figure.layout[f"yaxis{suffix}"].update(
            tickvals=[0, 2, 4, 6, 8], ticktext=["1", "100", "10⁴", "10⁶", "10⁸"]
        )
    else:
        figure.layout[f"yaxis{suffix}"].update(tickformat=".0%", nticks=4)
    figure.add_annotation(
        **{"x": 0, "xref": f"x{suffix} domain", "xanchor": "left", "showarrow": False},
        **{"y": 1, "yref": f"y{suffix} domain", "yanchor": "bottom"},
        text=f"{mark(channel.role).character} {plain(channel.name, 26)}",
        font={"size": 13, "color": theme.ink},
    )


def _place(figure: go.Figure, c: int, across: int, rows: int) -> None:
    """Give histogram ``c`` its own pair of axes and part of the page."""
    suffix = "" if c == 0 else str(c + 1)
    column, row = c % across, c // across
    width, height = 1 / across, 1 / rows
    gap_x, gap_y = (0.035 if across > 1 else 0), (_GAP / (rows * _ROW) if rows > 1 else 0)
    left = column * width + (gap_x if column else 0)
    right = (column + 1) * width - (gap_x if column < across - 1 else 0) / 2
    top = 1 - row * height
    figure.update_layout(
        {
            f"xaxis{suffix}": {
                "domain": [left, right],
                "anchor": f"y{suffix}",
                "nticks": 4,
                "showgrid": False,
            },
            f"yaxis{suffix}": {
                "domain": [max(top - height + gap_y, 0.0), top],
                "anchor": f"x{suffix}",
                "rangemode": "tozero",
            },
        }
    )

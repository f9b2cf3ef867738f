"""Channel by class, and true by predicted class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.numbers import bounds, score
from pxcore.plots.rows import MANY, WHOLE, Rows, part_words, rows_of
from pxcore.plots.style import Theme, badged, dressed
from pxcore.plots.text import one_line, plain
from pxcore.types import Array, MethodResult, Panel, Performance

MOST_POINTS = 900
"""Tiles up to which each has a marker to be clicked."""
MOST_NUMBERS = 14
"""Columns up to which numbers are written into the cells."""


def heat_map(
    panel: Panel, classes: Sequence[str], result: MethodResult, theme: Theme, rows: Rows = WHOLE
) -> go.Figure:
    """Return mean importance by channel (rows) and class, diverging and centred at 0.

    The selection data of a click is ``customdata = [channel, class]``.
    """
    channels = rows_of(panel, result.ranking, rows)
    per_class = result.ranking.per_class
    z = np.array([[per_class[c][k].mean for k in range(len(classes))] for c in channels])
    reach = float(np.nanmax(np.abs(z), initial=0.0)) or 1.0
    hover = [
        [
            f"<b>{plain(panel.names[c])}</b>, {plain(name)}<br>{score(per_class[c][k].mean)} "
            f"{bounds(per_class[c][k].low, per_class[c][k].high)}"
            for k, name in enumerate(classes)
        ]
        for c in channels
    ]
    numbers = len(classes) <= MOST_NUMBERS
    text = [[score(value).replace("0.", ".", 1) if numbers else "" for value in row] for row in z]
    if len(classes) <= 9:
        text = [[score(value) if numbers else "" for value in row] for row in z]
    figure = go.Figure()
    colours = {"colorscale": theme.diverging, "zmin": -reach, "zmax": reach}
    title = {"text": plain(result.importance.unit), "font": {"size": 12}, "side": "right"}
    bar = {"title": title, "thickness": 12, "outlinewidth": 0}
    add_tiles(figure, z, [[c, k] for c in channels for k in range(len(classes))], text, hover)
    figure.update_traces(selector={"type": "heatmap"}, colorbar=bar, **colours)
    part = part_words(len(channels), len(panel))
    alt = f"{result.importance.unit} by channel and class, {one_line(result.label)}. {part}".strip()
    flat = len(channels) > MANY
    dressed(figure, theme, alt=alt, height=(24 if flat else 38) * len(channels) + 90)
    name_axes(figure, [badged(panel.channels[c]) for c in channels], list(classes))
    few = result.ranking.small_classes
    marked = [
        plain(name, 16) + ("<br>(few cells)" if k in few else "") for k, name in enumerate(classes)
    ]
    figure.update_xaxes(ticktext=marked)
    return figure


def confusion(performance: Performance, classes: Sequence[str], theme: Theme) -> go.Figure:
    """Return counts and row percentages over all folds: true class by row, predicted by column.

    The selection data of a click is ``customdata = [true class, predicted class]``.
    """
    counts = performance.confusion.sum(axis=0)  # (K, K)
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    text, hover = [], []
    for t, true in enumerate(classes):
        text.append(
            [_cell_text(int(n), float(s)) for n, s in zip(counts[t], share[t], strict=True)]
        )
        hover.append(
            [
                f"{int(counts[t, p]):,} of {int(totals[t, 0]):,} cells of {plain(true)}"
                f"<br>were called {plain(called)} ({share[t, p]:.1%})<br>click to see them"
                for p, called in enumerate(classes)
            ]
        )
    figure = go.Figure()
    positions = [[t, p] for t in range(len(classes)) for p in range(len(classes))]
    add_tiles(figure, share, positions, text, hover)
    figure.update_traces(
        selector={"type": "heatmap"},
        colorscale=theme.sequential,
        zmin=0,
        zmax=1,
        showscale=False,
    )
    correct = float(np.trace(counts)) / max(float(counts.sum()), 1.0)
    alt = f"True by predicted class of {int(counts.sum()):,} held-out cells; {correct:.1%} right."
    dressed(figure, theme, alt=alt, height=52 * len(classes) + 110)
    name_axes(figure, list(classes), list(classes))
    figure.update_xaxes(title={"text": "predicted class", "standoff": 14})
    figure.update_yaxes(title={"text": "true class", "standoff": 14})
    return figure


def _cell_text(number: int, share: float) -> str:
    """Return percentage over count; only the count where it is zero."""
    if not number:
        return "0"
    percentage = f"{share:.0%}" if share >= 0.005 else "&lt;1%"
    return f"{percentage}<br>{number:,}"


def add_tiles(
    figure: go.Figure,
    z: Array,
    ids: list[list[int]],
    text: list[list[str]],
    hover: list[list[str]],
) -> None:
    """Add tiles with their text, and over them one marker a tile: only points can be clicked.

    More than ``MOST_POINTS`` tiles have no markers: they are told by the tile, and not clicked.
    """
    rows, columns = z.shape
    if rows * columns > MOST_POINTS:
        told = "%{hovertext}<extra></extra>"
        figure.add_heatmap(z=z, hovertext=hover, xgap=1, ygap=1, hovertemplate=told)
        return
    figure.add_heatmap(
        z=z,
        text=text,
        texttemplate="%{text}",  # plotly writes in white or black, whatever stands out
        textfont={"size": 12},
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )
    hidden = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[k for _ in range(rows) for k in range(columns)],
        y=[c for c in range(rows) for _ in range(columns)],
        mode="markers",
        marker={"symbol": "square", "size": 30, "opacity": 0},
        customdata=[
            [*where, words]
            for where, words in zip(ids, (word for row in hover for word in row), strict=True)
        ],
        hovertemplate="%{customdata[2]}<extra></extra>",
        showlegend=False,
        selected=hidden,
        unselected=hidden,
    )


def name_axes(figure: go.Figure, rows: list[str], columns: list[str]) -> None:
    """Put names on both axes, first row on top, and keep tiles to the edge."""
    figure.update_xaxes(
        tickvals=list(range(len(columns))),
        ticktext=[plain(name, 16) for name in columns],
        tickangle=-40 if len(columns) > 4 else 0,
        range=[-0.5, len(columns) - 0.5],
        showgrid=False,
        automargin=True,
        side="bottom",
    )
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[plain(name, 28) for name in rows],
        range=[len(rows) - 0.5, -0.5],
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(margin={"l": 8, "r": 16, "t": 12, "b": 48})

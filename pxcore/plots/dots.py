"""The dot plot that rankings and per-class scores share: value, interval and every fold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from pxcore.plots.rows import MANY
from pxcore.plots.style import Theme, dressed, mark, tinted, tone
from pxcore.plots.text import plain
from pxcore.types import Channel, Interval, Ranking

ROW, FLAT_ROW = 44, 25
"""Height of one row in pixels; of many rows, whose words then stand in one line."""
FURTHER_RIGHT = 60
"""Pixels that words in one line take beyond those in two."""


def row_height(n: int) -> int:
    """Return the height of one of ``n`` rows in pixels."""
    return FLAT_ROW if n > MANY else ROW


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the plot, top to bottom."""

    id: int
    """Comes back when the row is clicked."""
    name: str
    mean: float
    low: float
    high: float
    folds: tuple[float | None, ...]
    """In the order of the trainings; None draws no dot and keeps the others' numbers."""
    colour: str
    symbol: str = "circle"
    legend: str = ""
    """Rows with the same word share one legend entry; none without a word."""
    faded: bool = False
    right: str = ""
    """Plotly text at the right end (names already plain)."""
    hover: str = ""
    """Plotly text (names already plain)."""


def interval_row(id: int, name: str, value: Interval, colour: str) -> Row:
    """Return a line of the plot for a value with its interval and folds."""
    return Row(
        id=id,
        name=name,
        mean=value.mean,
        low=value.low,
        high=value.high,
        folds=value.folds,
        colour=colour,
    )


def ranked_row(channel: Channel, ranking: Ranking, c: int, theme: Theme) -> Row:
    """Return the line of channel ``c`` of a ranking, in the look of its role."""
    look = mark(channel.role)
    return Row(
        id=c,
        name=channel.name,
        mean=ranking.mean[c],
        low=ranking.low[c],
        high=ranking.high[c],
        folds=tuple(fold[c] for fold in ranking.folds),
        colour=tone(channel.role, theme),
        symbol=look.symbol,
        legend=look.word,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DotPlot:
    """What stands around the rows."""

    x_title: str
    alt: str
    zero: bool = False
    """Draw a line at 0."""
    right_margin: int = 250
    x_range: tuple[float, float] | None = None
    whole: float | None = None
    """A second value to mark by a dotted line, such as the mean over all rows."""


def dot_plot(rows: Sequence[Row], plot: DotPlot, theme: Theme) -> go.Figure:
    """Return rows of dots with intervals; faint dots below each line are single folds.

    Many rows are flat: their words at the right stand in one line. The selection data of a click
    is ``customdata[0] = Row.id``; never trust a point's index.
    """
    figure = go.Figure()
    flat = len(rows) > MANY
    right_margin = plot.right_margin + FURTHER_RIGHT * flat
    _add_folds(figure, rows, theme)
    legends: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        legends.setdefault(row.legend or f"\0{row.colour}{row.symbol}", []).append(place)
    for legend, places in legends.items():
        _add_means(figure, [rows[i] for i in places], places, "" if legend[0] == "\0" else legend)
    dressed(figure, theme, alt=plot.alt, height=row_height(len(rows)) * len(rows) + 100)
    if plot.zero:
        figure.add_vline(x=0, line={"color": theme.muted, "width": 1.5}, layer="below")
    if plot.whole is not None and math.isfinite(plot.whole):
        line = {"color": theme.muted, "width": 1, "dash": "dot"}
        figure.add_vline(x=plot.whole, line=line, layer="below")
    for place, row in enumerate(rows):
        if row.right:
            figure.add_annotation(
                **{"x": 1.0, "xref": "paper", "xanchor": "left", "xshift": 16, "y": place},
                **{"showarrow": False, "align": "left"},
                text=row.right.replace("<br>", " · ") if flat else row.right,
                font={"color": theme.muted if row.faded else theme.ink, "size": 13 - flat},
            )
    figure.update_xaxes(title_text=plot.x_title, range=plot.x_range, side="bottom")
    figure.update_yaxes(
        range=[len(rows) - 0.4, -0.6],
        tickvals=list(range(len(rows))),
        ticktext=[plain(row.name, 28) for row in rows],
        showgrid=False,
        ticks="outside",
        ticklen=6,
        tickcolor="rgba(0,0,0,0)",
        automargin=True,
    )
    figure.update_layout(legend_y=1 + 18 / (row_height(len(rows)) * max(1, len(rows))))
    figure.update_layout(margin={"l": 8, "r": right_margin, "t": 52, "b": 48})
    return figure


def _add_folds(figure: go.Figure, rows: Sequence[Row], theme: Theme) -> None:
    """Add one faint dot for every fold, a little below its row's line."""
    points = [
        (value, place + 0.24, fold, row)
        for place, row in enumerate(rows)
        for fold, value in enumerate(row.folds)
        if value is not None and math.isfinite(value)
    ]
    figure.add_scatter(
        x=[x for x, _, _, _ in points],
        y=[y for _, y, _, _ in points],
        customdata=[[row.id, fold + 1] for _, _, fold, row in points],
        mode="markers",
        name="single folds",
        marker={
            "size": 6,
            "color": [theme.muted if row.faded else row.colour for *_, row in points],
            "opacity": 0.55,
        },
        unselected={"marker": {"opacity": 0.55}},
        hovertemplate="fold %{customdata[1]}: %{x:.3f}<extra></extra>",
        showlegend=bool(points),
    )


def _add_means(figure: go.Figure, rows: list[Row], places: list[int], legend: str) -> None:
    """Add the means of rows that look alike, with their intervals."""
    for faded in (False, True):
        chosen = [(row, i) for row, i in zip(rows, places, strict=True) if row.faded is faded]
        chosen = [(row, i) for row, i in chosen if math.isfinite(row.mean)]
        if not chosen:
            continue
        colour = chosen[0][0].colour
        paint = tinted(colour, 0.45) if faded else colour
        figure.add_scatter(
            x=[row.mean for row, _ in chosen],
            y=[i for _, i in chosen],
            customdata=[[row.id] for row, _ in chosen],
            text=[row.hover for row, _ in chosen],
            mode="markers",
            name=legend,
            legendgroup=legend,
            showlegend=bool(legend) and (not faded or all(row.faded for row in rows)),
            marker={"size": 13, "symbol": chosen[0][0].symbol, "color": paint},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_reach(row.high - row.mean) for row, _ in chosen],
                "arrayminus": [_reach(row.mean - row.low) for row, _ in chosen],
                "color": paint,
                "thickness": 2.5,
                "width": 0,
            },
            unselected={"marker": {"opacity": 1}},
            hovertemplate="%{text}<extra></extra>",
        )


def _reach(length: float) -> float:
    """Return the length of one half of an interval; 0 where there is no interval."""
    return max(length, 0.0) if math.isfinite(length) else 0.0

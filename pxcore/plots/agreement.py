"""How far each pair of rankings agrees: a matrix with ranges over trainings."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.compare_words import full_names, headings
from pxcore.plots.matrix import add_tiles
from pxcore.plots.numbers import MINUS, count
from pxcore.plots.style import Theme, dressed
from pxcore.plots.text import plain
from pxcore.types.comparison import Agreement, Comparison, Measured

Measure = Literal["spearman", "kendall", "overlap"]
TITLES: dict[Measure, str] = {
    "spearman": "Spearman correlation",
    "kendall": "Kendall's tau-b",
    "overlap": "shared among the first {}",
}
"""What people read."""


def measured(agreement: Agreement, measure: Measure) -> Measured:
    """Return one measure of a pair."""
    return {
        "spearman": agreement.spearman,
        "kendall": agreement.kendall,
        "overlap": agreement.overlap,
    }[measure]


def title(measure: Measure, top: int) -> str:
    """Return a measure in words."""
    return TITLES[measure].format(top)


def number(value: float) -> str:
    """Return a correlation with two decimals; an en dash where it is not defined.

    >>> number(0.5), number(-0.333), number(float("nan"))
    ('0.50', '−0.33', '–')
    """
    if not math.isfinite(value):
        return "–"
    text = f"{abs(value):.2f}"
    return f"{MINUS}{text}" if value < 0 and float(text) else text


def agreement_matrix(comparison: Comparison, measure: Measure, theme: Theme) -> go.Figure:
    """Return one measure for every pair: value, range over trainings, channels that both have."""
    size = len(comparison.columns)
    z = np.full((size, size), np.nan)
    text = [[""] * size for _ in range(size)]
    hover = [["the same ranking"] * size for _ in range(size)]
    names = full_names(comparison)
    for one in comparison.agreements:
        found = measured(one, measure)
        spread = f"{number(found.low)} to {number(found.high)}"
        n = f"{one.n_channels} ch."
        for row, column in ((one.first, one.second), (one.second, one.first)):
            z[row, column] = found.value
            text[row][column] = f"{number(found.value)}<br>{spread}<br>{n}"
            over = "trainings" if one.paired else "pairs of trainings"
            hover[row][column] = (
                f"{plain(names[one.first])}<br>and {plain(names[one.second])}"
                f"<br>{number(found.value)} of the means over trainings"
                f"<br>{spread} over {over}, one at a time{_outside(found)}"
                f"<br>{count(one.n_channels, 'shared channel')}"
            )
    figure = go.Figure()
    add_tiles(figure, z, [[r, c] for r in range(size) for c in range(size)], text, hover)
    top = comparison.agreements[0].top if comparison.agreements else 0
    words = title(measure, top)
    bar = {"title": {"text": plain(words), "side": "right"}, "thickness": 12, "outlinewidth": 0}
    low = 0.0 if measure == "overlap" else -1.0
    scale = theme.sequential if measure == "overlap" else theme.diverging
    figure.update_traces(
        selector={"type": "heatmap"}, colorscale=scale, zmin=low, zmax=1.0, colorbar=bar
    )
    figure.update_traces(selector={"type": "heatmap"}, textfont_size=12 if size < 8 else 10)
    known = [measured(one, measure).value for one in comparison.agreements]
    known = [value for value in known if math.isfinite(value)]
    reach = f", from {number(min(known))} to {number(max(known))}" if known else ""
    alt = f"{words} of every pair of {size} rankings{reach}."
    dressed(figure, theme, alt=alt, height=62 * size + 110)
    _axes(figure, comparison)
    return figure


def _outside(found: Measured) -> str:
    """Return why a value lies outside its own range; empty where it does not."""
    if not math.isfinite(found.value) or found.low <= found.value <= found.high:
        return ""
    return "<br>(averaging quiets noise, so that the means can<br>agree more or less than any one)"


def _axes(figure: go.Figure, comparison: Comparison) -> None:
    """Name the rankings on both sides."""
    names = headings(comparison, max(14, 90 // len(comparison.columns)))
    size, ticks = len(names), list(range(len(names)))
    figure.update_xaxes(
        **{"tickvals": ticks, "ticktext": names, "range": [-0.5, size - 0.5]},
        **{"tickangle": -40 if size > 6 else 0, "showgrid": False, "automargin": True},
    )
    figure.update_yaxes(
        **{"tickvals": ticks, "ticktext": names, "range": [size - 0.5, -0.5]},
        **{"showgrid": False, "automargin": True},
    )
    figure.update_layout(margin={"l": 8, "r": 16, "t": 12, "b": 48})

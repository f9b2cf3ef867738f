"""Figures of published results: one method's ranking, and all methods side by side."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go

from pxcore.plots.dots import DotPlot, Row, dot_plot, ranked_row
from pxcore.plots.numbers import bounds, listed, score
from pxcore.plots.ranking import add_zero_band, rank_text
from pxcore.plots.rows import order_of
from pxcore.plots.style import Theme, dressed
from pxcore.plots.text import one_line, plain
from pxcore.plots.verdicts import WORDS
from pxcore.types import Ranking, Verdict
from pxcore.types.published import PublishedMethod, PublishedSet

EMPTY = "known to be empty"


def verdict_words(shown: PublishedSet, method: PublishedMethod, channel: int) -> str:
    """Return what a channel's interval allows to say; empty for attributions."""
    if method.ranking is None or "F1" not in method.unit:
        return ""
    if shown.panel.names[channel] in shown.empty:
        return EMPTY
    return WORDS[method.ranking.verdict[channel]]


def published_dots(shown: PublishedSet, method: PublishedMethod, theme: Theme) -> go.Figure:
    """Return a ranking from recorded folds: dots with intervals, folds, what zero looks like.

    Raises
    ------
    ValueError
        When no folds of the method are recorded.
    """
    ranking = method.ranking
    if ranking is None:
        message = f"no folds of {method.label} are recorded"
        raise ValueError(message)
    order = order_of(ranking, "rank")
    rows = [_row(shown, method, ranking, c, theme) for c in order]
    names = listed([one_line(shown.panel.names[c]) for c in order])
    unit = "drop in F1 when the channel is permuted" if "F1" in method.unit else method.unit
    alt = f"{shown.title}, {method.label}: channels by {unit}, most important first: {names}."
    plot = DotPlot(
        x_title=f"{unit} ({method.label}, five recorded folds)",
        alt=alt,
        zero=True,
        right_margin=250,
    )
    figure = dot_plot(rows, plot, theme)
    if "F1" in method.unit:
        add_zero_band(figure, ranking, [shown.panel.index(name) for name in shown.empty], theme)
    return figure


def _row(
    shown: PublishedSet, method: PublishedMethod, ranking: Ranking, c: int, theme: Theme
) -> Row:
    """Return the row of channel ``c``."""
    channel = shown.panel.channels[c]
    in_f1 = "F1" in method.unit
    value = (
        f"{score(ranking.mean[c])} {bounds(ranking.low[c], ranking.high[c])}"
        if in_f1
        else f"{ranking.mean[c]:.2g} ({ranking.low[c]:.2g} to {ranking.high[c]:.2g})"
    )
    verdict = verdict_words(shown, method, c)
    strong = ranking.verdict[c] is Verdict.INFORMATIVE
    head = f"<b>{verdict}</b><br>" if strong else f"{verdict}<br>" if verdict else ""
    row = ranked_row(channel, ranking, c, theme)
    if channel.name in shown.empty:
        row = replace(row, colour=theme.muted, symbol="x", legend=EMPTY)
    return replace(
        row,
        faded=in_f1 and not strong,
        right=f"{head}{value} · {rank_text(ranking, c)}",
        hover=f"<b>{plain(channel.name)}</b><br>{value}<br>{rank_text(ranking, c)}",
    )


def methods_map(shown: PublishedSet, theme: Theme) -> go.Figure:
    """Return channel (rows) by method, scaled to [0, 1] a method as in the paper's Figure 3."""
    methods = shown.methods
    values = [[method.scaled[c] for method in methods] for c in range(len(shown.panel))]
    text = [[f"{value:.2f}" for value in row] for row in values]
    firsts = [max(range(len(shown.panel)), key=lambda c: m.scaled[c]) for m in methods]
    for column, first in enumerate(firsts):
        text[first][column] = f"<b>{text[first][column]}</b>"
    figure = go.Figure()
    figure.add_heatmap(
        z=values,
        text=text,
        texttemplate="%{text}",
        textfont={"size": 12},
        colorscale=theme.sequential,
        zmin=0,
        zmax=1,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
        colorbar={
            "title": {"text": "scaled by method", "font": {"size": 12}, "side": "right"},
            "thickness": 12,
            "outlinewidth": 0,
        },
    )
    told = "; ".join(
        f"{method.label} puts {one_line(shown.panel.names[first])} first"
        for method, first in zip(methods, firsts, strict=True)
    )
    alt = f"Importance by channel and method, scaled to 0 to 1 a method: {told}."
    dressed(figure, theme, alt=alt, height=34 * len(shown.panel) + 120)
    figure.update_xaxes(
        tickvals=list(range(len(methods))),
        ticktext=[plain(method.label, 22) for method in methods],
        tickangle=-20,
        showgrid=False,
        automargin=True,
    )
    figure.update_yaxes(
        tickvals=list(range(len(shown.panel))),
        ticktext=[_axis_name(shown, name) for name in shown.panel.names],
        range=[len(shown.panel) - 0.5, -0.5],
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(margin={"l": 8, "r": 16, "t": 12, "b": 56})
    return figure


def _axis_name(shown: PublishedSet, name: str) -> str:
    """Return a channel's name with what is known of it."""
    known = " (empty)" if name in shown.empty else " *" if name in shown.expected else ""
    return f"{plain(name, 22)}{known}"

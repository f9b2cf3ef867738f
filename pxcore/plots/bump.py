"""Ranks of channels from ranking to ranking, with their ranges: a bump chart."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.plots.compare_words import full_names, headings, span_text
from pxcore.plots.numbers import count, listed
from pxcore.plots.style import DASHES, Theme, dressed, mark, tinted
from pxcore.plots.text import one_line, plain, readable
from pxcore.types import Role
from pxcore.types.comparison import Comparison, RankSpan

ROW = 46
APART = 0.42
"""Room in which the ranges of one ranking stand beside one another."""


def bump(
    comparison: Comparison, channels: Sequence[int], lit: Sequence[int], theme: Theme
) -> go.Figure:
    """Return ranks (1 on top) by ranking, a line a channel, upright bars for the ranges.

    ``channels``: positions in ``Comparison.channels`` to draw, of those that all rankings have;
    ``lit``: those to set apart, none sets nobody apart. The selection data of a click is
    ``customdata[0]``, such a position.
    """
    figure = go.Figure()
    shared = comparison.shared
    drawn = [c for c in shared if c in channels]
    for number, c in enumerate(drawn):
        colour, dash = _look(comparison, c, theme)
        faint = bool(lit) and c not in lit
        paint = tinted(theme.muted, 0.35) if faint else colour
        shift = (number - (len(drawn) - 1) / 2) * min(0.06, APART / max(1, len(drawn)))
        _add_line(figure, comparison, c, (paint, dash, shift), theme)
    orders = [
        f"{one_line(name)}: {listed(_order(comparison, n, drawn))}"
        for n, name in enumerate(full_names(comparison))
    ]
    alt = f"Ranks of {count(len(drawn), 'channel')}, most important first. {'; '.join(orders)}."
    dressed(figure, theme, alt=alt, height=ROW * len(shared) + 110)
    _labels(figure, comparison, drawn, lit, theme)
    _axes(figure, comparison, len(shared))
    return figure


def _look(comparison: Comparison, c: int, theme: Theme) -> tuple[str, str]:
    """Return the colour and dash of a channel, the same whichever others are drawn."""
    if comparison.channels[c].role is Role.DECOY:
        return theme.muted, "dot"
    real = [o for o in comparison.shared if comparison.channels[o].role is not Role.DECOY]
    number, series = real.index(c), theme.series
    return series[number % len(series)], DASHES[(number // len(series)) % len(DASHES)]


def _spans(comparison: Comparison, c: int) -> list[tuple[int, RankSpan]]:
    """Return a channel's ranks by column."""
    found = [(n, ranks[c]) for n, ranks in enumerate(comparison.ranks)]
    return [(n, span) for n, span in found if span is not None]


def _add_line(
    figure: go.Figure,
    comparison: Comparison,
    c: int,
    look: tuple[str, str, float],
    theme: Theme,
) -> None:
    """Add one channel's line with its ranges."""
    paint, dash, shift = look
    channel, spans = comparison.channels[c], _spans(comparison, c)
    names = full_names(comparison)
    figure.add_scatter(
        x=[n + shift for n, _ in spans],
        y=[span.rank for _, span in spans],
        customdata=[[c] for _ in spans],
        text=[
            f"<b>{plain(channel.name)}</b><br>{plain(names[n])}<br>{span_text(span)}"
            "<br>click to set it apart"
            for n, span in spans
        ],
        mode="lines+markers",
        line={"color": paint, "width": 2.5, "dash": dash},
        marker={
            "size": 12,
            "symbol": mark(channel.role).symbol,
            "color": paint if paint.startswith("#") else theme.faint,
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [span.high - span.rank for _, span in spans],
            "arrayminus": [span.rank - span.low for _, span in spans],
            "color": tinted(*((paint, 0.3) if paint.startswith("#") else (theme.muted, 0.08))),
            "thickness": 6,
            "width": 0,
        },
        unselected={"marker": {"opacity": 1}},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _order(comparison: Comparison, column: int, drawn: Sequence[int]) -> list[str]:
    """Return the names of channels by rank."""
    ranked = [(span.rank, c) for c in drawn if (span := comparison.ranks[column][c]) is not None]
    return [one_line(comparison.channels[c].name) for _, c in sorted(ranked)]


def _labels(
    figure: go.Figure,
    comparison: Comparison,
    drawn: Sequence[int],
    lit: Sequence[int],
    theme: Theme,
) -> None:
    """Write each channel's name at the right end of its line."""
    last = len(comparison.columns) - 1
    for c in drawn:
        spans = _spans(comparison, c)
        if spans:
            colour, _ = _look(comparison, c, theme)
            faint = bool(lit) and c not in lit
            sign = mark(comparison.channels[c].role).character
            figure.add_annotation(
                **{
                    "x": last + APART / 2 + 0.04,
                    "y": spans[-1][1].rank,
                    "xanchor": "left",
                    "xshift": 10,
                },
                **{"text": f"{sign} {plain(comparison.channels[c].name, 26)}", "align": "left"},
                showarrow=False,
                font={"size": 13, "color": theme.muted if faint else colour},
            )


def _axes(figure: go.Figure, comparison: Comparison, ranks: int) -> None:
    """Name the rankings below and the ranks at the left."""
    names = headings(comparison, max(12, 130 // len(comparison.columns) - 4))
    longest = max(len(readable(plain(one.name, 26))) for one in comparison.channels)
    figure.update_xaxes(
        range=[-0.3, len(names) - 1 + APART / 2 + 0.06],
        tickvals=list(range(len(names))),
        ticktext=names,
        tickangle=-30 if len(names) > 7 else 0,
        showgrid=True,
        automargin=True,
        side="bottom",
    )
    figure.update_yaxes(
        range=[ranks + 0.6, 0.4],
        tickvals=list(range(1, ranks + 1)),
        ticktext=[str(rank) for rank in range(1, ranks + 1)],
        title_text="rank",
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(margin={"l": 48, "r": 40 + 8 * longest, "t": 12, "b": 56})

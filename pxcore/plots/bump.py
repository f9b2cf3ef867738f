"""Ranks of channels from ranking to ranking, with their ranges: a bump chart."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.plots.compare_words import full_names, headings, span_text
from pxcore.plots.numbers import count, listed
from pxcore.plots.rows import MANY
from pxcore.plots.style import DASHES, Theme, dressed, mark, tinted
from pxcore.plots.text import one_line, plain, readable
from pxcore.types import Role
from pxcore.types.comparison import Comparison, RankSpan

ROW, FLAT_ROW = 46, 9
TALL = 760
"""Pixels that many ranks share, however many there are."""
A_LABEL = 17
"""Pixels between two names at the right end."""
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
        colour, dash = _look(comparison, c, drawn, theme)
        faint = bool(lit) and c not in lit
        paint = tinted(theme.muted, 0.35) if faint else colour
        shift = (number - (len(drawn) - 1) / 2) * min(0.06, APART / max(1, len(drawn)))
        _add_line(figure, comparison, c, (paint, dash, shift), theme)
    orders = [
        f"{one_line(name)}: {listed(_order(comparison, n, drawn))}"
        for n, name in enumerate(full_names(comparison))
    ]
    alt = f"Ranks of {count(len(drawn), 'channel')}, most important first. {'; '.join(orders)}."
    ranks = _lowest(comparison, drawn) if len(shared) > MANY else len(shared)
    names = -(-A_LABEL * len(drawn) // ranks)
    row = min(ROW, max(FLAT_ROW, TALL // ranks, names)) if ranks > MANY else ROW
    dressed(figure, theme, alt=alt, height=row * ranks + 110)
    _labels(figure, comparison, drawn, lit, (theme, row))
    _axes(figure, comparison, ranks, drawn)
    return figure


def _lowest(comparison: Comparison, drawn: Sequence[int]) -> int:
    """Return the lowest rank of the channels that are drawn: ranks below it hold nothing."""
    ranks = [span.rank for c in drawn for _, span in _spans(comparison, c)]
    return max(ranks, default=1)


def _look(comparison: Comparison, c: int, drawn: Sequence[int], theme: Theme) -> tuple[str, str]:
    """Return the colour and dash of a channel, the same whichever others are drawn.

    Of more channels than there are looks, those that are drawn have each its own.
    """
    if comparison.channels[c].role is Role.DECOY:
        return theme.muted, "dot"
    real = [o for o in comparison.shared if comparison.channels[o].role is not Role.DECOY]
    series = theme.series
    many = len(real) > len(series) * len(DASHES)
    number = list(drawn).index(c) if many else real.index(c)
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
    look: tuple[Theme, int],
) -> None:
    """Write each channel's name at the right end of its line, none over another.

    ``look``: the page's tones, and pixels a rank.
    """
    (theme, row), last = look, len(comparison.columns) - 1
    ends = {c: spans[-1][1].rank for c in drawn if (spans := _spans(comparison, c))}
    places = _spread(ends, A_LABEL / row, lowest=max(ends.values(), default=1))
    for c in drawn:
        if c in places:
            colour, _ = _look(comparison, c, drawn, theme)
            faint = bool(lit) and c not in lit
            sign = mark(comparison.channels[c].role).character
            figure.add_annotation(
                **{
                    "x": last + APART / 2 + 0.04,
                    "y": places[c],
                    "xanchor": "left",
                    "xshift": 10,
                },
                **{"text": f"{sign} {plain(comparison.channels[c].name, 26)}", "align": "left"},
                showarrow=False,
                font={"size": 13, "color": theme.muted if faint else colour},
            )


def _spread(ends: dict[int, int], gap: float, lowest: float) -> dict[int, float]:
    """Return where names stand: at least ``gap`` ranks apart, in their order, above ``lowest``."""
    order = sorted(ends, key=lambda c: ends[c])
    placed: list[float] = []
    for c in order:
        placed.append(max(float(ends[c]), placed[-1] + gap if placed else 0.0))
    for n in range(len(placed) - 1, -1, -1):
        placed[n], lowest = min(placed[n], lowest), min(placed[n], lowest) - gap
    return dict(zip(order, placed, strict=True))


def _axes(figure: go.Figure, comparison: Comparison, ranks: int, drawn: Sequence[int]) -> None:
    """Name the rankings below and the ranks at the left."""
    names = headings(comparison, max(12, 130 // len(comparison.columns) - 4))
    longest = max((len(readable(plain(comparison.channels[c].name, 26))) for c in drawn), default=8)
    step = next(one for one in (1, 2, 5, 10, 20, 50, ranks) if ranks / one <= MANY or one >= ranks)
    ticks = [rank for rank in range(1, ranks + 1) if rank == 1 or rank % step == 0]
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
        tickvals=ticks,
        ticktext=[str(rank) for rank in ticks],
        title_text="rank",
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(margin={"l": 48, "r": 40 + 8 * longest, "t": 12, "b": 56})

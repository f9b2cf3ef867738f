"""Place or amount: whether a channel needs imaging, or a flow cytometer would do."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from pxcore.plots.numbers import shortened, with_interval
from pxcore.plots.rows import MANY, Order
from pxcore.plots.style import ORANGE, Theme, badged, dressed, tinted
from pxcore.plots.text import one_line, plain
from pxcore.types import Interval, Panel, Role, Where, WhereOrHowMuch

MEANING = {
    Where.PLACE: "imaging is needed",
    Where.AMOUNT: "ordinary flow cytometry would do",
    Where.NOT_INFORMATIVE: "neither its place nor its amount<br>has more than a negligible effect",
    Where.UNDECIDED: "the intervals are too wide to say",
}
"""What each verdict means for the choice of an instrument."""
PARTS = ("in total", "its place", "its amount")
OFFSET = 0.23
"""Between the three marks of a channel, in rows."""
ROW, FLAT_ROW = 62, 40
MOST_NAMES = 6


def order_where(panel: Panel, where: WhereOrHowMuch, order: Order) -> tuple[int, ...]:
    """Return channels from top to bottom: the panel's order, else the largest total first."""
    channels = range(len(panel))
    if order == "panel":
        return tuple(channels)
    return tuple(sorted(channels, key=lambda c: (-_known(where.total[c].mean), c)))


def verdict_where(panel: Panel, where: WhereOrHowMuch, c: int) -> str:
    """Return a channel's verdict in words; decoys have none."""
    if panel.channels[c].role is Role.DECOY:
        return "made channel"
    return where.verdict[c].value


def where_dots(
    panel: Panel,
    where: WhereOrHowMuch,
    theme: Theme,
    order: Order = "rank",
    only: Collection[int] = (),
) -> go.Figure:
    """Return each channel's total drop, and what of it is place and amount, with intervals.

    ``only``: the channels to draw, none for all. The selection data of a click is
    ``customdata[0]``, the channel.
    """
    channels = [c for c in order_where(panel, where, order) if not only or c in only]
    flat = len(channels) > MANY
    row_height = FLAT_ROW if flat else ROW
    figure = go.Figure()
    looks = (("circle", theme.muted), ("square", theme.accent), ("diamond", ORANGE))
    parts = (where.total, where.place, where.amount)
    for number, (name, values, (symbol, colour)) in enumerate(
        zip(PARTS, parts, looks, strict=True)
    ):
        y = [row + (number - 1) * OFFSET for row in range(len(channels))]
        shown = [values[c] for c in channels]
        _add_part(figure, name, (channels, shown, y), symbol, colour)
    said = [f"{one_line(panel.names[c])}: {verdict_where(panel, where, c)}" for c in channels]
    alt = f"Drop in F1 by channel, in total, by place and by amount. {'; '.join(said)}."
    dressed(figure, theme, alt=alt, height=row_height * len(channels) + 110)
    figure.add_vline(x=0, line={"color": theme.muted, "width": 1.5}, layer="below")
    _add_band(figure, panel, where, theme)
    for row, c in enumerate(channels):
        text = _verdict_text(panel, where, c, flat=flat)
        _add_verdict(figure, text, row, theme, clear=_clear(panel, where, c))
    figure.update_xaxes(title_text="drop in F1", side="bottom")
    figure.update_yaxes(
        range=[len(channels) - 0.4, -0.6],
        tickvals=list(range(len(channels))),
        ticktext=[plain(badged(panel.channels[c])) for c in channels],
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(legend_y=1 + 20 / (row_height * max(1, len(channels))))
    figure.update_layout(margin={"l": 8, "r": 250, "t": 56, "b": 48})
    return figure


def where_sentence(panel: Panel, where: WhereOrHowMuch) -> str:
    """Return the verdicts of all real channels in plain words, stains first, in panel order.

    Stain-free channels are told by themselves: no stain is saved or bought by their verdict.
    """
    free = [c for c, one in enumerate(panel.channels) if one.role.stain_free]
    told = [f"{one_line(panel.names[c])} ({where.verdict[c].value})" for c in free]
    without = f" Stain-free, at no stain's cost: {shortened(told, MOST_NAMES)}." if free else ""
    stains = [c for c, one in enumerate(panel.channels) if not _free(one.role)]
    clauses = []
    for verdict, text in (
        (Where.PLACE, "{} needs imaging: where in the cell the signal lies matters."),
        (Where.AMOUNT, "For {} the amount is enough: ordinary flow cytometry would do."),
        (Where.NOT_INFORMATIVE, "Not informative: {}."),
        (Where.UNDECIDED, "Undecided: {}."),
    ):
        names = [one_line(panel.names[c]) for c in stains if where.verdict[c] is verdict]
        if names:
            said = text.format(shortened(names, MOST_NAMES))
            clauses.append(said.replace(" needs imaging", " need imaging") if names[1:] else said)
    return (" ".join(clauses) or "No stain took part.") + without


def _free(role: Role) -> bool:
    return role.stain_free or role is Role.DECOY


def _add_part(
    figure: go.Figure,
    name: str,
    points: tuple[Sequence[int], Sequence[Interval], Sequence[float]],
    symbol: str,
    colour: str,
) -> None:
    """Add one of the three parts of all channels: (channels, values, heights)."""
    kept = [(c, v, y) for c, v, y in zip(*points, strict=True) if math.isfinite(v.mean)]
    figure.add_scatter(
        x=[value.mean for _, value, _ in kept],
        y=[y for _, _, y in kept],
        customdata=[[c] for c, _, _ in kept],
        text=[f"{name}: {with_interval(value)}" for _, value, _ in kept],
        mode="markers",
        name=name,
        marker={"size": 10, "symbol": symbol, "color": colour},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [_known(value.high - value.mean) for _, value, _ in kept],
            "arrayminus": [_known(value.mean - value.low) for _, value, _ in kept],
            "color": colour,
            "thickness": 2.2,
            "width": 0,
        },
        unselected={"marker": {"opacity": 1}},
        hovertemplate="%{text}<extra></extra>",
    )


def _add_band(figure: go.Figure, panel: Panel, where: WhereOrHowMuch, theme: Theme) -> None:
    """Shade how far the decoys reach, in total and by their place."""
    decoys = [c for c, channel in enumerate(panel.channels) if channel.role is Role.DECOY]
    if not decoys:
        return
    values = [part[c] for part in (where.total, where.place) for c in decoys]
    low = min(0.0, *(_known(value.low) for value in values))
    high = max(0.0, *(_known(value.high) for value in values))
    figure.add_vrect(
        x0=low, x1=high, fillcolor=tinted(theme.muted, 0.18), line={"width": 0}, layer="below"
    )
    figure.add_annotation(
        **{"x": (low + high) / 2, "y": 1, "yref": "paper", "yanchor": "bottom"},
        **{"text": "what zero looks like", "showarrow": False},
        font={"size": 11, "color": theme.muted},
    )


def _clear(panel: Panel, where: WhereOrHowMuch, c: int) -> bool:
    """Return whether a channel's verdict says what is needed."""
    decoy = panel.channels[c].role is Role.DECOY
    return where.verdict[c] in (Where.PLACE, Where.AMOUNT) and not decoy


def _verdict_text(panel: Panel, where: WhereOrHowMuch, c: int, *, flat: bool) -> str:
    """Return a channel's verdict; where there is room, with what it means."""
    word = plain(verdict_where(panel, where, c))
    strong = f"<b>{word}</b>" if _clear(panel, where, c) else word
    if flat or panel.channels[c].role is Role.DECOY:
        return strong
    return f"{strong}<br>{MEANING[where.verdict[c]]}"


def _add_verdict(figure: go.Figure, text: str, row: int, theme: Theme, *, clear: bool) -> None:
    """Write a channel's verdict at the right end of its row."""
    figure.add_annotation(
        **{"x": 1.0, "xref": "paper", "xanchor": "left", "xshift": 16, "y": row, "text": text},
        **{"showarrow": False, "align": "left"},
        font={"color": theme.ink if clear else theme.muted, "size": 13},
    )


def _known(value: float) -> float:
    """Return a number that can be drawn: 0 where there is none."""
    return value if math.isfinite(value) else 0.0

"""Importance of the same channels by several rankings: one strip a ranking, one row a channel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from pxcore.plots.compare_trust import marks_of
from pxcore.plots.compare_words import full_names, heading, names_of, span_text
from pxcore.plots.dots import row_height
from pxcore.plots.numbers import count, listed, with_interval
from pxcore.plots.strips import Strips, range_of, small_dots, values_of, zero_of
from pxcore.plots.style import Theme, dressed, mark, tone
from pxcore.plots.text import one_line, plain
from pxcore.types import Interval
from pxcore.types.comparison import Comparison

A_LINE = 6
"""Strips beside one another; more go into a second line."""
LINE = 17
"""Height of a line of a strip's name."""
GAP = 0.018


@dataclass(frozen=True, slots=True)
class _Strip:
    """One ranking's place in the figure."""

    column: int
    axis: str
    x: tuple[float, float]
    y: tuple[float, float]
    first: bool
    """The leftmost of its line: it carries the names of channels."""


def side_by_side(comparison: Comparison, strips: Strips, theme: Theme) -> go.Figure:
    """Return strips of dots with intervals; a line marks where zero lies in each.

    The selection data of a click is ``customdata[0]``, a position in ``Comparison.channels``.
    """
    figure = go.Figure()
    number = len(comparison.columns)
    lines = -(-number // A_LINE)
    head = 14 + LINE * max(text.count("<br>") + 1 for text in _headings(comparison))
    tall = head + row_height(len(strips.channels)) * len(strips.channels) + 50
    places = [_place(n, number, (head, tall), strips) for n in range(number)]
    for place in places:
        _add_strip(figure, comparison, strips, place, theme)
    shown = [one_line(comparison.channels[c].name) for c in strips.channels]
    what = f" for {one_line(comparison.class_name)}" if comparison.class_name else ""
    alt = (
        f"Importance{what} of {listed(shown)} by {count(number, 'ranking')}: "
        f"{listed([one_line(name) for name in full_names(comparison)])}."
    )
    dressed(figure, theme, alt=alt, height=tall * lines + 12)
    for place in places:
        _dress_strip(figure, comparison, strips, place, theme)
    _key(figure, comparison, strips, places, theme)
    figure.update_layout(margin={"l": 8, "r": 16, "t": 6, "b": 6}, showlegend=False)
    return figure


def _headings(comparison: Comparison) -> list[str]:
    """Return the names of strips, as many characters a line as there is room."""
    room = 150 // min(len(comparison.columns), A_LINE)
    width = max(14, min(34, room - 6))
    return [
        f"<b>{heading(method, '', width)}</b>"
        + "".join(f"<br>{plain(text, width + 2)}" for text in (run, mark) if text)
        for (method, run), mark in zip(names_of(comparison), marks_of(comparison), strict=True)
    ]


def _place(n: int, number: int, heights: tuple[int, int], strips: Strips) -> _Strip:
    """Return where the n-th strip stands, in shares of the plot; heights of head and line."""
    head, tall = heights
    across, lines = min(number, A_LINE), -(-number // A_LINE)
    line, at = divmod(n, A_LINE)
    width = (1 - GAP * (across - 1)) / across
    left = at * (width + GAP)
    top = 1 - (line * tall + head) / (tall * lines)
    rows = row_height(len(strips.channels)) * len(strips.channels)
    bottom = top - rows / (tall * lines)
    axis = str(n + 1) if n else ""
    return _Strip(n, axis, (left, min(1.0, left + width)), (max(0.0, bottom), top), at == 0)


def _add_strip(
    figure: go.Figure,
    comparison: Comparison,
    strips: Strips,
    place: _Strip,
    theme: Theme,
) -> None:
    """Add one ranking's dots."""
    values = values_of(comparison, strips, place.column)
    axes = {"xaxis": f"x{place.axis}", "yaxis": f"y{place.axis}"}
    roles = [comparison.channels[c].role for c in strips.channels]
    looks = [(mark(role), tone(role, theme)) for role in roles]
    small = [
        (one, row, c, looks[row][1])
        for row, (c, value) in enumerate(zip(strips.channels, values, strict=True))
        if value is not None
        for one in small_dots(comparison, strips, place.column, value)
    ]
    figure.add_scatter(
        x=[x for x, *_ in small],
        y=[row + 0.26 for _, row, *_ in small],
        customdata=[[c] for _, _, c, _ in small],
        mode="markers",
        marker={"size": 6, "color": [colour for *_, colour in small], "opacity": 0.55},
        unselected={"marker": {"opacity": 0.55}},
        hovertemplate="%{x:.3f}<extra></extra>",
        **axes,
    )
    for look in dict.fromkeys(looks):
        rows = [
            (row, c, value)
            for row, (c, value) in enumerate(zip(strips.channels, values, strict=True))
            if looks[row] == look and value is not None and math.isfinite(value.mean)
        ]
        if rows:
            _add_means(figure, comparison, place, rows, (look[0].symbol, look[1]))


def _add_means(
    figure: go.Figure,
    comparison: Comparison,
    place: _Strip,
    rows: Sequence[tuple[int, int, Interval]],
    look: tuple[str, str],
) -> None:
    """Add means with intervals, all of one mark."""
    names = full_names(comparison)
    hover = []
    for _, c, _ in rows:
        own, span = comparison.values[place.column][c], comparison.ranks[place.column][c]
        said = with_interval(own) if own is not None else ""
        unit = plain(comparison.columns[place.column].unit)
        placed = f"<br>{span_text(span)}" if span is not None else ""
        hover.append(
            f"<b>{plain(comparison.channels[c].name)}</b><br>{plain(names[place.column])}"
            f"<br>{said} {unit}{placed}"
        )
    figure.add_scatter(
        x=[value.mean for *_, value in rows],
        y=[row for row, *_ in rows],
        customdata=[[c] for _, c, _ in rows],
        text=hover,
        mode="markers",
        marker={"size": 11, "symbol": look[0], "color": look[1]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [_reach(value.high - value.mean) for *_, value in rows],
            "arrayminus": [_reach(value.mean - value.low) for *_, value in rows],
            "color": look[1],
            "thickness": 2.2,
            "width": 0,
        },
        unselected={"marker": {"opacity": 1}},
        hovertemplate="%{text}<extra></extra>",
        xaxis=f"x{place.axis}",
        yaxis=f"y{place.axis}",
    )


def _reach(length: float) -> float:
    return max(length, 0.0) if math.isfinite(length) else 0.0


def _dress_strip(
    figure: go.Figure, comparison: Comparison, strips: Strips, place: _Strip, theme: Theme
) -> None:
    """Give a strip its axes, its name, and words where a panel lacks a channel."""
    low, high = range_of(comparison, strips)
    names = [plain(comparison.channels[c].name, 26) for c in strips.channels]
    figure.update_layout(
        {
            f"xaxis{place.axis}": {
                **{"domain": place.x, "anchor": f"y{place.axis}", "range": [low, high]},
                **{"gridcolor": theme.faint, "linecolor": theme.faint, "zeroline": False},
                **{"fixedrange": True, "tickfont": {"color": theme.muted, "size": 11}},
                **{"nticks": 4, "tickangle": 0},
            },
            f"yaxis{place.axis}": {
                **{"domain": place.y, "anchor": f"x{place.axis}", "showgrid": False},
                "range": [len(strips.channels) - 0.4, -0.6],
                "tickvals": list(range(len(names))),
                "ticktext": names if place.first else [""] * len(names),
                **{"fixedrange": True, "zeroline": False, "tickfont": {"color": theme.ink}},
                **{"automargin": place.first, "linecolor": theme.faint, "showline": True},
            },
        }
    )
    zero = zero_of(comparison, strips, place.column)
    axes = {"xref": f"x{place.axis}", "yref": f"y{place.axis} domain"}
    if zero is not None and low < zero < high:
        line = {"color": theme.muted, "width": 1.2}
        figure.add_shape(
            type="line", x0=zero, x1=zero, y0=0, y1=1, line=line, layer="below", **axes
        )
    figure.add_annotation(
        **{"x": 0, "xref": f"x{place.axis} domain", "xanchor": "left"},
        **{"y": 1, "yref": f"y{place.axis} domain", "yanchor": "bottom", "yshift": 4},
        **{"showarrow": False, "align": "left", "font": {"size": 13}},
        text=_headings(comparison)[place.column],
    )
    _absent(figure, comparison, strips, place, theme)


def _key(
    figure: go.Figure,
    comparison: Comparison,
    strips: Strips,
    places: Sequence[_Strip],
    theme: Theme,
) -> None:
    """Say below the last line what marks, dots and lines are."""
    looks = dict.fromkeys(mark(comparison.channels[c].role) for c in strips.channels)
    dots = f"small dots: {'random starts' if strips.starts else 'single trainings'}"
    words = [f"{look.character} {look.word}" for look in looks]
    words += [dots, "bars: 95 % intervals", "upright line: where zero lies"]
    last = [place for place in places if place.first][-1]
    figure.add_annotation(
        **{"x": 0, "xref": f"x{last.axis} domain", "xanchor": "left"},
        **{"y": 0, "yref": f"y{last.axis} domain", "yanchor": "top", "yshift": -26},
        **{"text": " · ".join(words), "showarrow": False, "align": "left"},
        font={"size": 12, "color": theme.muted},
    )


def _absent(
    figure: go.Figure, comparison: Comparison, strips: Strips, place: _Strip, theme: Theme
) -> None:
    """Write where a ranking has no value."""
    values = values_of(comparison, strips, place.column)
    for row, (c, value) in enumerate(zip(strips.channels, values, strict=True)):
        if value is None:
            missing = comparison.channels[c].positions[place.column] is None
            figure.add_annotation(
                **{"x": 0.5, "xref": f"x{place.axis} domain", "y": row, "yref": f"y{place.axis}"},
                text="not in panel" if missing else "no such class",
                showarrow=False,
                font={"color": theme.muted, "size": 11},
            )

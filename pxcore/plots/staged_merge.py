"""The markers of every finished run side by side: drops with intervals, verdicts, what goes on."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go

from pxcore.panel.staged.finished import FinishedRun
from pxcore.plots.numbers import bounds, listed, score
from pxcore.plots.style import PURPLE, Theme, dressed, tinted
from pxcore.plots.text import one_line, plain
from pxcore.plots.verdicts import WORDS

A_LINE = 2
"""Runs beside one another."""
MOST = 14
"""Markers of a run that are drawn; the table has all."""
ROW, HEAD, FOOT = 25, 34, 44
"""Heights in pixels: a marker, the name of a run, its axis."""
GAP = 0.17
"""Room for names between two runs, as a share of the width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """What goes on to the final run, as the figure needs it."""

    taken: Collection[str]
    always_on: Collection[str] = ()
    top: int = 0
    """Draw a line below the first m candidates of each run; 0 draws none."""


@dataclass(slots=True)
class _Sheet:
    """Parts of the figure, put together at once: one by one plotly takes seconds."""

    traces: list[go.Scatter] = field(default_factory=list)
    notes: list[dict[str, object]] = field(default_factory=list)
    lines: list[dict[str, object]] = field(default_factory=list)
    axes: dict[str, dict[str, object]] = field(default_factory=dict)


def merged_runs(runs: Sequence[FinishedRun], union: Union, theme: Theme) -> go.Figure:
    """Return a strip a run, the strongest marker on top; what is left out is faded.

    Values are each run's own: how runs come on one scale is told beside the figure.
    """
    sheet = _Sheet()
    rows = max((min(len(run.markers), MOST) for run in runs), default=1)
    lines = -(-len(runs) // A_LINE) or 1
    tall = HEAD + ROW * rows + FOOT
    reach = _range(runs)
    for n, run in enumerate(runs):
        order = run.order(run.markers)[:MOST]
        axis = str(n + 1) if n else ""
        _add_dots(sheet, run, order, union, (axis, theme))
        _add_words(sheet, run, order, (axis, theme))
        _add_top(sheet, order, union, (axis, theme))
        _add_axes(sheet, order, (n, lines, rows, tall), reach)
    told = "; ".join(
        f"run {run.number}: {listed([one_line(m, 40) for m in run.order(run.markers)])}"
        for run in runs
    )
    figure = go.Figure(
        data=sheet.traces,
        layout={"annotations": sheet.notes, "shapes": sheet.lines, **sheet.axes},
    )
    dressed(figure, theme, alt=f"Markers by run, strongest first. {told}.", height=tall * lines)
    figure.update_xaxes(tickfont={"color": theme.muted, "size": 11})
    figure.update_layout(margin={"l": 92, "r": 8, "t": 4, "b": 4}, showlegend=False)
    return figure


def _add_dots(
    sheet: _Sheet,
    run: FinishedRun,
    order: Sequence[str],
    union: Union,
    where: tuple[str, Theme],
) -> None:
    """Add one run's dots, those that go on apart from those that do not."""
    axis, theme = where
    groups: dict[tuple[str, str], list[int]] = {}
    for row, marker in enumerate(order):
        symbol = "diamond" if marker in union.always_on else "circle"
        tone = PURPLE if marker in union.always_on else theme.accent
        paint = tone if marker in union.taken else tinted(theme.muted, 0.55)
        groups.setdefault((symbol, paint), []).append(row)
    for (symbol, paint), rows in groups.items():
        places = [run.markers.index(order[row]) for row in rows]
        sheet.traces.append(
            go.Scatter(
                x=[run.mean[p] for p in places],
                y=rows,
                mode="markers",
                marker={"size": 11, "symbol": symbol, "color": paint},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [_length(run.high[p] - run.mean[p]) for p in places],
                    "arrayminus": [_length(run.mean[p] - run.low[p]) for p in places],
                    "color": paint,
                    "thickness": 2.2,
                    "width": 0,
                },
                text=[_hover(run, p, union) for p in places],
                hovertemplate="%{text}<extra></extra>",
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
            )
        )


def _add_words(
    sheet: _Sheet, run: FinishedRun, order: Sequence[str], where: tuple[str, Theme]
) -> None:
    """Write every marker's verdict at the right, the run's name above, and draw zero."""
    axis, theme = where
    for row, marker in enumerate(order):
        sheet.notes.append(
            {
                **{"x": 1, "xref": f"x{axis} domain", "xanchor": "right"},
                **{"y": row, "yref": f"y{axis}", "showarrow": False},
                "text": WORDS[run.verdict[run.markers.index(marker)]],
                "font": {"size": 11, "color": theme.muted},
            }
        )
    more = len(run.markers) - len(order)
    sheet.notes.append(
        {
            **{"x": 0, "xref": f"x{axis} domain", "xanchor": "left", "yshift": 4},
            **{"y": 1, "yref": f"y{axis} domain", "yanchor": "bottom", "showarrow": False},
            "text": f"<b>Run {run.number}</b>" + (f" · {more} more in the table" if more else ""),
            "font": {"size": 13},
        }
    )
    sheet.lines.append(
        {
            **{"type": "line", "x0": 0, "x1": 0, "xref": f"x{axis}", "layer": "below"},
            **{"y0": 0, "y1": 1, "yref": f"y{axis} domain"},
            "line": {"color": theme.muted, "width": 1.2},
        }
    )


def _add_top(sheet: _Sheet, order: Sequence[str], union: Union, where: tuple[str, Theme]) -> None:
    """Draw a line below the last of the first m candidates; always-on ones do not count."""
    axis, theme = where
    own = [row for row, marker in enumerate(order) if marker not in union.always_on]
    if not 0 < union.top < len(own):
        return
    y = own[union.top - 1] + 0.5
    sheet.lines.append(
        {
            **{"type": "line", "x0": 0, "x1": 1, "xref": f"x{axis} domain", "layer": "below"},
            **{"y0": y, "y1": y, "yref": f"y{axis}"},
            "line": {"color": theme.muted, "width": 1, "dash": "dash"},
        }
    )


def _add_axes(
    sheet: _Sheet,
    order: Sequence[str],
    place: tuple[int, int, int, int],
    reach: tuple[float, float],
) -> None:
    """Give a strip its place and axes. ``place``: number, lines, rows, height of a line."""
    n, lines, rows, tall = place
    axis, whole = str(n + 1) if n else "", tall * lines
    line, column = divmod(n, A_LINE)
    width = (1 - GAP * (A_LINE - 1)) / A_LINE
    left = column * (width + GAP)
    top = 1 - (line * tall + HEAD) / whole
    sheet.axes[f"xaxis{axis}"] = {
        "domain": (left, min(1.0, left + width)),
        "anchor": f"y{axis}",
        "range": list(reach),
        "nticks": 4,
    }
    sheet.axes[f"yaxis{axis}"] = {
        "domain": (max(0.0, top - ROW * rows / whole), top),
        "anchor": f"x{axis}",
        "range": [rows - 0.4, -0.6],
        "tickvals": list(range(len(order))),
        "ticktext": [plain(marker, 12) for marker in order],
        "showgrid": False,
    }


def _range(runs: Sequence[FinishedRun]) -> tuple[float, float]:
    """Return one range for all runs, with room at the right for the verdicts."""
    ends = [v for run in runs for v in (*run.low, *run.high, *run.mean) if math.isfinite(v)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    span = high - low or 1.0
    return low - 0.04 * span, high + 0.7 * span


def _hover(run: FinishedRun, p: int, union: Union) -> str:
    marker = run.markers[p]
    goes = "goes into the final run" if marker in union.taken else "is left out"
    said = f"{score(run.mean[p])} {bounds(run.low[p], run.high[p])}"
    return (
        f"<b>{plain(marker)}</b><br>drop {said} in run {run.number}"
        f"<br>{WORDS[run.verdict[p]]}; {goes}"
    )


def _length(value: float) -> float:
    return max(value, 0.0) if math.isfinite(value) else 0.0

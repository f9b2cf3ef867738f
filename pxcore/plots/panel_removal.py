"""Removal curves: F1 against the channels left, retrained after every removal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.panel.curves import BEST, BEST_LABEL
from pxcore.panel.orders import LEAST_FIRST, MOST_FIRST, RANDOM
from pxcore.plots.numbers import count, score, with_interval
from pxcore.plots.panel_marks import add_margin_band, named, reach
from pxcore.plots.style import Theme, dressed, tinted
from pxcore.plots.text import one_line, plain
from pxcore.types import Panel
from pxcore.types.panel import PanelTrial, RemovalCurve

__all__ = ["BEST_LABEL", "DIRECTIONS", "curve_name", "removal_curves"]

DIRECTIONS = {
    LEAST_FIRST: "least important first",
    MOST_FIRST: "most important first",
    RANDOM: "random",
    BEST: "chosen by validation cells",
}
"""Directions in words."""
DASHES = {MOST_FIRST: "dash", BEST: "dot"}
APART = 0.3
"""Room in which the intervals of one step stand beside one another."""


def curve_name(curve: RemovalCurve) -> str:
    """Return ``PXPermute, least important first``; a random order by its own name."""
    if curve.direction == RANDOM:
        return one_line(curve.label, 40)
    return f"{one_line(curve.label, 40)}, {DIRECTIONS.get(curve.direction, curve.direction)}"


def removal_curves(
    panel: Panel,
    curves: Sequence[RemovalCurve],
    full: PanelTrial,
    margin: float,
    theme: Theme,
) -> go.Figure:
    """Return a line an order, all channels at the left; random orders grey, margin as a band.

    A ranking has one colour; its order with the most important first is dashed.
    The best panels of each size, which follow no order, are dotted.
    """
    figure = go.Figure()
    _add_random(figure, [one for one in curves if one.direction == RANDOM], theme)
    ranked = [one for one in curves if one.direction != RANDOM]
    labels = list(dict.fromkeys(one.label for one in ranked))
    for number, curve in enumerate(ranked):
        colour = theme.series[labels.index(curve.label) % len(theme.series)]
        shift = (number - (len(ranked) - 1) / 2) * min(0.06, APART / max(1, len(ranked)))
        _add_curve(figure, panel, curve, (colour, shift))
    add_margin_band(figure, full, margin, theme, "right")
    told = [f"{curve_name(curve)} {score(curve.mean_f1.mean)}" for curve in curves]
    alt = f"F1 against channels left; mean over the steps: {', '.join(told) or 'no curve'}."
    dressed(figure, theme, alt=alt, height=440)
    left = [len(trial.members) for curve in curves for trial in curve.trials]
    figure.update_xaxes(
        title_text="channels left",
        range=[max(left, default=1) + 0.4, min(left, default=0) - 0.4],
        tickvals=sorted(set(left), reverse=True),
        showgrid=False,
    )
    figure.update_yaxes(title_text="F1-macro on held-out cells", automargin=True)
    figure.update_layout(margin={"l": 56, "r": 16, "t": 64, "b": 48})
    return figure


def _add_random(figure: go.Figure, curves: Sequence[RemovalCurve], theme: Theme) -> None:
    """Draw what an order is worth that knows nothing, one legend entry for all."""
    for number, curve in enumerate(curves):
        values = [trial.f1_macro for trial in curve.trials]
        figure.add_scatter(
            x=[len(trial.members) for trial in curve.trials],
            y=[_known(value.mean) for value in values],
            mode="lines",
            name="random orders",
            legendgroup="random",
            showlegend=number == 0,
            line={"color": tinted(theme.muted, 0.6), "width": 1.5},
            error_y=reach(values, tinted(theme.muted, 0.25), 1.5),
            text=[f"random order: F1 {with_interval(value)}" for value in values],
            hovertemplate="%{text}<extra></extra>",
        )


def _add_curve(
    figure: go.Figure, panel: Panel, curve: RemovalCurve, look: tuple[str, float]
) -> None:
    """Draw one ranking's curve with the interval of every step."""
    colour, shift = look
    values = [trial.f1_macro for trial in curve.trials]
    figure.add_scatter(
        x=[len(trial.members) + shift for trial in curve.trials],
        y=[_known(value.mean) for value in values],
        mode="lines+markers",
        name=plain(curve_name(curve), 70),
        line={
            "color": colour,
            "width": 2.5,
            "dash": DASHES.get(curve.direction, "solid"),
        },
        marker={"size": 8, "color": colour},
        error_y=reach(values, tinted(colour, 0.5)),
        text=[_hover(panel, curve, step) for step in range(len(curve.trials))],
        hovertemplate="%{text}<extra></extra>",
    )


def _hover(panel: Panel, curve: RemovalCurve, step: int) -> str:
    trial = curve.trials[step]
    gone = curve.order[:step]
    last = f"<br>last removed: {plain(panel.names[gone[-1]], 40)}" if gone else ""
    return (
        f"<b>{plain(curve_name(curve), 70)}</b><br>{count(len(trial.members), 'channel')} left: "
        f"{plain(named(panel, trial.members), 120)}<br>F1 {with_interval(trial.f1_macro)}{last}"
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None

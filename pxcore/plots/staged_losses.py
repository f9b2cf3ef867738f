"""What each plan is expected to lose, simulated; and a rehearsal beside all markers at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.plots.dots import DotPlot, Row, dot_plot
from pxcore.plots.numbers import bounds, count, score
from pxcore.plots.staged_words import loss_words
from pxcore.plots.style import GREEN, Theme
from pxcore.types import Interval
from pxcore.types.staged_views import PlanLoss

WAYS = {
    "published": "Published plan",
    "pair_cover": "Pair cover",
    "all": "All at once",
}
"""Ways of the simulator in words, in the order they are drawn."""


def plan_losses(losses: Sequence[PlanLoss], theme: Theme) -> go.Figure:
    """Return the loss of each plan in accuracy to measuring all at once, with intervals."""
    rows = [
        Row(
            id=n,
            name=WAYS.get(one.way, one.way),
            mean=one.loss,
            low=one.loss_low,
            high=one.loss_high,
            folds=(),
            colour=theme.accent if one.way != "all" else theme.muted,
            symbol="circle" if one.way != "all" else "square",
            right=f"{count(one.runs, 'run')}",
            hover=f"<b>{WAYS.get(one.way, one.way)}</b><br>loss: {loss_words(one)}"
            f"<br>accuracy {score(one.accuracy)} {bounds(one.low, one.high)}"
            f"<br>the pair is kept in {one.pair_kept:.0%}",
        )
        for n, one in enumerate(losses)
    ]
    told = "; ".join(f"{row.name} {loss_words(one)}" for row, one in zip(rows, losses, strict=True))
    plot = DotPlot(
        x_title="simulated loss of accuracy",
        alt=f"Simulated loss of each plan: {told or 'none'}.",
        zero=True,
        right_margin=70,
    )
    return _close(dot_plot(rows, plot, theme))


def rehearsal(values: Sequence[tuple[str, Interval]], theme: Theme) -> go.Figure:
    """Return F1-macro of the rehearsed plan's end and of all markers at once, fold by fold.

    ``values``: (what was measured, F1-macro), the staged one first.
    """
    tones = (GREEN, theme.accent, theme.muted)  # the last one for all further ones
    rows = [
        Row(
            id=n,
            name=name,
            mean=value.mean,
            low=value.low,
            high=value.high,
            folds=value.folds,
            colour=tones[min(n, 2)],
            symbol=("diamond", "circle", "square")[min(n, 2)],
            right=f"{score(value.mean)} {bounds(value.low, value.high)}",
            hover=f"F1 {score(value.mean)} {bounds(value.low, value.high)}",
        )
        for n, (name, value) in enumerate(values)
        if math.isfinite(value.mean)
    ]
    told = "; ".join(f"{row.name} {row.right}" for row in rows)
    plot = DotPlot(
        x_title="F1-macro on held-out cells",
        alt=f"F1-macro of the rehearsal: {told or 'none yet'}.",
        right_margin=190,
    )
    return dot_plot(rows, plot, theme)


def _close(figure: go.Figure) -> go.Figure:
    """Take away the room for a legend that is not there."""
    figure.update_layout(showlegend=False, margin_t=12, height=figure.layout.height - 40)
    return figure

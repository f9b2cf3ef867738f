"""Guards of a run: what a random split would claim, and models trained again without channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from pxcore.plots.dots import DotPlot, Row, dot_plot, interval_row
from pxcore.plots.numbers import score, with_interval
from pxcore.plots.redundancy import names_of
from pxcore.plots.style import ORANGE, Theme
from pxcore.plots.text import plain
from pxcore.plots.verdicts import SMALL
from pxcore.types import Leakage, LeftOut, Panel


def leakage_dots(leakage: Leakage, theme: Theme) -> go.Figure:
    """Return F1-macro with donors kept apart beside what a split cell by cell would claim."""
    rows: list[Row] = []
    for number, (name, value, colour) in enumerate(
        (
            ("donors kept apart", leakage.by_donor, theme.accent),
            ("split cell by cell", leakage.by_cell, ORANGE),
        )
    ):
        said = with_interval(value)
        rows.append(
            replace(
                interval_row(number, name, value, colour), right=said, hover=f"{name}<br>{said}"
            )
        )
    alt = (
        f"F1 with donors kept apart {score(leakage.by_donor.mean)}, with cells of one donor on "
        f"both sides {score(leakage.by_cell.mean)}."
    )
    return dot_plot(rows, DotPlot(x_title="F1-macro on held-out cells", alt=alt), theme)


def leakage_sentence(leakage: Leakage) -> str:
    """Return what the gap between the two splits allows to say."""
    gap = with_interval(leakage.gap)
    if leakage.gap.low > 0:
        return (
            f"A split cell by cell would promise {gap} F1 more than a new donor gives: the models "
            "know their donors. Believe the lower number."
        )
    if leakage.gap.high < SMALL:
        return f"Donors hardly leak: a split cell by cell claims no more (gap {gap} F1)."
    return f"Whether donors leak is undecided: the gap of {gap} F1 reaches from none to some."


def left_out_dots(panel: Panel, left_out: Sequence[LeftOut], theme: Theme) -> go.Figure:
    """Return the drop in F1-macro of models trained again without some channels."""
    rows: list[Row] = []
    for number, one in enumerate(left_out):
        name = f"without {names_of(panel, one.channels)}"
        drop = with_interval(one.drop)
        line = interval_row(number, name, one.drop, theme.accent)
        right = f"{drop}<br>leaves F1 {with_interval(one.f1_macro)}"
        hover = f"{plain(name, 160)}<br>{drop}"
        rows.append(replace(line, right=right, hover=hover, faded=not one.drop.low > 0))
    alt = f"Drop in F1 of models trained again without {len(rows)} sets of channels."
    title = "drop in F1 of models trained without the channels"
    return dot_plot(rows, DotPlot(x_title=title, alt=alt, zero=True, right_margin=230), theme)


def left_out_sentence(panel: Panel, one: LeftOut) -> str:
    """Return what a retraining without some channels says about them."""
    names, drop = names_of(panel, one.channels), with_interval(one.drop)
    if one.drop.low > 0:
        return f"Trained without {names}, F1 falls by {drop}: they carry what nothing else does."
    if one.drop.high < SMALL:
        return f"Trained without {names}, F1 falls by {drop}: nothing measurable is lost."
    return f"Trained without {names}, F1 falls by {drop}: undecided."

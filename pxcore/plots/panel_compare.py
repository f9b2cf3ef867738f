"""Panels beside one another as in the paper: stain-free, leading stains of rankings, named, all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.panel.verdicts import verdict
from pxcore.plots.dots import DotPlot, Row, dot_plot
from pxcore.plots.numbers import count, score, with_interval
from pxcore.plots.panel_marks import named
from pxcore.plots.style import Theme, tinted
from pxcore.plots.text import one_line, plain
from pxcore.types import Panel
from pxcore.types.panel import Beside, Compared, PanelTest

SYMBOLS = {Beside.STAIN_FREE: "square", Beside.TICKED: "triangle-up", Beside.ALL: "star"}
"""Of what no ranking chose; leading stains are circles. A diamond is an advised panel elsewhere."""
LEGEND = {
    Beside.STAIN_FREE: "stain-free only",
    Beside.TICKED: "a panel named by somebody",
    Beside.ALL: "all channels",
}


def name_of(panel: Panel, one: Compared) -> str:
    """Return what a line is called, on one line, names as typed.

    >>> from pxcore.types import Channel, Interval
    >>> from pxcore.types.panel import PanelTrial
    >>> none = Interval(mean=0.5, low=0.4, high=0.6, folds=())
    >>> trial = PanelTrial(members=(0,), f1_macro=none, f1_micro=none, f1_per_class=())
    >>> one = Compared(what=Beside.LEADING, trial=trial, method="PXPermute", top=2)
    >>> name_of(Panel((Channel(name="CD3"),)), one)
    'first 2 by PXPermute'
    """
    match one.what:
        case Beside.LEADING:
            return f"first {one.top} by {one_line(one.method, 40)}"
        case Beside.TICKED:
            return named(panel, one.trial.members, 16)
    return one.what.value


def chosen_words(panel: Panel, one: Compared) -> str:
    """Return the panels of a line, each with how many of the trainings chose it.

    One panel that all share stands by itself: ``BF, CD3 in 4; BF, CD4 in 1``.
    """
    often = Counter(one.trial.chosen).most_common()
    if len(often) < 2:
        return named(panel, one.trial.members)
    return "; ".join(f"{named(panel, members)} in {number}" for members, number in often)


def verdict_words(test: PanelTest | None) -> str:
    """Return in a few words what a test says of a panel; empty for the full one."""
    return "" if test is None else verdict(test)


def panel_dots(
    panel: Panel, rows: Sequence[tuple[Compared, PanelTest | None]], margin: float, theme: Theme
) -> go.Figure:
    """Return a row of dots a panel: F1-macro, its interval, every fold; the margin as a band.

    Parameters
    ----------
    rows
        From top to bottom, each with its test against the full panel; None for that one.
    """
    methods = list(dict.fromkeys(one.method for one, _ in rows if one.method))
    lines = [
        _line(panel, (number, one, test), methods, theme) for number, (one, test) in enumerate(rows)
    ]
    told = [f"{name_of(panel, one)} {score(one.trial.f1_macro.mean)}" for one, _ in rows]
    plot = DotPlot(
        x_title=f"F1-macro on held-out cells; band: the margin of {margin:.3f} below all channels",
        alt=f"F1 of {count(len(rows), 'panel')}: {'; '.join(told)}.",
        right_margin=170,
    )
    figure = dot_plot(lines, plot, theme)
    top = next((one.trial.f1_macro.mean for one, _ in rows if one.what is Beside.ALL), None)
    if top is not None:
        figure.add_vrect(
            x0=top - margin,
            x1=top,
            fillcolor=tinted(theme.muted, 0.2),
            line={"width": 0},
            layer="below",
        )
    return figure


def _line(
    panel: Panel,
    row: tuple[int, Compared, PanelTest | None],
    methods: Sequence[str],
    theme: Theme,
) -> Row:
    number, one, test = row
    value = one.trial.f1_macro
    colour = theme.muted
    if one.method:
        colour = theme.series[methods.index(one.method) % len(theme.series)]
    elif one.what is Beside.ALL:
        colour = theme.ink
    less = "" if test is None else f"<br>less all channels {with_interval(test.difference)}"
    return Row(
        id=number,
        name=name_of(panel, one),
        mean=value.mean,
        low=value.low,
        high=value.high,
        folds=value.folds,
        colour=colour,
        symbol=SYMBOLS.get(one.what, "circle"),
        legend=plain(one.method, 40) or LEGEND.get(one.what, ""),
        right=plain(verdict_words(test), 40),
        hover=(
            f"<b>{plain(name_of(panel, one), 80)}</b><br>F1 {with_interval(value)}{less}<br>"
            f"{plain(chosen_words(panel, one), 160)}"
        ),
    )

"""What the figures about panels share: names of panels, prices, the margin below the full one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import plotly.graph_objects as go

from pxcore.panel.constraints import cost_of, has_costs, stains_of
from pxcore.plots.numbers import score
from pxcore.plots.style import GREEN, Theme, tinted
from pxcore.plots.text import one_line
from pxcore.types import Interval, Panel
from pxcore.types.panel import Members, PanelTrial

MOST_NAMES = 12
ADVISED = GREEN
"""Tone of the advised panel, beside its own shape."""


def named(panel: Panel, members: Sequence[int], longest: int = 28) -> str:
    """Return the names of channels on one line, as typed but for line breaks; of many the first.

    >>> from pxcore.types import Channel
    >>> named(Panel((Channel(name="CD3"), Channel(name="CD19"))), (0, 1))
    'CD3, CD19'
    """
    words = [one_line(panel.names[c], longest) for c in members[:MOST_NAMES]]
    more = len(members) - MOST_NAMES
    return ", ".join([*words, f"{more} more"] if more > 0 else words)


def n_stains(panel: Panel, members: Members) -> int:
    """Return how many stains a panel has; stain-free channels cost none."""
    return len(stains_of(panel, members))


def price(panel: Panel, members: Members) -> float:
    """Return the cost of a panel per test, or its number of stains where no cost is known."""
    return cost_of(panel, members) if has_costs(panel) else float(n_stains(panel, members))


def price_title(panel: Panel) -> str:
    """Return what :func:`price` counts."""
    return "cost per test" if has_costs(panel) else "stains (the panel sheet names no costs)"


def reach(values: Sequence[Interval], colour: str, thickness: float = 2.0) -> dict[str, object]:
    """Return plotly error bars for intervals; a mean without an interval gets none."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [_length(one.high - one.mean) for one in values],
        "arrayminus": [_length(one.mean - one.low) for one in values],
        "color": colour,
        "thickness": thickness,
        "width": 0,
    }


def add_margin_band(
    figure: go.Figure,
    full: PanelTrial,
    margin: float,
    theme: Theme,
    side: Literal["left", "right"] = "left",
) -> None:
    """Shade what a smaller panel may lose: from the full panel's mean F1 down by the margin.

    ``side``: where its words stand, the end at which fewer values lie.
    """
    top = full.f1_macro.mean
    if not math.isfinite(top):
        return
    figure.add_hrect(
        y0=top - margin,
        y1=top,
        fillcolor=tinted(theme.muted, 0.2),
        line={"width": 0},
        layer="below",
    )
    figure.add_annotation(
        **{"x": 0 if side == "left" else 1, "xref": "paper", "xanchor": side},
        **{"y": top, "yanchor": "bottom", "xshift": 4 if side == "left" else -4},
        text=f"all channels {score(top)}; band: the margin of {margin:.3f} below",
        showarrow=False,
        font={"size": 11, "color": theme.muted},
    )


def add_joined(
    figure: go.Figure, points: Sequence[tuple[float, float]], colour: str, beside: float
) -> None:
    """Join points by lines, by dots where sizes between them were never measured.

    ``beside``: points at most so far apart have none between them; 0 where there is no telling.
    """
    for dotted in (False, True):
        x: list[float | None] = []
        y: list[float | None] = []
        for (x0, y0), (x1, y1) in pairwise(points):
            if (x1 - x0 > beside) is not dotted:
                continue
            if not x or (x[-1], y[-1]) != (x0, y0):
                x += [None, x0] if x else [x0]
                y += [None, y0] if y else [y0]
            x.append(x1)
            y.append(y1)
        if x:
            figure.add_scatter(
                x=x,
                y=y,
                mode="lines",
                line={"color": colour, "width": 1.5, "dash": "dot" if dotted else "solid"},
                hoverinfo="skip",
                showlegend=False,
            )


def _length(value: float) -> float:
    return max(value, 0.0) if math.isfinite(value) else 0.0

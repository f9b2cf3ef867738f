"""How training went, and how a ranking settles with more repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.style import DASHES, Theme, dressed
from pxcore.plots.text import one_line, plain
from pxcore.types import MethodResult, Panel

MOST_FAINT = 24
"""Channels up to which every fold is drawn: there are as many looks of lines."""
Curve = tuple[str, tuple[tuple[float, float, float], ...]]
"""Label of a training and (training loss, validation loss, validation F1-macro) an epoch."""


def learning(curves: Sequence[Curve], theme: Theme) -> go.Figure:
    """Return validation F1-macro (left) and losses (right) against epochs, a colour a fold."""
    figure = go.Figure()
    for number, (label, epochs) in enumerate(curves):
        values = np.array(epochs, dtype=float).reshape(-1, 3)
        x = list(range(1, len(values) + 1))
        colour = theme.series[number % len(theme.series)]
        name = plain(label)
        for column, axis, dash, what in (
            (2, "", "solid", "validation F1-macro"),
            (0, "2", "dot", "training loss"),
            (1, "2", "solid", "validation loss"),
        ):
            figure.add_scatter(
                x=x,
                y=values[:, column].tolist(),
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
                mode="lines+markers" if len(x) < 3 else "lines",
                line={"color": colour, "width": 2, "dash": dash},
                name=name,
                legendgroup=str(number),
                showlegend=column == 2,
                hovertemplate=f"epoch %{{x}}: {what} %{{y:.3f}}<extra></extra>",
            )
    longest = max((len(epochs) for _, epochs in curves), default=1)
    best = max((epoch[2] for _, epochs in curves for epoch in epochs), default=float("nan"))
    alt = f"Learning curves of {len(curves)} trainings; best validation F1-macro {best:.3f}."
    dressed(figure, theme, alt=alt, height=290)
    figure.update_layout(
        xaxis={"domain": [0, 0.43], "title_text": "epoch", "rangemode": "tozero"},
        yaxis={"title_text": "validation F1-macro", "rangemode": "tozero"},
        xaxis2={"domain": [0.58, 1], "title_text": "epoch", "anchor": "y2", "rangemode": "tozero"},
        yaxis2={"title_text": "loss (dotted: training)", "anchor": "x2", "rangemode": "tozero"},
        margin={"l": 56, "r": 16, "t": 44, "b": 48},
    )
    figure.update_xaxes(dtick=max(1, round(longest / 6)))
    figure.update_yaxes(automargin=True, title_standoff=8)
    return dressed(figure, theme, alt=alt, height=290)


def stability(
    panel: Panel, result: MethodResult, theme: Theme, channels: Sequence[int] = ()
) -> go.Figure:
    """Return each channel's importance after k repeats: bold the mean, faint every fold.

    ``channels``: those to draw, none for all; of more than ``MOST_FAINT`` the folds are left out.
    """
    settled = result.stability
    figure = go.Figure()
    alt = "No repeats to draw a stability from."
    if settled is not None:
        k = list(settled.repeats)
        values = np.array(settled.values, dtype=float)  # (J, k, C)
        shown = sorted(channels) or range(len(panel))
        for c in shown:
            colour = theme.series[c % len(theme.series)]
            dash = DASHES[(c // len(theme.series)) % len(DASHES)]
            for fold in values[:, :, c] if len(shown) <= MOST_FAINT else ():
                figure.add_scatter(
                    x=k,
                    y=fold.tolist(),
                    mode="lines",
                    line={"color": colour, "width": 1, "dash": dash},
                    opacity=0.28,
                    hoverinfo="skip",
                    showlegend=False,
                )
            figure.add_scatter(
                x=k,
                y=_mean(values[:, :, c]),
                mode="lines+markers",
                marker={"size": 5, "color": colour},
                line={"color": colour, "width": 2.5, "dash": dash},
                name=plain(panel.names[c], 28),
                hovertemplate="k = %{x}: %{y:.3f}<extra></extra>",
            )
        alt = (
            f"Importance of {len(shown)} channels against the number of repeats, "
            f"{k[0]} to {k[-1]}, {one_line(result.label)}."
        )
    dressed(figure, theme, alt=alt, height=360)
    figure.update_xaxes(title_text="repeats k", rangemode="tozero")
    figure.update_yaxes(title_text=plain(result.importance.unit), automargin=True)
    figure.update_layout(margin={"l": 56, "r": 16, "t": 60, "b": 48})
    return figure


def order_agreement(result: MethodResult, theme: Theme) -> go.Figure:
    """Return, per fold, how far the order at k agrees with the order at the last k (Kendall)."""
    settled = result.stability
    figure = go.Figure()
    folds = settled.agreement if settled is not None else ()
    for number, agreement in enumerate(folds):
        figure.add_scatter(
            x=list(settled.repeats) if settled is not None else [],
            y=list(agreement),
            mode="lines+markers",
            marker={"size": 5, "color": theme.series[number % len(theme.series)]},
            line={"color": theme.series[number % len(theme.series)], "width": 2},
            name=f"fold {number + 1}",
            hovertemplate="k = %{x}: tau %{y:.2f}<extra></extra>",
        )
    alt = f"Agreement of the channel order at k repeats with the last one, {len(folds)} folds."
    dressed(figure, theme, alt=alt, height=300)
    figure.update_xaxes(title_text="repeats k", rangemode="tozero")
    figure.update_yaxes(
        title_text="Kendall tau with the final order", range=[-1.05, 1.08], automargin=True
    )
    figure.update_layout(margin={"l": 56, "r": 16, "t": 44, "b": 48})
    return figure


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    """Return the mean over folds at each k, NaN only where no fold has a value."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    number = known.sum(axis=0)
    means: list[float] = np.where(number > 0, total / np.maximum(number, 1), np.nan).tolist()
    return means

"""Clusters in numbers: how many (BIC), how the encoder learnt, what known classes say of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pxcore.plots.dots import DotPlot, Row, dot_plot
from pxcore.plots.matrix import add_tiles, name_axes
from pxcore.plots.numbers import bounds, score
from pxcore.plots.style import Theme, dressed, mark, tone
from pxcore.plots.text import one_line, plain
from pxcore.types import Role
from pxcore.types.unlabelled_views import (
    ClassMatch,
    ClusterRanking,
    ClusterResult,
    EncoderLive,
    MaskFold,
)

MEASURES = ("balanced_accuracy", "precision", "recall", "f1", "auc")
"""Of the mask check, in the order of its table."""


def bic_curve(bic: Sequence[tuple[int, float]], chosen: int, theme: Theme) -> go.Figure:
    """Return BIC against the number of clusters, the chosen number marked."""
    numbers, values = [k for k, _ in bic], [value for _, value in bic]
    figure = go.Figure()
    figure.add_scatter(
        x=numbers,
        y=values,
        mode="lines+markers",
        line={"color": theme.accent, "width": 2},
        marker={"size": 7, "color": theme.accent},
        hovertemplate="%{x} clusters: BIC %{y:,.0f}<extra></extra>",
        showlegend=False,
    )
    alt = f"BIC of {len(numbers)} numbers of clusters; {chosen} were taken."
    dressed(figure, theme, alt=alt, height=300)
    figure.add_vline(x=chosen, line={"color": theme.muted, "width": 1, "dash": "dot"})
    figure.add_annotation(
        **{"x": chosen, "y": 1, "yref": "paper", "text": f"{chosen} taken", "showarrow": False},
        **{"xanchor": "left", "yanchor": "top", "xshift": 6},
        font={"size": 12, "color": theme.muted},
    )
    figure.update_xaxes(title_text="clusters", dtick=1)
    figure.update_yaxes(title_text="BIC (lower is better)", automargin=True, nticks=6)
    figure.update_layout(margin={"l": 56, "r": 24, "t": 16, "b": 48})
    return figure


def bic_table(bic: Sequence[tuple[int, float]]) -> pd.DataFrame:
    """Return the numbers behind :func:`bic_curve`."""
    return pd.DataFrame(list(bic), columns=["clusters", "BIC"])


def loss_curve(live: EncoderLive, theme: Theme) -> go.Figure:
    """Return training and validation loss against epochs, as far as they have come."""
    figure = go.Figure()
    epochs = list(range(1, len(live.losses) + 1))
    for column, (name, dash) in enumerate((("training", "dot"), ("validation", "solid"))):
        figure.add_scatter(
            x=epochs,
            y=[float(pair[column]) for pair in live.losses],
            mode="lines+markers" if len(epochs) < 3 else "lines",
            line={"color": theme.accent, "width": 2, "dash": dash},
            name=name,
            hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
        )
    last = f"; validation loss {live.losses[-1][1]:.4g}" if live.losses else ""
    alt = f"Loss of the autoencoder after {len(epochs)} of {live.epochs} epochs{last}."
    dressed(figure, theme, alt=alt, height=300)
    figure.update_xaxes(title_text=f"epoch, of {live.epochs}", range=[0.5, live.epochs + 0.5])
    figure.update_yaxes(title_text="loss", rangemode="tozero", automargin=True, nticks=6)
    figure.update_layout(margin={"l": 56, "r": 16, "t": 36, "b": 48})
    return figure


def loss_table(live: EncoderLive) -> pd.DataFrame:
    """Return the numbers behind :func:`loss_curve`."""
    frame = pd.DataFrame(list(live.losses), columns=["training loss", "validation loss"])
    frame.insert(0, "epoch", np.arange(1, len(frame) + 1))
    return frame


def against_classes(match: ClassMatch, names: Sequence[str], theme: Theme) -> go.Figure:
    """Return known classes (rows) by clusters, counts and shares of the class.

    ``names``: of clusters. A click brings ``customdata = [class, cluster]``.
    """
    counts = match.confusion
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    text = [
        [f"{share[t, k]:.0%}<br>{counts[t, k]:,}" if counts[t, k] else "0" for k in range(len(row))]
        for t, row in enumerate(counts)
    ]
    hover = [
        [
            f"{counts[t, k]:,} of {totals[t, 0]:,} cells of {plain(match.classes[t])}"
            f"<br>are in {plain(name)} ({share[t, k]:.1%})"
            for k, name in enumerate(names)
        ]
        for t in range(len(counts))
    ]
    figure = go.Figure()
    ids = [[t, k] for t in range(counts.shape[0]) for k in range(counts.shape[1])]
    add_tiles(figure, share, ids, text, hover)
    figure.update_traces(
        selector={"type": "heatmap"}, colorscale=theme.sequential, zmin=0, zmax=1, showscale=False
    )
    alt = (
        f"Known class by cluster of {match.n_cells:,} cells; balanced accuracy "
        f"{score(match.balanced_accuracy)}."
    )
    dressed(figure, theme, alt=alt, height=52 * counts.shape[0] + 110)
    name_axes(figure, list(match.classes), list(names))
    figure.update_xaxes(title={"text": "cluster", "standoff": 14})
    figure.update_yaxes(title={"text": "known class", "standoff": 14})
    return figure


def class_table(match: ClassMatch, names: Sequence[str]) -> pd.DataFrame:
    """Return a row a class: its cells in every cluster, and how well its clusters find it."""
    frame = pd.DataFrame(match.confusion, columns=list(names))
    frame.insert(0, "known class", list(match.classes))
    frame["precision"] = match.precision_per_class
    frame["recall"] = match.recall_per_class
    frame["F1"] = match.f1_per_class
    return frame


def ranking_dots(result: ClusterResult, ranking: ClusterRanking, theme: Theme) -> go.Figure:
    """Return channels ranked on clusters: dots with intervals, in the look of their role."""
    roles = [result.panel.channels[planes[0]].role for planes in result.planes.units]
    order = sorted(range(len(ranking.channels)), key=lambda c: (ranking.rank[c], c))
    rows = [_row(ranking, c, roles[c], theme) for c in order]
    alt = (
        f"Channels by what the clusters lose without them ({one_line(ranking.label)}), first: "
        + (", ".join(one_line(ranking.channels[c]) for c in order[:6]))
    )
    title = "1 − F1 of the clusters found again"
    return dot_plot(rows, DotPlot(x_title=title, alt=alt, zero=True, right_margin=250), theme)


def ranking_table(ranking: ClusterRanking, names: Sequence[str]) -> pd.DataFrame:
    """Return a row a channel: value, interval, rank, and what each cluster loses."""
    frame = pd.DataFrame(
        {
            "channel": ranking.channels,
            "rank": ranking.rank,
            "1 - F1": ranking.value,
            "low": ranking.low,
            "high": ranking.high,
            "rank low": ranking.rank_low,
            "rank high": ranking.rank_high,
            "posterior drop": ranking.posterior_drop,
        }
    )
    for k, name in enumerate(names):
        frame[name] = [values[k] for values in ranking.per_cluster]
    return frame.sort_values("rank", kind="stable", ignore_index=True)


def mask_table(folds: Sequence[MaskFold], control: Sequence[MaskFold]) -> pd.DataFrame:
    """Return a row a fold of the mask check, with clusters as they are and dealt at random."""
    rows = [
        {"clusters": which, "fold": n + 1}
        | {name.replace("_", " "): getattr(fold, name) for name in MEASURES}
        for which, part in (("as found", folds), ("dealt at random", control))
        for n, fold in enumerate(part)
    ]
    return pd.DataFrame(rows)


def _row(ranking: ClusterRanking, c: int, role: Role, theme: Theme) -> Row:
    """Return the line of one channel."""
    low, high = ranking.rank_low[c], ranking.rank_high[c]
    spread = f" ({low} to {high})" if low != high else ""
    value = f"{score(ranking.value[c])} {bounds(ranking.low[c], ranking.high[c])}"
    words = f"{value}<br>rank {ranking.rank[c]}{spread}"
    return Row(
        id=c,
        name=ranking.channels[c],
        mean=ranking.value[c],
        low=ranking.low[c],
        high=ranking.high[c],
        folds=(),
        colour=tone(role, theme),
        symbol=mark(role).symbol,
        legend=mark(role).word,
        faded=not ranking.low[c] > 0,
        right=words,
        hover=f"<b>{plain(ranking.channels[c])}</b><br>{words}",
    )

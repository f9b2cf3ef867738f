"""The ranking of channels, what each class loses, and how well each class is told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from pxcore.plots.dots import DotPlot, Row, dot_plot, ranked_row
from pxcore.plots.method_words import axis_title, in_f1
from pxcore.plots.numbers import bounds, count, listed, score, with_interval
from pxcore.plots.rows import WHOLE, Rows, part_words, rows_of
from pxcore.plots.style import Theme, mark, tinted, tone
from pxcore.plots.text import one_line, plain
from pxcore.plots.verdicts import SMALL, WORDS
from pxcore.types import MethodResult, Panel, Performance, Ranking, Role, Verdict

FEW = 30
"""Held-out cells below which a class's scores are flagged."""
FEW_CELLS = "few cells"


def rank_text(ranking: Ranking, channel: int) -> str:
    """Return ``rank 2 (1 to 3)``, or ``rank 1`` where the interval holds one rank only."""
    low, high = ranking.rank_low[channel], ranking.rank_high[channel]
    spread = f" ({low} to {high})" if low != high else ""
    return f"rank {ranking.rank[channel]}{spread}"


def verdict_word(result: MethodResult, panel: Panel, c: int) -> str:
    """Return a channel's verdict in words; decoys have none."""
    if panel.channels[c].role is Role.DECOY:
        return "made channel"
    judged = in_f1(result) or result.ranking.decoy_bound is not None
    found = result.ranking.verdict[c] if judged else Verdict.UNDECIDED
    return WORDS[found]


def ranking_dots(panel: Panel, result: MethodResult, theme: Theme, rows: Rows = WHOLE) -> go.Figure:
    """Return the ranking: dots with intervals, folds, decoy band, verdict at the right end.

    The band is of all decoys, whichever channels are drawn.
    """
    ranking = result.ranking
    shown = rows_of(panel, ranking, rows)
    lines = [_ranking_row(panel, result, c, theme) for c in shown]
    by_rank = sorted(shown, key=lambda c: (ranking.rank[c], -ranking.mean[c], c))
    part = part_words(len(shown), len(panel))
    alt = (
        f"Channels by importance ({result.label}, {result.importance.unit}), most important "
        f"first: {listed([one_line(panel.names[c]) for c in by_rank])}{f' ({part})' * bool(part)}."
    )
    title = f"{axis_title(result)}{f' · {part}' * bool(part)}"
    plot = DotPlot(x_title=title, alt=alt, zero=True, right_margin=300)
    figure = dot_plot(lines, plot, theme)
    decoys = [c for c, channel in enumerate(panel.channels) if channel.role is Role.DECOY]
    if decoys or in_f1(result):
        add_zero_band(figure, result.ranking, decoys, theme)
    return figure


def _ranking_row(panel: Panel, result: MethodResult, c: int, theme: Theme) -> Row:
    """Return the row of channel ``c``."""
    channel, ranking = panel.channels[c], result.ranking
    value = f"{score(ranking.mean[c])} {bounds(ranking.low[c], ranking.high[c])}"
    decoy = channel.role is Role.DECOY
    counts = ranking.verdict[c] is Verdict.INFORMATIVE and not decoy
    word = verdict_word(result, panel, c)
    strong = f"<b>{word}</b>" if counts else word
    circular = " · defines the gate" if channel.gate_defining else ""
    row = ranked_row(channel, ranking, c, theme)
    return replace(
        row,
        legend="decoy (a made channel)" if decoy else row.legend,
        faded=not counts,
        right=f"{strong}{circular}<br>{value} · {rank_text(ranking, c)}",
        hover=f"<b>{plain(channel.name)}</b><br>{value}<br>{rank_text(ranking, c)}"
        "<br>click to open this channel",
    )


def add_zero_band(figure: go.Figure, ranking: Ranking, zeros: Sequence[int], theme: Theme) -> None:
    """Shade what zero looks like: the reach of channels that know nothing (``zeros``).

    Without any, the smallest drop in F1 that matters.
    """
    if zeros:
        ends = [(ranking.low[c], ranking.high[c]) for c in zeros]
        low = min((low for low, _ in ends if math.isfinite(low)), default=0.0)
        high = max((high for _, high in ends if math.isfinite(high)), default=0.0)
        low, high, words = min(0.0, low), max(0.0, high), "what zero looks like"
    else:
        low, high, words = -SMALL, SMALL, f"±{SMALL} F1"
    figure.add_vrect(
        x0=low, x1=high, fillcolor=tinted(theme.muted, 0.18), line={"width": 0}, layer="below"
    )
    figure.add_annotation(
        **{"x": (low + high) / 2, "y": 1, "yref": "paper", "yanchor": "bottom", "text": words},
        **{"showarrow": False, "font": {"size": 11, "color": theme.muted}},
    )


def channel_classes(
    panel: Panel, classes: Sequence[str], result: MethodResult, channel: int, theme: Theme
) -> go.Figure:
    """Return what each class loses without one channel, with intervals and folds."""
    values, few = result.ranking.per_class[channel], result.ranking.small_classes
    rows = [
        Row(
            id=k,
            name=name,
            mean=values[k].mean,
            low=values[k].low,
            high=values[k].high,
            folds=values[k].folds,
            colour=tone(panel.channels[channel].role, theme),
            symbol=mark(panel.channels[channel].role).symbol,
            faded=k in few or not values[k].low > 0,
            right=with_interval(values[k]) + (f"<br>{FEW_CELLS}" if k in few else ""),
            hover=f"<b>{plain(name)}</b><br>{with_interval(values[k])}",
        )
        for k, name in enumerate(classes)
    ]
    unit = result.importance.unit
    alt = f"{unit} per class for {one_line(panel.names[channel])}."
    plot = DotPlot(x_title=f"{unit} of the class", alt=alt, zero=True, right_margin=190)
    return dot_plot(rows, plot, theme)


def class_scores(performance: Performance, classes: Sequence[str], theme: Theme) -> go.Figure:
    """Return F1 of each class on held-out cells, with intervals and every fold."""
    rows = []
    for k, name in enumerate(classes):
        value, n = performance.f1_per_class[k], performance.n_per_class[k]
        few = f" · {FEW_CELLS}" if n < FEW else ""
        rows.append(
            Row(
                id=k,
                name=name,
                mean=value.mean,
                low=max(value.low, 0.0),
                high=min(value.high, 1.0),
                folds=value.folds,
                colour=theme.accent,
                faded=n < FEW,
                right=f"{with_interval(value)}<br>n = {n:,}{few}",
                hover=f"<b>{plain(name)}</b><br>F1 {with_interval(value)}"
                f"<br>{count(n, 'held-out cell')}",
            )
        )
    mean = performance.f1_macro.mean
    alt = f"F1 of each class on held-out cells; the mean over classes is {score(mean)}."
    plot = DotPlot(
        x_title="F1 on held-out cells (dotted: mean over classes)",
        alt=alt,
        right_margin=190,
        x_range=(-0.03, 1.03),
        whole=mean,
    )
    return dot_plot(rows, plot, theme)

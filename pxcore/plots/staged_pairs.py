"""Which pairs of candidates a plan ever shows together: a triangle of tiles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import plotly.graph_objects as go

from pxcore.plots.numbers import count
from pxcore.plots.style import BLUE, ORANGE, Theme, dressed
from pxcore.plots.text import plain
from pxcore.types.staged import Candidate, StagedRun

MOST_NAMES = 40
"""Candidates above which names no longer fit along the tiles."""


def shared_runs(
    runs: Sequence[StagedRun], candidates: Sequence[Candidate]
) -> dict[tuple[str, str], int]:
    """Return how many dealt runs each pair of candidates shares; those always on take no part.

    The final run is not known before the merge, so it is not counted.
    """
    names = [candidate.marker for candidate in candidates if not candidate.always_on]
    dealt = [{*run.markers} for run in runs if not run.final]
    return {
        pair: sum(pair[0] in run and pair[1] in run for run in dealt)
        for pair in combinations(names, 2)
    }


def pair_coverage(
    runs: Sequence[StagedRun], candidates: Sequence[Candidate], theme: Theme
) -> go.Figure:
    """Return candidates x candidates: orange where a pair never meets, bluer the more often."""
    names = [candidate.marker for candidate in candidates if not candidate.always_on]
    place = {name: n for n, name in enumerate(names)}
    shared = shared_runs(runs, candidates)
    size = len(names)
    z: list[list[float | None]] = [[None] * size for _ in names]
    hover = [[""] * size for _ in names]
    for (first, second), number in shared.items():
        row, column = place[second], place[first]
        z[row][column] = float(min(number, 2))
        met = f"{count(number, 'run')} together" if number else "never in one run"
        hover[row][column] = f"<b>{plain(first)}, {plain(second)}</b><br>{met}"
    figure = go.Figure(
        go.Heatmap(
            z=z,
            zmin=0,
            zmax=2,
            colorscale=_scale(theme),
            showscale=False,
            xgap=1,
            ygap=1,
            customdata=hover,
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
        )
    )
    seen = sum(number > 0 for number in shared.values())
    alt = f"Of {count(len(shared), 'pair')} of candidates {seen} share a run before the final one."
    dressed(figure, theme, alt=alt, height=max(260, 15 * size + 132))
    _key(figure, theme)
    shown = [plain(name, 12) for name in names] if size <= MOST_NAMES else [""] * size
    ticks = {
        **{"tickvals": list(range(size)), "ticktext": shown, "showgrid": False},
        **{"automargin": True, "tickfont": {"size": 11}},
    }
    figure.update_xaxes(**ticks, tickangle=-90, range=[-0.5, size - 0.5])
    figure.update_yaxes(**ticks, range=[size - 0.5, -0.5])
    # the whole of what is written: a name that is cut is cut at its end
    figure.update_layout(margin={"l": 8, "r": 8, "t": 30, "b": 92})
    return figure


def _scale(theme: Theme) -> list[list[float | str]]:
    """Return three steps: never, once, more often."""
    once = "#6FB1DB" if theme.id == "light" else "#2E6F9C"
    more = BLUE if theme.id == "light" else "#7CC4EF"
    edges = (0.0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1.0)
    tones = (ORANGE, ORANGE, once, once, more, more)
    return [[edge, tone] for edge, tone in zip(edges, tones, strict=True)]


def _key(figure: go.Figure, theme: Theme) -> None:
    """Say at the empty corner what the tones are."""
    tones = [str(tone) for _, tone in _scale(theme)[::2]]
    words = ("never together", "in one run", "in two or more")
    for n, (tone, word) in enumerate(zip(tones, words, strict=True)):
        figure.add_annotation(
            **{"x": 1, "xref": "x domain", "xanchor": "right", "align": "right"},
            **{"y": 1, "yref": "y domain", "yanchor": "top", "yshift": -18 * n},
            text=f'<span style="color:{tone}">■</span> {word}',
            showarrow=False,
            font={"size": 12, "color": theme.ink},
        )

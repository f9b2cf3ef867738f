"""A staged plan as a grid: markers down, runs across, a mark where a marker is measured."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.plots.numbers import count
from pxcore.plots.style import GREEN, PURPLE, Theme, dressed, tinted
from pxcore.plots.text import plain
from pxcore.types.staged import Candidate, StagedRun

ROW = 22
"""Height of a line in pixels."""
MANY = 6
"""Runs above which their names are short."""
FINAL = "final run (F), settled so far"


def plan_grid(
    runs: Sequence[StagedRun],
    candidates: Sequence[Candidate],
    theme: Theme,
    done: Sequence[int] = (),
) -> go.Figure:
    """Return markers x runs. ``done``: numbers of the runs whose ranking is there, ticked on top.

    What is always on has a mark of its own shape, and so has the final run.
    """
    names = [candidate.marker for candidate in candidates]
    figure = go.Figure(layout={"shapes": _bands(runs, len(names), theme)})
    _add_marks(figure, runs, candidates, theme)
    dressed(figure, theme, alt=_alt(runs, len(names)), height=ROW * len(names) + 116)
    figure.update_xaxes(
        range=[-0.6, len(runs) - 0.4],
        tickvals=list(range(len(runs))),
        ticktext=[_tick(run, len(runs), ticked=run.number in done) for run in runs],
        side="top",
        showgrid=False,
        tickangle=0,
    )
    figure.update_yaxes(
        range=[len(names) - 0.4, -0.6],
        tickvals=list(range(len(names))),
        ticktext=[plain(name, 24) for name in names],
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 44, "b": 60},
        legend={"y": -12 / (ROW * len(names) + 1), "yanchor": "top"},
    )
    return figure


def run_name(run: StagedRun) -> str:
    """Return ``run 2`` or ``final run``."""
    return "final run" if run.final else f"run {run.number}"


def _add_marks(
    figure: go.Figure, runs: Sequence[StagedRun], candidates: Sequence[Candidate], theme: Theme
) -> None:
    """Draw a mark where a run measures a marker."""
    names = [candidate.marker for candidate in candidates]
    on = {candidate.marker for candidate in candidates if candidate.always_on}
    kinds = {"measured": "circle", "always on": "diamond", FINAL: "square"}
    tones = {"measured": theme.accent, "always on": PURPLE, FINAL: GREEN}
    marks: dict[str, list[tuple[int, int, str]]] = {kind: [] for kind in kinds}
    for column, run in enumerate(runs):
        inside = {*run.markers}
        for row, name in enumerate(names):
            if name in inside:
                kind = "always on" if name in on else (FINAL if run.final else "measured")
                marks[kind].append((column, row, name))
    for kind, points in marks.items():
        if points:
            figure.add_scatter(
                x=[x for x, _, _ in points],
                y=[y for _, y, _ in points],
                mode="markers",
                name=kind,
                marker={"size": 11, "symbol": kinds[kind], "color": tones[kind]},
                text=[f"<b>{plain(name)}</b><br>{run_name(runs[x])}" for x, _, name in points],
                hovertemplate="%{text}<extra></extra>",
            )


def _bands(runs: Sequence[StagedRun], rows: int, theme: Theme) -> list[dict[str, object]]:
    """Return a shade for every second line, and what parts the final run from the others."""
    shapes: list[dict[str, object]] = [
        {
            **{"type": "rect", "x0": 0, "x1": 1, "xref": "x domain", "layer": "below"},
            **{"y0": row - 0.5, "y1": row + 0.5, "line": {"width": 0}},
            "fillcolor": tinted(theme.muted, 0.1),
        }
        for row in range(0, rows, 2)
    ]
    shapes += [
        {
            **{"type": "line", "x0": column - 0.5, "x1": column - 0.5, "layer": "below"},
            **{"y0": 0, "y1": 1, "yref": "y domain"},
            "line": {"color": theme.muted, "width": 1, "dash": "dot"},
        }
        for column, run in enumerate(runs)
        if run.final and column
    ]
    return shapes


def _tick(run: StagedRun, n_runs: int, *, ticked: bool) -> str:
    """Return a run's number, short where many stand beside one another."""
    short = n_runs > MANY
    word = ("F" if short else "final") if run.final else str(run.number)
    return f"{word}{'<br>' if short else ' '}✓" if ticked else word


def _alt(runs: Sequence[StagedRun], n_markers: int) -> str:
    told = "; ".join(f"{run_name(run)} {count(len(run.markers), 'marker')}" for run in runs)
    return f"Which of {count(n_markers, 'candidate')} is measured in which run: {told}."

"""What each further stain buys: F1 of the best panel of each number of stains, as steps."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.plots.numbers import bounds, count, score, with_interval
from pxcore.plots.panel_marks import ADVISED, add_joined, add_margin_band, n_stains, named, reach
from pxcore.plots.style import Theme, dressed
from pxcore.plots.text import plain
from pxcore.types import Panel
from pxcore.types.panel import Addition, Members, PanelAdvice

MINUS = "\N{MINUS SIGN}"
MANY = 5
"""Sizes beyond which the words below the axis stand slanted, on one line each."""
SLANT = -60
"""Degrees, clockwise."""
NAME = 13
"""Characters of a name below the axis."""


def stain_steps(panel: Panel, advice: PanelAdvice, theme: Theme) -> go.Figure:
    """Return F1 against the number of stains, with intervals; the margin is a band on top.

    The advised panel is set apart by shape and tone.
    """
    steps = advice.additions
    x = [n_stains(panel, step.members) for step in steps]
    many = max(x, default=0) - min(x, default=0) > MANY or len(steps) > MANY
    figure = go.Figure()
    _add_stairs(figure, x, [step.f1.mean for step in steps], theme)
    _add_dots(figure, panel, advice, theme)
    add_margin_band(figure, advice.full, advice.constraints.margin, theme)
    dressed(figure, theme, alt=_alt(panel, steps), height=400)
    figure.update_xaxes(
        title_text="stains in the panel, and which one came in",
        tickvals=x,
        ticktext=[
            _tick(panel, step, number, many=many) for step, number in zip(steps, x, strict=True)
        ],
        tickangle=SLANT if many else 0,
        range=[min(x, default=0) - 0.4, max(x, default=1) + 0.4],
        showgrid=False,
        automargin=True,
    )
    figure.update_yaxes(title_text="F1-macro on held-out cells", automargin=True)
    figure.update_layout(margin={"l": 56, "r": 16, "t": 44, "b": 150 if many else 96})
    return figure


def change_words(panel: Panel, step: Addition) -> str:
    """Return ``+ CD3, − CD4``: what came in and what went, names as typed."""
    came = [f"+ {named(panel, (c,))}" for c in step.added]
    went = [f"{MINUS} {named(panel, (c,))}" for c in step.dropped]
    return ", ".join([*came, *went]) or "nothing"


def gain_words(step: Addition) -> str:
    """Return what the step bought; the first has none before it."""
    if not step.gain.known:
        return ""
    return f"{score(step.gain.mean, signed=True)} {bounds(step.gain.low, step.gain.high)}"


def _add_stairs(figure: go.Figure, x: Sequence[int], y: Sequence[float], theme: Theme) -> None:
    """Draw the level of each size up to the next; dotted where sizes between were not trained."""
    points: list[tuple[float, float]] = []
    for n, (place, level) in enumerate(zip(x, y, strict=True)):
        points.append((place, level))
        if n + 1 < len(x) and x[n + 1] - place == 1:
            points.append((x[n + 1], level))
    add_joined(figure, points, theme.muted, 1.0)


def _add_dots(figure: go.Figure, panel: Panel, advice: PanelAdvice, theme: Theme) -> None:
    """Draw the panel of each step with its interval, the advised one by itself."""
    steps = advice.additions
    best = None if advice.recommended is None else advice.recommended.members
    for advised in (False, True):
        chosen = [n for n, step in enumerate(steps) if (step.members == best) is advised]
        if not chosen:
            continue
        tone = ADVISED if advised else theme.muted
        figure.add_scatter(
            x=[n_stains(panel, steps[n].members) for n in chosen],
            y=[steps[n].f1.mean for n in chosen],
            mode="markers",
            name="advised" if advised else "best retrained panel of its size",
            marker={
                "size": 15 if advised else 11,
                "symbol": "diamond" if advised else "circle",
                "color": tone,
            },
            error_y=reach([steps[n].f1 for n in chosen], tone, 2.5),
            text=[_hover(panel, steps[n]) for n in chosen],
            hovertemplate="%{text}<extra></extra>",
        )


def _tick(panel: Panel, step: Addition, number: int, *, many: bool) -> str:
    """Return the number of stains and the channels that came in and went."""
    lines = (
        []
        if not step.gain.known
        else [*_lines(panel, step.added, "+"), *_lines(panel, step.dropped, MINUS)]
    )
    if many:
        shown = lines if len(lines) < 3 else [lines[0], "…"]
        return f"{', '.join(shown)} · {number}" if shown else str(number)
    return "<br>".join([str(number), *lines])


def _lines(panel: Panel, members: Members, sign: str) -> list[str]:
    if len(members) > 2:
        return [f"{sign} {count(len(members), 'channel')}"]
    return [f"{sign} {plain(panel.names[c], NAME)}" for c in members]


def _hover(panel: Panel, step: Addition) -> str:
    bought = gain_words(step)
    return f"<b>{plain(named(panel, step.members), 120)}</b><br>F1 {with_interval(step.f1)}" + (
        f"<br>{plain(change_words(panel, step), 120)}: {bought}" if bought else ""
    )


def _alt(panel: Panel, steps: Sequence[Addition]) -> str:
    told = [
        f"{count(n_stains(panel, step.members), 'stain')} {score(step.f1.mean)}" for step in steps
    ]
    return f"F1 by number of stains: {', '.join(told) or 'none'}."

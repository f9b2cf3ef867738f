"""F1 against cost: every retrained panel, and the front that no other panel beats in both."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.panel.constraints import has_costs
from pxcore.plots.numbers import count, score, with_interval
from pxcore.plots.panel_marks import (
    ADVISED,
    add_joined,
    add_margin_band,
    named,
    price,
    price_title,
    reach,
)
from pxcore.plots.style import Theme, dressed, tinted
from pxcore.plots.text import plain
from pxcore.types import Panel
from pxcore.types.panel import PanelAdvice, PanelTrial


def cost_front(
    panel: Panel, advice: PanelAdvice, trials: Sequence[PanelTrial], theme: Theme
) -> go.Figure:
    """Return panels by cost (stains where no cost is known) and F1; the front is a line.

    Parameters
    ----------
    trials
        Every retrained panel; those on the front are drawn as such.
    """
    best = None if advice.recommended is None else advice.recommended.members
    on_front = {trial.members for trial in advice.front}
    figure = go.Figure()
    others = [trial for trial in trials if trial.members not in {*on_front, best}]
    _add(figure, panel, others, ("other panels", "circle", tinted(theme.muted, 0.55), 9))
    line = sorted((price(panel, one.members), one.f1_macro.mean) for one in advice.front)
    add_joined(figure, line, theme.accent, 0.0 if has_costs(panel) else 1.0)
    front = [trial for trial in advice.front if trial.members != best]
    _add(figure, panel, front, ("front: none is cheaper and better", "circle", theme.accent, 11))
    if advice.recommended is not None:
        chosen = [advice.recommended]
        _add(figure, panel, chosen, ("advised", "diamond", ADVISED, 15))
    add_margin_band(figure, advice.full, advice.constraints.margin, theme)
    told = [f"{score(t.f1_macro.mean)} at {price(panel, t.members):,.2f}" for t in advice.front]
    alt = (
        f"F1 of {count(len(trials), 'retrained panel')} against {price_title(panel)}; "
        f"on the front: {', '.join(told) or 'none'}."
    )
    dressed(figure, theme, alt=alt, height=400)
    figure.update_xaxes(title_text=price_title(panel), rangemode="tozero")
    if not has_costs(panel):  # every number of stains that was trained has its label
        figure.update_xaxes(tickvals=sorted({price(panel, one.members) for one in trials}))
    figure.update_yaxes(title_text="F1-macro on held-out cells", automargin=True)
    figure.update_layout(margin={"l": 56, "r": 16, "t": 44, "b": 48})
    return figure


def _add(
    figure: go.Figure,
    panel: Panel,
    trials: Sequence[PanelTrial],
    look: tuple[str, str, str, int],
) -> None:
    """Draw panels that look alike, with their intervals."""
    if not trials:
        return
    name, symbol, colour, size = look
    figure.add_scatter(
        x=[price(panel, trial.members) for trial in trials],
        y=[trial.f1_macro.mean for trial in trials],
        mode="markers",
        name=name,
        marker={"size": size, "symbol": symbol, "color": colour},
        error_y=reach([trial.f1_macro for trial in trials], colour, 1.5),
        text=[
            f"<b>{plain(named(panel, trial.members), 120)}</b><br>"
            f"F1 {with_interval(trial.f1_macro)}<br>{price(panel, trial.members):,.2f}"
            for trial in trials
        ],
        hovertemplate="%{text}<extra></extra>",
    )

"""Figures of made-up findings about panels, for the tests of what they show."""

from __future__ import annotations

import plotly.graph_objects as go

from pxcore.plots.panel_compare import panel_dots
from pxcore.plots.panel_front import cost_front
from pxcore.plots.panel_removal import removal_curves
from pxcore.plots.panel_steps import stain_steps
from pxcore.plots.style import LIGHT, Theme
from pxcore.types.panel import Constraints, PanelAdvice
from tests.fake_panels import findings
from tests.panel.made_trials import panel as made_panel

PANEL = made_panel(4)
FOUND = findings(PANEL)
MARGIN = 0.02
BESTS = ((0, 1, 2, 3, 4), (0, 1, 2, 4), (0, 1, 2), (0, 1), (0,))


def advice(found=FOUND, **wishes: object) -> PanelAdvice:  # type: ignore[no-untyped-def]
    return found.advice(Constraints(**wishes))  # type: ignore[arg-type]


def steps(found=FOUND, theme: Theme = LIGHT, **wishes: object) -> go.Figure:  # type: ignore[no-untyped-def]
    return stain_steps(found.spec.panel, advice(found, **wishes), theme)


def removal(found=FOUND, theme: Theme = LIGHT) -> go.Figure:  # type: ignore[no-untyped-def]
    told = advice(found)
    return removal_curves(found.spec.panel, found.curves, told.full, MARGIN, theme)


def front(found=FOUND, theme: Theme = LIGHT, **wishes: object) -> go.Figure:  # type: ignore[no-untyped-def]
    told = advice(found, **wishes)
    return cost_front(found.spec.panel, told, found.evidence.trials, theme)


def compared(found=FOUND, theme: Theme = LIGHT, **wishes: object) -> go.Figure:  # type: ignore[no-untyped-def]
    told = advice(found, **wishes).constraints
    rows = [(one, found.tested(one.trial, told)) for one in found.compared[:-1]]
    rows.append((found.compared[-1], None))
    return panel_dots(found.spec.panel, rows, told.margin, theme)

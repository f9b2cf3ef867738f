"""Figures about panels where few were trained: gaps are dotted, marks are told, words fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.plots.panel_front import cost_front
from pxcore.plots.panel_marks import n_stains
from pxcore.plots.panel_steps import stain_steps
from pxcore.plots.style import LIGHT
from pxcore.plots.svg import to_svg
from pxcore.runs.panels import advice_tables as panel_advice_tables
from pxcore.types.panel import Constraints
from tests.fake_panels import findings
from tests.panel.made_trials import panel as made_panel
from tests.plots.panel_drawn import FOUND, PANEL, advice, compared


def test_sizes_that_were_never_trained_are_not_drawn_as_measured() -> None:
    told = advice()
    additions = (told.additions[0], *told.additions[3:])  # 0, 3 and 4 stains
    figure = stain_steps(PANEL, replace(told, additions=additions), LIGHT)
    solid, dotted = (trace for trace in figure.data if trace.mode == "lines")
    assert list(solid.x) == [3, 4, 4]
    assert (list(dotted.x), dotted.line.dash) == ([0, 3], "dot")
    assert list(dotted.y) == pytest.approx([0.45, 0.9])
    assert to_svg(figure).startswith(b"<?xml")


def test_words_below_far_apart_sizes_stand_slanted() -> None:
    wide = made_panel(8)
    told = findings(wide).advice(Constraints())
    few = replace(told, additions=(told.additions[0], *told.additions[-2:]))
    axis = stain_steps(wide, few, LIGHT).layout.xaxis
    assert list(axis.tickvals) == [0, 7, 8]
    assert axis.tickangle == -60
    assert not any("<br>" in text for text in axis.ticktext)


def test_a_front_without_costs_names_every_size_and_dots_the_gaps() -> None:
    channels = tuple(replace(one, cost=0.0) for one in PANEL.channels)
    panel, told = replace(PANEL, channels=channels), advice()
    trials = [trial for trial in FOUND.evidence.trials if n_stains(PANEL, trial.members) != 1]
    ends = [trial for trial in told.front if n_stains(PANEL, trial.members) != 1]
    figure = cost_front(panel, replace(told, front=tuple(ends)), trials, LIGHT)
    assert list(figure.layout.xaxis.tickvals) == [0, 2, 3, 4]
    solid, dotted = (trace for trace in figure.data if trace.mode == "lines")
    assert dotted.line.dash == "dot"
    assert list(dotted.x) == [0, 2]
    assert list(solid.x)[:2] == [2, 3]


def test_marks_of_the_comparison_are_in_its_legend_and_none_is_the_advised_one() -> None:
    shown = {trace.name: trace.marker.symbol for trace in compared().data if trace.showlegend}
    assert shown["all channels"] == "star"
    assert {"stain-free only", "a panel named by somebody", "PXPermute"} <= set(shown)
    assert "diamond" not in shown.values()


def test_tables_have_prices_only_where_costs_are_known() -> None:
    bare = replace(PANEL, channels=tuple(replace(one, cost=0.0) for one in PANEL.channels))
    for panel, there in ((PANEL, True), (bare, False)):
        found = findings(panel)
        told = found.advice(Constraints())
        assert ("price" in panel_advice_tables.trials(found, told)) is there
        assert ("cost" in panel_advice_tables.steps(found, told)) is there

"""Figures of 40 and 100 channels: the first ones, those looked for, or all in flat rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import plotly.graph_objects as go
import pytest

import tests.example_values as ex
from pxcore.plots import curves, matrix, ranking, redundancy, where
from pxcore.plots.bump import A_LABEL, bump
from pxcore.plots.compare_rows import ordered
from pxcore.plots.rows import FIRST, MANY, PRINTED, WHOLE, Rows, rows_of, usual
from pxcore.plots.sentence import sentence
from pxcore.plots.side_by_side import side_by_side
from pxcore.plots.strips import Strips
from pxcore.plots.style import LIGHT, alt
from pxcore.plots.svg import to_svg
from pxcore.plots.verdicts import SMALL
from pxcore.reports.comparison_report import comparison_report
from pxcore.reports.run_figures import run_figures
from pxcore.types import Role, RunResult, Verdict
from tests import many_channels
from tests.compared_values import beside

SCREEN = 900
"""Pixels: a figure that is taller is scrolled through."""


@pytest.fixture(params=(40, 100), ids=str)
def found(request: pytest.FixtureRequest) -> RunResult:
    return many_channels.result(int(request.param))


def rows(figure: go.Figure) -> list[str]:
    return list(figure.layout.yaxis.ticktext)


def test_a_small_panel_is_drawn_whole() -> None:
    assert usual(ex.PANEL) == WHOLE
    figure = ranking.ranking_dots(ex.PANEL, ex.method(), LIGHT, usual(ex.PANEL))
    assert len(rows(figure)) == len(ex.PANEL)
    assert "shown" not in figure.layout.xaxis.title.text


def test_of_many_the_first_ones_are_drawn_on_one_screen(found: RunResult) -> None:
    panel, method = found.panel, found.methods[0]
    figure = ranking.ranking_dots(panel, method, LIGHT, usual(panel))
    assert rows(figure)[:2] == ["Marked", many_channels.SECOND]
    assert len(rows(figure)) == FIRST
    assert figure.layout.height < SCREEN
    assert f"10 of {len(panel)} channels shown" in figure.layout.xaxis.title.text
    assert f"10 of {len(panel)} channels shown" in alt(figure)
    shown = rows_of(panel, method.ranking, usual(panel))
    assert found.where is not None
    parted = where.where_dots(panel, found.where, LIGHT, "rank", shown)
    assert sorted(rows(parted)) == sorted(panel.names[c] for c in shown)
    heat = matrix.heat_map(panel, found.spec.classes, method, LIGHT, usual(panel))
    assert rows(heat) == rows(figure)
    settled = curves.stability(panel, method, LIGHT, shown)
    assert sum(bool(trace.name) for trace in settled.data) == FIRST
    for one in (parted, heat, settled):
        assert one.layout.height < SCREEN


def test_the_band_of_zero_is_of_decoys_that_are_not_drawn(found: RunResult) -> None:
    whole, part = (
        ranking.ranking_dots(found.panel, found.methods[0], LIGHT, one)
        for one in (WHOLE, usual(found.panel))
    )
    assert "Empty" not in rows(part)
    assert part.layout.shapes[-1].to_plotly_json() == whole.layout.shapes[-1].to_plotly_json()


def test_all_are_drawn_flat_each_with_its_words(found: RunResult) -> None:
    figure = ranking.ranking_dots(found.panel, found.methods[0], LIGHT)
    n = len(found.panel)
    assert len(rows(figure)) == n
    assert figure.layout.height < 30 * n + 120
    said = [note.text for note in figure.layout.annotations if "rank" in (note.text or "")]
    assert len(said) == n
    assert not any("<br>" in text for text in said)
    assert to_svg(figure)


@pytest.mark.parametrize(
    ("find", "names"),
    [
        ("ki-6", [many_channels.SECOND]),
        (" CK8 ,KI-67", ["Marked", many_channels.SECOND]),  # by its marker, in the ranking's order
        ("nobody", []),
        (" , ", None),
    ],
)
def test_names_and_markers_are_found(found: RunResult, find: str, names: list[str] | None) -> None:
    wanted = Rows(first=FIRST, find=find)
    shown = rows_of(found.panel, found.methods[0].ranking, wanted)
    if names is None:  # nothing was typed
        assert len(shown) == FIRST
    else:
        assert [found.panel.names[c] for c in shown] == names


def test_channels_are_grouped_by_role(found: RunResult) -> None:
    order = rows_of(found.panel, found.methods[0].ranking, Rows(order="role"))
    roles = [found.panel.channels[c].role for c in order]
    assert roles[0] is Role.STAIN
    assert roles[-3:] == [Role.BRIGHTFIELD, Role.DECOY, Role.DECOY]
    ranks = [found.methods[0].ranking.rank[c] for c in order if roles[0] is Role.STAIN]
    stains = ranks[: roles.count(Role.STAIN)]
    assert stains == sorted(stains)


def test_a_matrix_shows_the_rankings_channels_and_all_groups(found: RunResult) -> None:
    assert found.redundancy is not None
    shown = rows_of(found.panel, found.methods[0].ranking, usual(found.panel))
    channels = redundancy.matrix_channels(found.redundancy, shown)
    assert set(channels) == {*shown, 1, 2}
    figure = redundancy.association(found.panel, found.redundancy, LIGHT, channels)
    assert len(figure.layout.shapes) == 2, "one pair, framed on both sides"
    every = tuple(range(len(found.panel)))
    whole = redundancy.drops_together(found.panel, found.redundancy, LIGHT, every)
    assert len(rows(whole)) == len(every)
    assert len(whole.data) == 1, "no marker for each of thousands of tiles"
    assert len(whole.to_json()) < 150 * len(every) ** 2
    assert to_svg(whole)


def test_the_answer_counts_what_it_does_not_name(found: RunResult) -> None:
    said = sentence(found.panel, found.methods[0], found.performance)
    assert said.startswith("Keep Marked")
    assert many_channels.SECOND in said
    assert len(said) < 600
    verdicts = found.methods[0].ranking.verdict[:-2]
    negligible, little = verdicts.count(Verdict.NEGLIGIBLE), 0
    for c, verdict in enumerate(verdicts):
        little += verdict is Verdict.INFORMATIVE and found.methods[0].ranking.mean[c] < SMALL
    assert f"Informative, but below {SMALL} F1: {little}." in said
    assert f"Negligible by this method (below {SMALL} F1): {negligible}." in said


def test_a_comparison_stays_on_one_screen(found: RunResult) -> None:
    comparison = beside(found)
    first = tuple(ordered(comparison)[:FIRST])
    strips = side_by_side(comparison, Strips(channels=first), LIGHT)
    lines = bump(comparison, first, (), LIGHT)
    for figure in (strips, lines):
        assert figure.layout.height < SCREEN
    assert len(lines.data) == FIRST
    looks = {(one.line.color, one.line.dash) for one in lines.data}
    assert len(looks) == FIRST, "no two channels look alike"
    whole = bump(comparison, range(len(found.panel)), (), LIGHT)
    assert whole.layout.height < 20 * len(found.panel) + 400
    last = sorted(
        (c for c in range(len(found.panel))),
        key=lambda c: -span.rank if (span := comparison.ranks[1][c]) else 0,
    )
    for figure in (lines, whole, bump(comparison, last[:FIRST], (), LIGHT)):
        low, high = figure.layout.yaxis.range
        pixels = (figure.layout.height - 110) / (low - high)
        places = sorted(note.y for note in figure.layout.annotations)
        gaps = [(b - a) * pixels for a, b in pairwise(places)]
        assert min(gaps) > 0.9 * A_LABEL, "no name over another"
        assert high < places[0]
        assert places[-1] < low, "no name beside the figure"


def test_a_report_draws_the_first_ones_and_keeps_all_in_its_tables(found: RunResult) -> None:
    figures = dict(run_figures(found, []))
    assert len(rows(figures["ranking_pxpermute"])) == PRINTED
    assert len(rows(figures["where"])) == PRINTED
    assert max(one.layout.height for one in figures.values()) < 1400
    report = comparison_report(beside(found), (), "{}", "")
    table = {one.name: one for section in report.sections for one in section.tables}
    assert len(table["importance"].rows) == 2 * len(found.panel)
    assert any("of the highest mean rank" in text for text in report.sections[0].paragraphs)


def test_the_limit_leaves_panels_of_today_as_they_are() -> None:
    panel = replace(many_channels.panel(40), channels=many_channels.panel(40).channels[:MANY])
    assert usual(panel) == WHOLE

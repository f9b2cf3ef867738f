"""Figures of staged plans: what is drawn of which numbers, names as text, and their SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import comb

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.example_values as ex
from pxcore.panel.staged.finished import FinishedRun
from pxcore.panel.staged.instruments import INSTRUMENTS, other
from pxcore.panel.staged.plans import pair_cover, pairs_seen, published
from pxcore.plots.staged_grid import plan_grid
from pxcore.plots.staged_instrument import drawn_instrument, slots_of
from pxcore.plots.staged_losses import plan_losses, rehearsal
from pxcore.plots.staged_merge import MOST, Union, merged_runs
from pxcore.plots.staged_pairs import pair_coverage, shared_runs
from pxcore.plots.style import DARK, GREEN, LIGHT, PURPLE, Theme
from pxcore.plots.svg import to_svg
from pxcore.plots.text import plain
from pxcore.types import Verdict
from pxcore.types.staged import Candidate
from tests.fake_staged import LOSSES

NAMES = tuple(f"M{number}" for number in range(9))
TEN = other(6, brightfield=(1,))
"""Five slots; one is taken by what is always on, so eight others need two runs."""
TONES = (LIGHT, DARK)


def made(names: tuple[str, ...] = NAMES) -> tuple[Candidate, ...]:
    """Return a bridge, one that must be kept, and others."""
    rows = [Candidate(marker=name, fluorochrome=f"dye {n}") for n, name in enumerate(names)]
    rows[0] = replace(rows[0], bridge=True, always_on=True)
    rows[1] = replace(rows[1], must_keep=True)
    return tuple(rows)


def finished(number: int, names: tuple[str, ...]) -> FinishedRun:
    mean = tuple(0.05 * place for place in range(len(names)))
    verdicts = (Verdict.UNDECIDED, Verdict.NEGLIGIBLE, Verdict.INFORMATIVE)
    return FinishedRun(
        number=number,
        markers=names,
        mean=mean,
        low=tuple(v - 0.01 for v in mean),
        high=tuple(v + 0.03 for v in mean),
        verdict=tuple(verdicts[n % 3] for n in range(len(names))),
    )


def instrument(names: tuple[str, ...] = NAMES, theme: Theme = LIGHT) -> go.Figure:
    slots = slots_of(INSTRUMENTS["imagestream_12"], names, made(names))
    return drawn_instrument(slots, theme, names[:3])


def grid(names: tuple[str, ...] = NAMES, theme: Theme = LIGHT) -> go.Figure:
    return plan_grid(published(made(names), TEN, 1), made(names), theme, done=[1])


def coverage(names: tuple[str, ...] = NAMES, theme: Theme = LIGHT) -> go.Figure:
    return pair_coverage(published(made(names), TEN, 1), made(names), theme)


def losses(names: tuple[str, ...] = NAMES, theme: Theme = LIGHT) -> go.Figure:
    return plan_losses(LOSSES, theme)


def compared(names: tuple[str, ...] = NAMES, theme: Theme = LIGHT) -> go.Figure:
    values = [(names[0], ex.interval(0.8, 0.03)), (names[1], ex.interval(0.83, 0.02))]
    return rehearsal(values, theme)


def merged(names: tuple[str, ...] = NAMES, theme: Theme = LIGHT) -> go.Figure:
    runs = [finished(1, names[:5]), finished(2, (names[0], *names[5:])), finished(3, names)]
    return merged_runs(runs, Union(taken=names[:3], always_on=names[:1], top=2), theme)


FIGURES = (instrument, grid, coverage, losses, compared, merged)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("theme", TONES, ids=["light", "dark"])
def test_figures_become_svg_and_say_what_they_show(
    figure: Callable[..., go.Figure], theme: Theme
) -> None:
    drawn = figure(theme=theme)
    assert drawn.layout.meta["theme"] == theme.id
    assert len(drawn.layout.meta["alt"]) > 20
    assert to_svg(drawn).startswith(b"<?xml")


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("shift", [0, 3])
def test_hostile_names_stay_text(figure: Callable[..., go.Figure], shift: int) -> None:
    hostile = [" ".join(name.split()) for name in ex.HOSTILE[shift : shift + 5]]
    names = (*hostile, *NAMES[5:])
    drawn = figure(names)
    for text in texts(drawn):
        for name in hostile:
            if plain(name, 200) != name:
                assert name not in text
    assert to_svg(drawn).startswith(b"<?xml")


def texts(figure: go.Figure) -> list[str]:
    """Return every text that plotly would read as its markup."""
    found = [note.text for note in figure.layout.annotations]
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        found += list(axis.ticktext or ())
    for trace in figure.data:
        found += [trace.name or "", trace.hovertemplate or ""]
        if trace.type == "heatmap":
            found += [cell for row in trace.customdata for cell in row]
        else:
            found += list(trace.text or ())
    return found


def test_the_instrument_has_a_box_for_every_channel_and_tells_what_is_left_out() -> None:
    drawn = instrument()
    assert len(drawn.layout.shapes) == 12
    said = [note.text for note in drawn.layout.annotations]
    assert [text for text in said if text.isdecimal()] == [str(n) for n in range(1, 13)]
    assert (said.count("brightfield"), said.count("darkfield")) == (2, 1)
    assert said.count("left out") == len(NAMES) - 3
    assert said.count("always on") == 1
    out = drawn.data[0].text[11]
    assert "channel 12" in out
    assert "left out" in out
    filled = [shape.fillcolor != "rgba(0,0,0,0)" for shape in drawn.layout.shapes]
    assert sum(filled) == 3 + 3  # stain-free and the panel
    corners = {(shape.x0, shape.y0) for shape in drawn.layout.shapes}
    assert len(corners) == 12


def test_a_panel_that_leaves_nothing_out_has_no_such_word() -> None:
    slots = slots_of(TEN, NAMES[:5], made())
    assert "left out" not in [n.text for n in drawn_instrument(slots, LIGHT).layout.annotations]


def test_the_grid_marks_exactly_what_each_run_measures() -> None:
    candidates = made()
    runs = published(candidates, TEN, 1)
    drawn = plan_grid(runs, candidates, LIGHT, done=[1])
    seen = {
        (x, NAMES[y], trace.name)
        for trace in drawn.data
        for x, y in zip(trace.x, trace.y, strict=True)
    }
    assert {(x, name) for x, name, _ in seen} == {
        (column, marker) for column, run in enumerate(runs) for marker in run.markers
    }
    assert {name for _, name, kind in seen if kind == "always on"} == {"M0"}
    assert [x for x, _, kind in seen if kind.startswith("final run")] == [len(runs) - 1]
    shapes = {trace.name: (trace.marker.symbol, trace.marker.color) for trace in drawn.data}
    assert shapes["always on"] == ("diamond", PURPLE)
    assert len({symbol for symbol, _ in shapes.values()}) == 3  # told apart by shape as well
    assert list(drawn.layout.xaxis.ticktext) == ["1 ✓", "2", "final"]


def test_many_runs_have_short_names() -> None:
    candidates = tuple(Candidate(marker=f"X{n}") for n in range(16))
    drawn = plan_grid(pair_cover(candidates, other(4)), candidates, LIGHT)
    assert drawn.layout.xaxis.ticktext[-1] == "F"


@settings(max_examples=25, deadline=None)
@given(n=st.integers(4, 14), slots=st.integers(3, 6), cover=st.booleans())
def test_tiles_tell_which_pairs_share_a_run(n: int, slots: int, cover: bool) -> None:
    candidates = tuple(
        Candidate(marker=f"X{i}", always_on=i == 0, must_keep=i in (1, n - 1)) for i in range(n)
    )  # the two to keep meet in the final run, which does not count: the merge fills it
    device = other(slots)
    runs = pair_cover(candidates, device) if cover else published(candidates, device, 1)
    shared = shared_runs(runs, candidates)
    assert len(shared) == comb(n - 1, 2)
    dealt = [run for run in runs if not run.final]
    assert {pair for pair, number in shared.items() if number} == pairs_seen(dealt, candidates)
    tiles = pair_coverage(runs, candidates, LIGHT).data[0].z
    drawn = [value for row in tiles for value in row if value is not None]
    assert len(drawn) == len(shared)
    assert sum(value > 0 for value in drawn) == sum(number > 0 for number in shared.values())
    if cover:
        assert min(drawn) > 0


def test_losses_are_drawn_with_their_intervals() -> None:
    drawn = losses()
    found = {}
    for trace in drawn.data:
        for x, y, up in zip(trace.x, trace.y, trace.error_x.array or (), strict=False):
            found[int(y)] = (x, x + up)
    assert found[0] == pytest.approx((0.042, 0.045))
    assert found[1] == pytest.approx((0.0, 0.002))
    right = [note.text for note in drawn.layout.annotations]
    assert right == ["3 runs", "7 runs", "1 run"]


def test_the_rehearsal_shows_every_fold_of_both_ends() -> None:
    drawn = compared()
    folds = next(trace for trace in drawn.data if trace.name == "single folds")
    assert len(folds.x) == 6
    assert any(trace.marker.color == GREEN for trace in drawn.data)


def test_runs_stand_side_by_side_strongest_first_and_left_out_ones_fade() -> None:
    drawn = merged()
    axes = [axis for axis in drawn.layout if axis.startswith("yaxis")]
    assert len(axes) == 3
    assert list(drawn.layout.yaxis.ticktext) == ["M4", "M3", "M2", "M1", "M0"]
    first = [trace for trace in drawn.data if trace.xaxis == "x"]
    for trace in first:
        for x, y in zip(trace.x, trace.y, strict=True):
            assert x == pytest.approx(0.05 * (4 - y))
        assert list(trace.error_x.array) == pytest.approx([0.03] * len(trace.x))
        assert list(trace.error_x.arrayminus) == pytest.approx([0.01] * len(trace.x))
    bright = {y for t in first if t.marker.color in (LIGHT.accent, PURPLE) for y in t.y}
    assert bright == {2, 3, 4}  # M2, M1 and, always on, M0
    below = [shape for shape in drawn.layout.shapes if shape.line.dash == "dash"]
    assert {shape.y0 for shape in below} == {1.5}  # below the second of those not always on
    words = [note.text for note in drawn.layout.annotations if note.yref == "y"]
    assert words == ["negligible", "undecided", "informative", "negligible", "undecided"]


def test_of_many_markers_the_first_are_drawn_and_the_rest_is_counted() -> None:
    names = tuple(f"Q{n}" for n in range(MOST + 4))
    drawn = merged_runs([finished(1, names)], Union(taken=names), LIGHT)
    assert sum(len(trace.x) for trace in drawn.data) == MOST
    assert any("4 more in the table" in note.text for note in drawn.layout.annotations)
    assert not [shape for shape in drawn.layout.shapes if shape.line.dash]


def test_long_names_beside_pairs_are_cut_at_their_end() -> None:
    drawn = coverage(tuple(f"Marker{n} with a long name" for n in range(9)))
    for axis in (drawn.layout.xaxis, drawn.layout.yaxis):
        assert axis.automargin
        assert axis.ticktext[0] == "Marker1 wit…"

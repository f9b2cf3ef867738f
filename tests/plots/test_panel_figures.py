"""Figures about panels: what is drawn of which numbers, names as text, and their SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest

import tests.example_values as ex
from pxcore.panel.constraints import stains_of
from pxcore.panel.curves import best_curve
from pxcore.plots.panel_compare import panel_dots
from pxcore.plots.panel_front import cost_front
from pxcore.plots.panel_instrument import panel_instrument
from pxcore.plots.panel_marks import n_stains, named, price
from pxcore.plots.panel_removal import removal_curves
from pxcore.plots.panel_steps import change_words, gain_words, stain_steps
from pxcore.plots.panel_words import (
    answer,
    averages,
    error_words,
    facts,
    rivals_words,
    trial_words,
)
from pxcore.plots.style import DARK, LIGHT, Theme, alt
from pxcore.plots.svg import to_svg
from pxcore.plots.text import plain, readable
from pxcore.runs.panel_tables import panel_tables
from pxcore.types import Channel, Panel
from pxcore.types.panel import Constraints, PanelAdvice
from tests.fake_panels import findings
from tests.panel.made_trials import SIZES
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


FIGURES = (steps, removal, front, compared)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_margin_is_always_a_band_below_the_full_panel(
    figure: Callable[..., go.Figure], theme: Theme
) -> None:
    drawn = figure(theme=theme)
    (band,) = drawn.layout.shapes
    top = FOUND.evidence.full.f1_macro.mean
    across = figure is compared  # its F1 goes from left to right
    ends = (band.x0, band.x1) if across else (band.y0, band.y1)
    assert ends == pytest.approx((top - MARGIN, top))
    words = [note.text for note in drawn.layout.annotations]
    assert any("margin of 0.020" in text for text in (*words, drawn.layout.xaxis.title.text))
    assert drawn.layout.meta["theme"] == theme.id


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_become_svg(figure: Callable[..., go.Figure]) -> None:
    assert to_svg(figure()).startswith(b"<?xml")


def markers(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if "markers" in trace.mode]


def test_steps_are_the_best_panels_of_each_size_and_set_the_advised_one_apart() -> None:
    figure, told = steps(), advice()
    assert told.recommended is not None
    assert told.recommended.members == (0, 1, 2, 4)
    advised = next(trace for trace in figure.data if trace.name == "advised")
    assert list(advised.x) == [3]
    assert advised.marker.symbol == "diamond"
    dots = sorted(
        (x, y) for trace in markers(figure) for x, y in zip(trace.x, trace.y, strict=True)
    )
    assert [x for x, _ in dots] == [0, 1, 2, 3, 4]
    assert [y for _, y in dots] == pytest.approx([0.45, 0.75, 0.85, 0.9, 0.9])
    assert list(figure.layout.xaxis.ticktext) == [
        "0",
        "1<br>+ S0",
        "2<br>+ S1",
        "3<br>+ S3",
        "4<br>+ S2",
    ]
    for trace in markers(figure):
        for number, y, up in zip(trace.x, trace.y, trace.error_y.array, strict=True):
            assert y + up == pytest.approx(told.additions[number].f1.high)


def test_stairs_go_level_to_the_next_size_and_then_up() -> None:
    line = next(trace for trace in steps().data if trace.mode == "lines")
    points = list(zip(line.x, line.y, strict=True))
    for (x0, y0), (x1, y1) in pairwise(points):
        assert x0 == x1 or y0 == y1
    assert [x for x, _ in points] == [0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_step_says_what_came_in_and_what_it_bought() -> None:
    first, second = advice().additions[:2]
    assert gain_words(first) == ""
    assert gain_words(second).startswith("+0.300 (")
    assert change_words(PANEL, second) == "+ S0"
    swapped = replace(second, added=(3, 4), dropped=(2,))
    assert change_words(PANEL, swapped) == "+ S2, + S3, − S1"


def test_removal_curves_go_from_all_channels_down_with_random_orders_in_grey() -> None:
    figure = removal()
    assert figure.layout.xaxis.range[0] > figure.layout.xaxis.range[1]
    random = [trace for trace in figure.data if trace.legendgroup == "random"]
    ranked = [trace for trace in figure.data if trace.legendgroup != "random"]
    assert len(random) == 3
    assert [trace.showlegend for trace in random] == [True, False, False]
    assert [trace.name for trace in ranked] == [
        "PXPermute, least important first", "PXPermute, most important first",
    ]  # fmt: skip
    assert [trace.line.dash for trace in ranked] == ["solid", "dash"]
    assert ranked[0].line.color == ranked[1].line.color
    assert list(ranked[0].y) == pytest.approx([0.9, 0.9, 0.85, 0.75, 0.45])
    assert list(ranked[1].y) == pytest.approx([0.9, 0.6, 0.5, 0.45, 0.45])
    assert [round(x) for x in ranked[0].x] == [5, 4, 3, 2, 1]
    assert "last removed: S2" in ranked[0].text[1]


def test_the_best_of_each_size_is_dotted_and_says_how_it_was_chosen() -> None:
    best = best_curve([one for one in FOUND.evidence.trials if one.members in BESTS], SIZES)
    more = replace(FOUND, curves=(*FOUND.curves, best))
    (line,) = [trace for trace in removal(more).data if trace.line.dash == "dot"]
    assert line.name == "best of each size, chosen by validation cells"
    assert list(line.y) == pytest.approx([0.9, 0.9, 0.85, 0.75, 0.45])
    assert "last removed" not in "".join(line.text)
    table = panel_tables(more, advice())["panel_curves"]
    rows = table[table["ranking"] == "best of each size"]
    assert list(rows["removed last"]) == [""] * 5
    assert {*rows["direction"]} == {"chosen by validation cells"}


def test_the_table_of_averages_has_every_order() -> None:
    lines = averages(FOUND.curves, FOUND.evidence.sizes)
    assert len(lines) == 5
    assert lines[0].mean_f1.mean == pytest.approx(np.mean([0.9, 0.9, 0.85, 0.75, 0.45]))
    assert lines[0].area is not None
    assert lines[0].area.mean > 0


def test_the_front_lies_where_nothing_is_cheaper_and_better() -> None:
    figure, told = front(), advice()
    line = next(trace for trace in figure.data if trace.mode == "lines")
    assert list(line.x) == [0, 10, 20, 30]
    assert list(line.y) == pytest.approx([0.45, 0.75, 0.85, 0.9])
    drawn = sum(len(trace.x) for trace in markers(figure))
    assert drawn == len(FOUND.evidence.trials) == 16
    advised = next(trace for trace in figure.data if trace.name == "advised")
    assert told.recommended is not None
    assert list(advised.x) == [price(PANEL, told.recommended.members)] == [30]


def test_without_costs_stains_are_counted() -> None:
    bare = Panel(tuple(replace(c, cost=0.0) for c in PANEL.channels))
    figure = front(findings(bare))
    assert "stains" in figure.layout.xaxis.title.text
    assert price(bare, (0, 1, 2)) == n_stains(bare, (0, 1, 2)) == 2


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("shift", [0, 4])
def test_hostile_names_stay_text(figure: Callable[..., go.Figure], shift: int) -> None:
    names = ex.HOSTILE[shift : shift + 4]
    panel = Panel(
        tuple(Channel(name=n, role=c.role) for n, c in zip(names, ex.PANEL.channels, strict=True))
    )
    found = findings(panel, ex.HOSTILE[:3])
    curves = tuple(replace(one, label=f"{one.label} {names[0]}") for one in found.curves)
    drawn = figure(replace(found, curves=curves))
    for text in texts(drawn):
        for name in names:
            if plain(name, 200) != name:
                assert " ".join(name.split()) not in text
    assert to_svg(drawn).startswith(b"<?xml")


def texts(figure: go.Figure) -> list[str]:
    """Return every text that plotly would read as its markup."""
    found = [note.text for note in figure.layout.annotations]
    found += list(figure.layout.xaxis.ticktext or ())
    for trace in figure.data:
        found += [trace.name or "", trace.hovertemplate or "", *(trace.text or ())]
    return found


def test_names_of_many_channels_are_cut() -> None:
    panel = made_panel(20)
    told = named(panel, tuple(range(21)))
    assert told.endswith("9 more")
    assert len(told.split(", ")) == 13


def test_words_about_panels() -> None:
    told = advice()
    assert answer(told, PANEL).startswith("S0, S1 and S3 are enough beside BF0")
    assert "30.00 a test, 10.00 saved" in facts(told, PANEL)
    assert "lower bound" in facts(told, PANEL)
    none = advice(max_stains=1)
    assert none.recommended is None
    assert facts(none, PANEL).startswith("All channels: F1 0.900")
    error = error_words(FOUND.screen_error)
    assert "−0.010" in error
    assert "16 panels" in error
    assert error_words(None) == ""
    tests = {one.members: one for one in told.tests}
    trials = {one.members: one for one in FOUND.evidence.trials}
    good, bad = (0, 1, 2, 4), (0, 1)
    assert "good enough (lower bound" in trial_words(tests[good], trials[good], MARGIN)
    assert "worse by more" in trial_words(tests[bad], trials[bad], MARGIN)
    assert trial_words(None, trials[bad], MARGIN).endswith(").")


def test_rivals_and_what_may_swap_are_named() -> None:
    found = findings(made_panel(3), worth=(0.3, 0.3, 0.0))
    told = found.advice(Constraints())
    best = told.recommended
    assert best is not None
    rival = next(t for t in found.evidence.trials if t.members == (0, 1, 3))
    swapped = replace(told, alternatives=(rival,) * 6, interchangeable=((2, 3),))
    lines = rivals_words(swapped, found.spec.panel)
    assert lines[0].endswith("BF0, S0, S2; 2 more.")
    assert "S1 for S2" in lines[1]
    assert rivals_words(replace(told, alternatives=(), interchangeable=()), PANEL) == []


def test_the_alternative_text_says_what_is_seen() -> None:
    assert "3 stains 0.900" in alt(steps())
    assert "PXPermute, least important first 0.770" in alt(removal())
    assert "16 retrained panels" in alt(front())
    assert stains_of(PANEL, (0, 1)) == (1,)
    assert readable(steps().layout.xaxis.ticktext[1]) == "1\n+ S0"


def test_compared_panels_show_every_fold_and_the_margin() -> None:
    figure = compared(margin=0.1)
    dots, *means = figure.data
    values = [v for one in FOUND.compared for v in one.trial.f1_macro.folds]
    assert sorted(dots.x) == pytest.approx(sorted(values))
    drawn = {(float(x), float(y)) for one in means for x, y in zip(one.x, one.y, strict=True)}
    assert drawn == {(one.trial.f1_macro.mean, n) for n, one in enumerate(FOUND.compared)}
    (band,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    top = FOUND.evidence.full.f1_macro.mean
    assert (band.x0, band.x1) == pytest.approx((top - 0.1, top))
    words = [note.text for note in figure.layout.annotations]
    assert words == ["worse", "worse", "worse"]
    assert "first 1 by PXPermute" in alt(figure)
    assert "passes the test by itself" in [
        note.text for note in compared(margin=0.45, class_floor=1).layout.annotations
    ]


def test_many_steps_have_slanted_words_in_the_file_too() -> None:
    many = steps(findings(made_panel(6), curves=False))
    assert many.layout.xaxis.tickangle == -60
    texts = list(many.layout.xaxis.ticktext)
    assert len(texts) == 7
    assert [text.rpartition(" ")[2] for text in texts] == [str(n) for n in range(7)]
    assert not [text for text in texts if "<br>" in text]
    drawn = to_svg(many).decode()
    slanted = [line for line in drawn.splitlines() if "rotate(-60" in line]
    assert len(slanted) == 7
    assert not steps().layout.xaxis.tickangle


def test_the_instrument_shows_each_channel_at_its_number_and_what_is_left_out() -> None:
    seen = (0, 1, 3, 4)  # channel 3 took no part
    drawn = panel_instrument(PANEL, seen, (0, 1, 4), LIGHT)
    texts = [note.text for note in drawn.layout.annotations]
    assert [text for text in texts if text in set("12345")] == ["1", "2", "4", "5"]
    assert [text for text in texts if text.startswith("S")] == ["S0", "S2", "S3"]
    assert (texts.count("left out"), texts.count("brightfield")) == (1, 1)
    assert "4 S2 (left out)" in alt(drawn)
    assert to_svg(drawn).count(b"<svg") == 1
    none = panel_instrument(PANEL, seen, None, DARK)
    assert "left out" not in [note.text for note in none.layout.annotations]

"""Removal curves, panels compared, the instrument, and what the page says beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.panel.curves import best_curve
from pxcore.plots.panel_instrument import panel_instrument
from pxcore.plots.panel_words import (
    answer,
    averages,
    error_words,
    facts,
    rivals_words,
    trial_words,
)
from pxcore.plots.style import DARK, LIGHT, alt
from pxcore.plots.svg import to_svg
from pxcore.runs.panels.tables import panel_tables
from pxcore.types.panel import Constraints
from tests.fake_panels import findings
from tests.panel.made_trials import SIZES
from tests.panel.made_trials import panel as made_panel
from tests.plots.panel_drawn import (
    BESTS,
    FOUND,
    MARGIN,
    PANEL,
    advice,
    compared,
    removal,
    steps,
)


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

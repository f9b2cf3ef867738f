"""What is said of a panel: good enough only where the sequence came to it, bounds rounded down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.parts.panel_shown import shown
from pxcore.panel.descent import descend
from pxcore.panel.said import at_most
from pxcore.panel.verdicts import ALONE, GOOD, LOST, UNDECIDED, WORSE, lower_words, verdict
from pxcore.plots.panel_compare import verdict_words
from pxcore.plots.panel_words import facts, trial_words
from pxcore.runs.panels.tables import panel_tables
from pxcore.runs.panels.words import advice_json, told
from pxcore.types.panel import Constraints, PanelTest
from tests.fake_panels import findings
from tests.panel.made_trials import panel as made_panel

PANEL = made_panel(4)
FOUND = findings(PANEL)


def a_test(**changes: object) -> PanelTest:
    (one, *_) = FOUND.advice(Constraints()).tests
    usual = replace(one, good_enough=False, surely_worse=False, lost_classes=(), reached=False)
    return replace(usual, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"good_enough": True, "reached": True}, GOOD),
        ({"good_enough": True}, ALONE),
        ({"surely_worse": True, "lost_classes": (0,)}, WORSE),
        ({"lost_classes": (0,)}, LOST),
        ({}, UNDECIDED),
    ],
)
def test_one_word_a_verdict(changes: dict[str, object], word: str) -> None:
    assert verdict(a_test(**changes)) == verdict_words(a_test(**changes)) == word


@settings(max_examples=40, deadline=None)
@given(
    margin=st.sampled_from([0.005, 0.02, 0.06, 0.2]),
    most=st.sampled_from([None, 0, 1, 2, 3, 4]),
    exclude=st.sampled_from([(), (2,), (1, 4)]),
)
def test_reached_is_what_the_sequence_passed(
    margin: float, most: int | None, exclude: tuple[int, ...]
) -> None:
    asked = Constraints(margin=margin, max_stains=most, exclude=exclude, class_floor=1)
    advice = FOUND.advice(asked)
    descent = descend(FOUND.evidence, asked)
    passed = {trial.members for trial in descent.leading[: descent.passed]}
    full = FOUND.evidence.full.members
    assert {test.members for test in advice.tests if test.reached} == passed - {full}


def test_a_panel_picked_by_hand_passes_by_itself() -> None:
    """As large as one that was reached and as good by its test, but none that was put first."""
    advice = FOUND.advice(Constraints(margin=0.45, class_floor=1))
    trials = {one.members: one for one in FOUND.evidence.trials}
    tests = {one.members: one for one in advice.tests}
    reached, picked = (0, 1), (0, 2)
    assert (tests[reached].good_enough, tests[picked].good_enough) == (True, True)
    said = [trial_words(tests[m], trials[m], 0.45) for m in (reached, picked)]
    assert "; good enough (lower bound" in said[0]
    assert "; passes the test by itself, but" in said[1]
    assert "good enough" not in said[1]
    table = panel_tables(FOUND, advice)["panel_trials"].set_index("panel")["good enough"]
    assert (table["BF0, S0"], table["BF0, S1"], table.iloc[0]) == (GOOD, ALONE, "all channels")


def test_what_the_folds_chose_is_good_enough_only_where_all_of_it_was_reached() -> None:
    advice = FOUND.advice(Constraints(margin=0.45, class_floor=1))
    rows = {one.what.name: test for one, test in FOUND.beside(advice)}
    leading = rows["LEADING"]  # one of its folds chose another panel
    assert leading is not None
    assert verdict_words(leading) == ALONE
    alike = tuple(
        replace(one, trial=replace(one.trial, chosen=((0, 1),) * 5))
        for one in FOUND.compared
        if one.what.name == "LEADING"
    )
    (((_, same),)) = replace(FOUND, compared=alike).beside(advice)
    assert verdict_words(same) == GOOD


def test_terminal_table_and_json_say_the_same_of_every_panel() -> None:
    for wanted in (Constraints(), Constraints(margin=0.45, class_floor=1), Constraints(margin=0.1)):
        advice = FOUND.advice(wanted)
        (rows,) = [p for p in told(FOUND, advice) if isinstance(p, tuple) and p[0][0] == "panel"]
        terminal = {row[0]: row[3] for row in rows[1:]}
        table = panel_tables(FOUND, advice)["panel_trials"]
        page = dict(zip(table["panel"], table["good enough"], strict=True))
        named = {k: v for k, v in page.items() if v != "all channels"}
        assert named == {k: v for k, v in terminal.items() if k != "all channels"}
        found = advice_json(FOUND, advice)["tests"]
        assert isinstance(found, list)
        said = {(one["good_enough"], one["reached"]) for one in found}
        assert said <= {(True, True), (True, False), (False, False)}
    assert UNDECIDED in named.values() or WORSE in named.values()


def test_a_bound_just_below_the_margin_never_reads_as_met() -> None:
    bound = -0.0204
    advice = FOUND.advice(Constraints())
    assert advice.test is not None
    moved = replace(advice, test=replace(advice.test, lower_bound=bound), nested=None)
    tests = tuple(replace(test, lower_bound=bound) for test in advice.tests)
    assert (lower_words(bound), at_most(bound)) == ("−0.021", "0.021")
    assert "difference −0.021, margin 0.020" in facts(moved, PANEL)
    trial = FOUND.evidence.trials[0]
    assert "lower bound −0.021, margin 0.020" in trial_words(tests[0], trial, 0.02)
    moved = replace(moved, tests=tests)
    (rows,) = [p for p in told(FOUND, moved) if isinstance(p, tuple) and p[0][0] == "panel"]
    assert {row[2] for row in rows[1:]} == {"", "0.021"}
    for name in ("panel_trials", "panel_tests"):
        page = shown(panel_tables(FOUND, moved)[name]).round(3)
        assert {*page["lower bound"].dropna()} == {-0.021}

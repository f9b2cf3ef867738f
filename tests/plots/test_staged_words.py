"""What the wizard says on top of each step: from the plan, and no more than it knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.errors import PanelError
from pxcore.panel.staged.instruments import other
from pxcore.panel.staged.plans import plan_figures, planned_runs
from pxcore.plots.staged_words import (
    added,
    candidates_said,
    final_said,
    fits,
    loss_words,
    match_said,
    measured_said,
    most_top,
    offers_said,
)
from pxcore.types.staged import Candidate, PlanKind, StagedPlan, StagedRun
from pxcore.types.staged_views import MarkerMatch, Offer
from tests.fake_staged import LOSSES

TEN = tuple(Candidate(marker=f"M{n}") for n in range(10))
FIVE = other(5)


def offer(kind: PlanKind) -> Offer:
    runs = planned_runs(kind, TEN, FIVE, 2)
    return Offer(kind=kind, runs=runs, figures=plan_figures(kind, runs, TEN, FIVE, 2))


def test_candidates_say_how_many_runs_they_need() -> None:
    assert "at least 2 runs before a final one" in candidates_said(TEN, FIVE)
    on = (replace(TEN[0], always_on=True), *TEN[1:])
    assert "9 candidates beside 1 that is always on" in candidates_said(on, FIVE)
    assert "at least 3 runs" in candidates_said(on, FIVE)
    assert "a plain run shows them together" in candidates_said(TEN[:5], FIVE)
    assert "Name the markers" in candidates_said((), FIVE)
    with pytest.raises(PanelError, match="comes twice"):
        candidates_said((TEN[0], replace(TEN[1], marker="m-0")), FIVE)


def test_offers_are_compared_only_as_far_as_intervals_allow() -> None:
    both = (offer(PlanKind.PUBLISHED), offer(PlanKind.PAIR_COVER))
    told = offers_said(both, LOSSES)
    assert "pair cover shows 100% of the pairs" in told
    assert "pair cover shows no loss, the published plan loses 0.042 (0.039 to 0.045)" in told
    assert loss_words(LOSSES[1]) == "no loss shown (−0.002 to 0.002)"
    assert loss_words(replace(LOSSES[1], loss_low=0.001)) == "0.000 (0.001 to 0.002)"
    blurred = (replace(LOSSES[0], loss_low=0.001), *LOSSES[1:])
    assert "cannot be told apart" in offers_said(both, blurred)
    assert "simulated" not in offers_said(both, ())
    none = Offer(kind=PlanKind.PUBLISHED, runs=(), figures=None, reason="too few slots")
    assert offers_said((none,), LOSSES) == (
        "No plan is possible with these candidates on this instrument"
    )


@pytest.mark.parametrize(("slots", "most"), [(3, 2), (4, 3), (5, 5), (9, 5), (20, 10)])
def test_the_largest_top_is_the_smallest_run(slots: int, most: int) -> None:
    instrument = other(slots)
    assert most_top(TEN, instrument) == most
    planned_runs(PlanKind.PUBLISHED, TEN, instrument, most)  # possible
    with pytest.raises(PanelError, match="top m is"):
        planned_runs(PlanKind.PUBLISHED, TEN, instrument, most + 1)


def test_measuring_names_the_run_that_comes_next() -> None:
    runs = planned_runs(PlanKind.PUBLISHED, TEN, FIVE, 2)
    plan = StagedPlan(
        id="p", title="t", version=1, step=3, owner="", instrument=FIVE, candidates=TEN, runs=runs
    )
    assert measured_said(plan) == (
        "0 of 2 runs have a ranking; next is run 1: measure M0, M1, M2, M3 and M4"
    )
    half = (replace(runs[0], dataset_id="d", run_id="r"), replace(runs[1], dataset_id="d"), runs[2])
    assert measured_said(replace(plan, runs=half)).endswith("next is run 2: its ranking is missing")
    done = (*(replace(run, run_id="r") for run in runs[:2]), runs[2])
    assert measured_said(replace(plan, runs=done)).startswith("All 2 runs have a ranking")


def test_the_final_run_says_what_is_left_to_do() -> None:
    run = StagedRun(number=3, markers=("A", "B"), final=True)
    assert "Measure A and B together" in final_said(run)
    assert "rank its 2 markers next" in final_said(replace(run, dataset_id="d"))
    assert "the result is there" in final_said(replace(run, dataset_id="d", run_id="r"))


def test_a_match_says_what_is_missing_extra_and_spelled_otherwise() -> None:
    match = MarkerMatch(pairs=(("CD3", "cd 3"),), missing=("CD4",), extra=("CD5",))
    assert match_said(match) == (
        "1 of 2 planned markers found; missing: CD4; not planned: CD5; read CD3 as channel cd 3"
    )
    assert not fits(match)
    assert fits(replace(match, missing=()))
    broken = replace(match, missing=(), problem="two channels show CD3")
    assert match_said(broken) == "two channels show CD3"
    assert not fits(broken)


def test_added_markers_leave_those_that_are_there_as_they_are() -> None:
    there = (Candidate(marker="CD3", cost=2.0),)
    made, told = added(there, (Candidate(marker="cd-3"), Candidate(marker="CD4")))
    assert made == (*there, Candidate(marker="CD4"))
    assert told == "1 marker added; cd-3 was there already and stayed"
    assert added((), there)[1] == "1 marker added"

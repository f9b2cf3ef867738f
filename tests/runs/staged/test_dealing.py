"""Steps 1 and 2: what is refused, and what a change later drops, keeps and tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from pxcore.errors import PanelError
from pxcore.panel.staged.instruments import other
from pxcore.runs.staged import dealing, shelf
from pxcore.store.home import Store
from pxcore.types.staged import Candidate, Instrument, Override, PlanKind, StagedPlan, StagedRun

SIX = other(4, [1])
"""Three slots for stains."""
NAMES = tuple("ABCDEF")
CANDIDATES = tuple(Candidate(marker=name, cost=2.0) for name in NAMES)


def planned(store: Store, candidates: tuple[Candidate, ...] = CANDIDATES) -> StagedPlan:
    plan = dealing.new(store, " My  plan ", SIX, "ann")
    plan = dealing.set_candidates(store, plan, candidates, SIX, who="ann")
    return dealing.choose(store, plan, PlanKind.PUBLISHED, 1, who="ann")


def measured(store: Store, plan: StagedPlan, step: int = 6) -> StagedPlan:
    """Return the plan as if all of its runs were attached, the final one with A and D."""

    def attached(run: StagedRun) -> StagedRun:
        markers = ("A", "D") if run.final else run.markers
        pairs = tuple((marker, f"ch {marker}") for marker in markers)
        name = f"{run.number}"
        places = tuple(ord(marker) for marker in markers)
        attached = replace(run, markers=markers, dataset_id=f"data {name}", run_id=f"run {name}")
        return replace(attached, matched=pairs, places=places)

    whole = replace(plan, runs=tuple(attached(run) for run in plan.runs), step=step)
    return shelf.save(store, whole, "ann", "Measured.")


def test_a_plan_is_started_dealt_and_told(store: Store) -> None:
    plan = planned(store)
    assert (plan.title, plan.version, plan.step, plan.kind) == (
        "My plan", 3, 3, PlanKind.PUBLISHED,
    )  # fmt: skip
    assert [run.markers for run in plan.runs] == [("A", "B", "C"), ("D", "E", "F"), ()]
    assert [(line.who, line.step) for line in plan.trail] == [
        ("ann", "Candidates"), ("ann", "Candidates"), ("ann", "Plan"),
    ]  # fmt: skip
    assert "2 runs, top 1 of each" in plan.trail[-1].what
    assert shelf.one(store, plan.id) == plan


def _set(store: Store, *candidates: Candidate, instrument: Instrument = SIX) -> StagedPlan:
    plan = dealing.new(store, "p", SIX)
    return dealing.set_candidates(store, plan, candidates, instrument, who="ann")


def _on(*names: str) -> list[Candidate]:
    return [Candidate(marker=name, always_on=True) for name in names]


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (lambda s: _set(s, Candidate(marker="CD3"), Candidate(marker="cd-3")), "comes twice"),
        (lambda s: _set(s, Candidate(marker="CD3"), Candidate(marker=" ")), "no name"),
        (_set, "0 candidate markers; expected 1"),
        (lambda s: _set(s, *_on("A", "B", "C"), Candidate(marker="D")), "none is left for"),
        (lambda s: _set(s, *_on("A", "B")), "all 2 markers are always on"),
        (
            lambda s: _set(s, *(Candidate(marker=m, must_keep=True) for m in "ABCD")),
            "holds 3 stains; let fewer be kept",
        ),
        (lambda s: _set(s, Candidate(marker="A", cost=-1)), "the cost of 'A' is -1; expected"),
        (lambda s: _set(s, Candidate(marker="A", cost=float("nan"))), "cost of 'A' is nan"),
        (lambda s: dealing.new(s, "  ", SIX), "the title has 0 letters; give the plan a name"),
        (lambda s: dealing.new(s, "x" * 201, SIX), "the title has 201 letters"),
        (
            lambda s: dealing.choose(s, dealing.new(s, "p", SIX), PlanKind.PUBLISHED, 1, who=""),
            "not possible yet: plan 'p' is at step 1 (Candidates), expected 2 (Plan)",
        ),
        (
            lambda s: dealing.choose(s, planned(s), PlanKind.PUBLISHED, 4, who=""),
            "top m is 4, but the smallest of the 2 runs has 3 candidates; choose m from 1 to 3",
        ),
        (
            lambda s: dealing.choose(s, planned(s), PlanKind.PAIR_COVER, 0, who=""),
            "top m is 0; expected at least 1",
        ),
        (
            lambda s: dealing.choose(
                s, planned(s, (*_on("X", "Y"), *CANDIDATES)), PlanKind.PAIR_COVER, 1, who=""
            ),
            "1 of them free beside what is always on; a pair needs 2",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    store: Store, wish: Callable[[Store], StagedPlan], message: str
) -> None:
    with pytest.raises(PanelError, match=re.escape(message)):
        wish(store)


def test_a_plan_that_is_not_possible_is_offered_with_its_reason(store: Store) -> None:
    published, cover = dealing.offers(planned(store, (*_on("X", "Y"), *CANDIDATES)), 1)
    assert published.figures is not None
    assert (published.figures.runs, published.reason) == (7, "")
    assert (cover.runs, cover.figures) == ((), None)
    assert "a pair needs 2" in cover.reason


def test_costs_alone_drop_nothing(store: Store) -> None:
    plan = measured(store, planned(store))
    dearer = tuple(replace(one, cost=9.0) for one in plan.candidates)
    again = dealing.set_candidates(store, plan, dearer, SIX, who="bob")
    assert (again.runs, again.step, again.notes) == (plan.runs, 6, ())
    assert again.candidates == dearer


def test_a_renumbered_run_takes_its_ranking_along(store: Store) -> None:
    plan = measured(store, planned(store))
    turned = (*CANDIDATES[3:], *CANDIDATES[:3])
    again = dealing.set_candidates(store, plan, turned, SIX, who="bob")
    assert [(run.markers, run.run_id, run.number) for run in again.runs[:2]] == [
        (("D", "E", "F"), "run 2", 1), (("A", "B", "C"), "run 1", 2),
    ]  # fmt: skip
    assert again.runs[0].matched == (("D", "ch D"), ("E", "ch E"), ("F", "ch F"))
    assert bytes(again.runs[0].places) == b"DEF"


def test_what_is_dropped_is_told_in_notes_and_trail(store: Store) -> None:
    plan = replace(measured(store, planned(store)), overrides=(("F", Override.TAKE),))
    other_f = tuple(replace(one, marker="Z") if one.marker == "F" else one for one in CANDIDATES)
    again = dealing.set_candidates(store, plan, other_f, SIX, who="bob")
    assert [run.run_id for run in again.runs] == ["run 1", "", "run 3"]
    assert (again.step, again.overrides) == (3, ())
    assert again.notes == (
        "F is no candidate any more; that it was taken by hand is gone.",
        "Run 2 changed its markers, so its data set and its ranking were detached.",
        "The final run is open again; it keeps its data set if the same markers come out.",
    )
    assert [line.what for line in again.trail[-3:]] == list(again.notes)
    assert "New: Z. Gone: F." in again.trail[-4].what
    undisturbed = shelf.one(store, plan.id, plan.version)
    assert undisturbed.runs == plan.runs


def test_a_final_run_that_cannot_come_out_any_more_is_emptied(store: Store) -> None:
    plan = measured(store, planned(store))
    without_d = tuple(one for one in CANDIDATES if one.marker != "D")
    again = dealing.set_candidates(store, plan, without_d, SIX, who="bob")
    assert (again.runs[-1].markers, again.runs[-1].dataset_id) == ((), "")
    assert "The final run is open again; its data set was detached." in again.notes


def test_a_plan_that_is_not_possible_any_more_goes_back_to_step_two(store: Store) -> None:
    plan = measured(store, planned(store))
    plan = shelf.save(store, replace(plan, top=3), "ann", "Top 3.")
    again = dealing.set_candidates(store, plan, CANDIDATES[:4], SIX, who="bob")
    assert (again.step, again.kind, again.runs) == (2, None, ())
    assert "not possible any more, choose again: top m is 3" in again.notes[0]
    assert len([note for note in again.notes if "detached" in note]) == 3


def test_another_choice_of_the_same_runs_keeps_them(store: Store) -> None:
    plan = measured(store, planned(store))
    again = dealing.choose(store, plan, PlanKind.PUBLISHED, 2, who="bob")
    assert [run.run_id for run in again.runs] == ["run 1", "run 2", "run 3"]
    assert again.step == 4
    assert again.runs[-1].markers == ("A", "D")


def test_the_same_choice_again_changes_nothing(store: Store) -> None:
    plan = measured(store, planned(store))
    again = dealing.choose(store, plan, PlanKind.PUBLISHED, 1, who="bob")
    assert (again.runs, again.step, again.notes) == (plan.runs, 6, ())


def test_what_must_be_kept_is_not_left_out_by_hand_any_more(store: Store) -> None:
    plan = replace(planned(store), overrides=(("A", Override.LEAVE), ("B", Override.LEAVE)))
    keep_a = (replace(CANDIDATES[0], must_keep=True), *CANDIDATES[1:])
    again = dealing.set_candidates(store, plan, keep_a, SIX, who="bob")
    assert again.overrides == (("B", Override.LEAVE),)
    assert "A is now always on or must be kept" in again.notes[0]


def test_a_changed_plan_leaves_its_rehearsal(store: Store) -> None:
    plan = measured(store, planned(store), step=3)
    plan = replace(plan, rehearsal="data", rehearsal_runs=(("1", "run 1"),))
    again = dealing.set_candidates(store, plan, CANDIDATES[:5], SIX, who="bob")
    assert (again.rehearsal, again.rehearsal_runs) == ("", ())
    assert not any(run.dataset_id for run in again.runs)
    assert "The rehearsal was left" in again.notes[0]


def test_marks_that_decide_the_merge_open_it_again(store: Store) -> None:
    plan = measured(store, planned(store))
    keep_a = (replace(CANDIDATES[0], must_keep=True), *CANDIDATES[1:])
    again = dealing.set_candidates(store, plan, keep_a, SIX, who="bob")
    assert [run.run_id for run in again.runs] == ["run 1", "run 2", "run 3"]
    assert again.step == 4

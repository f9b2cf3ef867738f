"""Steps 4 and 5 with tiny real runs: the merge, the final run, and ways back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError, PlanChangedError
from pxcore.runs import datasets
from pxcore.runs.staged.decisions import MergeRule
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types.staged import Override
from tests.runs.staged.measured_plans import (
    ALL,
    FINAL,
    Measured,
    planned,
    with_final,
    with_rankings,
)


def test_the_merge_says_what_the_runs_said(lab: Lab, measured: Measured) -> None:
    plan = with_rankings(lab, measured)
    assert plan.step == 4
    union = lab.staged.merged(plan)
    told = lab.result(measured.runs["first"])
    mean = dict(zip(told.panel.names, told.methods[0].ranking.mean, strict=True))
    assert mean["Ch04"] > 0.1 > mean["Ch03"]  # else nothing here says anything
    found = {one.marker: one for one in union.candidates}
    assert (found["CD19"].rank, found["CD4"].rank) == (((1, 1),), ((1, 2),))
    assert found["CD19"].reason == "Rank 1 in run 1, among its top 1."
    assert (found["CD19"].taken, found["CD4"].taken) == (True, False)
    assert found["CD3"].reason == "A bridge marker, always on."
    assert {run for one in union.candidates for run, _ in one.rank} == {1, 2}


def test_channels_that_are_renamed_are_still_found(lab: Lab, measured: Measured) -> None:
    """Attached before or after: a channel is a place in the data set, whatever it is called."""
    plan = with_rankings(lab, measured)
    before = lab.staged.merged(plan)
    first = lab.dataset(measured.data["first"])
    names = {"Ch03": "Ch04", "Ch04": "Ch03"}
    swapped = tuple(replace(c, name=names.get(c.name, c.name)) for c in first.panel.channels)
    datasets.edit(measured.store, first.id, "first", replace(first.panel, channels=swapped))
    old, again = Lab(measured.store).staged.merged(plan), with_rankings(lab, measured)
    new = lab.staged.merged(again)
    datasets.edit(measured.store, first.id, "first", first.panel)
    assert again.runs[0].matched[1] == ("CD4", "Ch04")
    assert old.candidates == new.candidates == before.candidates
    assert old.notes == new.notes == before.notes


def test_a_panel_sheet_that_was_corrected_since_is_told(lab: Lab, measured: Measured) -> None:
    plan = with_rankings(lab, measured)
    before = lab.staged.merged(plan)
    first = lab.dataset(measured.data["first"])
    markers = {"CD4": "CD19", "CD19": "CD4"}
    right = tuple(replace(c, marker=markers.get(c.marker, c.marker)) for c in first.panel.channels)
    datasets.edit(measured.store, first.id, "first", replace(first.panel, channels=right))
    after = lab.staged.merged(plan)
    again = lab.staged.attach(plan, 1, first.id, who="ann")
    corrected = lab.staged.merged(again)
    datasets.edit(measured.store, first.id, "first", first.panel)
    assert after.candidates == before.candidates
    assert "Run 1: the panel sheet of 'first' was changed since" in after.notes[-1]
    assert "shows CD4, CD19 elsewhere" in after.notes[-1]
    assert again.runs[0].run_id == measured.runs["first"]
    ranks = {one.marker: one.rank for one in before.candidates}
    turned = {one.marker: one.rank for one in corrected.candidates}
    assert (turned["CD4"], turned["CD19"]) == (ranks["CD19"], ranks["CD4"])
    assert corrected.notes == before.notes


def test_hands_are_kept_and_marked_and_the_final_run_follows(lab: Lab, measured: Measured) -> None:
    plan = with_final(lab, measured)
    assert (plan.step, plan.runs[-1].markers) == (5, FINAL)
    assert plan.trail[-1].what.startswith("Final run: CD3, CD19, CD45. ")
    assert plan.trail[-1].what.endswith("By hand: CD19, CD45.")
    taken = {one.marker: (one.taken, one.overridden) for one in lab.staged.merged(plan).candidates}
    assert taken["CD45"] == (True, True)
    assert taken["CD3"] == (True, False)
    assert len(lab.staged.sheets(plan)) == 3


def test_a_later_change_opens_the_merge_and_the_same_markers_keep_the_final_run(
    lab: Lab, measured: Measured
) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["final"], measured.runs["final"], who="ann")
    opened = lab.staged.merge_rule(plan, top=2, who="bob")
    assert opened.step == 4
    assert "keeps its data set if the same markers come out" in opened.notes[0]
    with pytest.raises(PanelError, match="The result is not possible yet"):
        lab.staged.outcome(opened)
    again = lab.staged.finish_merge(opened, who="bob")
    assert (again.step, again.runs) == (6, plan.runs)
    other = lab.staged.override(again, "CD45", Override.LEAVE, who="bob")
    other = lab.staged.finish_merge(other, who="bob")
    assert (other.step, other.runs[-1].dataset_id) == (5, "")
    assert other.notes == ("The final run has other markers now; its data set was detached.",)


def test_detached_rankings_take_the_plan_back(lab: Lab, measured: Measured) -> None:
    plan = lab.staged.detach(with_final(lab, measured), 2, who="bob")
    assert (plan.step, plan.runs[1].dataset_id, plan.runs[0].run_id) == (
        3, "", measured.runs["first"],
    )  # fmt: skip
    assert plan.notes == ("The final run is open again: merge anew.",)


def test_another_method_needs_its_ranking_in_every_attached_run(
    lab: Lab, measured: Measured
) -> None:
    with pytest.raises(PanelError, match="no ranking by pxpermute, by which this plan is merged"):
        lab.staged.merge_rule(with_rankings(lab, measured), method="pxpermute", who="ann")


def test_several_decisions_are_one_version_or_none(lab: Lab, measured: Measured) -> None:
    plan = with_rankings(lab, measured)
    take = (("CD45", Override.TAKE), ("CD19", Override.TAKE))
    for hands, message in (
        ((*take, ("CD3", Override.TAKE)), "'CD3' is always on"),
        ((*take, ("cd 19", None)), "'CD19' is decided twice"),
        ((*take, ("CD4", Override.TAKE)), "undo 1 of these choices first"),
    ):
        with pytest.raises(PanelError, match=message):
            lab.staged.decide(plan, MergeRule(top=2), hands, who="ann")
    with pytest.raises(PanelError, match="no ranking by pxpermute"):
        lab.staged.decide(plan, MergeRule(method="pxpermute"), take, who="ann")
    assert lab.staged.plan(plan.id) == plan
    made = lab.staged.decide(plan, MergeRule(top=2), take, who="ann")
    assert (made.version, made.top, made.overrides) == (plan.version + 1, 2, take)
    assert made.trail[-1].what == (
        "Rule: top 2, ranked by permute_cells. CD45: taken by hand. CD19: taken by hand."
    )


def test_a_final_run_of_nothing_new_is_refused(lab: Lab, measured: Measured) -> None:
    plan = with_rankings(lab, measured)
    leave = tuple((marker, Override.LEAVE) for marker in ALL[1:])
    plan = lab.staged.decide(plan, None, leave, who="ann")
    with pytest.raises(PanelError, match="the rule takes no candidate into the final run; go by"):
        lab.staged.finish_merge(plan, who="ann")


def test_undone_step_by_step_and_brought_back(lab: Lab, measured: Measured) -> None:
    plan = with_rankings(lab, measured)
    first = lab.staged.undo(plan, who="bob")
    assert [bool(run.run_id) for run in first.runs] == [True, False, False]
    second = lab.staged.undo(first, who="bob")
    assert not any(run.run_id for run in second.runs)
    assert (second.version, second.as_of, second.step) == (plan.version + 2, 3, 3)
    back = lab.staged.back_to(second, plan.version, who="bob")
    assert (back.runs, back.step) == (plan.runs, 4)
    assert [line.what for line in back.trail[-3:]] == [
        "Undone: the plan is again as in version 4.",
        "Undone: the plan is again as in version 3.",
        "Brought back: the plan is again as in version 5.",
    ]
    assert back.trail[: len(plan.trail)] == plan.trail
    changed = lab.staged.detach(back, 2, who="bob")
    assert lab.staged.undo(changed, who="bob").runs == plan.runs


def test_closed_and_resumed_elsewhere_and_two_people_at_once(measured: Measured) -> None:
    """What one connection saved another one carries on; who saw an older state is told."""
    home = measured.store.home
    ann, bob = (Lab(open_store(Settings(home=Path(home)))) for _ in range(2))
    plan = planned(ann)
    found, run = measured.data["first"], measured.runs["first"]
    ann.staged.attach(plan, 1, found, run, who="ann")
    ann.close()
    resumed = bob.staged.plan(plan.id)
    assert (resumed.runs[0].run_id, resumed.version) == (run, plan.version + 1)
    with pytest.raises(PlanChangedError, match=r"by ann, .* UTC: .*attached data set 'first'"):
        bob.staged.attach(plan, 2, measured.data["second"], who="bob")
    assert bob.staged.plan(plan.id) == resumed
    done = bob.staged.attach(
        resumed, 2, measured.data["second"], measured.runs["second"], who="bob"
    )
    assert done.step == 4
    bob.close()

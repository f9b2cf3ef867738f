"""Steps 4 to 6 with tiny real runs: the merge, the final run, the result, and ways back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError, PlanChangedError
from pxcore.runs import datasets, ledger
from pxcore.runs.ledger import RunRecord
from pxcore.runs.panel_questions import PanelAsk
from pxcore.runs.staged import answers
from pxcore.runs.staged.answers import constraints_for
from pxcore.runs.staged.attached import places_of
from pxcore.runs.staged.decisions import MergeRule
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types.panel import Constraints, PanelQuestion
from pxcore.types.staged import Override
from tests.runs.staged.measured_plans import (
    ALL,
    FINAL,
    Measured,
    planned,
    with_final,
    with_rankings,
)
from tests.tiny_lab import carry_on


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


def test_the_result_without_and_with_advice(lab: Lab, measured: Measured) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["final"], measured.runs["final"], who="ann")
    assert plan.step == 6
    found = lab.staged.outcome(plan, margin=0.49)
    assert found.run_id == measured.runs["asked"]
    assert found.advice is not None
    assert found.panel.names == ("BF", "CD3", "CD19", "CD45")
    assert set(found.markers) <= set(found.measured) == {"CD3", "CD45", "CD19"}
    assert {marker for marker, _ in found.left} == set(ALL) - set(found.markers)
    assert all(reason for _, reason in found.left)
    assert (found.cost + found.saved, found.trail) == (13.0, plan.trail)
    with pytest.raises(PanelError, match=r"margin is 0\.5; expected a loss of F1 above 0"):
        lab.staged.outcome(plan, margin=0.5)


def test_advice_keeps_to_what_was_planned(lab: Lab, measured: Measured) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["all"], measured.runs["all"], who="ann")
    spec = lab.progress(measured.runs["all"]).spec
    wanted = constraints_for(plan, spec, places_of(plan.runs[-1]), 0.03)
    names = spec.panel.channels
    assert [names[c].marker for c in wanted.must_keep] == ["CD3"]
    assert [names[c].marker for c in wanted.exclude] == ["CD4", "CD20"]
    assert wanted.margin == 0.03


def test_what_the_question_asked_for_holds_as_on_the_panel_page(
    lab: Lab, measured: Measured
) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["all"], measured.runs["all"], who="ann")
    question = PanelQuestion(must_keep=(5,), exclude=(2, 4), most_stains=2)
    spec = replace(lab.progress(measured.runs["all"]).spec, question=question)
    wanted = constraints_for(plan, spec, places_of(plan.runs[-1]), 0.03)
    assert (wanted.must_keep, wanted.exclude, wanted.max_stains) == ((1, 5), (2, 4, 5), 2)


@pytest.fixture(scope="module")
def bounded(measured: Measured) -> str:
    """Return the run that was asked about the final run's panels without CD45."""
    ask = PanelAsk(search=False, constraints=Constraints(exclude=(3,), max_stains=2))
    run = Lab(measured.store).panels.ask(measured.runs["final"], ask)
    carry_on(measured.store)
    return run


def test_the_wizard_and_the_panel_page_advise_the_same(
    lab: Lab, measured: Measured, bounded: str
) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["final"], measured.runs["final"], who="ann")
    found = lab.staged.outcome(plan, margin=0.49)
    assert found.run_id == bounded  # the newest answer
    page = lab.panels.findings(bounded)
    question = page.spec.question
    assert question is not None
    usual = Constraints(
        must_keep=(1,), exclude=question.exclude, max_stains=question.most_stains, margin=0.49
    )
    assert found.advice is not None
    assert found.advice.constraints == page.advice(usual).constraints
    assert found.advice.constraints.exclude == (3,)
    assert "CD45" not in found.markers


def test_a_question_that_left_out_what_the_plan_keeps_is_told(
    lab: Lab, measured: Measured, bounded: str
) -> None:
    plan = with_final(lab, measured)
    keep = [replace(one, must_keep=one.marker == "CD45") for one in plan.candidates]
    plan = lab.staged.set_candidates(plan, keep, plan.instrument, who="ann")
    plan = lab.staged.finish_merge(plan, who="ann")
    plan = lab.staged.attach(plan, 3, measured.data["final"], measured.runs["final"], who="ann")
    found = lab.staged.outcome(plan)
    assert found.advice is None
    assert set(found.markers) == set(FINAL)
    assert f"Run {bounded} was asked within other bounds than this plan's" in found.advice_reason
    assert "again on its page under Panel" in found.advice_reason


def test_the_newest_answer_counts_though_the_attached_run_was_asked_itself(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ledger.record(measured.store, measured.runs["asked"])
    question = PanelQuestion(search=True)

    def known(*names: str) -> None:
        made = {
            "attached": asked,  # of a single panel, not of all
            "newer": replace(asked, row=replace(asked.row, id="newer")),
            "searched": _asked(asked, "searched", question),
            "newest": _asked(asked, "newest", question),
            "other": _asked(asked, "other", question, seed=99),
        }
        monkeypatch.setattr(answers.ledger, "records", lambda *_: [made[n] for n in names])

    def answer(**words: bool) -> str:
        return answers.answering_run(measured.store, asked.spec, **words)

    known("attached")
    assert answer() == asked.id
    known("newer", "attached")
    assert (answer(), answer(searched=True)) == ("newer", "")
    known("other", "newer", "newest", "searched", "attached")
    assert answer() == "newest"  # one that searched all panels goes before one that did not
    known()
    assert answer() == ""


def _asked(record: RunRecord, name: str, question: PanelQuestion, **changes: int) -> RunRecord:
    spec = replace(record.spec, question=question, **changes)
    return replace(record, row=replace(record.row, id=name), spec=spec)


def test_a_final_run_that_was_not_asked_says_what_to_do(lab: Lab, measured: Measured) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["all"], measured.runs["all"], who="ann")
    found = lab.staged.outcome(plan)
    assert (found.markers, found.advice) == (FINAL, None)
    assert f"python -m pxcore panel {measured.runs['all']}" in found.advice_reason
    assert dict(found.left)["CD4"].startswith(("Rank", "In no"))


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
    with pytest.raises(PlanChangedError, match=r"by ann at .*attached data set 'first'"):
        bob.staged.attach(plan, 2, measured.data["second"], who="bob")
    assert bob.staged.plan(plan.id) == resumed
    done = bob.staged.attach(
        resumed, 2, measured.data["second"], measured.runs["second"], who="bob"
    )
    assert done.step == 4
    bob.close()

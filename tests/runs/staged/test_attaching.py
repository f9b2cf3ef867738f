"""Step 3 with tiny real runs: what may be attached to a planned run, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError, RunError
from pxcore.runs import datasets
from pxcore.types.staged import Override, StagedPlan
from tests.runs.staged.measured_plans import Measured, planned


def test_data_sets_come_best_match_first_with_what_they_lack(lab: Lab, measured: Measured) -> None:
    found = lab.staged.datasets_for(planned(lab), 1)
    assert [dataset.title for dataset, _ in found][:2] == ["first", "all"]
    match = {dataset.title: match for dataset, match in found}
    assert match["first"].pairs == (("CD3", "Ch02"), ("CD4", "Ch03"), ("CD19", "Ch04"))
    assert match["all"].extra == ("Ch05", "Ch06")
    assert match["second"].missing == ("CD4", "CD19")


def test_an_unclear_data_set_is_listed_last_with_the_reason(lab: Lab, measured: Measured) -> None:
    second = lab.dataset(measured.data["second"])
    twice = [replace(one, marker="CD4") for one in second.panel.channels[1:]]
    panel = replace(second.panel, channels=(second.panel.channels[0], *twice))
    datasets.edit(measured.store, second.id, "second", panel)
    dataset, match = lab.staged.datasets_for(planned(lab), 1)[-1]
    datasets.edit(measured.store, second.id, "second", second.panel)
    assert dataset.title == "second"
    assert "'CD4' fits two channels" in match.problem


def test_runs_that_fit_are_offered(lab: Lab, measured: Measured) -> None:
    plan = planned(lab)
    assert lab.staged.runs_for(plan, 1) == ()
    plan = lab.staged.attach(plan, 1, measured.data["first"], who="ann")
    assert [row.id for row in lab.staged.runs_for(plan, 1)] == [measured.runs["first"]]
    assert (plan.step, plan.runs[0].run_id) == (3, "")


Wish = Callable[[Lab, Measured, StagedPlan], object]


def _attach(number: int, data: str, run: str = "") -> Wish:
    return lambda lab, m, plan: lab.staged.attach(
        plan, number, m.data[data], m.runs[run] if run else "", who="ann"
    )


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (_attach(1, "second"), "'second' lacks 2 of the 3 markers planned for run 1: CD4, CD19"),
        (_attach(1, "second"), "and has besides Ch03, Ch04. Correct the names in its panel sheet"),
        (_attach(1, "first", "queued"), "is queued, so it has no ranking to attach; wait until"),
        (_attach(1, "first", "all"), "ranked data set 'all', another one than is attached"),
        (_attach(1, "first", "by pixels"), "no ranking by permute_cells, by which this plan is"),
        (_attach(1, "first", "without CD19"), "was trained without CD19, planned for run 1"),
        (_attach(3, "final"), "Attaching to run 3 is not possible yet: plan 'Five' is at step 3"),
        (_attach(4, "final"), "run 4 is not planned; plan 'Five' has runs 1 to 3"),
        (lambda lab, _, p: lab.staged.detach(p, 1, who=""), "nothing is attached to run 1"),
        (lambda lab, _, p: lab.staged.merged(p), "run 1, 2 has no finished ranking; attach"),
        (lambda lab, _, p: lab.staged.finish_merge(p, who=""), "expected 4 (Merge) or later"),
        (lambda lab, _, p: lab.staged.outcome(p), "The result is not possible yet"),
        (lambda lab, _, p: lab.staged.merge_rule(p, top=3, who=""), "choose m from 1 to 2"),
        (
            lambda lab, _, p: lab.staged.override(p, "CD99", Override.TAKE, who=""),
            "'CD99' is no candidate of this plan; there is CD3, CD4, CD19, CD45, CD20",
        ),
        (
            lambda lab, _, p: lab.staged.override(p, "CD3", Override.LEAVE, who=""),
            "'CD3' is always on",
        ),
        (
            lambda lab, _, p: lab.staged.advance_rehearsal(p, who=""),
            "is not being rehearsed; start a rehearsal first",
        ),
        (
            lambda lab, m, p: lab.staged.rehearse(p, m.data["first"], who=""),
            "'first' cannot rehearse this plan: it lacks CD45, CD20",
        ),
        (lambda lab, _, p: lab.staged.undo(lab.staged.plan(p.id, 1), who=""), "nothing to undo"),
        (lambda lab, _, p: lab.staged.controls(p, ["CD99"], 1, who=""), "'CD99' is no candidate"),
        (lambda lab, _, p: lab.staged.controls(p, [], 0, who=""), "0 samples a run; expected 1"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    lab: Lab, measured: Measured, wish: Wish, message: str
) -> None:
    plan = planned(lab)
    with pytest.raises(PanelError, match=re.escape(message)):
        wish(lab, measured, plan)
    assert lab.staged.plan(plan.id) == plan


def test_what_is_not_known_here_is_refused(lab: Lab, measured: Measured) -> None:
    with pytest.raises(RunError, match="'nowhere' is not known"):
        lab.staged.attach(planned(lab), 1, measured.data["first"], "nowhere", who="ann")


def test_more_by_hand_than_slots_are_refused(lab: Lab) -> None:
    plan = planned(lab)
    for name in ("CD4", "CD45"):
        plan = lab.staged.override(plan, name, Override.TAKE, who="ann")
    with pytest.raises(PanelError, match=r"4 markers .* has 3 slots; undo 1 of these choices"):
        lab.staged.override(plan, "CD20", Override.TAKE, who="ann")
    plan = lab.staged.override(plan, "cd 45", None, who="ann")
    assert plan.overrides == (("CD4", Override.TAKE),)


def test_what_a_ranking_also_saw_is_told(lab: Lab, measured: Measured) -> None:
    plan = lab.staged.attach(planned(lab), 1, measured.data["all"], measured.runs["all"], who="ann")
    assert plan.notes == (
        "Run 1: its ranking also saw Ch05, Ch06, which were not planned; that may change how much "
        "the others count.",
    )

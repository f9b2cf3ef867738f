"""Steps 3 to 6 with tiny real runs: what may be attached, the merge, the final run, the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError, PlanChangedError, RunError
from pxcore.runs import datasets
from pxcore.runs.panel_questions import PanelAsk
from pxcore.runs.staged.attached import places_of
from pxcore.runs.staged.answers import constraints_for
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import MethodSpec
from pxcore.types.staged import Candidate, Override, PlanKind, StagedPlan
from tests.runs.staged.made_cells import learning, marker_dataset, queue
from tests.tiny_lab import carry_on

FIRST, SECOND, FINAL = ("CD3", "CD4", "CD19"), ("CD3", "CD45", "CD20"), ("CD3", "CD19", "CD45")
"""CD3 is the bridge; it and CD19 tell the classes apart, nothing else does."""
ALL = ("CD3", "CD4", "CD19", "CD45", "CD20")
EVEN = {"CD3": 600, "CD19": 600}


@dataclass(frozen=True, slots=True)
class Measured:
    """A lab whose planned runs were measured: data sets and runs by name."""

    store: Store
    data: dict[str, str]
    runs: dict[str, str]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("staged")))
    made = {"first": FIRST, "second": SECOND, "final": FINAL, "all": ALL}
    data = {name: marker_dataset(store, m, name, EVEN) for name, m in made.items()}
    runs = {name: queue(store, data[name]) for name in ("second", "final", "all")}
    runs["first"] = queue(store, data["first"], training=learning())
    pixels = (MethodSpec(id="pxpermute"),)
    runs["by pixels"] = queue(store, data["first"], methods=pixels)
    runs["without CD19"] = queue(store, data["first"], (0, 1, 2))
    carry_on(store)
    ask = PanelAsk(search=False)
    runs["asked"] = Lab(store).panels.ask(runs["final"], ask)
    carry_on(store)
    runs["queued"] = queue(store, data["first"], seed=7)
    yield Measured(store, {name: one.id for name, one in data.items()}, runs)
    store.close()


@pytest.fixture
def lab(measured: Measured) -> Lab:
    return Lab(measured.store)


def planned(lab: Lab) -> StagedPlan:
    instrument = lab.staged.other_instrument(4, [1])
    bridge = Candidate(marker="CD3", bridge=True, cost=5.0)
    others = [Candidate(marker=name, cost=2.0) for name in ALL[1:]]
    plan = lab.staged.new("Five", instrument, "ann")
    plan = lab.staged.set_candidates(plan, [bridge, *others], instrument, who="ann")
    return lab.staged.choose(plan, PlanKind.PUBLISHED, 1, who="ann")


def with_rankings(lab: Lab, measured: Measured) -> StagedPlan:
    plan = planned(lab)
    for number, name in ((1, "first"), (2, "second")):
        found, run = measured.data[name], measured.runs[name]
        plan = lab.staged.attach(plan, number, found, run, who="ann")
    return plan


def with_final(lab: Lab, measured: Measured) -> StagedPlan:
    plan = lab.staged.override(with_rankings(lab, measured), "CD45", Override.TAKE, who="ann")
    plan = lab.staged.override(plan, "CD19", Override.TAKE, who="ann")
    return lab.staged.finish_merge(plan, who="ann")


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

"""A whole plan rehearsed for real on one data set, beside the answer of all markers at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError, RunError
from pxcore.runs import drafts
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.staged import rehearsal, shelf
from pxcore.runs.staged.outcome import FinalPanel
from pxcore.runs.staged.rehearsal_answer import all_markers_answer
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import Dataset, RunSpec
from pxcore.types.panel import Constraints
from pxcore.types.staged import PlanKind, StagedPlan
from tests.runs.staged.made_cells import marker_dataset, short
from tests.tiny_lab import carry_on

MARKERS = ("CD3", "CD4", "CD8", "CD19", "CD45", "CD56")


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A lab with a plan rehearsed to its end."""

    lab: Lab
    dataset: Dataset
    planned: StagedPlan
    queued: StagedPlan
    ended: StagedPlan


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("rehearsal")))
    lab, dataset = Lab(store), marker_dataset(store, MARKERS)
    drafted = drafts.draft
    with pytest.MonkeyPatch.context() as patch:

        def tiny(*words: object) -> RunSpec:
            return short(drafted(*words))  # type: ignore[arg-type]

        patch.setattr(drafts, "draft", tiny)
        staged = lab.staged
        instrument = staged.other_instrument(4, brightfield=(1,))
        plan = staged.new("Six on three", instrument, "ann")
        plan = staged.set_candidates(plan, staged.from_dataset(dataset.id), instrument, who="ann")
        planned = staged.choose(plan, PlanKind.PUBLISHED, 1, who="ann")
        queued = plan = staged.rehearse(planned, dataset.id, who="ann")
        for _ in range(4):
            carry_on(store)
            plan = staged.advance_rehearsal(plan, who="bob")
        yield Rehearsed(lab, dataset, planned, queued, plan)
    store.close()


def stages(found: Rehearsed) -> dict[str, str]:
    return {one.name: one.run_id for one in found.lab.staged.rehearsal(found.ended)}


def spec_of(found: Rehearsed, name: str) -> RunSpec:
    return found.lab.progress(stages(found)[name]).spec


def test_every_stage_sees_only_its_channels(rehearsed: Rehearsed) -> None:
    assert list(stages(rehearsed)) == ["1", "2", "all", "3", "compare"]
    assert [one.run_id for one in rehearsed.lab.staged.rehearsal(rehearsed.queued)] == [
        stages(rehearsed)[name] for name in ("1", "2", "all")
    ]
    for run in rehearsed.ended.runs:
        spec = spec_of(rehearsed, str(run.number))
        shown = [spec.panel.channels[c].marker or "BF" for c in spec.channels]
        assert shown == ["BF", *(m for m in MARKERS if m in run.markers)]
    assert spec_of(rehearsed, "all").channels == tuple(range(7))
    for name in stages(rehearsed):
        assert [method.id for method in spec_of(rehearsed, name).methods] == ["permute_cells"]


def test_the_rehearsal_goes_through_all_steps_by_itself(rehearsed: Rehearsed) -> None:
    plan = rehearsed.ended
    assert plan.step == 6
    assert [run.run_id for run in plan.runs] == [stages(rehearsed)[n] for n in ("1", "2", "3")]
    assert {run.dataset_id for run in plan.runs} == {rehearsed.dataset.id}
    assert plan.runs[0].matched == (("CD3", "Ch02"), ("CD4", "Ch03"), ("CD8", "Ch04"))
    assert [line.step for line in plan.trail] == [
        "Candidates", "Candidates", "Plan", "Measure", "Measure", "Merge", "Final run",
        "Final run", "Result",
    ]  # fmt: skip
    assert rehearsed.lab.staged.plan(plan.id) == plan


def test_the_planted_markers_meet_in_the_final_run(rehearsed: Rehearsed) -> None:
    """One strong marker lies in each run: a merge that took others would be wrong."""
    assert rehearsed.ended.runs[-1].markers == ("CD3", "CD19")


def test_the_outcome_stands_beside_that_of_all_markers(rehearsed: Rehearsed) -> None:
    found = rehearsed.lab.staged.outcome(rehearsed.ended, margin=0.1)
    answer = found.all_markers
    assert found.advice is not None
    assert found.markers in {("CD3",), ("CD3", "CD19")}
    assert answer is not None
    assert answer.markers == found.markers
    assert (answer.only_plan, answer.only_all) == ((), ())
    every = rehearsed.lab.result(answer.all_run).performance.f1_macro
    assert answer.f1_every == every
    assert answer.f1_plan is not None
    assert answer.f1_plan.mean > 0.9
    assert answer.lost is not None
    assert answer.lost.mean == 0
    assert answer.said.endswith("Both panels are the same: the stages lost nothing.")


def test_without_trainings_no_number_is_made_up(rehearsed: Rehearsed) -> None:
    answer = all_markers_answer(rehearsed.lab._store, rehearsed.ended, ("CD4", "CD8"))
    assert answer is not None
    assert set(answer.markers) == {"CD3", "CD19"}
    assert (set(answer.only_plan), set(answer.only_all)) == ({"CD4", "CD8"}, {"CD3", "CD19"})
    assert (answer.f1_plan, answer.f1_markers, answer.lost) == (None, None, None)
    assert answer.said == (
        "The two panels are not compared by training yet. Compared were (CD3, CD19); the plan's "
        "panel now is (CD4, CD8), of all markers (CD3, CD19) would be taken."
    )


def test_panels_that_differ_are_paired_on_the_same_folds(rehearsed: Rehearsed) -> None:
    store, poor, good = rehearsed.lab._store, ("CD4", "CD8"), ("CD3", "CD19")
    places = {marker: 1 + place for place, marker in enumerate(MARKERS)}
    panels = [tuple(places[marker] for marker in one) for one in (poor, good)]
    ask = PanelAsk(search=True, finalists=1, ticked=tuple(panels))
    asked = rehearsed.lab.panels.ask(stages(rehearsed)["all"], ask)
    carry_on(store)
    runs = tuple((dict(rehearsed.ended.rehearsal_runs) | {"compare": asked}).items())
    answer = all_markers_answer(store, replace(rehearsed.ended, rehearsal_runs=runs), poor)
    assert answer is not None
    assert answer.f1_plan is not None
    assert answer.f1_markers is not None
    assert answer.lost is not None
    trials = rehearsed.lab.panels.findings(asked).evidence.trials
    f1 = {trial.members: trial.f1_macro for trial in trials}
    bright = (0,)
    assert answer.f1_plan == f1[bright + panels[0]]
    assert answer.f1_markers == f1[bright + panels[1]]
    pairs = zip(answer.f1_markers.known, answer.f1_plan.known, strict=True)
    np.testing.assert_allclose(answer.lost.known, [all_ - plan for all_, plan in pairs])
    assert answer.lost.mean > 0.2
    assert "Lost by the stages: " in answer.said
    advised = rehearsed.lab.panels.findings(asked).advice(Constraints()).recommended
    assert advised is not None
    assert answer.f1_advised == advised.f1_macro
    assert {bright[0], *(places[marker] for marker in answer.advised)} == set(advised.members)


def test_nothing_new_is_saved_or_queued_when_nothing_has_finished(rehearsed: Rehearsed) -> None:
    staged, before = rehearsed.lab.staged, len(rehearsed.lab.runs())
    assert staged.advance_rehearsal(rehearsed.ended, who="ann") == rehearsed.ended
    assert len(rehearsed.lab.runs()) == before


def test_the_rehearsals_own_lines_are_told_from_a_persons(rehearsed: Rehearsed) -> None:
    own = [line.by_itself for line in rehearsed.ended.trail]
    assert own == [False] * 4 + [True] * 5
    assert rehearsed.lab.staged.plan(rehearsed.ended.id).trail == rehearsed.ended.trail


def test_another_final_panel_is_compared_again_and_what_was_stays(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a newer answer or another margin: two margins in turn do not undo each other."""
    staged, store = rehearsed.lab.staged, rehearsed.lab._store
    copied = shelf.add(store, rehearsed.ended, "ann", "Copied.")
    margins, final = [], rehearsal.final_panel

    def other(*words: object) -> FinalPanel:
        margins.append(words[-1])
        made = final(*words)  # type: ignore[arg-type]
        return replace(made, markers=("CD4", "CD8")) if words[-1] == 0.1 else made

    monkeypatch.setattr(rehearsal, "final_panel", other)
    again = staged.advance_rehearsal(copied, who="ann", margin=0.1)
    assert (margins, again.version) == ([0.1], copied.version + 1)
    before = spec_of(rehearsed, "compare").question
    now = rehearsed.lab.progress(dict(again.rehearsal_runs)["compare"]).spec.question
    assert before is not None
    assert now is not None
    assert set(now.ticked) > set(before.ticked)
    assert (0, 2, 3) in now.ticked
    assert again.trail[-1].what.endswith("side by side again, as they are others now.")
    assert staged.advance_rehearsal(again, who="bob") == again
    assert staged.advance_rehearsal(again, who="bob", margin=0.1) == again
    rehearsed.lab.cancel(dict(again.rehearsal_runs)["compare"], "ann")


def test_who_looks_at_an_older_state_gets_the_newest(rehearsed: Rehearsed) -> None:
    """Two open pages advance one rehearsal: the slower one is shown what the faster one saved."""
    staged = rehearsed.lab.staged
    assert staged.advance_rehearsal(rehearsed.queued, who="late") == rehearsed.ended
    assert not any(line.who == "late" for line in staged.plan(rehearsed.ended.id).trail)


def test_a_rehearsed_plan_takes_no_measurements_until_it_is_stopped(rehearsed: Rehearsed) -> None:
    staged = rehearsed.lab.staged
    with pytest.raises(PanelError, match="stop the rehearsal to attach real measurements"):
        staged.attach(rehearsed.ended, 1, rehearsed.dataset.id, who="ann")
    other = staged.new("Other", rehearsed.ended.instrument, "ann")
    other = staged.set_candidates(other, rehearsed.ended.candidates, other.instrument, who="ann")
    other = staged.choose(other, PlanKind.PUBLISHED, 1, who="ann")
    other = staged.attach(other, 1, rehearsed.dataset.id, stages(rehearsed)["1"], who="ann")
    with pytest.raises(PanelError, match="real measurements are attached to this plan; detach"):
        staged.rehearse(other, rehearsed.dataset.id, who="ann")
    again = staged.detach(other, 1, who="ann")
    with pytest.raises(RunError, match="preset 'slow' is not known"):
        staged.rehearse(again, rehearsed.dataset.id, who="ann", preset="slow")


def test_a_stopped_rehearsal_leaves_its_runs_in_the_list(
    rehearsed: Rehearsed, tmp_path: Path
) -> None:
    """On a copy of the plan, so that the others see theirs as it ended."""
    store = open_store(Settings(home=tmp_path))
    copied = shelf.add(store, rehearsed.ended, "ann", "Copied.")
    stopped = Lab(store).staged.stop_rehearsal(copied, who="ann")
    assert (stopped.step, stopped.rehearsal, stopped.rehearsal_runs) == (3, "", ())
    assert not any(run.dataset_id or run.run_id for run in stopped.runs)
    assert {row.id for row in rehearsed.lab.runs()} >= set(stages(rehearsed).values())
    store.close()

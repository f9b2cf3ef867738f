"""The wizard's door: candidates, offers, losses and papers, on a real store without trainings."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import Lab, open_lab
from pxcore.data.csv_guard import unguarded
from pxcore.errors import PanelError, PlanChangedError, PxError
from pxcore.runs import ledger
from pxcore.runs.board import RunChange, TaskChange
from pxcore.runs.staged.paperwork import ordered_said
from pxcore.settings import Settings
from pxcore.types import RunState, TaskState
from pxcore.types.staged import Override, PlanKind, StagedPlan
from tests.runs.staged.made_cells import marker_dataset

TWENTY = "\n".join(f"CD{number}" for number in range(1, 21))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    opened = open_lab(Settings(home=tmp_path))
    yield opened
    opened.close()


def planned(lab: Lab, text: str = TWENTY, top: int = 5) -> StagedPlan:
    instrument = lab.staged.other_instrument(12, (1,), (12,))
    plan = lab.staged.new("Twenty", instrument, "ann")
    plan = lab.staged.set_candidates(plan, lab.staged.pasted(text), instrument, who="ann")
    return lab.staged.choose(plan, PlanKind.PUBLISHED, top, who="ann")


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_door_opens_without_torch() -> None:
    words = "import sys, pxcore.doors.staged; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0


def test_twenty_pasted_markers_become_both_plans(lab: Lab) -> None:
    published, cover = lab.staged.offers(planned(lab), 5)
    assert published.figures is not None
    assert cover.figures is not None
    assert (published.figures.runs, published.figures.seen) == (3, 90)
    assert (cover.figures.runs, cover.figures.seen) == (7, 190)
    assert {i.id for i in lab.staged.instruments()} >= {"imagestream_12", "one_camera_6"}


def test_losses_are_simulated_once_or_refused_in_words(lab: Lab) -> None:
    plan = planned(lab, "\n".join(f"M{number}" for number in range(8)))
    small = lab.staged.set_candidates(
        plan, plan.candidates, lab.staged.other_instrument(5, (1,)), who="ann"
    )
    first = lab.staged.losses(small, 2, 2)
    assert not isinstance(first, str)
    assert [one.way for one in first] == ["published", "pair_cover", "all"]
    assert lab.staged.losses(small, 2, 2) is first
    few = lab.staged.losses(small, 9, 2)  # no published plan has this m; pair cover has none
    assert not isinstance(few, str)
    assert [one.way for one in few] == ["pair_cover", "all"]
    assert lab.staged.losses(small, 17, 2) is few
    third = lab.staged.set_candidates(small, plan.candidates[:3], plan.instrument, who="ann")
    assert "takes 8 to 40 candidates, there are 3" in str(lab.staged.losses(third, 1, 1))


def test_candidates_come_from_a_data_set_and_from_a_yaml_sheet(lab: Lab) -> None:
    dataset = marker_dataset(lab._store, ("CD3", "CD19"))
    assert [one.marker for one in lab.staged.from_dataset(dataset.id)] == ["CD3", "CD19"]
    sheet = (
        "- channel: 1\n  name: BF\n  role: brightfield\n- channel: 2\n  name: CD3\n  cost: 1.5\n"
    )
    (found,) = lab.staged.pasted(sheet)
    assert (found.marker, found.cost) == ("CD3", 1.5)


def test_papers_list_every_channel_tube_and_test(lab: Lab) -> None:
    plan = planned(lab, "marker,cost,always_on\nCD1,2,yes\nCD2,3,\nCD3,4,\n=1+1,5,", top=1)
    plan = lab.staged.controls(plan, ["CD2"], 3, who="ann")
    plan = lab.staged.override(plan, "=1+1", Override.TAKE, who="ann")
    files = lab.staged.downloads(plan)
    assert set(files) == {
        "run_sheets.html", "channel_map.csv", "order_list.csv", "control_list.csv", "run_1.csv",
        "trail.csv", "plan.json",
    }  # fmt: skip
    tubes = rows(files["control_list.csv"])[1:]
    stains = ["CD1", "CD2", "CD3", "=1+1"]
    assert [(tube[1], tube[2]) for tube in tubes] == [
        ("full stain", ""), ("unstained", ""),
        *(("single stain", one if one != "=1+1" else "'=1+1") for one in stains), ("FMO", "CD2"),
    ]  # fmt: skip
    assert tubes[-1][3] == "CD1 + CD3 + =1+1"
    order = {row[0]: row[4:] for row in rows(files["order_list.csv"])}
    assert order["CD2"] == ["4", "12.00"]  # three full stains and its single stain
    assert order["CD3"] == ["5", "20.00"]  # and in CD2's FMO
    assert "'=1+1" in order
    assert json.loads(files["plan.json"])["samples"] == 3
    page = files["run_sheets.html"]
    assert f"plan {plan.id}, version {plan.version}" in page
    said = ordered_said(plan)
    assert said in page
    assert said.startswith("Tests of 3 samples a run with its single stains and FMO controls.")
    assert "The final run is not included" in said
    trail = [row[3] for row in rows(files["trail.csv"])[1:]]
    assert [unguarded(one) for one in trail] == [one.what for one in plan.trail]
    assert trail[-1] == "'=1+1: taken by hand."
    for name, text in files.items():
        if name.endswith(".csv"):
            assert not re.search(r"(^|,)\"?[=+@-]", text, re.M), name


def test_controls_of_a_marker_that_left_are_passed_over(lab: Lab) -> None:
    plan = lab.staged.controls(planned(lab), ["CD20"], 1, who="ann")
    assert "FMO" in lab.staged.downloads(plan)["control_list.csv"]
    plan = lab.staged.set_candidates(plan, plan.candidates[:19], plan.instrument, who="ann")
    assert "FMO" not in lab.staged.downloads(plan)["control_list.csv"]


def test_the_final_sheet_waits_for_the_merge(lab: Lab) -> None:
    assert [sheet.title for sheet in lab.staged.sheets(planned(lab))] == ["Run 1", "Run 2"]
    with pytest.raises(PanelError, match="A run sheet is not possible yet"):
        lab.staged.sheets(replace(planned(lab), step=2))


def test_a_plan_is_resumed_by_its_id_after_closing(tmp_path: Path) -> None:
    first = open_lab(Settings(home=tmp_path))
    plan = planned(first)
    first.close()
    second = open_lab(Settings(home=tmp_path))
    assert second.staged.plan(plan.id) == plan
    assert second.staged.plans() == (plan,)
    assert [one.version for one in second.staged.history(plan.id)] == [3, 2, 1]
    assert second.staged.rehearsal(plan) == ()
    second.close()


def test_a_rehearsal_tells_how_far_each_run_is(lab: Lab) -> None:
    plan = planned(lab)
    dataset = marker_dataset(lab._store, tuple(one.marker for one in plan.candidates))
    plan = lab.staged.rehearse(plan, dataset.id, who="ann")
    run_id = dict(plan.rehearsal_runs)["2"]
    first = ledger.task_rows(lab._store, run_id)[0].key
    done = TaskChange(run_id=run_id, key=first, state=TaskState.DONE)
    failed = RunChange(run_id=dict(plan.rehearsal_runs)["1"], state=RunState.FAILED, error="Oh.")
    ledger.apply(lab._store, [RunChange(run_id=run_id, state=RunState.RUNNING), done, failed])
    one, two, every = lab.staged.rehearsal(plan)
    assert (one.state, one.error, one.label) == (RunState.FAILED, "Oh.", "Run 1")
    assert two.share == lab.progress(run_id).share > 0
    assert (every.state, every.name) == (RunState.QUEUED, "all")
    assert lab.staged.advance_rehearsal(plan, who="ann") == plan
    again = lab.staged.rehearse(plan, dataset.id, who="ann")
    changed = [name for name, one in again.rehearsal_runs if dict(plan.rehearsal_runs)[name] != one]
    assert changed == ["1"]


def test_a_rehearsal_is_refused_before_anything_is_queued(lab: Lab) -> None:
    plan = planned(lab)
    dataset = marker_dataset(lab._store, tuple(one.marker for one in plan.candidates))
    for words, message in (
        ({"preset": "slow"}, "preset 'slow' is not known"),
        ({"method": "magic"}, "'magic' is not known"),
    ):
        with pytest.raises(PxError, match=message):
            lab.staged.rehearse(plan, dataset.id, who="ann", **words)
    seen, plan = plan, lab.staged.controls(plan, ["CD1"], 2, who="bob")
    with pytest.raises(PlanChangedError, match="version 4 by bob"):
        lab.staged.rehearse(seen, dataset.id, who="ann")
    assert lab.runs() == ()
    assert lab.staged.plan(plan.id) == plan
    queued = lab.staged.rehearse(plan, dataset.id, who="ann")
    assert len(lab.runs()) == 3
    assert {one.state for one in lab.staged.rehearsal(queued)} == {"queued"}
    again = lab.staged.rehearse(queued, dataset.id, who="ann")
    assert len(lab.runs()) == 3
    assert again.rehearsal_runs == queued.rehearsal_runs

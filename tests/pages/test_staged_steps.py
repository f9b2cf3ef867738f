"""The wizard from measuring to the result: sheets, attachments, merge, final run, rehearsal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pxcore.types import Channel, Panel, Role, RunState
from pxcore.types.staged import Override, PlanKind, StagedPlan
from pxcore.types.staged_views import AllMarkersAnswer, RehearsalStage
from tests.fake_lab import FakeLab
from tests.pages.conftest import words
from tests.pages.staged_plans import MARKERS, measured, plan_at

Open = Callable[..., AppTest]


def opened(visit: Open, plan: StagedPlan, **query: str) -> AppTest:
    return visit("staged", plan=plan.id, **query)


def linked(app: AppTest, label: str) -> str:
    """Return the query of the link with this label."""
    return next(one.proto.query_string for one in app.get("page_link") if one.proto.label == label)


def stage(state: RunState, error: str = "", share: float = 1.0) -> RehearsalStage:
    return RehearsalStage(
        name="1", label="Run 1: M1", run_id="finished", state=state, share=share, error=error
    )


def test_a_run_shows_its_sheet_and_leads_on_to_the_next(lab: FakeLab, visit: Open) -> None:
    app = opened(visit, plan_at(lab, 3))
    text = words(app)
    for part in ("0 of 3 runs have a ranking; next is run 1", "Run 1 · sheet", "single stains",
                 "All sheets to print (HTML)", "Run sheets and order list to print (HTML)",
                 "The whole plan (JSON)"):  # fmt: skip
        assert part in text, part
    sheet = next(one.value for one in app.dataframe if "controls" in one.value)
    assert list(sheet["marker"][1:4]) == ["M1", "M2", "M3"]
    assert next(iter(sheet["kind"])) == "brightfield"
    app.segmented_control(key="staged-part").set_value(2).run()
    assert app.query_params["part"] == "2"
    assert "Run 2 · sheet" in words(app)


def test_without_cells_it_leads_to_adding_them(lab: FakeLab, visit: Open) -> None:
    app = opened(visit, plan_at(lab, 3))
    assert "No data set is registered here yet" in words(app)
    assert linked(app, "Add cells") == "add=cells"


def test_cells_that_lack_a_marker_are_told_and_cannot_be_attached(
    lab: FakeLab, visit: Open
) -> None:
    stains = tuple(Channel(name=name) for name in ("m-1", "M2", "Other"))
    lab.sets.append(ex.dataset(Panel((Channel(name="BF0", role=Role.BRIGHTFIELD), *stains))))
    app = opened(visit, plan_at(lab, 3))
    assert "No data set has these markers yet" in words(app)
    assert linked(app, "Data sets") == "add=cells"
    assert not app.warning  # nobody has chosen anything yet
    app.selectbox(key="staged-data-1").select_index(0).run()
    text = words(app)
    assert "2 of 4 planned markers found; missing: M3 and M4; not planned: Other" in text
    assert "read M1 as channel m-1" in text
    assert app.button(key="staged-attach-1").disabled


def test_cells_and_a_ranking_are_attached_one_after_the_other(lab: FakeLab, visit: Open) -> None:
    measured(lab)
    lab.progresses["r7"] = ex.progress(RunState.RUNNING)
    row = lab.progresses["r7"].run
    lab.progresses["r7"] = replace(lab.progresses["r7"], run=replace(row, dataset_id="all"))
    plan = plan_at(lab, 3)
    app = opened(visit, plan)
    assert "4 of 4 planned markers found" in " ".join(
        one.value.replace("\\", "") for one in app.success
    )
    app.button(key="staged-attach-1").click().run()
    run = lab.staged.plan(plan.id).runs[0]
    assert (run.dataset_id, run.run_id) == ("all", "")
    assert linked(app, "Rank these channels in a new run") == "dataset=all"
    assert "40% done" in words(app)
    app.button(key="staged-rank-1").click().run()
    assert lab.staged.plan(plan.id).runs[0].run_id == "rank1"
    assert "1 of 3 runs have a ranking; next is run 2" in words(app)
    app = opened(visit, plan, part="1")
    assert linked(app, "The run that ranked it") == "run=rank1"
    app.button(key="staged-detach-1").click().run()
    assert lab.staged.plan(plan.id).runs[0].dataset_id == ""


def test_controls_and_samples_are_saved(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 3)
    app = opened(visit, plan)
    key = f"{plan.id}-{plan.version}"
    assert app.button(key="staged-controls").disabled
    app.multiselect(key=f"staged-fmo-{key}").set_value(["M3"]).run()
    app.number_input(key=f"staged-samples-{key}").set_value(4).run()
    app.button(key="staged-controls").click().run()
    saved = lab.staged.plan(plan.id)
    assert (saved.fmo, saved.samples) == (("M3",), 4)
    sheet = next(one.value for one in app.dataframe if "controls" in one.value)
    assert "single stain, FMO" in list(sheet["controls"])


def test_the_merge_shows_every_candidate_with_its_reason(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 4)
    app = opened(visit, plan)
    text = words(app)
    for part in ("of 9 candidates go into the final run, beside 1 always on", "One scale",
                 "Must be kept.", "Rank 2 in run 1, among its top 2.", "in every run"):  # fmt: skip
        assert part in text, part
    table = next(one.value for one in app.dataframe if "verdict" in one.value)
    assert set(table["run"]) == {1, 2, 3}
    assert len(app.get("plotly_chart")) == 1


def test_a_decision_by_hand_is_saved_marked_and_taken_back(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 4)
    app = opened(visit, plan)
    order = lab.staged.merged(plan).order
    at = order.index("M9")
    app.segmented_control(key=f"staged-hand-{at}").set_value("take").run()
    assert lab.staged.plan(plan.id).overrides == (("M9", Override.TAKE),)
    text = words(app)
    assert "by hand" in text
    assert "Taken by hand; the rule would" in text
    assert "1 decided by hand" in text
    app.segmented_control(key=f"staged-hand-{at}").set_value("rule").run()
    assert lab.staged.plan(plan.id).overrides == ()
    kept = order.index("M2")  # must be kept: there is no Leave
    assert app.segmented_control(key=f"staged-hand-{kept}").options == ["Rule", "Take"]


def test_the_rule_and_its_method_can_be_changed(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 4)
    app = opened(visit, plan)
    app.number_input(key="staged-m").set_value(1).run()
    assert lab.staged.plan(plan.id).top == 1
    app.selectbox(key="staged-method").select("pxpermute").run()
    assert lab.staged.plan(plan.id).method == "pxpermute"
    app.segmented_control(key="staged-rule").set_value(True).run()
    assert lab.staged.plan(plan.id).by_verdict
    assert "above its decoys" in words(app)


def test_what_cannot_be_merged_leads_back_to_the_runs(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 4)
    runs = (*plan.runs[:-2], replace(plan.runs[-2], run_id=""), plan.runs[-1])
    lab.staged.put(replace(plan, runs=runs))
    app = opened(visit, plan)
    assert "run 3 has no finished ranking" in words(app).lower()
    app.button(key="staged-back").click().run()
    assert app.query_params["step"] == "3"


def test_the_final_run_is_fixed_measured_and_leads_to_advice(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 4)
    app = opened(visit, plan)
    app.button(key="staged-fix").click().run()
    saved = lab.staged.plan(plan.id)
    assert app.query_params["step"] == "5"
    assert {"M1", "M2"} < {*saved.runs[-1].markers}
    assert "this run decides" in words(app)
    number = saved.runs[-1].number
    app.button(key=f"staged-attach-{number}").click().run()
    app.button(key=f"staged-rank-{number}").click().run()
    assert linked(app, "Which of these stains are enough? Ask for advice") == f"run=rank{number}"
    app.button(key="staged-to-result").click().run()
    assert app.query_params["step"] == "6"
    assert "are enough" in words(app)


def test_the_result_is_the_panel_its_reasons_and_the_trail(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 6)
    app = opened(visit, plan)
    text = words(app)
    for part in ("M5 are enough", "In the panel", "Left out", "Adds nothing.", "12.00 a test",
                 "F1 0.800 (0.770 to 0.830)", "was not asked which", "Trail, CSV",
                 "The panel, CSV"):  # fmt: skip
        assert part in text, part
    assert linked(app, "Ask which of these are enough") == "run=rankF&margin=0.02"
    for line in plan.trail:
        assert f"{line.who} · {line.step}] {line.what}" in text
    assert "M2: Must be kept." in text.replace("*", "")


@pytest.mark.parametrize("step", [2, 3, 4, 5, 6])
def test_a_plan_of_the_other_kind_is_drawn_too(lab: FakeLab, visit: Open, step: int) -> None:
    assert "Pair cover" in words(opened(visit, plan_at(lab, step, PlanKind.PAIR_COVER)))


def test_what_the_last_change_dropped_is_told(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 3)
    lab.staged.put(replace(plan, notes=("Run 2 changed its markers: its data set was detached.",)))
    assert "its data set was detached" in words(opened(visit, plan))


def test_a_rehearsal_is_started_on_cells_with_every_marker(lab: FakeLab, visit: Open) -> None:
    measured(lab)
    plan = plan_at(lab, 3)
    app = opened(visit, plan)
    app.session_state["staged-rehearse"] = True
    app.run()
    assert "4 runs" in words(app) or "5 runs" in words(app)
    assert "Tonsil · 10 of 10 markers" in app.selectbox(key="staged-rehearse-data").options
    app.button(key="staged-rehearse-start").click().run()
    saved = lab.staged.plan(plan.id)
    assert (saved.rehearsal, saved.rehearsal_preset) == ("all", "fast")
    assert "A rehearsal on one data set" in words(app)


def test_a_rehearsal_under_way_goes_on_by_itself(lab: FakeLab, visit: Open) -> None:
    measured(lab)
    plan = plan_at(lab, 3)
    lab.staged.put(replace(plan, rehearsal="all"))
    lab.staged.stages = (stage(RunState.RUNNING, share=0.3), stage(RunState.QUEUED))
    text = words(opened(visit, plan))
    assert "You can close this tab" in text
    assert "attaches it by itself" in text
    later = plan_at(lab, 4)
    later = replace(later, id=plan.id, version=plan.version, trail=plan.trail)
    lab.staged.moves = [replace(later, rehearsal="all")]
    app = opened(visit, plan)
    assert app.query_params["step"] == "4"
    assert "go into the final run" in words(app)
    assert "changed this plan" not in words(app)


def test_a_failed_rehearsal_says_why_and_can_be_queued_again(lab: FakeLab, visit: Open) -> None:
    measured(lab)
    plan = replace(plan_at(lab, 3), rehearsal="all", rehearsal_preset="fast")
    lab.staged.put(plan)
    lab.staged.stages = (stage(RunState.FINISHED), stage(RunState.FAILED, "out of memory"))
    app = opened(visit, plan)
    assert "Out of memory" in words(app)
    app.button(key="staged-rehearse-again").click().run()
    assert lab.staged.plan(plan.id).trail[-1].what == "Rehearsal."
    app.button(key="staged-rehearse-stop").click().run()
    assert lab.staged.plan(plan.id).rehearsal == ""


def test_a_rehearsal_ends_with_the_comparison(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 6)
    lab.staged.put(replace(plan, rehearsal="all"))
    lab.staged.stages = (stage(RunState.FINISHED),)
    lab.staged.answer = AllMarkersAnswer(
        dataset_id="all", all_run="finished", markers=MARKERS[:4], only_plan=("M5",),
        only_all=("M9",), f1_every=ex.interval(0.83, 0.02), f1_plan=ex.interval(0.8, 0.03),
        f1_markers=ex.interval(0.81, 0.03), advised=("M7",),
        f1_advised=ex.interval(0.82, 0.03), lost=ex.interval(0.01, 0.02),
        said="The plan found 3 of the 4 markers.",
    )  # fmt: skip
    text = words(opened(visit, plan))
    for part in ("The plan found 3 of the 4 markers.", "Only in the plan's panel: M5",
                 "Advised by the run with every marker: M7",
                 "0.010 (−0.010 to 0.030)", "1 run, all finished"):  # fmt: skip
        assert part in text, part

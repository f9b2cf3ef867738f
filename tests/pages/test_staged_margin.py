"""The margin of the wizard's result, and a tab that follows a rehearsal others work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pxcore.types import RunState
from pxcore.types.staged import Override, StagedPlan
from pxcore.types.staged_views import AllMarkersAnswer, RehearsalStage
from tests.fake_lab import FakeLab
from tests.pages.conftest import words
from tests.pages.staged_plans import MARKERS, measured, plan_at

Open = Callable[..., AppTest]


def stage(state: RunState) -> RehearsalStage:
    return RehearsalStage(name="1", label="Run 1", run_id="r", state=state, share=0.5)


def test_the_margin_stands_in_the_address_and_decides(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 6)
    app = visit("staged", plan=plan.id, margin="0.07")
    assert app.number_input(key="panel-margin").value == 0.07
    assert lab.staged.margins == [0.07]
    app.number_input(key="panel-margin").set_value(0.1).run()
    assert app.query_params["margin"] == "0.1"
    assert lab.staged.margins[-1] == 0.1
    assert visit("staged", plan=plan.id).number_input(key="panel-margin").value == 0.02


@pytest.mark.parametrize("strange", ["0.5", "-1", "much", "nan"])
def test_a_margin_that_is_none_is_told(lab: FakeLab, visit: Open, strange: str) -> None:
    plan = plan_at(lab, 6)
    app = visit("staged", plan=plan.id, margin=strange)
    assert "expected a number between 0 and 0.5: 0.02 is used" in words(app)
    assert lab.staged.margins == [0.02]


def test_panels_of_another_margin_are_compared_on_demand(lab: FakeLab, visit: Open) -> None:
    lab.staged.stages = (stage(RunState.FINISHED),)
    lab.staged.answer = AllMarkersAnswer(
        dataset_id="all", all_run="r", markers=MARKERS[:4], only_plan=(), only_all=(),
        f1_every=ex.interval(0.8, 0.1), said="Not compared yet.",
    )  # fmt: skip
    plan = lab.staged.put(replace(plan_at(lab, 6), rehearsal="all"))
    app = visit("staged", plan=plan.id, margin="0.1")
    lab.staged.margins.clear()
    app.button(key="staged-compare").click().run()
    assert lab.staged.margins[0] == 0.1
    lab.staged.stages = (stage(RunState.RUNNING),)
    assert not [one for one in app.run().button if one.key == "staged-compare"]


def rehearsed(lab: FakeLab, state: RunState = RunState.RUNNING) -> StagedPlan:
    measured(lab)
    lab.staged.stages = (stage(state),)
    return lab.staged.put(replace(plan_at(lab, 3), rehearsal="all"))


def test_a_stale_tab_tells_what_a_person_changed_and_loads_nothing(
    lab: FakeLab, visit: Open
) -> None:
    plan = rehearsed(lab)
    app = visit("staged", plan=plan.id)
    lab.staged.override(plan, "M5", Override.TAKE, who="Ben")
    for _ in range(2):
        app.run()
        assert not app.exception
        text = words(app)
        assert "Ben changed this plan" in text
        assert f"You still see version {plan.version}" in text
        assert app.query_params.get("step") != "4"
    app.button(key="staged-load").click().run()
    assert "Ben changed this plan" not in words(app)


def test_what_a_person_did_among_what_went_on_is_told(lab: FakeLab, visit: Open) -> None:
    plan = rehearsed(lab)
    app = visit("staged", plan=plan.id)
    lab.staged.moves = [replace(plan, step=4)]
    went_on = lab.staged.advance_rehearsal(plan, who="Ann")
    app.run()
    assert "changed this plan" not in words(app)  # the rehearsal's own: followed
    seen = lab.staged.controls(went_on, ["M1"], 2, who="Ben")
    lab.staged.moves = [seen]
    lab.staged.advance_rehearsal(seen, who="Ann")
    app.run()
    assert "changed this plan" in words(app)

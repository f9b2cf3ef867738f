"""Two people at one plan, and names that would be markup: nothing is lost, nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pxcore.types import RunState
from pxcore.types.staged import PlanKind
from pxcore.types.staged_views import AllMarkersAnswer, RehearsalStage
from tests.fake_lab import FakeLab
from tests.pages.conftest import words
from tests.pages.staged_plans import MARKERS, measured, plan_at
from tests.pages.test_hostile_names import HOSTILE, all_are_text
from tests.pages.test_staged import pasted

Open = Callable[..., AppTest]


def test_a_later_person_overwrites_nothing_and_is_told(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 2)
    mine, theirs = visit("staged", plan=plan.id), visit("staged", plan=plan.id)
    theirs.button(key="staged-choose-pair_cover").click().run()
    mine.button(key="staged-choose-published").click().run()
    saved = lab.staged.plan(plan.id)
    assert (saved.kind, saved.version) == (PlanKind.PAIR_COVER, 3)
    text = words(mine)
    assert "was changed meanwhile by" in text
    assert "load version 3, look at what changed" in text
    assert ".." not in text
    assert "2026-11-21T" not in text  # a time is told as people say it
    mine.button(key="staged-load").click().run()
    assert "was changed meanwhile" not in words(mine)
    assert "Pair cover: " in words(mine)
    assert mine.query_params["step"] == "2"  # the same step, as it is now


def test_a_change_of_somebody_else_is_seen_at_the_next_look(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 2)
    app = visit("staged", plan=plan.id, step="2")
    lab.staged.choose(plan, PlanKind.PUBLISHED, 2, who="Ben")
    app.run()
    text = words(app)
    assert "Ben changed this plan" in text
    assert "You still see version 2; nothing was overwritten" in text


def test_what_was_typed_stays_when_the_other_state_is_loaded(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 2)
    app = pasted(visit("staged", plan=plan.id, step="1"), "CD99")
    theirs = replace(plan.candidates[2], marker="CD200")
    lab.staged.set_candidates(plan, (*plan.candidates, theirs), plan.instrument, who="Ben")
    app.button(key="staged-save").click().run()
    assert "was changed meanwhile by Ben" in words(app)
    assert [one.marker for one in lab.staged.plan(plan.id).candidates][-1] == "CD200"
    app.button(key="staged-load").click().run()
    assert "11 candidates" in words(app)  # theirs, saved
    assert "Not saved yet" in words(app)
    app.button(key="staged-save").click().run()
    assert [one.marker for one in lab.staged.plan(plan.id).candidates][-1] == "CD99"
    assert lab.staged.plan(plan.id, 3).candidates[-1].marker == "CD200"  # still there to go back to


def test_the_saved_list_can_be_taken_instead(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 2)
    app = pasted(visit("staged", plan=plan.id, step="1"), "CD99")
    app.button(key="staged-saved").click().run()
    assert "Not saved yet" not in words(app)
    app.button(key="staged-save").click().run()
    assert [one.marker for one in lab.staged.plan(plan.id).candidates] == list(MARKERS)


def test_a_refusal_is_told_on_top_and_nothing_is_saved(lab: FakeLab, visit: Open) -> None:
    measured(lab)
    plan = plan_at(lab, 3)
    app = visit("staged", plan=plan.id)
    lab.sets.clear()
    measured(lab, MARKERS[:3])  # its panel sheet was changed since the page was drawn
    app.button(key="staged-attach-1").click().run()
    assert "lacks M4" in words(app)
    assert lab.staged.plan(plan.id).version == plan.version
    app.segmented_control(key="staged-part").set_value(2).run()
    assert "lacks M4" not in words(app)  # told once, gone with the next thing that is done


@pytest.mark.parametrize("shift", [0, 4])
@pytest.mark.parametrize("step", [0, 1, 2, 3, 4, 5, 6])
def test_hostile_names_are_text_on_every_step(
    lab: FakeLab, visit: Open, step: int, shift: int
) -> None:
    names = [HOSTILE[(i + shift) % len(HOSTILE)] for i in range(9)]
    markers = [" ".join(name.split()) for name in names]
    title = names[0]
    if step == 0:
        plan_at(lab, 2, markers=markers, title=title)
        all_are_text(visit("staged"), markers)
        return
    plan = plan_at(lab, step, markers=markers, title=title)
    lab.sets = [replace(one, title=title) for one in lab.sets]
    lab.staged.stages = (
        RehearsalStage(
            name="1", label=title, run_id="r", state=RunState.FAILED, share=0.2, error=title
        ),
    )
    lab.staged.answer = AllMarkersAnswer(
        dataset_id="all", all_run="r", markers=tuple(markers), only_plan=tuple(markers[:2]),
        only_all=tuple(markers[2:4]), f1_every=ex.interval(0.8, 0.1), said=title,
    )  # fmt: skip
    trail = tuple(replace(one, who=title, what=title) for one in plan.trail)
    lab.staged.put(replace(plan, notes=(title,), trail=trail, owner=title, rehearsal="all"))
    app = visit("staged", plan=plan.id)
    app.session_state["staged-trail"] = True
    app.run()
    all_are_text(app, markers)

"""The panel page's address: what is wanted of a panel, and the what-if box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pxcore.types import RunState
from pxcore.types.panel import PanelQuestion
from tests.fake_lab import FakeLab
from tests.fake_panels import findings
from tests.pages.conftest import words
from tests.pages.test_hostile_names import all_are_text
from tests.pages.test_panel import asked, button, put

Open = Callable[..., AppTest]
__all__ = ["asked"]  # a fixture


def test_what_if_shows_the_screen_and_offers_to_retrain(asked: FakeLab, visit: Open) -> None:
    found = asked.panels.found["answered"]
    trials = tuple(t for t in found.evidence.trials if t.members != (0, 1, 2))
    evidence = replace(found.evidence, trials=trials)
    asked.panels.found["answered"] = replace(found, evidence=evidence)
    app = visit("panel", run="answered", tick="S0")
    assert [one.value for one in app.metric] == ["0.750"]  # 0.45 + 0.3
    assert "Retrained: F1 0.750" in words(app)
    assert not any(one.label == "Confirm by retraining" for one in app.button)
    assert app.checkbox(key="panel-tick-0").disabled  # stain-free: in every panel
    app.checkbox(key="panel-tick-2").check().run()
    assert app.query_params["tick"] == ["BF0", "S0", "S1"]
    assert [one.value for one in app.metric] == ["0.850"]
    asked.progresses["r9"] = ex.progress(RunState.RUNNING)
    button(app, "Confirm by retraining").click().run()
    ((run_id, question),) = asked.panels.asked
    assert (run_id, question.ticked, question.search) == ("answered", ((0, 1, 2),), True)
    assert app.query_params["run"] == "r9"


def test_a_panel_that_was_not_screened_can_be_retrained(full: FakeLab, visit: Open) -> None:
    put(full, searched=False, curves=False)
    app = visit("panel", run="answered", tick="S0")
    assert not app.metric
    assert "was not screened" in words(app)
    assert "Removal curves" not in words(app)
    full.progresses["r9"] = ex.progress(RunState.FINISHED)
    button(app, "Confirm by retraining").click().run()
    assert full.panels.asked[0][1].search is False


def test_no_tick_and_no_channel_always_in(asked: FakeLab, visit: Open) -> None:
    found = asked.panels.found["answered"]
    spec = replace(found.spec, question=PanelQuestion())
    asked.panels.found["answered"] = replace(found, spec=spec)
    assert "Tick at least one channel" in words(visit("panel", run="answered", tick=""))


def test_wishes_stand_in_the_address_and_none_is_a_wish_too(asked: FakeLab, visit: Open) -> None:
    found = asked.panels.found["answered"]
    question = PanelQuestion(always=(0,), must_keep=(3,), most_stains=4)
    spec = replace(found.spec, question=question)
    asked.panels.found["answered"] = replace(found, spec=spec)
    app = visit("panel", run="answered")
    assert app.multiselect(key="panel-keep").value == [3]
    assert "S2 stayed in every panel" in words(app)
    app.multiselect(key="panel-keep").set_value([]).run()
    assert app.query_params["keep"] == ""
    assert app.multiselect(key="panel-keep").value == []
    assert "S0, S1 and S3 are enough" in words(app)
    app.multiselect(key="panel-without").set_value([1]).run()
    app.selectbox(key="panel-stains").select("2").run()
    assert (app.query_params["without"], app.query_params["stains"]) == ("S0", "2")


def test_an_address_that_cannot_be_read_is_told_and_the_rest_holds(
    asked: FakeLab, visit: Open
) -> None:
    app = visit(
        "panel", run="answered", margin="0.7", floor="x", stains="-1", keep="<b>", tick="none"
    )
    told = " ".join(one.value.replace("\\", "") for one in app.warning)
    for part in ("margin", "floor", "stains", "<b>", "none"):
        assert part in told, part
    assert "S0, S1 and S3 are enough" in words(app)
    assert app.number_input(key="panel-margin").value == 0.02


def test_contradicting_wishes_are_told_and_can_be_corrected(asked: FakeLab, visit: Open) -> None:
    app = visit("panel", run="answered", keep="S0", without="S0")
    assert "must be kept and is excluded at once" in words(app)
    app.multiselect(key="panel-without").set_value([]).run()
    assert "S0, S1 and S3 are enough" in words(app)


def test_hostile_names_in_wishes_and_ticks(lab: FakeLab, visit: Open) -> None:
    names = list(ex.HOSTILE[:4])
    channels = [replace(c, name=n) for c, n in zip(ex.PANEL.channels, names, strict=True)]
    lab.sets = [ex.dataset()]
    found = findings(replace(ex.PANEL, channels=tuple(channels)), tuple(ex.HOSTILE[4:7]))
    lab.panels.found["answered"] = found
    lab.progresses["answered"] = replace(ex.progress(RunState.FINISHED), spec=found.spec)
    app = visit("panel", run="answered", keep=names[1], tick=names[3])
    all_are_text(app, names)
    for one in (*app.checkbox, *app.metric):
        assert one.label.replace("\\", "") not in names or "\\" in one.label


def test_more_can_be_asked_with_the_wishes_of_the_address(asked: FakeLab, visit: Open) -> None:
    app = visit("panel", run="answered", stains="2")
    app.session_state["panel-more"] = True
    app.run()
    if not any(one.key == "panel-start" for one in app.button):
        pytest.skip("this Streamlit opens a fold-out by the browser only")
    button(app, "Start").click().run()
    assert asked.panels.asked[0][1].constraints.max_stains == 2

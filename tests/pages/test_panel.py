"""The panel page in each of its states, its address, the what-if box and the question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pages.parts import panel_answer
from pxcore.runs.panels.answers import PanelAnswer
from pxcore.types import RunState
from pxcore.types.panel import Constraints, PanelQuestion
from tests.fake_lab import FakeLab
from tests.fake_panels import findings
from tests.pages.conftest import words
from tests.panel.made_trials import panel as made_panel

Open = Callable[..., AppTest]
PANEL = made_panel(4)
"""BF0, then S0 to S3 at 10 each; S2 is worth nothing, S3 0.05, S1 0.1, S0 0.3."""


@pytest.fixture
def asked(full: FakeLab) -> FakeLab:
    """Return a lab with a finished run that was asked about panels, as ``answered``."""
    put(full)
    return full


def put(lab: FakeLab, **settings: object) -> None:
    """Let ``answered`` be a finished run with such findings."""
    found = findings(PANEL, **settings)  # type: ignore[arg-type]
    lab.panels.found["answered"] = found
    lab.progresses["answered"] = replace(ex.progress(RunState.FINISHED), spec=found.spec)


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(one for one in app.button if one.label == label)


def test_without_a_run_the_page_says_what_it_is_for(lab: FakeLab, visit: Open) -> None:
    app = visit("panel")
    assert "Which stains can be left out?" in words(app)
    assert [one.label for one in app.button] == ["Start a run"]


def test_a_finished_run_is_chosen_into_the_address(full: FakeLab, visit: Open) -> None:
    app = visit("panel")
    assert app.selectbox(key="panel-run").options[0].startswith("Jurkat cells")
    button(app, "Open").click().run()
    assert app.query_params["run"] == "finished"
    assert "What the panel must be" in words(app)


def test_a_run_page_leads_here_and_keeps_margin_and_floor(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished", margin="0.03")
    link = next(
        one.proto for one in app.get("page_link") if one.proto.label == "Which stains are enough?"
    )
    assert "margin=0.03" in link.query_string
    assert "run=finished" in link.query_string


def test_the_run_page_of_an_answer_leads_to_it_first(full: FakeLab, visit: Open) -> None:
    assert full.finished is not None
    spec = replace(full.finished.spec, question=PanelQuestion())
    full.finished = replace(full.finished, spec=spec)
    put(full)
    app = visit("run", run="answered", margin="0.03")
    assert not any(one.proto.label == "Which stains are enough?" for one in app.get("page_link"))
    app.button(key="run-panel").click().run()
    assert (app.query_params["run"], app.query_params["margin"]) == ("answered", "0.03")
    assert "S0, S1 and S3 are enough" in words(app)


def test_a_run_that_was_not_asked_shows_the_question_and_its_cost(
    full: FakeLab, visit: Open
) -> None:
    app = visit("panel", run="finished", margin="0.05", keep="PI (DNA)", stains="1")
    text = words(app)
    assert "steps" not in text[text.index("3 · Start") :]  # trainings are what is asked for
    assert text.index("12 trainings at most.") < text.index("The rest takes")
    assert app.multiselect(key="panel-tops").disabled
    assert "The rest takes **about 4 min**, with what comes out at most **about 9 min**" in text
    app.multiselect(key="panel-curves").set_value(["pxpermute"]).run()
    assert app.multiselect(key="panel-tops").value  # some numbers are offered at once
    app.multiselect(key="panel-compare").set_value(["pxpermute"]).run()
    app.multiselect(key="panel-tops").set_value([2, 1]).run()
    assert not app.multiselect(key="panel-tops").disabled
    app.multiselect(key="panel-own").set_value([1]).run()
    full.progresses["r9"] = ex.progress(RunState.QUEUED)
    button(app, "Start").click().run()
    ((run_id, question),) = full.panels.asked
    assert (run_id, question.ticked) == ("finished", ((1,),))
    assert question.constraints == Constraints(must_keep=(1,), max_stains=1, margin=0.05)
    assert (question.search, question.curves) == (True, ("pxpermute",))
    assert question.compare == (("pxpermute", 1), ("pxpermute", 2))
    assert (app.query_params["run"], app.query_params["margin"]) == ("r9", "0.05")
    assert "waits for its turn" in words(app)  # on the panel page, live


def test_answers_that_are_there_stand_above_the_form(full: FakeLab, visit: Open) -> None:
    put(full)
    question = PanelQuestion(compare=(("pxpermute", 2),), ticked=((0, 1),), most_stains=2)
    for run_id, state in (("answered", RunState.FINISHED), ("queued", RunState.QUEUED)):
        row = replace(full.progress(run_id).run, title=f"Asked {run_id}", state=state)
        full.panels.answered += (PanelAnswer(run=row, question=question, asked_of=("finished",)),)
    app = visit("panel", run="finished", margin="0.03")
    links = [one.proto for one in app.get("page_link") if "**Asked" in one.proto.label]
    label = links[0].label.replace("\\", "")
    assert "search; first 2 compared; panel Brightfield, PI (DNA)" in label
    assert "at most 2 stains" in label
    assert "run=answered" in links[0].query_string
    assert "margin=0.03" in links[0].query_string
    assert links[1].label.endswith("under way")
    text = words(app)
    assert text.index("Asked of this run before") < text.index("What the panel must be")
    marked = [one for one in visit("panel").selectbox(key="panel-run").options if "answer" in one]
    assert len(marked) == 2  # the run that was asked, and the one that answers
    full.panels.answered = ()
    assert "Asked of this run before" not in words(visit("panel", run="finished"))


def test_a_question_that_cannot_be_met_is_told_and_not_startable(
    full: FakeLab, visit: Open
) -> None:
    full.panels.refusal = "nothing is left of the 4 channels; exclude fewer"
    app = visit("panel", run="finished")
    assert any("exclude fewer" in one.value.replace("\\", "") for one in app.error)
    assert button(app, "Start").disabled


def test_a_question_that_was_asked_before_cannot_be_started_and_says_why(
    full: FakeLab, visit: Open
) -> None:
    full.panels.nothing_new = True
    app = visit("panel", run="finished")
    assert button(app, "Start").disabled
    assert "All of this was asked before" in words(app)


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
def test_a_run_under_way_leads_to_its_progress(full: FakeLab, visit: Open, state: RunState) -> None:
    text = words(visit("panel", run=state.value))
    assert ("40% done" if state is RunState.RUNNING else "waits for its turn") in text
    assert "You can close this tab" in text
    assert "Its progress, step by step" in text


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
def test_a_run_that_ended_without_an_answer_leads_to_why(
    full: FakeLab, visit: Open, state: RunState
) -> None:
    text = words(visit("panel", run=state.value))
    failed = state is RunState.FAILED
    assert ("What happened, and the log" if failed else "how to start it again") in text
    assert ("killed three times" in text) is (state is RunState.FAILED)


def test_an_unknown_run_is_told(full: FakeLab, visit: Open) -> None:
    assert "'nowhere' is not known" in words(visit("panel", run="nowhere"))


def test_the_answer_comes_first_then_everything_else(asked: FakeLab, visit: Open) -> None:
    app = visit("panel", run="answered")
    text = words(app)
    assert "S0, S1 and S3 are enough beside BF0" in text
    places = [
        text.index(part) for part in ("### S0, S1 and S3 are enough", "Advised panel", "Drop")
    ]
    assert places == sorted(places)
    for part in (
        "Keep, drop or undecided", "What each further stain buys", "Removal curves",
        "Mean F1 over the steps", "F1 against cost", "Panels compared",
        "no cell judges a panel it helped to choose", "All 16 retrained panels",
        "40 trainings: 25 new, 15 reused",
        "The 5 removal curves have 25 steps, but only", "Screen less retrained F1", "What if",
    ):  # fmt: skip
        assert part in text, part
    assert len(app.get("plotly_chart")) == 5
    files = [one.label for one in app.download_button]
    assert "Advice, JSON" in files
    for table in (
        "Advice on every channel", "Retrained panels", "Tests against all channels",
        "Removal curves", "Removal curves, averages", "Panels compared", "Screened panels",
    ):  # fmt: skip
        assert {f"{table}, CSV", f"{table}, parquet"} <= set(files), table


def test_of_many_channels_the_panel_stands_as_a_row_of_chips(
    asked: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "left out" not in words(visit("panel", run="answered"))  # it is in the drawing
    monkeypatch.setattr(panel_answer, "MOST_DRAWN", 4)
    app = visit("panel", run="answered")
    assert len(app.get("plotly_chart")) == 4
    assert "left out" in words(app)


def test_panels_are_compared_each_fold_by_its_own_ranking(asked: FakeLab, visit: Open) -> None:
    app = visit("panel", run="answered", margin="0.4", floor="0.5")
    table = next(one.value for one in app.dataframe if "first stains" in one.value)
    assert list(table["panel"]) == [
        "stain-free only", "first 1 by PXPermute", "BF0, S1", "all channels",
    ]  # fmt: skip
    assert table["channels"][1] == "BF0, S0 in 4; BF0, S1 in 1"
    assert list(table["good enough"])[1:] == [
        "passes the test by itself", "passes the test by itself", "all channels",
    ]  # fmt: skip


def test_without_a_comparison_the_page_says_how_to_get_one(asked: FakeLab, visit: Open) -> None:
    found = asked.panels.found["answered"]
    lines = [one for one in found.compared if not one.method]
    asked.panels.found["answered"] = replace(found, compared=tuple(lines))
    assert "choose them under *Ask more of this run*" in words(visit("panel", run="answered"))
    asked.panels.found["answered"] = replace(found, compared=found.compared[-1:])
    assert "Panels compared" not in words(visit("panel", run="answered"))


def test_another_margin_gives_new_advice_at_once(asked: FakeLab, visit: Open) -> None:
    app = visit("panel", run="answered")
    app.number_input(key="panel-margin").set_value(0.08).run()
    assert app.query_params["margin"] == "0.08"
    app.number_input(key="panel-floor").set_value(0.1).run()
    assert "S0 and S1 are enough beside BF0" in words(app)
    assert "S0 and S1 are enough" in words(
        visit("panel", run="answered", margin="0.08", floor="0.1")
    )


def test_tables_for_the_eye_have_one_column_an_interval(asked: FakeLab, visit: Open) -> None:
    app = visit("panel", run="answered")
    frames = [one.value for one in app.dataframe]
    averages = next(f for f in frames if "over random orders" in f and "mean F1" in f)
    assert averages["mean F1"][0].startswith("0.770 (")
    assert list(averages["over random orders"])[-1] == ""
    assert not [name for name in averages if str(name).endswith((" low", " high"))]
    every = next(f for f in frames if "good enough" in f and "F1-macro low" not in f)
    assert sum(every["advised"]) == 1
    assert every["good enough"][0] == "all channels"


def test_models_that_know_nothing_get_no_advice(full: FakeLab, visit: Open) -> None:
    put(full, worth=(0.0, 0.0, 0.0, 0.0))
    found = full.panels.found["answered"]
    low = replace(found.evidence.full.f1_macro, low=0.2)
    worse = replace(found.evidence.full, f1_macro=low)
    evidence = replace(found.evidence, full=worse)
    full.panels.found["answered"] = replace(found, evidence=evidence)
    text = words(visit("panel", run="answered"))
    assert "Nothing can be said about smaller panels yet" in text
    assert "No panel is advised" in text

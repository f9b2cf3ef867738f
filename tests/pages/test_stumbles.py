"""Where a newcomer stumbled: waiting, bad input, failed downloads, missing methods, names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.evidence_values as ev
import tests.example_values as ex
from pages.parts.run_form import MOST_FOLDS
from pages.parts.text import told
from pages.runs import brief, titles
from pxcore.data.catalogue import CATALOGUE
from pxcore.types import (
    Gate,
    ImportProgress,
    ImportRequest,
    ImportState,
    Progress,
    RunState,
    TaskState,
)
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]
MANY = ("pxpermute", "occlusion", "lrp")


def waiting(lab: FakeLab, state: RunState) -> None:
    """Let a run be between two steps while another one is at work."""
    one = ex.progress(state)
    tasks = tuple(
        replace(task, state=TaskState.WAITING) if task.state is TaskState.RUNNING else task
        for task in one.tasks
    )
    lab.progresses["own"] = replace(one, tasks=tasks)


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
def test_a_run_says_which_other_run_it_waits_for(
    full: FakeLab, visit: Open, state: RunState
) -> None:
    full.progresses = {"running": full.progresses["running"]}
    other = full.progresses["running"]
    title = "A long one"
    full.progresses["running"] = replace(other, run=replace(other.run, title=title))
    waiting(full, state)
    bar = visit("run", run="own").get("progress")[0].proto.text
    assert bar.replace("\\", "").startswith("Waits for A long one; then about 2 min")
    del full.progresses["running"]
    bar = visit("run", run="own").get("progress")[0].proto.text
    assert "Waits for A" not in bar


def test_the_head_follows_the_state(full: FakeLab, visit: Open) -> None:
    full.progresses = {"own": ex.progress(RunState.QUEUED)}
    states = iter([RunState.QUEUED])
    real = full.progress

    def moving(run_id: str) -> Progress:
        one = real(run_id)
        state = next(states, RunState.RUNNING)
        return replace(one, run=replace(one.run, state=state))

    full.progress = moving  # type: ignore[method-assign]
    app = visit("run", run="own")
    assert any("running" in str(one.value) for one in app.markdown if "badge" in str(one.value))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("folds-fast-d1", MOST_FOLDS + 1, f"Folds may be 2 to {MOST_FOLDS}, not {MOST_FOLDS + 1}"),
        ("folds-fast-d1", 1, f"Folds may be 2 to {MOST_FOLDS}, not 1"),
        ("seeds-fast-d1", 6, "Trainings of each fold may be 1 to 5, not 6"),
        ("repeats-fast-d1-True", 0, "Repeats may be 1 to 1,000, not 0"),
    ],
)
def test_a_number_out_of_bounds_keeps_from_starting(
    full: FakeLab, visit: Open, field: str, value: int, said: str
) -> None:
    app = visit("new", dataset="d1")
    app.number_input(key=field).set_value(value).run()
    assert said in words(app)
    assert [one.disabled for one in app.button if one.label == "Start"] == [True]
    app.number_input(key="folds-fast-d1").set_value(3).run()
    app.number_input(key="seeds-fast-d1").set_value(1).run()
    app.number_input(key="repeats-fast-d1-True").set_value(20).run()
    assert [one.disabled for one in app.button if one.label == "Start"] == [False]
    assert f"Folds (2 to {MOST_FOLDS})" in [one.label for one in app.number_input]


def test_addresses_and_options_can_be_copied() -> None:
    text = told("put https://a.org/x-y_z.pt (or --weights random) there; <b> :red[x] @me")
    assert "`https://a.org/x-y_z.pt`" in text
    assert "`--weights`" in text
    assert "\\<b\\>" in text
    assert ":\u2060red" in text.replace("\\", "")
    assert "javascript:" not in told("javascript:alert(1)")


def test_a_failed_import_can_be_tried_again(full: FakeLab, visit: Open) -> None:
    known = next(iter(CATALOGUE))
    for number, path in enumerate(("/cells/x.h5", f"public:{known}")):
        request = ImportRequest(path=path, title="Cells")
        failed = ImportProgress(
            id=f"f{number}", request=request, state=ImportState.FAILED, error="the line broke"
        )
        full.imports.listed.append(failed)
        app = visit("datasets", importing=f"f{number}")
        assert {"Try again", "Add cells again", "Public data sets"} <= {
            one.label for one in app.button
        }
        app.button(key="import-again").click().run()
    request = dict(full.asked)["import"]
    assert isinstance(request, ImportRequest)
    assert request.path == "/cells/x.h5"
    assert full.public.started[0][0] == known


def test_missing_methods_can_be_asked_for(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    button = app.button(key="ask-where")
    assert button.label.startswith("Rank by ")
    button.click().run()
    assert ("follow_up", ("finished", "where", ())) in full.asked


def test_checks_name_the_channel(full: FakeLab, visit: Open) -> None:
    result = ev.result()
    gate = Gate(id="constant_channel", passed=False, value=0.9, bound=0.05, said="Channel 2, made 0.1 in every cell, scores 90 %.")  # fmt: skip # noqa: E501
    report = replace(result.gates[0], gates=(gate,))
    full.finished = replace(result, gates=(report, *result.gates[1:]))
    found = words(visit("run", run="finished"))
    assert f"{result.panel.names[1]}, made 0.1" in found
    assert "Channel 2, made" not in found
    assert "constant_channel" not in found


def test_equal_titles_differ_and_methods_are_counted(full: FakeLab, visit: Open) -> None:
    visit("runs")
    rows = [replace(row, title="Same", methods=MANY) for row in full.runs()]
    assert len(set(titles(rows))) == len(rows)
    frame = brief(rows)
    assert set(frame["Methods"]) == {"3 methods"}
    assert list(frame.columns)[2] == "Started (UTC)"


def test_home_says_what_it_is_for_and_leads_to_the_example(full: FakeLab, visit: Open) -> None:
    app = visit()
    assert "disturbs one channel after the other" in words(app)
    assert any("known truth" in one.proto.label for one in app.get("page_link"))

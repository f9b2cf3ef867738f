"""Words on runs: steps, advice and models as people call them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pages.parts.run_live import steps
from pages.runs import table
from pxcore.types import RunState, TaskState
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]


def test_steps_have_no_column_that_is_mostly_empty() -> None:
    lines = steps(ex.progress().tasks).splitlines()
    assert lines[0] == "| | Step | Time |"
    assert {line.count("|") for line in lines} == {4}


def test_steps_that_were_there_stand_in_one_line() -> None:
    done, now, later = ex.progress().tasks
    there = tuple(replace(done, label=f"Old {n}", reused=True) for n in range(5))
    lines = steps((*there, done, now, later)).splitlines()
    assert len(lines) == 2 + 1 + 3
    assert "5 steps · already there" in lines[2]
    assert "Old" not in " ".join(lines)
    assert "Old 1" in steps((*there[:2], now))  # of few each by itself


@pytest.mark.parametrize(("model", "told"), [("small_cnn", False), ("resnet18", True)])
@pytest.mark.parametrize("kind", ["killed", "out of memory"])
def test_a_smaller_model_is_advised_only_where_there_is_one(
    lab: FakeLab, visit: Open, model: str, told: bool, kind: str
) -> None:
    one = ex.progress(RunState.FAILED)
    broken = replace(one.tasks[0], state=TaskState.FAILED, error_class=kind, error="ended")
    spec = replace(one.spec, model=replace(one.spec.model, id=model))
    lab.sets = [ex.dataset()]
    lab.progresses = {"r1": replace(one, spec=spec, tasks=(broken,))}
    text = words(visit("run", run="r1"))
    assert "finished steps are reused" in text
    assert ("the smaller model" in text) is told


def test_runs_name_their_model_as_people_do(full: FakeLab, visit: Open) -> None:
    table = visit("runs").dataframe[0].value
    assert set(table["Model"]) <= {"Small network", "ResNet18"}


def test_methods_are_named_as_people_do_in_the_list_of_runs(full: FakeLab, visit: Open) -> None:
    one = full.progresses["running"]
    row = replace(one.run, methods=("occlusion:fill=mean", "lrp"))
    full.progresses = {"running": replace(one, run=row)}
    app = visit("runs")
    assert set(app.dataframe[0].value["Methods"]) == {"2 methods"}
    assert set(table(full.runs())["Methods"]) == {"Occlusion (fill=mean), LRP"}
    app.multiselect(key="filter-Method").set_value(["LRP"]).run()
    assert len(app.dataframe[0].value) == 1

"""A finished run is asked about smaller panels: truly trained, on cells with a planted answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError, RunError
from pxcore.importance.methods import METHODS
from pxcore.runs import drafts, ledger, progress
from pxcore.runs.panels import questions as panel_questions
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.panels.result import PanelFindings, findings
from pxcore.runs.panels.words import advice_json, told
from pxcore.runs.parts import Parts
from pxcore.runs.saved.model import load_tested
from pxcore.runs.tasks import TrainTask
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.training import metrics
from pxcore.types import MethodSpec, Role
from pxcore.types.panel import Advised, Constraints
from tests.databases import surroundings
from tests.runs.panel_cells import BF, CELLS, MARKER, NOISE, learning_spec
from tests.tiny_lab import carry_on

FULL = (BF, MARKER, NOISE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A ranking run and the run that answers for its panels."""

    store: Store
    first: str
    answer: str
    found: PanelFindings


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("panels")))
    spec = learning_spec(store, n_folds=4)
    spec = replace(
        spec,
        methods=(MethodSpec(id="pxpermute"), MethodSpec(id="permute_cells")),
    )
    first = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    cost = panel_questions.estimate(store, first, PanelAsk())
    answer = panel_questions.submit(store, first, PanelAsk())
    carry_on(store)
    grown = len(ledger.task_rows(store, answer)) - cost.tasks
    assert grown > 0  # finalists and their judges, which the at-most figure is for
    assert cost.seconds_more > 0
    yield Asked(store, first, answer, findings(store, answer))
    store.close()


def test_the_models_learn_and_the_marker_is_why(asked: Asked) -> None:
    """Else nothing below says anything."""
    trials = {trial.members: trial.f1_macro.mean for trial in asked.found.evidence.trials}
    assert trials[FULL] > 0.95
    assert trials[BF, MARKER] > 0.95
    assert max(trials[BF, NOISE], trials[BF,]) < 0.75


def test_the_planted_panel_is_recommended_and_without_it_nothing_is_good_enough(
    asked: Asked,
) -> None:
    advice = asked.found.advice(Constraints(margin=0.05))
    assert advice.recommended is not None
    assert advice.recommended.members == (BF, MARKER)
    assert [(one.channel, one.advised) for one in advice.channels] == [
        (BF, Advised.KEEP),
        (MARKER, Advised.KEEP),
        (NOISE, Advised.DROP),
    ]
    without = [test for test in advice.tests if MARKER not in test.members]
    assert {test.members for test in without} == {(BF, NOISE), (BF,)}
    assert all(test.surely_worse and not test.good_enough for test in without)
    assert (advice.cost, advice.saved) == (3.0, 2.0)
    forbidden = asked.found.advice(Constraints(margin=0.05, exclude=(MARKER,)))
    assert forbidden.recommended is None


def test_screens_point_the_same_way(asked: Asked) -> None:
    screen = asked.found.screen
    assert screen is not None
    assert screen.complete
    mean = dict(zip(map(tuple, screen.sets.tolist()), screen.valid_f1.mean(axis=0), strict=True))
    assert set(mean) == {(True, m, n) for m in (True, False) for n in (True, False)}
    assert mean[True, True, False] > mean[True, False, True] + 0.2
    assert asked.found.screen_error is not None
    assert abs(asked.found.screen_error.mean) < 0.2


def test_every_trial_is_judged_on_its_own_folds_test_cells(asked: Asked) -> None:
    parts = Parts(asked.store, ledger.record(asked.store, asked.answer))
    for trial in asked.found.evidence.trials:
        folders = parts.folders(f"panel/train/{panel_tasks.part(trial.members)}")
        told_of = [load_tested(folder) for folder in folders]
        tested = np.concatenate([one.test for one in told_of])
        assert len(np.unique(tested)) == len(tested) == CELLS
        f1 = [
            float(metrics.f1_macro(metrics.confusion(one.labels, one.probability.argmax(1), 2)))
            for one in told_of
        ]
        assert trial.f1_macro.folds == pytest.approx(f1)


def test_learning_curves_are_those_of_new_trainings(asked: Asked) -> None:
    told = progress.progress(asked.store, asked.answer)
    rows = [row for row in told.tasks if row.kind == "train"]
    assert any(row.reused for row in rows)
    assert [name for name, _ in told.curves] == [row.label for row in rows if not row.reused]
    first = progress.progress(asked.store, asked.first)
    assert len(first.curves) == sum(row.kind == "train" for row in first.tasks)


def test_the_json_has_what_was_promised(asked: Asked) -> None:
    advice = asked.found.advice(Constraints(margin=0.05))
    written = json.loads(json.dumps(advice_json(asked.found, advice), allow_nan=False))
    assert written["recommended"] == ["BF", "marker"]
    assert written["full"] == ["BF", "marker", "noise"]
    assert -0.05 < written["lower_bound"] <= 0
    assert written["margin"] == 0.05
    assert written["f1"]["recommended"]["mean"] == pytest.approx(
        written["f1"]["full"]["mean"], abs=0.05
    )
    assert written["alternatives"] == []
    assert {name: one["advised"] for name, one in written["verdicts"].items()} == {
        "BF": "keep",
        "marker": "keep",
        "noise": "drop",
    }
    assert written["run_id"] == asked.answer
    assert written["trainings"] == {"needed": 20, "reused": 4}  # 4 panels and dropout, 4 folds
    words = "\n".join(one for one in told(asked.found, advice) if isinstance(one, str))
    assert "20 trainings, 4 of them were there already" in words
    assert "marker is enough beside BF" in words


def test_curves_after_a_search_train_nothing_that_is_there(asked: Asked) -> None:
    before = {row.key for row in ledger.task_rows(asked.store, asked.answer)}
    unknown = panel_questions.estimate(asked.store, asked.first, PanelAsk(finalists=3))
    assert unknown.seconds_more == 0  # the screens are there: they decide at once
    ask = PanelAsk(search=False, curves=("pxpermute", "permute_cells"))
    expected = panel_questions.estimate(asked.store, asked.answer, ask)
    assert expected.cached == expected.tasks
    assert (expected.seconds, expected.seconds_more) == (0, 0)
    assert "Which panels are trained is known" in " ".join(expected.notes)
    assert "20 trainings, 20 of them already there" in " ".join(expected.notes)
    answer = panel_questions.submit(asked.store, asked.answer, ask)
    assert answer != asked.answer
    carry_on(asked.store)
    rows = ledger.task_rows(asked.store, answer)
    assert {row.key for row in rows} == before
    assert all(row.reused for row in rows)
    found = findings(asked.store, answer)
    assert found.screen is not None  # what was asked before stays asked
    curves = {(one.label, one.direction): one for one in found.curves}
    assert len(curves) == 2 * 2 + 2 + 1  # two stains have two orders, so two are random
    best = curves["best of each size", "best"]
    assert [trial.members for trial in best.trials] == [FULL, (BF, MARKER), (BF,)]
    assert best.order == ()
    assert not asked.found.curves  # only beside the curves of rankings
    words = [part for part in told(found, found.advice(Constraints())) if isinstance(part, tuple)]
    (rows,) = [part for part in words if part[0][0] == "order"]
    assert rows[-1][:2] == ("best of each size", "chosen by validation cells")
    label = METHODS["permute_cells"].label
    least = curves[label, "least_first"]
    assert [trial.members for trial in least.trials] == [FULL, (BF, MARKER), (BF,)]
    assert least.mean_f1.mean > curves[label, "most_first"].mean_f1.mean
    assert found.advice(Constraints()) == asked.found.advice(Constraints())


def test_a_new_margin_reads_what_is_there(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = len(ledger.records(asked.store))
    assert panel_questions.submit(asked.store, asked.first, PanelAsk()) == asked.answer
    monkeypatch.delattr(drafts, "frozen_spec")  # nothing is checked or prepared for a new run
    for margin in (0.01, 0.3):
        again = PanelAsk(constraints=Constraints(margin=margin, class_floor=0.2))
        assert panel_questions.submit(asked.store, asked.answer, again) == asked.answer
    assert len(ledger.records(asked.store)) == runs


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (PanelAsk(constraints=Constraints(margin=0.5)), "the margin is 0.5"),
        (PanelAsk(constraints=Constraints(margin=0.0)), "the margin is 0"),
        (
            PanelAsk(constraints=Constraints(must_keep=(1,), exclude=(1,))),
            "marker must be kept and",
        ),
        (PanelAsk(constraints=Constraints(must_keep=(1, 2), max_stains=1)), "at most 1 stains"),
        (PanelAsk(constraints=Constraints(must_keep=(7,))), "no real channel at 7"),
        (PanelAsk(constraints=Constraints(exclude=(-1,))), "no real channel at -1"),
        (PanelAsk(constraints=Constraints(must_keep=(1, 1))), "'marker' was named twice"),
        (PanelAsk(constraints=Constraints(exclude=(0, 1, 2))), "nothing is left"),
        (PanelAsk(ticked=((1, 9),)), "channel number 9; expected different ones among BF"),
        (PanelAsk(ticked=((1, 1),)), "channel 'marker' twice"),
        (PanelAsk(ticked=((),)), "a panel has no channel"),
        (PanelAsk(curves=("magic",)), "no ranking 'magic'; it has pxpermute"),
    ],
)
def test_bad_questions_are_refused_with_what_to_do(asked: Asked, ask: PanelAsk, says: str) -> None:
    runs = len(ledger.records(asked.store))
    for refuse in (panel_questions.submit, panel_questions.estimate):
        with pytest.raises(PanelError, match=says):
            refuse(asked.store, asked.first, ask)
    assert len(ledger.records(asked.store)) == runs


def test_a_run_without_a_question_has_no_findings(asked: Asked) -> None:
    with pytest.raises(RunError, match="was not asked about smaller panels; ask with"):
        findings(asked.store, asked.first)


def test_ticked_panels_have_what_needs_no_stain(asked: Asked) -> None:
    ask = PanelAsk(search=False, ticked=((NOISE,), (MARKER, BF)))
    question = panel_questions.asked(asked.store, asked.first, ask).question
    assert question is not None
    assert question.ticked == ((BF, NOISE), (BF, MARKER))
    dark = replace(ask, constraints=Constraints(exclude=(BF,)))
    question = panel_questions.asked(asked.store, asked.first, dark).question
    assert question is not None
    assert (question.always, question.ticked) == ((), ((NOISE,), (BF, MARKER)))


def test_the_web_process_reads_advice_without_torch(asked: Asked) -> None:
    code = f"""
import sys
import pxcore.doors.panels
print([name for name in ("torch", "scipy", "pandas") if name in sys.modules])
import pxcore.api
lab = pxcore.api.open_lab()
found = lab.panels.findings({asked.answer!r})
from pxcore.types.panel import Constraints
found.advice(Constraints()); lab.panels.what_if({asked.answer!r}, (0, 1))
print([name for name in ("torch", "distributed", "streamlit") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**surroundings(asked.store), "PATH": ""},
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"], done.stderr


def test_what_if_tells_the_screen_on_cells_that_judge_nothing(asked: Asked) -> None:
    panels = Lab(asked.store).panels
    screen = asked.found.screen
    assert screen is not None
    row = int(np.flatnonzero((screen.sets == [True, True, False]).all(axis=1))[0])
    told_of = panels.what_if(asked.answer, (BF, MARKER))
    assert told_of == pytest.approx((screen.valid_f1[:, row].mean(), screen.valid_f1[:, row].min()))
    assert panels.what_if(asked.answer, (MARKER,)) is None  # never without what needs no stain
    with pytest.raises(PanelError, match="channel number 3"):
        panels.what_if(asked.answer, (BF, 3))


def test_no_training_of_a_panel_sees_another_channel(asked: Asked) -> None:
    record = ledger.record(asked.store, asked.answer)
    assert record.spec.panel.channels[BF].role is Role.BRIGHTFIELD
    for task in panel_tasks.trains(record.spec, (BF, MARKER)):
        assert isinstance(task, TrainTask)
        assert (task.channels, task.decoys) == ((BF, MARKER), ())

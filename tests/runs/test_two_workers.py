"""Serial and on two workers: equal seeds give equal numbers, for every method and task."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.importance.methods import METHODS
from pxcore.importance.ranking import IN_F1
from pxcore.models import MODELS
from pxcore.runs import drafts, ledger
from pxcore.runs.engine import DaskEngine
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.panels.result import findings
from pxcore.runs.result import result
from pxcore.runs.runner import Runner
from pxcore.runs.tables import run_json
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import MethodSpec, ModelSpec, RunSpec
from pxcore.types.panel import Constraints, PanelQuestion
from tests.runs.ranking_stages import OF_RANKINGS
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec


def everything(store: Store) -> RunSpec:
    """Every method that fits and every kind of task, on 72 cells of two channels and a decoy."""
    return replace(
        tiny_spec(tiny_dataset(store, n_cells=72), max_epochs=1, repeats=1),
        model=ModelSpec(id="small_cnn", options=(("width", 4),)),
        methods=tuple(
            MethodSpec(id=one)
            for one in METHODS
            if not METHODS[one].refusal(MODELS["small_cnn"], ())
        ),
        channels=(0, 2),
        decoys=("decoy_foreign",),
        redundancy=True,
        gates=True,
        leave_out=((2,),),
        question=PanelQuestion(always=(0,), finalists=1),
    )


def processes(store: Store) -> set[str]:
    """Return the ids of the processes that carried out a step, by the steps' logs."""
    return {
        line.split("process ")[1].split()[0]
        for path in (store.home / "work").glob("*/log.txt")
        for line in path.read_text().splitlines()
        if "process " in line
    }


@pytest.mark.processes
def test_serial_and_two_workers_give_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    told, kinds = [], set()
    for name, n_workers in (("serial", 0), ("parallel", 2)):
        settings = Settings(home=tmp_path / name, device="cpu", workers=n_workers)
        store = open_store(settings)
        run_id = ledger.submit(store, drafts.frozen_spec(store, everything(store)))
        if n_workers:
            engine = DaskEngine(store.home, settings)
            try:
                runner = Runner(store=store, engine=engine, desk=ImportDesk(store))
                runner.carry_on(threading.Event(), until_idle=True)
            finally:
                engine.close()
            assert len(processes(store)) == 3  # two heavy ones, one light
        else:
            carry_on(store)
        found = result(store, run_id)
        kinds |= {task.kind for task in ledger.task_rows(store, run_id)}
        json = run_json(store, run_id)
        same = ("performance", "importance", "where", "redundancy", "gates", "left_out")
        advice = findings(store, run_id).advice(Constraints())
        told.append(({name: json[name] for name in same} | {"advice": repr(advice)}, found))
        store.close()
    assert kinds == set(OF_RANKINGS)
    (serial, one), (parallel, other) = told
    assert parallel == serial
    assert [found.method for found in one.methods] == [spec.id for spec in one.spec.methods]
    for mine, theirs in zip(one.methods, other.methods, strict=True):
        np.testing.assert_array_equal(mine.importance.scores, theirs.importance.scores)
        assert np.nanmax(np.abs(mine.importance.scores)) > 0 or mine.importance.unit in IN_F1

"""A run with decoys, redundancy and proofs, from its tasks to tables; reuse; earlier runs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pxcore.errors import DatasetError, MethodError, PanelError, RunError
from pxcore.runs import drafts, evidence, followups, ledger, plan, spec_tasks
from pxcore.runs.execute.cells import seen
from pxcore.runs.maps import attribution_maps
from pxcore.runs.parts import Parts
from pxcore.runs.result import result
from pxcore.runs.result import test_predictions as predictions_of
from pxcore.runs.saved.evidence import save_gates
from pxcore.runs.saved.ranks import load_ranked
from pxcore.runs.tables import run_json, tables
from pxcore.runs.tasks import VERSIONS, RankTask, key
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Dataset, Gate, MethodSpec, Role, RunResult, RunSpec, Where
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

METHODS = ("permute_cells", "pxpermute_mask", "leave_one_out")
DECOYS = ("decoy_empty", "decoy_foreign")


def full_spec(dataset: Dataset) -> RunSpec:
    return replace(
        tiny_spec(dataset, max_epochs=1, repeats=1),
        channels=(0, 2, 4),
        methods=tuple(MethodSpec(id=one) for one in METHODS),
        decoys=DECOYS,
        redundancy=True,
        leakage=True,
        leave_out=((2,), (0, 4)),
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A store with one finished run of everything but sanity checks."""
    store = open_store(Settings(home=tmp_path_factory.mktemp("evidence")))
    spec = full_spec(tiny_dataset(store))
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    yield store, run_id
    store.close()


@pytest.fixture(scope="module")
def found(finished: tuple[Store, str]) -> RunResult:
    return result(*finished)


def test_decoys_come_last_and_are_ranked_like_the_others(found: RunResult) -> None:
    names, real = found.panel.names, found.dataset.panel.names
    assert names[:3] == (real[0], real[2], real[4])
    assert [channel.role for channel in found.panel.channels[3:]] == [Role.DECOY] * 2
    for method in found.methods:
        assert method.importance.scores.shape[2] == 5
        assert method.ranking.decoy_bound == max(method.ranking.high[3:])


def test_every_proof_is_there_and_of_the_right_channels(found: RunResult) -> None:
    assert found.where is not None
    assert len(found.where.verdict) == 5
    assert Where.PLACE not in found.where.verdict[3:]
    assert found.redundancy is not None
    assert found.redundancy.features.shape == found.redundancy.drops.shape == (5, 5)
    pairs = {(pair.first, pair.second) for pair in found.redundancy.pairs}
    assert pairs == {(0, 1), (0, 2), (1, 2)}  # decoys are in none
    assert [one.channels for one in found.left_out] == [(1,), (0, 2)]
    own = found.performance.f1_macro.folds
    for one in found.left_out:
        both = zip(own, one.f1_macro.folds, strict=True)
        assert one.drop.folds == pytest.approx([a - b for a, b in both if a and b])
    assert found.leakage is not None
    assert found.leakage.by_donor == found.performance.f1_macro
    assert found.gates == ()


def test_only_its_own_trainings_speak_for_a_run(finished: tuple[Store, str]) -> None:
    """Trainings without channels and on other folds stand in the run too."""
    store, run_id = finished
    kinds = [task.kind for task in ledger.task_rows(store, run_id)]
    assert kinds.count("train") == 2 + 2 * 5 + 2 + 2  # own, without each, by cell, (0, 4)
    told = predictions_of(store, run_id)
    cells = np.concatenate([one.positions for one in told])
    assert sorted(cells.tolist()) == list(range(160))
    assert [one.fold for one in told] == [0, 1]


def test_trainings_without_a_channel_are_shared(finished: tuple[Store, str]) -> None:
    """Leaving a channel out, in whichever run and for whichever question, is one training."""
    store, run_id = finished
    spec = ledger.record(store, run_id).spec
    for train in spec_tasks.left_out_trains(spec, 0):  # channel 2: leave_one_out trained it too
        asked = replace(spec, methods=spec.methods[2:], leave_out=(), leakage=False)
        assert key(train) in {step.key for step in plan.plan(asked)}
        assert store.artifacts.has(key(train))
    alone = replace(spec, methods=spec.methods[2:], redundancy=False, leave_out=(), leakage=False)
    estimate = drafts.estimate(store, alone)
    assert estimate.cached == estimate.tasks


def test_tables_and_json_tell_everything_without_nan(finished: tuple[Store, str]) -> None:
    told = run_json(*finished)
    json.dumps(told, allow_nan=False)
    assert told["decoys"] == list(told["channels"])[3:]  # type: ignore[call-overload]
    assert set(told["where"]) == {"total", "place", "amount", "verdict", "notes"}  # type: ignore[call-overload]
    assert [one["channels"] for one in told["left_out"]] == [  # type: ignore[attr-defined]
        [told["channels"][1]], [told["channels"][0], told["channels"][2]]  # type: ignore[index]
    ]  # fmt: skip
    assert all(len(one["sentence"]) == 5 for one in told["importance"].values())  # type: ignore[attr-defined]
    written = tables(*finished)
    assert list(written["where"]["channel"]) == told["channels"]
    assert set(written["redundancy"]["kind"]) == {"pair"}
    assert "gates" not in written
    assert written["ranking"]["decoy_bound"].notna().all()


def test_a_follow_up_adds_one_thing_and_reuses_the_rest(finished: tuple[Store, str]) -> None:
    store, run_id = finished
    before = {task.key for task in ledger.task_rows(store, run_id)}
    again = followups.follow_up(store, run_id, "gates", owner="bob")
    assert followups.follow_up(store, run_id, "gates") == again != run_id
    assert followups.follow_up(store, run_id, "leakage") == run_id  # it has that already
    record = ledger.record(store, again)
    assert (record.spec.owner, record.spec.title) == ("bob", "tiny: fast, with sanity checks")
    new = [task for task in ledger.task_rows(store, again) if task.key not in before]
    assert {task.kind for task in new} == {"gate"}
    assert len(new) == 2 * (len(METHODS) - 1)  # training again has no checks
    further = followups.follow_up(store, run_id, "left_out", [(4, 2)])
    assert ledger.record(store, further).spec.leave_out == ((2,), (0, 4), (2, 4))
    for bad, error in (("more", RunError), ("left_out", PanelError)):
        with pytest.raises(error):
            followups.follow_up(store, run_id, bad)
    for one in (again, further):
        ledger.request_cancel(store, one, "bob")
    carry_on(store)


def test_the_worst_check_of_all_trainings_is_told(store: Store) -> None:
    """But the middle one where chance moves it: the order of few channels."""
    spec = replace(
        full_spec(tiny_dataset(store)), gates=True, n_folds=3, methods=(MethodSpec(id="occlusion"),)
    )
    values = {
        "a": ((True, 0.1), (True, 0.3), (True, 0.2)),
        "b": ((False, 0.5), (True, 0.2), (True, 0.1)),
        "random_ranking": ((False, 0.9), (True, -0.4), (True, 0.3)),
    }
    tasks = spec_tasks.gates(spec, spec.methods[0])
    for number, task in enumerate(tasks):
        with store.artifacts.write(key(task)) as folder:
            save_gates(
                folder,
                tuple(
                    Gate(id=id, passed=pair[number][0], value=pair[number][1], bound=0.4, said=id)
                    for id, pair in values.items()
                ),
            )
    spec = replace(spec, methods=(*spec.methods, MethodSpec(id="leave_one_out")))  # has none
    run_id = ledger.submit(store, spec)
    (report,) = evidence.gates(spec, Parts(store, ledger.record(store, run_id)))
    told = [(gate.value, gate.passed) for gate in report.gates]
    assert told == [(0.3, True), (0.5, False), (0.3, True)]
    assert (report.trainings, report.passed) == (3, False)


def test_a_training_and_its_explanation_see_the_same_decoys(finished: tuple[Store, str]) -> None:
    """Whatever other channels take part: a decoy is made of the same stains, fold and seed."""
    store, run_id = finished
    record = ledger.record(store, run_id)
    train = spec_tasks.trains(record.spec)[1]
    with seen(store.artifacts, record.dataset, train) as all_of_them:
        n = len(record.dataset.panel)
        assert all_of_them.channels == (0, 2, 4, n, n + 1)
        test = all_of_them.fold.test
        pictures = all_of_them.source.images(test, all_of_them.channels)
    fewer = train.without((0, 3))
    with seen(store.artifacts, record.dataset, fewer, all_of_them.fold) as some:
        again = some.source.images(test, some.channels)
    np.testing.assert_array_equal(again, pictures[:, [1, 2, 4]])


def test_a_run_of_an_earlier_version_opens(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other keys, no new fields in its files, no decoys: its result is what it was."""
    dataset = tiny_dataset(store)
    spec = tiny_spec(dataset, max_epochs=1, repeats=1)
    monkeypatch.setitem(VERSIONS, "train", 1)
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    before = result(store, run_id)
    (rank,) = [task for task in ledger.task_rows(store, run_id) if task.kind == "rank"]
    file = store.artifacts.folder(rank.key) / "ranking.json"
    told = json.loads(file.read_text())
    assert load_ranked(file.parent).ranking.decoy_bound is None
    file.write_text(json.dumps({k: v for k, v in told.items() if k not in _NEW}))
    monkeypatch.setitem(VERSIONS, "train", 2)
    after = result(store, run_id)
    assert after.methods[0].ranking == before.methods[0].ranking
    assert (after.where, after.redundancy, after.gates, after.left_out) == (None, None, (), ())
    assert len(predictions_of(store, run_id)) == 2
    assert run_json(store, run_id)["importance"] == run_json(store, run_id)["importance"]


_NEW = ("decoy_bound", "small_classes")


def test_pixel_maps_are_drawn_for_held_out_cells_only(store: Store) -> None:
    spec = replace(
        tiny_spec(tiny_dataset(store), max_epochs=1, repeats=1),
        methods=tuple(MethodSpec(id=one) for one in ("occlusion", "deeplift")),
        decoys=("decoy_empty",),
    )
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    told = predictions_of(store, run_id)[1]
    cells = [int(told.positions[5]), int(told.positions[2])]
    found = attribution_maps(store, run_id, 1, cells, ["occlusion", "deeplift"])
    assert found.positions.tolist() == cells
    assert (found.true.tolist(), found.predicted.tolist()) == (
        told.true[[5, 2]].tolist(),
        told.predicted[[5, 2]].tolist(),
    )
    assert list(found.maps) == ["deeplift"]
    assert found.maps["deeplift"].shape == found.images.shape == (2, 4, 16, 16)
    assert math.isfinite(float(found.maps["deeplift"].sum()))
    with pytest.raises(MethodError, match="gives no number a pixel"):
        attribution_maps(store, run_id, 1, cells, ["occlusion"])
    with pytest.raises(MethodError, match="has no method 'lrp'"):
        attribution_maps(store, run_id, 1, cells, ["lrp"])
    with pytest.raises(RunError, match="fold 3 is not there"):
        attribution_maps(store, run_id, 2, cells, ["deeplift"])
    trained = predictions_of(store, run_id)[0].positions[:1].tolist()
    with pytest.raises(DatasetError, match="is not among the"):
        attribution_maps(store, run_id, 1, trained, ["deeplift"])


def test_decoys_are_no_part_of_the_ranks_key_but_by_their_trainings(store: Store) -> None:
    spec = tiny_spec(tiny_dataset(store))
    with_decoy = replace(spec, decoys=DECOYS[:1])
    plain, with_one = spec_tasks.ranks(spec)[0], spec_tasks.ranks(with_decoy)[0]
    assert isinstance(plain, RankTask)
    assert key(plain) != key(with_one)
    assert with_one.explains[0].train.decoy_positions == (3,)

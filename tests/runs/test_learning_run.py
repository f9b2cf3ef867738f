"""A run that learns what was planted: values that are wired the wrong way round would show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pxcore.evaluation.values import fold_values
from pxcore.runs import drafts, ledger
from pxcore.runs.parts import Parts
from pxcore.runs.result import result
from pxcore.runs.saved.evidence import load_spoilt
from pxcore.runs.saved.scores import load_scores
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Importance, MethodResult, MethodSpec, RunResult
from tests.runs.learning_cells import DONOR, MARKER, NOISE, RARE, learning_dataset
from tests.tiny_lab import carry_on, tiny_spec

METHODS = ("permute_cells", "pxpermute_mask", "leave_one_out")
LEFT_OUT = ((NOISE,), (MARKER, NOISE))
DECOYS = (3, 4)
MUCH = 0.15


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("learning")))
    spec = replace(
        tiny_spec(learning_dataset(store), max_epochs=12, repeats=3),
        methods=tuple(MethodSpec(id=one) for one in METHODS),
        decoys=("decoy_empty", "decoy_foreign"),
        redundancy=True,
        leakage=True,
        leave_out=LEFT_OUT,
    )
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    yield store, run_id
    store.close()


@pytest.fixture(scope="module")
def found(finished: tuple[Store, str]) -> RunResult:
    return result(*finished)


@pytest.fixture(scope="module")
def methods(found: RunResult) -> dict[str, MethodResult]:
    return {one.method: one for one in found.methods}


def without_rare(importance: Importance) -> np.ndarray:
    """Return (C,) the mean scores of the classes that have enough cells."""
    kept = [k for k in range(importance.scores.shape[3]) if k != RARE]
    return np.asarray(fold_values(importance.scores, kept)).mean(axis=0)


def test_the_models_learn(found: RunResult) -> None:
    """Else nothing below says anything."""
    assert all(fold is not None and fold > 0.6 for fold in found.performance.f1_macro.folds)


@pytest.mark.parametrize("method", ["permute_cells", "leave_one_out"])
def test_the_planted_channel_comes_first(methods: dict[str, MethodResult], method: str) -> None:
    """Trained again without it, too: what each such model says stands at its own channel."""
    mean = methods[method].ranking.mean
    assert np.argmax(mean) == MARKER
    assert mean[MARKER] > MUCH
    assert np.abs(np.take(mean, (NOISE, *DECOYS))).max() < mean[MARKER] / 2


def test_every_ranking_is_held_against_every_decoy(methods: dict[str, MethodResult]) -> None:
    for method in methods.values():
        ranking = method.ranking
        assert ranking.decoy_bound == max(ranking.high[c] for c in DECOYS)


def test_decoys_are_claimed_nowhere(found: RunResult) -> None:
    assert found.where is not None
    assert found.redundancy is not None
    assert set(np.take(found.where.verdict, DECOYS)) <= {"undecided", "not informative"}
    pairs = {(pair.first, pair.second) for pair in found.redundancy.pairs}
    assert pairs == {(0, 1), (0, 2), (1, 2)}
    assert not [note for note in found.redundancy.notes if "no decoys" in note]


def test_folds_dealt_by_cell_look_better(found: RunResult) -> None:
    """Channel ``donor`` helps most where other cells of the same donor were trained on."""
    told = found.leakage
    assert told is not None
    assert told.by_donor == found.performance.f1_macro
    assert told.gap.mean == pytest.approx(told.by_cell.mean - told.by_donor.mean)
    assert told.gap.mean > 0


def test_what_training_without_the_planted_channel_costs(found: RunResult) -> None:
    noise, marker = found.left_out
    assert (noise.channels, marker.channels) == LEFT_OUT
    assert marker.drop.mean > MUCH
    assert marker.f1_macro.mean < found.performance.f1_macro.mean - MUCH
    assert abs(noise.drop.mean) < marker.drop.mean / 2


def test_a_rare_class_is_in_no_mean(methods: dict[str, MethodResult], found: RunResult) -> None:
    assert found.where is not None
    sides = {"permute_cells": found.where.total, "pxpermute_mask": found.where.place}
    for name, told in sides.items():
        assert methods[name].ranking.small_classes == (RARE,)
        expected = without_rare(methods[name].importance)
        assert methods[name].ranking.mean == pytest.approx(expected)
        assert [one.mean for one in told] == pytest.approx(expected)


def test_a_rare_class_is_in_no_joint_drop(finished: tuple[Store, str], found: RunResult) -> None:
    store, run_id = finished
    parts = Parts(store, ledger.record(store, run_id))
    folders = parts.folders("joint")
    units = load_spoilt(folders[0]).units
    drops = [fold_values(load_scores(one)[0].scores[None], (0, 1))[0] for one in folders]
    assert found.redundancy is not None
    assert found.redundancy.pairs
    for pair in found.redundancy.pairs:
        at = units.index((pair.first, pair.second))
        assert pair.joint.folds == pytest.approx([drop[at] for drop in drops])
    together = {(p.first, p.second): p.joint.mean for p in found.redundancy.pairs}
    assert together[MARKER, DONOR] > together[DONOR, NOISE]

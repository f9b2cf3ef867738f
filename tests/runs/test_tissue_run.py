"""Tissue from the folder of a lab to a finished run: import, folds, training, ranking, truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pxcore.evaluation.against_truth import TOP, against_truth
from pxcore.runs import drafts, ledger
from pxcore.runs.imports import bring_in
from pxcore.runs.parts import Parts
from pxcore.runs.result import result
from pxcore.runs.saved.model import load_model
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ImportRequest, MethodSpec, ModelSpec
from tests.tiny_lab import carry_on, tiny_spec
from tests.tissue_writer import study

PATIENTS, OF_ONE = 8, 2
"""Patients, and images of each."""
SPLIT = ("train", "valid", "test")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    folder = tmp_path_factory.mktemp("tissue")
    store = open_store(Settings(home=folder / "home"))
    images = study(folder / "s", n_images=PATIENTS * OF_ONE, n_channels=2 * TOP)
    dataset = bring_in(store, ImportRequest(path=str(images), size=20), lambda *_: None)
    spec = replace(
        tiny_spec(dataset, max_epochs=1, repeats=1),
        model=ModelSpec(id="channel_embedding", options=(("width", 4),)),
        methods=tuple(MethodSpec(id=one) for one in ("channel_embedding", "permute_cells")),
        channels=(),
    )
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    yield store, run_id
    store.close()


def test_no_patient_is_in_two_parts_of_a_fold(finished: tuple[Store, str]) -> None:
    store, run_id = finished
    models = Parts(store, ledger.record(store, run_id)).folders("train")
    assert len(models) == 2
    tested = []
    for folder in models:
        _, fold, _ = load_model(folder)
        patients = {part: set(getattr(fold, part) // OF_ONE) for part in SPLIT}  # in file order
        assert all(patients.values())
        assert set.union(*patients.values()) == set(range(PATIENTS))
        assert sum(map(len, patients.values())) == PATIENTS, patients
        tested.append(fold.test)
    assert sorted(np.concatenate(tested)) == list(range(PATIENTS * OF_ONE))


def test_its_rankings_are_held_against_single_cells(finished: tuple[Store, str]) -> None:
    found = result(*finished)
    assert found.truth is not None
    assert (found.truth.kind, found.truth.single) == ("means", True)
    assert len(found.truth.spread) == 2 * TOP
    stands = {one.method: against_truth(one, found.truth, 2 * TOP) for one in found.methods}
    own = stands["channel_embedding"]
    assert own.spearman is not None
    assert -1 <= own.spearman <= 1
    assert (own.top, len(stands)) == (TOP, 2)
    assert all(one.top == TOP for one in stands.values())

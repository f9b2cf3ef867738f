"""Equal runs have one form and one set of keys; estimates reckon with the work that is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

import pytest

from pxcore.api import Lab
from pxcore.evaluation import redundancy
from pxcore.importance import joint
from pxcore.models import MODELS
from pxcore.runs import drafts, ledger, timing
from pxcore.runs.plan import plan
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Dataset, MethodSpec, ModelSpec, RunSpec
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

DECOYS = ("decoy_empty", "decoy_foreign")


@pytest.fixture
def dataset(store: Store) -> Dataset:
    return tiny_dataset(store)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A store with one finished run of rankings, among them one that trains again."""
    store = open_store(Settings(home=tmp_path_factory.mktemp("settled")))
    methods = tuple(MethodSpec(id=one) for one in ("permute_cells", "leave_one_out"))
    spec = tiny_spec(tiny_dataset(store, n_cells=64), max_epochs=1, repeats=1)
    run_id = ledger.submit(store, drafts.frozen_spec(store, replace(spec, methods=methods)))
    carry_on(store)
    yield store, run_id
    store.close()


def keys(store: Store, spec: RunSpec) -> list[str]:
    return [step.key for step in plan(drafts.frozen_spec(store, spec))]


@pytest.mark.parametrize("model", list(MODELS))
def test_default_settings_of_a_model_make_no_other_run(
    store: Store, dataset: Dataset, model: str
) -> None:
    spec = replace(tiny_spec(dataset), model=ModelSpec(id=model))
    usual = (*MODELS[model].options, ("channel_dropout", False))
    for said in permutations(usual, min(2, len(usual))):
        spelled_out = replace(spec, model=ModelSpec(id=model, options=said))
        assert drafts.frozen_spec(store, spelled_out) == drafts.frozen_spec(store, spec)
        assert keys(store, spelled_out) == keys(store, spec)
    other = replace(spec, model=ModelSpec(id=model, options=(("channel_dropout", True),)))
    assert not set(keys(store, other)) & set(keys(store, spec))


def test_decoys_in_any_order_are_one_run(store: Store, dataset: Dataset) -> None:
    spec = tiny_spec(dataset)
    found = {tuple(keys(store, replace(spec, decoys=way))) for way in permutations(DECOYS)}
    assert len(found) == 1
    assert found != {tuple(keys(store, replace(spec, decoys=DECOYS[:1])))}


def test_an_estimate_finds_what_an_equal_run_did(finished: tuple[Store, str]) -> None:
    store, run_id = finished
    spec = ledger.record(store, run_id).spec
    said = replace(spec, model=replace(spec.model, options=(("channel_dropout", False),)))
    estimate = Lab(store).estimate(said)
    assert estimate.cached == estimate.tasks == len(plan(spec))


@pytest.mark.parametrize(
    ("what", "groups", "due"),
    [
        ("gates", (), {"gate": 2}),
        ("redundancy", (), {"joint": 2, "redundancy": 1}),
        ("leakage", (), {"train": 2, "judge": 1}),
        ("left_out", ((1,),), {"judge": 1}),  # leave_one_out trained without it
        ("left_out", ((2, 1),), {"train": 2, "judge": 1}),
    ],
)
def test_a_follow_up_costs_only_what_is_not_there(
    finished: tuple[Store, str], what: str, groups: tuple[tuple[int, ...], ...], due: dict[str, int]
) -> None:
    store, run_id = finished
    lab, done = Lab(store), len(ledger.task_rows(store, run_id))
    estimate = lab.follow_up_estimate(run_id, what, groups)
    assert (estimate.tasks, estimate.cached) == (done + sum(due.values()), done)
    again = lab.follow_up(run_id, what, groups)
    steps = [task for task in ledger.task_rows(store, again) if not store.artifacts.has(task.key)]
    ledger.request_cancel(store, again, "ann")
    assert {kind: sum(s.kind == kind for s in steps) for kind in {s.kind for s in steps}} == due


def test_times_reckon_with_the_limits_of_the_work() -> None:
    assert timing.MOST_PAIRS == redundancy.MOST_PAIRS
    assert timing.JOINT_REPEATS == joint.REPEATS

"""What sanity checks are expected to take: from the cells and repeats that they really see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.importance import gates, sample
from pxcore.runs import timing
from pxcore.runs.plan import plan
from pxcore.runs.tasks import ExplainTask, GateTask, Step, TrainTask
from pxcore.store.home import Store
from pxcore.types import Dataset, MethodSpec, ModelSpec
from tests.tiny_lab import tiny_dataset, tiny_spec


@pytest.fixture
def dataset(store: Store) -> Dataset:
    return tiny_dataset(store)


def gate_step(dataset: Dataset) -> Step:
    spec = replace(tiny_spec(dataset), gates=True)
    return next(step for step in plan(spec) if isinstance(step.task, GateTask))


def test_sanity_checks_are_expected_to_see_as_many_cells_as_they_do(
    store: Store, dataset: Dataset
) -> None:
    """The work is that of the sample and the repeats that the checks themselves take."""
    assert (timing.GATE_SHARE, timing.GATE_FEWEST, timing.GATE_MOST) == (
        sample.SHARE, sample.SMALLEST, sample.LARGEST,
    )  # fmt: skip
    assert timing.GATE_REPEATS == gates._REPEATS
    task = gate_step(dataset).task
    n, tile = task.explain.train.n_channels, 10**2
    for held_out, cells in ((40, 40), (200, 64), (600, 120), (5000, 256)):
        counts = (held_out * task.explain.train.n_folds, 0)
        large = replace(dataset, class_counts=counts, image_shape=(n, 10, 10))
        expected = cells * n * tile * timing.GATE_LOOKS * (n * timing.GATE_REPEATS + 1)
        assert timing.work_of(task, large) == pytest.approx(expected)


def test_sanity_checks_learn_from_this_hosts_rankings(store: Store, dataset: Dataset) -> None:
    """Not from times kept under another measure of work."""
    step = gate_step(dataset)
    ranking = next(one for one in plan(tiny_spec(dataset)) if isinstance(one.task, ExplainTask))
    unknown = timing.Speeds(store, "cpu").seconds(step.task, dataset)
    timing.note(store, ranking, dataset, "cpu", 5000.0)
    rate = 5000.0 / timing.work_of(ranking.task, dataset)
    learned = timing.Speeds(store, "cpu").seconds(step.task, dataset)
    assert learned == pytest.approx(rate * timing.work_of(step.task, dataset))
    assert learned > 10 * unknown
    assert timing.kind_of(step.task, "cpu").startswith("check:")
    timing.note(store, step, dataset, "cpu", 7.0)
    assert timing.Speeds(store, "cpu").seconds(step.task, dataset) == pytest.approx(7.0)


def test_a_check_takes_after_the_ranking_of_its_own_method(store: Store, dataset: Dataset) -> None:
    spec = replace(tiny_spec(dataset), gates=True, methods=(MethodSpec(id="lrp"),))
    steps = plan(spec)
    gate = next(step for step in steps if isinstance(step.task, GateTask))
    own = next(step for step in steps if isinstance(step.task, ExplainTask))
    other = next(one for one in plan(tiny_spec(dataset)) if isinstance(one.task, ExplainTask))
    timing.note(store, other, dataset, "cpu", 1.0)
    timing.note(store, own, dataset, "cpu", 9000.0)
    rate = 9000.0 / timing.work_of(own.task, dataset)
    expected = rate * timing.work_of(gate.task, dataset)
    assert timing.Speeds(store, "cpu").seconds(gate.task, dataset) == pytest.approx(expected)


def test_a_wider_network_is_expected_to_take_longer(dataset: Dataset) -> None:
    step = next(one for one in plan(tiny_spec(dataset)) if isinstance(one.task, TrainTask))
    task = step.task
    assert isinstance(task, TrainTask)
    usual, fixed = replace(task, model=ModelSpec(id="small_cnn")), ModelSpec(id="resnet18")
    wide = replace(task, model=ModelSpec(id="small_cnn", options=(("width", 48),)))
    work = timing.work_of(usual, dataset)
    assert timing.work_of(wide, dataset) == pytest.approx(3 * work)
    assert timing.work_of(replace(task, model=fixed), dataset) == pytest.approx(work)

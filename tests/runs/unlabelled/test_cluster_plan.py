"""Steps of a run on cells without labels: what makes another key, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.runs import tasks as planning
from pxcore.runs.plan import plan
from pxcore.runs.timing import kind_of, work_of
from pxcore.runs.unlabelled.tasks import UNLABELLED
from pxcore.store.keys import decode, encode
from pxcore.types import Channel, Dataset, Panel, RunSpec
from pxcore.types.unlabelled_ask import ClusterAsk

PANEL = Panel((Channel(name="BF"), Channel(name="CD3")))
EVERYTHING = ClusterAsk(
    dataset_id="d",
    channels=(0, 1),
    pixels_key="p" * 64,
    refine=True,
    rank=True,
    maps=True,
    check_masks=True,
)
ENCODED = "3b8a865b3d9c67365a1d348c750eace7b601482022cab51796738631c98e8b79"
"""The key that the encoder of this had before ``start_epochs`` and what came with it."""


def keys(ask: ClusterAsk = EVERYTHING, **more: object) -> dict[str, str]:
    """Return the key of each part."""
    return {step.parts[0]: step.key for step in plan(replace(spec_of(ask), **more))}


def spec_of(ask: ClusterAsk) -> RunSpec:
    """Return the run that asks this."""
    return RunSpec(dataset_id="d", panel=PANEL, classes=(), clusters=ask)


def other(first: dict[str, str], second: dict[str, str]) -> set[str]:
    """Return the parts whose results are others."""
    return {part for part in first if second.get(part) != first[part]}


def test_every_kind_of_task_is_planned_after_what_it_reads() -> None:
    steps = plan(spec_of(EVERYTHING))
    assert {step.kind for step in steps} == set(UNLABELLED)
    done: set[str] = set()
    for step in steps:
        assert done.issuperset(step.needs)
        assert decode(planning.KINDS[step.kind], encode(step.task)) == step.task
        done.add(step.key)
    assert {step.kind for step in steps if step.lane is planning.Lane.LIGHT} == {"cluster"}


def test_refinement_keeps_the_same_cells_from_training() -> None:
    steps = {step.kind: step.task for step in plan(spec_of(EVERYTHING))}
    assert steps["refine"].seed == steps["encode"].seed


def test_what_people_call_things_makes_no_other_key() -> None:
    ask = replace(EVERYTHING, title="t", owner="ann", dataset_id="e", options=())
    assert keys(ask, title="t", owner="ann", classes=("a",)) == keys()


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"epochs": 9}, set()),
        ({"pixels_key": "q" * 64}, set()),
        ({"centre": False}, set()),
        ({"channels": (0,)}, set()),
        ({"start_epochs": 5}, set()),
        ({"picture_weight": 0.5}, set()),
        ({"limits": "full_scale"}, set()),
        ({"donors_key": "a" * 64}, set(keys()) - {"explain_clusters", "mask_check"}),
        ({"clusters": 3}, {"encode", "first/codes"}),
        ({"covariance": "full"}, {"encode", "first/codes"}),
    ],
)
def test_what_decides_the_numbers_makes_another_key(
    changed: dict[str, object], same: set[str]
) -> None:
    first = keys()
    assert other(first, keys(replace(EVERYTHING, **changed))) == set(first) - same


def test_encoders_trained_before_more_could_be_asked_stay_found() -> None:
    assert keys()["encode"] == ENCODED


def test_the_rest_of_the_epochs_is_not_started_anew_by_a_refinement() -> None:
    steps = {step.kind: step.task for step in plan(spec_of(replace(EVERYTHING, start_epochs=5)))}
    starts = {kind: steps[kind].spec.training.start_epochs for kind in ("encode", "refine")}
    assert starts == {"encode": 5, "refine": 0}


def test_looking_further_computes_nothing_again() -> None:
    plain = replace(EVERYTHING, rank=False, maps=False, check_masks=False)
    assert other(keys(plain), keys()) == set()


def test_a_stage_version_changes_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    first = keys()
    monkeypatch.setitem(planning.VERSIONS, "refine", 99)
    assert other(first, keys()) == set(first) - {"encode", "first/codes", "first/cluster"}


def test_a_borrowed_encoder_is_not_trained() -> None:
    ask = replace(EVERYTHING, refine=False, encoder_key="k" * 64, encoder_clusters="c" * 64)
    assert "encode" not in keys(ask)
    assert other(keys(ask), keys(replace(ask, encoder_key="l" * 64))) == set(keys(ask))


def test_every_step_has_an_expected_time() -> None:
    spec = RunSpec(dataset_id="d", panel=PANEL, classes=(), clusters=EVERYTHING)
    few, many = (
        Dataset(
            id="d", title="d", panel=PANEL, classes=(), class_counts=(), n_cells=n,
            image_shape=(2, 20, 20), dtype="uint16",
        )
        for n in (100, 200)
    )  # fmt: skip
    for step in plan(spec):
        assert kind_of(step.task, "cpu").count(":") == 2
        assert 0 < work_of(step.task, few) <= work_of(step.task, many)

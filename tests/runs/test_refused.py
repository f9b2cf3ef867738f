"""What cannot be carried out is refused when it is submitted, with the way out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.errors import DatasetError, MethodError, PanelError, PxError, RunError, TrainingError
from pxcore.runs import datasets, drafts, ledger
from pxcore.runs.method_names import parse_method
from pxcore.store.home import Store
from pxcore.types import (
    Dataset,
    MethodSpec,
    ModelSpec,
    Panel,
    TrainingParams,
)
from tests.tiny_lab import tiny_dataset, tiny_spec

BOTH_DATABASES = True


@pytest.fixture
def dataset(store: Store) -> Dataset:
    return tiny_dataset(store)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"dataset_id": "nothere"}, DatasetError, "not known here"),
        ({"panel": "shorter"}, PanelError, "draft it again"),
        ({"channels": (0, 99)}, PanelError, "expected different positions"),
        ({"channels": (1, 1)}, PanelError, "expected different positions"),
        ({"channels": (2, 1)}, PanelError, "panel's order"),
        ({"n_folds": 1}, RunError, "number of folds is 1"),
        ({"n_folds": 5}, DatasetError, "works is 4; or split by cell.*scores are too good"),
        ({"split": "well"}, RunError, "expected donor or cell"),
        ({"seeds": 0}, RunError, "starts"),
        ({"repeats": 0}, RunError, "repeats is 0"),
        ({"seed": -1}, RunError, "seed is -1"),
        ({"methods": ()}, MethodError, "no ranking method"),
        ({"methods": (MethodSpec(id="a"),)}, MethodError, "'a' is not known; there is pxpermute"),
        ({"methods": (MethodSpec(id="pxpermute"),) * 2}, MethodError, "chosen twice"),
        (
            {"methods": (MethodSpec(id="occlusion"), parse_method("occlusion:fill=zero"))},
            MethodError,
            "chosen twice",
        ),
        (
            {"methods": (parse_method("occlusion:fill=blue"),)},
            MethodError,
            "fill is 'blue'; expected one of zero, mean",
        ),
        ({"model": ModelSpec(id="vgg")}, TrainingError, "'vgg' is not known"),
        (
            {"model": ModelSpec(options=(("depth", 3),))},
            TrainingError,
            "no setting 'depth'; it has",
        ),
        (
            {"model": ModelSpec(options=(("channel_dropout", 1),))},
            TrainingError,
            "expected true or false",
        ),
        (
            {"methods": (parse_method("guided_gradcam:layer=layer1"),)},
            MethodError,
            r"Guided Grad-CAM \(layer = layer1\) cannot explain the model Small network: .*; leave",
        ),
        (
            {"methods": (MethodSpec(id="channel_embedding"),)},
            MethodError,
            "^Channel embedding cannot explain the model Small network: .*; train Channel "
            r"embedding; leave the method out, or choose another model \(under Expert settings, at",
        ),
        (
            {"methods": (MethodSpec(id="leave_one_out"),), "channels": (1,)},
            MethodError,
            "leave_one_out trains again without each channel, and one channel takes part",
        ),
        ({"decoys": ("decoy_full",)}, DatasetError, "'decoy_full' is not known; there is decoy"),
        ({"decoys": ("decoy_empty",) * 2}, RunError, "a decoy is chosen twice"),
        ({"leave_out": ((),)}, PanelError, "expected different positions among"),
        ({"leave_out": ((1, 1),)}, PanelError, "expected different positions among"),
        ({"leave_out": ((3,),)}, PanelError, r"among the run's channels \[0, 1, 2\]"),
        ({"leave_out": ((0, 1, 2),)}, PanelError, "leaves nothing to train on"),
        ({"leave_out": ((0, 1), (1, 0))}, PanelError, "left out twice"),
        ({"leakage": True, "split": "cell"}, RunError, "split by donor, or leave the gap out"),
        ({"model": ModelSpec(weights="imagenet")}, TrainingError, "no ImageNet weights"),
        ({"training": TrainingParams(learning_rate=0)}, TrainingError, "learning rate is 0"),
        ({"training": TrainingParams(max_epochs=0)}, TrainingError, "epochs is 0"),
        (
            {"training": TrainingParams(low_percentile=60, high_percentile=40)},
            TrainingError,
            "low one must be smaller",
        ),
        (
            {"training": TrainingParams(zero_pixels="drop")},  # type: ignore[arg-type]
            TrainingError,
            "zero pixels are 'drop'; give count or skip",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused_at_the_door(
    store: Store, dataset: Dataset, change: dict[str, object], error: type[PxError], says: str
) -> None:
    spec = tiny_spec(dataset)
    if change.get("panel") == "shorter":
        change = {"panel": Panel(spec.panel.channels[:2])}
    with pytest.raises(error, match=says):
        drafts.frozen_spec(store, replace(spec, **change))  # type: ignore[arg-type]
    assert ledger.records(store) == ()


def test_cells_of_one_class_are_refused_with_the_way_out(store: Store, dataset: Dataset) -> None:
    one = replace(dataset, id="1" * 16, classes=("a",), class_counts=(dataset.n_cells,))
    datasets.register(store, one, "0" * 64)
    with pytest.raises(DatasetError, match="only 'a'; a classifier needs"):
        drafts.check(store, tiny_spec(one))
    none = replace(one, id="2" * 16, classes=(), class_counts=())
    datasets.register(store, none, "0" * 64)
    with pytest.raises(DatasetError, match=r"no labels; a classifier needs.*add labels from"):
        drafts.check(store, tiny_spec(none))


def test_the_leakage_gap_needs_donors(store: Store, dataset: Dataset) -> None:
    alone = datasets.register(store, replace(dataset, id="4" * 16, groups=()), "0" * 64)
    with pytest.raises(RunError, match="no known donors: add a group column"):
        drafts.check(store, replace(tiny_spec(alone), leakage=True))

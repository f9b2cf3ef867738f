"""Drafts fit the data, notes say what is not as usual, estimates learn from the past."""

from __future__ import annotations

import urllib.error
from dataclasses import replace

import numpy as np
import pytest

from pxcore.data.annotation import Annotation
from pxcore.errors import DatasetError, MethodError, RunError, TrainingError
from pxcore.models import MODELS
from pxcore.runs import datasets, drafts, timing
from pxcore.runs.method_names import method_name, parse_method
from pxcore.runs.plan import plan
from pxcore.runs.presets import PRESETS
from pxcore.store.home import Store
from pxcore.training.intervals import corrected_interval
from pxcore.types import (
    Dataset,
    MaskKind,
    MethodSpec,
    ModelSpec,
    Panel,
    Role,
)
from tests.tiny_lab import tiny_dataset, tiny_spec


@pytest.fixture
def dataset(store: Store) -> Dataset:
    return tiny_dataset(store)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_preset_gives_a_spec_that_passes(store: Store, dataset: Dataset, preset: str) -> None:
    spec = drafts.draft(store, dataset.id, preset)
    drafts.check(store, spec)
    assert spec.preset == preset
    assert spec.averaging == PRESETS[preset].averaging
    assert spec.n_folds == min(PRESETS[preset].n_folds, 4)  # four donors
    assert PRESETS[preset].model.id in MODELS


def test_presets_are_what_the_specification_says() -> None:
    fast, standard, paper, _ = PRESETS.values()
    assert (fast.model.id, fast.n_folds) == ("small_cnn", 5)
    assert (standard.model.id, standard.n_folds, standard.repeats) == ("resnet18", 5, None)
    assert (paper.model, paper.n_folds, paper.repeats) == (
        ModelSpec(id="resnet18", weights="imagenet"), 5, 100,
    )  # fmt: skip
    assert (paper.decoys, paper.redundancy) == ((), False)
    assert [one.averaging for one in (fast, standard, paper)] == ["classes", "classes", "published"]
    assert [method_name(method) for method in paper.methods] == [
        "pxpermute",
        "occlusion",  # filled with zero
        "integrated_gradients:aggregate=signed_median:reference=zero",
        "deeplift:aggregate=signed_median:reference=zero",
        "lrp:aggregate=signed_median",
        "guided_gradcam:aggregate=signed_median:layer=layer1",
    ]
    for ours in (fast, standard):
        assert [one.id for one in ours.methods] == ["pxpermute", "permute_cells", "pxpermute_mask"]
        assert (ours.decoys, ours.redundancy) == (("decoy_empty", "decoy_foreign"), True)
    published = paper.training
    assert (published.batch_size, published.learning_rate, published.schedule) == (
        128, 1e-3, "plateau",
    )  # fmt: skip
    assert published.max_epochs >= 1000  # it ends 50 epochs after the last gain, not at 50
    assert (published.plateau_patience, published.stop_patience, published.stop_delta) == (
        5, 50, 1e-4,
    )  # fmt: skip
    assert (published.noise, published.flips, published.balance) == (0.01, True, "oversample")
    assert (published.low_percentile, published.high_percentile) == (1.0, 99.0)


def test_weights_that_are_not_here_become_random_and_it_is_said(
    store: Store, dataset: Dataset
) -> None:
    spec = drafts.draft(store, dataset.id, "standard")
    assert spec.model.weights == "random"
    notes = " ".join(drafts.estimate(store, spec).notes)
    assert "ImageNet weights are not on this host" in notes
    assert "random weights" in notes
    assert str(store.weights) in notes
    assert "4 folds instead of 5" in notes
    assert "4 donors or samples apart" in notes


def test_fewer_folds_by_choice_are_not_blamed_on_the_data(store: Store, dataset: Dataset) -> None:
    for preset in ("fast", "standard"):  # 5 folds each; four donors
        chosen = replace(drafts.draft(store, dataset.id, preset), n_folds=2)
        assert "allow no more" not in " ".join(drafts.estimate(store, chosen).notes)


def test_the_published_protocol_never_starts_from_other_weights_unsaid(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        reason = "no network"
        raise urllib.error.URLError(reason)

    monkeypatch.setattr("urllib.request.urlopen", offline)
    spec = drafts.draft(store, dataset.id, "paper")
    assert spec.model.weights == "imagenet"
    assert "downloaded when the run is started" in " ".join(drafts.estimate(store, spec).notes)
    published = MODELS["resnet18"].imagenet
    assert published is not None
    with pytest.raises(TrainingError, match=f"{published.name}.*or choose random weights"):
        drafts.frozen_spec(store, spec)
    other = replace(spec, model=replace(spec.model, weights="random"))
    assert "Not as published" in " ".join(drafts.estimate(store, other).notes)
    frozen = drafts.frozen_spec(store, other)
    assert frozen.title == "tiny: as published (random weights)"
    assert drafts.frozen_spec(store, frozen).title == frozen.title
    assert drafts.frozen_spec(store, tiny_spec(dataset)).title == "tiny: fast"


def test_weights_files_are_fingerprinted_at_submission(store: Store, dataset: Dataset) -> None:
    (store.weights / "mine.pth").write_bytes(b"weights")
    spec = replace(tiny_spec(dataset), model=ModelSpec(id="small_cnn", weights="file:mine.pth"))
    frozen = drafts.frozen_spec(store, spec)
    assert len(frozen.model.weights_sha256) == 64
    with pytest.raises(TrainingError, match=r"other.pth.*mine.pth"):
        drafts.frozen_spec(store, replace(spec, model=ModelSpec(weights="file:other.pth")))


def test_cells_that_nothing_can_outline_are_ranked_without_outlines(
    store: Store, dataset: Dataset
) -> None:
    """No mask, no brightfield, no stain: the draft leaves the method out, a person is told."""
    dark = Panel(tuple(replace(c, role=Role.DARKFIELD) for c in dataset.panel.channels))
    bare = replace(dataset, id="5" * 16, panel=dark, mask_kind=MaskKind.NONE)
    bare = datasets.register(store, bare, "0" * 64)
    drafted = drafts.draft(store, bare.id, "fast")
    assert [method.id for method in drafted.methods] == ["pxpermute", "permute_cells"]
    drafts.check(store, drafted)
    asked = replace(drafted, methods=(MethodSpec(id="pxpermute_mask"),))
    with pytest.raises(MethodError, match="import the cells with masks, correct the roles"):
        drafts.check(store, asked)


def test_what_a_run_takes_beside_its_folds_is_said(store: Store, dataset: Dataset) -> None:
    spec = replace(
        tiny_spec(dataset),
        methods=tuple(MethodSpec(id=one) for one in ("pxpermute", "shapley", "leave_one_out")),
        decoys=("decoy_empty",),
        leakage=True,
        leave_out=((0, 1), (1, 2)),
    )
    said = drafts.estimate(store, spec)
    notes = " ".join(said.notes)
    extra = {
        "without each of 4 channels": 8,
        "with channels missing at random": 2,
        "with folds dealt by cell": 2,
        "2 groups of channels": 4,
    }
    for words in extra:
        assert words in notes
    assert "A decoy channel is made" in notes
    trainings = sum(step.kind == "train" for step in plan(spec))
    assert trainings == 2 + sum(extra.values())
    for number in extra.values():
        assert f"{number} more trainings" in notes
    assert "decoy" not in " ".join(drafts.estimate(store, tiny_spec(dataset)).notes)


def test_default_settings_said_or_unsaid_are_one_run(store: Store, dataset: Dataset) -> None:
    said = replace(tiny_spec(dataset), methods=(parse_method("occlusion:fill=zero"),))
    unsaid = replace(said, methods=(MethodSpec(id="occlusion"),))
    assert drafts.frozen_spec(store, said) == drafts.frozen_spec(store, unsaid)
    mean = replace(said, methods=(parse_method("occlusion:fill=mean"),))
    assert drafts.frozen_spec(store, mean).methods == mean.methods


def relabelled(store: Store, dataset: Dataset, labels: object, groups: object) -> Dataset:
    """Return the data set with other labels and donors, registered."""
    old = Annotation.load(store.artifacts.folder(dataset.annotation_key))
    new = Annotation(np.asarray(labels), np.asarray(groups), old.classes, old.group_names)
    key = new.content_hash
    folder = store.artifacts.temporary("labels")
    new.save(folder)
    store.artifacts.adopt(key, folder)
    made = replace(dataset, id=key[:16], annotation_key=key, class_counts=new.class_counts)
    return datasets.register(store, made, "0" * 64)


def test_donors_that_stand_in_the_way_can_be_ignored_by_name(
    store: Store, dataset: Dataset
) -> None:
    old = Annotation.load(store.artifacts.folder(dataset.annotation_key))
    alone = np.where(old.labels == 0, 0, old.groups)  # class 0 in a single donor
    spec = tiny_spec(relabelled(store, dataset, old.labels, alone))
    with pytest.raises(DatasetError, match=r"one donor.*--split cell.*scores are too good"):
        drafts.check(store, spec)
    by_cell = replace(spec, split="cell")
    drafts.check(store, by_cell)
    notes = " ".join(drafts.estimate(store, by_cell).notes)
    assert "scores are too good" in notes
    assert "donors or samples apart" not in notes
    fresh = drafts.draft(store, dataset.id, "standard", "cell")
    assert (fresh.n_folds, fresh.split) == (5, "cell")  # four donors do not bound it


def test_a_split_by_cell_without_donors_is_the_usual_one(store: Store, dataset: Dataset) -> None:
    spec = tiny_spec(datasets.register(store, replace(dataset, id="3" * 16, groups=()), "0" * 64))
    assert drafts.frozen_spec(store, replace(spec, split="cell")) == drafts.frozen_spec(store, spec)


def test_cells_that_take_no_part_and_small_held_out_classes_are_said(
    store: Store, dataset: Dataset
) -> None:
    old = Annotation.load(store.artifacts.folder(dataset.annotation_key))
    unknown = np.where(np.arange(dataset.n_cells) < 7, -1, old.groups)
    spec = tiny_spec(relabelled(store, dataset, old.labels, unknown))
    notes = " ".join(drafts.estimate(store, spec).notes)
    assert "7 of 160 labelled cells take no part" in notes
    by_cell = replace(spec, split="cell")
    assert "take no part" not in " ".join(drafts.estimate(store, by_cell).notes)
    labels = np.repeat([0, 1, 2], [62, 58, 40])  # held out in each of two folds: 31, 29, 20
    names = old.classes
    spec = replace(tiny_spec(relabelled(store, dataset, labels, old.groups)), split="cell")
    said = f"Fewer than 30 held-out cells in a fold of {names[1]}, {names[2]}:"
    assert said in " ".join(drafts.estimate(store, spec).notes)


def test_an_estimate_counts_what_is_there_and_learns(store: Store, dataset: Dataset) -> None:
    spec = tiny_spec(dataset)
    steps = plan(spec)
    first = drafts.estimate(store, spec)
    assert (first.tasks, first.cached) == (5, 0)
    for step in steps[:2]:
        with store.artifacts.write(step.key) as folder:
            (folder / "a").write_text("")
        timing.note(store, step, dataset, "cpu", 100.0)
    learned = drafts.estimate(store, spec)
    assert learned.cached == 2
    assert learned.seconds == pytest.approx(200.0, rel=0.05)
    twice = replace(spec, training=replace(spec.training, max_epochs=4))
    assert drafts.estimate(store, twice).seconds == pytest.approx(2 * 200 + 2 * 100, rel=0.05)


def test_times_of_another_device_do_not_count(store: Store, dataset: Dataset) -> None:
    step = plan(tiny_spec(dataset))[0]
    timing.note(store, step, dataset, "cuda", 1e6)
    assert timing.Speeds(store, "cpu").seconds(step.task, dataset) < 10
    assert timing.Speeds(store, "cuda").seconds(step.task, dataset) == pytest.approx(1e6)


@pytest.mark.parametrize(
    ("n_folds", "seeds", "half"), [(2, 1, 16), (3, 1, 4), (2, 2, 0), (4, 1, 0)]
)
def test_few_trainings_are_told_before_the_work(
    store: Store, dataset: Dataset, n_folds: int, seeds: int, half: int
) -> None:
    """By how many standard deviations: as the interval itself has it."""
    spec = replace(tiny_spec(dataset), n_folds=n_folds, seeds=seeds)
    notes = " ".join(drafts.estimate(store, spec).notes)
    assert ("5 folds are recommended" in notes) is bool(half)
    if half:
        values = np.arange(n_folds) / 1000
        found = corrected_interval(values, n_folds - 1, 1, bounds=None)
        assert (found.high - found.mean) / values.std(ddof=1) == pytest.approx(half, abs=0.5)
        assert f"With {n_folds} folds a 95 % interval reaches about {half} standard" in notes


def test_the_folds_that_make_sense_are_those_that_the_cells_allow(
    store: Store, dataset: Dataset
) -> None:
    for n_folds in (0, 1):
        with pytest.raises(RunError, match=f"folds is {n_folds}; give a number from 2 to 4$"):
            drafts.check(store, replace(tiny_spec(dataset), n_folds=n_folds))

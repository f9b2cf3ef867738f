"""Cells of many channels: what is offered, drafted and refused, what it is reckoned to take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.errors import MethodError, TrainingError
from pxcore.runs import drafts, heart
from pxcore.runs.panels.tasks import roomy
from pxcore.runs.plan import plan
from pxcore.runs.presets import MULTIPLEXED, PRESETS, offered
from pxcore.runs.spec_tasks import explain, training
from pxcore.runs.tasks import ExplainTask, JointTask, TrainTask, key
from pxcore.runs.timing import Speeds, note, work_of
from pxcore.runs.upkeep.room import run_bytes
from pxcore.store.home import Store
from pxcore.types import Channel, Dataset, MethodSpec, ModelSpec, Panel, Role
from tests.tiny_lab import tiny_dataset


@pytest.fixture
def many(store: Store, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A data set that says that it has 24 channels of 48 pixels."""
    names = [f"P{number:02}" for number in range(24)]
    panel = Panel(tuple(Channel(name=name, role=Role.STAIN) for name in names))
    one = replace(tiny_dataset(store), panel=panel, image_shape=(24, 48, 48))
    monkeypatch.setattr("pxcore.runs.datasets.one", lambda *_: one)
    return one


def test_the_preset_is_offered_and_drafted_from_20_channels_on(store: Store, many: Dataset) -> None:
    assert [one.id for one in offered(19)] == ["fast", "standard", "paper"]
    assert [one.id for one in offered(20)] == ["multiplexed", "fast", "standard", "paper"]
    assert drafts.presets(store, many.id) == offered(24)
    assert [one.id for one in drafts.presets(store)] == list(PRESETS)
    spec = drafts.draft(store, many.id, "")
    assert spec.preset == "multiplexed"
    assert [one.id for one in spec.methods] == ["channel_embedding", "permute_cells", "pxpermute"]
    assert not spec.redundancy
    drafts.check(store, spec)


def test_few_channels_keep_their_usual_preset(store: Store) -> None:
    dataset = tiny_dataset(store)
    assert drafts.draft(store, dataset.id, "").preset == "fast"
    assert "multiplexed" not in [one.id for one in drafts.presets(store, dataset.id)]


@pytest.mark.parametrize(("device", "options"), [("cpu", (("width", 8),)), ("cuda", ())])
def test_the_network_is_as_wide_as_the_device_bears(
    store: Store,
    many: Dataset,
    device: str,
    options: tuple[tuple[str, int], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    status = replace(heart.status(store), device=device)
    monkeypatch.setattr("pxcore.runs.heart.status", lambda _store: status)
    assert drafts.draft(store, many.id, "multiplexed").model.options == options
    assert drafts.draft(store, many.id, "fast").model.options == ()


def test_its_training_is_the_published_one() -> None:
    found = MULTIPLEXED.training
    assert (found.optimiser, found.weight_decay, found.batch_size) == ("adam_amsgrad", 1e-7, 32)
    assert (found.plateau_patience, found.plateau_factor, found.flips) == (6, 0.65, True)
    assert (found.crop > 0, found.max_epochs, found.learning_rate) == (True, 100, 1e-3)
    assert (found.high_percentile, found.zero_pixels) == (99.0, "skip")


def test_settings_that_are_words_are_one_form_and_checked(store: Store, many: Dataset) -> None:
    spec = drafts.draft(store, many.id, "multiplexed")
    usual = replace(spec, model=ModelSpec(id="channel_embedding", options=(("width", 64),)))
    said = (("backbone", "resnet18"), ("encoders", "shared"), ("width", 64))
    same = replace(spec, model=ModelSpec(id="channel_embedding", options=said))
    one, other = (drafts.frozen_spec(store, each).model for each in (usual, same))
    assert one == other
    for option, words in (
        (("backbone", "vgg"), "is 'vgg'; expected one of resnet18, r3d"),
        (("colour", 1), "no setting 'colour'; it has width, backbone, encoders"),
        (("width", 0), "is 0; expected 1 or more"),
    ):
        wrong = replace(spec, model=ModelSpec(id="channel_embedding", options=(option,)))
        with pytest.raises(TrainingError, match=words):
            drafts.check(store, wrong)


def test_too_small_cells_and_methods_that_do_not_fit_are_refused_before_the_start(
    store: Store, many: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = drafts.draft(store, many.id, "multiplexed")
    stack = ModelSpec(id="channel_embedding", options=(("backbone", "r3d"),))
    unfit = replace(spec, model=stack, methods=(MethodSpec(id="gradcam_channel"),))
    with pytest.raises(MethodError, match="does not look at each channel alone"):
        drafts.check(store, unfit)
    drafts.check(store, replace(unfit, methods=(MethodSpec(id="channel_embedding"),)))
    tiny = replace(many, image_shape=(24, 20, 48))
    monkeypatch.setattr("pxcore.runs.datasets.one", lambda *_: tiny)
    drafts.check(store, spec)
    with pytest.raises(TrainingError, match=r"20 x 48 pixels are too small .* at least 32 x 32"):
        drafts.check(store, replace(spec, model=stack))


def test_what_it_takes(store: Store, many: Dataset) -> None:
    """Only what is spoilt passes the network again; a narrow network leaves little behind."""
    spec = replace(drafts.draft(store, many.id, "multiplexed"), repeats=10, decoys=())
    alone = explain(spec, MethodSpec(id="pxpermute"), 0, 0)
    stack = replace(spec, model=ModelSpec(id="r3d_18", options=(("width", 8),)))
    mixed = explain(stack, MethodSpec(id="pxpermute"), 0, 0)
    ratio = work_of(mixed, many) / work_of(alone, many)
    assert ratio == pytest.approx((24 * 10 + 1) / 11)
    exchanged = explain(spec, MethodSpec(id="permute_cells"), 0, 0)
    assert work_of(alone, many) / work_of(exchanged, many) == pytest.approx(11)
    pairs = JointTask(alone=exchanged)  # exchanged too: no plane passes again
    assert work_of(pairs, many) == work_of(exchanged, many)
    wide = replace(spec, model=ModelSpec(id="channel_embedding"))
    far = explain(wide, MethodSpec(id="pxpermute"), 0, 0)
    assert work_of(far, many) / work_of(alone, many) == pytest.approx(64 / 8)
    trainings = spec.n_folds
    assert run_bytes(wide, many) - run_bytes(spec, many) == trainings * (62 - 4) * 2**20


def test_pairs_are_expected_to_take_as_long_as_one_exchange(store: Store, many: Dataset) -> None:
    """A new host must not be told hours for what takes seconds, nor mix both kinds of ranking."""
    spec = replace(drafts.draft(store, many.id, "multiplexed"), redundancy=True)
    steps = plan(spec)
    train, joint = (
        next(step for step in steps if isinstance(step.task, kind))
        for kind in (TrainTask, JointTask)
    )
    fresh = Speeds(store, "cpu")
    assert fresh.seconds(joint.task, many) < fresh.seconds(train.task, many) / 4
    ranked = {s.task.method.id: s for s in steps if isinstance(s.task, ExplainTask)}
    pixels, cells = ranked["pxpermute"], ranked["permute_cells"]
    note(store, pixels, many, "cpu", 1.0)
    note(store, cells, many, "cpu", 5000.0)
    learned = Speeds(store, "cpu")
    assert learned.seconds(pixels.task, many) == pytest.approx(1.0)
    assert learned.seconds(joint.task, many) == pytest.approx(5000.0)


def test_seeds_of_tasks_do_not_follow_the_settings(store: Store, many: Dataset) -> None:
    """Another optimiser is another training, from the same start."""
    spec = drafts.draft(store, many.id, "multiplexed")
    other = replace(spec, training=replace(spec.training, optimiser="adamw"))
    one, two = training(spec, 0, 0), training(other, 0, 0)
    assert key(one) != key(two)
    assert np.array_equal(one.seed, two.seed)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"crop": 2.5}, "give a whole number"), ({"optimiser": "sgd"}, "adamw or adam_amsgrad")],
)
def test_settings_of_the_training_are_checked(
    store: Store, many: Dataset, changes: dict[str, object], words: str
) -> None:
    spec = drafts.draft(store, many.id, "multiplexed")
    wrong = replace(spec, training=replace(spec.training, **changes))  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=words):
        drafts.check(store, wrong)


def test_a_narrow_network_gets_room_for_every_panel() -> None:
    """One as wide as usual has it already; the small one is widened as ever."""
    narrow = ModelSpec(id="channel_embedding", options=(("width", 8),))
    assert dict(roomy(narrow, ()).options)["width"] == 16
    assert "width" not in dict(roomy(ModelSpec(id="channel_embedding"), ()).options)
    assert dict(roomy(ModelSpec(id="small_cnn"), ()).options)["width"] == 32

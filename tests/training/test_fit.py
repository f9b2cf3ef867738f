"""THE loop: what it learns, that it repeats to the bit, and that kills do not show."""

from __future__ import annotations

import dataclasses
import math
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pxcore.training.fit as fit_module
from pxcore.data import normalise
from pxcore.data.source import ArrayCells
from pxcore.errors import Cancelled, TrainingError
from pxcore.training import loop
from pxcore.training.device import device_name
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import TrainingData, fit
from pxcore.training.objective import Classification
from pxcore.training.predict import predict, restore
from pxcore.types import Array, Epoch, Fold, TrainedModel
from tests.small_training import CPU, Case, make_case


def same(first: TrainedModel, second: TrainedModel) -> bool:
    """Tell whether two trainings ended in the same bits (times apart)."""
    return (
        all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
        and np.array_equal(first.test_probability, second.test_probability)
        and timeless(first.history) == timeless(second.history)
        and first.best_epoch == second.best_epoch
    )


def timeless(history: tuple[Epoch, ...]) -> list[Epoch]:
    """Return epochs without their times."""
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in history]


def run(case: Case, **control: object) -> TrainedModel:
    """Return the trained model of a case."""
    return fit(case.data, case.params, case.build, case.control(**control))  # type: ignore[arg-type]


def test_learns_what_can_be_learned_and_tells(case: Case) -> None:
    told: list[Epoch] = []
    trained = run(case, tell=told.append)
    called = trained.test_probability.argmax(1)
    assert np.mean(called == trained.test_labels) > 0.9
    assert np.array_equal(trained.test_labels, case.data.labels[case.data.fold.test])
    np.testing.assert_allclose(trained.test_probability.sum(1), 1, atol=1e-6)
    assert tuple(told) == trained.history
    assert [epoch.number for epoch in told] == [1, 2, 3, 4, 5, 6]
    best = max(told, key=lambda epoch: (epoch.valid_f1, -epoch.valid_loss))
    assert trained.best_epoch == best.number
    assert all(math.isfinite(epoch.valid_loss) and epoch.seconds > 0 for epoch in told)
    assert trained.device == device_name(CPU)


def test_equal_seeds_give_equal_bits_and_move_nothing_outside(case: Case) -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    first = run(case)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    torch.rand(17)
    assert same(first, run(case))
    assert not same(first, run(case, seed=8))


@pytest.mark.parametrize("schedule", ["plateau", "one_cycle"])
def test_a_training_stopped_at_any_epoch_ends_in_the_same_bits(
    schedule: str, tmp_path: Path
) -> None:
    case = make_case(schedule=schedule, plateau_patience=1)
    undisturbed = run(case)
    for epoch in range(1, 6):
        folder = tmp_path / str(epoch)
        # Stops in the middle of the epoch after `epoch`.
        batches = batches_until(case, epoch) + 2
        with pytest.raises(Cancelled, match="asked to stop"):
            run(case, folder=folder, stop=stop_after(batches))
        told: list[Epoch] = []
        resumed = run(case, folder=folder, tell=told.append)
        assert same(resumed, undisturbed)
        assert tuple(told) == resumed.history


def batches_until(case: Case, epoch: int) -> int:
    """Return how often stop is asked in the first epochs: training and validation batches."""
    n_train = int(np.bincount(case.data.labels[case.data.fold.train]).max()) * 3
    size = case.params.batch_size
    return epoch * (math.ceil(n_train / size) + math.ceil(len(case.data.fold.valid) / size))


def stop_after(batches: int) -> object:
    """Return a stop that says yes from the n-th question on."""
    asked = iter(range(10**6))
    return lambda: next(asked) >= batches


def test_killed_for_good_it_goes_on_where_it_was(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.small_training import make_case\n"
        "from pxcore.training.fit import fit\n"
        "case = make_case()\n"
        "tell = lambda e: e.number == 3 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "control = case.control(folder=Path(sys.argv[1]), tell=tell)\n"
        "fit(case.data, case.params, case.build, control)\n"
    )
    root = Path(__file__).resolve().parents[2]
    threads = f"import torch; torch.set_num_threads({torch.get_num_threads()})\n"
    killed = subprocess.run(
        [sys.executable, "-c", threads + code, str(tmp_path)], cwd=root, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    trained_again: list[int] = []
    case = make_case()

    def counting_build() -> nn.Module:
        model = case.build()
        model.register_forward_pre_hook(
            lambda module, _input: trained_again.append(1) if module.training else None
        )
        return model

    resumed = fit(case.data, case.params, counting_build, case.control(folder=tmp_path))
    whole = run(case)
    assert same(resumed, whole)
    per_epoch = batches_until(case, 1) - math.ceil(
        len(case.data.fold.valid) / case.params.batch_size
    )
    assert len(trained_again) == 3 * per_epoch  # epochs 4, 5 and 6 only


def test_another_training_is_not_continued(tmp_path: Path) -> None:
    case = make_case()
    run(case, folder=tmp_path)
    smaller = Case(case.data, dataclasses.replace(case.params, batch_size=16))
    assert same(run(smaller, folder=tmp_path), run(smaller))


def test_test_cells_and_unlabelled_cells_decide_nothing(case: Case) -> None:
    """Other pixels and labels in the test part change no weight and no limit."""
    source, labels = case.data.source, case.data.labels.copy()
    images = source.images(np.arange(source.n_cells)).copy()
    generator = np.random.default_rng(0)
    test = case.data.fold.test
    images[test] = generator.integers(0, 65535, images[test].shape, np.uint16)
    labels[test] = generator.permutation(labels[test])
    changed = dataclasses.replace(case.data, source=ArrayCells(images), labels=labels)
    first = run(case)
    second = fit(changed, case.params, case.build, case.control())
    assert all(np.array_equal(first.weights[n], second.weights[n]) for n in first.weights)
    assert np.array_equal(first.low, second.low)
    assert np.array_equal(first.high, second.high)
    assert timeless(first.history) == timeless(second.history)


def test_limits_come_from_training_cells_alone(case: Case) -> None:
    trained = run(case)
    fitted = normalise.fit(case.data.source, case.data.fold.train, 1.0, 99.0)
    assert np.array_equal(trained.low, fitted.low)
    assert np.array_equal(trained.high, fitted.high)


def test_limits_may_leave_zeros_out(case: Case) -> None:
    images = case.data.source.images(np.arange(case.data.source.n_cells))
    images[:, 1][np.random.default_rng(0).random(images[:, 1].shape) < 0.995] = 0
    data = dataclasses.replace(case.data, source=ArrayCells(images))
    params = dataclasses.replace(case.params, max_epochs=1)
    skipped = dataclasses.replace(params, zero_pixels="skip")
    counted, left_out = (fit(data, one, case.build, case.control()) for one in (params, skipped))
    train = images[case.data.fold.train, 1]
    assert counted.high[1] == 0
    assert left_out.high[1] == np.float32(np.percentile(train[train != 0], params.high_percentile))


def test_a_channel_subset_equals_cells_with_only_those_channels(case: Case) -> None:
    subset = Case(dataclasses.replace(case.data, channels=(0,)), case.params)
    images = case.data.source.images(np.arange(case.data.source.n_cells))
    alone = dataclasses.replace(subset.data, source=ArrayCells(images[:, :1]))
    first = run(subset)
    second = fit(alone, case.params, subset.build, subset.control())
    assert same(first, second)
    assert first.low.shape == (1,)
    blind = Case(dataclasses.replace(case.data, channels=(1,)), case.params)
    accuracy = [np.mean(m.test_probability.argmax(1) == m.test_labels) for m in (first, run(blind))]
    assert accuracy[0] > 0.9
    assert accuracy[1] < 0.7


def test_cells_that_do_not_fit_the_device_give_the_same_bits(case: Case) -> None:
    control = dataclasses.replace(case.control(), budget_bytes=0)
    assert same(run(case), fit(case.data, case.params, case.build, control))


class Scripted(Classification):
    """Judges the second epoch best, whatever happened."""

    def judge(self, *asked: object) -> tuple[torch.Tensor, torch.Tensor]:
        """Return one score after the other."""
        loss, _ = super().judge(*asked)  # type: ignore[arg-type]
        self.judged = getattr(self, "judged", 0) + 1
        return loss, torch.tensor(0.9 if self.judged == 2 else 0.3, dtype=torch.float64)


def test_the_kept_weights_are_those_of_the_best_epoch(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_module, "Classification", Scripted)
    trained = run(case)
    assert (trained.best_epoch, len(trained.history)) == (2, 6)
    model = restore(case.build, trained.weights, CPU)
    limits = normalise.Normaliser(trained.low, trained.high)
    held = DeviceCells(case.data.source, case.data.fold.test, limits, CPU)
    np.testing.assert_array_equal(predict(model, held, 32), trained.test_probability)
    shorter = Case(case.data, dataclasses.replace(case.params, max_epochs=2))
    assert same_weights(run(shorter), trained)
    assert not same_weights(
        trained, run(Case(case.data, dataclasses.replace(case.params, max_epochs=1)))
    )


def test_the_last_epoch_is_kept_when_asked_for(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fit_module, "Classification", Scripted)
    last = Case(case.data, dataclasses.replace(case.params, keep="last"))
    trained = run(last, folder=tmp_path)
    assert trained.best_epoch == 6
    assert not same_weights(trained, run(case))
    assert same(trained, run(last, folder=tmp_path))  # from its finished checkpoint


def same_weights(first: TrainedModel, second: TrainedModel) -> bool:
    """Tell whether two models have equal bits."""
    return all(np.array_equal(first.weights[n], second.weights[n]) for n in first.weights)


def test_stops_early(case: Case) -> None:
    patient = make_case(max_epochs=40, stop_patience=2, stop_delta=1.0)
    assert len(run(patient).history) == 3  # the first gains more than nothing, then two waits


def test_batches_are_of_nearly_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """97 cells in batches of up to 32: never a last batch of one, which BatchNorm refuses."""
    case = make_case(balance="none", max_epochs=1)
    train = case.data.fold.train[:97]
    fold = Fold(train, case.data.fold.valid, case.data.fold.test)
    sizes: list[int] = []
    plain = loop.augment

    def watching(images: torch.Tensor, **settings: object) -> torch.Tensor:
        sizes.append(len(images))
        return plain(images, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "augment", watching)
    run(Case(dataclasses.replace(case.data, fold=fold), case.params))
    assert sizes == [25, 24, 24, 24]


def broken(case: Case, **parts: Array) -> TrainingData:
    """Return the data with other parts of the fold."""
    fold = case.data.fold
    named = {"train": fold.train, "valid": fold.valid, "test": fold.test} | parts
    return dataclasses.replace(case.data, fold=Fold(**named))


def test_refuses_folds_it_cannot_train_on(case: Case) -> None:
    none = np.zeros(0, np.int64)
    for part, least in (("train", 2), ("valid", 1), ("test", 1)):
        with pytest.raises(TrainingError, match=f"cells; expected at least {least}"):
            fit(broken(case, **{part: none}), case.params, case.build, case.control())
    labels = case.data.labels.copy()
    labels[case.data.fold.valid[0]] = -1
    unlabelled = dataclasses.replace(case.data, labels=labels)
    with pytest.raises(TrainingError, match="labels from -1 to 2; expected 0 to 2"):
        fit(unlabelled, case.params, case.build, case.control())


def test_says_when_training_breaks_down() -> None:
    case = make_case(learning_rate=1e30, weight_decay=0.0)
    with pytest.raises(TrainingError, match="lower the learning rate"):
        run(case)


def test_running_out_of_memory_is_left_to_the_caller(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_images: object, **_settings: object) -> torch.Tensor:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(loop, "augment", full)
    with pytest.raises(torch.OutOfMemoryError):
        run(case)


@pytest.mark.real_data
def test_jurkat_cells_are_told_apart_within_a_dozen_epochs(shared_data: Path) -> None:
    """Weighted F1 above 0.85 in one fold; a random forest on features reaches 0.894."""
    import h5py  # noqa: PLC0415 - only here

    from pxcore.data.folds import split  # noqa: PLC0415
    from pxcore.models import MODELS, BuildRequest  # noqa: PLC0415
    from pxcore.runs.presets import FAST  # noqa: PLC0415
    from pxcore.training import metrics  # noqa: PLC0415

    with h5py.File(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5") as file:
        images, labels = file["images"][:], file["labels"][:].astype(np.int64)
    params = dataclasses.replace(FAST.training, max_epochs=12)
    fold = split(labels, None, 3, 0, params.valid_share)[0]
    request = BuildRequest(n_channels=3, n_classes=7, image_size=(40, 40))
    data = TrainingData(source=ArrayCells(images), labels=labels, n_classes=7, fold=fold)
    control = loop.Control(seed=0, device=CPU)
    trained = fit(data, params, lambda: MODELS["small_cnn"].build(request), control)
    counts = metrics.confusion(trained.test_labels, trained.test_probability.argmax(1), 7)
    assert metrics.f1_weighted(counts) > 0.85

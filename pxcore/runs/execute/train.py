"""Train one fold: from a TrainTask to a trained model's artifact."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.errors import RunError
from pxcore.models import BuildRequest
from pxcore.models.build import build_network
from pxcore.models.weights import resolve_weights
from pxcore.runs.execute.cells import Seen, seen
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import smaller_notes, with_smaller_batches
from pxcore.runs.saved.model import Story, save_model
from pxcore.runs.tasks import TrainTask
from pxcore.settings import Settings
from pxcore.training.device import choose_device
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.training.means import channel_means
from pxcore.types import Array, Epoch, TrainedModel


def train(context: Context, task: TrainTask) -> None:
    """Write the artifact of one training.

    Raises TrainingError or DatasetError when the cells or settings do not allow it, Cancelled
    when it is asked to stop, torch.OutOfMemoryError when even small batches do not fit.
    """
    device = choose_device(Settings().device)
    params, asked = task.training, task.training.batch_size
    with seen(context.artifacts, context.job.dataset, task) as cells:
        fold = cells.fold
        data = TrainingData(
            source=cells.source,
            labels=cells.annotation.labels,
            n_classes=len(context.job.dataset.classes),
            fold=fold,
            channels=cells.channels,
        )
        build = _builder(context, task, data)

        def attempt(batch_size: int) -> TrainedModel:
            fitting = replace(params, batch_size=batch_size)
            return fit(data, fitting, build, _control(context, task, device))

        model, batch_size = with_smaller_batches(attempt, asked, context.work)
        context.work.tell("writing", 1.0, at_once=True)
        means = _means(cells, model, device)
    notes = smaller_notes(batch_size, asked)
    story = Story(
        history=model.history,
        best_epoch=model.best_epoch,
        seconds=model.seconds,
        device=model.device,
        batch_size=batch_size,
        n_train=len(fold.train),
        n_valid=len(fold.valid),
        n_test=len(fold.test),
        versions=_versions(),
        notes=notes,
    )
    save_model(context.folder, model, fold, means, story)


def _builder(context: Context, task: TrainTask, data: TrainingData) -> Callable[[], nn.Module]:
    model, weights = resolve_weights(task.model, context.artifacts.root / "weights")
    if model.weights_sha256 != task.model.weights_sha256:
        message = (
            f"model {task.model.id!r} was submitted without the fingerprint of its weights; "
            "submit the run again"
        )
        raise RunError(message)
    _, height, width = data.source.image_shape
    request = BuildRequest(
        n_channels=task.n_channels,
        n_classes=data.n_classes,
        image_size=(height, width),
        weights=weights,
        options=task.model.options,
    )

    def build() -> nn.Module:
        return build_network(task.model.id, request)

    return build


def _control(context: Context, task: TrainTask, device: torch.device) -> Control:
    last, work = task.training.max_epochs, context.work
    usual = task.usual_epochs

    def tell(epoch: Epoch) -> None:
        point = (epoch.train_loss, epoch.valid_loss, epoch.valid_f1)
        share = epoch.number / last if usual == last else min(epoch.number / usual, 0.99)
        limit = f"of {last}" if usual == last else f"(at most {last})"
        work.epoch(point, f"epoch {epoch.number} {limit}", share)
        work.log(
            f"epoch {epoch.number}: training loss {epoch.train_loss:.4f}, validation loss "
            f"{epoch.valid_loss:.4f}, validation F1 {epoch.valid_f1:.4f}, {epoch.seconds:.1f} s"
        )

    return Control(seed=task.seed, device=device, folder=work.checkpoint, tell=tell, stop=work.stop)


def _means(cells: Seen, model: TrainedModel, device: torch.device) -> Array:
    """Return (C,) the mean normalised training pixel of each channel, float32."""
    limits = Normaliser(model.low, model.high)
    trained = DeviceCells(cells.source, cells.fold.train, limits, device, cells.channels)
    return channel_means(trained).astype(np.float32)


def _versions() -> tuple[tuple[str, str], ...]:
    return (
        ("python", platform.python_version()),
        ("torch", torch.__version__),
        ("numpy", np.__version__),
    )

"""Score the channels of one trained model on the cells it never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from pxcore.data.annotation import Annotation
from pxcore.data.normalise import Normaliser
from pxcore.importance.fold import FoldImportance
from pxcore.importance.masks import mask_reader
from pxcore.importance.methods import METHODS, ExplainRequest
from pxcore.models import BuildRequest
from pxcore.models.build import build_network
from pxcore.runs.execute.cells import opened
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.layouts import layout_of
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.saved.model import load_model
from pxcore.runs.saved.scores import save_scores
from pxcore.runs.tasks import ExplainTask, key
from pxcore.settings import Settings
from pxcore.training.device import choose_device, device_name
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, Fold, TrainedModel


def explain(context: Context, task: ExplainTask) -> None:
    """Write the artifact of one method on one trained model."""
    device = choose_device(Settings().device)
    trained, fold, means = load_model(context.artifacts.folder(key(task.train)))
    method = METHODS[task.method.id]
    with opened(context) as (cells, annotation):
        network = _network(context, task, trained).to(device)
        limits = Normaliser(trained.low, trained.high)
        tested = DeviceCells(cells, fold.test, limits, device, task.train.channels)
        layout = layout_of(context.artifacts.root, task, network, tested)
        layout.place(network)

        def attempt(batch_size: int) -> FoldImportance:
            request = ExplainRequest(
                model=network,
                cells=tested,
                labels=trained.test_labels.copy(),  # torch wants arrays it may write to
                n_classes=len(context.job.dataset.classes),
                groups=_groups(annotation, fold),
                read_masks=mask_reader(cells, fold.test),
                mask_kind=cells.mask_kind,
                roles=task.roles,
                train_mean=np.asarray(means, dtype=np.float64),
                seed=task.seed,
                options=task.method.options,
                repeats=task.repeats,
                max_repeats=task.max_repeats or task.repeats or 1,
                layout=replace(layout, batch_size=batch_size),
                tell=context.work.tell,
                stop=context.work.stop,
            )
            return method.explain(request)

        scores, _ = with_smaller_batches(attempt, layout.batch_size, context.work)
    for note in scores.notes:
        context.work.log(note)
    context.work.log(f"{scores.n_repeats} repeats of {len(fold.test)} cells")
    save_scores(context.folder, scores, len(fold.train), device_name(device))


def _network(context: Context, task: ExplainTask, trained: TrainedModel) -> torch.nn.Module:
    """Return the trained network; its random first weights are all replaced."""
    _, height, width = context.job.dataset.image_shape
    request = BuildRequest(
        n_channels=len(task.train.channels),
        n_classes=len(context.job.dataset.classes),
        image_size=(height, width),
        options=task.train.model.options,
    )
    network = build_network(task.train.model.id, request)
    network.load_state_dict(
        {name: torch.from_numpy(np.array(value)) for name, value in trained.weights.items()}
    )
    return network.eval()


def _groups(annotation: Annotation, fold: Fold) -> Array | None:
    groups = annotation.known_groups
    return None if groups is None else groups[fold.test]

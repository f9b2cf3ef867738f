"""A trained model with the cells it never saw: what every look at a model begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.errors import RunError
from pxcore.importance.masks import mask_reader
from pxcore.importance.methods import ExplainRequest
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.runs.execute.cells import Seen, seen
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.layouts import layout_of, usual_batch
from pxcore.runs.saved.model import load_model, load_tested
from pxcore.runs.tasks import ExplainTask, TrainTask, key
from pxcore.settings import Settings
from pxcore.training.device import choose_device, device_name
from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import predict
from pxcore.types import Array, Dataset, Fold, TrainedModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One look at a trained model, ready to be asked."""

    request: ExplainRequest
    n_train: int
    device: str
    """In words."""
    seen: Seen
    limits: Normaliser

    @property
    def batch_size(self) -> int:
        """Cells a forward pass, to begin with."""
        return self.request.layout.batch_size

    def with_batches(self, size: int) -> ExplainRequest:
        """Return the same question with other batches."""
        return replace(self.request, layout=replace(self.request.layout, batch_size=size))


@contextmanager
def look(context: Context, task: ExplainTask) -> Iterator[Look]:
    """Yield what a method is asked about one trained model."""
    device, train, find = choose_device(Settings().device), task.train, context.artifacts.folder
    dataset = context.job.dataset
    trained, fold, means = load_model(find(key(train)))
    held = fold.valid if task.part == "valid" else fold.test
    with seen(context.artifacts, dataset, train, fold) as cells:
        network = network_of(train, dataset, trained).to(device)
        limits = Normaliser(trained.low, trained.high)
        tested = DeviceCells(cells.source, held, limits, device, cells.channels)
        layout = layout_of(context.artifacts.root, task, network, tested)
        layout.place(network)
        request = ExplainRequest(
            model=network,
            cells=tested,
            labels=np.array(cells.annotation.labels[held], dtype=np.int64),
            n_classes=len(dataset.classes),
            groups=cells.groups_of(held),
            read_masks=mask_reader(cells.source, held),
            mask_kind=cells.source.mask_kind,
            roles=task.roles,
            decoys=train.decoy_positions,
            train_mean=np.asarray(means, dtype=np.float64),
            retrained=_retrained(context, task, fold),
            seed=task.seed,
            options=task.method.options,
            last_convolution=MODELS[train.model.id].as_built(train.model.options).last_convolution,
            repeats=task.repeats,
            max_repeats=task.max_repeats or task.repeats or 1,
            layout=layout,
            tell=context.work.tell,
            stop=context.work.stop,
        )
        yield Look(
            request=request,
            n_train=len(fold.train),
            device=device_name(device),
            seen=cells,
            limits=limits,
        )


def network_of(train: TrainTask, dataset: Dataset, trained: TrainedModel) -> nn.Module:
    """Return the trained network; its random first weights are all replaced."""
    _, height, width = dataset.image_shape
    request = BuildRequest(
        n_channels=train.n_channels,
        n_classes=len(dataset.classes),
        image_size=(height, width),
        options=train.model.options,
    )
    network = build_network(train.model.id, request)
    network.load_state_dict(
        {name: torch.from_numpy(np.array(value)) for name, value in trained.weights.items()}
    )
    return network.eval()


def _retrained(context: Context, task: ExplainTask, fold: Fold) -> tuple[Array, ...]:
    """Return what the models trained without each channel say about the same held-out cells."""
    found = []
    for train in task.retrained:
        folder = context.artifacts.folder(key(train))
        tested = load_tested(folder)
        if not np.array_equal(tested.test, fold.test):
            message = (
                f"the training without a channel was tested on {len(tested.test)} cells that are "
                f"not the {len(fold.test)} of the training with all of them; start the run under "
                "a new seed"
            )
            raise RunError(message)
        test = task.part == "test"
        found.append(tested.probability.copy() if test else _on_validation(context, train))
    return tuple(found)


def _on_validation(context: Context, train: TrainTask) -> Array:
    """Return (n, K) what a trained model says about its validation cells: these are not stored."""
    device, dataset = choose_device(Settings().device), context.job.dataset
    trained, fold, _ = load_model(context.artifacts.folder(key(train)))
    limits = Normaliser(trained.low, trained.high)
    with seen(context.artifacts, dataset, train, fold) as cells:
        network = network_of(train, dataset, trained).to(device)
        held = DeviceCells(cells.source, fold.valid, limits, device, cells.channels)
        return predict(network, held, usual_batch(held), context.work.stop)

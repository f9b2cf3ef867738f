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
from pxcore.runs.execute.layouts import layout_of
from pxcore.runs.saved.model import load_model, load_tested
from pxcore.runs.tasks import ExplainTask, TrainTask, key
from pxcore.settings import Settings
from pxcore.training.device import choose_device, device_name
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, Dataset, TrainedModel


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
    with seen(context.artifacts, dataset, train, fold) as cells:
        network = network_of(train, dataset, trained).to(device)
        limits = Normaliser(trained.low, trained.high)
        tested = DeviceCells(cells.source, fold.test, limits, device, cells.channels)
        layout = layout_of(context.artifacts.root, task, network, tested)
        layout.place(network)
        request = ExplainRequest(
            model=network,
            cells=tested,
            labels=trained.test_labels.copy(),  # torch wants arrays it may write to
            n_classes=len(dataset.classes),
            groups=cells.test_groups,
            read_masks=mask_reader(cells.source, fold.test),
            mask_kind=cells.source.mask_kind,
            roles=task.roles,
            decoys=train.decoy_positions,
            train_mean=np.asarray(means, dtype=np.float64),
            retrained=_retrained(context, task, fold.test),
            seed=task.seed,
            options=task.method.options,
            last_convolution=MODELS[train.model.id].last_convolution,
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


def _retrained(context: Context, task: ExplainTask, test: Array) -> tuple[Array, ...]:
    """Return what the models trained without each channel say about the same test cells."""
    found = []
    for train in task.retrained:
        tested = load_tested(context.artifacts.folder(key(train)))
        if not np.array_equal(tested.test, test):
            message = (
                f"the training without a channel was tested on {len(tested.test)} cells that are "
                f"not the {len(test)} of the training with all of them; start the run under a "
                "new seed"
            )
            raise RunError(message)
        found.append(tested.probability.copy())
    return tuple(found)

"""The cells of a task, opened for reading, and the encoder that looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from torch import nn

from pxcore.data.centring import CentredCells
from pxcore.data.container import Container
from pxcore.data.normalise import Normaliser
from pxcore.data.source import CellSource
from pxcore.data.taken_cells import TakenCells
from pxcore.runs.saved.encoder import EncoderStory, load_encoder
from pxcore.runs.unlabelled.tasks import Taken
from pxcore.settings import Settings
from pxcore.store.artifacts import Artifacts
from pxcore.training.device import choose_device
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit_autoencoder import cells_of, network_of
from pxcore.types import Array
from pxcore.types.unlabelled import TrainedAutoencoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Cells of a task."""

    stored: CellSource
    """As they lie in the store, the chosen planes."""
    source: CellSource
    """As the encoder sees them: centred where that was asked."""
    notes: tuple[str, ...] = ()

    @property
    def everyone(self) -> Array:
        """(N,) all positions."""
        return np.arange(self.source.n_cells, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """A trained autoencoder as a network, with the cells it looks at."""

    opened: Opened
    trained: TrainedAutoencoder
    story: EncoderStory
    network: nn.Module
    """With the parts ``encoder`` and ``decoder``, in evaluation mode."""

    @property
    def limits(self) -> Normaliser:
        """What normalises cells as the encoder wants."""
        return Normaliser(self.trained.low, self.trained.high)

    def shown(self, cells: Array) -> DeviceCells:
        """Return cells by position, on the network's device."""
        device = next(self.network.parameters()).device
        return cells_of(self.trained, self.opened.source, cells, device)


@contextmanager
def opened(artifacts: Artifacts, taken: Taken) -> Iterator[Opened]:
    """Yield the cells. Raises DatasetError where they cannot be centred."""
    with Container.open(artifacts.folder(taken.pixels)) as container:
        stored = TakenCells(container, taken.channels)
        if not taken.centre:
            yield Opened(stored=stored, source=stored)
            return
        centred = CentredCells(stored)
        left = centred.n_left
        notes = (f"{left} cells have an empty mask and stay where they lie",) if left else ()
        yield Opened(stored=stored, source=centred, notes=notes)


@contextmanager
def encoding(artifacts: Artifacts, taken: Taken, encoder: str) -> Iterator[Encoding]:
    """Yield a trained autoencoder with the cells of a task. Raises StoreError without it."""
    trained, story = load_encoder(artifacts.folder(encoder))
    device = choose_device(Settings().device)
    with opened(artifacts, taken) as cells:
        network = network_of(trained, story.spec, cells.source.image_shape[1:], device)
        yield Encoding(opened=cells, trained=trained, story=story, network=network)

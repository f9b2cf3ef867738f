"""What a network sees: the data set's cells with the decoys of its fold, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pxcore.data.annotation import Annotation
from pxcore.data.container import Container
from pxcore.data.decoys import with_decoys
from pxcore.data.source import CellSource
from pxcore.runs.splits import folds
from pxcore.runs.tasks import TrainTask
from pxcore.store.artifacts import Artifacts
from pxcore.types import Array, Dataset, Fold


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """The cells of one training, opened for reading."""

    stored: CellSource
    """The data set's own channels."""
    source: CellSource
    """All channels of the data set, then the decoys."""
    channels: tuple[int, ...]
    """Positions in ``source`` of the channels that the network sees, decoys last."""
    annotation: Annotation
    fold: Fold

    def groups_of(self, cells: Array) -> Array | None:
        """Return (n,) the donor of each of these cells, or None when donors are unknown."""
        groups = self.annotation.known_groups
        return None if groups is None else groups[cells]


@contextmanager
def seen(
    artifacts: Artifacts, dataset: Dataset, train: TrainTask, fold: Fold | None = None
) -> Iterator[Seen]:
    """Yield the cells of a training.

    ``fold``: as it was stored with the trained model; None deals it. Raises DatasetError when the
    cells cannot be dealt to so many folds.
    """
    annotation = Annotation.load(artifacts.folder(dataset.annotation_key))
    with Container.open(artifacts.folder(dataset.pixels_key) / "cells.h5") as cells:
        if fold is None:
            share = train.training.valid_share
            dealt = folds(annotation, train.n_folds, train.split, train.split_seed, share)
            fold = dealt[train.fold]
        decoys = [(decoy.id, decoy.stains) for decoy in train.decoys]
        n_stored = cells.image_shape[0]
        yield Seen(
            stored=cells,
            source=with_decoys(cells, decoys, fold, train.split_seed) if decoys else cells,
            channels=(*train.channels, *range(n_stored, n_stored + len(decoys))),
            annotation=annotation,
            fold=fold,
        )

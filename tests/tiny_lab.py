"""A store with a tiny data set, for tests of runs: registered without an import."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from pxcore.data.annotation import Annotation
from pxcore.data.container import CellBlock, ContainerHeader, write_container
from pxcore.data.synthetic.ifc_cells import IfcParams, ifc_cells
from pxcore.runs import datasets
from pxcore.runs.execute import carry_out
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.imports import dataset_id
from pxcore.runs.job import Ended, Job
from pxcore.runs.presets import spec_from
from pxcore.runs.runner import Runner
from pxcore.runs.tasks import Lane
from pxcore.store.home import Store
from pxcore.store.keys import encode, key_of
from pxcore.types import Array, Channel, Dataset, MaskKind, MethodSpec, Panel, RunSpec


class InlineEngine:
    """Carries every task out at once, in this process: a whole run without workers."""

    device = "cpu"
    problem = ""
    patience = 0.0

    def __init__(self, store: Store) -> None:
        self._home = store.home
        self._over: list[Ended] = []

    def lanes(self) -> Mapping[Lane, int]:
        return {Lane.HEAVY: 1, Lane.LIGHT: 1}

    def submit(self, job: Job, lane: Lane) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PXCORE_DEVICE", "cpu")
            self._over.append(Ended(key=job.key, seconds=carry_out(str(self._home), encode(job))))

    def ended(self, timeout: float) -> list[Ended]:
        over, self._over = self._over, []
        return over

    def kill(self, key: str) -> None: ...

    def close(self) -> None: ...


def carry_on(store: Store) -> None:
    """Finish every run of the store in this process."""
    runner = Runner(store=store, engine=InlineEngine(store), desk=ImportDesk(store))
    runner.carry_on(threading.Event(), until_idle=True)


def tiny_dataset(store: Store, n_cells: int = 160, seed: int = 0) -> Dataset:
    """Return synthetic cells of three classes, 16 x 16, registered in the store."""
    cells = ifc_cells(IfcParams(n_cells=n_cells, size=16, n_classes=3, n_donors=4, seed=seed))
    annotation = Annotation(cells.labels, cells.groups, cells.classes, cells.group_names)
    return stored_dataset(
        store, (cells.images, cells.masks), annotation, cells.panel, truth=cells.truth
    )


def wide_dataset(store: Store, n_channels: int = 100) -> Dataset:
    """Return few such cells whose planes are repeated until there are many channels."""
    cells = ifc_cells(IfcParams(n_cells=90, size=16, n_classes=3, n_donors=4))
    images = np.tile(cells.images, (1, n_channels, 1, 1))[:, :n_channels]
    annotation = Annotation(cells.labels, cells.groups, cells.classes, cells.group_names)
    names = (f"Protein {number:03d}" for number in range(n_channels))
    panel = Panel(tuple(Channel(name=name) for name in names))
    return stored_dataset(store, (images, cells.masks), annotation, panel)


def stored_dataset(
    store: Store,
    pictures: tuple[Array, Array],
    annotation: Annotation,
    panel: Panel,
    *,
    truth: tuple[str, ...] = (),
) -> Dataset:
    """Return cells registered in the store. ``pictures``: images and masks of the cells."""
    images, masks = pictures
    n_cells, size = len(images), images.shape[2:]
    header = ContainerHeader(
        image_shape=images.shape[1:], dtype=images.dtype, mask_kind=MaskKind.CELL, mask_channels=1
    )
    block = CellBlock(
        images=images,
        masks=masks,
        object_number=np.arange(n_cells, dtype=np.int64),
        sizes=np.full((n_cells, 2), size, dtype=np.int64),
    )
    pixels, labels = store.artifacts.temporary("pixels"), store.artifacts.temporary("labels")
    written = write_container(pixels / "cells.h5", header, [block])
    annotation.save(labels)
    pixels_key = key_of("pixels", written.content_hash)
    annotation_key = key_of("annotation", annotation.content_hash)
    store.artifacts.adopt(pixels_key, pixels)
    store.artifacts.adopt(annotation_key, labels)
    dataset = Dataset(
        id=dataset_id(written.content_hash, annotation.content_hash),
        title="tiny",
        panel=panel,
        classes=annotation.classes,
        class_counts=annotation.class_counts,
        n_cells=n_cells,
        image_shape=header.image_shape,
        dtype=str(images.dtype),
        mask_kind=MaskKind.CELL,
        groups=annotation.group_names,
        truth=truth,
        pixels_key=pixels_key,
        annotation_key=annotation_key,
    )
    return datasets.register(store, dataset, "0" * 64)


def tiny_spec(dataset: Dataset, *, max_epochs: int = 2, repeats: int | None = 2) -> RunSpec:
    """Return a run of seconds: two folds, two epochs, one method, three channels, no decoys."""
    spec = spec_from("fast", dataset, owner="ann")
    return replace(
        spec,
        training=replace(spec.training, max_epochs=max_epochs, batch_size=32),
        methods=(MethodSpec(id="pxpermute"),),
        channels=(0, 1, 2),
        n_folds=2,
        repeats=repeats,
        decoys=(),
        redundancy=False,
    )

"""Cells with a planted marker for staged plans, and tiny runs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.runs import datasets, drafts, ledger
from pxcore.store.home import Store
from pxcore.types import Channel, Dataset, MethodSpec, Panel, Role, RunSpec, TrainingParams
from tests.tiny_lab import stored_dataset, tiny_spec

SIZE, DONORS, CELLS = 12, 4, 160
STRONG = {"CD3": 900, "CD19": 450}
"""How much brighter a marker is in cells of the second class; others tell nothing."""


def marker_dataset(
    store: Store,
    markers: Sequence[str],
    title: str = "cells",
    strong: Mapping[str, int] = STRONG,
) -> Dataset:
    """Return cells of two classes and four donors: brightfield, then these markers."""
    rng = np.random.default_rng([ord(letter) for letter in "".join(markers)])
    labels = np.arange(CELLS) % 2
    images = rng.integers(0, 600, (CELLS, 1 + len(markers), SIZE, SIZE))
    for channel, marker in enumerate(markers, start=1):
        images[:, channel] += strong.get(marker, 0) * labels[:, None, None]
    annotation = Annotation(
        labels, np.arange(CELLS) // 2 % DONORS, ("low", "high"), tuple(f"d{d}" for d in range(4))
    )
    names = [f"Ch{number:02}" for number in range(2, 2 + len(markers))]
    stains = [
        Channel(name=name, marker=marker) for name, marker in zip(names, markers, strict=True)
    ]
    panel = Panel((Channel(name="BF", role=Role.BRIGHTFIELD), *stains))
    masks = np.ones((CELLS, 1, SIZE, SIZE), np.uint8)
    dataset = stored_dataset(store, (images.astype(np.uint16), masks), annotation, panel)
    return datasets.edit(store, dataset.id, title, dataset.panel)


def short(spec: RunSpec, max_epochs: int = 5) -> RunSpec:
    """Return a spec that takes a second: two folds, few epochs, no decoys."""
    training = replace(spec.training, max_epochs=max_epochs, batch_size=16)
    return replace(
        spec, training=training, n_folds=2, repeats=2, max_repeats=2, decoys=(), redundancy=False
    )


def learning(max_epochs: int = 6) -> TrainingParams:
    """Return a training that learns what is planted, in a second."""
    return TrainingParams(
        max_epochs=max_epochs,
        batch_size=16,
        learning_rate=3e-3,
        schedule="one_cycle",
        balance="weights",
    )


def queue(store: Store, dataset: Dataset, channels: tuple[int, ...] = (), **changes: object) -> str:
    """Return a queued run on all channels, or some, ranked by permuting cells."""
    spec = tiny_spec(dataset, max_epochs=1)
    spec = replace(spec, channels=channels, methods=(MethodSpec(id="permute_cells"),))
    spec = replace(spec, **changes)
    return ledger.submit(store, drafts.frozen_spec(store, spec))

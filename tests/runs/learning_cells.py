"""Cells whose answer a small network learns in seconds, each part of it planted."""

from __future__ import annotations

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.store.home import Store
from pxcore.types import Channel, Dataset, Panel
from tests.tiny_lab import stored_dataset

SIZE, DONORS = 16, 4
MARKER, DONOR, NOISE = range(3)
CLASSES = ("low", "high", "rare")
COUNTS = (120, 120, 20)
RARE = 2
"""A class with too few cells to count."""


def learning_dataset(store: Store, seed: int = 0) -> Dataset:
    """Return cells of two classes and a rare third, of four donors.

    Channel ``marker`` is the brighter the later the class: in every donor, if not in every cell.
    Channel ``donor`` has a bright stripe in many cells of the second class, elsewhere in every
    donor: of most use where a donor's other cells were trained on. Channel ``noise`` says nothing.
    """
    rng = np.random.default_rng(seed)
    labels = np.repeat(range(3), COUNTS)
    groups, n = np.arange(len(labels)) % DONORS, len(labels)
    told = np.where(rng.random(n) < 0.92, labels, 1 - labels % 2)
    images = rng.integers(0, 600, (n, 3, SIZE, SIZE))
    images[:, MARKER] += 700 * told[:, None, None]
    for cell, (label, donor) in enumerate(zip(labels, groups, strict=True)):
        if label == 1 and rng.random() < 0.6:
            images[cell, DONOR, :, 4 * donor : 4 * donor + 4] += 500
    masks = np.ones((n, 1, SIZE, SIZE), np.uint8)
    names = tuple(f"d{donor}" for donor in range(DONORS))
    annotation = Annotation(labels, groups, CLASSES, names)
    panel = Panel(tuple(Channel(name=name) for name in ("marker", "donor", "noise")))
    return stored_dataset(store, (images.astype(np.uint16), masks), annotation, panel)

"""Cells of three kinds that a small autoencoder tells apart in seconds, and what is asked of them.

Channel ``Left`` is bright on the left in the first kind, ``Right`` on the right in the second;
the third has neither. ``BF`` says nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pxcore.doors.unlabelled import Unlabelled
from pxcore.runs import imports
from pxcore.store.home import Store
from pxcore.types import Dataset, ImportRequest
from pxcore.types.unlabelled_ask import ClusterAsk

N, SIZE, KINDS = 120, 18, ("first", "second", "third")
BF, LEFT, RIGHT = range(3)


def hidden_kinds(n: int = N) -> np.ndarray:
    """Return (n,) the kind of each cell."""
    return np.arange(n) % 3


def hidden_dataset(
    store: Store, folder: Path, n: int = N, *, labelled: bool = True, donors: int = 0
) -> Dataset:
    """Return the cells, imported from a stack file; of so many donors, who have every kind."""
    rng, kinds = np.random.default_rng(n), hidden_kinds(n)
    images = rng.integers(0, 200, (n, 3, SIZE, SIZE))
    images[kinds == 0, LEFT, :, : SIZE // 2] += 900
    images[kinds == 1, RIGHT, :, SIZE // 2 :] += 900
    given = {"images": images.astype(np.uint16), "channel_names": np.array(["BF", "Left", "Right"])}
    if labelled:
        given["labels"] = np.array(KINDS)[kinds]
    if donors:
        given["groups"] = np.array([f"donor {number}" for number in np.arange(n) // 3 % donors])
    path = folder / f"cells_{n}_{labelled}_{donors}.npz"
    np.savez(path, **given)
    request = ImportRequest(path=str(path), title="hidden")
    return imports.bring_in(store, request, lambda _step, _share: None)


def small_ask(store: Store, dataset: Dataset, epochs: int = 40) -> ClusterAsk:
    """Return a clustering of seconds: a narrow network, three clusters."""
    ask = Unlabelled(store).draft(dataset.id)
    options = (("code", 8), ("width", 2))
    return replace(
        ask, epochs=epochs, learning_rate=5e-3, clusters=3, components=3, options=options
    )

"""What a method does to one channel of one cell, in a child process that may load torch.

The method itself is run, on a model that only keeps the pictures it is shown: no second
version of any perturbation can drift from the real one.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pxcore.data.container import Container
from pxcore.errors import PanelError
from pxcore.runs import datasets
from pxcore.runs.child import run_child
from pxcore.runs.choices import check_method
from pxcore.runs.galleries import annotation_of
from pxcore.runs.method_names import parse_method
from pxcore.store.home import Store
from pxcore.store.keys import encode, key_of
from pxcore.types import Array, PermutedExample

PARTNERS = 24
"""Further cells, for methods that exchange cells."""
SECONDS = 120
FILE = "example.npz"


def permuted_example(
    store: Store, dataset_id: str, position: int, channel: int, method: str
) -> PermutedExample:
    """Return one channel of a cell before and after a method's perturbation.

    Computed once, then kept. Raises MethodError for an unknown method, PanelError for a channel
    that is not there, DatasetError for a cell that is not there.
    """
    dataset = datasets.one(store, dataset_id)
    spec = parse_method(method)
    if not 0 <= channel < len(dataset.panel):
        message = f"channel {channel} is not there; the data set has {len(dataset.panel)}"
        raise PanelError(message)
    check_method(spec)
    roles = [str(one.role) for one in dataset.panel.channels]
    key = key_of("example", dataset.pixels_key, dataset.annotation_key, position, channel, spec,
                 roles)  # fmt: skip
    if not store.artifacts.has(key):
        with store.artifacts.write(key) as folder:
            _draw(store, dataset_id, position, folder, json.dumps(
                {"channel": channel, "method": encode(spec), "roles": roles}
            ))  # fmt: skip
        store.note_artifacts({"example": key})
    with np.load(store.artifacts.folder(key) / FILE, allow_pickle=False) as arrays:
        return PermutedExample(
            before=arrays["before"],
            after=arrays["after"],
            mask=arrays.get("mask"),
            note=str(arrays["note"]),
        )


def _draw(store: Store, dataset_id: str, position: int, folder: Path, request: str) -> None:
    """Write a few cells into ``folder`` and have the child process make the example there."""
    dataset = datasets.one(store, dataset_id)
    groups = annotation_of(store, dataset).groups
    cells = _with_partners(position, groups)
    with Container.open(store.artifacts.folder(dataset.pixels_key)) as container:
        arrays = {"images": container.images(cells), "groups": groups[cells]}
        masks = container.masks(cells)
    if masks is not None:
        arrays["masks"] = masks
    given = folder / "cells.npz"
    np.savez(given, allow_pickle=False, **arrays)
    kind = str(dataset.mask_kind)
    try:
        run_child("pxcore.runs.preview_child", (str(folder), kind), request, "the example", SECONDS)
    finally:
        given.unlink()


def _with_partners(position: int, groups: Array) -> Array:
    """Return the cell and some others of its group (of all when that is small)."""
    same = np.flatnonzero(groups == groups[position])
    others = same[same != position]
    if len(others) == 0:
        others = np.delete(np.arange(len(groups)), position)
    picked = np.random.default_rng(position).permutation(others)[:PARTNERS]
    return np.concatenate([[position], picked]).astype(np.int64)

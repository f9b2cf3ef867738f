"""Small files in the layouts of the public data sets, and a catalogue that points to a server."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import h5py
import numpy as np
import pytest

from pxcore.data.catalogue import CATALOGUE
from pxcore.data.download import Order
from pxcore.doors.public import PublicSets
from pxcore.errors import DatasetError
from pxcore.registry import Registry
from pxcore.runs import catalogue
from pxcore.store.home import Store
from pxcore.types.public import PublicState
from tests.file_server import Site

At = Callable[..., None]
PIXELS = np.random.default_rng(1)


def hdf5(**arrays: object) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return stream.getvalue()


def apoptotic(n: int = 24) -> bytes:
    images = PIXELS.integers(0, 4000, (n, 32, 32, 2)).astype(np.uint16)
    return hdf5(X=images, y=np.arange(n) % 2, fnames=np.array([b"x"] * n))


def archive(channels: int, labels: tuple[str | None, ...]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for i, label in enumerate(labels):
            image = PIXELS.integers(0, 4000, (20, 20, channels)).astype(np.uint16)
            arrays: dict[str, object] = {"image": image, "mask": image > 900}
            if label is not None:
                arrays["label"] = np.bytes_(label)
            name = f"data/Experiment_1/Donor_{i % 2}/condition_1/cell_{i}.h5"
            file.writestr(name, hdf5(**arrays))
    return stream.getvalue()


FILES = {
    "apoptotic": apoptotic(),
    "synapse": archive(8, ("B cell", "T cell", None, "T cell", "B cell", None)),
    "blood": archive(12, ("CD4+ T", "CD8+ T", "unknown", "CD4+ T")),
}


def point_to(monkeypatch: pytest.MonkeyPatch, set_id: str, site: Site, **more: object) -> None:
    """Let one entry of the catalogue be fetched from a server on loopback."""
    entries = [
        replace(entry, url=site.address, **more) if entry.id == set_id else entry  # type: ignore[arg-type]
        for entry in CATALOGUE.values()
    ]
    monkeypatch.setattr(catalogue, "CATALOGUE", Registry("public data set", entries, DatasetError))
    quick = partial(Order, loopback=True, wait=0.01, tries=2, timeout=5.0)
    monkeypatch.setattr(catalogue, "Order", quick)


def quiet(_step: str, _share: float) -> None:
    return None


def state(lab: Store, set_id: str) -> PublicState:
    return next(one for one in PublicSets(lab).states() if one.entry.id == set_id)

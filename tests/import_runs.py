"""Imports in a test: a small stack file, and one run of the import process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import psutil

from pxcore.data.ingest import Ingested, ingest
from pxcore.data.limits import Limits
from pxcore.types import ImportRequest

IMAGES = np.random.default_rng(0).integers(0, 4000, (40, 3, 8, 8)).astype(np.uint16)
LIMITS = Limits(keep_free=0)
Tell = Callable[[str, float], None]


def stack_file(path: Path, images: np.ndarray = IMAGES, **more: object) -> Path:
    with h5py.File(path, "w") as file:
        file["images"] = images
        for name, value in more.items():
            if name.endswith("_names"):
                file.attrs[name] = value
            else:
                file[name] = value
    return path


def run(
    folder: Path,
    path: Path | str,
    limits: Limits = LIMITS,
    tell: Tell = lambda _step, _share: None,
    **request: object,
) -> Ingested:
    return ingest(ImportRequest(path=str(path), **request), folder / "work", limits, tell)


def assert_clean(folder: Path) -> None:
    """Nothing half-made is left, no child lives on."""
    assert list((folder / "work").iterdir()) == []
    assert_no_child_lives()


def assert_no_child_lives() -> None:
    children = psutil.Process().children(recursive=True)
    assert not [child for child in children if "ingest_child" in " ".join(child.cmdline())]


def sparse(path: Path, shape: tuple[int, int, int, int]) -> Path:
    """Write float64 zeros that take no disk: allocated in the file, never filled."""
    with h5py.File(path, "w") as file:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple(shape)
        h5py.h5d.create(file.id, b"images", h5py.h5t.NATIVE_DOUBLE, space, plist)
    return path

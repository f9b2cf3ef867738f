"""One small file or folder for every format of the table, with what must come out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import tifffile

from tests.cif_writer import write_cif


@dataclass(frozen=True)
class Example:
    """``images``: (C, h, w) of every cell in order; None where they are drawn, not given."""

    path: Path
    images: list[np.ndarray] | None
    options: tuple[tuple[str, str], ...] = ()


def cells(sizes: list[tuple[int, int]]) -> list[np.ndarray]:
    generator = np.random.default_rng(4)
    return [generator.integers(1, 4000, (3, h, w)).astype(np.uint16) for h, w in sizes]


def stack(folder: Path) -> Example:
    images = cells([(8, 6)] * 5)
    with h5py.File(folder / "cells.h5", "w") as file:
        file["images"] = np.stack(images)
        # Texts of fixed length: a changed byte in a text of free length promises gigabytes, which
        # only the import process with its limits may try to read.
        file["labels"] = np.array([b"a", b"b", b"a", b"b", b"a"])
        file.attrs["channel_names"] = np.array([b"BF", b"CD3", b"PI"])
    return Example(folder / "cells.h5", images)


def scifai(folder: Path) -> Example:
    images = cells([(8, 6), (7, 9), (10, 10)])
    for i, image in enumerate(images):
        place = folder / "cells" / f"d{i % 2}" / f"cell_{i}.h5"
        place.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(place, "w") as file:
            file["image"] = image.transpose(1, 2, 0)
            file["mask"] = image.transpose(1, 2, 0) > 900
            file["label"] = np.bytes_("a" if i else "b")
    return Example(folder / "cells", [images[0], images[2], images[1]])  # by path: d0, d0, d1


def tissue(folder: Path) -> Example:
    images = cells([(8, 6), (7, 9), (10, 10)])
    lines = ["image,patient,class"]
    for i, image in enumerate(images):
        place = folder / "study" / f"t{i}.tiff"
        place.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(place, image, photometric="minisblack", metadata=None)
        lines.append(f"t{i}.tiff,p{i},{'ab'[i % 2]}")
    (folder / "study" / "images.csv").write_text("\n".join(lines))
    return Example(folder / "study", images)


def ideas_tiff(folder: Path) -> Example:
    images = cells([(8, 6), (7, 9), (10, 10)])
    for i, image in enumerate(images):
        for channel, plane in enumerate(image):
            place = folder / "export" / ("T" if i else "B") / f"{i}_Ch{channel + 1}.ome.tif"
            place.parent.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(place, plane, photometric="minisblack", metadata=None)
    return Example(folder / "export", images)


def cif(folder: Path) -> Example:
    images = cells([(8, 6), (7, 9), (10, 10)])
    masks = [(image > 900).astype(np.uint8) for image in images]
    (folder / "cells.cif").write_bytes(write_cif(images, masks, ["BF", "CD3", "PI"]))
    return Example(folder / "cells.cif", images)


def dali(folder: Path) -> Example:
    images = [image[:2] for image in cells([(8, 6)] * 5)]
    with h5py.File(folder / "X_M1.h5", "w") as file:
        file["X"] = np.stack(images).transpose(0, 2, 3, 1)
        file["y"] = np.array([0, 1, 1, 0, 1])
        file["fnames"] = np.array([b"0_Ch1", b"1_Ch1", b"2_Ch1", b"3_Ch1", b"4_Ch1"])
    return Example(folder / "X_M1.h5", images)


def demo(folder: Path) -> Example:
    return Example(Path("demo"), None, (("n_cells", "12"), ("size", "24"), ("seed", "5")))


def multiplex_circles(folder: Path) -> Example:
    settings = {"n_images": "9", "size": "16", "channels": "8", "seed": "5"}
    return Example(Path("multiplex_circles"), None, tuple(settings.items()))


def unlabelled_cells(folder: Path) -> Example:
    settings = {"form": "paired", "n_cells": "9", "size": "16", "depth": "3", "seed": "5"}
    return Example(Path("unlabelled_cells"), None, tuple(settings.items()))


EXAMPLES: dict[str, Callable[[Path], Example]] = {
    "stack": stack,
    "scifai": scifai,
    "tissue": tissue,
    "ideas_tiff": ideas_tiff,
    "cif": cif,
    "dali": dali,
    "demo": demo,
    "multiplex_circles": multiplex_circles,
    "unlabelled_cells": unlabelled_cells,
}

"""Small tissue studies on disk: images, masks and tables as labs keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

HEAD = "image,patient,class,mask"


def pixels(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return float32 counts with many zeros, as imaging mass cytometry has them."""
    rng = np.random.default_rng(seed)
    return (rng.poisson(0.7, shape) * rng.gamma(2.0, 1.0, shape)).astype(np.float32)


def labels(shape: tuple[int, int], boxes: dict[int, tuple[int, int, int, int]]) -> np.ndarray:
    """Return a label mask: of each cell its top, left, height and width."""
    mask = np.zeros(shape, np.uint32)
    for number, (top, left, height, width) in boxes.items():
        mask[top : top + height, left : left + width] = number
    return mask


def write(path: Path, image: np.ndarray, **more: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    given: dict[str, object] = {"photometric": "minisblack", "metadata": None} | more
    tifffile.imwrite(path, image, **given)
    return path


def write_ome(path: Path, image: np.ndarray, names: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"axes": "CYX", "Channel": {"Name": names}}
    tifffile.imwrite(path, image, ome=True, photometric="minisblack", metadata=metadata)
    return path


def table(folder: Path, *lines: str, head: str = HEAD, name: str = "images.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return folder


def study(folder: Path, n_images: int = 4, n_channels: int = 5, side: int = 20) -> Path:
    """Write images with masks of two cells each, patients in twos, two classes in turn."""
    lines = []
    for i in range(n_images):
        write(folder / f"i{i}.tiff", pixels((n_channels, side, side + i), seed=i))
        mask = labels((side, side + i), {3: (1, 1, 4, 4), 70_000: (9, 8, 5, 6)})
        write(folder / "masks" / f"i{i}.tiff", mask)
        lines.append(f"i{i}.tiff,p{i // 2},g{i % 2},masks/i{i}.tiff")
    return table(folder, *lines)

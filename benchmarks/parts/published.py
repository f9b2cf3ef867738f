"""The published way to run PXPermute, rewritten from its description as a yardstick for speed.

What costs time is kept: every repeat of every channel opens one HDF5 file a cell, brings each
channel to size in double precision, scales and clips it, permutes one channel with a fresh order
for the image, stacks batches of 128 in a data loader and collects predictions cell by cell.
What was wrong in the original is not rewritten: the network is in evaluation mode, and the files
lie in memory (page cache), which flatters it.

Source: Shetab Boushehri et al. 2024; marrlab/pxpermute at dc90af1 and marrlab/scifAI.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import nn
from torch.utils.data import DataLoader, Dataset

from pxcore.types import Array

BATCH = 128
DIVISOR = 4095.0


class CellFiles(Dataset[tuple[torch.Tensor, int]]):
    """One file a cell, read whenever the cell is asked for, one channel permuted."""

    def __init__(self, paths: list[Path], labels: Array, limits: tuple[Array, Array]) -> None:
        self.paths, self.labels = paths, labels
        self.low, self.high = (torch.from_numpy(v.reshape(-1, 1, 1) / DIVISOR) for v in limits)
        self.size = 64
        self.permuted: int | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, position: int) -> tuple[torch.Tensor, int]:
        with h5py.File(self.paths[position], "r") as file:
            stored = file["image"][()] / DIVISOR  # (H, W, C) float64
        image = np.zeros((stored.shape[2], self.size, self.size))
        for channel in range(stored.shape[2]):
            image[channel] = to_size(stored[:, :, channel], self.size)
        scaled = torch.from_numpy(image.copy())
        scaled = (scaled - self.low) / (self.high - self.low)
        scaled[scaled < 0] = 0
        scaled[scaled > 1] = 1
        if self.permuted is not None:
            pixels = scaled[self.permuted].flatten()
            order = torch.randperm(len(pixels))
            scaled[self.permuted] = pixels[order].reshape(self.size, self.size)
        return scaled.float(), int(self.labels[position])


def to_size(plane: Array, size: int) -> Array:
    """Cut or fill a plane around its centre, filling with its mean."""
    for axis in (0, 1):
        missing = size - plane.shape[axis]
        first = abs(missing) // 2
        if missing < 0:
            plane = np.take(plane, range(first, first + size), axis=axis)
        widths = [(0, 0), (0, 0)]
        widths[axis] = (first, max(missing, 0) - first) if missing > 0 else (0, 0)
        plane = np.pad(plane, widths, constant_values=plane.mean())
    return plane


def write_files(folder: Path, images: Array) -> list[Path]:
    """Write (n, C, H, W) cells as the authors store them, one ``image`` (H, W, C) a file."""
    paths = []
    for number, image in enumerate(images):
        paths.append(folder / f"cell_{number}.h5")
        with h5py.File(paths[-1], "w") as file:
            file["image"] = np.ascontiguousarray(image.transpose(1, 2, 0))
    return paths


def one_pass(model: nn.Module, cells: CellFiles, channel: int | None, workers: int) -> Array:
    """F1 per class with one channel permuted once: the inner loop of the published procedure."""
    cells.permuted = channel
    true: list[int] = []
    predicted: list[int] = []
    with torch.no_grad():
        for images, labels in DataLoader(cells, batch_size=BATCH, num_workers=workers):
            classes = model(images).argmax(dim=1)
            for i in range(len(classes)):
                true.append(labels[i].item())
                predicted.append(classes[i].item())
    scores: Array = f1_score(true, predicted, average=None)
    return scores

"""What a data set's page shows at once: contrast, histograms, counts, warnings. Computed once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pxcore.data.quality_donors import CellFeatures
from pxcore.data.single_cells import SingleCells
from pxcore.errors import DatasetError
from pxcore.types import Array, frozen

FILE_NAME = "overview.npz"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overview:
    """Channels in panel order; classes and groups in the order of their numbers.

    Per-class rows have one row more than there are classes, the last for unlabelled cells, and
    per-group columns likewise for cells of unknown group.
    """

    low: Array
    """(C,) float64: pixel value drawn black, 0.05 percentile of non-zero pixels"""
    high: Array
    """(C,) float64: pixel value drawn white, 99.95 percentile; always above ``low``"""
    pixel_edges: Array
    """(C, 65) float64: from ``low`` to ``high``"""
    pixel_counts: Array
    """(C, 64) int64: pixels of the sampled cells; those outside stand in the end bins"""
    n_sampled: int
    """Cells that limits and pixel histograms were taken from, evenly spaced over the data set."""
    cell_means: Array
    """(N, C) float32: mean pixel of each cell"""
    mean_edges: Array
    """(C, 65) float64: from the smallest to the largest cell mean"""
    mean_counts: Array
    """(C, K + 1, 64) int64: cells"""
    class_by_group: Array
    """(K + 1, G + 1) int64: cells"""
    inside_means: Array | None = None
    """(N, C) float32: mean pixel inside each cell's mask, of its true pixels where masks only tell
    padding; None without masks and in older files"""
    single_cells: SingleCells | None = None
    """Means of the single cells in whole images with label masks; None without and in older
    files."""
    features: CellFeatures | None = None
    """Of some cells, to try whether donors can be told apart; None in older files."""
    classes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    pixel_warnings: tuple[str, ...] = ()
    """Plain sentences of the quality check about channels and cells."""
    class_warnings: tuple[str, ...] = ()
    """The same about classes and donors."""

    def __post_init__(self) -> None:
        frozen(self, *_ARRAYS)
        if self.inside_means is not None:
            frozen(self, "inside_means")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything the quality check says."""
        return self.pixel_warnings + self.class_warnings

    @property
    def own_parts(self) -> tuple[str, ...]:
        """Hashes of what does not follow from the stored pixels and labels; mostly empty."""
        return () if self.single_cells is None else (self.single_cells.content_hash,)

    def save(self, folder: Path) -> None:
        """Write ``overview.npz`` into an existing folder."""
        values = {name: np.asarray(getattr(self, name)) for name in (*_ARRAYS, "n_sampled")}
        texts = {name: np.array(getattr(self, name), dtype=np.str_) for name in _TEXTS}
        if self.inside_means is not None:
            values |= {"inside_means": self.inside_means}
        if self.single_cells is not None:
            one = self.single_cells
            values |= {"single_counts": one.counts, "single_sums": one.sums}
        if self.features is not None:
            values |= {"feature_cells": self.features.cells, "features": self.features.values}
        np.savez_compressed(folder / FILE_NAME, allow_pickle=False, **(values | texts))

    @classmethod
    def load(cls, folder: Path) -> Overview:
        """Read what `save` wrote. Raises DatasetError when it is missing or damaged."""
        try:
            with np.load(folder / FILE_NAME, allow_pickle=False) as file:
                texts = [tuple(str(text) for text in file[name]) for name in _TEXTS]
                features = None
                if "features" in file:
                    features = CellFeatures(file["feature_cells"], file["features"])
                single_cells = None
                if "single_counts" in file:
                    single_cells = SingleCells(file["single_counts"], file["single_sums"])
                return cls(
                    features=features,
                    single_cells=single_cells,
                    inside_means=file.get("inside_means", None),
                    n_sampled=int(file["n_sampled"]),
                    classes=texts[0],
                    groups=texts[1],
                    pixel_warnings=texts[2],
                    class_warnings=texts[3],
                    **{name: file[name] for name in _ARRAYS},
                )
        except (OSError, ValueError, KeyError) as error:
            message = f"the overview cannot be read ({error}); import the data set again"
            raise DatasetError(message) from error


_ARRAYS = (
    "low", "high", "pixel_edges", "pixel_counts", "cell_means", "mean_edges", "mean_counts",
    "class_by_group",
)  # fmt: skip
_TEXTS = ("classes", "groups", "pixel_warnings", "class_warnings")

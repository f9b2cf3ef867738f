"""What a data set's page shows at once: contrast, histograms, counts, warnings. Computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.data.quality import check_classes
from pxcore.data.quality_donors import CellFeatures, cell_features
from pxcore.data.single_cells import SingleCells
from pxcore.data.source import CellSource, blocks
from pxcore.errors import DatasetError
from pxcore.types import Array, MaskKind, frozen

FILE_NAME = "overview.npz"
BINS = 64
LOW_PERCENTILE, HIGH_PERCENTILE = 0.05, 99.95
SAMPLED_PIXELS = 4 * 1024**2
"""Pixels of one channel that limits and pixel histograms are taken from, at most."""

_SAMPLED_AT_ONCE = 64 * 1024**2
"""Pixels of all channels held for that, at most."""


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


def overview(
    source: CellSource,
    annotation: Annotation,
    pixel_warnings: tuple[str, ...] = (),
    tell: Callable[[float], None] = lambda _: None,
) -> Overview:
    """Return the overview of all cells, read in blocks; ``tell`` gets the share done.

    ``pixel_warnings``: as `pxcore.data.quality.check_pixels` says them.
    """
    n_channels = source.image_shape[0]
    cell_means = np.empty((source.n_cells, n_channels), dtype=np.float32)
    inside_means = None if source.mask_kind is MaskKind.NONE else np.empty_like(cell_means)
    for block in blocks(source):
        images = source.images(block)  # (b, C, H, W)
        cell_means[block] = images.mean(axis=(2, 3), dtype=np.float64)
        if inside_means is not None:
            inside_means[block] = _inside(images, source.masks(block), cell_means[block])
        tell((int(block[-1]) + 1) / source.n_cells / 2)
    planes = _sampled_planes(source)  # (C, S, H, W)
    low, high = np.empty(n_channels), np.empty(n_channels)
    edges = np.empty((n_channels, BINS + 1))
    counts = np.empty((n_channels, BINS), dtype=np.int64)
    for channel, pixels in enumerate(planes.reshape(n_channels, -1)):
        low[channel], high[channel] = contrast_limits(pixels)
        edges[channel] = np.linspace(low[channel], high[channel], BINS + 1)
        counts[channel] = _histogram(pixels, edges[channel])
        tell(0.5 + (channel + 1) / n_channels / 2)
    mean_edges = np.stack([_edges(values) for values in cell_means.T])
    empty = Overview(
        low=low,
        high=high,
        pixel_edges=edges,
        pixel_counts=counts,
        n_sampled=planes.shape[1],
        cell_means=cell_means,
        mean_edges=mean_edges,
        mean_counts=np.zeros((n_channels, 1, BINS), dtype=np.int64),
        class_by_group=np.zeros((1, 1), dtype=np.int64),
        inside_means=inside_means,
        features=cell_features(source),
        pixel_warnings=pixel_warnings,
    )
    return with_annotation(empty, annotation)


def with_annotation(before: Overview, annotation: Annotation) -> Overview:
    """Return the overview of the same cells under other labels, without reading a pixel.

    Raises
    ------
    DatasetError
        When the annotation has another number of cells.
    """
    n_cells, n_channels = before.cell_means.shape
    if len(annotation) != n_cells:
        message = f"{len(annotation)} labels for {n_cells} cells; give one a cell"
        raise DatasetError(message)
    labels, groups = _rows(annotation.labels, annotation.classes), annotation.groups
    columns = _rows(groups, annotation.group_names)
    table = np.zeros((len(annotation.classes) + 1, len(annotation.group_names) + 1), np.int64)
    np.add.at(table, (labels, columns), 1)
    counts = np.zeros((n_channels, len(annotation.classes) + 1, BINS), np.int64)
    for channel, edges in enumerate(before.mean_edges):
        bins = _bins(before.cell_means[:, channel], edges)
        np.add.at(counts[channel], (labels, bins), 1)
    return replace(
        before,
        mean_counts=counts,
        class_by_group=table,
        classes=annotation.classes,
        groups=annotation.group_names,
        class_warnings=check_classes(
            annotation.labels,
            annotation.groups,
            classes=annotation.classes,
            group_names=annotation.group_names,
            features=before.features,
        ),
    )


def _inside(images: Array, masks: Array | None, whole: Array) -> Array:
    """Return (b, C) mean pixels inside the masks; ``whole`` stands in for an empty mask."""
    if masks is None:
        return whole
    inside = masks > 0  # (b, 1 or C, H, W)
    counts = inside.sum(axis=(2, 3))
    sums = np.einsum(
        "bchw,bchw->bc", images, np.broadcast_to(inside, images.shape), dtype=np.float64
    )
    return np.where(counts > 0, sums / np.maximum(counts, 1), whole)


def contrast_limits(pixels: Array) -> tuple[float, float]:
    """Return the 0.05 and 99.95 percentiles of the non-zero pixels, the second one larger."""
    shown = pixels[pixels != 0]
    if shown.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(shown, [LOW_PERCENTILE, HIGH_PERCENTILE])
    return float(low), float(high if high > low else low + max(1.0, abs(low) * 1e-3))


def _sampled_planes(source: CellSource) -> Array:
    """Return (C, S, H, W) pixels of evenly spaced cells, as many as the caps allow."""
    c, h, w = source.image_shape
    most = max(1, min(SAMPLED_PIXELS, _SAMPLED_AT_ONCE // c) // (h * w))
    n = min(source.n_cells, most)
    sample = np.linspace(0, source.n_cells - 1, n).round().astype(np.int64)
    planes = np.empty((c, n, h, w), source.dtype)
    step = max(1, n // 16)
    for start in range(0, n, step):
        part = source.images(sample[start : start + step])  # (S', C, H, W)
        planes[:, start : start + step] = part.swapaxes(0, 1)
    return planes


def _edges(values: Array) -> Array:
    low, high = float(values.min()), float(values.max())
    return np.linspace(low, high if high > low else low + 1.0, BINS + 1)


def _bins(values: Array, edges: Array) -> Array:
    """Return the bin of each value; values outside go to the end bins."""
    share = (values.astype(np.float64) - edges[0]) / (edges[-1] - edges[0])
    bins: Array = np.clip((share * BINS).astype(np.int64), 0, BINS - 1)
    return bins


def _histogram(values: Array, edges: Array) -> Array:
    counts: Array = np.bincount(_bins(values, edges), minlength=BINS)
    return counts


def _rows(numbers: Array, names: tuple[str, ...]) -> Array:
    """Return row numbers, with -1 as the last row."""
    return np.where(numbers < 0, len(names), numbers)

"""Overviews made: of all cells from their pixels, and of the same cells under other labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.data.overview import Overview
from pxcore.data.quality import check_classes
from pxcore.data.quality_donors import cell_features
from pxcore.data.source import CellSource, blocks
from pxcore.errors import DatasetError
from pxcore.types import Array, MaskKind

BINS = 64
LOW_PERCENTILE, HIGH_PERCENTILE = 0.05, 99.95
SAMPLED_PIXELS = 4 * 1024**2
"""Pixels of one channel that limits and pixel histograms are taken from, at most."""

_SAMPLED_AT_ONCE = 64 * 1024**2
"""Pixels of all channels held for that, at most."""


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

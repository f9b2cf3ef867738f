"""Volumes as planes: how (N, V, D, H, W) cells, alone or with pictures, become (N, P, H, W)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pxcore.data import normalise
from pxcore.data.normalise import Normaliser
from pxcore.data.source import CellSource
from pxcore.errors import DatasetError
from pxcore.types import Array, MaskKind
from pxcore.types.unlabelled import Planes


def paired(pictures: Array | None, volumes: Array | None) -> tuple[Array, Planes]:
    """Return cells (N, P, H, W) of pictures (N, C, H, W), volumes (N, V, D, H, W) or both.

    Pictures come first, then volume by volume its slices. The stored type is one that holds both
    exactly.

    Raises
    ------
    DatasetError
        When neither is given, an axis is missing, or they are not of the same cells: another
        number of cells, or planes of another size.
    """
    if pictures is None and volumes is None:
        message = "neither pictures nor volumes are given; give at least one of them"
        raise DatasetError(message)
    for what, given, n_axes in (("pictures", pictures, 4), ("volumes", volumes, 5)):
        if given is not None and (given.ndim != n_axes or 0 in given.shape):
            axes = (
                "cells, channels, slices, height, width"
                if n_axes == 5
                else ("cells, channels, height, width")
            )
            message = f"{what} have shape {given.shape}; expected {n_axes} axes, none empty: {axes}"
            raise DatasetError(message)
    if volumes is None:
        assert pictures is not None  # for the type checker: looked at above
        return pictures, Planes(pictures=pictures.shape[1])
    n, n_volumes, depth, height, width = volumes.shape
    slices = volumes.reshape(n, n_volumes * depth, height, width)
    if pictures is None:
        return slices, Planes(volumes=n_volumes, depth=depth)
    if (pictures.shape[0], *pictures.shape[2:]) != (n, height, width):
        message = (
            f"{len(pictures)} cells have pictures of {_size(pictures)} pixels and {n} have volumes "
            f"of {_size(volumes)} pixels a slice; expected the same cells in the same frame: leave "
            "out cells that lack one of the two, and import both with one size"
        )
        raise DatasetError(message)
    planes = Planes(pictures=pictures.shape[1], volumes=n_volumes, depth=depth)
    kind = np.result_type(pictures, volumes)
    return np.concatenate([pictures, slices], axis=1, dtype=kind), planes


def fit_limits(
    source: CellSource,
    cells: Array,
    planes: Planes,
    percentiles: tuple[float, float],
    *,
    skip_zeros: bool = False,
) -> Normaliser:
    """Return limits of every plane from percentiles of ``cells``, one pair for a whole volume.

    Scaled slice by slice, a volume would lose what lies between its slices.

    Raises
    ------
    DatasetError
        When the planes are not those of the source, or as :func:`pxcore.data.normalise.fit`.
    """
    if planes.count != source.image_shape[0]:
        message = (
            f"the cells have {source.image_shape[0]} planes; expected {planes.count} for "
            f"{planes.pictures} pictures and {planes.volumes} volumes of {planes.depth} slices"
        )
        raise DatasetError(message)
    low, high = np.empty(planes.count, np.float32), np.empty(planes.count, np.float32)
    parts = [(planes.units[: planes.pictures], 1), (planes.units[planes.pictures :], planes.depth)]
    for units, depth in parts:
        if not units:
            continue
        found = normalise.fit(
            _Tall(source, units, depth), cells, *percentiles, skip_zeros=skip_zeros
        )
        for number, unit in enumerate(units):
            low[list(unit)], high[list(unit)] = found.low[number], found.high[number]
    return Normaliser(low, high)


def full_scale(source: CellSource) -> Normaliser:
    """Return the limits 0 and the largest value of the stored type; 1 for floats."""
    n = source.image_shape[0]
    top = np.iinfo(source.dtype.name).max if source.dtype.kind in "iu" else 1.0
    return Normaliser(np.zeros(n, np.float32), np.full(n, top, np.float32))


class _Tall:
    """A source whose channels are units of planes, the slices of a volume below each other."""

    def __init__(self, source: CellSource, units: Sequence[tuple[int, ...]], depth: int) -> None:
        _, height, width = source.image_shape
        self._source = source
        self._taken = [plane for unit in units for plane in unit]
        self.n_cells: Final = source.n_cells
        self.image_shape: Final = (len(units), depth * height, width)
        self.dtype: Final[np.dtype[np.generic]] = source.dtype
        self.mask_kind: Final = MaskKind.NONE

    def images(self, cells: Array, channels: Sequence[int] | None = None) -> Array:
        """Return (n, units, D·H, W)."""
        read = self._source.images(cells, self._taken)
        units = read.reshape(len(read), *self.image_shape)
        return units if channels is None else units[:, list(channels)]

    def masks(self, cells: Array) -> Array | None:
        """Return None: percentiles are those of all pixels."""
        del cells
        return None


def _size(cells: Array) -> str:
    return f"{cells.shape[-2]} x {cells.shape[-1]}"

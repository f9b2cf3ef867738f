"""Some planes of cells, as if there were no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pxcore.data.source import CellSource
from pxcore.types import Array


class TakenCells:
    """A source of chosen planes of another, in the order chosen. Masks are taken along."""

    def __init__(self, source: CellSource, channels: Sequence[int]) -> None:
        self._source, self._channels = source, list(channels)
        self.n_cells: Final = source.n_cells
        self.image_shape: Final = (len(self._channels), *source.image_shape[1:])
        self.dtype: Final[np.dtype[np.generic]] = source.dtype
        self.mask_kind: Final = source.mask_kind

    def images(self, cells: Array, channels: Sequence[int] | None = None) -> Array:
        """Return (n, C', H, W); ``channels`` count among the chosen ones."""
        wanted = self._channels if channels is None else [self._channels[c] for c in channels]
        return self._source.images(cells, wanted)

    def masks(self, cells: Array) -> Array | None:
        """Return (n, M, H, W) as the source has them: one for all planes, or one a chosen plane."""
        masks = self._source.masks(cells)
        if masks is None or masks.shape[1] != self._source.image_shape[0]:
            return masks
        taken: Array = masks[:, self._channels]
        return taken

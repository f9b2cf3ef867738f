"""The hash of stored cells, of what is on the disk now."""

from __future__ import annotations

import numpy as np

from pxcore.data.container import CellBlock, Container, ContainerHeader
from pxcore.data.container_format import ContentHash

AT_ONCE = 256


def hashed_anew(cells: Container) -> str:
    """Return the content hash of the cells as they are read back, in blocks of our choice."""
    every = np.arange(cells.n_cells)
    masks = cells.masks(every[:1])
    content = ContentHash(
        ContainerHeader(
            image_shape=cells.image_shape,
            dtype=cells.dtype,
            mask_kind=cells.mask_kind,
            mask_channels=0 if masks is None else masks.shape[1],
        )
    )
    for start in range(0, cells.n_cells, AT_ONCE):
        part = every[start : start + AT_ONCE]
        block = CellBlock(
            images=cells.images(part),
            masks=cells.masks(part),
            object_number=cells.object_numbers[part],
            sizes=cells.sizes[part],
        )
        content.update(block)
    return content.hexdigest(cells.n_cells)

"""Cells in memory behave as every source must."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.data.source import ArrayCells, blocks, positions
from pxcore.errors import DatasetError
from pxcore.types import MaskKind

IMAGES = np.arange(5 * 3 * 4 * 4, dtype=np.uint16).reshape(5, 3, 4, 4)


def test_rows_and_channels_follow_the_order_asked() -> None:
    source = ArrayCells(IMAGES)
    cells = np.array([4, 0, 4])
    assert (source.images(cells) == IMAGES[cells]).all()
    assert (source.images(cells, [2, 0]) == IMAGES[cells][:, [2, 0]]).all()
    assert source.images(np.array([], dtype=int)).shape == (0, 3, 4, 4)


def test_what_is_returned_is_the_callers_own() -> None:
    source = ArrayCells(IMAGES.copy())
    taken = source.images(np.arange(5))
    taken[:] = 0
    assert (source.images(np.arange(5)) == IMAGES).all()


def test_masks_and_their_kind() -> None:
    masks = np.ones((5, 1, 4, 4), np.uint8)
    assert ArrayCells(IMAGES).mask_kind is MaskKind.NONE
    assert ArrayCells(IMAGES).masks(np.arange(5)) is None
    assert ArrayCells(IMAGES, masks).mask_kind is MaskKind.CELL
    assert ArrayCells(IMAGES, masks, MaskKind.FRAME).mask_kind is MaskKind.FRAME
    with pytest.raises(DatasetError, match="absent but called cell"):
        ArrayCells(IMAGES, None, MaskKind.CELL)
    with pytest.raises(DatasetError, match=r"need masks of shape \(5, 1, 4, 4\) or \(5, 3, 4, 4\)"):
        ArrayCells(IMAGES, masks[:4])
    with pytest.raises(DatasetError, match="four axes"):
        ArrayCells(IMAGES[0])


@pytest.mark.parametrize(
    ("cells", "says"),
    [([5], "cell 5 does not exist; there are 5"), ([-1], "cell -1"), ([0.5], "integers")],
)
def test_positions_are_checked(cells: list[float], says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        positions(np.array(cells), 5)


def test_blocks_cover_every_cell_once() -> None:
    parts = list(blocks(ArrayCells(IMAGES), block_bytes=2 * IMAGES[0].nbytes))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert np.concatenate(parts).tolist() == list(range(5))

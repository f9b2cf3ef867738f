"""Means of single cells in an image: as a slow loop over the outlines finds them."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.data import single_cells
from pxcore.data.single_cells import CellMeans, SingleCells, cell_means

BOXES = {1: (0, 0, 4, 4), 2: (5, 5, 3, 3), 9: (5, 9, 2, 4), 11: (10, 0, 2, 12)}


def mask(numbers: dict[int, int]) -> np.ndarray:
    found = np.zeros((12, 13), np.int64)
    for number, (top, left, height, width) in BOXES.items():
        found[top : top + height, left : left + width] = numbers[number]
    return found


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("largest", [11, 2**40], ids=["in order", "large gaps"])
@pytest.mark.parametrize("block", [1, 200, 2**22])
def test_sums_of_means(
    dtype: type, largest: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_cells, "_BLOCK", block)
    images = np.random.default_rng(0).integers(0, 200, (3, 12, 13)).astype(dtype)
    labels = mask({1: 1, 2: 2, 9: 9, 11: largest})
    found = cell_means(images, labels, 9)
    large = [number for number in np.unique(labels) if number and (labels == number).sum() >= 9]
    wanted = np.sum([images[:, labels == number].mean(axis=1) for number in large], axis=0)
    assert found.count == len(large) == 3
    np.testing.assert_allclose(found.sums, wanted, rtol=1e-6)


@pytest.mark.parametrize("number", [1, 2**40])
def test_an_image_that_is_all_cell_and_one_without_any(number: int) -> None:
    images = np.arange(32.0).reshape(2, 4, 4)
    found = cell_means(images, np.full((4, 4), number), 1)
    assert (found.count, found.sums.tolist()) == (1, [7.5, 23.5])
    none = cell_means(images, np.zeros((4, 4), np.int64), 1)
    assert (none.count, none.sums.tolist()) == (0, [0.0, 0.0])


def test_all_images_or_none() -> None:
    one, two = CellMeans(2, np.array([4.0, 6.0])), CellMeans(0, np.zeros(2))
    found = SingleCells.of([one, two])
    assert found is not None
    assert found.means.tolist() == [[2.0, 3.0], [0.0, 0.0]]
    assert SingleCells.of([one, None]) is None
    assert SingleCells.of([]) is None
    other = SingleCells.of([two, one])
    assert other is not None
    assert other.content_hash != found.content_hash

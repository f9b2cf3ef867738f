"""Volumes as planes, and cells moved to the middle."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.data import volumes
from pxcore.data.centring import CentredCells
from pxcore.data.source import ArrayCells
from pxcore.errors import DatasetError
from pxcore.types import MaskKind
from pxcore.types.unlabelled import Planes

RNG = np.random.default_rng(3)
PICTURES = RNG.integers(0, 200, (5, 2, 6, 7)).astype(np.uint8)
VOLUMES = RNG.integers(0, 4000, (5, 2, 3, 6, 7)).astype(np.uint16)


def test_pictures_come_first_then_every_volume_slice_by_slice() -> None:
    cells, planes = volumes.paired(PICTURES, VOLUMES)
    assert planes == Planes(pictures=2, volumes=2, depth=3)
    assert cells.dtype == np.uint16
    assert np.array_equal(cells[:, :2], PICTURES)
    for number, unit in enumerate(planes.units[2:]):
        assert np.array_equal(cells[:, list(unit)], VOLUMES[:, number])


def test_one_of_the_two_may_be_missing() -> None:
    assert volumes.paired(PICTURES, None)[1] == Planes(pictures=2)
    cells, planes = volumes.paired(None, VOLUMES)
    assert planes == Planes(volumes=2, depth=3)
    assert cells.shape == (5, 6, 6, 7)


@pytest.mark.parametrize(
    ("pictures", "stacks", "words"),
    [
        (PICTURES[:4], VOLUMES, "4 cells have pictures of 6 x 7 pixels and 5 have volumes"),
        (PICTURES[..., :6], VOLUMES, "in the same frame"),
        (PICTURES[:, 0], None, "expected 4 axes"),
        (None, VOLUMES[:, 0], "expected 5 axes"),
        (None, VOLUMES[:, :, :0], "none empty"),
        (None, None, "neither"),
    ],
)
def test_what_does_not_pair_is_refused(
    pictures: np.ndarray | None, stacks: np.ndarray | None, words: str
) -> None:
    with pytest.raises(DatasetError, match=words):
        volumes.paired(pictures, stacks)


def test_the_slices_of_a_volume_share_their_limits() -> None:
    cells, planes = volumes.paired(PICTURES, VOLUMES)
    some = np.array([0, 2, 3])
    limits = volumes.fit_limits(ArrayCells(cells), some, planes, (1.0, 99.0))
    for number, unit in enumerate(planes.units):
        pixels = PICTURES[some, number] if number < 2 else VOLUMES[some, number - 2]
        low, high = np.percentile(pixels, (1, 99))
        assert np.allclose(limits.low[list(unit)], low)
        assert np.allclose(limits.high[list(unit)], high)
    with pytest.raises(DatasetError, match="8 planes; expected 5"):
        volumes.fit_limits(ArrayCells(cells), some, Planes(pictures=5), (1.0, 99.0))


def test_full_scale_is_that_of_the_stored_type() -> None:
    assert volumes.full_scale(ArrayCells(PICTURES)).high.tolist() == [255.0, 255.0]
    assert volumes.full_scale(ArrayCells(PICTURES.astype(np.float32))).high.tolist() == [1.0, 1.0]


def test_cells_are_moved_to_the_middle_with_their_masks() -> None:
    masks = np.zeros((3, 1, 9, 9), np.uint8)
    masks[0, 0, 0:3, 6:9] = 1  # top right
    masks[1, 0, 3:6, 3:6] = 1  # already there
    images = np.full((3, 2, 9, 9), 7, np.uint16)
    images[:, 0][masks[:, 0] > 0] = 50
    centred = CentredCells(ArrayCells(images, masks))
    order = np.array([1, 0, 2])
    found, inside = centred.images(order), centred.masks(order)
    assert inside is not None
    assert centred.n_left == 1
    for row in (0, 1):
        expected = np.full((9, 9), 7)
        expected[3:6, 3:6] = 50
        assert np.array_equal(found[row, 0], expected)
        assert inside[row, 0, 3:6, 3:6].all()
        assert inside[row].sum() == 9
    assert np.array_equal(found[2], images[2])
    assert np.array_equal(centred.images(order, [1])[:, 0], found[:, 1])


def test_centring_needs_outlines() -> None:
    images = np.zeros((2, 1, 4, 4), np.uint8)
    ones = np.ones((2, 1, 4, 4), np.uint8)
    with pytest.raises(DatasetError, match="no outlines"):
        CentredCells(ArrayCells(images))
    with pytest.raises(DatasetError, match="no outlines"):
        CentredCells(ArrayCells(images, ones, MaskKind.FRAME))
    with pytest.raises(DatasetError, match="every mask is empty"):
        CentredCells(ArrayCells(images, ones * 0))

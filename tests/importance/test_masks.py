"""Outlines: read as stored, or found where the cell is."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.errors import MethodError
from pxcore.importance.masks import cell_masks, mask_reader, otsu_outline
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, MaskKind, Role

CPU = torch.device("cpu")


def slow_otsu(values: Array) -> float:
    """Threshold of Otsu 1979 by trying every cut between two values."""
    ordered = np.sort(values.ravel())
    best, threshold = -1.0, ordered[-1]
    for cut in range(1, len(ordered)):
        below, above = ordered[:cut], ordered[cut:]
        between = len(below) * len(above) * (below.mean() - above.mean()) ** 2
        if between > best:
            best, threshold = between, (ordered[cut - 1] + ordered[cut]) / 2
    return float(threshold)


def disc(size: int, radius: float, centre: float = 0.0) -> Array:
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    result: Array = (rows - centre) ** 2 + columns**2 <= radius**2
    return result


def tiles(images: Array, masks: Array | None = None, kind: MaskKind | None = None) -> DeviceCells:
    n_channels = images.shape[1]
    limits = Normaliser(np.zeros(n_channels, np.float32), np.ones(n_channels, np.float32))
    source = ArrayCells(images.astype(np.float32), masks, kind)
    return DeviceCells(source, np.arange(len(images)), limits, CPU)


def overlap(one: Array, other: Array) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_threshold_is_otsus() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        plane = rng.normal(0.2, 0.05, (16, 16))
        plane[disc(16, 5)] += rng.uniform(0.3, 0.6)
        smooth = np.stack(
            [
                [plane[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2].mean() for j in range(16)]
                for i in range(16)
            ]
        )
        expected = smooth > slow_otsu(smooth)
        frame = torch.ones(1, 16, 16, dtype=torch.bool)
        found = otsu_outline(torch.from_numpy(plane).float()[None], frame)[0]
        assert (found != expected).sum() <= 2  # 128 steps between darkest and brightest


def test_holes_are_filled_and_padding_is_out() -> None:
    ring = disc(20, 7) & ~disc(20, 3)
    frame = torch.ones(1, 20, 20, dtype=torch.bool)
    frame[:, :, :4] = False
    signal = torch.from_numpy(ring).float()[None]
    signal[:, :, :4] = 9.0
    found = otsu_outline(signal, frame)[0]
    assert not found[:, :4].any()
    assert overlap(found, disc(20, 7) & frame[0].numpy()) > 0.85
    assert found[10, 10]


def test_even_tile_has_no_outline() -> None:
    frame = torch.ones(2, 8, 8, dtype=torch.bool)
    assert not otsu_outline(torch.full((2, 8, 8), 0.3), frame).any()
    assert not otsu_outline(torch.rand(2, 8, 8), ~frame).any()


def test_found_on_the_brightfield_dark_or_bright() -> None:
    rng = np.random.default_rng(1)
    images = 0.5 + rng.normal(0, 0.02, (6, 2, 24, 24))
    shape = disc(24, 7, 2.0)
    sign = np.where(rng.random(shape.shape) < 0.5, -1, 1)
    images[:, 1] += shape * sign * 0.3  # brightfield is darker and brighter than its background
    images[:, 0] = rng.random((6, 24, 24))
    roles = (Role.STAIN, Role.BRIGHTFIELD)
    found = cell_masks(tiles(images), MaskKind.NONE, None, roles)
    inside = found.inside(torch.arange(6)).reshape(6, 24, 24).numpy()
    assert all(overlap(one, shape) > 0.7 for one in inside)
    assert "Otsu" in found.notes[0]
    assert "brightfield" in found.notes[0]
    assert "channel 2" in found.notes[0]


def test_found_on_the_sum_of_the_stains() -> None:
    rng = np.random.default_rng(2)
    left, right = disc(24, 7).copy(), disc(24, 7).copy()
    left[:, 12:], right[:, :12] = False, False
    images = rng.normal(0.1, 0.02, (4, 3, 24, 24))
    images[:, 0] += left * 0.4
    images[:, 1] += right * 0.4
    images[:, 2] += 0.9 * (rng.random((4, 24, 24)) < 0.1)
    roles = (Role.STAIN, Role.VIABILITY, Role.DARKFIELD)
    found = cell_masks(tiles(images), MaskKind.NONE, None, roles)
    inside = found.inside(torch.arange(4)).reshape(4, 24, 24).numpy()
    assert all(overlap(one, disc(24, 7)) > 0.8 for one in inside)
    assert "sum of the stains (channels 1, 2)" in found.notes[0]


def test_frame_is_no_outline() -> None:
    images = np.random.default_rng(3).normal(0.1, 0.01, (3, 1, 20, 20))
    images[:, 0] += disc(20, 5) * 0.5
    frame = np.ones((3, 1, 20, 20), np.uint8)
    frame[:, :, 10:] = 0
    cells = tiles(images, frame, MaskKind.FRAME)
    read = mask_reader(ArrayCells(images, frame, MaskKind.FRAME), np.arange(3))
    found = cell_masks(cells, MaskKind.FRAME, read, (Role.STAIN,))
    inside = found.inside(torch.arange(3)).reshape(3, 20, 20).numpy()
    assert not inside[:, 10:].any()
    assert overlap(inside[0], disc(20, 5) & (frame[0, 0] > 0)) > 0.75
    assert found.notes


@pytest.mark.parametrize("n_masks", [1, 3])
def test_the_outline_is_the_union_of_the_stored_masks(n_masks: int) -> None:
    rng = np.random.default_rng(4)
    masks = (rng.random((5, n_masks, 7, 9)) < 0.2).astype(np.uint8) * 100
    images = rng.random((5, 3, 7, 9))
    source = ArrayCells(images, masks)
    wanted, channels = np.array([4, 1, 2]), (2, 0)
    limits = Normaliser(np.zeros(2, np.float32), np.ones(2, np.float32))
    cells = DeviceCells(source, wanted, limits, CPU, channels)
    found = cell_masks(cells, MaskKind.CELL, mask_reader(source, wanted), ())
    expected = (masks[wanted][[2, 0]] > 0).any(axis=1).reshape(2, 63)
    inside = found.inside(torch.tensor([2, 0])).numpy()
    np.testing.assert_array_equal(inside, expected)
    assert found.notes == ()


def test_empty_outlines_are_counted() -> None:
    masks = np.ones((4, 1, 6, 6), np.uint8)
    masks[1:3] = 0
    source = ArrayCells(np.zeros((4, 1, 6, 6)), masks)
    cells = tiles(np.zeros((4, 1, 6, 6)))
    found = cell_masks(cells, MaskKind.CELL, mask_reader(source, np.arange(4)), ())
    assert "2 of 4 held-out cells have an empty outline" in found.notes[0]


def test_no_channel_to_look_at() -> None:
    with pytest.raises(MethodError, match="brightfield channel or a stain"):
        cell_masks(tiles(np.zeros((2, 1, 6, 6))), MaskKind.NONE, None, (Role.DARKFIELD,))


def test_no_masks_no_reader() -> None:
    assert mask_reader(ArrayCells(np.zeros((2, 1, 4, 4))), np.arange(2)) is None


@pytest.mark.real_data
def test_real_outlines_are_found_again(shared_data: Path) -> None:
    """Without its masks, the recording's outlines come back roughly from the brightfield."""
    images, masks = _eotaxin(shared_data)
    low, high = np.percentile(images, (1, 99), axis=(0, 2, 3))
    limits = Normaliser(low.astype(np.float32), high.astype(np.float32))
    cells = DeviceCells(ArrayCells(images), np.arange(len(images)), limits, CPU)
    found = cell_masks(cells, MaskKind.NONE, None, (Role.BRIGHTFIELD,))
    inside = found.inside(torch.arange(len(images))).reshape(masks.shape).numpy()
    typical = np.median([overlap(a, b) for a, b in zip(inside, masks, strict=True)])
    assert typical > 0.6


def _eotaxin(shared_data: Path) -> tuple[Array, Array]:
    """Images and outlines of the recording's channel that is a brightfield."""
    with h5py.File(shared_data / "amnis_cif" / "eotaxin_decoded.h5") as file:
        return file["images"][:, 4:5].astype(np.float32), file["masks"][:, 4] > 0

"""Where a cell is padded, its decoys are padded alike."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.data.decoys import with_decoys
from pxcore.data.source import ArrayCells
from pxcore.data.tile_frames import frame_pixels, pad_like, true_frames
from pxcore.types import Fold, MaskKind


def padded(n=60, c=3, dtype=np.int16):
    """Cells of various sizes in a frame of 20, padded as an import does, with frame masks."""
    rng = np.random.default_rng(1)
    images = np.empty((n, c, 20, 20), dtype)
    frames = np.zeros((n, 1, 20, 20), np.uint8)
    for i in range(n):
        top, left = rng.integers(0, 5, 2)
        inner = rng.normal(-20, 30, (c, 20 - 2 * top, 20 - 2 * left)).astype(dtype)
        inner[1, 5:10, 5:10] += 800
        images[i] = np.median(inner, axis=(1, 2)).astype(dtype)[:, None, None]
        images[i, :, top : 20 - top, left : 20 - left] = inner
        frames[i, 0, top : 20 - top, left : 20 - left] = 1
    return images, frames


@pytest.mark.parametrize("kind", [MaskKind.FRAME, MaskKind.CELL, MaskKind.NONE])
def test_decoys_are_padded_like_their_cell(kind):
    images, frames = padded()
    masks = {MaskKind.FRAME: frames, MaskKind.NONE: None}.get(kind, np.zeros_like(frames))
    i = np.arange(60)
    decoys = [("decoy_empty", (0, 1, 2)), ("decoy_foreign", (0, 1, 2))]
    view = with_decoys(ArrayCells(images, masks, kind), decoys, Fold(i[:40], i[40:50], i[50:]), 0)
    for made in view.images(i, [3, 4]).swapaxes(0, 1):
        for image, frame in zip(made, frames[:, 0] > 0, strict=True):
            inner = image[frame]
            assert (image[~frame] == np.median(inner).astype(np.int16)).all()
            assert np.unique(inner).size > 20
    assert view.images(i, [4]).max() > 700, "the stain that stands out"
    assert view.images(i, [3]).max() < 300, "one that does not"


def test_a_tile_of_one_value_is_not_all_padding():
    images, frames = padded()
    images[5] = 7
    i = np.arange(60)
    source = ArrayCells(images, frames * 0)
    view = with_decoys(source, [("decoy_empty", (0, 1, 2))], Fold(i[:40], i[40:50], i[50:]), 0)
    assert view.images(i[5:6], [3]).std() > 0


@pytest.mark.parametrize("stored", [True, False])
def test_frames_follow_a_slow_reference(stored):
    images, masks = padded()
    frames = true_frames(images, masks if stored else None)
    for frame, mask in zip(frames, masks[:, 0], strict=True):
        rows, columns = np.nonzero(mask)
        expected = [rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]
        assert frame.tolist() == expected
    assert (frame_pixels(frames, (20, 20)) == (masks[:, 0] > 0)).all()


def test_stored_frames_hold_whatever_the_pixels_are():
    """Some instruments write noise around a cell."""
    images = np.random.default_rng(0).integers(0, 99, (30, 2, 12, 10)).astype(np.uint8)
    frames = np.zeros((30, 1, 12, 10), np.uint8)
    frames[:, :, 2:9, 1:8] = 1
    images += np.uint8(150) * (1 - frames)
    assert (true_frames(images, frames) == (2, 9, 1, 8)).all()
    i = np.arange(30)
    source = ArrayCells(images, frames, MaskKind.FRAME)
    view = with_decoys(source, [("decoy_empty", (0, 1))], Fold(i[:10], i[10:20], i[20:]), 0)
    made = view.images(i, [2])[:, 0]
    assert (made[:, :2] == made[:, 11:12, 9:]).all()
    assert (made[:, 2:9, 1:8].std(axis=(1, 2)) > 5).all()
    assert made.max() < 99, "padding is no background"
    assert (true_frames(images, frames * 0) == (0, 12, 0, 10)).all()


def test_one_flat_channel_or_an_inner_line_is_no_padding():
    images = np.random.default_rng(0).integers(0, 99, (4, 2, 9, 8))
    images[0, 0] = 3
    images[1, :, 4] = 3
    images[2, 1, 0] = 3
    assert (true_frames(images, None) == (0, 9, 0, 8)).all()
    images[3, :, -2:] = 3
    assert true_frames(images, None)[3].tolist() == [0, 7, 0, 8]


def test_planes_are_not_changed_in_place():
    planes = np.arange(2 * 16).reshape(2, 4, 4)
    before = planes.copy()
    frames = np.array([[0, 4, 0, 4], [1, 3, 1, 4]])
    made = pad_like(planes, frames)
    assert (planes == before).all()
    assert (made[0] == planes[0]).all()
    assert (made[1, 1:3, 1:] == planes[1, 1:3, 1:]).all()
    assert made[1, 0, 0] == int(np.median(planes[1, 1:3, 1:]))
    assert (frame_pixels(frames, (4, 4), 1).sum(axis=(1, 2)) == [4, 0]).all()

"""Cells of any size in one frame; what cannot be stored is told; what is skipped is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.data.frame import choose_shape, frame_mask, to_frame
from pxcore.data.importers import RawCell, Source
from pxcore.data.intake import Intake
from pxcore.data.pixels import as_mask, stored_dtype
from pxcore.errors import DatasetError
from pxcore.types import MaskKind, Skipped

U2 = np.dtype("u2")


def raw(images: np.ndarray, number: int = 0, **more: object) -> RawCell:
    return RawCell(images=images, object_number=number, name=f"cell {number}", **more)


def source(items: Sequence[RawCell | Skipped], dtype: str = "u2") -> Source:
    first = next(item for item in items if isinstance(item, RawCell))
    names = tuple(f"c{i}" for i in range(len(first.images)))
    return Source(
        channel_names=names,
        n_cells=len(items),
        dtype=np.dtype(dtype),
        cells=lambda: iter(items),
    )


def take(intake: Intake) -> tuple[np.ndarray, np.ndarray | None]:
    parts = [
        (block.images.copy(), None if block.masks is None else block.masks.copy())
        for block in intake.blocks()
    ]
    images = np.concatenate([images for images, _ in parts])
    masks = [masks for _, masks in parts if masks is not None]
    return images, np.concatenate(masks) if masks else None


def slow_frame(plane: np.ndarray, side: tuple[int, int]) -> np.ndarray:
    """One pixel at a time: where it comes from, else the median."""
    framed = np.full(side, np.median(plane).astype(plane.dtype))
    starts = []
    for length, wanted in zip(plane.shape, side, strict=True):
        starts.append((wanted - length) // 2 if length <= wanted else -((length - wanted) // 2))
    for y in range(side[0]):
        for x in range(side[1]):
            row, column = y - starts[0], x - starts[1]
            if 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]:
                framed[y, x] = plane[row, column]
    return framed


@settings(max_examples=60, deadline=None)
@given(h=st.integers(1, 12), w=st.integers(1, 12), side=st.integers(1, 12), seed=st.integers(0, 99))
def test_frame_equals_the_slow_one(h: int, w: int, side: int, seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 9999, (2, h, w)).astype(U2)
    masks = (images > 3000).astype(np.uint8)
    before = images.copy()
    framed = to_frame(raw(images, masks=masks), (side, side), U2)
    for channel in range(2):
        assert (framed.images[channel] == slow_frame(images[channel], (side, side))).all()
    inside = frame_mask((h, w), (side, side))[0] > 0
    assert inside.sum() == min(h, side) * min(w, side)
    assert not framed.masks[:, ~inside].any()
    assert framed.cropped == (h > side or w > side)
    assert framed.padded == (h < side or w < side) == (not inside.all())
    assert (images == before).all()


def test_shape_is_kept_chosen_or_given() -> None:
    same = np.array([[50, 34]] * 5)
    assert choose_shape(same, 0) == (50, 34)
    assert choose_shape(same, 40) == (40, 40)
    mixed = np.array([[20, 30]] * 96 + [[90, 10]] * 4)
    assert choose_shape(mixed, 0) == (32, 32)  # 95 % have at most 30
    assert choose_shape(np.array([[20, 33]] * 90 + [[41, 10]] * 10), 0) == (48, 48)
    assert choose_shape(np.array([[500, 900], [400, 800]]), 0) == (256, 256)
    for side in (-1, 2000):
        with pytest.raises(DatasetError, match="is not usable"):
            choose_shape(same, side)


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [("?", "u1"), ("i1", "i2"), ("<u2", "u2"), (">u2", "u2"), ("i8", "i4"), ("u4", "i4"),
     ("f2", "f4"), ("f8", "f4")],
)  # fmt: skip
def test_stored_types(dtype: str, kept: str) -> None:
    assert stored_dtype(np.dtype(dtype)) == np.dtype(kept)


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DatasetError, match="complex"):
        stored_dtype(np.dtype("c8"))
    long = np.full((1, 2, 2), 2**31)
    with pytest.raises(DatasetError, match="cell 0: pixels reach from 2147483648"):
        to_frame(raw(long), (2, 2), stored_dtype(long.dtype))
    framed = to_frame(raw(long - 1), (2, 2), stored_dtype(long.dtype))
    assert (framed.images == 2**31 - 1).all()


def test_masks_of_any_type() -> None:
    assert as_mask(np.array([0, 1, 3, 300, 2**40])).tolist() == [0, 1, 3, 255, 255]
    assert as_mask(np.array([0.0, 0.2, -1.0, np.nan, 2.0])).tolist() == [0, 1, 0, 0, 2]
    assert as_mask(np.array([True, False])).tolist() == [1, 0]


def test_padding_without_masks_stores_the_frame() -> None:
    cells = [raw(np.ones((2, 4, 4), U2), 0), raw(np.full((2, 2, 6), 5, U2), 1, label="a")]
    intake = Intake(source(cells), (4, 4), lambda _: None, padding=True)
    images, masks = take(intake)
    assert intake.header.mask_kind is MaskKind.FRAME
    assert masks[0].all()
    assert masks[1, 0].tolist() == [[0] * 4, [1] * 4, [1] * 4, [0] * 4]
    assert (images[1] == 5).all()
    assert (intake.n_cropped, intake.n_padded) == (1, 1)
    assert intake.labels == [None, "a"]
    bare = Intake(source(cells[:1]), (4, 4), lambda _: None, padding=False)
    assert take(bare)[1] is None
    assert bare.header.mask_kind is MaskKind.NONE


def test_cell_masks_are_kept() -> None:
    cells = [raw(np.ones((2, 2, 2), U2), i, masks=np.full((1, 2, 2), 3, np.uint8)) for i in (0, 1)]
    intake = Intake(source(cells), (4, 4), lambda _: None, padding=True)
    _, masks = take(intake)
    assert intake.header.mask_kind is MaskKind.CELL
    assert masks.sum() == 2 * 4 * 3


def test_blocks_hold_every_cell_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxcore.data.intake.BLOCK", 3 * 2 * 2 * 2 * 2)
    cells = [raw(np.full((2, 2, 2), i, U2), i) for i in range(10)]
    shares: list[float] = []
    intake = Intake(source(cells), (2, 2), shares.append, padding=False)
    assert take(intake)[0][:, 0, 0, 0].tolist() == list(range(10))


def test_pixels_that_are_not_finite_are_counted_and_the_first_named() -> None:
    images = np.zeros((3, 2, 2, 2), np.float64)
    images[1, 1, 0, 1] = np.nan
    images[2, 0] = np.inf
    images[2, 1, 0, 0] = 1e300  # beyond float32
    cells = [raw(image, i) for i, image in enumerate(images)]
    with pytest.raises(
        DatasetError,
        match=r"6 pixels in 2 cells .* nan in cell 1, channel 'c1', row 0, column 1",
    ):
        take(Intake(source(cells, "f8"), (2, 2), lambda _: None, padding=False))
    fine = [raw(np.full((1, 2, 2), -3.5, np.float64), 0)]
    assert (
        take(Intake(source(fine, "f8"), (2, 2), lambda _: None, padding=False))[0] == -3.5
    ).all()


def test_skipped_are_summed_by_reason() -> None:
    def items() -> Iterator[RawCell | Skipped]:
        for i in range(5):
            yield Skipped(reason="torn", count=2, examples=(f"f{i}",))
        for i in range(30):
            yield Skipped(reason=f"odd {i}", count=1, examples=(f"g{i}",))
        yield raw(np.ones((1, 2, 2), U2))

    intake = Intake(source(list(items())), (2, 2), lambda _: None, padding=False)
    take(intake)
    assert intake.skipped[0] == Skipped(reason="torn", count=10, examples=("f0", "f1", "f2"))
    assert intake.skipped[-1].reason == "other reasons"
    assert sum(item.count for item in intake.skipped) == 40


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (raw(np.ones((3, 2, 2), U2), 1), r"cell 1: pixels of shape \(3, 2, 2\); expected 2"),
        (raw(np.ones((2, 2, 2), U2), 0), "object number 0 comes twice"),
        (raw(np.ones((2, 2, 2), U2), 1, masks=np.ones((1, 2, 2), np.uint8)), "1 masks, where"),
    ],
)
def test_cells_that_do_not_belong_together(second: RawCell, says: str) -> None:
    cells = [raw(np.ones((2, 2, 2), U2), 0), second]
    with pytest.raises(DatasetError, match=says):
        take(Intake(source(cells), (2, 2), lambda _: None, padding=False))


def test_nothing_readable_is_told_with_the_reason() -> None:
    only = Source(
        channel_names=("a",),
        n_cells=3,
        dtype=U2,
        cells=lambda: iter([Skipped(reason="torn", count=3)]),
    )
    with pytest.raises(DatasetError, match=r"no cell could be read \(3 times: torn\)"):
        take(Intake(only, (2, 2), lambda _: None, padding=False))

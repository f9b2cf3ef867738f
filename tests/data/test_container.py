"""The container: what goes in comes out, named by content, read in any order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.data.container import (
    FILE_NAME,
    CellBlock,
    Container,
    ContainerHeader,
    ContainerInfo,
    write_container,
)
from pxcore.errors import DatasetError
from pxcore.types import MaskKind
from tests.hashed_anew import hashed_anew

N = 300


def example(dtype: str = "u2", masks: int = 1) -> tuple[ContainerHeader, CellBlock]:
    generator = np.random.default_rng(3)
    shape = (N, 3, 9, 7)
    header = ContainerHeader(
        image_shape=shape[1:],
        dtype=np.dtype(dtype),
        mask_kind=MaskKind.CELL if masks else MaskKind.NONE,
        mask_channels=masks,
    )
    block = CellBlock(
        images=generator.integers(-20 if dtype[0] != "u" else 0, 200, shape).astype(dtype),
        masks=generator.integers(0, 4, (N, masks, 9, 7)).astype(np.uint8) if masks else None,
        object_number=generator.permutation(10 * N)[:N].astype(np.int64),
        sizes=generator.integers(5, 20, (N, 2)),
    )
    return header, block


def cut(block: CellBlock, step: int) -> list[CellBlock]:
    return [
        CellBlock(
            images=block.images[i : i + step],
            masks=None if block.masks is None else block.masks[i : i + step],
            object_number=block.object_number[i : i + step],
            sizes=block.sizes[i : i + step],
        )
        for i in range(0, len(block.images), step)
    ]


def written(folder: Path, step: int = 64, **kind: object) -> tuple[CellBlock, ContainerInfo]:
    header, block = example(**kind)
    return block, write_container(folder / FILE_NAME, header, cut(block, step))


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4"])
@pytest.mark.parametrize("masks", [0, 1, 3])
def test_everything_comes_back(dtype: str, masks: int, tmp_path: Path) -> None:
    block, info = written(tmp_path, dtype=dtype, masks=masks)
    with Container.open(tmp_path) as cells:
        assert (cells.n_cells, cells.image_shape) == (info.n_cells, (3, 9, 7)) == (N, (3, 9, 7))
        assert cells.dtype == dtype
        everything = np.arange(N)
        assert (cells.images(everything) == block.images).all()
        assert (cells.object_numbers == block.object_number).all()
        assert (cells.sizes == block.sizes).all()
        stored = cells.masks(everything)
        assert stored is None if masks == 0 else (stored == block.masks).all()
        assert cells.mask_kind is (MaskKind.CELL if masks else MaskKind.NONE)
        assert cells.content_hash == hashed_anew(cells) == info.content_hash


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Container, CellBlock]]:
    folder = tmp_path_factory.mktemp("cells")
    block, _ = written(folder)
    with Container.open(folder) as cells:
        yield cells, block


@settings(max_examples=60, deadline=None)
@given(
    wanted=st.lists(st.integers(0, N - 1), max_size=40),
    channels=st.none() | st.lists(st.integers(0, 2), min_size=1, max_size=4),
)
def test_any_rows_in_any_order(
    stored: tuple[Container, CellBlock], wanted: list[int], channels: list[int] | None
) -> None:
    cells, block = stored
    rows = np.array(wanted, dtype=np.int64)
    expected = block.images[rows] if channels is None else block.images[rows][:, channels]
    found = cells.images(rows, channels)
    assert found.shape == expected.shape
    assert (found == expected).all()
    assert (cells.masks(rows) == block.masks[rows]).all()


def test_long_spans_are_read_in_parts(
    stored: tuple[Container, CellBlock], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pxcore.data.container._SPAN", 4 * 3 * 9 * 7 * 2)
    cells, block = stored
    assert (cells.images(np.arange(N)[::-1]) == block.images[::-1]).all()


def test_hash_does_not_see_blocks_chunks_or_compression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = set()
    for name, step, chunk in (("a", 64, 128 * 1024), ("b", 7, 1000), ("c", N, 10**7)):
        monkeypatch.setattr("pxcore.data.container._CHUNK", chunk)
        (tmp_path / name).mkdir()
        hashes.add(written(tmp_path / name, step)[1].content_hash)
    assert len(hashes) == 1
    with h5py.File(tmp_path / "a" / FILE_NAME) as old, h5py.File(tmp_path / "d.h5", "w") as new:
        for name in old:
            new.create_dataset(name, data=old[name][:], compression="gzip")
        new.attrs.update(old.attrs)
    with Container.open(tmp_path / "d.h5") as cells:
        assert hashed_anew(cells) == hashes.pop()


@pytest.mark.parametrize("change", ["pixel", "mask", "number", "size", "kind"])
def test_hash_sees_every_value(change: str, tmp_path: Path) -> None:
    header, block = example()
    first = write_container(tmp_path / "a.h5", header, [block]).content_hash
    if change == "pixel":
        block.images[-1, -1, -1, -1] += 1
    elif change == "mask":
        block.masks[0, 0, 0, 0] ^= 1
    elif change == "number":
        block.object_number[7] = -5
    elif change == "size":
        block.sizes[7, 1] += 1
    else:
        header = ContainerHeader(
            image_shape=header.image_shape,
            dtype=header.dtype,
            mask_kind=MaskKind.FRAME,
            mask_channels=1,
        )
    assert write_container(tmp_path / "b.h5", header, [block]).content_hash != first


def test_damage_and_absence_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be opened"):
        Container.open(tmp_path / "nothing.h5")
    written(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DatasetError, match="cannot be opened"):
        Container.open(tmp_path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["images"] = np.zeros((1, 1, 2, 2))
    with pytest.raises(DatasetError, match="no format mark"):
        Container.open(tmp_path / "other.h5")
    with pytest.raises(DatasetError, match="at least one readable cell"):
        write_container(tmp_path / "none.h5", example()[0], [])

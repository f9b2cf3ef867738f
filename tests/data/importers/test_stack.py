"""`stack`: one HDF5 or NPZ file, in all the ways people write it, and in the wrong ones."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from pxcore.data.importers import ImportOptions, RawCell, Source
from pxcore.data.importers.stack import IMPORTER
from pxcore.data.limits import Limits
from pxcore.errors import DatasetError

N, C, H, W = 6, 3, 8, 5
IMAGES = np.random.default_rng(0).integers(0, 4000, (N, C, H, W)).astype(np.uint16)
NAMES = ["BF", "CD3", "PI"]
Content = dict[str, object]
Write = Callable[[Path, Content], Path]


def hdf5(folder: Path, content: Content) -> Path:
    path = folder / "cells.h5"
    with h5py.File(path, "w") as file:
        for name, value in content.items():
            if name.endswith("_names"):
                file.attrs[name] = value
            else:
                file[name] = value
    return path


def npz(folder: Path, content: Content) -> Path:
    path = folder / "cells.npz"
    np.savez_compressed(path, **{name: np.asarray(value) for name, value in content.items()})
    return path


def read(path: Path, limits: Limits | None = None) -> tuple[Source, list[RawCell]]:
    source = IMPORTER.read(path, ImportOptions(limits=limits or Limits()))
    cells = [cell for cell in source.cells() if isinstance(cell, RawCell)]
    return source, cells


@pytest.fixture(params=[hdf5, npz], ids=["hdf5", "npz"])
def write(request: pytest.FixtureRequest) -> Write:
    return request.param


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4", "f8", ">u2", "?"])
def test_pixels_come_as_they_are(write: Write, dtype: str, tmp_path: Path) -> None:
    images = IMAGES.astype(dtype)
    path = write(tmp_path, {"images": images, "channel_names": NAMES})
    assert IMPORTER.recognise(path)
    source, cells = read(path)
    assert source.channel_names == tuple(NAMES)
    assert not source.names_assumed
    assert source.dtype.newbyteorder("=") == images.dtype.newbyteorder("=")
    assert (np.stack([cell.images for cell in cells]) == images).all()
    assert [cell.object_number for cell in cells] == list(range(N))
    assert {cell.label for cell in cells} == {cell.group for cell in cells} == {None}


def test_large_files_come_in_blocks(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pxcore.data.stack_files.BLOCK", 2 * IMAGES[0].nbytes)
    masks = (IMAGES > 100).astype(np.uint8)
    path = write(tmp_path, {"images": IMAGES, "masks": masks, "channel_names": NAMES})
    _, cells = read(path)
    assert (np.stack([cell.images for cell in cells]) == IMAGES).all()
    assert (np.stack([cell.masks for cell in cells]) == masks).all()


@pytest.mark.parametrize(
    ("labels", "classes", "expected", "order"),
    [
        ([0, 1, 2, 0, 1, -1], ["a", "b", "c"], ["a", "b", "c", "a", "b", None], ("a", "b", "c")),
        ([10, 9, 10, -1, 9, 9], None, ["10", "9", "10", None, "9", "9"], ("9", "10")),
        ([0.0, 1.0, 1.0, np.nan, 0.0, 1.0], None, ["0", "1", "1", None, "0", "1"], ("0", "1")),
        (["T", "B", "", "T", " B", "T"], None, ["T", "B", None, "T", "B", "T"], None),
        ([b"T", b"B", b"T", b"T", b"B", b"T"], ["T", "B"], list("TBTTBT"), ("T", "B")),
        ([[0], [1], [0], [1], [0], [1]], ["a", "b"], list("ababab"), ("a", "b")),
    ],
)
def test_labels(
    write: Write,
    labels: list[object],
    classes: list[str] | None,
    expected: list[str | None],
    order: tuple[str, ...] | None,
    tmp_path: Path,
) -> None:
    content: Content = {"images": IMAGES, "labels": labels, "channel_names": NAMES}
    path = write(tmp_path, content | ({"class_names": classes} if classes else {}))
    source, cells = read(path)
    assert [cell.label for cell in cells] == expected
    assert source.classes == order


@pytest.mark.parametrize("shape", [(N, H, W), (N, 1, H, W), (N, C, H, W)])
def test_masks_of_every_shape(write: Write, shape: tuple[int, ...], tmp_path: Path) -> None:
    masks = np.random.default_rng(1).integers(0, 3, shape)
    path = write(tmp_path, {"images": IMAGES, "masks": masks, "channel_names": NAMES})
    _, cells = read(path)
    found = np.stack([cell.masks for cell in cells])
    assert found.dtype == np.uint8
    assert (found == masks.reshape(N, -1, H, W)).all()


def test_groups_and_object_numbers(write: Write, tmp_path: Path) -> None:
    content = {"groups": [1, 1, 2, 2, -1, 3], "object_number": [7, 5, 3, 2, 11, 0]}
    _, cells = read(write(tmp_path, {"images": IMAGES, "channel_names": NAMES} | content))
    assert [cell.group for cell in cells] == ["1", "1", "2", "2", None, "3"]
    assert [cell.object_number for cell in cells] == [7, 5, 3, 2, 11, 0]
    _, cells = read(write(tmp_path, {"images": IMAGES, "groups": [*"aabbc", ""]}))
    assert [cell.group for cell in cells] == [*"aabbc", None]


def test_names_that_are_missing_are_assumed_and_said(write: Write, tmp_path: Path) -> None:
    source, _ = read(write(tmp_path, {"images": IMAGES}))
    assert source.channel_names == ("Channel 1", "Channel 2", "Channel 3")
    assert source.names_assumed
    assert "no channel names" in source.notes[0]


def test_names_may_stand_on_the_images(tmp_path: Path) -> None:
    path = hdf5(tmp_path, {"images": IMAGES})
    with h5py.File(path, "a") as file:
        file["images"].attrs["channel_names"] = np.array([b"BF", b"CD3", b"PI"])
    assert read(path)[0].channel_names == tuple(NAMES)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"channel_names": ["BF", "CD3"]}, "2 channel names .BF, CD3. for 3 channels"),
        ({"channel_names": ["BF", "CD3", "BF"]}, "'BF' comes twice .channels 1 and 3."),
        ({"channel_names": ["BF", " ", "PI"]}, "channel 2 has a blank name"),
        ({"labels": [0, 1]}, "'labels' has 2 entries, 'images' has 6 cells"),
        ({"labels": [0, 1, 2, 3, 0, 0], "class_names": ["a", "b"]}, "label 3 has no name"),
        ({"labels": list("aabbcc"), "class_names": ["a", "b"]}, "label 'c' is not among"),
        ({"labels": list("aabbcc"), "class_names": ["a", "a"]}, "doubled name"),
        ({"labels": [0, 1, 2, 0.5, 0, 0]}, "holds 0.5 for cell 3"),
        ({"labels": [0, 1, 2, np.inf, 0, 0]}, "holds inf for cell 3"),
        ({"labels": [0, 1, -2, 0, 0, 0]}, "holds -2 for cell 2"),
        ({"labels": np.eye(N, 3)}, r"'labels' has shape \(6, 3\); expected \(6,\)"),
        ({"groups": [1, 2]}, "'groups' has 2 entries"),
        ({"object_number": [1, 2, 3, 3, 5, 6]}, "5 different values for 6 cells"),
        ({"object_number": [1, 2, 3, -1, 5, 6]}, "every cell needs its own"),
        ({"masks": np.ones((N, H, W + 1))}, r"'masks' has shape \(6, 8, 6\)"),
        ({"masks": np.ones((N, 2, H, W))}, r"need numbers of shape \(6, 8, 5\), \(6, 1, 8, 5\)"),
        ({"images": IMAGES[:, 0]}, r"'images' has shape \(6, 8, 5\); expected \(cells, channels"),
        ({"images": IMAGES[:0]}, r"shape \(0, 3, 8, 5\)"),
        ({"images": IMAGES.astype(complex)}, "plain numbers"),
        ({"images": np.zeros((1, 300, 2, 2))}, "300 channels"),
    ],
)
def test_what_does_not_match_is_told(
    write: Write, change: Content, says: str, tmp_path: Path
) -> None:
    path = write(tmp_path, {"images": IMAGES, "channel_names": NAMES} | change)
    with pytest.raises(DatasetError, match=says) as refusal:
        read(path)
    assert path.name in str(refusal.value)


def test_file_without_images_lists_what_it_has(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no array 'images'; found data, labels"):
        read(write(tmp_path, {"data": IMAGES, "labels": [0] * N}))


def test_options_are_checked(tmp_path: Path) -> None:
    options = ImportOptions(values=(("colour", "red"),))
    with pytest.raises(DatasetError, match="'colour' is not known for this format"):
        IMPORTER.read(npz(tmp_path, {"images": IMAGES}), options)


class TestHostileNpz:
    """NPZ is a zip of arrays; each may lie."""

    def refuse(self, path: Path, says: str, limits: Limits | None = None) -> None:
        with pytest.raises(DatasetError, match=says):
            read(path, limits)

    def test_pickles(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", images=IMAGES, labels=np.array([{}] * N, dtype=object))
        self.refuse(tmp_path / "a.npz", "pickled objects")

    def test_column_order(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", images=np.asfortranarray(IMAGES))
        self.refuse(tmp_path / "a.npz", "ascontiguousarray")

    def test_ratio(self, tmp_path: Path) -> None:
        np.savez_compressed(tmp_path / "a.npz", images=np.zeros((65, 1, 1024, 1024), np.uint8))
        self.refuse(tmp_path / "a.npz", "more than 500 to 1")

    def test_promise_of_terabytes(self, tmp_path: Path) -> None:
        npz(tmp_path, {"images": np.zeros((1, 1, 8, 8), np.uint8)})
        with zipfile.ZipFile(tmp_path / "cells.npz") as old:
            member = old.read("images.npy").replace(
                b"(1, 1, 8, 8), }" + b" " * 10, b"(10000000000, 1, 8, 8), }"
            )
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as new:
            new.writestr("images.npy", member)
        self.refuse(tmp_path / "a.npz", "claims 596.0 GiB; at most 200.0 GiB")

    def test_shape_beyond_the_data(self, tmp_path: Path) -> None:
        npz(tmp_path, {"images": np.zeros((1, 1, 8, 8), np.uint8)})
        with zipfile.ZipFile(tmp_path / "cells.npz") as old:
            member = old.read("images.npy").replace(b"(1, 1, 8, 8)", b"(9, 1, 8, 8)")
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as new:
            new.writestr("images.npy", member)
        self.refuse(tmp_path / "a.npz", "shorter than its shape")

    def test_over_the_size_cap(self, tmp_path: Path) -> None:
        self.refuse(npz(tmp_path, {"images": IMAGES}), "at most", Limits(dataset_bytes=100))

    def test_truncation(self, tmp_path: Path) -> None:
        whole = npz(tmp_path, {"images": IMAGES, "labels": [0] * N}).read_bytes()
        for length in range(8, len(whole), len(whole) // 25):
            (tmp_path / "a.npz").write_bytes(whole[:length])
            self.refuse(tmp_path / "a.npz", "a.npz")

    def test_damaged_bytes(self, tmp_path: Path) -> None:
        whole = npz(tmp_path, {"images": IMAGES, "labels": [0] * N}).read_bytes()
        generator = np.random.default_rng(2)
        refused = 0
        for position in generator.choice(len(whole), 200, replace=False):
            damaged = bytearray(whole)
            damaged[position] ^= int(generator.integers(1, 256))
            (tmp_path / "a.npz").write_bytes(damaged)
            try:
                read(tmp_path / "a.npz")
            except DatasetError:
                refused += 1
        assert refused > 150  # checksums see nearly everything


@pytest.mark.real_data
def test_jurkat_is_read_as_documented(shared_data: Path) -> None:
    source, cells = read(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5")
    assert source.channel_names == ("Brightfield", "PI (DNA)", "Darkfield (SSC)")
    assert source.n_cells == len(cells) == 3418
    assert [cell.label for cell in cells].count("Anaphase") == 15
    assert source.classes is not None
    assert source.classes[0] == "G1"

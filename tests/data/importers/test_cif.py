"""Amnis files: the real one pixel for pixel, damaged ones with a reason, any bytes without harm."""

from __future__ import annotations

import random
import re
import struct
import time

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.data.importers import cif
from pxcore.data.importers.importer import ImportOptions, RawCell
from pxcore.data.limits import Limits
from pxcore.errors import DatasetError
from pxcore.types import Role, Skipped
from tests.cif_writer import write_cif


def cells_of(n=5, n_channels=3, *, low=0, high=4000, seed=0):
    """Return images and masks of cells of different sizes."""
    rng = np.random.default_rng(seed)
    images, masks = [], []
    for _ in range(n):
        h, w = rng.integers(3, 9, 2)
        images.append(rng.integers(low, high, (n_channels, h, w)))
        masks.append(rng.integers(0, 4, (n_channels, h, w)).astype(np.uint8))
    return images, masks


def opened(tmp_path, data, name="cells.cif"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read(path, **values):
    return cif.read(path, ImportOptions(**values))


@pytest.fixture(scope="session")
def small_cif():
    return write_cif(*cells_of(4, 2))


def test_a_written_file_comes_back(tmp_path):
    images, masks = cells_of()
    data = write_cif(
        images,
        masks,
        names=["BF", "", "x", "CD3 &amp; CD4", "", "SSC"],
        used=(0, 3, 5),
        lamps=(0, 8),
        numbers=[7, 3, 11, 12, 2**31],
    )
    path = opened(tmp_path, data)
    assert cif.IMPORTER.recognise(path)
    source = read(path)
    assert source.channel_names == ("BF", "CD3 & CD4", "SSC")
    assert not source.names_assumed
    assert source.roles == (Role.BRIGHTFIELD, Role.STAIN, Role.DARKFIELD)
    assert source.dtype == np.uint16
    assert source.n_cells == 5
    for _ in range(2):  # more than one pass
        for cell, image, mask, size in zip(
            source.cells(), images, masks, source.sizes, strict=True
        ):
            assert cell.images.dtype == np.uint16
            assert cell.images.shape[1:] == tuple(size)
            np.testing.assert_array_equal(cell.images, image)
            np.testing.assert_array_equal(cell.masks, mask)
            assert (cell.label, cell.group) == (None, None)
    assert [cell.object_number for cell in source.cells()] == [7, 3, 11, 12, 2**31]


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(0, 65536, np.uint16), (-300, 4000, np.int16), (-300, 60000, np.int32)],
)
def test_negative_pixels_choose_a_signed_type(tmp_path, low, high, dtype):
    images, masks = cells_of(6, low=low, high=high)
    source = read(opened(tmp_path, write_cif(images, masks)))
    assert source.dtype == dtype
    for cell, image in zip(source.cells(), images, strict=True):
        np.testing.assert_array_equal(cell.images, image)


def test_names_are_assumed_where_the_file_has_none(tmp_path):
    images, masks = cells_of(2, 2)
    source = read(opened(tmp_path, write_cif(images, masks, used=(1, 10))))
    assert source.channel_names == ("Ch02", "Ch11")
    assert source.names_assumed
    doubled = write_cif(images, masks, names=["same", "same"])
    assert read(opened(tmp_path, doubled)).channel_names == ("Ch01", "Ch02")


def test_cells_without_masks(tmp_path):
    images, masks = cells_of(3)
    source = read(opened(tmp_path, write_cif(images, [None] * 3)))
    assert all(cell.masks is None for cell in source.cells())
    mixed = read(opened(tmp_path, write_cif(images, [masks[0], None, masks[2]])))
    kinds = [type(cell) for cell in mixed.cells()]
    assert kinds == [RawCell, Skipped, RawCell]


def test_doubled_object_numbers_are_counted_anew(tmp_path):
    source = read(opened(tmp_path, write_cif(*cells_of(3), numbers=[4, 4, 5])))
    assert [cell.object_number for cell in source.cells()] == [0, 1, 2]
    assert any("doubled" in note for note in source.notes)


def test_one_damaged_cell_is_skipped_with_its_reason(tmp_path):
    images, masks = cells_of(3)
    data = bytearray(write_cif(images, masks))
    at = data.index(struct.pack("<HHI", 279, 4, 1)) + 8
    data[at : at + 4] = struct.pack("<I", 3)  # the first image: 3 bytes of its strip
    found = list(read(opened(tmp_path, bytes(data))).cells())
    assert isinstance(found[0], Skipped)
    assert found[0].examples == ("object 0",)
    assert re.search(r"damaged: the compressed image holds \d+ pixels; \d+ are", found[0].reason)
    np.testing.assert_array_equal(found[2].images, images[2])


def patched(data: bytes, tag: int, value: int, *, nth: int = 0, kind: int = 4) -> bytes:
    """Return the file with the nth entry of a tag set to another value."""
    at = -1
    for _ in range(nth + 1):
        at = data.index(struct.pack("<HHI", tag, kind, 1), at + 1)
    return data[: at + 8] + struct.pack("<I", value) + data[at + 12 :]


DAMAGE = {
    "not a tiff": (lambda d: b"<xis" + d[4:], "header is lost: it begins with '<xis'"),
    "big endian": (lambda d: b"MM\0*" + d[4:], r"begins with 'MM\\x00\*'"),
    "a few bytes": (lambda d: d[:6], "header is lost"),
    "cut in half": (lambda d: d[: len(d) // 2], r"cut off: .* but it has \d+ bytes"),
    "last byte lost": (lambda d: d[:-1], "cut off"),
    "first directory only": (lambda d: d[:8] + b"\xff\xff" + d[10:], "65535 entries"),
    "start beyond the end": (lambda d: d[:4] + b"\xff\xff\xff\x7f" + d[8:], "cut off"),
    "no directory": (lambda d: d[:4] + b"\0\0\0\0" + d[8:], "leads to no directory"),
    "a wide cell": (lambda d: patched(d, 256, 10**6, nth=1), r"1000000 pixels.*at most 1024"),
    "no height": (lambda d: patched(d, 257, 0, nth=1), "is 0 x "),
    "width no multiple": (lambda d: patched(d, 256, 7, nth=1), "2 channels of equal width"),
    "huge strip": (lambda d: patched(d, 279, 2**32 - 1), "cut off: bytes"),
    "strip beyond": (lambda d: patched(d, 273, 2**31), "cut off: bytes"),
    "mask of another size": (lambda d: patched(d, 257, 2, nth=2), "not of the size of its image"),
    "other compression": (lambda d: patched(d, 259, 5, nth=1, kind=3), "compression 5; expected"),
    "mask first": (lambda d: patched(d, 259, 30818, nth=1, kind=3), "mask without an image"),
    "no xml": (lambda d: d.replace(struct.pack("<HH", 33027, 2), b"\x01\x84\x02\0"), "XML"),
    "no channel": (lambda d: d.replace(b"1 1 0 0", b"0 0 0 0"), "no channel in use"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_told(case, tmp_path, small_cif):
    damage, message = DAMAGE[case]
    path = opened(tmp_path, damage(small_cif))
    with pytest.raises(DatasetError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith("cells.cif: ")
    assert "xport the file again" in str(caught.value)


def test_directories_in_a_circle(tmp_path, small_cif):
    """The last directory's link leads back to the second one."""
    places, place = [], 8
    while place:
        places.append(place)
        n = struct.unpack_from("<H", small_cif, place)[0]
        link = place + 2 + 12 * n
        place = struct.unpack_from("<I", small_cif, link)[0]
    circle = small_cif[:link] + struct.pack("<I", places[1]) + small_cif[link + 4 :]
    with pytest.raises(DatasetError, match="leads back to an earlier one"):
        read(opened(tmp_path, circle))


def test_no_cell(tmp_path, small_cif):
    n = struct.unpack_from("<H", small_cif, 8)[0]
    link = 8 + 2 + 12 * n
    path = opened(tmp_path, small_cif[:link] + b"\0\0\0\0" + small_cif[link + 4 :])
    with pytest.raises(DatasetError, match="holds no cell"):
        read(path)


def test_more_cells_than_taken(tmp_path, small_cif):
    with pytest.raises(DatasetError, match="more than 1 cells"):
        read(opened(tmp_path, small_cif), limits=Limits(files=1))


def test_strips_that_share_bytes_cannot_multiply(tmp_path, small_cif):
    """Many directories that point at the whole file: refused before anything is decoded."""
    data = small_cif
    for nth in range(4):
        data = patched(patched(data, 279, len(data) - 8, nth=nth), 273, 8, nth=nth)
    with pytest.raises(DatasetError, match="its images take"):
        read(opened(tmp_path, data))


def go_through(path):
    """Read everything; return True when it could be read, False when it was refused."""
    try:
        for cell in read(path).cells():
            assert isinstance(cell, RawCell | Skipped)
    except DatasetError:
        return False
    return True


@settings(max_examples=150, deadline=2000)
@given(data=st.data())
def test_flipped_and_missing_bytes_never_do_harm(data, small_cif, tmp_path_factory):
    changed = bytearray(small_cif)
    for _ in range(data.draw(st.integers(0, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    keep = data.draw(st.one_of(st.just(len(changed)), st.integers(0, len(changed))))
    path = tmp_path_factory.getbasetemp() / "fuzz.cif"
    path.write_bytes(bytes(changed[:keep]))
    cif.IMPORTER.recognise(path)
    go_through(path)


def test_every_byte_flipped_once(small_cif, tmp_path):
    """Directories and links are a small part of the bytes: walk over all of them."""
    path, rng, refused = tmp_path / "flip.cif", random.Random(0), 0
    start = time.process_time()
    for at in range(len(small_cif)):
        flipped = bytearray(small_cif)
        flipped[at] ^= rng.choice([1, 0x80, 0xFF])
        path.write_bytes(flipped)
        refused += not go_through(path)
    assert 0 < refused < len(small_cif)
    assert time.process_time() - start < 60


def test_unknown_options_are_refused(tmp_path, small_cif):
    with pytest.raises(DatasetError, match="takes no options"):
        read(opened(tmp_path, small_cif), values=(("colour", "blue"),))


@pytest.mark.real_data
def test_the_real_file_equals_the_independent_decoder(shared_data):
    source = read(shared_data / "amnis_cif" / "eotaxin.cif")
    assert source.channel_names == ("Ch1", "Ch2", "Ch3", "Ch4", "Ch5", "Ch6")
    assert source.names_assumed
    assert source.dtype == np.uint16
    assert source.roles[4] is Role.BRIGHTFIELD, "its lamp was on"
    assert source.roles.count(Role.STAIN) == 5
    cells = list(source.cells())
    with h5py.File(shared_data / "amnis_cif" / "eotaxin_decoded.h5") as file:
        images, masks = file["images"][:], file["masks"][:]
        assert [cell.object_number for cell in cells] == file["object_number"][:].tolist()
    assert len(cells) == len(images) == 111
    for cell, size, image, mask in zip(cells, source.sizes, images, masks, strict=True):
        (h, w), side = size, images.shape[-1]
        y, x = (side - h) // 2, (side - w) // 2
        np.testing.assert_array_equal(cell.images, image[:, y : y + h, x : x + w])
        np.testing.assert_array_equal(cell.masks, mask[:, y : y + h, x : x + w])


@pytest.mark.real_data
def test_the_second_bit_of_a_mask_is_the_same_in_all_channels(shared_data):
    """What is known of values 2 and 3: one patch beside one cell, at the same pixels everywhere."""
    source = read(shared_data / "amnis_cif" / "eotaxin.cif")
    patched_cells = [cell for cell in source.cells() if (cell.masks & 2).any()]
    assert len(patched_cells) == 1
    second_bit = patched_cells[0].masks & 2
    assert (second_bit == second_bit[:1]).all()
    assert np.count_nonzero(second_bit[0]) == 14


@pytest.mark.real_data
def test_the_file_without_its_header_is_told(shared_data):
    path = shared_data / "amnis_cif" / "header_lost.cif"
    assert not cif.IMPORTER.recognise(path)
    with pytest.raises(DatasetError, match=r"header_lost\.cif: its TIFF header is lost.*'<xis'"):
        read(path)


@pytest.mark.real_data
def test_speed_on_the_real_file(shared_data):
    """50,000 such cells are two passes of 50,000 decodings: well within minutes."""
    path = shared_data / "amnis_cif" / "eotaxin.cif"
    start = time.process_time()
    n = sum(1 for _ in read(path).cells())
    per_cell = (time.process_time() - start) / n
    assert per_cell * 50_000 < 180

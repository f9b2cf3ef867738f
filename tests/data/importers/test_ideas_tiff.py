"""IDEAS exports: names in every spelling, cells of every size, odd tags, gaps and damage."""

from __future__ import annotations

import contextlib
import logging
import shutil
import struct
import warnings

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.data.files import unpack
from pxcore.data.importers import ideas_tiff
from pxcore.data.importers.importer import ImportOptions, RawCell
from pxcore.data.limits import Limits
from pxcore.errors import DatasetError
from pxcore.types import Skipped


def read(folder, **options):
    return ideas_tiff.read(folder, ImportOptions(values=tuple(options.items())))


def write(path, pixels=None, **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels is None:
        seed = sum(path.name.encode())
        pixels = np.random.default_rng(seed).integers(0, 4096, (6, 5), dtype=np.uint16)
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=None, **settings)
    return pixels


def write_names(folder, *names):
    return {name: write(folder / name) for name in names}


def read_cells(source):
    return [cell for cell in source.cells() if isinstance(cell, RawCell)]


def skipped_of(source):
    return {item.reason: item for item in source.cells() if isinstance(item, Skipped)}


def odd_tags(path):
    """Turn a private tag into one of a type that does not exist, as ImageStream files have."""
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<HHI", 65000, 3, 1))
    data[at + 2 : at + 4] = struct.pack("<H", 99)
    path.write_bytes(data)


def test_channels_of_a_cell_come_together_in_their_order(tmp_path):
    planes = write_names(
        tmp_path / "export",
        "7_Ch11.ome.tif", "7_Ch2.ome.tif", "7_CH1.OME.TIF",
        "12_ch1.tif", "12_Ch02.tiff", "12_Ch11.Tif",
    )  # fmt: skip
    source = read(tmp_path)
    assert source.channel_names == ("Ch1", "Ch2", "Ch11")
    assert source.names_assumed
    assert source.n_cells == 2
    cells = read_cells(source)
    assert [cell.object_number for cell in cells] == [7, 12]
    np.testing.assert_array_equal(
        cells[0].images,
        [planes["7_CH1.OME.TIF"], planes["7_Ch2.ome.tif"], planes["7_Ch11.ome.tif"]],
    )
    np.testing.assert_array_equal(cells[1].images[1], planes["12_Ch02.tiff"])
    assert {(cell.label, cell.group, cell.masks) for cell in cells} == {(None, None, None)}
    assert any("unlabelled" in note for note in source.notes)


def test_channels_of_a_cell_may_be_spelled_differently(tmp_path):
    write_names(tmp_path, "G1_5_Ch1.tif", "g1_5_ch2.TIF", "g1_6_Ch1.tif", "G1_6_Ch2.ome.tif")
    cells = read_cells(read(tmp_path, **{"class": "prefix"}))
    assert [cell.object_number for cell in cells] == [5, 6]
    assert len({cell.label for cell in cells}) == 1


def test_sizes_differ_from_cell_to_cell(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(8):
        shape = tuple(rng.integers(3, 30, 2))
        for channel in (1, 2):
            write(tmp_path / f"{i}_Ch{channel}.ome.tif", rng.integers(0, 99, shape, np.uint16))
    source = read(tmp_path)
    assert [cell.images.shape[1:] for cell in source.cells()] == [tuple(s) for s in source.sizes]


LAYOUTS = {
    "folders": (["G1/1_Ch1.tif", "G2/1_Ch1.tif", "g1/2_Ch1.tif", "G1/3_Ch1.tif"], "G1 G1 G2 G1"),
    "prefixes": (["g1_1_Ch1.tif", "G1_2_Ch1.tif", "G1-3_Ch1.tif", "S phase_1_Ch1.tif"],
                 "G1 G1 G1|S phase"),
    "prefixes in one folder": (["all/A_1_Ch1.tif", "all/b_2_Ch1.tif"], "A b"),
    "folder and the same prefix": (["G1/g1_1_Ch1.tif", "M/m_2_Ch1.tif"], "G1 M"),
    "one folder": (["G1/1_Ch1.tif", "G1/2_Ch1.tif"], "None None"),
    "one prefix": (["run_1_Ch1.tif", "run_2_Ch1.tif"], "None None"),
    "some with a prefix": (["A_1_Ch1.tif", "2_Ch1.tif"], "None A"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_classes_by_folder_or_prefix(layout, tmp_path):
    names, expected = LAYOUTS[layout]
    write_names(tmp_path, *names)
    labels = sorted(str(cell.label) for cell in read_cells(read(tmp_path)))
    wanted = expected.split("|") if "|" in expected else [expected]
    flat = [*wanted[0].split(), *wanted[1:]]
    assert labels == sorted(flat)


def test_groups_are_the_folders_above_the_class(tmp_path):
    names = [f"x/{d}/{c}/{i}_Ch1.tif" for d in ("d1", "d2") for c in "AB" for i in range(2)]
    write_names(tmp_path, *names)
    cells = read_cells(read(tmp_path))
    assert {(c.group, c.label) for c in cells} == {(d, c) for d in ("d1", "d2") for c in "AB"}
    assert [cell.object_number for cell in cells] == list(range(8)), "numbers in names come twice"
    assert {c.group for c in read_cells(read(tmp_path, group="none"))} == {None}


def test_options_turn_prefix_and_folder_around(tmp_path):
    names = [f"{d}/{c}_{i}_Ch1.tif" for d in ("d1", "d2") for c in "AB" for i in range(2)]
    write_names(tmp_path, *names)
    plain = read(tmp_path)
    assert {(c.label, c.group) for c in read_cells(plain)} == {("d1", None), ("d2", None)}
    assert any("class=prefix" in note for note in plain.notes)
    turned = read_cells(read(tmp_path, **{"class": "prefix"}))
    assert {(c.label, c.group) for c in turned} == {(c, d) for d in ("d1", "d2") for c in "AB"}
    with pytest.raises(DatasetError, match="option 'class' is 'colour'; expected auto"):
        read(tmp_path, **{"class": "colour"})
    with pytest.raises(DatasetError, match="it takes class, group"):
        read(tmp_path, donor="x")


def test_what_is_left_out_is_counted_with_its_reason(tmp_path):
    for i in range(6):
        write_names(tmp_path, f"{i}_Ch1.tif", f"{i}_Ch4.tif")
    write(tmp_path / "0_Ch9.tif")
    (tmp_path / "2_Ch4.tif").unlink()
    (tmp_path / "3_Ch1.tif").write_bytes(b"no picture at all")
    (tmp_path / "4_Ch4.tif").write_bytes((tmp_path / "4_Ch4.tif").read_bytes()[:-20])
    write(tmp_path / "5_Ch4.tif", np.zeros((9, 9), np.uint16))
    write_names(tmp_path, "montage.tif", "1_Ch1.ome.tif")
    source = read(tmp_path)
    reasons = skipped_of(source)
    assert [cell.name for cell in read_cells(source)] == ["0", "1"]
    assert reasons["no file of Ch4"].examples == ("2",)
    assert reasons["a file not named <id>_Ch<N>.ome.tif"].examples == ("montage.tif",)
    assert reasons["a second file of the same cell and channel"].count == 1
    assert reasons["the channels differ in size (6 x 5, 9 x 9)"].examples == ("5",)
    assert any("cannot be read as TIFF" in reason for reason in reasons)
    assert any("cut off: its image should reach" in reason for reason in reasons)
    assert sum(item.count for item in reasons.values()) + 2 == source.n_cells
    assert any("Ch9 (1)" in note for note in source.notes)


def test_types_that_do_not_fit_are_not_forced(tmp_path):
    for i in range(3):
        write_names(tmp_path, f"{i}_Ch1.tif", f"{i}_Ch2.tif")
    write(tmp_path / "1_Ch2.tif", np.full((6, 5), 0.5, np.float32))
    source = read(tmp_path)
    assert source.dtype == np.uint16
    assert "the pixels are float32, where the other files have uint16" in skipped_of(source)
    assert len(read_cells(source)) == 2


@pytest.mark.parametrize(
    ("settings", "dtype"),
    [
        ({"byteorder": ">"}, np.uint16),
        ({"compression": "zlib"}, np.uint16),
        ({"compression": "lzw", "predictor": True}, np.uint16),
        ({"bigtiff": True}, np.float32),
        ({"rowsperstrip": 2}, np.uint8),
        ({"tile": (16, 16)}, np.int16),
    ],
)
def test_tiffs_of_every_kind(tmp_path, settings, dtype):
    pixels = (np.arange(30 * 20).reshape(30, 20) - 100 * (dtype is np.int16)).astype(dtype)
    write(tmp_path / "1_Ch1.tif", pixels, **settings)
    (cell,) = read_cells(read(tmp_path))
    assert cell.images.dtype == dtype
    assert cell.images.dtype.isnative
    np.testing.assert_array_equal(cell.images[0], pixels)


def test_colour_huge_and_lossy_images_are_skipped(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(4):
        write(tmp_path / f"{i}_Ch1.tif")
    tifffile.imwrite(
        tmp_path / "4_Ch1.tif", rng.integers(0, 9, (8, 8, 3), np.uint8), photometric="rgb"
    )
    write(tmp_path / "5_Ch1.tif", np.zeros((2000, 3), np.uint16), compression="zlib")
    write(tmp_path / "6_Ch1.tif", np.zeros((16, 16), np.uint8), compression="jpeg")
    reasons = " ".join(skipped_of(read(tmp_path)))
    assert "the image has shape (8, 8, 3); expected one grey image" in reasons
    assert "2000 x 3 pixels; a side has at most 1024 pixels" in reasons
    assert "compressed by method 7; expected one of none, LZW" in reasons


def test_a_small_image_in_a_huge_piece_is_skipped(tmp_path):
    for i in range(2):
        write(tmp_path / f"{i}_Ch1.tif", tile=(16, 16), compression="zlib")
    data = bytearray((tmp_path / "1_Ch1.tif").read_bytes())
    at = data.index(struct.pack("<HHII", 322, 4, 1, 16))  # tile width
    data[at + 8 : at + 12] = struct.pack("<I", 2**30)
    (tmp_path / "1_Ch1.tif").write_bytes(data)
    assert "larger than any image" in " ".join(skipped_of(read(tmp_path)))


def test_more_than_one_image_in_a_file(tmp_path):
    pixels = np.arange(60, dtype=np.uint16).reshape(2, 6, 5)
    write(tmp_path / "1_Ch1.tif", pixels)
    source = read(tmp_path)
    np.testing.assert_array_equal(read_cells(source)[0].images[0], pixels[0])
    assert any("several images" in note for note in source.notes)


def test_an_ome_description_cannot_open_other_files(tmp_path):
    other = tmp_path / "elsewhere" / "secret.ome.tif"
    write(other, np.full((6, 5), 77, np.uint16))
    ome = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="5" '
        'SizeY="6" SizeC="1" SizeZ="1" SizeT="1"><TiffData IFD="0" PlaneCount="1">'
        f'<UUID FileName="{other}">urn:uuid:1</UUID></TiffData></Pixels></Image></OME>'
    )
    write(tmp_path / "cells" / "1_Ch1.ome.tif", np.full((6, 5), 3, np.uint16), description=ome)
    (cell,) = read_cells(read(tmp_path / "cells"))
    assert (cell.images == 3).all()


def test_odd_tags_are_read_in_silence_and_others_stay_audible(tmp_path, caplog):
    for i in range(2):
        path = tmp_path / f"{i}_Ch1.ome.tif"
        write(path, extratags=[(65000, 3, 1, 5, True)])
        odd_tags(path)
    with caplog.at_level(logging.DEBUG), tifffile.TiffFile(path) as tif:
        tif.pages[0].asarray()
    assert caplog.records, "this reader does complain about the tag"
    caplog.clear()
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert len(read_cells(read(tmp_path))) == 2
    assert not caplog.records
    assert not said
    assert not logging.getLogger("tifffile").disabled
    with pytest.warns(UserWarning, match="still heard"):
        warnings.warn("still heard", UserWarning, stacklevel=1)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.tif", "b.tif"], "no file is named as IDEAS exports cells.*found a.tif, b.tif"),
        ([], "found no TIFF at all"),
        ([f"{i}_Ch{i}.tif" for i in range(1, 6)], "no channel is there for at least half of 5"),
    ],
)
def test_folders_without_cells(names, said, tmp_path):
    (tmp_path / "x").mkdir()
    write_names(tmp_path / "x", *names)
    with pytest.raises(DatasetError, match=said):
        read(tmp_path / "x")


def test_when_nothing_can_be_read(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}_Ch1.tif").write_bytes(b"II*\0")
    with pytest.raises(DatasetError, match=r"none of 3 cells can be read.*export the cells again"):
        read(tmp_path)
    with pytest.raises(DatasetError, match="a single file; IDEAS exports one TIFF per cell"):
        read(tmp_path / "0_Ch1.tif")


def test_recognition(tmp_path):
    assert not ideas_tiff.IMPORTER.recognise(tmp_path)
    write(tmp_path / "G1" / "12_ch1.OME.tif")
    assert ideas_tiff.IMPORTER.recognise(tmp_path)
    assert not ideas_tiff.IMPORTER.recognise(tmp_path / "G1" / "12_ch1.OME.tif")
    shutil.rmtree(tmp_path / "G1")
    write(tmp_path / "montage.tif")
    assert not ideas_tiff.IMPORTER.recognise(tmp_path)


@pytest.fixture(scope="session")
def a_tiff(tmp_path_factory):
    path = tmp_path_factory.mktemp("tiff") / "1_Ch1.tif"
    write(path, compression="zlib", extratags=[(65000, 3, 1, 5, True)])
    return path.read_bytes()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_flipped_and_missing_bytes_never_do_harm(data, a_tiff, tmp_path_factory):
    changed = bytearray(a_tiff)
    for _ in range(data.draw(st.integers(0, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    keep = data.draw(st.one_of(st.just(len(changed)), st.integers(0, len(changed))))
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    (folder / "1_Ch1.tif").write_bytes(bytes(changed[:keep]))
    ideas_tiff.IMPORTER.recognise(folder)
    try:
        found = list(read(folder).cells())
    except DatasetError:
        return
    assert all(isinstance(cell, RawCell | Skipped) for cell in found)


def test_every_byte_of_the_directory_flipped(a_tiff, tmp_path):
    for at in range(len(a_tiff)):
        for mask in (1, 0x80, 0xFF):
            flipped = bytearray(a_tiff)
            flipped[at] ^= mask
            (tmp_path / "1_Ch1.tif").write_bytes(flipped)
            with contextlib.suppress(DatasetError):
                list(read(tmp_path).cells())


@pytest.mark.real_data
def test_jurkat_cells_as_ideas_would_export_them(shared_data, tmp_path):
    """Real pixels cut to different sizes, zipped, with prefixes in any letter case."""
    with h5py.File(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5") as file:
        names = [str(name) for name in file.attrs["class_names"]]
        chosen = np.sort(np.random.default_rng(0).permutation(3418)[:40])
        images, labels = file["images"][chosen], file["labels"][chosen]
    rng, wanted = np.random.default_rng(1), {}
    for number, image, label in zip(chosen, images, labels, strict=True):
        h, w = rng.integers(20, 41, 2)
        word = names[label].upper() if number % 3 == 0 else names[label]
        for channel, plane in zip((1, 4, 6), image, strict=True):
            path = tmp_path / "export" / f"{word}_{number}_Ch{channel}.ome.tif"
            write(path, plane[:h, :w], extratags=[(65000, 3, 1, 5, True)])
            odd_tags(path)
        wanted[int(number)] = (names[label].casefold(), image[:, :h, :w])
    archive = shutil.make_archive(str(tmp_path / "cells"), "zip", tmp_path, "export")
    folder = unpack(tmp_path / archive, tmp_path / "unpacked", Limits(), lambda share: None)
    assert ideas_tiff.IMPORTER.recognise(folder)
    source = read(folder)
    cells = read_cells(source)
    assert source.channel_names == ("Ch1", "Ch4", "Ch6")
    assert len(cells) == source.n_cells == 40
    for cell in cells:
        label, image = wanted[cell.object_number]
        assert cell.label.casefold() == label
        np.testing.assert_array_equal(cell.images, image)
    assert len({cell.label for cell in cells}) == len({label for label, _ in wanted.values()})

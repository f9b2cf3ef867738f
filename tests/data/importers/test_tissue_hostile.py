"""Tissue studies made to do harm, brought in through the real door: a process with limits."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.data.importers import tissue
from pxcore.data.importers.importer import ImportOptions, RawCell
from pxcore.data.limits import MIB, Limits
from pxcore.errors import DatasetError
from tests.import_runs import LIMITS, assert_clean, run
from tests.tissue_writer import labels, pixels, study, table, write, write_ome

HEAD = "image,class"
Tags = dict[int, tuple[int, int]]
"""Tag to its type (3 short, 4 long) and value."""


def tiff(path: Path, data: bytes, tags: Tags, next_page: int = 0) -> Path:
    """Write a TIFF of one page, whatever its tags claim: data from byte 8, then the directory."""
    at = 8 + len(data)
    wanted: Tags = {
        256: (4, 8), 257: (4, 8), 258: (3, 8), 259: (3, 1), 262: (3, 1), 273: (4, 8),
        277: (3, 1), 278: (4, 8), 279: (4, len(data)), 339: (3, 1),
    } | tags  # fmt: skip
    entries = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(wanted.items())
    )
    directory = struct.pack("<H", len(wanted)) + entries + struct.pack("<I", next_page)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, at) + data + directory)
    return path


def one_image(folder: Path, make: Callable[[Path], object]) -> Path:
    make(folder / "a.tif")
    return table(folder, "a.tif,x", "a.tif/,y", head=HEAD)


def bomb(path: Path) -> Path:
    """Write 64 pixels that unpack to 128 MiB."""
    packer = zlib.compressobj(1)
    block = bytes(16 * MIB)
    packed = b"".join(packer.compress(block) for _ in range(8)) + packer.flush()
    return tiff(path, packed, {259: (3, 8)})


def endless(path: Path) -> Path:
    """Write a page that names itself as the next one."""
    return tiff(path, bytes(64), {}, next_page=8 + 64)


def many(path: Path) -> Path:
    write(path, np.zeros((600, 4, 4), np.uint8))
    return path


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "terabytes promised": (
        lambda path: tiff(path, bytes(64), {256: (4, 2**31), 257: (4, 2**31)}),
        "the image is 2147483648 x 2147483648 pixels",
    ),
    "gigabytes promised": (
        lambda path: tiff(path, bytes(64), {256: (4, 16_000), 257: (4, 16_000), 277: (3, 60)}),
        "60 channels of 16000 x 16000 pixels need 14.3 GiB",
    ),
    "pixels beyond the file": (
        lambda path: tiff(path, bytes(64), {273: (4, 2**31)}),
        "the file is cut off",
    ),
    "an odd codec": (lambda path: tiff(path, bytes(64), {259: (3, 7)}), "compressed by method 7"),
    "a zip bomb": (bomb, "no cell could be read .*cannot be read as TIFF"),
    "a page that follows itself": (endless, "more than 256 images in one file"),
    "six hundred pages": (many, "more than 256 images in one file"),
    "no TIFF at all": (lambda path: path.write_bytes(b"MZ" * 400), "cannot be read as TIFF"),
    "several focal planes": (
        lambda path: write(
            path,
            pixels((4, 4)),
            description='<OME><Image><Pixels SizeZ="9" SizeT="1"><Channel Name="a"/>'
            "</Pixels></Image></OME>",
        ),
        "SizeZ is 9; expected one plane",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tiff_is_refused(tmp_path: Path, name: str) -> None:
    make, said = HOSTILE[name]
    folder = tmp_path / "s"
    folder.mkdir()
    with pytest.raises(DatasetError, match=said):
        run(tmp_path, one_image(folder, make), replace(LIMITS, memory=1024 * MIB))
    assert_clean(tmp_path)


@pytest.mark.parametrize(
    "place", ["../secret.tif", "/etc/passwd", "..\\secret.tif", "a/../../secret.tif", "C:/secret"]
)
def test_tables_name_no_place_outside(tmp_path: Path, place: str) -> None:
    write(tmp_path / "secret.tif", pixels((2, 4, 4)))
    for head, line in ((HEAD, f"{place},x"), ("image,class,mask", f"a.tif,x,{place}")):
        folder = table(tmp_path / "s", line, head=head)
        write(folder / "a.tif", pixels((2, 4, 4)))
        with pytest.raises(DatasetError, match="is named outside the folder"):
            tissue.read(folder, ImportOptions())


@pytest.mark.parametrize("place", [".", "./", "./.", ".\\"])
def test_a_line_that_names_the_folder_itself_is_skipped(tmp_path: Path, place: str) -> None:
    folder = table(tmp_path / "s", f"{place},x,", "a.tif,x,", head="image,class,mask")
    write(folder / "a.tif", pixels((2, 4, 4)))
    found = list(tissue.read(folder, ImportOptions()).cells())
    assert "names the folder itself" in found[0].reason  # type: ignore[union-attr]
    assert isinstance(found[1], RawCell)
    table(folder, f"a.tif,x,{place}", head="image,class,mask")
    with pytest.raises(DatasetError, match="names the folder itself"):
        tissue.read(folder, ImportOptions())


@pytest.mark.parametrize("name", ["images.csv", "channels.csv", "cells.csv"])
def test_a_table_that_is_a_link_is_not_read(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("root:x:0:0\n")
    folder = study(tmp_path / "s", n_images=2)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    with pytest.raises(DatasetError, match=f"{name} .*is a link") as error:
        tissue.read(folder, ImportOptions(values=(("cells", "crops"),)))
    assert "root" not in str(error.value)


def test_links_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "secret.tif", pixels((2, 4, 4)))
    folder = table(tmp_path / "s", "a.tif,x", head=HEAD)
    (folder / "a.tif").symlink_to(tmp_path / "secret.tif")
    with pytest.raises(DatasetError, match=r"a\.tif in s is a link"):
        run(tmp_path, folder)
    (folder / "a.tif").unlink()
    (folder / "images.csv").unlink()
    (folder / "images.csv").symlink_to(tmp_path / "secret.tif")
    with pytest.raises(DatasetError):
        run(tmp_path, folder)


def test_ome_metadata_leads_nowhere(tmp_path: Path) -> None:
    """Further files, entities and names of a file system are text; nothing is opened."""
    write(tmp_path / "s" / "b.tif", pixels((2, 4, 4), 1))
    xml = (
        '<!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/passwd">]><OME><Image><Pixels SizeZ="1" '
        'SizeT="1"><Channel Name="&x;"/><Channel Name="&lt;script&gt;"/>'
        '<TiffData><UUID FileName="b.tif">urn:uuid:1</UUID></TiffData></Pixels></Image></OME>'
    )
    write(tmp_path / "s" / "a.tif", pixels((2, 4, 4)), description=xml)
    source = tissue.read(table(tmp_path / "s", "a.tif,x", head=HEAD), ImportOptions())
    assert source.channel_names == ("&x;", "<script>")
    (found,) = source.cells()
    assert isinstance(found, RawCell)
    np.testing.assert_array_equal(found.images, pixels((2, 4, 4)))


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.full((20, 20), 0.5, np.float32), "holds fractions"),
        (np.full((20, 20), -1, np.int32), "holds negative numbers"),
        (np.full((20, 20), np.nan, np.float32), "or none at all"),
        (np.full((20, 20), np.inf, np.float32), "numbers beyond"),
        (np.zeros((2, 20, 20), np.uint8), "the mask has 2 images"),
    ],
)
def test_masks_that_number_no_cells_are_told(tmp_path: Path, mask: np.ndarray, said: str) -> None:
    folder = study(tmp_path / "s", n_images=2)
    write(folder / "masks" / "i0.tiff", mask)
    source = tissue.read(folder, ImportOptions(values=(("cells", "crops"), ("window", "8"))))
    found = list(source.cells())
    assert said in found[0].reason  # type: ignore[union-attr]
    assert len(found) == 3


def test_numbers_of_cells_cost_no_memory(tmp_path: Path) -> None:
    """Two cells, one of them numbered four thousand million."""
    folder = study(tmp_path / "s", n_images=1)
    mask = labels((20, 20), {1: (0, 0, 4, 4), 2**32 - 1: (10, 10, 4, 4)})
    write(folder / "masks" / "i0.tiff", mask)
    options = (("cells", "crops"), ("window", "8"))
    found = run(tmp_path, folder, replace(LIMITS, memory=1024 * MIB), options=options)
    assert found.n_cells == 2


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("images.csv", "picture,class\na.tif,x\n", "columns are picture, class; expected image"),
        ("images.csv", "image,class\n", "no line below the header"),
        ("images.csv", "image,image\na.tif,b\n", "column 'image' comes twice"),
        ("images.csv", "image\na.tif\na.tif\n", "image 'a.tif' comes twice"),
        ("images.csv", "image,class\n,x\n", "line 2: no image"),
        ("images.csv", "image\n" + "x" * 200_000 + "\n", "not a CSV"),
        ("channels.csv", "marker\nCD3\n", "columns are marker; expected name"),
        ("cells.csv", "image,cell\na.tif,3\n", "expected image, cell"),
        ("cells.csv", "image,cell,class\ni0.tiff,1e9,x\n", "cell is '1e9'; expected a whole"),
        ("cells.csv", "image,cell,class\ni0.tiff,3,x\ni0.tiff,3,y\n", "cell 3 of .* comes twice"),
    ],
)
def test_tables_that_cannot_be_meant_are_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    folder = study(tmp_path / "s", n_images=2)
    (folder / name).write_text(text)
    with pytest.raises(DatasetError, match=said):
        tissue.read(folder, ImportOptions(values=(("cells", "crops"),)))


def test_caps_are_told(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n_images=1)
    for limits, said in (
        (Limits(channels=4), "more than 4 images in one file"),
        (Limits(image_side=16), "a side has at most 16 pixels"),
        (Limits(image_bytes=1000), "need 7.8 KiB; at most 1000 bytes are taken"),
        (Limits(table_bytes=10), "at most 10 bytes are taken"),
        (Limits(files=1), "more than 1 files"),
    ):
        with pytest.raises(DatasetError, match=said):
            tissue.read(folder, ImportOptions(limits=limits))


def test_a_formula_stays_text(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    write_ome(folder / "a.tif", pixels((2, 4, 4)), ["=1+1", "@x"])
    source = tissue.read(table(folder, "a.tif,'=cmd()", head=HEAD), ImportOptions())
    assert source.channel_names == ("=1+1", "@x")
    (found,) = source.cells()
    assert isinstance(found, RawCell)
    assert found.label == "=cmd()"

"""Hostile files of every kind by the command that people type: refused in words, nothing left."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from pxcore.commands.program import app
from pxcore.errors import DatasetError
from pxcore.runs import datasets
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from tests.cif_writer import write_cif
from tests.data.importers.test_cif import cells_of, patched
from tests.hostile_hdf5 import ATTACKS, SECRET
from tests.import_runs import assert_no_child_lives

Write = Callable[[Path], None]
"""Writes the hostile thing at a path; a file ``secret`` lies beside it."""
LISTED = {
    "external storage", "external link", "external link midway", "soft link", "virtual", "cycle",
    "alias", "never written", "bomb chunk", "long texts", "reference pixels", "odd filter", "deep",
    "crowded",
}  # fmt: skip
"""Of HDF5; all of ``ATTACKS`` are held against the reader itself in test_hdf5.py."""


def member(name: str, mode: int = 0) -> Write:
    """Return what writes an archive with a member of this name."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("T/1_Ch1.tif", b"II*\0")
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, "../secret")

    return write


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("T/1_Ch1.tif", bytes(80 * 1024**2))


def zipped_link(path: Path) -> None:
    """An HDF5 file that reads another one, inside an archive that is fine."""
    attack = next(one for one in ATTACKS if one.id == "external link")
    attack.write(path.parent / "inner.h5", path.parent)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(path.parent / "inner.h5", "T/cell_1.h5")


def one_tiff(**settings: object) -> Write:
    """Return what writes an export of one cell whose only file is far too large."""

    def write(path: Path) -> None:
        path.mkdir()
        pixels = np.zeros((4000, 3000), np.uint16)
        tifffile.imwrite(path / "1_Ch1.tif", pixels, photometric="minisblack", **settings)

    return write


def huge_tile(path: Path) -> None:
    """A cell of 5 x 6 pixels in a tile that claims 2 to the power of 30 columns."""
    path.mkdir()
    pixels = np.ones((6, 5), np.uint16)
    file = path / "1_Ch1.tif"
    tifffile.imwrite(file, pixels, photometric="minisblack", tile=(16, 16), compression="zlib")
    data = bytearray(file.read_bytes())
    at = data.index(struct.pack("<HHII", 322, 4, 1, 16)) + 8
    data[at : at + 4] = struct.pack("<I", 2**30)
    file.write_bytes(data)


def tiff_circle(path: Path) -> None:
    """The directory of a page leads back to itself."""
    path.mkdir()
    file = path / "1_Ch1.tif"
    tifffile.imwrite(file, np.ones((3000, 5), np.uint16), photometric="minisblack", metadata=None)
    data = bytearray(file.read_bytes())
    start = struct.unpack_from("<I", data, 4)[0]
    link = start + 2 + 12 * struct.unpack_from("<H", data, start)[0]
    data[link : link + 4] = struct.pack("<I", start)
    file.write_bytes(data)


def good_tiff(path: Path) -> None:
    path.mkdir()
    tifffile.imwrite(path / "1_Ch1.tif", np.ones((6, 5), np.uint16), photometric="minisblack")


def linked_tiff(path: Path) -> None:
    good_tiff(path)
    (path / "2_Ch1.tif").symlink_to(path.parent / "secret")


def pipe_inside(path: Path) -> None:
    good_tiff(path)
    os.mkfifo(path / "2_Ch1.tif")


def cif(change: Callable[[bytes], bytes]) -> Write:
    """Return what writes a CIF file that was changed."""
    return lambda path: (path.write_bytes(change(write_cif(*cells_of(4, 2)))), None)[1]


def shared_strips(data: bytes) -> bytes:
    """Four directories that point at the whole file."""
    for nth in range(4):
        data = patched(patched(data, 279, len(data) - 8, nth=nth), 273, 8, nth=nth)
    return data


def circle(data: bytes) -> bytes:
    """The last directory leads back to the second one."""
    places, place = [], 8
    while place:
        places.append(place)
        link = place + 2 + 12 * struct.unpack_from("<H", data, place)[0]
        place = struct.unpack_from("<I", data, link)[0]
    return data[:link] + struct.pack("<I", places[1]) + data[link + 4 :]


OTHERS: dict[str, tuple[str, Write, str]] = {
    "link": ("a.h5", lambda path: path.symlink_to(path.parent / "secret"), "a.h5 is a link"),
    "pipe": ("a.h5", os.mkfifo, "neither a file nor a folder"),
    "zip, a name outside": ("a.zip", member("../evil.h5"), "named outside"),
    "zip, an absolute name": ("a.zip", member("/etc/evil.h5"), "named outside"),
    "zip, a link": ("a.zip", member("T/2_Ch1.tif", stat.S_IFLNK | 0o777), "link or special file"),
    "zip, many folders": ("a.zip", member("/".join("abcdefghijklmnop")), "folders deep"),
    "zip bomb": ("a.zip", zip_bomb, r"unpacks to 80\.0 MiB, \d+ times its size"),
    "zip, a hostile cell": ("a.zip", zipped_link, "soft or external link"),
    "tiff, a link": ("export", linked_tiff, "2_Ch1.tif.* is a link"),
    "tiff, a pipe": ("export", pipe_inside, "special file"),
    "tiff bomb": ("export", one_tiff(compression="zlib"), r"4000 x 3000 pixels.*at most 1024"),
    "tiff, a huge tile": ("export", huge_tile, "larger than any image"),
    "tiff, a circle": ("export", tiff_circle, "3000 x 5 pixels"),
    "cif, a circle": ("a.cif", cif(circle), "leads back to an earlier one"),
    "cif, shared strips": ("a.cif", cif(shared_strips), "its images take"),
    "cif, a wide cell": ("a.cif", cif(lambda d: patched(d, 256, 10**6, nth=1)), "at most 1024"),
}
HOSTILE = {
    f"hdf5, {one.id}": ("a.h5", lambda path, one=one: one.write(path, path.parent), one.says)
    for one in ATTACKS
    if one.id in LISTED
} | OTHERS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("lab") / "home"
    with closing(open_store(Settings(home=home, min_free_gb=0))) as opened:
        yield opened


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_and_leaves_nothing(
    kind: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, write, says = HOSTILE[kind]
    (tmp_path / "secret").write_text(SECRET)
    write(tmp_path / name)
    monkeypatch.setenv("PXCORE_HOME", str(store.home))
    monkeypatch.setenv("PXCORE_MIN_FREE_GB", "0")
    around = {path.name for path in tmp_path.parent.iterdir()}
    done = CliRunner().invoke(app, ["import", str(tmp_path / name)])
    assert isinstance(done.exception, DatasetError), (done.exception, done.output)
    with pytest.raises(DatasetError, match=says):
        raise done.exception
    assert "root:x" not in done.output + str(done.exception)
    assert datasets.all_datasets(store) == ()
    assert list(store.artifacts.every_key()) == []
    assert list((store.home / "temporary").iterdir()) == []
    assert {path.name for path in tmp_path.parent.iterdir()} == around
    assert_no_child_lives()

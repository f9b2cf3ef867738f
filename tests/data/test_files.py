"""Foreign files, folders and archives: plain files only, nothing outside, within the caps."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pxcore.data.files import check_source, files_below, is_archive, unpack
from pxcore.data.limits import Limits
from pxcore.errors import DatasetError


def unpacked(path: Path, limits: Limits | None = None) -> list[str]:
    target = path.parent / "target"
    shutil.rmtree(target, ignore_errors=True)
    folder = unpack(path, target, limits or Limits(), lambda _: None)
    return [str(name) for name in files_below(folder, Limits())]


def with_member(path: Path, name: str, mode: int = 0, data: bytes = b"data") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.h5", b"good")
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        archive.writestr(member, data)
    return path


def test_archive_is_unpacked_without_desktop_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("d1/T/a.h5", "d2/b.h5", "__MACOSX/d1/._a.h5", "d1/.DS_Store", "empty/"):
            archive.writestr(name, name * 1000)
    assert is_archive(tmp_path / "a.zip")
    assert unpacked(tmp_path / "a.zip") == ["d1/T/a.h5", "d2/b.h5"]
    assert (tmp_path / "target/d2/b.h5").read_text() == "d2/b.h5" * 1000


@pytest.mark.parametrize(
    ("name", "mode", "says"),
    [
        ("../evil.h5", 0, "named outside"),
        ("a/../../evil.h5", 0, "named outside"),
        ("/etc/evil.h5", 0, "named outside"),
        ("C:\\evil.h5", 0, "named outside"),
        ("..\\evil.h5", 0, "named outside"),
        ("a\nb.h5", 0, "unusable name"),
        ("/".join("abcdefghijklmnop"), 0, "folders deep"),
        ("link.h5", stat.S_IFLNK | 0o777, "link or special file"),
        ("pipe.h5", stat.S_IFIFO | 0o644, "link or special file"),
        ("good.h5", 0, "comes twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_do_harm_are_refused(name: str, mode: int, says: str, tmp_path: Path) -> None:
    inner = tmp_path / "in"
    inner.mkdir()
    path = with_member(inner / "a.zip", name, mode)
    with pytest.raises(DatasetError, match=says):
        unpacked(path)
    assert {entry.name for entry in tmp_path.iterdir()} == {"in"}
    assert not list((inner / "target").iterdir())


def test_bombs_are_refused_before_unpacking(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.h5", bytes(80 * 1024**2))
    with pytest.raises(DatasetError, match=r"unpacks to 80\.0 MiB, \d+ times its size"):
        unpacked(tmp_path / "a.zip")


def test_caps_on_count_and_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for position in range(5):
            archive.writestr(f"{position}.h5", bytes(100))
    with pytest.raises(DatasetError, match="5 members; at most 4"):
        unpacked(tmp_path / "a.zip", Limits(files=4))
    with pytest.raises(DatasetError, match="at most 400 bytes"):
        unpacked(tmp_path / "a.zip", Limits(dataset_bytes=400))


def test_a_member_larger_than_declared_is_refused(tmp_path: Path) -> None:
    """The directory says 10 bytes, the member has 10,000."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.h5", bytes(10_000))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    for place in (22, content.index(b"PK\x01\x02") + 24):
        content[place : place + 4] = (10).to_bytes(4, "little")
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(DatasetError):
        unpacked(tmp_path / "b.zip")
    assert sum(path.stat().st_size for path in (tmp_path / "target").rglob("*")) <= 10


def test_damaged_archives_are_told(tmp_path: Path) -> None:
    whole = with_member(tmp_path / "a.zip", "b.h5", data=os.urandom(3000)).read_bytes()
    flipped = bytearray(whole)
    flipped[1500] ^= 255
    (tmp_path / "b.zip").write_bytes(flipped)
    with pytest.raises(DatasetError, match="cannot be unpacked"):
        unpacked(tmp_path / "b.zip")
    (tmp_path / "c.zip").write_bytes(whole[:-30])
    assert is_archive(tmp_path / "c.zip")
    with pytest.raises(DatasetError, match="damaged or incomplete"):
        unpacked(tmp_path / "c.zip")


def test_npz_is_no_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros(3))
    assert not is_archive(tmp_path / "a.npz")


def make_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "cannot be opened"),
        (Path.touch, "is empty"),
        (make_link, "is a link"),
        (make_pipe, "neither a file nor a folder|special file"),
        (lambda path: path.write_bytes(bytes(101)), "at most 100 bytes"),
    ],
    ids=["missing", "empty", "link", "pipe", "large"],
)
def test_sources_are_checked(make: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    path = tmp_path / "cells.h5"
    make(path)
    with pytest.raises(DatasetError, match=says):
        check_source(path, Limits(source_bytes=100))


def test_folders_are_walked_within_caps(tmp_path: Path) -> None:
    for name in ("b/2.H5", "a/1.h5", "a/x.txt", "a/.hidden.h5"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(10))
    assert [str(p) for p in files_below(tmp_path, Limits(), (".h5",))] == ["a/1.h5", "b/2.H5"]
    for limits in (Limits(files=1), Limits(source_bytes=15), Limits(path_depth=0)):
        with pytest.raises(DatasetError, match=r"smaller folder|inner folder"):
            files_below(tmp_path, limits)
    make_pipe(tmp_path / "a/pipe")
    with pytest.raises(DatasetError, match="pipe in a is a special file"):
        files_below(tmp_path, Limits())

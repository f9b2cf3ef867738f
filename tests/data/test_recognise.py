"""A glance for lists of files never opens a library; names and roles are guessed or refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from pxcore.data.names import assumed_names, checked_names, guessed_role
from pxcore.data.recognise import glance, importer_for
from pxcore.errors import DatasetError
from pxcore.types import Role


def test_glance_knows_files_by_their_first_bytes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.dat", "w") as file:
        file["images"] = np.zeros(3)
    np.savez(tmp_path / "b.npz", images=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("x", "y")
    (tmp_path / "d.cif").write_bytes(b"II*\0" + bytes(20))
    (tmp_path / "e.tif").write_bytes(b"II*\0" + bytes(20))
    (tmp_path / "f.h5").write_bytes(b"no such thing")
    (tmp_path / "g").mkdir()
    (tmp_path / "h.h5").symlink_to(tmp_path / "a.dat")
    seen = {entry.name: glance(entry) for entry in sorted(tmp_path.iterdir())}
    assert seen == {
        "a.dat": "HDF5", "b.npz": "NPZ", "c.zip": "zip", "d.cif": "CIF", "e.tif": "TIFF",
        "f.h5": "", "g": "", "h.h5": "",
    }  # fmt: skip
    assert glance(tmp_path / "missing") == ""


def test_a_folder_without_cells_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DatasetError, match=r"a folder in which no known file.*scifai: A folder"):
        importer_for(tmp_path)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_folder_of_files_that_are_data_sets_names_them_and_no_format(
    tmp_path: Path, n: int
) -> None:
    folder = tmp_path / "cells"
    folder.mkdir()
    (folder / "a.txt").write_text("x")
    (folder / "link.npz").symlink_to(folder / "s0.npz")
    for number in range(n):
        np.savez(folder / f"s{number}.npz", images=np.zeros((1, 1, 2, 2)))
    with pytest.raises(DatasetError) as caught:
        importer_for(folder)
    said = "the folder cells is no data set by itself, but holds s0.npz (stack)"
    says = {
        1: f"{said}: import that one",
        2: f"{said}, s1.npz (stack): import them one by one",
        5: f"{said}, s1.npz (stack), s2.npz (stack), and more: import them one by one",
    }
    assert str(caught.value) == says[n]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# Real runs\n\nSome m\xc3", "begins with the text '# Real runs Some m'"),
        (b"\xff\xd8JFIF", "begins with the bytes ff d8 4a 46 49 46"),
        (b"", "begins with nothing: it is empty"),
    ],
)
def test_an_unknown_file_is_told_in_plain_text(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "README.md").write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        importer_for(tmp_path / "README.md")
    assert f"{said}; expected one of" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Brightfield", Role.BRIGHTFIELD),
        ("BF1", Role.BRIGHTFIELD),
        ("bright field 2", Role.BRIGHTFIELD),
        ("Darkfield (SSC)", Role.DARKFIELD),
        ("SSC", Role.DARKFIELD),
        ("7-AAD", Role.VIABILITY),
        ("Live/Dead", Role.VIABILITY),
        ("CD3", Role.STAIN),
        ("ABF", Role.STAIN),
        ("BFGF", Role.STAIN),
    ],
)
def test_roles_are_guessed(name: str, role: Role) -> None:
    assert guessed_role(name) is role


def test_names_are_checked() -> None:
    assert checked_names((" a ", "b"), 2, "x.h5") == ("a", "b")
    assert assumed_names(2) == ("Channel 1", "Channel 2")
    for names, says in (
        (("a",), "1 channel names"),
        (("a", ""), "blank"),
        (("a", " a"), "'a' comes twice"),
        (("a", "b" * 300), "300 letters"),
    ):
        with pytest.raises(DatasetError, match=says):
            checked_names(names, 2, "x.h5")

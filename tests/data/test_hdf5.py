"""Hostile HDF5 is refused before a value is read; ordinary files pass."""

from __future__ import annotations

import resource
from pathlib import Path

import h5py
import numpy as np
import pytest

from pxcore.data.hdf5 import is_hdf5, root_names, vetted
from pxcore.data.importers import IMPORTERS, ImportOptions
from pxcore.data.limits import Limits
from pxcore.errors import DatasetError
from tests.hostile_hdf5 import ATTACKS, PIXELS, SECRET, Attack, good


def read_all(path: Path) -> list[np.ndarray]:
    source = IMPORTERS["stack"].read(path, ImportOptions())
    return [cell.images.copy() for cell in source.cells()]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_attack_is_refused_with_its_reason(attack: Attack, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    path = tmp_path / "cells.h5"
    attack.write(path, outside)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DatasetError, match=attack.says) as refusal:
        read_all(path)
    assert "cells.h5" in str(refusal.value)
    assert "root:x" not in str(refusal.value)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * 1024  # KiB: nothing of the size claimed was allocated


def test_what_the_walk_prevents_is_real(tmp_path: Path) -> None:
    """A plain read does return the other file: the attack files are not strawmen."""
    for attack in ATTACKS[:3]:
        outside = tmp_path / attack.id
        outside.mkdir()
        (outside / "secret").write_text(SECRET)
        attack.write(tmp_path / f"{attack.id}.h5", outside)
    with h5py.File(tmp_path / "external storage.h5") as file:
        assert file["images"][:].tobytes().startswith(b"root:x")
    with h5py.File(tmp_path / "external link.h5") as file:
        assert (file["images"][:] == PIXELS).all()
    with h5py.File(tmp_path / "external link midway.h5") as file:
        assert (file["g/inner/images"][:] == PIXELS).all()


@pytest.mark.parametrize("extra", ["gzip", "lzf"])
def test_ordinary_files_pass(extra: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cells.h5", "w", userblock_size=512) as file:
        file.create_dataset("images", data=PIXELS, compression=extra, shuffle=True, fletcher32=True)
        file.create_group("more/inner")["numbers"] = np.zeros(3)
        file["more"].attrs["reference"] = file["images"].ref  # never read
    assert is_hdf5(tmp_path / "cells.h5")
    assert root_names(tmp_path / "cells.h5") == {"images", "more"}
    assert (np.stack(read_all(tmp_path / "cells.h5")) == PIXELS).all()
    with vetted(tmp_path / "cells.h5", Limits()) as file:
        assert set(file.names) == {"images", "more/inner/numbers"}


def test_truth_values_are_plain_numbers(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cells.h5", "w") as file:
        file["images"] = PIXELS > 5
    assert read_all(tmp_path / "cells.h5")[0].dtype == np.bool_


def test_damaged_bytes_are_survived(tmp_path: Path) -> None:
    """One byte changed at 300 places: cells come, or a DatasetError, nothing else."""
    good(tmp_path / "good.h5")
    original = (tmp_path / "good.h5").read_bytes()
    generator = np.random.default_rng(5)
    refused = 0
    for position in generator.choice(len(original), 300, replace=False):
        damaged = bytearray(original)
        damaged[position] ^= int(generator.integers(1, 256))
        (tmp_path / "bad.h5").write_bytes(damaged)
        try:
            read_all(tmp_path / "bad.h5")
        except DatasetError:
            refused += 1
    assert refused > 10


def test_any_truncation_is_told(tmp_path: Path) -> None:
    good(tmp_path / "good.h5")
    original = (tmp_path / "good.h5").read_bytes()
    for length in range(64, len(original), max(1, len(original) // 40)):
        (tmp_path / "bad.h5").write_bytes(original[:length])
        with pytest.raises(DatasetError, match=r"bad\.h5"):
            read_all(tmp_path / "bad.h5")

"""`stack` with volumes: alone, beside pictures, and where the two are not of the same cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pxcore.data.container import Container
from pxcore.data.importers import ImportOptions, RawCell, Source
from pxcore.data.importers.stack import IMPORTER
from pxcore.data.limits import Limits
from pxcore.data.volumes import paired
from pxcore.errors import DatasetError
from tests.data.importers.test_stack import Content, Write, hdf5, npz
from tests.import_runs import run

N, C, V, D, H, W = 6, 2, 2, 3, 8, 5
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 200, (N, C, H, W)).astype(np.uint8)
VOLUMES = RNG.integers(0, 4000, (N, V, D, H, W)).astype(np.uint16)
BOTH: Content = {"images": IMAGES, "volumes": VOLUMES, "channel_names": ["BF", "PI", "DNA", "ER"]}


def read(path: Path) -> tuple[Source, np.ndarray]:
    source = IMPORTER.read(path, ImportOptions(limits=Limits()))
    cells = [cell for cell in source.cells() if isinstance(cell, RawCell)]
    return source, np.stack([cell.images for cell in cells])


@pytest.fixture(params=[hdf5, npz], ids=["hdf5", "npz"])
def write(request: pytest.FixtureRequest) -> Write:
    return request.param


def test_pictures_and_volumes_become_planes(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pxcore.data.stack_files.BLOCK", 2 * VOLUMES[0].nbytes)
    path = write(tmp_path, BOTH)
    assert IMPORTER.recognise(path)
    source, cells = read(path)
    expected, planes = paired(IMAGES, VOLUMES)
    np.testing.assert_array_equal(cells, expected)
    assert source.dtype == cells.dtype == np.uint16
    assert (source.volumes, source.depth) == (planes.volumes, planes.depth) == (V, D)
    assert source.channel_names == (
        *("BF", "PI", "DNA z1", "DNA z2", "DNA z3", "ER z1", "ER z2", "ER z3"),
    )


def test_volumes_alone(write: Write, tmp_path: Path) -> None:
    masks = np.ones((N, H, W), np.uint8)
    content: Content = {"volumes": VOLUMES, "masks": masks, "volume_names": ["DNA", "ER"]}
    path = write(tmp_path, content)
    assert IMPORTER.recognise(path)
    source, cells = read(path)
    np.testing.assert_array_equal(cells, VOLUMES.reshape(N, V * D, H, W))
    assert not source.names_assumed
    assert source.channel_names[0] == "DNA z1"


def test_volumes_without_names_are_numbered(write: Write, tmp_path: Path) -> None:
    source, _ = read(write(tmp_path, {"images": IMAGES, "volumes": VOLUMES}))
    assert source.names_assumed
    assert source.channel_names[1:3] == ("Channel 2", "Volume 1 z1")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"volumes": VOLUMES[:4]}, "'images' has 6 cells, 'volumes' has 4.*same cells"),
        ({"volumes": VOLUMES[..., :4]}, "pictures have 8 x 5 pixels, slices of volumes 8 x 4"),
        ({"volumes": VOLUMES[:, 0]}, r"'volumes' has shape \(6, 3, 8, 5\); expected \(cells"),
        ({"volumes": VOLUMES[:, :, :0]}, "none of them 0"),
        ({"images": VOLUMES}, "an array of slices is called 'volumes'"),
        ({"volumes": np.zeros((N, 2, 200, H, W), np.uint8)}, "make 402 planes a cell; at most 256"),
        ({"volumes": VOLUMES.astype(complex)}, "plain numbers"),
        ({"channel_names": ["BF", "PI", "DNA"]}, "3 channel names .BF, PI, DNA. for 2 pictures"),
        ({"volume_names": ["BF", "ER"], "channel_names": ["BF", "PI"]}, "'BF' comes twice"),
        ({"volume_names": ["ER"], "channel_names": ["BF", "PI"]}, "1 channel names .ER. for 2"),
        ({"labels": [0] * 5}, "'labels' has 5 entries"),
        ({"masks": np.ones((N, 2, H, W))}, r"need numbers of shape \(6, 8, 5\), \(6, 1, 8, 5\)"),
    ],
)
def test_what_does_not_pair_is_told(
    write: Write, change: Content, says: str, tmp_path: Path
) -> None:
    path = write(tmp_path, BOTH | change)
    with pytest.raises(DatasetError, match=says) as refusal:
        read(path)
    assert path.name in str(refusal.value)


def test_a_damaged_volume_is_refused(tmp_path: Path) -> None:
    whole = npz(tmp_path, BOTH).read_bytes()
    for length in range(8, len(whole), len(whole) // 10):
        (tmp_path / "a.npz").write_bytes(whole[:length])
        with pytest.raises(DatasetError, match=r"a\.npz"):
            read(tmp_path / "a.npz")


def test_an_import_keeps_slices_as_planes(tmp_path: Path) -> None:
    path = hdf5(tmp_path, {"volumes": VOLUMES, "volume_names": ["DNA", "ER"]})
    found = run(tmp_path, path)
    assert (found.volumes, found.depth, found.image_shape) == (V, D, (V * D, H, W))
    assert found.classes == ()
    with Container.open(found.pixels_folder) as cells:
        np.testing.assert_array_equal(cells.images(np.arange(N)), VOLUMES.reshape(N, V * D, H, W))

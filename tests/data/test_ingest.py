"""The import process: what comes out, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from pxcore.data.annotation import Annotation
from pxcore.data.container import Container
from pxcore.data.limits import GIB, Limits
from pxcore.data.overview import Overview
from pxcore.errors import DatasetError, PanelError
from pxcore.types import MaskKind, Role
from tests.hashed_anew import hashed_anew
from tests.import_runs import IMAGES, assert_clean, run, stack_file


def test_everything_arrives(tmp_path: Path) -> None:
    labels, groups = np.arange(40) % 3, np.arange(40) // 10
    path = stack_file(
        tmp_path / "cells.h5",
        labels=labels,
        groups=groups,
        masks=IMAGES > 900,
        channel_names=["Brightfield", "CD3", "SSC"],
        class_names=["G1", "S", "G2"],
    )
    heard: list[tuple[str, float]] = []
    found = run(tmp_path, path, tell=lambda *message: heard.append(message))
    with Container.open(found.pixels_folder) as cells:
        assert (cells.images(np.arange(40)) == IMAGES).all()
        assert (cells.masks(np.arange(40)) == (IMAGES > 900)).all()
        assert cells.content_hash == hashed_anew(cells) == found.pixels_hash
    annotation = Annotation.load(found.annotation_folder)
    assert annotation.content_hash == found.annotation_hash
    assert (annotation.labels == labels).all()
    assert (annotation.groups == groups).all()
    assert found.panel.names == ("Brightfield", "CD3", "SSC")
    assert [channel.role for channel in found.panel.channels] == [
        Role.BRIGHTFIELD, Role.STAIN, Role.DARKFIELD,
    ]  # fmt: skip
    assert (found.classes, found.class_counts) == (("G1", "S", "G2"), (14, 13, 13))
    assert found.groups == ("0", "1", "2", "3")
    assert (found.n_cells, found.image_shape, found.dtype) == (40, (3, 8, 8), "uint16")
    assert found.mask_kind is MaskKind.CELL
    assert found.report.n_read == 40
    assert found.report.source == "cells.h5"
    overview = Overview.load(found.overview_folder)
    assert overview.class_by_group.sum() == 40
    assert found.warnings == overview.warnings
    shares = [share for _, share in heard]
    assert shares == sorted(shares)
    assert {entry.name for entry in (tmp_path / "work").iterdir()} == {
        "pixels", "annotation", "overview",
    }  # fmt: skip


def test_same_content_same_hashes_whatever_the_file(tmp_path: Path) -> None:
    first = run(tmp_path / "a", stack_file(tmp_path / "a.h5", labels=[0, 1] * 20))
    np.savez_compressed(tmp_path / "b.npz", images=IMAGES, labels=["0", "1"] * 20)
    second = run(tmp_path / "b", tmp_path / "b.npz")
    assert first.pixels_hash == second.pixels_hash
    assert first.annotation_hash == second.annotation_hash


def test_sheet_and_labels_are_read_in_the_child(tmp_path: Path) -> None:
    (tmp_path / "panel.csv").write_text("channel,name,role,marker\n1,BF,brightfield,\n3,CD3,,CD3E")
    (tmp_path / "labels.csv").write_text("object_number,label\n" + "".join(
        f"{i},{'T' if i % 2 else 'B'}\n" for i in range(30)))  # fmt: skip
    found = run(
        tmp_path,
        stack_file(tmp_path / "cells.h5"),
        panel_sheet=str(tmp_path / "panel.csv"),
        labels=str(tmp_path / "labels.csv"),
    )
    assert found.panel.names == ("BF", "Channel 2", "CD3")
    assert found.panel.channels[2].marker == "CD3E"
    assert (found.classes, found.class_counts) == (("B", "T"), (15, 15))
    assert "10 of 40 cells are unlabelled." in found.report.notes
    (tmp_path / "panel.csv").write_text("name\nCD99\n")
    with pytest.raises(PanelError, match="'CD99' is not in the data set"):
        run(tmp_path / "b", tmp_path / "cells.h5", panel_sheet=str(tmp_path / "panel.csv"))
    assert_clean(tmp_path / "b")


def test_zip_of_cells_is_unpacked_framed_and_reported(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    with zipfile.ZipFile(tmp_path / "cells.zip", "w") as archive:
        for i, (h, w) in enumerate([(9, 12), (16, 10), (11, 11), (10, 40)] * 10):
            with h5py.File(tmp_path / "one.h5", "w") as file:
                file["image"] = generator.integers(1, 99, (h, w, 2)).astype(np.uint16)
                file["label"] = "T" if i % 2 else "B"
            archive.write(tmp_path / "one.h5", f"d{i % 3}/cell_{i}.h5")
        archive.writestr("d1/torn.h5", b"\x89HDF\r\n\x1a\n")
    found = run(tmp_path, tmp_path / "cells.zip", size=16)
    assert (found.n_cells, found.image_shape) == (40, (2, 16, 16))
    assert (found.report.n_padded, found.report.n_cropped) == (40, 10)
    assert found.mask_kind is MaskKind.FRAME
    assert found.groups == ("d0", "d1", "d2")
    assert [(item.count, item.examples) for item in found.report.skipped] == [(1, ("d1/torn.h5",))]
    with Container.open(found.pixels_folder) as cells:
        masks = cells.masks(np.arange(40))
        assert (masks.sum(axis=(1, 2, 3)) == np.minimum(cells.sizes, 16).prod(axis=1)).all()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cells.h5", b"", r"cells\.h5 is empty"),
        (
            "cells.h5",
            b"name,age\nx,3\n",
            r"neither HDF5 nor NPZ: it begins with b'name,age'.*images \(cells, channels.*: save",
        ),
        (
            "cells.txt",
            b"name,age\nx,3\n",
            r"begins with the text 'name,age x,3'; expected .*stack: One file.*cif.*export",
        ),
        ("cells.fcs", b"FCS3.1          ", r"begins with the text 'FCS3\.1'"),
        ("cells.zip", b"PK\x03\x04" + bytes(40), "damaged or incomplete"),
        ("cells.cif", b"<xis>" + bytes(400), r"cells\.cif"),
    ],
)
def test_unusable_files_are_told(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=says):
        run(tmp_path, tmp_path / name)
    if (tmp_path / "work").exists():
        assert_clean(tmp_path)


def test_content_beats_extension(tmp_path: Path) -> None:
    path = stack_file(tmp_path / "cells.cif")
    assert run(tmp_path, path).report.format == "stack"
    with pytest.raises(DatasetError, match=r"to be read as scifai, but .* format stack"):
        run(tmp_path, path, format="scifai")
    with pytest.raises(DatasetError, match="format 'fcs' is not known; there is stack"):
        run(tmp_path, path, format="fcs")


def test_quotas(tmp_path: Path) -> None:
    path = stack_file(tmp_path / "cells.h5")
    with pytest.raises(DatasetError, match=r"at most 1000 bytes"):
        run(tmp_path, path, Limits(source_bytes=1000))
    with pytest.raises(DatasetError, match=r"claims 15\.0 KiB; at most 1\.0 KiB"):
        run(tmp_path, path, Limits(dataset_bytes=1024))
    with pytest.raises(DatasetError, match=r"must leave .* free; the disk has"):
        run(tmp_path, path, Limits(keep_free=10**9 * GIB))
    with pytest.raises(DatasetError, match=r"need up to .* fewer cells or a smaller size"):
        run(tmp_path, path, Limits(dataset_bytes=100 * 1024, keep_free=0), size=512)


def test_one_class_is_allowed_and_said(tmp_path: Path) -> None:
    found = run(tmp_path, stack_file(tmp_path / "cells.h5", labels=[0] * 40))
    (said,) = [one for one in found.warnings if "one class" in one or "of class '0'" in one]
    assert said == "All labelled cells are of class '0': training needs at least two classes."
    assert not any("training needs" in note for note in found.report.notes)  # told once


def test_not_a_number_is_refused_and_negative_is_not(tmp_path: Path) -> None:
    images = IMAGES.astype(np.float32) - 2000
    assert run(tmp_path, stack_file(tmp_path / "fine.h5", images)).dtype == "float32"
    images[7, 1, 2, 3] = np.nan
    with pytest.raises(DatasetError, match=r"1 pixels in 1 cells .* cell 7 .*'Channel 2', row 2"):
        run(tmp_path / "b", stack_file(tmp_path / "bad.h5", images))
    assert_clean(tmp_path / "b")


@pytest.mark.real_data
def test_jurkat(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5"
    found = run(tmp_path, path)
    assert found.class_counts == (900, 900, 900, 606, 69, 15, 28)
    with Container.open(found.pixels_folder) as cells, h5py.File(path) as file:
        assert (cells.images(np.arange(3418)) == file["images"][:]).all()

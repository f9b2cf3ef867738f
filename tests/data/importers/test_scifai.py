"""`scifai`: one HDF5 file a cell, class from the file, groups from the folders."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from pxcore.data.importers import ImportOptions, RawCell, Source
from pxcore.data.importers.scifai import IMPORTER
from pxcore.errors import DatasetError
from pxcore.types import Skipped


def cell_file(path: Path, seed: int = 0, channels: int = 3, **content: object) -> None:
    """Write one cell; ``content`` adds or replaces data sets (None leaves one out)."""
    generator = np.random.default_rng(seed)
    h, w = 9 + seed % 3, 7 + seed % 2
    image = generator.integers(0, 900, (h, w, channels)).astype(np.uint16)
    values = {"image": image, "mask": image > 400, "label": "T"} | content
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, value in values.items():
            if value is not None:
                file[name] = value


def read(folder: Path, **options: str) -> tuple[Source, list[RawCell], list[Skipped]]:
    source = IMPORTER.read(folder, ImportOptions(values=tuple(options.items())))
    items = list(source.cells())
    cells = [item for item in items if isinstance(item, RawCell)]
    return source, cells, [item for item in items if isinstance(item, Skipped)]


def test_axes_become_channel_height_width(tmp_path: Path) -> None:
    cell_file(tmp_path / "a_5.h5", 1)
    cell_file(tmp_path / "b_3.h5", 2, label=b"B cell", mask=np.ones((11, 7), np.uint64))
    source, cells, _ = read(tmp_path)
    with h5py.File(tmp_path / "a_5.h5") as file:
        image, mask = file["image"][:], file["mask"][:]
    assert (cells[0].images == image.transpose(2, 0, 1)).all()
    assert (cells[0].masks == mask.transpose(2, 0, 1)).all()
    assert source.sizes.tolist() == [[10, 8], [11, 7]]
    assert [cell.label for cell in cells] == ["T", "B cell"]
    assert [cell.object_number for cell in cells] == [5, 3]
    assert source.names_assumed


def test_labels_of_any_type_are_one_class(tmp_path: Path) -> None:
    kinds = ["T", b"T", np.bytes_("T"), np.array(["T"], dtype=object), np.array([b"T"])]
    for position, label in enumerate(kinds):
        cell_file(tmp_path / f"c{position}.h5", label=label)
    cell_file(tmp_path / "c9.h5", label=None)
    _, cells, _ = read(tmp_path)
    assert [cell.label for cell in cells] == ["T"] * 5 + [None]
    cell_file(tmp_path / "n/c1.h5", label=np.int64(4))
    assert read(tmp_path / "n")[1][0].label == "4"


LAYOUTS = {
    "e1/d1/c/x.h5 e1/d2/c/y.h5 e2/d3/c/z.h5": ("d1", "d2", "d3"),
    "e1/d1/T/x.h5 e2/d1/T/y.h5": ("e1", "e2"),  # one donor name only: the experiments
    "d1/T/x.h5 d2/T/y.h5 d2/T/z.h5": ("d1", "d2", "d2"),
    "e1/d1/x.h5 e1/d2/y.h5": ("d1", "d2"),
    "d1/x.h5 d2/y.h5": ("d1", "d2"),
    "T/x.h5 T/y.h5": (None, None),  # the only level repeats the label
    "x.h5 y.h5": (None, None),
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_groups_come_from_the_folders(layout: str, tmp_path: Path) -> None:
    for name in layout.split():
        cell_file(tmp_path / name)
    assert tuple(cell.group for cell in read(tmp_path)[1]) == LAYOUTS[layout]


def test_group_level_can_be_chosen(tmp_path: Path) -> None:
    for name in ("e1/d1/T/x.h5", "e1/d2/T/y.h5", "e2/d1/T/z.h5"):
        cell_file(tmp_path / name)
    by_level = {
        level: [cell.group for cell in read(tmp_path, group=level)[1]]
        for level in ("donor", "experiment", "both")
    }
    assert by_level == {
        "donor": ["d1", "d2", "d1"],
        "experiment": ["e1", "e1", "e2"],
        "both": ["e1/d1", "e1/d2", "e2/d1"],
    }
    with pytest.raises(DatasetError, match="'group' is 'plate'"):
        read(tmp_path, group="plate")


def test_bad_files_are_counted_not_fatal(tmp_path: Path) -> None:
    for position in range(6):
        cell_file(tmp_path / f"good{position}.h5", position)
    (tmp_path / "empty.h5").write_bytes(b"")
    whole = (tmp_path / "good0.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[:-100])
    cell_file(tmp_path / "four.h5", channels=4)
    cell_file(tmp_path / "unmasked.h5", mask=None)
    cell_file(tmp_path / "othermask.h5", mask=np.ones((3, 3)))
    cell_file(tmp_path / "flat.h5", image=np.ones((3, 3)), mask=None)
    cell_file(tmp_path / "labels.h5", label=["T", "B"])
    cell_file(tmp_path / "noimage.h5", image=None)
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["image"] = h5py.ExternalLink("good0.h5", "image")
    source, cells, skipped = read(tmp_path)
    assert len(cells) == 6
    assert source.n_cells == 15
    why = {item.examples[0].removesuffix(".h5"): item.reason for item in skipped}
    assert set(why) == {
        "empty", "cut", "four", "unmasked", "othermask", "flat", "labels", "noimage", "link",
    }  # fmt: skip
    assert why["four"] == "another number of channels than most files (3)"
    assert why["unmasked"] == "no mask, where most files have one"
    assert "'mask' has shape (3, 3)" in why["othermask"]
    assert "soft or external link" in why["link"]
    assert "'label' holds 2 texts" in why["labels"]


def test_few_masks_are_not_used(tmp_path: Path) -> None:
    for position in range(4):
        cell_file(tmp_path / f"c{position}.h5", mask=None)
    cell_file(tmp_path / "d.h5")
    _, cells, skipped = read(tmp_path)
    assert len(cells) == 5
    assert {cell.masks is None for cell in cells} == {True}
    assert not skipped


def test_no_good_file_is_fatal(tmp_path: Path) -> None:
    cell_file(tmp_path / "a.h5", image=None)
    cell_file(tmp_path / "b.h5", image=None)
    with pytest.raises(DatasetError, match=r"none of 2 \.h5 files could be read.*no data set 'im"):
        read(tmp_path)


def test_same_numbers_in_two_folders_are_replaced(tmp_path: Path) -> None:
    for name in ("a/cell_1.h5", "a/cell_2.h5", "b/cell_1.h5"):
        cell_file(tmp_path / name)
    source, cells, _ = read(tmp_path)
    assert [cell.object_number for cell in cells] == [0, 1, 2]
    assert "count the files" in source.notes[-1]


def test_links_in_the_folder_are_refused(tmp_path: Path) -> None:
    cell_file(tmp_path / "in/a.h5")
    cell_file(tmp_path / "out/b.h5")
    (tmp_path / "in/more").symlink_to(tmp_path / "out")
    with pytest.raises(DatasetError, match="more in in is a link"):
        read(tmp_path / "in")


@pytest.mark.real_data
def test_the_authors_own_file(shared_data: Path) -> None:
    path = shared_data / "scifai_layout" / "synapse_one_cell.h5"
    assert IMPORTER.recognise(path)
    _, cells, _ = read(path)
    assert cells[0].images.shape == cells[0].masks.shape == (8, 118, 79)
    assert cells[0].label == "Synapses_with_signaling"


@pytest.mark.real_data
def test_jurkat_cells_equal_the_stack(shared_data: Path) -> None:
    folder = shared_data / "scifai_layout" / "jurkat"
    assert IMPORTER.recognise(folder)
    _, cells, skipped = read(folder)
    assert (len(cells), skipped) == (70, [])
    with h5py.File(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5") as file:
        names = list(file.attrs["class_names"])
        for cell in cells:
            assert (cell.images == file["images"][cell.object_number]).all()
            assert cell.label == names[file["labels"][cell.object_number]]

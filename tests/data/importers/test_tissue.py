"""Tissue studies: images in each layout, whole or cut into cells, with classes and patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pxcore.data.container import Container
from pxcore.data.importers import tissue
from pxcore.data.importers.importer import ImportOptions, RawCell, Source
from pxcore.data.tissue_crops import crops
from pxcore.errors import DatasetError
from pxcore.types import MaskKind, Skipped
from tests.import_runs import run
from tests.tissue_writer import labels, pixels, study, table, write, write_ome


def read(path: Path, **values: object) -> Source:
    options = tuple((name, str(value)) for name, value in values.items())
    return tissue.read(path, ImportOptions(values=options))


def cells(source: Source) -> list[RawCell]:
    return [one for one in source.cells() if isinstance(one, RawCell)]


def skipped(source: Source) -> list[Skipped]:
    return [one for one in source.cells() if isinstance(one, Skipped)]


def test_whole_images_come_with_class_patient_and_mask(tmp_path: Path) -> None:
    source = read(study(tmp_path / "s"))
    found = cells(source)
    assert [one.label for one in found] == ["g0", "g1", "g0", "g1"]
    assert [one.group for one in found] == ["p0", "p0", "p1", "p1"]
    assert [one.images.shape for one in found] == [(5, 20, 20 + i) for i in range(4)]
    for i, one in enumerate(found):
        np.testing.assert_array_equal(one.images, pixels((5, 20, 20 + i), seed=i))
        assert one.images.dtype == np.float32
        assert one.masks is not None
        assert one.masks.sum() == 16 + 30
    assert source.names_assumed
    assert source.channel_names[0] == "Channel 1"


def test_an_import_pads_and_crops_to_a_size(tmp_path: Path) -> None:
    found = run(tmp_path, study(tmp_path / "s"), size=22)
    assert found.report.format == "tissue"
    assert (found.n_cells, found.image_shape, found.dtype) == (4, (5, 22, 22), "float32")
    assert (found.classes, found.groups) == (("g0", "g1"), ("p0", "p1"))
    assert found.mask_kind is MaskKind.CELL
    assert (found.report.n_padded, found.report.n_cropped) == (4, 1)
    assert any("whole image" in note for note in found.report.notes)


def test_cells_are_cut_out_by_their_outlines(tmp_path: Path) -> None:
    source = read(study(tmp_path / "s"), cells="crops", window=8)
    found = cells(source)
    assert len(found) == source.n_cells == len(source.sizes) == 8
    assert [one.object_number for one in found] == list(range(8))
    assert found[1].name == "i0.tiff cell 70000"
    image = pixels((5, 20, 20))
    np.testing.assert_array_equal(found[0].images, image[:, :8, :8])  # moved inside the image
    np.testing.assert_array_equal(found[1].images, image[:, 7:15, 7:15])  # box 9-14, 8-14
    for one in found:
        assert one.masks is not None
        assert one.masks.shape == (1, 8, 8)
    assert found[0].masks.sum() == 16
    assert found[1].masks.sum() == 30
    assert [one.group for one in found] == ["p0"] * 4 + ["p1"] * 4


def test_a_neighbour_in_the_window_is_outside() -> None:
    mask = labels((10, 10), {5: (0, 0, 3, 3), 9: (0, 4, 9, 6), 2: (9, 9, 1, 1)})
    found = list(crops(mask.astype(np.int64), 6))
    assert [one.number for one in found] == [2, 5, 9]
    assert [one.mask.sum() for one in found] == [1, 9, 36]
    assert [one.larger for one in found] == [False, False, True]
    assert (found[1].rows, found[1].columns) == (slice(0, 6), slice(0, 6))
    assert (found[0].rows, found[0].columns) == (slice(4, 10), slice(4, 10))  # moved inside


def test_an_image_that_is_all_cells_has_no_outside() -> None:
    mask = np.array([[7, 7], [8, 8]])
    assert [(one.number, one.n_pixels) for one in crops(mask, 4)] == [(7, 2), (8, 2)]


def test_cells_have_classes_of_their_own_where_a_table_says_so(tmp_path: Path) -> None:
    folder = study(tmp_path / "s")
    lines = ("i0.tiff,3,tumour", "i0.tiff,70000,stroma", "i1.tiff,3,tumour", "i9.tiff,1,tumour")
    table(folder, *lines, head="image,cell,class", name="cells.csv")
    source = read(folder, cells="crops", group="image")
    found = cells(source)
    assert [one.label for one in found[:4]] == ["tumour", "stroma", "tumour", None]
    assert [one.group for one in found[:3]] == ["i0.tiff", "i0.tiff", "i1.tiff"]
    assert any("1 lines of cells.csv name no image" in note for note in source.notes)


def test_lines_that_name_no_cell_are_counted(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n_images=2)
    lines = ["i0.tiff,3,a", "i0.tiff,99,b", "i1.tiff,70000,b", "i1.tiff,4,a", "gone.tiff,3,a"]
    table(folder, *lines, head="image,cell,class", name="cells.csv")
    source = read(folder, cells="crops")
    (lost,) = skipped(source)
    assert (lost.count, lost.examples) == (2, ("i0.tiff cell 99", "i1.tiff cell 4"))
    assert "names no cell of its image's mask" in lost.reason
    assert source.n_cells == 4 + 2
    assert "1 lines of cells.csv name no image that was read." in source.notes
    table(folder, *lines[1:2], lines[3], head="image,cell,class", name="cells.csv")
    with pytest.raises(DatasetError, match=r"none of the 2 lines .*i0.tiff cell 99.* numbers in"):
        read(folder, cells="crops")


def test_crops_without_any_mask_are_told_what_is_missing(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n_images=2)
    table(folder, "i0.tiff,a", "i1.tiff,b", head="image,class")
    with pytest.raises(DatasetError, match=r"names no mask.* add a column mask .* images whole"):
        read(folder, cells="crops")
    assert len(cells(read(folder))) == 2


def test_tissue_is_no_frame_of_one_camera(tmp_path: Path) -> None:
    """Pixels that are 0 in every image of a small study are no broken ones."""
    folder = study(tmp_path / "s", n_images=24, n_channels=2)
    for number in range(24):
        image = pixels((2, 20, 20 + number), seed=number)
        image[:, 10] = 0
        write(folder / f"i{number}.tiff", image)
    assert not any("dead" in said for said in run(tmp_path, folder).warnings)


def test_small_outlines_are_skipped_and_counted(tmp_path: Path) -> None:
    source = read(study(tmp_path / "s"), cells="crops", min_pixels=20)
    assert len(cells(source)) == 4
    assert [one.reason for one in skipped(source)] == ["an outline of fewer than 20 pixels"] * 4


def test_channel_names_come_from_ome_metadata(tmp_path: Path) -> None:
    names = ["Ki-67", "CK8/18 <a>", "DNA & more"]
    for i in range(2):
        write_ome(tmp_path / "s" / f"{i}.ome.tif", pixels((3, 9, 9), i), names)
    source = read(table(tmp_path / "s", "0.ome.tif,a", "1.ome.tif,b", head="image,class"))
    assert source.channel_names == tuple(names)
    assert not source.names_assumed
    np.testing.assert_array_equal(cells(source)[1].images, pixels((3, 9, 9), 1))


def test_a_folder_of_single_channels_is_one_image(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    for image in ("a", "b"):
        for c, name in enumerate(("CD3", "CD8", "Ki67")):
            write(folder / image / f"{name}.tiff", pixels((9, 7), seed=c))
        write(folder / image / "mask.tif", labels((9, 7), {1: (0, 0, 4, 4)}))
    table(folder, "a,,x,a/mask.tif", "b,,y,b/mask.tif")
    source = read(folder)
    assert source.channel_names == ("CD3", "CD8", "Ki67")
    table(folder, "Ki67", "CD3", head="name", name="channels.csv")
    chosen = read(folder)
    assert chosen.channel_names == ("Ki67", "CD3")
    found = cells(chosen)
    np.testing.assert_array_equal(found[0].images, np.stack([pixels((9, 7), c) for c in (2, 0)]))
    assert [one.group for one in found] == [None, None]


def test_channels_csv_names_the_planes_in_order(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n_channels=3)
    table(folder, "B", "A", "C", head="name", name="channels.csv")
    assert read(folder).channel_names == ("B", "A", "C")
    table(folder, "B", "A", "B", head="name", name="channels.csv")
    with pytest.raises(DatasetError, match="'B' comes twice"):
        read(folder)
    table(folder, "B", "A", head="name", name="channels.csv")
    with pytest.raises(DatasetError, match=r"3 channels, where channels\.csv names 2"):
        read(folder)


@pytest.mark.parametrize("planar", ["separate", "contig"])
def test_samples_of_a_pixel_are_channels(tmp_path: Path, planar: str) -> None:
    image = pixels((4, 6, 8))
    shown = image if planar == "separate" else np.moveaxis(image, 0, -1)
    write(tmp_path / "s" / "a.tif", shown, planarconfig=planar, extrasamples=["unspecified"] * 3)
    write(tmp_path / "s" / "b.tif", image)
    source = read(table(tmp_path / "s", "a.tif,x", "b.tif,y", head="image,class"))
    for one in cells(source):
        np.testing.assert_array_equal(one.images, image)


def test_a_hundred_channels_are_taken(tmp_path: Path) -> None:
    write(tmp_path / "s" / "a.tif", pixels((100, 12, 12)), compression="zlib")
    write(tmp_path / "s" / "b.tif", pixels((100, 12, 12), 1), compression="zlib")
    found = run(tmp_path, table(tmp_path / "s", "a.tif,x", "b.tif,y", head="image,class"))
    assert found.image_shape == (100, 12, 12)
    assert len(found.panel) == 100
    with Container.open(found.pixels_folder) as stored:
        np.testing.assert_array_equal(stored.images(np.array([0]))[0], pixels((100, 12, 12)))


def test_a_zip_of_the_folder_does_as_well(tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415 - this test alone

    study(tmp_path / "zipped" / "study" / "inner")
    archive = shutil.make_archive(str(tmp_path / "study"), "zip", tmp_path / "zipped")
    found = run(tmp_path, archive, options=(("cells", "crops"), ("window", "8")))
    assert (found.n_cells, found.image_shape) == (8, (5, 8, 8))
    assert found.report.format == "tissue"


def test_images_that_do_not_fit_are_skipped_and_counted(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n_images=5)
    write(folder / "i1.tiff", pixels((4, 9, 9)))
    (folder / "i2.tiff").write_bytes((folder / "i2.tiff").read_bytes()[:900])
    write(folder / "masks" / "i3.tiff", labels((9, 9), {1: (0, 0, 4, 4)}))
    lines = [f"i{i}.tiff,p{i},g{i % 2},masks/i{i}.tiff" for i in range(5)]
    table(folder, *lines, "gone.tiff,p,g0,masks/i0.tiff", "i0.tiff/,p,g0,")
    source = read(folder)
    assert [one.name for one in cells(source)] == ["i0.tiff", "i4.tiff"]
    reasons = {one.examples[0]: one.reason for one in skipped(source)}
    assert "4 channels, where most images have 5" in reasons["i1.tiff"]
    assert "cut off" in reasons["i2.tiff"] or "cannot be read" in reasons["i2.tiff"]
    assert "the mask has 1 images of 9 x 9 pixels; expected one of 20 x 23" in reasons["i3.tiff"]
    assert "neither a TIFF nor a folder" in reasons["gone.tiff"]
    assert "no mask" in reasons["i0.tiff/"]
    assert source.n_cells >= 7


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cells": "some"}, "option 'cells' is 'some'; expected one of whole, crops"),
        ({"cells": "crops", "window": 2}, "window is 2"),
        ({"min_pixels": 0}, "min_pixels is 0"),
        ({"group": "donor"}, "expected one of auto, patient, image, none"),
        ({"side": 3}, "option 'side' is not known"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    tmp_path: Path, values: dict[str, object], said: str
) -> None:
    with pytest.raises(DatasetError, match=said):
        read(study(tmp_path / "s"), **values)


@pytest.mark.parametrize(
    ("lines", "values", "groups", "told"),
    [
        (("i0.tiff,p", "i1.tiff,p"), {}, {"i0.tiff", "i1.tiff"}, False),
        (("i0.tiff,p", "i1.tiff,"), {}, {"i0.tiff", "i1.tiff"}, False),
        (("i0.tiff,p", "i1.tiff,q"), {}, {"p", "q"}, False),
        (("i0.tiff,p", "i1.tiff,q"), {"group": "none"}, {None}, True),
        (("i0.tiff,p", "i1.tiff,p"), {"group": "patient"}, {"p"}, True),
        (("i0.tiff,p",), {}, {"i0.tiff"}, True),
    ],
)
def test_cells_of_an_image_are_kept_together_or_it_is_said(
    tmp_path: Path, lines: tuple[str, ...], values: dict[str, object], groups: set[str], told: bool
) -> None:
    """Windows of neighbours share pixels, which must not lie in training and test cells."""
    folder = study(tmp_path / "s")
    full = [f"{line},g{i},masks/i{i}.tiff" for i, line in enumerate(lines)]
    source = read(table(folder, *full), cells="crops", window=8, **values)
    assert {one.group for one in cells(source)} == groups
    assert any("scores will be too good" in note for note in source.notes) is told
    whole = read(folder)
    assert not any("too good" in note for note in whole.notes)


def test_images_without_channel_names_are_told(tmp_path: Path) -> None:
    write_ome(tmp_path / "s" / "0.tif", pixels((2, 9, 9)), ["A", "B"])
    write(tmp_path / "s" / "1.tif", pixels((2, 9, 9)))
    source = read(table(tmp_path / "s", "0.tif,a", "1.tif,b", head="image,class"))
    assert source.channel_names == ("A", "B")
    assert any("1 of 2 images do not name their channels" in note for note in source.notes)
    table(tmp_path / "s", "A", "B", head="name", name="channels.csv")
    assert not any("do not name" in note for note in read(tmp_path / "s").notes)


def test_groups_by_patient_need_patients(tmp_path: Path) -> None:
    folder = study(tmp_path / "s")
    table(folder, "i0.tiff,a", "i1.tiff,b", head="image,class")
    assert {one.group for one in cells(read(folder))} == {None}
    with pytest.raises(DatasetError, match=r"group is patient, but images\.csv has no such column"):
        read(folder, group="patient")

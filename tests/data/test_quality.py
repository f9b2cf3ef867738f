"""Quality sentences: every oddity planted alone is named with its number, clean cells are not."""

from __future__ import annotations

import time

import h5py
import numpy as np
import pytest

from pxcore.data import quality_pixels
from pxcore.data.names import guessed_role
from pxcore.data.quality import check, check_classes, check_pixels
from pxcore.data.quality_classes import cramers_v
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import IfcParams, ifc_cells
from pxcore.types import Channel, MaskKind, Panel

NAMES = ("BF", "CD3", "DF")
PANEL = Panel(tuple(Channel(name=name, role=guessed_role(name)) for name in NAMES))


def clean(n=60, dtype=np.uint16):
    rng = np.random.default_rng(0)
    return np.rint(rng.normal(1500, 300, (n, 3, 12, 10)).clip(50, 4000)).astype(dtype)


def said_of(images, masks=None, kind=None):
    return check_pixels(ArrayCells(images, masks, kind), PANEL)


def test_clean_cells_say_nothing():
    labels, groups = np.arange(60) % 2, np.arange(60) // 2 % 3
    masks = np.ones((60, 1, 12, 10), np.uint8)
    assert check(ArrayCells(clean(), masks), labels, groups) == ()
    drawn = ifc_cells(IfcParams(n_cells=400))
    source = ArrayCells(drawn.images, drawn.masks)
    assert check(source, drawn.labels, drawn.groups, panel=drawn.panel) == ()


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("block", [1, 2000, 10**9])
def test_a_saturated_channel(dtype, block, monkeypatch):
    """The largest value may come late: counts start anew whenever it rises."""
    monkeypatch.setattr(quality_pixels, "_BLOCK_BYTES", block)
    images = clean(dtype=dtype)
    images[40:50, 1, :2, :3] = 4095
    (sentence,) = said_of(images)
    assert sentence.startswith("Channel 'CD3' is saturated: 0.83% of its pixels have its largest")
    assert "4095, in 10 of 60 cells" in sentence


def test_pixels_of_no_common_camera_are_neither_dead_nor_saturated():
    """Places of tissue differ from image to image, and counts have no upper end."""
    images = clean(dtype=np.float32)
    images[:, 1, 3, 4] = 0.0
    images[40:50, 1, :2, :3] = images.max() + 17
    once = [check_pixels(ArrayCells(images), PANEL, camera=one) for one in ("one", "many", "none")]
    assert [len(said) for said in once] == [2, 0, 0]
    assert "has 1 dead pixel, the same" in once[0][1]
    images[40:50, 1, :2, :3] = 4095
    full = [check_pixels(ArrayCells(images), PANEL, camera=one) for one in ("many", "none")]
    assert [len(said) for said in full] == [1, 0]
    assert "is saturated" in full[0][0]


def test_a_drawing_is_not_saturated():
    images = clean()
    images[:, 1] = np.arange(60)[:, None, None] % 2  # values 0 and 1 only
    assert not [sentence for sentence in said_of(images) if "saturated" in sentence]


def test_what_many_channels_have_is_told_once():
    names = tuple(f"P{i}" for i in range(9))
    panel = Panel(tuple(Channel(name=name) for name in names))
    images = np.repeat(clean()[:, 1:2], 9, axis=1)
    images[:, 8] = 7
    images[40:50, :7, :2, :3] = 4095
    said = check_pixels(ArrayCells(images), panel)
    (first,) = [one for one in said if "saturated" in one]
    assert first.startswith("7 channels are saturated: 'P0', 'P1', 'P2', 'P3', 'P4', 'P5', ... ")
    assert "The first of them: Channel 'P0' is saturated: 0.83%" in first
    assert "Channel 'P8' is constant: every pixel of every cell is 7." in said
    images[40:50, 6] = clean()[40:50, 1]
    few = check_pixels(ArrayCells(images), panel)
    assert sum("is saturated" in one for one in few) == 6


def test_a_constant_channel():
    images = clean()
    images[:, 2] = 7
    assert said_of(images) == ("Channel 'DF' is constant: every pixel of every cell is 7.",)


def test_negative_pixels_are_counted():
    images = clean(dtype=np.int16)
    images[3, 0, 1, 1:4] = -20
    images[59, 0, 0, 0] = -21
    (sentence,) = said_of(images)
    assert sentence.startswith("Channel 'BF' has 4 negative pixels (0.06%), down to -21")


def test_dead_pixels_and_where_they_are():
    images = clean()
    images[:, 1, 3, 4] = images[:, 1, 3, 5] = 99
    (sentence,) = said_of(images)
    assert sentence.startswith("Channel 'CD3' has 2 dead pixels")
    assert "(3, 4), (3, 5)." in sentence
    assert said_of(images[:5]) == (), "five cells may agree by chance"


def test_images_of_one_value():
    images = clean()
    images[[4, 7], 0] = 60
    assert said_of(images) == ("Channel 'BF' is one value throughout in 2 of 60 cells.",)


def test_cells_that_are_mostly_padding():
    images = clean()
    inner = images[:9, :, 2:8, 1:8].copy()  # 6 x 7 of 12 x 10
    images[:9] = np.median(inner, axis=(2, 3), keepdims=True)
    images[:9, :, 2:8, 1:8] = inner
    images[20, :, 10:] = 500  # a sixth is padding: fine
    (sentence,) = said_of(images)
    assert sentence.startswith("9 of 60 cells are mostly padding")
    frames = np.ones((60, 1, 12, 10), np.uint8)
    assert said_of(images, frames, MaskKind.FRAME) == (sentence,)


def test_empty_masks():
    masks = np.ones((60, 1, 12, 10), np.uint8)
    masks[:5] = 0
    assert said_of(clean(), masks) == ("5 of 60 cells have an empty mask.",)
    assert said_of(clean(), masks, MaskKind.FRAME) == (), "frames are no outlines"


def test_masks_a_channel():
    masks = np.ones((60, 3, 12, 10), np.uint8)
    masks[:2] = 0
    masks[:7, 1] = 0
    assert said_of(clean(), masks) == (
        "2 of 60 cells have an empty mask.",
        "Channel 'CD3' has no mask of its own in 5 of 60 cells, while other channels have.",
    )


CLASSES = ("G1", "S", "M")
NO_DONOR = np.full(200, -1)


def classes_said(labels, groups=NO_DONOR):
    labels, groups = np.asarray(labels), np.asarray(groups)
    return check_classes(labels, groups, classes=CLASSES, group_names=("D1", "D2", "D3"))


def test_small_classes_and_missing_labels():
    labels = np.repeat([0, 1, 2, -1], [100, 60, 10, 30])
    assert classes_said(labels) == (
        "30 of 200 cells have no class; they are left out of training.",
        "Only 10 cells are of class 'M'; the scores of a class below 30 are uncertain.",
    )
    alone = classes_said(np.repeat([0, 1], [199, 1]))
    assert any(said.startswith("Only 1 cell is of class 'S'") for said in alone)
    (said,) = classes_said(np.full(200, -1))
    assert said.startswith("No cell has a class: find groups of cells without labels, or add")
    assert "of class 'G1': training" in classes_said(np.zeros(200, int))[0]
    assert "class 1;" in " ".join(check_classes(np.repeat([0, 1], [50, 3]), np.full(53, -1)))


def test_a_class_of_one_donor():
    labels = np.repeat([0, 1, 2], [80, 80, 40])
    groups = np.arange(200) % 3
    assert classes_said(labels, groups) == ()
    groups[labels == 2] = 1
    assert classes_said(labels, groups) == (
        "Class 'M' comes from donor 'D2' only: folds by donor cannot test it.",
    )


def test_class_and_donor_that_go_together():
    labels = np.repeat([0, 1, 2, 0, 1, 2], [60, 60, 60, 5, 8, 7])
    groups = np.repeat([0, 1, 2, 1, 2, 0], [60, 60, 60, 5, 8, 7])
    (sentence,) = classes_said(labels, groups)
    assert "go together (Cramér's V 0.8" in sentence
    assert cramers_v(np.eye(3) * 9) == pytest.approx(1.0)
    assert cramers_v(np.ones((3, 4)) * 9) == pytest.approx(0.0)


def test_unknown_donors_are_counted():
    groups = np.arange(200) % 3
    groups[:12] = -1
    (sentence,) = classes_said(np.arange(200) // 3 % 3, groups)
    assert sentence.startswith("12 labelled cells come from an unknown donor")


def test_no_cells():
    assert check_pixels(ArrayCells(np.zeros((0, 3, 4, 4), np.uint8)), PANEL) == ()


def test_blocks_give_the_same_sentences(monkeypatch):
    images = clean(dtype=np.int16)
    images[50, 0, 0, 0] = -3
    images[:, 1, 0, 0] = 5
    images[30:, 2, :3] = 4095
    whole = said_of(images)
    assert len(whole) == 3
    monkeypatch.setattr(quality_pixels, "_BLOCK_BYTES", 1)
    assert said_of(images) == whole


@pytest.mark.real_data
def test_jurkat_cells_in_good_time(shared_data):
    with h5py.File(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5") as file:
        images, labels = file["images"][:], file["labels"][:].astype(np.int64)
        channels = [str(name) for name in file.attrs["channel_names"]]
        classes = [str(name) for name in file.attrs["class_names"]]
    start = time.process_time()
    panel = Panel(tuple(Channel(name=name, role=guessed_role(name)) for name in channels))
    said = check(ArrayCells(images), labels, np.full(3418, -1), panel=panel, classes=classes)
    assert time.process_time() - start < 1.5
    assert [sentence.split(";")[0] for sentence in said] == [
        "Only 15 cells are of class 'Anaphase'",
        "Only 28 cells are of class 'Telophase'",
    ]


@pytest.mark.real_data
def test_eotaxin_channels_without_stain_have_no_mask(shared_data):
    with h5py.File(shared_data / "amnis_cif" / "eotaxin_decoded.h5") as file:
        source = ArrayCells(file["images"][:], file["masks"][:])
    said = check_pixels(source)
    assert (
        "Channel 1 has no mask of its own in 110 of 111 cells, while other channels have." in said
    )
    assert any(sentence.startswith("105 of 111 cells are mostly padding") for sentence in said)

"""Decoys know nothing about their cell, cross no part, and look like what they stand for."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pxcore.data.container import Container, write_container
from pxcore.data.container_format import CellBlock, ContainerHeader
from pxcore.data.decoy_planes import stain_levels
from pxcore.data.decoys import DECOYS, decoy_channels, with_decoys
from pxcore.data.folds import split
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import IfcParams, ifc_cells
from pxcore.errors import DatasetError
from pxcore.types import Fold, MaskKind, Role

DRAWN = ifc_cells(IfcParams(n_cells=400, size=24, seed=3))
SOURCE = ArrayCells(DRAWN.images, DRAWN.masks)
FOLD = split(DRAWN.labels, DRAWN.groups, 3, 5, 0.2)[0]
STAINS = tuple(range(1, 8))
EMPTY, FOREIGN = ("decoy_empty", STAINS), ("decoy_foreign", STAINS)
PLACE, BRIGHT, DIM = 1, 6, 7
N_REAL = DRAWN.images.shape[1]
ALL = np.concatenate([FOLD.train, FOLD.valid, FOLD.test])
MADE = (N_REAL, N_REAL + 1)


def decoyed(decoys=(EMPTY, FOREIGN), source=SOURCE, fold=FOLD, seed=9):
    return with_decoys(source, decoys, fold, seed)


def plane(decoy, cells=ALL, **changes):
    return decoyed((decoy,), **changes).images(cells, [N_REAL])[:, 0]


def partners(view, stain, cells):
    """Which cells the foreign images come from, found by comparing pixels."""
    by_pixels = {DRAWN.images[i, stain].tobytes(): i for i in range(len(DRAWN.images))}
    found = view.images(cells, [N_REAL])[:, 0]
    return np.array([by_pixels[np.ascontiguousarray(image).tobytes()] for image in found])


def test_the_view_is_a_source_with_more_channels():
    view = decoyed()
    assert view.image_shape == (N_REAL + 2, 24, 24)
    assert (view.n_cells, view.dtype, view.mask_kind) == (400, np.uint16, MaskKind.CELL)
    cells = FOLD.test[[4, 0, 4]]
    everything = view.images(cells)
    assert (everything[:, :N_REAL] == DRAWN.images[cells]).all()
    mixed = view.images(cells, [N_REAL + 1, 2, N_REAL])
    assert (mixed == everything[:, [N_REAL + 1, 2, N_REAL]]).all()
    assert view.images(np.array([], int)).shape == (0, N_REAL + 2, 24, 24)
    assert with_decoys(SOURCE, (), FOLD, 0).image_shape == SOURCE.image_shape


@pytest.mark.parametrize("decoy", [EMPTY, FOREIGN])
def test_same_pixels_in_any_order_and_company(decoy):
    whole = plane(decoy)
    order = np.random.default_rng(0).permutation(len(ALL))
    assert (plane(decoy, ALL[order]) == whole[order]).all()
    one_by_one = decoyed((decoy,))
    for row in order[:20]:
        assert (one_by_one.images(ALL[[row]], [N_REAL])[0, 0] == whole[row]).all()
    for company in ((EMPTY, FOREIGN), (FOREIGN, EMPTY), (("decoy_empty", (1, 2)), decoy)):
        place = N_REAL + company.index(decoy)
        assert (decoyed(company).images(ALL, [place])[:, 0] == whole).all()


@pytest.mark.parametrize("decoy", [EMPTY, FOREIGN])
def test_other_pixels_for_another_seed_fold_or_stain(decoy):
    other = split(DRAWN.labels, DRAWN.groups, 3, 5, 0.2)[1]
    whole = plane(decoy, FOLD.test)
    assert (plane(decoy, FOLD.test, seed=10) != whole).any()
    shared = np.intersect1d(FOLD.train, other.train)
    assert (plane(decoy, shared) != plane(decoy, shared, fold=other)).any()
    swapped = Fold(FOLD.train, np.sort(np.r_[FOLD.valid[1:], FOLD.test[:1]]),
                   np.sort(np.r_[FOLD.test[1:], FOLD.valid[:1]]))  # fmt: skip
    assert (plane(decoy, FOLD.train, fold=swapped) != plane(decoy, FOLD.train)).any(), "same sizes"
    fewer = (decoy[0], STAINS[1:])
    assert (plane(fewer, FOLD.test) != whole).any()


def test_a_foreign_image_comes_from_another_cell_of_the_part():
    view = decoyed((FOREIGN,))
    for part in (FOLD.train, FOLD.valid, FOLD.test):
        found = partners(view, BRIGHT, part)
        assert (found != part).all()
        assert sorted(found) == sorted(part), "each image once: pixels exactly as in the stain"
    train = partners(view, BRIGHT, FOLD.train)
    same = (DRAWN.labels[train] == DRAWN.labels[FOLD.train]).mean()
    assert abs(same - 0.25) < 0.1, "of four even classes, partners share a quarter"
    small = Fold(np.arange(2), np.arange(2, 4), np.arange(4, 7))
    for seed in range(20):
        few = decoyed((FOREIGN,), fold=small, seed=seed)
        assert partners(few, BRIGHT, small.train).tolist() == [1, 0]
        assert (partners(few, BRIGHT, small.test) != small.test).all()


def test_every_other_cell_is_as_likely_a_partner():
    fold = Fold(np.arange(4), np.arange(4, 6), np.arange(6, 8))
    found = [partners(decoyed((FOREIGN,), fold=fold, seed=s), BRIGHT, np.array([0]))[0]
             for s in range(150)]  # fmt: skip
    assert np.bincount(found, minlength=4).tolist()[0] == 0
    assert min(np.bincount(found, minlength=4)[1:]) > 30


def slow_levels(cells):
    """Signal of each channel and the dimmest one's background, a cell and a pixel at a time."""
    background = {c: [] for c in STAINS}
    inside = {c: [] for c in STAINS}
    for cell in cells:
        outline = DRAWN.masks[cell, 0] > 0
        for y in range(24):
            for x in range(24):
                near = outline[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].any()
                for c in STAINS:
                    value = float(DRAWN.images[cell, c, y, x])
                    if outline[y, x]:
                        inside[c].append(value)
                    elif not near:
                        background[c].append(value)
    signals = []
    for c in STAINS:
        level = np.median(background[c])
        off = [np.mean(np.abs(np.array(values) - level)) for values in (inside[c], background[c])]
        signals.append(off[0] - off[1])
    return np.array(signals), background


def test_levels_follow_a_slow_reference():
    cells = FOLD.train[:12]
    levels = stain_levels(SOURCE, cells, STAINS)
    signals, background = slow_levels(cells)
    assert levels.signal == pytest.approx(signals, rel=1e-9)
    assert (STAINS[levels.dimmest], STAINS[levels.clearest]) == (DIM, BRIGHT)
    for row, c in enumerate(STAINS):
        for share in (10, 50, 90):
            expected = np.percentile(background[c], share, method="nearest")
            assert np.percentile(levels.pools[row], share) == pytest.approx(expected, abs=1)


def test_empty_is_the_background_of_the_dimmest_stain():
    made = plane(EMPTY).astype(float)
    outside = DRAWN.images[FOLD.train, DIM][DRAWN.masks[FOLD.train, 0] == 0]
    assert abs(made.mean() - outside.mean()) < 0.1
    assert abs(made.std() - outside.std()) < 0.1
    assert set(np.unique(plane(EMPTY))) <= set(np.unique(DRAWN.images[FOLD.train, DIM]))
    neighbours = np.corrcoef(made[:, :, :-1].ravel(), made[:, :, 1:].ravel())[0, 1]
    across = np.corrcoef(made[:-1].ravel(), made[1:].ravel())[0, 1]
    assert max(abs(neighbours), abs(across)) < 0.01
    assert len(np.unique(made.reshape(len(made), -1), axis=0)) == len(made)


def test_only_training_cells_decide_the_levels():
    images = DRAWN.images.copy()
    images[np.concatenate([FOLD.valid, FOLD.test])] = 4000
    assert (plane(EMPTY, source=ArrayCells(images, DRAWN.masks)) == plane(EMPTY)).all()


def features(planes):
    """Mean, sd, maximum, and mean of the middle of each image."""
    pixels = planes.reshape(len(planes), -1).astype(float)
    middle = planes[:, 8:16, 8:16].mean(axis=(1, 2))
    edge = np.abs(np.diff(planes.astype(float), axis=2)).mean(axis=(1, 2))
    return np.column_stack([pixels.mean(1), pixels.std(1), pixels.max(1), middle, edge])


def told_apart(planes_of):
    """Balanced accuracy on test cells of a classifier on simple features, mean over folds."""
    found = []
    for number, fold in enumerate(split(DRAWN.labels, None, 4, 1, 0.1)):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        model.fit(features(planes_of(fold.train, fold, number)), DRAWN.labels[fold.train])
        guessed = model.predict(features(planes_of(fold.test, fold, number)))
        found.append(balanced_accuracy_score(DRAWN.labels[fold.test], guessed))
    return float(np.mean(found))


@pytest.mark.parametrize("stains", [STAINS, (2,)])
@pytest.mark.parametrize("decoy", list(DECOYS))
def test_no_class_can_be_read_from_a_decoy(decoy, stains):
    def made(cells, fold, seed):
        return plane((decoy, stains), cells, fold=fold, seed=seed)

    assert abs(told_apart(made) - 0.25) < 0.07  # 400 cells: two standard errors are 0.043
    assert told_apart(lambda cells, *_: DRAWN.images[cells, 2]) > 0.4, "amount tells classes"


def test_masks_keep_their_union():
    cells = ALL[:7]
    assert (decoyed().masks(cells) == DRAWN.masks[cells]).all()
    assert decoyed(source=ArrayCells(DRAWN.images)).masks(cells) is None
    each = np.random.default_rng(0).integers(0, 2, DRAWN.images.shape).astype(np.uint8)
    found = decoyed(source=ArrayCells(DRAWN.images, each)).masks(cells)
    assert found.shape[1] == N_REAL + 2
    assert (found[:, :N_REAL] == each[cells]).all()
    assert not found[:, N_REAL:].any()
    frames = decoyed(source=ArrayCells(DRAWN.images, each, MaskKind.FRAME)).masks(cells)
    assert (frames.all(axis=1) == each[cells].all(axis=1)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32])
def test_every_dtype_stays_in_its_range(dtype):
    images = (DRAWN.images % 256).astype(dtype) - (100 if dtype is np.int16 else 0)
    view = decoyed(source=ArrayCells(images.astype(dtype), DRAWN.masks))
    made = view.images(ALL, MADE)
    assert made.dtype == dtype
    assert np.isin(made, images).all(), "only values that were recorded"


def test_cells_on_disk_give_the_same(tmp_path):
    c, h, w = SOURCE.image_shape
    header = ContainerHeader(image_shape=(c, h, w), dtype=np.dtype(np.uint16),
                             mask_kind=MaskKind.CELL, mask_channels=1)  # fmt: skip
    block = CellBlock(images=DRAWN.images, masks=DRAWN.masks, object_number=np.arange(400),
                      sizes=np.full((400, 2), 24))  # fmt: skip
    write_container(tmp_path / "cells.h5", header, [block])
    with Container.open(tmp_path) as stored:
        assert (decoyed(source=stored).images(ALL) == decoyed().images(ALL)).all()


def test_a_background_of_one_value():
    images = np.where(DRAWN.masks > 0, DRAWN.images, 0).astype(np.uint16)
    assert not plane(EMPTY, source=ArrayCells(images, DRAWN.masks)).any()
    images[:, DIM] = DRAWN.images[:, DIM]
    images[:, 2] = 5
    assert plane(EMPTY, source=ArrayCells(images, DRAWN.masks)).std() > 3, "a dead one is no stain"


def test_cells_outside_the_fold():
    fold = Fold(FOLD.train, FOLD.valid, FOLD.test[1:])
    left_out, view = FOLD.test[:1], decoyed(fold=fold)
    assert (view.images(left_out, [0, 2]) == DRAWN.images[left_out][:, [0, 2]]).all()
    with pytest.raises(DatasetError, match=f"cell {left_out[0]} is in no part of this fold"):
        view.images(left_out)


def test_what_cannot_be_made_is_said():
    alone = Fold(np.arange(5), np.array([5]), np.arange(6, 9))
    with pytest.raises(DatasetError, match="'valid' of the fold has one cell"):
        decoyed((FOREIGN,), fold=alone)
    decoyed((EMPTY,), fold=alone)
    with pytest.raises(DatasetError, match="no training cell"):
        decoyed(fold=Fold(ALL[:0], ALL[:3], ALL[3:]))
    with pytest.raises(DatasetError, match="'decoy_dark' is not known; there is decoy_empty"):
        decoyed((("decoy_dark", STAINS),))
    for stains in ((), (N_REAL,), (-1,)):
        with pytest.raises(DatasetError, match="position from 0 to 8"):
            decoyed((("decoy_empty", stains),))


def test_names_for_people():
    ids = list(DECOYS)
    channels = decoy_channels(ids, DRAWN.panel.names)
    assert [channel.name for channel in channels] == ["decoy: empty", "decoy: foreign cell"]
    assert {channel.role for channel in channels} == {Role.DECOY}
    taken = ("decoy: empty", "decoy: empty 2")
    assert decoy_channels([*ids, ids[0]], taken)[0].name == "decoy: empty 3"
    assert decoy_channels([*ids, ids[0]], taken)[2].name == "decoy: empty 4"


def test_a_thousand_cells_in_good_time():
    images = np.random.default_rng(0).integers(0, 4096, (1000, 12, 64, 64)).astype(np.uint16)
    i = np.arange(1000)
    view = with_decoys(ArrayCells(images), (EMPTY, FOREIGN), Fold(i[:600], i[600:800], i[800:]), 0)
    start = time.process_time()
    view.images(i)
    assert time.process_time() - start < 1.0  # about 0.12 s; the bound allows for a busy host

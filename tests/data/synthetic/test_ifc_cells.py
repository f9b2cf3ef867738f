"""Synthetic cells: what is said to be planted is there, and nothing else is."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from pxcore.data.synthetic import (
    IfcParams,
    Planted,
    ifc_blocks,
    ifc_cells,
    ifc_panel,
)
from pxcore.data.synthetic.planted import draw_codes, truth_of
from pxcore.errors import DatasetError
from pxcore.types import Role

CHANCE = 0.25
NEAR_CHANCE = 0.30  # 4 standard errors of an accuracy of 0.25 over 1,200 cells


@pytest.fixture(scope="module")
def cells():
    return ifc_cells(IfcParams(n_noise=1))


@pytest.fixture(scope="module")
def features(cells):
    """Return, by channel name, (N, 11) quantiles inside the mask and (N, 3) of where it lies."""
    inside = cells.masks[:, 0] == 1
    depth = np.stack([ndimage.distance_transform_edt(mask) for mask in inside])
    rim, core = inside & (depth < 2.5), inside & (depth > 5)
    values, places = {}, {}
    for i, name in enumerate(cells.panel.names):
        planes = cells.images[:, i].astype(np.float64)
        values[name] = np.stack(
            [np.quantile(p[m], np.linspace(0, 1, 11)) for p, m in zip(planes, inside, strict=True)]
        )
        mean = (planes * inside).sum((1, 2)) / inside.sum((1, 2))
        where = [(planes * part).sum((1, 2)) / part.sum((1, 2)) / mean for part in (rim, core)]
        values[name] = np.column_stack([values[name], mean])
        places[name] = np.column_stack(where)
    return values, places


def accuracy(features, labels):
    forest = RandomForestClassifier(60, min_samples_leaf=5, random_state=0)
    return cross_val_score(forest, features, labels, cv=4).mean()


def of_kind(cells, kind):
    return [n for n, k in zip(cells.panel.names, cells.kinds, strict=True) if k is kind]


def test_the_default_is_fast_and_looks_like_a_recording():
    start = time.process_time()
    cells = ifc_cells()
    assert time.process_time() - start < 6.0, "about 1 s on one free core"
    assert cells.images.shape == (1200, 9, 40, 40)
    assert cells.images.dtype == np.uint16
    assert cells.masks.shape == (1200, 1, 40, 40)
    assert set(np.unique(cells.masks)) == {0, 1}
    share_inside = cells.masks.mean(axis=(1, 2, 3))
    assert 0.15 < share_inside.min() < share_inside.max() < 0.55
    assert np.mean(cells.images == 4095) < 1e-4, "hardly a saturated pixel"
    assert np.bincount(cells.labels).tolist() == [300] * 4
    table = np.zeros((4, 6), int)
    np.add.at(table, (cells.labels, cells.groups), 1)
    assert np.ptp(table) <= 1, "every class is as frequent in every donor"
    assert cells.panel.channels[0].role is Role.BRIGHTFIELD
    assert cells.panel.channels[8].role is Role.DARKFIELD
    assert len(cells.truth) == len(cells.kinds) == len(cells.panel) == 9
    assert not cells.images.flags.writeable


def test_the_place_marker_tells_by_place_and_not_by_values(cells, features):
    values, places = features
    (name,) = of_kind(cells, Planted.PLACE)
    assert accuracy(values[name], cells.labels) < NEAR_CHANCE
    pair_of_classes = cells.labels < 2  # A: ring, B: spot
    by_place = accuracy(places[name][pair_of_classes], cells.labels[pair_of_classes])
    assert by_place > 0.97
    other = ~pair_of_classes  # C and D show either
    assert accuracy(places[name][other], cells.labels[other]) < 0.6


def test_the_amount_marker_tells_by_its_mean_and_not_by_place(cells, features):
    values, places = features
    for name in of_kind(cells, Planted.AMOUNT) + of_kind(cells, Planted.COPY):
        high = cells.labels >= 2
        assert accuracy(values[name][:, -1:], high) > 0.97
        assert accuracy(values[name], cells.labels) < 0.56, "within a level the classes are alike"
        assert accuracy(places[name], cells.labels) < NEAR_CHANCE


def test_the_copy_is_the_amount_up_to_noise(cells, features):
    values, _ = features
    (original,), (copy,) = of_kind(cells, Planted.AMOUNT), of_kind(cells, Planted.COPY)
    a, b = values[original][:, -1], values[copy][:, -1]
    assert np.corrcoef(a, b)[0, 1] > 0.99
    at = cells.panel.index
    assert not np.array_equal(cells.images[:, at(original)], cells.images[:, at(copy)])


def test_the_pair_works_only_together(cells, features):
    values, places = features
    names = of_kind(cells, Planted.PAIR)
    assert len(names) == 2
    for name in names:
        assert accuracy(values[name], cells.labels) < NEAR_CHANCE
        assert accuracy(places[name], cells.labels) < NEAR_CHANCE
    together = np.column_stack([values[name][:, -1] for name in names])
    late = cells.labels >= 2  # C: equal, D: opposite
    assert accuracy(together[late], cells.labels[late]) > 0.93
    assert accuracy(together[~late], cells.labels[~late]) < 0.6


def test_the_brightfield_is_a_weak_hint(cells, features):
    values, _ = features
    (name,) = of_kind(cells, Planted.MORPHOLOGY)
    assert CHANCE + 0.03 < accuracy(values[name], cells.labels) < 0.42


@pytest.mark.parametrize(
    "kind", [Planted.UNSPECIFIC, Planted.EMPTY, Planted.SCATTER, Planted.NOISE]
)
def test_the_others_carry_nothing(cells, features, kind):
    values, places = features
    assert not kind.informative
    for name in of_kind(cells, kind):
        assert accuracy(values[name], cells.labels) < NEAR_CHANCE
        assert accuracy(places[name], cells.labels) < NEAR_CHANCE


def test_the_outline_carries_nothing(cells):
    area = cells.masks.sum(axis=(1, 2, 3))[:, None]
    assert accuracy(area, cells.labels) < NEAR_CHANCE


def test_brightness(cells, features):
    values, _ = features
    mean = {name: value[:, -1].mean() for name, value in values.items()}
    stains = [c.name for c in cells.panel.channels if c.role is Role.STAIN]
    assert max(stains, key=mean.__getitem__) == "Bright"
    assert min(stains, key=mean.__getitem__) == "Empty"


@pytest.mark.parametrize("n_classes", range(3, 9))
def test_every_class_differs_from_every_other(n_classes):
    """Cells of two classes never share all of amount, and what tells their level's two apart."""
    labels = np.arange(6000) % n_classes
    codes = draw_codes(labels, n_classes, np.random.default_rng(0))
    differ = codes.first_high ^ codes.second_high
    shown = {k: set() for k in range(n_classes)}
    for k, level, spot, pair in zip(labels, codes.level, codes.spot, differ, strict=True):
        shown[k].add((level, spot) if level % 2 == 0 else (level, 2 + pair))
    for k in range(n_classes):
        for other in range(k):
            assert not shown[k] & shown[other]
    for high in (codes.first_high, codes.second_high):
        share = [high[labels == k].mean() for k in range(n_classes)]
        assert max(abs(s - 0.5) for s in share) < 0.08, "a marker of the pair alone is even"


def test_the_truth_names_the_classes():
    assert truth_of(Planted.PLACE, 4).startswith("place: ring in A, spot in B")
    assert "equal in C, opposite in D" in truth_of(Planted.PAIR, 4)
    assert "level 3 in E" in truth_of(Planted.AMOUNT, 5)
    assert "half of B" in truth_of(Planted.AMOUNT, 3)


def test_the_seed_decides_and_blocks_do_not(cells):
    small = IfcParams(n_cells=600, size=20, n_donors=3, n_classes=5, n_noise=2, seed=4)
    whole = ifc_cells(small)
    assert np.array_equal(ifc_cells(small).images, whole.images)
    assert not np.array_equal(ifc_cells(replace(small, seed=5)).images, whole.images)
    blocks = list(ifc_blocks(small))
    assert len(blocks) == 3
    for name in ("images", "masks", "labels", "groups"):
        joined = np.concatenate([getattr(block, name) for block in blocks])
        assert np.array_equal(joined, getattr(whole, name))
    assert whole.panel == ifc_panel(2)[0]
    assert whole.group_names == ("donor 1", "donor 2", "donor 3")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_classes": 2}, "n_classes is 2; give a number from 3 to 8"),
        ({"n_cells": 3}, "n_cells is 3"),
        ({"size": 5}, "size is 5"),
        ({"n_donors": 0}, "n_donors is 0"),
        ({"n_noise": -1}, "n_noise is -1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_numbers_that_make_no_cells(wrong, said):
    with pytest.raises(DatasetError, match=said):
        IfcParams(**wrong)

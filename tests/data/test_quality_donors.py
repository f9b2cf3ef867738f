"""Donors that show in the images are named with a number; donors that do not are not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pxcore.data.annotation import encode
from pxcore.data.overview import Overview
from pxcore.data.overviews import overview, with_annotation
from pxcore.data.quality import check_classes
from pxcore.data.quality_donors import CellFeatures, cell_features, donors_told, told_warnings
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import IfcParams, ifc_cells

DRAWN = ifc_cells(IfcParams(n_cells=600, size=24, seed=2, n_donors=6))
NO_CLASS = np.zeros(600, int)


def told_of(images, groups=DRAWN.groups, labels=DRAWN.labels):
    return donors_told(cell_features(ArrayCells(images)), labels, groups)


def brighter(step, channel=6, groups=DRAWN.groups):
    """Every donor a step brighter in one channel than the one before."""
    images = DRAWN.images.astype(np.float64)
    images[:, channel] *= (1.0 + step) ** groups[:, None, None]
    return np.rint(images).clip(0, 65535).astype(np.uint16)


def random_features(seed, n=600, n_features=20):
    values = np.random.default_rng(seed).normal(size=(n, n_features)).astype(np.float32)
    return CellFeatures(np.arange(n), values)


def test_features_follow_a_slow_reference():
    features = cell_features(ArrayCells(DRAWN.images[:5]))
    assert features.values.dtype == np.float32
    for i in range(5):
        row = []
        for plane in DRAWN.images[i].astype(float):
            edge = [plane[0].mean(), plane[-1].mean(), plane[:, 0].mean(), plane[:, -1].mean()]
            steps = [abs(plane[y, x + 1] - plane[y, x]) for y in range(24) for x in range(23)]
            row += [plane.mean(), plane.std(), np.mean(edge), np.mean(steps)]
        assert features.values[i] == pytest.approx(row, rel=1e-5)


def test_clean_donors_are_not_told_apart():
    told = told_of(DRAWN.images)
    assert (told.n_cells, told.n_donors) == (600, 6)
    assert told.chance == pytest.approx(1 / 6, abs=0.05)
    assert not told.telling
    assert tuple(told_warnings(told)) == ()


def test_donors_of_different_brightness_are():
    told = told_of(brighter(0.3))
    assert told.accuracy > 0.55
    (sentence,) = told_warnings(told)
    assert sentence.startswith(f"Donors can be told apart from the images alone: balanced accuracy "
                               f"{told.accuracy:.2f} ± ")  # fmt: skip
    assert f"against {told.chance:.2f} by chance (600 cells of 6 donors)" in sentence
    assert told_of(brighter(0.1)).accuracy < told.accuracy


def test_what_the_class_tells_is_not_the_donor():
    """Each donor has mostly one class, and nothing else of its own."""
    rng = np.random.default_rng(0)
    groups = np.where(rng.random(600) < 0.9, DRAWN.labels, rng.integers(0, 4, 600))
    told = told_of(DRAWN.images, groups)
    assert told.from_class
    assert told.chance > 0.85
    assert told.accuracy < told.chance
    assert not told.telling
    unlabelled = told_of(DRAWN.images, groups, np.full(600, -1))
    assert unlabelled.chance == 0.25
    assert unlabelled.telling, "without classes it cannot be known"


def test_chance_and_its_error_on_noise():
    """100 data sets without a donor: two standard errors hold nearly all, and no alarm."""
    outside = alarms = 0
    for seed in range(100):
        groups = np.random.default_rng([1, seed]).integers(0, 4, 200)
        told = donors_told(random_features(seed, 200, 5), np.zeros(200, int), groups)
        outside += abs(told.accuracy - 0.25) > 2 * told.error
        alarms += told.telling
    assert alarms == 0
    assert outside <= 15  # 5 would be 5 %; folds share cells, which widens it a little


def test_unequal_donors_weigh_the_same():
    groups = np.repeat([0, 1, 2], [560, 20, 20])
    told = [donors_told(random_features(seed), NO_CLASS, groups) for seed in range(8)]
    assert abs(np.mean([one.accuracy for one in told]) - 1 / 3) < 0.07, "not the 93 % of the first"
    assert min(one.error for one in told) > 0.03, "twenty cells say little"
    assert not any(one.telling for one in told)


def test_who_takes_part():
    groups = np.repeat([0, 1, 2, -1], [300, 200, 9, 91])
    told = donors_told(random_features(0), NO_CLASS, groups)
    assert (told.n_donors, told.n_cells) == (2, 500), "nine cells are too few, -1 is nobody"
    for alone in (np.zeros(600, int), np.full(600, -1), np.arange(600)):
        assert donors_told(random_features(0), NO_CLASS, alone) is None
    flat = CellFeatures(np.arange(600), np.ones((600, 8), np.float32))
    assert donors_told(flat, NO_CLASS, np.arange(600) % 3).accuracy == pytest.approx(1 / 3)


def test_it_is_said_with_the_classes_and_after_new_labels(tmp_path):
    cells = ArrayCells(brighter(0.3))
    donors = [DRAWN.group_names[g] for g in DRAWN.groups]
    labels = [DRAWN.classes[c] for c in DRAWN.labels]
    whole = overview(cells, encode(labels, donors)[0])
    assert "Donors can be told apart" in whole.class_warnings[-1]
    nobody = with_annotation(whole, encode(labels, [None] * 600)[0])
    assert "Donors" not in " ".join(nobody.class_warnings)
    nobody.save(tmp_path)
    loaded = Overview.load(tmp_path)
    assert (loaded.features.values == whole.features.values).all()
    again = with_annotation(loaded, encode(labels, donors)[0])
    assert again.class_warnings == whole.class_warnings


def test_an_overview_of_before_is_still_read(tmp_path):
    whole = overview(ArrayCells(brighter(0.3)[:60]), encode(["a"] * 60, [None] * 60)[0])
    whole.save(tmp_path)
    with np.load(tmp_path / "overview.npz") as file:
        older = {name: file[name] for name in file if "feature" not in name}
    np.savez_compressed(tmp_path / "overview.npz", allow_pickle=False, **older)
    assert Overview.load(tmp_path).features is None
    assert check_classes(NO_CLASS, DRAWN.groups, features=None) == check_classes(
        NO_CLASS, DRAWN.groups
    )


def test_however_many_cells_few_are_read():
    many = np.zeros((5000, 1, 4, 4), np.uint8)
    features = cell_features(ArrayCells(many))
    assert len(features.cells) == 2000
    assert (features.cells[0], features.cells[-1]) == (0, 4999)
    assert cell_features(ArrayCells(np.ones((3, 2, 5, 1), np.float32))).values.shape == (3, 8)


def test_the_classifier_is_loaded_when_needed_only():
    code = "import sys, pxcore.data.quality; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

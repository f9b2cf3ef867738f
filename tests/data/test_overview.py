"""The overview says what a slow look at the cells says."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pxcore.data.annotation import encode
from pxcore.data.overview import Overview
from pxcore.data.overviews import contrast_limits, overview, with_annotation
from pxcore.data.source import ArrayCells
from pxcore.errors import DatasetError

generator = np.random.default_rng(8)
IMAGES = generator.integers(0, 5000, (60, 3, 6, 5)).astype(np.uint16)
IMAGES[:, 2] = 7
LABELS = ["a", "b", None, "a"] * 15
GROUPS = ["x"] * 20 + ["y"] * 30 + [None] * 10


@pytest.fixture(scope="module")
def found() -> Overview:
    return overview(ArrayCells(IMAGES), encode(LABELS, GROUPS)[0], ("dim",))


def test_limits_are_percentiles_of_pixels_other_than_zero(found: Overview) -> None:
    for channel in (0, 1):
        pixels = IMAGES[:, channel][IMAGES[:, channel] != 0]
        assert found.low[channel] == np.percentile(pixels, 0.05)
        assert found.high[channel] == np.percentile(pixels, 99.95)
    assert contrast_limits(np.zeros(4)) == (0.0, 1.0)
    assert found.low[2] == 7 < found.high[2]  # constant: still a range


def test_pixel_histogram_counts_every_pixel(found: Overview) -> None:
    assert (found.pixel_counts.sum(axis=1) == 60 * 30).all()
    inner = found.pixel_edges[0][1:-1]
    plane = IMAGES[:, 0]
    by_hand = [int(((plane >= a) & (plane < b)).sum()) for a, b in pairwise(inner)]
    assert found.pixel_counts[0][1:-1].tolist() == by_hand


def test_class_rows_and_group_columns(found: Overview) -> None:
    assert found.class_by_group.tolist() == [[10, 15, 5], [5, 8, 2], [5, 7, 3]]
    assert found.mean_counts.sum(axis=2).tolist() == [[30, 15, 15]] * 3
    assert np.allclose(found.cell_means, IMAGES.mean(axis=(2, 3)))
    assert (found.classes, found.groups) == (("a", "b"), ("x", "y"))
    assert found.pixel_warnings == ("dim",)
    assert found.warnings == ("dim", *found.class_warnings)
    assert any("15" in warning for warning in found.class_warnings)  # both classes are small


def test_means_inside_masks(found: Overview, tmp_path: Path) -> None:
    assert found.inside_means is None
    rng = np.random.default_rng(2)
    for n_masks in (1, IMAGES.shape[1]):
        masks = (rng.random((60, n_masks, *IMAGES.shape[2:])) < 0.4).astype(np.uint8)
        masks[7] = 0  # an empty mask: the whole tile stands in
        told = overview(ArrayCells(IMAGES, masks), encode(LABELS, GROUPS)[0])
        inside = np.broadcast_to(masks, IMAGES.shape).copy()
        inside[7] = 1
        wanted = (IMAGES * inside).sum(axis=(2, 3)) / inside.sum(axis=(2, 3))
        np.testing.assert_allclose(told.inside_means, wanted, rtol=1e-5)
        (tmp_path / str(n_masks)).mkdir()
        told.save(tmp_path / str(n_masks))
        again = Overview.load(tmp_path / str(n_masks)).inside_means
        np.testing.assert_array_equal(again, told.inside_means)


def test_new_labels_need_no_pixels(found: Overview) -> None:
    other, _ = encode(["c"] * 60, [None] * 60)
    again = with_annotation(found, other)
    direct = overview(ArrayCells(IMAGES), other)
    for name in ("mean_counts", "class_by_group", "cell_means", "low", "pixel_counts"):
        assert (getattr(again, name) == getattr(direct, name)).all()
    assert again.warnings == ("dim", *direct.class_warnings)
    with pytest.raises(DatasetError, match="59 labels for 60 cells"):
        with_annotation(found, encode(["c"] * 59, [None] * 59)[0])


def test_saved_and_loaded(found: Overview, tmp_path: Path) -> None:
    found.save(tmp_path)
    loaded = Overview.load(tmp_path)
    for name in ("low", "pixel_counts", "mean_counts", "class_by_group", "cell_means"):
        assert (getattr(loaded, name) == getattr(found, name)).all()
    assert (loaded.classes, loaded.warnings) == (("a", "b"), found.warnings)
    assert loaded.n_sampled == 60
    with pytest.raises(DatasetError, match="overview cannot be read"):
        Overview.load(tmp_path / "elsewhere")


def test_large_data_are_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxcore.data.overviews.SAMPLED_PIXELS", 10 * 30)
    sampled = overview(ArrayCells(IMAGES), encode(LABELS, GROUPS)[0])
    assert sampled.n_sampled == 10
    assert sampled.pixel_counts.sum(axis=1).tolist() == [300] * 3
    assert len(sampled.cell_means) == 60  # means are of all cells

"""Tiles hold the pixels they claim, at the contrast they claim."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

import tests.example_values as ex
from pxcore.plots import counts, gallery, numbers, sprites, style, text
from pxcore.types import Interval


def test_one_contrast_for_all_cells_of_a_channel() -> None:
    images = np.array([[[100, 150]], [[50, 300]]], dtype=np.uint16)
    np.testing.assert_allclose(sprites.shade(images, (100, 200)), [[[0, 0.5]], [[0, 1]]])
    assert sprites.grey(sprites.shade(images, (100, 200)))[0, 0, 1].tolist() == [128, 128, 128]


def test_a_constant_channel_and_nan_do_not_fail() -> None:
    flat = np.array([[5.0, np.nan]])
    assert np.isfinite(sprites.shade(flat, (5.0, 5.0))).all()


def test_composite_adds_cyan_and_magenta_to_white() -> None:
    shares = np.array([[[[1.0, 1.0, 0.0]], [[0.0, 1.0, 1.0]]]])
    assert sprites.composite(shares)[0, 0].tolist() == [
        [0, 255, 255],
        [255, 255, 255],
        [255, 0, 255],
    ]


def test_composite_of_five_is_refused() -> None:
    with pytest.raises(ValueError, match="at most four"):
        sprites.composite(np.zeros((1, 5, 2, 2)))


def test_outline_is_the_inner_edge_of_the_mask() -> None:
    masks = np.zeros((1, 5, 5), dtype=np.uint8)
    masks[0, 1:4, 1:4] = 3
    drawn = sprites.outlined(np.zeros((1, 5, 5, 3), dtype=np.uint8), masks)
    edge = (drawn[0] == sprites.OUTLINE).all(axis=-1)
    want = masks[0] > 0
    want[2, 2] = False
    np.testing.assert_array_equal(edge, want)


def test_sheet_places_every_tile() -> None:
    tiles = (
        np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1, 1).repeat(4, 2).repeat(5, 3).repeat(3, 4)
    )
    page = sprites.sheet(tiles, 255)
    assert page.shape == (2 * 6, 3 * 7, 3)
    for r in range(2):
        for c in range(3):
            assert (page[r * 6 : r * 6 + 4, c * 7 : c * 7 + 5] == r * 3 + c).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(3, 4), st.integers(0, 2**31))
def test_png_round_trip(height: int, width: int, depth: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    page = generator.integers(0, 256, (height, width, depth)).astype(np.uint8)
    read = imread(io.BytesIO(sprites.png(page)), format="png")
    np.testing.assert_array_equal(np.round(read * 255).astype(np.uint8), page)


def test_gallery_click_brings_the_cell_of_its_row() -> None:
    cells = ex.cells(3)
    view = gallery.GalleryView(channels=(0, 2), composite=(1,))
    limits = [(0.0, 4000.0)] * 4
    figure = gallery.gallery(ex.PANEL, cells, ex.CLASSES, limits, view, style.LIGHT)
    points = figure.data[1]
    by_row: dict[float, set[int]] = {}
    for y, data in zip(points.y, points.customdata, strict=True):
        by_row.setdefault(y, set()).add(data[0])
    assert [by_row[y] for y in sorted(by_row)] == [{0}, {7}, {14}]
    assert len(points.x) == 3 * 3
    assert any("0–4,000" in head for head in figure.layout.xaxis.ticktext)


@given(st.lists(st.integers(0, 50), min_size=8, max_size=70), st.integers(2, 30))
def test_coarse_histogram_keeps_the_middle(values: list[int], n_bins: int) -> None:
    fine = counts.Histogram(
        edges=np.linspace(0, 1, len(values) + 1), counts=np.array([values, values[::-1]]) + 1
    )
    coarse = fine.coarse(n_bins)
    assert coarse.counts.shape[1] <= n_bins
    assert len(coarse.edges) == coarse.counts.shape[1] + 1
    assert (np.diff(coarse.edges) > 0).all()
    assert 0.97 * fine.counts.sum() <= coarse.counts.sum() <= fine.counts.sum()
    whole = fine.coarse(len(values), share=1.0)
    np.testing.assert_array_equal(whole.counts, fine.counts)


@given(st.floats(0, 10**7))
def test_durations_never_say_less_than_they_are_by_much(seconds: float) -> None:
    words = numbers.duration(seconds)
    assert words
    assert "0 s" not in words.split() or seconds < 90


def test_numbers_in_words() -> None:
    assert numbers.score(float("nan")) == "–"
    assert numbers.with_interval(Interval(mean=0.5, low=float("nan"), high=0.6, folds=())) == (
        "0.500 (no interval)"
    )
    assert numbers.listed(["a", "b", "c"]) == "a, b and c"
    assert numbers.about(None) == "time left not known yet"


@given(st.text(max_size=200))
def test_any_name_becomes_one_readable_line(name: str) -> None:
    line = text.one_line(name)
    assert len(line) <= 60
    assert text.readable(text.plain(name)) == line

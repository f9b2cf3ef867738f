"""Normalisation: percentiles of training cells alone, as numpy has them, at any size."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pxcore.data import normalise
from pxcore.data.normalise import Normaliser, fit
from pxcore.data.source import ArrayCells
from pxcore.errors import DatasetError

DTYPES = ("u1", "u2", "u4", "i1", "i2", "i4", "i8", "f2", "f4", "f8", ">u2", ">i2", ">f4")


def images_of(dtype, shape, rng):
    """Return pixels over the whole range of a dtype, with ties and (if it can) negatives."""
    wide = rng.normal(0, 1, shape) * rng.choice([1e-3, 1.0, 1e3], shape)
    if np.dtype(dtype).kind == "f":
        return wide.astype(dtype)
    info = np.iinfo(dtype)
    wide = np.abs(wide) if info.min == 0 else wide
    span = min(info.max, 2**40)
    return np.clip(np.rint(wide * span / 2000), max(info.min, -span), span).astype(dtype)


def expected(images, cells, percentiles):
    pixels = images[cells].astype(np.float64).swapaxes(0, 1).reshape(images.shape[1], -1)
    return np.percentile(pixels, percentiles, axis=1).astype(np.float32)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("percentiles", [(1.0, 99.0), (0.0, 100.0), (12.5, 51.3)])
def test_limits_are_numpys_percentiles(dtype, percentiles, monkeypatch):
    monkeypatch.setattr(normalise, "_BLOCK_PIXELS", 500)  # several blocks, the last one short
    rng = np.random.default_rng(1)
    images = images_of(dtype, (23, 3, 7, 9), rng)
    cells = rng.permutation(23)[:17]
    fitted = fit(ArrayCells(images), cells, *percentiles)
    low, high = expected(images, cells, percentiles)
    assert fitted.low.dtype == fitted.high.dtype == np.float32
    np.testing.assert_array_equal(fitted.low, low)
    np.testing.assert_array_equal(fitted.high, high)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.int16, np.float32]),
        st.tuples(st.integers(1, 5), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)),
        elements=st.integers(-300, 300),
    ),
    st.floats(0, 49),
    st.floats(51, 100),
)
def test_few_and_tied_pixels(images, low, high):
    cells = np.arange(len(images))
    fitted = fit(ArrayCells(images), cells, low, high)
    want_low, want_high = expected(images, cells, (low, high))
    np.testing.assert_allclose(fitted.low, want_low, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(fitted.high, want_high, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_may_be_left_out_channel_by_channel(dtype, monkeypatch):
    """The upper limit is numpy's of what is left; a channel of nothing but zeros maps to 0."""
    monkeypatch.setattr(normalise, "_BLOCK_PIXELS", 500)
    rng = np.random.default_rng(3)
    images = images_of(dtype, (23, 4, 7, 9), rng)
    for channel, share in enumerate((0.0, 0.5, 0.97, 1.0)):
        images[:, channel][rng.random((23, 7, 9)) < share] = 0
    cells = rng.permutation(23)[:17]
    fitted = fit(ArrayCells(images), cells, 2.5, 99.0, skip_zeros=True)
    for channel in range(3):
        pixels = images[cells, channel].astype(np.float64)
        low = np.percentile(pixels, 2.5).astype(np.float32)
        high = np.percentile(pixels[pixels != 0], 99.0).astype(np.float32)
        assert (fitted.low[channel], fitted.high[channel]) == (low, high)
    assert fitted.low[3] == fitted.high[3] == 0
    assert not fitted.apply(images)[:, 3].any()
    counting = fit(ArrayCells(images), cells, 2.5, 99.0)
    assert counting.high[2] != fitted.high[2]


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize(("share", "counts"), [(0.02, (1,)), (0.999, (1,)), (0.3, (1, 2, 3))])
def test_a_single_count_is_told_from_none_where_zeros_are_left_out(dtype, share, counts):
    """Rare and frequent markers of few counts, as imaging mass cytometry has them."""
    rng = np.random.default_rng(4)
    images = rng.choice(counts, (6, 1, 40, 40)).astype(dtype)
    images[rng.random(images.shape) > share] = 0
    scaled = fit(ArrayCells(images), np.arange(6), 0, 99, skip_zeros=True).apply(images)
    assert (scaled[images == 0] == 0).all()
    assert (scaled[images > 0] > 0.2).all()
    frequent = fit(ArrayCells(images), np.arange(6), 1, 99, skip_zeros=True).apply(images)
    assert frequent[images > 0].min() > frequent[images == 0].max()


def test_zero_is_zero_whatever_its_sign():
    images = np.array([-0.0, 0.0, -0.0, 0.0], np.float32).reshape(1, 1, 2, 2)
    fitted = fit(ArrayCells(images), np.array([0]), 1, 99)
    assert fitted.low == fitted.high == 0
    assert not fitted.apply(images).any()


def test_only_training_cells_count():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 4000, (30, 2, 5, 5), dtype=np.uint16)
    train = np.arange(0, 30, 2)
    before = fit(ArrayCells(images), train, 1, 99)
    images[1::2] = 65535
    after = fit(ArrayCells(images), train, 1, 99)
    np.testing.assert_array_equal(before.low, after.low)
    np.testing.assert_array_equal(before.high, after.high)


@pytest.mark.parametrize("dtype", ["u2", "i2", "f4", "f8"])
def test_apply_reaches_zero_and_one_and_never_beyond(dtype):
    images = images_of(dtype, (40, 2, 6, 6), np.random.default_rng(2))
    images[:, 1] = 7
    kept = images.copy()
    fitted = fit(ArrayCells(images), np.arange(40), 5, 95)
    scaled = fitted.apply(images)
    assert scaled.dtype == np.float32
    assert scaled.min() == 0.0
    assert scaled.max() == 1.0
    assert not scaled[:, 1].any(), "a constant channel maps to 0"
    assert np.mean(scaled[:, 0] == 0.0) == np.mean(images[:, 0] <= fitted.low[0])
    assert np.mean(scaled[:, 0] == 1.0) == pytest.approx(0.05, abs=0.01)
    low, high = (
        limit[None, :, None, None].astype(np.float64) for limit in (fitted.low, fitted.high)
    )
    exact = np.clip(
        (images.astype(np.float64) - low) / np.where(high > low, high - low, np.inf), 0, 1
    )
    np.testing.assert_allclose(scaled, exact, atol=2e-7 + 1e-6 * (dtype == "f8"))
    np.testing.assert_array_equal(images, kept)


def test_take_follows_the_channels():
    fitted = Normaliser(np.array([1, 2, 3], np.float32), np.array([11, 2, 5], np.float32))
    assert fitted.scale.tolist() == [np.float32(0.1), 0.0, 0.5]
    taken = fitted.take((2, 0))
    assert taken.low.tolist() == [3, 1]
    assert taken.high.tolist() == [5, 11]


def test_blocks_stay_small(monkeypatch):
    monkeypatch.setattr(normalise, "_BLOCK_PIXELS", 1000)
    asked = []

    class Watched(ArrayCells):
        def images(self, cells, channels=None):
            asked.append(np.asarray(cells))
            return super().images(cells, channels)

    images = np.random.default_rng(0).normal(size=(100, 2, 10, 10)).astype(np.float32)
    fit(Watched(images), np.random.default_rng(1).permutation(100), 1, 99)
    assert max(map(len, asked)) == 5
    assert len(asked) == 2 * 20, "two passes for float32"
    assert all(np.all(np.diff(cells) > 0) for cells in asked), "containers read in order"


@pytest.mark.parametrize("pair", [(99, 1), (-1, 99), (1, 101), (5, 5), (float("nan"), 99)])
def test_percentiles_out_of_order(pair):
    with pytest.raises(DatasetError, match="between 0 and 100"):
        fit(ArrayCells(np.zeros((2, 1, 3, 3))), np.arange(2), *pair)


def test_no_cell():
    with pytest.raises(DatasetError, match="no training cell"):
        fit(ArrayCells(np.zeros((2, 1, 3, 3))), np.zeros(0, np.int64), 1, 99)


@pytest.mark.real_data
def test_jurkat_limits(shared_data):
    with h5py.File(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5") as file:
        images = file["images"][:]
    cells = np.arange(0, 3418, 2)
    fitted = fit(ArrayCells(images), cells, 1, 99)
    low, high = expected(images, cells, (1, 99))
    np.testing.assert_array_equal(fitted.low, low)
    np.testing.assert_array_equal(fitted.high, high)

"""Planted spill is named with its slope; cells without it, and mere company, are not."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.data.quality import check_pixels
from pxcore.data.quality_spill import SharedLight, shared_light, spill_warnings
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import IfcParams, ifc_cells
from pxcore.types import Channel, MaskKind, Panel, Role

DRAWN = ifc_cells(IfcParams(n_cells=300, size=32, seed=4))
PLACE, AMOUNT, BRIGHT, EMPTY = 1, 2, 6, 7
STAINS = range(1, 8)


def spilt(share, source=BRIGHT, target=EMPTY):
    """The cells with a share of one channel's light (beyond its background of 40) in another."""
    images = DRAWN.images.astype(np.float64)
    images[:, target] += share * (images[:, source] - 40.0)
    return np.rint(images).clip(0, 4095).astype(np.uint16)


def odd(images, masks=DRAWN.masks, channels=STAINS):
    found = shared_light(ArrayCells(images, masks), channels)
    return {(light.source, light.target): light for light in found if light.suspicious}


@pytest.mark.parametrize("masks", [DRAWN.masks, None])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_planted_spill_is_found_with_its_slope(share, masks):
    (found,) = odd(spilt(share), masks).items()
    pair, light = found
    assert pair == (BRIGHT, EMPTY)
    assert light.slope == pytest.approx(share, rel=0.05)
    assert light.spread < 0.1
    assert light.neighbours


def test_spill_far_off_in_the_panel_needs_a_clearer_sign():
    images = spilt(0.5, BRIGHT, AMOUNT)
    images[:, AMOUNT] += (
        np.random.default_rng(0).integers(0, 400, images[:, AMOUNT].shape).astype(np.uint16)
    )  # noise: correlation falls to about 0.5
    light = {(o.source, o.target): o for o in shared_light(ArrayCells(images, DRAWN.masks), STAINS)}
    assert 0.4 < light[BRIGHT, AMOUNT].correlation < 0.6
    assert not light[BRIGHT, AMOUNT].suspicious
    beside = [PLACE, AMOUNT, BRIGHT]  # as in a panel without the channels between
    assert (BRIGHT, AMOUNT) in odd(images, channels=beside)


def test_company_at_a_changing_ratio_is_no_spill():
    """Two markers in one place whose amounts differ from cell to cell."""
    rng = np.random.default_rng(1)
    images = DRAWN.images.astype(np.float64)
    ratio = np.exp(rng.normal(-1.0, 0.4, len(images)))[:, None, None]
    images[:, EMPTY] += ratio * (images[:, PLACE] - 40.0)
    found = shared_light(ArrayCells(np.rint(images).astype(np.uint16), DRAWN.masks), STAINS)
    assert found[0].correlation > 0.8
    assert not found[0].suspicious
    assert odd(spilt(0.37, PLACE, EMPTY)), "at a fixed ratio nobody can tell it from spill"


def test_too_much_compensation():
    images = (DRAWN.images.astype(np.int32) + 500).astype(np.int16)
    images[:, EMPTY] -= (0.1 * (images[:, BRIGHT] - 540.0)).astype(np.int16)
    (light,) = odd(images).values()
    assert light.slope == pytest.approx(-0.1, rel=0.05)
    (sentence,) = spill_warnings([light], [str(i) for i in range(9)])
    assert "Too much compensation" in sentence
    assert f"slope {light.slope:.3g}, the same" in sentence


@pytest.mark.parametrize("seed", range(5))
def test_clean_cells_say_nothing(seed):
    cells = ifc_cells(IfcParams(n_cells=120, size=32, seed=seed, n_noise=2))
    channels = range(cells.images.shape[1])
    for masks in (cells.masks, None):
        assert not odd(cells.images, masks, channels)
    noise = np.random.default_rng(seed).integers(0, 4000, (100, 6, 16, 16))
    assert not odd(noise, None, range(6))


def slow(images, masks, source, target):
    """The same from sums over single pixels, one cell after the other."""
    rows = []
    for image, mask in zip(images, masks, strict=True):
        places = np.argwhere(mask[0] > 0)
        x = [float(image[source, i, j]) for i, j in places]
        y = [float(image[target, i, j]) for i, j in places]
        n = len(places)
        dx, dy = [v - sum(x) / n for v in x], [v - sum(y) / n for v in y]
        xx, yy = sum(v * v for v in dx) / n, sum(v * v for v in dy) / n
        xy = sum(a * b for a, b in zip(dx, dy, strict=True)) / n
        error = (
            sum((b - xy / xx * a) ** 2 for a, b in zip(dx, dy, strict=True)) / (n - 2) / (n * xx)
        )
        rows.append((xx, yy, xy, xy / xx, error))
    xx, yy, xy, slope, error = np.array(rows).T
    lit = xx >= np.median(xx)
    whole = xy[lit].sum() / xx[lit].sum()
    low, high = np.percentile(slope[lit], (25, 75))
    spread = np.sqrt(max(0.0, ((high - low) / 1.349) ** 2 - np.median(error[lit]))) / abs(whole)
    return whole, spread, xy[lit].sum() / np.sqrt(xx[lit].sum() * yy[lit].sum())


@pytest.mark.parametrize(("source", "target"), [(BRIGHT, EMPTY), (BRIGHT, PLACE), (PLACE, AMOUNT)])
def test_numbers_follow_a_slow_reference(source, target):
    images, masks = spilt(0.05)[:30], DRAWN.masks[:30]
    found = shared_light(ArrayCells(images, masks), STAINS)
    light = next(o for o in found if {o.source, o.target} == {source, target})
    expected = slow(images, masks, light.source, light.target)
    assert (light.slope, light.spread, light.correlation) == pytest.approx(expected, rel=1e-9)


def test_only_stains_are_compared_and_both_are_named():
    (sentence,) = check_pixels(ArrayCells(spilt(0.2), DRAWN.masks), DRAWN.panel)
    slices = len(DRAWN.panel)
    assert not check_pixels(ArrayCells(spilt(0.2), DRAWN.masks), DRAWN.panel, n_slices=slices)
    assert sentence.startswith("Channels 'Bright' and 'Empty' may share light")
    assert "next to it in the panel, follow those of 'Bright' with slope 0.2" in sentence
    assert "two markers in one place at a fixed ratio" in sentence
    roles = [Role.DARKFIELD if c.name == "Empty" else c.role for c in DRAWN.panel.channels]
    panel = Panel(tuple(Channel(name=n, role=r) for n, r in zip(DRAWN.panel.names, roles,
                                                                strict=True)))  # fmt: skip
    assert check_pixels(ArrayCells(spilt(0.2), DRAWN.masks), panel) == ()


def test_many_pairs_are_counted():
    light = SharedLight(source=0, target=1, slope=0.1, spread=0.0, correlation=0.9,
                        neighbours=False)  # fmt: skip
    said = tuple(spill_warnings([light] * 9, ["a", "b"]))
    assert len(said) == 7
    assert said[-1].startswith("3 more pairs")


def test_flat_channels_few_cells_and_empty_masks():
    images = spilt(0.2)
    images[:, AMOUNT] = 5
    assert list(odd(images)) == [(BRIGHT, EMPTY)]
    assert shared_light(ArrayCells(images[:19], DRAWN.masks[:19]), STAINS) == ()
    assert shared_light(ArrayCells(images, DRAWN.masks * 0), STAINS) == ()
    assert shared_light(ArrayCells(images, DRAWN.masks), [3]) == ()
    frames = np.ones_like(DRAWN.masks)
    by_frame = shared_light(ArrayCells(images, frames, MaskKind.FRAME), STAINS)
    assert by_frame == shared_light(ArrayCells(images), STAINS), "frames are no outlines"


def test_however_many_cells_few_are_read():
    read = []

    class Counting(ArrayCells):
        def images(self, cells, channels=None):
            read.append(len(cells))
            return super().images(cells, channels)

    many = np.random.default_rng(0).integers(0, 99, (5000, 2, 8, 8)).astype(np.uint8)
    shared_light(Counting(many), (0, 1))
    assert sum(read) == 256

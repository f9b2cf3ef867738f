"""How alike channels are: what must be found, and what must not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from pxcore.errors import MethodError
from pxcore.evaluation.association import association, cell_sizes, channel_features, groups
from pxcore.types import Array

N, SIDE = 300, 15


def discs(radius: Array) -> Array:
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    return np.asarray(np.hypot(rows, columns)[None] <= radius[:, None, None])


@pytest.fixture(scope="module")
def cells() -> tuple[Array, Array]:
    """Channels: even light, its copy twice as bright, unrelated light, a rim as bright as the
    first is even, nothing, a constant, light that only follows the size."""
    rng = np.random.default_rng(0)
    radius = rng.uniform(4, 6.5, N)
    inside = discs(radius)
    light = rng.lognormal(6, 0.5, (2, N))
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    rim = np.hypot(rows, columns)[None] > radius[:, None, None] - 1.5
    planes = [
        inside * light[0, :, None, None],
        inside * (2 * light[0] + 30)[:, None, None],
        inside * light[1, :, None, None],
        (inside & rim) * rng.lognormal(6, 0.5, N)[:, None, None],
        np.zeros_like(inside),
        np.full(inside.shape, 70.0),
        inside * (80 * radius)[:, None, None],
    ]
    images = np.stack(planes, axis=1) + 100
    images[:, :5] += rng.normal(0, 6, (N, 5, SIDE, SIDE))
    images[:, 6] += rng.normal(0, 6, (N, SIDE, SIDE))
    return images, inside


def test_copies_are_alike_and_strangers_are_not(cells: tuple[Array, Array]) -> None:
    images, inside = cells
    found = association(channel_features(images, inside), cell_sizes(inside))
    assert found[0, 1] > 0.95
    others = found - np.eye(7)
    others[0, 1] = others[1, 0] = 0
    assert others.max() < 0.35
    np.testing.assert_array_equal(np.diag(found), 1)
    np.testing.assert_array_equal(found, found.T)
    assert (found[5, :5] == 0).all()
    assert groups(found) == ((0, 1),)


def test_growing_with_the_cell_is_no_likeness(cells: tuple[Array, Array]) -> None:
    """Two stains that only say how large the cell is are alike until its size is held."""
    images, inside = cells
    radius = np.sqrt(cell_sizes(inside))
    images = images.copy()
    images[:, 2] = 100 + inside * (90 * radius + 15 * np.sin(np.arange(N)))[:, None, None]
    features = channel_features(images, inside)[:, [2, 6]]
    assert association(features)[0, 1] > 0.9
    assert association(features, cell_sizes(inside))[0, 1] < 0.5


def test_donors_stained_differently_are_no_likeness() -> None:
    rng = np.random.default_rng(1)
    donors = np.arange(400) % 4
    features = 50.0 * donors[:, None, None] + rng.normal(size=(400, 2, 1))
    assert association(features)[0, 1] > 0.85
    assert association(features, donors=donors)[0, 1] < 0.2


def test_equals_spearman_of_one_number() -> None:
    rng = np.random.default_rng(2)
    features = rng.normal(size=(60, 3, 1))
    features[:, 1] += 2 * features[:, 0]
    expected = np.abs(spearmanr(features[:, :, 0]).statistic)
    np.testing.assert_allclose(association(features), expected, atol=1e-12)


def test_partial_correlation_is_that_of_the_textbook() -> None:
    rng = np.random.default_rng(3)
    size = rng.normal(size=200)
    features = (size[:, None] + rng.normal(size=(200, 2)))[:, :, None]
    xy = abs(spearmanr(features[:, 0, 0], features[:, 1, 0]).statistic)
    xz, yz = (spearmanr(features[:, c, 0], size).statistic for c in range(2))
    expected = abs(xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    np.testing.assert_allclose(association(features, size)[0, 1], expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_units_of_light_and_order_of_cells_do_not_show(seed: int, scale: int) -> None:
    rng = np.random.default_rng(seed)
    inside = discs(rng.uniform(3, 6, 40))
    images = rng.normal(200, 40, (40, 3, SIDE, SIDE)) + inside[:, None] * rng.uniform(
        0, 300, (40, 3, 1, 1)
    )
    expected = association(channel_features(images, inside), cell_sizes(inside))
    order = rng.permutation(40)
    moved = channel_features(images[order] * scale + 11 * scale, inside[order])
    found = association(moved, cell_sizes(inside[order]))
    np.testing.assert_allclose(found, expected, atol=0.02)
    channels = rng.permutation(3)
    turned = association(channel_features(images[:, channels], inside), cell_sizes(inside))
    np.testing.assert_allclose(turned, expected[np.ix_(channels, channels)], atol=1e-12)


def test_features_of_known_cells() -> None:
    inside = discs(np.array([5.0, 5.0, 0.0]))
    inside[2] = False
    images = np.full((3, 2, SIDE, SIDE), 50.0)
    images[0, 0][inside[0]] = 250
    images[1, 0, 7, 7] = 50 + 81 * 10  # one pixel of the disc's 81, in its centre
    features = channel_features(images, inside)
    assert features[0, 0] == pytest.approx([200, 0, 1])
    assert features[1, 0] == pytest.approx([10, np.sqrt(80), 0])
    np.testing.assert_array_equal(features[2], 0)
    np.testing.assert_array_equal(cell_sizes(inside), [81, 81, 0])
    whole = np.ones_like(inside)
    assert channel_features(images, whole)[0, 1, 0] == pytest.approx(50)


def test_a_group_is_alike_throughout() -> None:
    """A chain is no group: its ends may have nothing in common."""
    chain = np.array([[1, 0.9, 0.3, 0], [0.9, 1, 0.85, 0], [0.3, 0.85, 1, 0], [0, 0, 0, 1.0]])
    assert groups(chain, 0.8) == ((0, 1),)
    assert groups(chain, 0.2) == ((0, 1, 2),)
    assert groups(chain, 0.9) == ((0, 1),)
    assert groups(chain, 0.91) == ()
    assert groups(np.ones((1, 1))) == ()


def test_few_cells_are_refused() -> None:
    with pytest.raises(MethodError, match="9 cells are too few to compare channels"):
        association(np.zeros((9, 2, 3)))

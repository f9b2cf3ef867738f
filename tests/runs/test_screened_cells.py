"""Which cells a screen of panels looks at: few of many, the same for every panel."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.runs.execute.screen import FEWEST, LOOKS, sample


@pytest.mark.parametrize(
    ("n_cells", "n_sets", "wanted"),
    [
        (200, 4096, 200),  # few cells are all looked at
        (900, 256, 900),
        (100_000, 256, LOOKS // 256),
        (100_000, 4096, FEWEST),
        (100_000, 16_384, FEWEST),
    ],
)
def test_looks_are_bounded_and_cells_enough(n_cells: int, n_sets: int, wanted: int) -> None:
    labels = np.random.default_rng(1).choice(3, n_cells, p=(0.7, 0.2, 0.1))
    chosen = sample(labels, n_sets)
    assert len(chosen) == wanted
    assert (np.diff(chosen) > 0).all()
    shares = np.bincount(labels[chosen], minlength=3) / wanted
    np.testing.assert_allclose(shares, np.bincount(labels, minlength=3) / n_cells, atol=2 / wanted)
    np.testing.assert_array_equal(chosen, sample(labels, n_sets))

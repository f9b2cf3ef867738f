"""One model's importance as a value: stored, read back, checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pxcore.importance.fold import FoldImportance, class_means, f1_of_present
from tests.made_folds import made_fold


def test_survives_an_npz_without_pickle(tmp_path: Path) -> None:
    for notes in ((), ("found by Otsu", "2 cells are empty – see µ")):
        for groups in (None, np.arange(150) % 4):
            fold = made_fold((0.1, 0.4), groups=groups)
            object.__setattr__(fold, "notes", notes)
            np.savez(tmp_path / "fold.npz", allow_pickle=False, **fold.arrays())
            with np.load(tmp_path / "fold.npz", allow_pickle=False) as stored:
                back = FoldImportance.from_arrays(dict(stored))
            assert back.notes == notes
            assert (back.method, back.unit, back.n_repeats) == ("made", "drop in F1", 5)
            for name, array in fold.arrays().items():
                np.testing.assert_array_equal(back.arrays()[name], array)
            assert (back.groups is None) is (groups is None)


def test_class_nobody_belongs_to_has_no_f1() -> None:
    """Even where the model calls it: a drop there would be noise about nothing."""
    found = f1_of_present(np.array([0, 0, 2]), np.array([[0, 1, 2], [0, 0, 2]]), 4)
    np.testing.assert_allclose(found[:, [0, 2]], [[2 / 3, 1], [1, 1]])
    assert np.isnan(found[:, [1, 3]]).all()


def test_class_means() -> None:
    values = np.array([[1.0, 2.0, 4.0], [0.0, 1.0, 5.0]])
    found = class_means(values, np.array([0, 2, 2]), 3)
    np.testing.assert_allclose(found[:, [0, 2]], [[1, 3], [0, 3]])
    assert np.isnan(found[:, 1]).all()

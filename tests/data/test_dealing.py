"""Clusters dealt into folds: donors stay apart where they can, and what cannot be is said."""

from __future__ import annotations

import numpy as np

from pxcore.data import folds
from pxcore.data.dealing import deal, fullest
from pxcore.types import Fold

CLUSTERS = np.arange(120) % 3
DONORS = np.arange(120) // 3 % 6


def test_without_donors_folds_are_the_usual_ones() -> None:
    found, dealing = deal(CLUSTERS, None, 5, 7, 0.5)
    usual = folds.split(CLUSTERS, None, 5, 7, 0.5)
    assert all(np.array_equal(a.train, b.train) for a, b in zip(found, usual, strict=True))
    assert (dealing.by, dealing.why) == ("cell", "")


def test_no_donor_is_learned_from_and_asked() -> None:
    found, dealing = deal(CLUSTERS, DONORS, 5, 7, 0.5, 5)
    assert (dealing.by, dealing.n_folds, len(found)) == ("donor", 5, 5)
    for fold in found:
        asked = set(DONORS[fold.test])
        assert not asked & set(DONORS[np.concatenate([fold.train, fold.valid])])
        assert not set(DONORS[fold.train]) & set(DONORS[fold.valid])
        for part in (fold.train, fold.valid):
            assert np.bincount(CLUSTERS[part]).min() >= 5


def test_few_donors_make_fewer_folds_and_unknown_ones_take_no_part() -> None:
    donors = np.where(np.arange(120) < 30, -1, DONORS % 3)
    found, dealing = deal(CLUSTERS, donors, 5, 7, 0.2)
    assert (dealing.by, dealing.n_folds, dealing.left_out) == ("donor", 3, 30)
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(30, 120))
    small = np.where(np.arange(120) < 30, -1, CLUSTERS)
    assert deal(small, donors, 5, 7, 0.2)[1].left_out == 0


def test_a_cluster_of_one_donor_is_dealt_cell_by_cell_and_named() -> None:
    clusters = np.where(DONORS == 4, 2, CLUSTERS % 2)
    found, dealing = deal(clusters, DONORS, 5, 7, 0.5, 4)
    assert (dealing.by, len(found)) == ("cell", 5)
    assert (
        dealing.why
        == "cluster 3 has cells of one donor only, and may be a difference between donors"
    )


def test_a_cluster_without_a_known_donor_is_named_as_such() -> None:
    dealing = deal(CLUSTERS, np.where(CLUSTERS == 1, -1, DONORS), 5, 7, 0.5)[1]
    assert (dealing.by, dealing.why) == ("cell", "cluster 2 has no cell of a known donor")


def test_parts_too_small_for_a_cluster_are_not_made_of_donors() -> None:
    clusters = np.where((CLUSTERS == 2) & (np.arange(120) >= 90), 2, CLUSTERS % 2)
    dealing = deal(clusters, np.where(DONORS < 5, 0, 1), 5, 7, 0.5, 5)[1]
    assert dealing.by == "cell"
    assert "too few or too uneven" in dealing.why


def test_the_part_that_holds_most_clusters_is_asked() -> None:
    clusters = np.array([0, 0, 1, 0, 1, 2, 0, 1, 2])
    none = np.zeros(0, dtype=np.int64)
    dealt = tuple(Fold(none, none, np.arange(start, start + 3)) for start in (0, 3, 6))
    assert fullest(clusters, dealt) is dealt[1]

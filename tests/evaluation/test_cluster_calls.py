"""What a classifier of clusters is worth, in words: also where some clusters were not asked."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.evaluation.cluster_calls import calls_of, calls_words
from pxcore.types.unlabelled_views import Dealing

DEALT = Dealing(by="donor", n_folds=3)


def said(*clusters: int) -> str:
    """Return what is said of held-out cells of these of five clusters, all called right."""
    return calls_words(calls_of(np.array(clusters), np.eye(5)[list(clusters)], DEALT))


def test_all_clusters_asked() -> None:
    assert said(0, 1, 2, 3, 4) == (
        "On 5 cells left out the classifier behind the maps calls the clusters with a balanced "
        "accuracy of 1.00 (guessing: 0.20), so its maps show what it goes by. Whole donors were "
        "left out (3 parts)."
    )


@pytest.mark.parametrize(
    ("clusters", "named"),
    [
        ((0, 1, 3), "Clusters 3 and 5 had no such cells"),
        ((0, 1), "Clusters 3, 4 and 5 had no such cells"),
        ((0, 1, 2, 4), "Cluster 4 had no such cells"),
    ],
)
def test_clusters_that_were_not_asked_are_named(clusters: tuple[int, ...], named: str) -> None:
    assert f". {named}: how well it calls them is unknown. Whole donors" in said(*clusters)


def test_of_a_single_cluster_nothing_can_be_said() -> None:
    assert said(1, 1, 1) == (
        "The 3 cells left out are all of cluster 2, so nothing can be said of how well the "
        "classifier behind the maps tells clusters apart. Whole donors were left out (3 parts)."
    )

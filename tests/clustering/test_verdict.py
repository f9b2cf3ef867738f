"""What clusters are worth, in words: chance, nuisance, stable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import cluster
from pxcore.clustering.nuisance import NuisanceReport, explained, nuisances
from pxcore.clustering.params import ClusterParams
from pxcore.clustering.stability import ClusterStability, chance, stability
from pxcore.clustering.verdict import ClusterVerdict, judge
from pxcore.data.source import ArrayCells
from pxcore.errors import ClusteringError
from pxcore.types import Array
from pxcore.types.unlabelled import Nuisance
from tests.clustering.made_codes import hidden_codes

PARAMS = ClusterParams(n_clusters=3, n_init=2)


def judged(codes: Array, params: ClusterParams = PARAMS) -> tuple[Clustering, ClusterVerdict, str]:
    """Return a clustering of codes and what is said of it without knowing place and size."""
    found = cluster(codes, params)
    seeds = range(3)
    said = judge(
        found,
        found.sizes(codes),
        stability(codes, found, params, seeds),
        chance(codes, found, params, seeds),
    )
    return found, said.verdict, " ".join(said.said)


def test_hidden_kinds_come_again() -> None:
    codes, _ = hidden_codes()
    found, verdict, words = judged(codes)
    assert verdict is ClusterVerdict.STABLE
    assert "come again" in words
    again = stability(codes, found, PARAMS, range(3))
    assert again.mean > 0.95
    assert min(again.per_cluster) > 0.9


def test_one_cloud_is_no_better_than_chance() -> None:
    cloud = np.random.default_rng(5).normal(0, [9, 3, 1, 1], (400, 4))
    _, verdict, words = judged(cloud, ClusterParams(n_init=2, max_clusters=4))
    assert verdict is ClusterVerdict.CHANCE
    assert "one cluster describes these codes best" in words
    _, verdict, words = judged(cloud, ClusterParams(n_init=2, n_clusters=4))
    assert verdict is not ClusterVerdict.STABLE


def test_few_cells_are_said_to_be_few() -> None:
    codes, _ = hidden_codes(60)
    _, _, words = judged(codes)
    assert "60 cells are too few for firm conclusions" in words
    assert "clusters with fewer than 30 cells: 1 (20), 2 (20), 3 (20)" in words


def test_clusters_by_corner_of_the_frame_are_nuisance() -> None:
    rng = np.random.default_rng(8)
    place = rng.uniform(-5, 5, (400, 2))
    nuisance = Nuisance(
        names=("row", "column", "size"), values=np.column_stack([place, rng.normal(size=400)])
    )
    corners = (place[:, 0] > 0).astype(int) * 2 + (place[:, 1] > 0)
    ruled = explained(corners, nuisance, PARAMS)
    assert ruled.share > 0.8
    assert {name for name, _ in ruled.alone[:2]} == {"row", "column"}
    free = explained(rng.integers(0, 4, 400), nuisance, PARAMS)
    assert free.share < 0.15
    assert free.guess == 0.25


def told(
    nuisance: NuisanceReport | None, agreement: float, *, variant: str = "raw", masks: bool = True
) -> tuple[ClusterVerdict, str]:
    """Return what is said of three clusters whose seeds agree so well."""
    codes, _ = hidden_codes()
    found = cluster(codes, replace(PARAMS, variant=variant))
    own = ClusterStability(agreement=(agreement,), per_cluster=(0.9, 0.9, 0.4))
    cloud = ClusterStability(agreement=(0.2,), per_cluster=())
    said = judge(found, (100, 100, 100), own, cloud, nuisance, may_centre=masks)
    return said.verdict, " ".join(said.said)


def test_the_reason_that_decides_comes_first() -> None:
    ruled = NuisanceReport(alone=(("size", 0.8), ("row", 0.4)), together=0.85, guess=1 / 3)
    verdict, words = told(ruled, 0.9)
    assert verdict is ClusterVerdict.NUISANCE
    assert words.startswith("the clusters are ruled by where cells lie or how large they are")
    assert "size most" in words
    assert told(None, 0.5)[0] is ClusterVerdict.UNSTABLE
    assert told(ruled, 0.1)[0] is ClusterVerdict.CHANCE
    verdict, words = told(None, 0.9)
    assert verdict is ClusterVerdict.STABLE
    assert "seeds do not find again: 3" in words


def test_nuisance_names_place_or_size_and_what_can_still_be_done() -> None:
    bright = NuisanceReport(alone=(("brightness", 0.9), ("size", 0.8)), together=0.85, guess=1 / 3)
    _, words = told(bright, 0.9)
    assert "size most. Centre the cells by their masks, or use whitened codes" in words
    assert "brightness" not in words
    assert "size most. Use whitened codes" in told(bright, 0.9, masks=False)[1]
    _, words = told(bright, 0.9, variant="whitened", masks=False)
    assert "size most. Choose other channels" in words


@pytest.mark.parametrize("with_masks", [True, False])
def test_place_and_size_are_read_from_masks_or_light(with_masks: bool) -> None:
    images = np.full((3, 2, 21, 21), 10, np.uint16)
    masks = np.zeros((3, 1, 21, 21), np.uint8)
    for cell, (row, column, half) in enumerate([(10, 10, 3), (6, 12, 3), (10, 10, 6)]):
        inside = (slice(row - half, row + half + 1), slice(column - half, column + half + 1))
        images[cell, 0][inside] = 90
        masks[cell, 0][inside] = 1
    source = ArrayCells(images, masks if with_masks else None)
    found = nuisances(source, np.arange(3), block=2)
    assert found.names == ("row", "column", "size", "brightness")
    assert np.allclose(found.values[:, :2], [[0, 0], [-4, 2], [0, 0]])
    assert found.values[2, 2] > 1.5 * found.values[0, 2]
    assert found.values[0, 2] == pytest.approx(found.values[1, 2])
    assert found.values[2, 3] > found.values[0, 3]


def test_one_seed_compares_with_nothing() -> None:
    codes, _ = hidden_codes()
    with pytest.raises(ClusteringError, match="at least 2"):
        stability(codes, cluster(codes, PARAMS), PARAMS, [1])

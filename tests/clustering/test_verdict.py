"""What clusters are worth, in words: chance, nuisance, stable."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from pxcore.clustering.chance import ChanceStability, chance, one_hump
from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import cluster
from pxcore.clustering.nuisance import NuisanceReport, explained, nuisances
from pxcore.clustering.params import ClusterParams
from pxcore.clustering.stability import ClusterStability, stability
from pxcore.clustering.verdict import ClusterVerdict, judge
from pxcore.data.source import ArrayCells
from pxcore.errors import ClusteringError
from pxcore.types import Array
from pxcore.types.unlabelled import Nuisance
from tests.clustering.conftest import FakeUmap
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
        chance(codes, found, params),
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
    _, verdict, words = judged(cloud, ClusterParams(n_init=2, n_clusters=1))
    assert verdict is ClusterVerdict.CHANCE
    assert "nothing but one cluster was tried" in words
    assert "best" not in words, "nothing was compared"


def test_long_tails_are_no_clusters() -> None:
    """Their tails are cut off at the same place again and again, unlike those of one Gaussian."""
    tailed = np.random.default_rng(0).lognormal(size=(600, 4))
    params = replace(PARAMS, n_clusters=4)
    found, verdict, words = judged(tailed, params)
    assert verdict is ClusterVerdict.CHANCE
    assert "of one Gaussian or as skewed as these, give up to" in words
    by_chance = chance(tailed, found, params)
    assert by_chance.most == max(by_chance.skewed) > max(by_chance.gaussian) + 0.1
    assert stability(tailed, found, params).mean > max(max(by_chance.gaussian) + 0.1, 0.6)


def apart(kinds: Array, noise: Array, seed: int = 4) -> Array:
    """Return codes (n, 24) whose main directions are those of kinds that lie apart."""
    latent = 5.0 * np.stack([kinds % 2, kinds // 2], axis=1)
    latent = np.column_stack([latent, np.zeros_like(noise[:, 2:])]) + noise
    return latent @ np.random.default_rng(seed).normal(size=(noise.shape[1], 24))


@pytest.mark.parametrize("n_kinds", [2, 4])
def test_clusters_along_the_directions_are_not_refused(n_kinds: int) -> None:
    """Permuted direction by direction, these would be as good as before."""
    codes = apart(np.arange(400) % n_kinds, np.random.default_rng(2).normal(size=(400, 4)))
    _, verdict, _ = judged(codes, replace(PARAMS, n_clusters=n_kinds))
    assert verdict is ClusterVerdict.STABLE


@pytest.mark.parametrize("share", [0.2, 0.1])
def test_a_rare_kind_that_lies_apart_is_not_refused(share: float) -> None:
    """A rare kind skews a direction, so that a cloud as skewed is parted well too."""
    rng = np.random.default_rng(6)
    codes = rng.normal(size=(600, 4))
    codes[: round(600 * share), 0] += 9.0
    found, verdict, words = judged(codes, replace(PARAMS, n_clusters=2, n_init=10))
    assert sorted(found.sizes(codes))[0] == round(600 * share)
    assert verdict is ClusterVerdict.STABLE, words


def test_perfect_agreement_is_never_chance() -> None:
    codes, _ = hidden_codes()
    found = cluster(codes, PARAMS)
    steady = ClusterStability(agreement=(1.0,), per_cluster=(1.0, 1.0, 1.0))
    easy = ChanceStability(gaussian=(0.3,), skewed=(0.97,))
    assert judge(found, (30, 30, 30), steady, easy).verdict is ClusterVerdict.STABLE
    shaky = replace(steady, agreement=(0.97,))
    assert judge(found, (30, 30, 30), shaky, easy).verdict is ClusterVerdict.CHANCE


def test_clusters_with_long_tails_are_not_refused() -> None:
    noise = np.random.default_rng(3).lognormal(0, 0.5, (400, 4))
    _, verdict, _ = judged(apart(np.arange(400) % 3, noise))
    assert verdict is ClusterVerdict.STABLE


@pytest.mark.parametrize("skewness", [-3.0, 0.0, 0.7, 4.0])
def test_one_hump_is_as_skewed_as_asked(skewness: float) -> None:
    drawn = one_hump(skewness, 400_000, np.random.default_rng(1))
    assert abs(drawn.mean()) < 0.01
    assert drawn.var() == pytest.approx(1.0, abs=0.05)
    # Counts of a skewness with an infinite eighth moment settle slowly.
    assert float((drawn**3).mean()) == pytest.approx(skewness, abs=0.03 + 0.15 * abs(skewness))


def test_of_a_map_chance_goes_through_the_map(umap: type[FakeUmap]) -> None:
    """A map makes clumps of any cloud: what it makes of one without clusters is the measure."""
    codes, _ = hidden_codes(100)
    params = replace(PARAMS, variant="umap")
    found = cluster(codes, params)
    umap.fitted.clear()
    chance(codes, found, params, draws=1)
    assert umap.fitted == [(80, codes.shape[1])] * 6


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
    cloud = ChanceStability(gaussian=(0.1, 0.2), skewed=(0.0,))
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


def test_large_cells_are_placed_a_few_at_a_time() -> None:
    images = np.random.default_rng(2).integers(0, 99, (40, 64, 60, 60)).astype(np.uint8)
    source = ArrayCells(images)
    tracemalloc.start()
    found = nuisances(source, np.arange(40))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 120e6  # bytes; all 40 as float64 are 74 MB, of which several copies are made
    assert np.allclose(found.values, nuisances(source, np.arange(40), block=1).values)


def test_one_seed_compares_with_nothing() -> None:
    codes, _ = hidden_codes()
    with pytest.raises(ClusteringError, match="at least 2"):
        stability(codes, cluster(codes, PARAMS), PARAMS, [1])

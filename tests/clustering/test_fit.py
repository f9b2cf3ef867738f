"""Codes to clusters: what whitening is for, BIC, storage without pickle, and what is refused."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from pxcore.clustering.agreement import adjusted_rand
from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import VARIANTS, bic_curve, cluster
from pxcore.clustering.mixture import fit_mixture
from pxcore.clustering.params import ClusterParams, Covariance
from pxcore.clustering.placing import whitening
from pxcore.clustering.subclusters import Subclusters
from pxcore.clustering.transfer import counterparts
from pxcore.clustering.view import tsne_view
from pxcore.errors import ClusteringError
from pxcore.types import Array
from tests.clustering.made_codes import hidden_codes

CODES, KINDS = hidden_codes()


def stored(found: Clustering) -> Clustering:
    """Return a clustering after a way through a file that may hold no objects."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **found.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return Clustering.from_arrays(dict(arrays))


def test_whitened_codes_show_kinds_that_raw_codes_hide() -> None:
    whitened = cluster(CODES, ClusterParams(n_clusters=3))
    raw = cluster(CODES, ClusterParams(n_clusters=3, variant="raw", covariance="diag"))
    assert adjusted_rand(KINDS, whitened.predict(CODES)) > 0.95
    assert adjusted_rand(KINDS, raw.predict(CODES)) < 0.1


def test_bic_counts_the_kinds() -> None:
    found = cluster(CODES, ClusterParams(max_clusters=5, n_init=3))
    assert found.n_clusters == 3
    assert [k for k, _ in found.bic] == [1, 2, 3, 4, 5]
    assert min(found.bic, key=lambda one: one[1])[0] == 3
    assert bic_curve(CODES, ClusterParams(max_clusters=2, n_init=3)) == found.bic[:2]


@pytest.mark.usefixtures("umap")
@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_stored_says_the_same_to_the_bit(variant: str) -> None:
    found = cluster(CODES, ClusterParams(n_clusters=3, variant=variant, n_init=2))
    again = stored(found)
    fresh, _ = hidden_codes(60, seed=5)
    for codes in (CODES, fresh):
        assert np.array_equal(found.predict(codes), again.predict(codes))
        assert np.array_equal(found.probabilities(codes), again.probabilities(codes))
        assert np.allclose(found.probabilities(codes).sum(axis=1), 1.0)
    assert sum(found.sizes(CODES)) == len(CODES)
    assert list(found.sizes(CODES)) == sorted(found.sizes(CODES), reverse=True)


@pytest.mark.usefixtures("umap")
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_seed_gives_the_same_clusters(variant: str) -> None:
    params = ClusterParams(n_clusters=3, variant=variant, n_init=2, seed=4)
    first, second = cluster(CODES, params), cluster(CODES, params)
    assert np.array_equal(first.probabilities(CODES), second.probabilities(CODES))


@pytest.mark.parametrize("covariance", ["tied", "diag", "full"])
def test_our_mixture_is_scikit_learns(covariance: Covariance) -> None:
    points = whitening(CODES.astype(np.float64), 4).points(CODES)
    params = ClusterParams(covariance=covariance, n_init=2, seed=1)
    ours = fit_mixture(points, 3, params)
    scale = points.var(axis=0).mean()
    theirs = GaussianMixture(
        3,
        covariance_type=covariance,
        reg_covar=1e-3 * scale,
        n_init=2,
        max_iter=500,
        random_state=1,
    ).fit(points)
    order = np.argsort(-theirs.weights_, kind="stable")
    assert np.allclose(ours.probabilities(points), theirs.predict_proba(points)[:, order])
    assert ours.bic(points) == pytest.approx(theirs.bic(points))


def test_whitened_points_have_one_spread_in_every_direction() -> None:
    points = whitening(CODES.astype(np.float64), 9).points(CODES)
    assert points.shape[1] == 4  # the two constant numbers give no direction
    assert np.allclose(np.cov(points, rowvar=False, ddof=0), np.eye(4), atol=1e-6)


def test_clusters_of_a_second_set_are_told_beside_the_first() -> None:
    first = cluster(CODES, ClusterParams(n_clusters=3))
    fresh, kinds = hidden_codes(150)
    second = cluster(fresh, ClusterParams(n_clusters=3))
    told = counterparts(first, second, fresh)
    assert sorted(told) == [0, 1, 2]
    named = np.array(told)[second.predict(fresh)]
    assert (named == first.predict(fresh)).mean() > 0.95
    assert adjusted_rand(kinds, named) > 0.95


def test_two_clusters_of_a_second_set_may_go_with_the_same_one() -> None:
    first = cluster(CODES, ClusterParams(n_clusters=3))
    fresh, kinds = hidden_codes(300)
    one_kind = fresh[kinds == 0]
    second = cluster(one_kind, ClusterParams(n_clusters=2, variant="raw"))
    own = int(np.bincount(first.predict(one_kind)).argmax())
    assert counterparts(first, second, one_kind) == (own, own)


def test_distances_to_groups_hold_nothing_of_three_dimensions() -> None:
    rng = np.random.default_rng(3)
    points, centres = rng.normal(1e4, 1, (2000, 64)), rng.normal(1e4, 1, (100, 64))
    groups = Subclusters(centres, np.arange(100) % 2, 2)
    tracemalloc.start()
    parts = groups.log_parts(points)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20e6  # bytes; all differences at once are 51 MB for each cluster
    away = np.square(points[:9, None] - centres[None, ::2]).sum(axis=2).min(axis=1)
    assert np.allclose(parts[:9, 0], -away)


def test_the_map_repeats_and_keeps_kinds_together() -> None:
    points = cluster(CODES, ClusterParams(n_clusters=3)).points(CODES)
    view = tsne_view(points, most=60, perplexity=10)
    assert len(view.cells) == 60
    assert np.array_equal(view.places, tsne_view(points, most=60, perplexity=10).places)
    away = np.linalg.norm(view.places[:, None] - view.places[None], axis=2)
    np.fill_diagonal(away, np.inf)
    kinds = KINDS[view.cells]
    assert (kinds[away.argmin(axis=1)] == kinds).mean() > 0.9


@pytest.mark.parametrize(
    ("codes", "changes", "words"),
    [
        (CODES[:10], {"n_clusters": 11}, "11 clusters were asked for and 10 cells"),
        (CODES[:3], {}, "3 cells are given; expected at least 4"),
        (np.ones((20, 5)), {}, "all 20 cells have the same code"),
        (np.where(np.arange(300)[:, None] == 7, np.nan, CODES), {}, "codes of 1 of 300"),
        (CODES[:, 0], {}, "have shape"),
        (CODES, {"variant": "birch"}, "cannot say how many"),
        (CODES, {"variant": "kmeans"}, "'kmeans' is not known; there is whitened, raw"),
        (CODES, {"variant": "umap", "n_clusters": 3}, "umap-learn, which is not installed"),
    ],
)
def test_what_cannot_be_clustered_is_refused(
    codes: Array, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ClusteringError, match=words):
        cluster(codes, ClusterParams(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["n_clusters", "components", "n_init"])
def test_numbers_out_of_range_are_refused(name: str) -> None:
    with pytest.raises(ClusteringError, match=f"{name} is 0"):
        ClusterParams(**{name: 0})


def test_arrays_of_something_else_are_refused() -> None:
    arrays = cluster(CODES, ClusterParams(n_clusters=2, n_init=1)).to_arrays()
    with pytest.raises(ClusteringError, match="no mark of a format"):
        Clustering.from_arrays({"weights": np.ones(2)})
    del arrays["assigner/roots"]
    with pytest.raises(ClusteringError, match="not complete"):
        Clustering.from_arrays(arrays)

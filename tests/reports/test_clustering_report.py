"""A clustering's report: trust first, and only what was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tests.unlabelled_values as un
from pxcore.clustering.chance import DRAWS
from pxcore.clustering.params import SHARE
from pxcore.clustering.verdict import ABOVE
from pxcore.reports.clustering_figures import LARGEST, MOST_DOTS, NEAREST, thinned
from pxcore.reports.clustering_methods import clustering_methods
from pxcore.types.reports import Report
from tests.reports.made_reports import made_clustering


def texts(report: Report) -> str:
    return " ".join(text for section in report.sections for text in section.paragraphs)


def test_whether_to_trust_the_clusters_comes_first() -> None:
    report = made_clustering()
    assert report.verdict.startswith("3 clusters that come again")
    assert [section.title for section in report.sections] == [
        "Whether the clusters can be trusted", "The map of codes", "The cells of each cluster",
        "Where in a cell its cluster shows", "Against the known classes",
        "Which stains the clusters rest on. Across cells",
        "Whether these places alone tell the clusters apart", "How many clusters?",
        "How the network learnt", "What ran",
    ]  # fmt: skip
    facts = dict(report.facts)
    assert facts["Cells in each"] == "75, 45, 30"
    assert facts["Clusters"] == "3, the smallest BIC"
    assert facts["Told by place and size"] == "0.440, guessing 0.330"
    ((_, cells, share, again, suits), *_) = report.sections[0].tables[0].rows
    assert (cells, share, again, suits) == (75, 0.5, 0.95, "G1")
    assert un.CALLS.said in texts(report)
    assert "Whole donors were left out." in texts(report)


def test_what_is_doubted_is_doubted_in_the_ranking_too() -> None:
    warned = un.ranking(warning="Brightfield leads the ranking")
    nuisance = replace(un.STABLE, verdict="nuisance")
    report = made_clustering(replace(un.result(), trust=nuisance, rankings=(warned,)))
    assert "they follow where cells lie" in report.verdict
    assert "neither is this." in texts(report)
    assert "Brightfield leads the ranking. A channel is spoilt" in texts(report)


def test_what_was_not_asked_for_is_not_there() -> None:
    bare = replace(un.result(), rankings=(), mask_folds=(), bic=(), against=None, has_maps=False)
    report = made_clustering(bare)
    titles = " ".join(section.title for section in report.sections)
    for absent in ("known classes", "rest on", "places alone"):
        assert absent not in titles
    assert "3 clusters, as asked for: no other number was tried." in texts(report)
    assert dict(report.facts)["Clusters"] == "3, as many as asked for"
    for source in ("Schwarz", "Breiman", "Selvaraju"):
        assert source not in report.methods


def test_one_cluster_rests_on_nothing() -> None:
    one = replace(
        un.result(), sizes=(150,), cluster=np.zeros(un.N, int), galleries=((0, 1, 2),),
        trust=replace(un.CHANCE, per_cluster=()),
        against=replace(un.match(), confusion=un.match().confusion[:, :1], counterpart=(0,)),
        rankings=(replace(un.ranking(), per_cluster=((0.1,),) * 4),),
    )  # fmt: skip
    titles = " ".join(section.title for section in made_clustering(one).sections)
    assert "rest on" not in titles
    assert "known classes" not in titles


def test_a_large_map_is_thinned_evenly() -> None:
    n = 2 * MOST_DOTS + 1
    places = np.stack([np.arange(n), np.arange(n)], axis=1).astype(np.float32)
    few = thinned(replace(un.result(), places=places, place_rows=np.arange(n)))
    assert len(few.place_rows) <= MOST_DOTS
    assert np.array_equal(few.places[:, 0], few.place_rows)
    assert (few.place_rows[0], few.place_rows[-1]) == (0, n - 1)
    whole = un.result()
    assert np.array_equal(thinned(whole).place_rows, whole.place_rows)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "whitened and given to a Gaussian mixture with one shape for all clusters"),
        ({"variant": "raw", "covariance": "diag"}, "as they are and given to a Gaussian mixture"),
        ({"variant": "birch"}, "given to BIRCH (3 clusters, as asked for)"),
        ({"refine": True}, "Guo, Gao, Liu and Yin"),
    ],
)
def test_the_methods_paragraph_tells_the_variant(changed: dict[str, object], said: str) -> None:
    found = un.result()
    assert said in clustering_methods(replace(found, ask=replace(found.ask, **changed)))


def test_how_clusters_are_judged_is_told_as_it_is_done() -> None:
    told = clustering_methods(un.result())
    assert f"with 5 seeds, each on {SHARE:.0%} of the cells" in told
    for said in ("with 3 seeds", f"{DRAWS} draws of one Gaussian", f"{DRAWS} draws of independent",
                 f"at least the largest of these {2 * DRAWS} plus {ABOVE:.0%} of what that lacks",
                 "Johnson, Systems of frequency curves", "Hyvärinen and Oja"):  # fmt: skip
        assert said in told
    assert "mapped anew" not in told
    umap = replace(un.result(), ask=replace(un.ASK, variant="umap"))
    assert "drawn without clusters and mapped anew" in clustering_methods(umap)


def test_training_and_refinement_are_told_apart() -> None:
    details = (("Autoencoder", "dcae_2d"), ("Training", "40 epochs"), ("Refinement", "20 epochs"))
    refined = replace(un.result(), ask=replace(un.ASK, refine=True), details=details)
    told = clustering_methods(refined)
    assert "trained to draw cells again (40 epochs)" in told
    assert "found first (clustering loss; 20 epochs)" in told


def test_a_borrowed_encoder_is_told() -> None:
    details = (("Encoder", "of run c7, used as it is"), ("Autoencoder", "dcae_2d"))
    told = clustering_methods(replace(un.result(), details=details))
    assert "Codes are of the encoder of run c7, used as it is (dcae_2d)." in told
    assert "kept from training" not in told


def test_of_many_clusters_the_largest_are_pictured() -> None:
    k = LARGEST + 2
    sizes, cluster = (10,) * k, np.arange(un.N) % k
    galleries = tuple(tuple(np.flatnonzero(cluster == one)[:NEAREST]) for one in range(k))
    trust = replace(un.STABLE, per_cluster=())
    many = replace(
        un.result(), sizes=sizes, cluster=cluster, galleries=galleries, trust=trust, against=None,
        rankings=(),
    )  # fmt: skip
    assert "2 smaller ones are not pictured" in texts(made_clustering(many))

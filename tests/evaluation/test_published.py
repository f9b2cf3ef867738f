"""Published results: the numbers as recorded, and what our statistics make of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pxcore.data.catalogue import CATALOGUE
from pxcore.evaluation.published import published_sets
from pxcore.evaluation.published.figures import figures
from pxcore.evaluation.published.statistics import lower_bound, ranking_of, repeats_of
from pxcore.importance.method import DROP_IN_F1
from pxcore.plots.published import verdict_words
from pxcore.types import Verdict
from pxcore.types.published import PublishedSet

KEYS = {
    "apoptotic": "apoptotic_cells",
    "synapse": "synapse_formation",
    "blood": "white_blood_cells",
}
NAMES = {
    "pxpermute": "PXPermute",
    "occlusion": "Occlusion",
    "guided_gradcam": "GuidedGradCAM",
    "integrated_gradients": "IntegratedGradients",
    "deeplift": "DeepLift",
    "lrp": "LRP",
}
SETS = {one.id: one for one in published_sets()}


@pytest.fixture
def reference(shared_data: Path) -> dict[str, dict]:
    file = shared_data.parent / "reference" / "pxpermute_reference.json"
    if not file.is_file():
        pytest.skip("the reference numbers are not beside this checkout")
    return json.loads(file.read_text())["datasets"]


@pytest.fixture(params=list(SETS))
def shown(request: pytest.FixtureRequest) -> PublishedSet:
    return SETS[request.param]


def test_every_recorded_number_is_that_of_the_reference(reference: dict[str, dict]) -> None:
    for one in figures().sets:
        known = reference[KEYS[one.id]]
        assert list(one.channels) == known["channels"]
        for method, folds in one.importance.items():
            given = known["importance_repo_csv"][NAMES[method]]["per_fold"]
            assert np.allclose(folds, [given[str(j)] for j in range(1, 6)], rtol=1e-5)
            assert np.allclose(
                np.mean(folds, axis=0), known["importance_repo_csv"][NAMES[method]]["mean"],
                rtol=1e-4, atol=1e-12,
            )  # fmt: skip
        for method, values in one.figure.items():
            given = known["importance_normalized_mean_results_ipynb"][NAMES[method]]["values"]
            assert np.allclose(values, given, atol=1e-5)
        for method, removal in one.removal.items():
            given = known["roar"][NAMES[method]]
            assert list(removal.least_first) == given["removal_order_least_first"]
            assert removal.average == pytest.approx(given["f1_macro_mean"], rel=1e-5)
            for left, f1 in enumerate(removal.f1):
                step = given["by_channels_kept"][str(len(one.channels) - left)]
                assert np.allclose(f1, step["f1_macro"], rtol=1e-5)
        assert np.allclose(one.f1_clean, known["all_channels_clean_5fold"]["f1_macro"], rtol=1e-5)
        for fold, study in one.repeats.items():
            given = known["k_stability"]["folds"][fold]["values"]
            assert [str(k) for k in study.k] == list(given)
            assert np.allclose(study.values, list(given.values()), rtol=1e-5, atol=1e-9)


def test_the_file_is_whole() -> None:
    for one in figures().sets:
        n = len(one.channels)
        assert len(one.importance) == 5
        assert set(one.figure) == set(one.removal) == set(NAMES)
        assert all(np.shape(folds) == (5, n) for folds in one.importance.values())
        assert all(len(values) == n for values in one.figure.values())
        assert all(0 <= v <= 1 for values in one.figure.values() for v in values)
        assert all(sorted(r.least_first) == sorted(one.channels) for r in one.removal.values())
        assert all(np.shape(r.f1) == (n, 5) for r in one.removal.values())
        assert all(r.average == pytest.approx(np.mean(r.f1)) for r in one.removal.values())
        assert {*one.expected, *one.empty} <= set(one.channels)
        assert set(one.channels) == set(CATALOGUE[one.id].panel.names)


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("apoptotic", (0.0023, 0.4454)),
        ("synapse", (0.0015, 0.039, 0.0102, 0.0665, 0.1694, 0.2465, 0.2556, -0.0004)),
        (
            "blood",
            (
                0,
                0.001,
                0.0008,
                0.0129,
                0.0035,
                0.0003,
                0.0164,
                0.0026,
                0.0009,
                0.097,
                0.0747,
                0.0329,
            ),
        ),
    ],
)
def test_means_are_the_published_ones(name: str, means: tuple[float, ...]) -> None:
    ranking = SETS[name].methods[0].ranking
    assert ranking is not None
    assert ranking.mean == pytest.approx(means, abs=6e-5)  # four digits, from the reference


def test_bounds_of_the_minimal_panel_are_those_recomputed_before() -> None:
    for name, bound in (("blood", -0.0185), ("synapse", -0.0169)):
        margin = SETS[name].margin
        assert margin is not None
        assert margin.bound == pytest.approx(bound, abs=5e-5)
        assert (margin.within, margin.beyond) == (0.02, 0.01)
    assert SETS["apoptotic"].margin is None


def test_the_lower_bound_against_a_slow_reference() -> None:
    small, large = [0.9, 0.92, 0.95, 0.91, 0.93], [0.93, 0.92, 0.96, 0.95, 0.91]
    d = [a - b for a, b in zip(small, large, strict=True)]
    mean = sum(d) / 5
    variance = sum((x - mean) ** 2 for x in d) / 4
    expected = mean - stats.t.ppf(0.95, df=4) * math.sqrt((1 / 5 + 1 / 4) * variance)
    assert lower_bound(small, large) == pytest.approx(expected, rel=1e-12)
    assert lower_bound(large, large) == 0.0


def test_clean_scores_are_lower_than_the_printed_ones_where_cells_leaked() -> None:
    means = {name: one.f1_clean.mean for name, one in SETS.items()}
    assert means["apoptotic"] == pytest.approx(0.939, abs=5e-4)
    assert means["synapse"] == pytest.approx(0.898, abs=5e-4)
    assert means["blood"] == pytest.approx(0.989, abs=5e-4)
    for name in ("apoptotic", "synapse"):
        assert SETS[name].f1_clean.high < SETS[name].f1_printed[0]


def test_the_empty_channel_scores_in_every_fold_and_is_no_finding() -> None:
    shown = SETS["synapse"]
    ranking = shown.methods[0].ranking
    assert ranking is not None
    c = shown.panel.index("Antibody")
    assert sum(fold[c] > 0 for fold in ranking.folds) == 5
    assert ranking.low[c] > 0  # against zero alone it would have been called informative
    assert ranking.mean[c] > ranking.mean[shown.panel.index("CD18")]
    assert ranking.mean[c] > ranking.mean[shown.panel.index("BF")]
    assert ranking.verdict[c] is Verdict.UNDECIDED
    assert ranking.decoy_bound == pytest.approx(ranking.high[c])
    clear = {
        n for n, v in zip(shown.panel.names, ranking.verdict, strict=True) if v == "informative"
    }
    assert clear == {"MHCII", "CD3", "P-CD3zeta"} == set(shown.expected)
    text = next(f.text for f in shown.findings if f.title == "Empty channels score")
    assert "Antibody 0.039 (0.003 to 0.075), above zero in 5 of 5 folds" in text
    assert "more than BF and CD18" in text


def test_repeats_move_little_and_folds_much() -> None:
    repeats = SETS["synapse"].repeats
    assert repeats.most_moved == pytest.approx(0.0043, abs=5e-5)
    assert repeats.between_folds == pytest.approx(0.065, abs=5e-4)
    assert repeats.settled == (100, 50, 30, 5, 1000)
    assert SETS["blood"].repeats.settled == (40, 100)
    one = repeats_of((5, 10, 20), [np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 0.5]])], [[0.0], [2.0]])
    assert one.settled == (10,)
    assert one.most_moved == 2.0
    assert one.between_folds == pytest.approx(math.sqrt(2))


def test_intervals_and_ranks_of_the_folds(shown: PublishedSet) -> None:
    n_test = shown.n_images // 5
    assert (shown.n_train, shown.n_test) == (shown.n_images - n_test, n_test)
    for method in shown.methods:
        if method.ranking is None:
            assert method.id == "occlusion"
            continue
        ranking, folds = method.ranking, np.array(method.ranking.folds)
        half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + 1 / 4) * folds.var(axis=0, ddof=1))
        assert np.allclose(ranking.mean, folds.mean(axis=0))
        assert np.allclose(np.array(ranking.high) - ranking.mean, half, rtol=2e-3)
        assert np.allclose(ranking.mean - np.array(ranking.low), half, rtol=2e-3)
        assert sorted(ranking.rank) == list(range(1, len(shown.panel) + 1))
        for low, own, high in zip(ranking.rank_low, ranking.rank, ranking.rank_high, strict=True):
            assert 1 <= low <= own <= high <= len(shown.panel)
        tops = np.array(ranking.top)
        assert np.allclose(tops[:, -1], 1)
        assert np.allclose(tops.sum(axis=0), np.arange(1, len(shown.panel) + 1))
        assert "the cells are not recorded" in ranking.notes[0]
        if "F1" not in method.unit:
            assert set(ranking.verdict) == {Verdict.UNDECIDED}


def test_channels_apart_get_a_rank_of_their_own_and_equal_ones_do_not() -> None:
    generator = np.random.default_rng(0)
    folds = generator.normal([0.5, 0.1, 0.1], 0.001, (5, 3)).tolist()
    ranking = ranking_of(folds, DROP_IN_F1, 1000, ())
    assert (ranking.rank[0], ranking.rank_low[0], ranking.rank_high[0]) == (1, 1, 1)
    assert {ranking.rank_low[1], ranking.rank_low[2]} == {2}
    assert {ranking.rank_high[1], ranking.rank_high[2]} == {3}
    assert ranking.verdict[0] is Verdict.INFORMATIVE
    against = ranking_of(folds, DROP_IN_F1, 1000, (1,))
    assert against.verdict == (Verdict.INFORMATIVE, Verdict.UNDECIDED, Verdict.UNDECIDED)


def test_the_sentence_names_every_channel_once_and_never_an_empty_one(shown: PublishedSet) -> None:
    ranking = shown.methods[0].ranking
    assert ranking is not None
    for c, name in enumerate(shown.panel.names):
        informative = ranking.verdict[c] is Verdict.INFORMATIVE
        found = shown.sentence.replace(",", " ").replace(".", " ").replace("(", " ").split()
        wanted = 2 if informative else 0 if name in shown.empty else 1
        assert found.count(name) == wanted or found.count(f"{name};") + found.count(name) == wanted


def test_no_verdict_beyond_the_folds_of_the_blood_cells() -> None:
    shown = SETS["blood"]
    assert "They leave CD8, CD3, CD14 and CD19 undecided" in shown.sentence
    words = [verdict_words(shown, shown.methods[0], c) for c in range(len(shown.panel))]
    assert words[shown.panel.index("CD4")] == "informative"
    assert words[shown.panel.index("CD8")] == "undecided"

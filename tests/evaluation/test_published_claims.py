"""Every number that the findings claim is that of the data: shares, margins, yardsticks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pxcore.evaluation.published import published_sets
from pxcore.evaluation.published.figures import figures
from pxcore.evaluation.published.findings import SHARED, findings_of
from pxcore.evaluation.published.statistics import (
    MARGINS,
    lower_bound,
    margin_of,
    ranking_of,
    score_interval,
)
from pxcore.importance.attribution.settings import AGGREGATE
from pxcore.importance.method import DROP_IN_F1
from pxcore.types import Verdict
from pxcore.types.published import Margin

DOCS = Path(__file__).parents[2] / "docs" / "published.md"
SPREAD = np.array([-0.002, -0.001, 0.0, 0.001, 0.002])


def folds_with_bound(bound: float) -> tuple[list[float], list[float]]:
    """Return F1 of five folds of a small and of all channels whose lower bound is this one."""
    larger = np.full(5, 0.9)
    off = lower_bound((larger + SPREAD).tolist(), larger.tolist())
    return (larger + SPREAD + bound - off).tolist(), larger.tolist()


def finding(title: str, margin: Margin | None = None) -> str:
    """Return the text of one finding of the synapse cells, with any margin."""
    recorded = next(one for one in figures().sets if one.id == "synapse")
    shown = next(one for one in published_sets() if one.id == "synapse")
    ranking = shown.methods[0].ranking
    assert ranking is not None
    clean = score_interval(recorded.f1_clean, recorded.images)
    found = findings_of(recorded, ranking, shown.repeats, clean, margin or shown.margin)
    return next(one.text for one in found if one.title.startswith(title))


@pytest.mark.parametrize(
    ("bound", "within", "beyond"),
    [
        (0.001, 0.01, None),
        (-0.0099, 0.01, None),
        (-0.0101, 0.02, 0.01),
        (-0.0199, 0.02, 0.01),
        (-0.0201, 0.05, 0.02),
        (-0.0499, 0.05, 0.02),
        (-0.0501, None, 0.05),
    ],
)
def test_a_margin_is_held_only_where_the_bound_lies_above_it(
    bound: float, within: float | None, beyond: float | None
) -> None:
    found = margin_of(*folds_with_bound(bound))
    assert found.bound == pytest.approx(bound)
    assert (found.within, found.beyond) == (within, beyond)
    said = finding("Half of the stains", found)
    assert within is None or f"not worse by more than {within:g}" in said
    assert ("not shown to be as good" in said) is (within is None)
    assert ("is not ruled out" in said) is (beyond is not None)
    assert beyond is None or f"a loss of {beyond:g} is not ruled out" in said


def test_a_bound_on_the_margin_holds_nothing() -> None:
    same = [0.5] * 5
    for margin in MARGINS:
        found = margin_of([0.5 - margin] * 5, same)
        assert found.within is None or found.within > -found.bound
        assert found.beyond is None or found.beyond <= -found.bound


def test_the_largest_of_several_empty_channels_is_the_yardstick() -> None:
    folds = np.array([0.5, 0.0, 0.2, 0.1, 0.15]) + 4 * SPREAD[:, None]
    empty = (1, 2, 3)
    for order in (empty, empty[::-1]):
        ranking = ranking_of(folds.tolist(), DROP_IN_F1, 1000, order)
        assert ranking.decoy_bound == pytest.approx(max(ranking.high[c] for c in empty))
        assert ranking.decoy_bound == ranking.high[2]
        assert ranking.verdict[0] is Verdict.INFORMATIVE
        assert ranking.verdict[4] is Verdict.UNDECIDED  # above the first, not above the largest
        assert all(ranking.verdict[c] is not Verdict.INFORMATIVE for c in empty)


def mixed_up(n_rows: int, seed: int) -> float:
    """Return the share of test rows trained on when positions are taken for row numbers."""
    generator = np.random.default_rng(seed)
    rows = generator.permutation(n_rows)
    n_test = n_rows // 5
    test, rest = rows[:n_test], rows[n_test:]
    n_train = len(rest) - len(rest) // 5
    positions = generator.permutation(len(rest))[:n_train]  # of ``rest``, read as rows of the whole
    return float(np.isin(test, positions).mean())


def test_the_share_of_test_rows_trained_on_follows_from_the_mistake() -> None:
    """0.8 of the rows can be hit, 0.8 of those train: 0.64, give or take what folds scatter.

    Our draws are not theirs: the ends of 15 shares of a thousand test rows or so, each with a
    standard error of 0.015 at most, are known to about that.
    """
    shares = [mixed_up(one.images, seed) for one in figures().sets for seed in range(5)]
    assert SHARED[0] < 0.8 * 0.8 < SHARED[1]
    assert SHARED[0] == pytest.approx(min(shares), abs=0.015)
    assert SHARED[1] == pytest.approx(max(shares), abs=0.015)


def test_the_share_is_that_of_the_reference(shared_data: Path) -> None:
    file = shared_data.parent / "reference" / "pxpermute_reference.json"
    if not file.is_file():
        pytest.skip("the reference numbers are not beside this checkout")
    warnings = " ".join(json.loads(file.read_text())["_warnings"])
    found = re.search(r"([\d.]+)-([\d.]+)% of test images are in train", warnings)
    assert found is not None
    assert (float(found[1]) / 100, float(found[2]) / 100) == pytest.approx(SHARED)


def test_the_share_is_told_alike_everywhere() -> None:
    said = f"{100 * SHARED[0]:.0f} to {100 * SHARED[1]:.0f} %"
    assert f"{said} of the test rows were also trained on" in finding("Tested on cells")
    assert f"({said})" in DOCS.read_text("utf-8")


def test_what_is_done_here_with_attributions_is_what_the_methods_do() -> None:
    said = finding("The rivals")
    assert "the mean absolute attribution inside the cell" in said
    assert "summed" not in said
    assert AGGREGATE.choices[0] == "mean_abs"  # the default
    assert "mean absolute attribution inside the cell" in AGGREGATE.summary

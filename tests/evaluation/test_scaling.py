"""One scale for a method, and ranks among shared channels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.example_values as ex
from pxcore.evaluation.scaling import bounds_of, of_starts, scaled
from pxcore.evaluation.shared_ranks import apart, ranks_among
from pxcore.types import Channel, Interval, Panel, Role
from pxcore.types.comparison import RankSpan
from tests.compared_values import PANEL, beside, ranked, run

NUMBERS = st.floats(-1, 1).map(lambda x: round(x, 6))
FOLDS = st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=6)


def interval(folds: list[float]) -> Interval:
    mean = float(np.mean(folds))
    return Interval(mean=mean, low=mean - 0.3, high=mean + 0.3, folds=tuple(folds))


@given(FOLDS)
@settings(max_examples=100, deadline=None)
def test_scaling_is_the_authors_min_max(channels: list[list[float]]) -> None:
    values = [interval(folds) for folds in channels]
    bounds = bounds_of(values)
    table = np.array(channels)
    assert bounds == (table.min(), table.max())
    if np.ptp(table) == 0:
        assert all(scaled(value, bounds).mean == 0 for value in values)
        return
    expected = (table - table.min()) / (table.max() - table.min())
    found = [scaled(value, bounds) for value in values]
    np.testing.assert_allclose([one.folds for one in found], expected, atol=1e-9)
    np.testing.assert_allclose([one.mean for one in found], expected.mean(1), atol=1e-9)
    assert min(min(one.known) for one in found) == 0
    assert max(max(one.known) for one in found) == pytest.approx(1)
    spans = [(one.high - one.low) * np.ptp(table) for one in found]
    np.testing.assert_allclose(spans, 0.6, atol=1e-9)


@given(FOLDS, st.floats(0.1, 100), st.floats(-5, 5))
@settings(max_examples=60, deadline=None)
def test_units_and_offsets_do_not_matter(
    channels: list[list[float]], factor: float, offset: float
) -> None:
    if np.ptp(np.array(channels)) < 1e-3:
        return
    values = [interval(folds) for folds in channels]
    moved = [interval([f * factor + offset for f in folds]) for folds in channels]
    for one, other in zip(values, moved, strict=True):
        a, b = scaled(one, bounds_of(values)), scaled(other, bounds_of(moved))
        np.testing.assert_allclose(a.folds, b.folds, atol=1e-6)


def test_folds_without_a_value_stay_without() -> None:
    value = Interval(mean=0.5, low=0, high=1, folds=(0.25, None, 0.75))
    assert bounds_of([value]) == (0.25, 0.75)
    assert scaled(value, (0.25, 0.75)).folds == (0.0, None, 1.0)
    with pytest.raises(ValueError, match="no value to scale"):
        bounds_of([Interval(mean=0, low=0, high=0, folds=(None,))])


def test_decoys_do_not_set_the_scale() -> None:
    panel = Panel((*PANEL.channels, Channel(name="decoy", role=Role.DECOY)))
    plain = beside(run("a", [ranked("pxpermute", (0.1, 0.6, 0.3, 0.2))]))
    decoyed = beside(
        run("a", [ranked("pxpermute", (0.1, 0.6, 0.3, 0.2, -0.5))], panel, decoys=("empty",))
    )
    assert plain.scales == decoyed.scales
    assert plain.scaled[0] == decoyed.scaled[0][:4]
    assert decoyed.scaled[0][4].mean < 0


def test_starts_are_means_over_folds() -> None:
    value = Interval(mean=0, low=0, high=0, folds=(1.0, 10.0, 3.0, 30.0, None, 50.0))
    assert of_starts(value, 2) == (2.0, 30.0)
    assert of_starts(value, 1) == (pytest.approx(18.8),)
    comparison = beside(run("a", [ranked("pxpermute", (0.1, 0.6, 0.3, 0.2))], seeds=3))
    assert comparison.starts[0][1] == pytest.approx(comparison.values[0][1].folds)


RANKINGS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12)),
    min_size=3,
    max_size=8,
    unique_by=lambda x: x[0],
)


@given(RANKINGS, st.data())
@settings(max_examples=150, deadline=None)
def test_shared_ranks_hold_what_the_own_range_allows(
    given_values: list[tuple[int, int]], data: st.DataObject
) -> None:
    mean = tuple(v / 30 for v, _ in given_values)
    ranking = ex.ranking(mean, tuple(s / 60 for _, s in given_values))
    n = len(mean)
    own = ranks_among(ranking, range(n))
    assert [one.rank for one in own] == list(ranking.rank)
    assert [(one.low, one.high) for one in own] == list(
        zip(ranking.rank_low, ranking.rank_high, strict=True)
    )
    kept = data.draw(st.lists(st.sampled_from(range(n)), min_size=1, unique=True))
    found = ranks_among(ranking, kept)
    assert sorted(one.rank for one in found) == list(range(1, len(kept) + 1))
    for c, one in zip(kept, found, strict=True):
        assert 1 <= one.low <= one.rank <= one.high <= len(kept)
        # Ranks that intervals of values allow among the kept channels lie inside.
        ahead = sum(ranking.low[o] > ranking.high[c] for o in kept)
        behind = sum(ranking.high[o] < ranking.low[c] for o in kept)
        assert one.low <= 1 + ahead
        assert one.high >= len(kept) - behind


def test_apart_means_no_rank_in_common() -> None:
    assert apart(RankSpan(rank=1, low=1, high=2), RankSpan(rank=4, low=3, high=4))
    assert not apart(RankSpan(rank=1, low=1, high=3), RankSpan(rank=4, low=3, high=4))

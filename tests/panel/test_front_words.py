"""The front, what each stain buys, and the sentence on top."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.panel.advice import advise
from pxcore.panel.front import additions, front
from pxcore.panel.said import at_most
from pxcore.panel.words import lower_bound, sentence
from pxcore.types import Panel
from pxcore.types.panel import Constraints, Members, PanelAdvice
from tests.panel.made_trials import (
    FOLD_LEVEL,
    SIZES,
    J,
    evidence_of,
    panel,
    trial,
    world,
)


def told(worth: object, of: Panel | None = None, **asked: object) -> str:
    return sentence(advised(worth, of, **asked), of or panel(5))


def advised(worth: object, of: Panel | None = None, **asked: object) -> PanelAdvice:
    of = of or panel(5)
    given = evidence_of(of, worth)  # type: ignore[arg-type]
    return advise(given, Constraints(**asked))  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.1, 0.9)), min_size=4, max_size=4))
def test_the_front_is_what_no_other_beats(drawn: list[tuple[int, float]]) -> None:
    of = panel(4, n_free=0, costs=[c for c, _ in drawn])
    trials = [trial((i,), f1 + FOLD_LEVEL) for i, (_, f1) in enumerate(drawn)]
    costs = [c if any(c for c, _ in drawn) else 1 for c, _ in drawn]
    f1 = [t.f1_macro.mean for t in trials]

    def beaten(a: int) -> bool:
        return any(
            costs[b] <= costs[a]
            and f1[b] >= f1[a] - 1e-12
            and (costs[b] < costs[a] or f1[b] > f1[a] + 1e-12)
            for b in range(4)
        )

    found = front(trials, of)
    assert {t.members for t in found} == {(a,) for a in range(4) if not beaten(a)}
    order = [costs[t.members[0]] for t in found]
    assert order == sorted(order)


def test_the_front_is_paired() -> None:
    """One panel lacks the hard fold; its mean is higher, but not on the folds both have."""
    of = panel(2, n_free=0, costs=[5, 5])
    better = np.array([0.5, 0.8, 0.8, 0.8, 0.8])
    without_hard = np.array([np.nan, 0.79, 0.79, 0.79, 0.79])
    trials = [trial((0,), better), trial((1,), without_hard)]
    assert trials[1].f1_macro.mean > trials[0].f1_macro.mean
    assert front(trials, of) == (trials[0],)
    assert front([], of) == ()


def test_each_step_tells_what_it_buys() -> None:
    of = panel(3, costs=[1, 2, 4])
    leading = [
        trial((0,), 0.5 + FOLD_LEVEL),
        trial((0, 3), 0.7 + FOLD_LEVEL + np.array([0.01, -0.01, 0, 0, 0])),
        trial((0, 1, 2), 0.8 + FOLD_LEVEL),
    ]
    first, second, third = additions(leading, of, SIZES)
    assert (first.added, first.gain.known, first.gain.low, first.gain.high) == ((0,), (), -1, 1)
    assert (second.added, second.dropped, second.cost) == ((3,), (), 4)
    assert second.gain.mean == pytest.approx(0.2)
    assert (third.added, third.dropped, third.cost) == ((1, 2), (3,), 3)
    assert third.gain.high - third.gain.low < third.f1.high - third.f1.low
    assert additions([], of, SIZES) == ()


def test_enough() -> None:
    worth = lambda m: 0.6 + 0.2 * (1 in m) + 0.1 * (2 in m)  # noqa: E731
    assert told(worth, panel(5, costs=[10, 20, 12.5, 12.5, 12.5])) == (
        "S0 and S1 are enough beside BF0: F1 0.900 against 0.900 with all five stains, at most "
        "0.005 lower (margin 0.020), which saves 3 stains and 37.50 a test."
    )
    assert "saves 3 stains." in told(worth, panel(5, costs=[0] * 5))
    assert told(worth, panel(5, n_free=0)).startswith("S1 and S2 are enough: F1")


def test_no_stain_at_all() -> None:
    found = told(lambda m: 0.9)
    assert found.startswith("BF0 alone is enough: F1 0.900 against 0.900 with all five stains")
    assert "BF0 and BF1 alone are enough: F1" in told(lambda m: 0.9, panel(2, n_free=2))


def test_rivals_leave_it_undecided() -> None:
    found = told(lambda m: 0.7 + 0.2 * bool({1, 2} & {*m}))
    assert found.startswith(
        "One stain is enough beside BF0, but which is undecided (S0; or S1): F1"
    )
    many = told(lambda m: 0.7 + 0.2 * (len(m) > 1))
    assert "(S0; or S1; or S2; or 2 more)" in many or "or 2 more)" in many


def test_nothing_smaller() -> None:
    worse = told(lambda m: 0.5 + 0.08 * len(m))
    assert worse == (
        "All five stains stay for now: all 31 smaller panels that were retrained are worse by more "
        "than the margin of 0.020."
    )
    unclear = told(lambda m: 0.5 + 0.018 * len(m))
    assert unclear.startswith(
        "All five stains stay for now: no smaller panel is shown to be good enough: the nearest, "
    )
    assert unclear.endswith("(margin 0.020).")


def test_nothing_within_the_constraints() -> None:
    needed = lambda m: 0.5 + 0.08 * len(m)  # noqa: E731
    assert told(needed, max_stains=2).startswith(
        "No panel of up to two stains within the constraints is good enough: every one"
    )
    near = told(lambda m: 0.8 + 0.018 * min(len(m), 6), max_stains=4)
    assert near.startswith("Whether a panel of up to four stains within the constraints is good")
    assert told(needed, exclude=(0,)) == (
        "No panel within the constraints was retrained, so none can be advised."
    )


def test_models_that_know_nothing() -> None:
    assert told(lambda m: 0.5).startswith("Nothing can be said about smaller panels yet")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.0, 0.05), min_size=3, max_size=3))
def test_it_never_says_more_than_the_bounds(worths: list[float]) -> None:
    of = panel(3)
    found = advised(lambda m: 0.7 + sum(worths[c - 1] for c in m if c), of)
    text, bound = sentence(found, of), lower_bound(found)
    if "enough:" in text and " lower (" in text and "at most" in text:
        assert bound is not None
        said = float(text.split("at most ")[1].split(" lower")[0])
        assert -bound - 1e-6 <= said <= -bound + 0.001
        assert bound > -0.02
    if "enough" in text and "no smaller" not in text:
        assert found.test is not None
        assert found.test.good_enough


def test_the_worse_of_both_bounds_is_told() -> None:
    found = advised(lambda m: 0.6 + 0.2 * (1 in m) + 0.1 * (2 in m))
    assert found.test is not None
    nested = replace(found.test, lower_bound=-0.0191)
    with_nested = replace(found, nested=nested)
    assert "at most 0.020 lower" in sentence(with_nested, panel(5))
    assert lower_bound(with_nested) == -0.0191
    better = replace(found, nested=replace(nested, lower_bound=0.01))
    assert lower_bound(better) == found.test.lower_bound


def test_bounds_are_rounded_to_the_careful_side() -> None:
    assert [at_most(v) for v in (-0.0101, -0.01, -0.0199999999, 0.5)] == [
        "0.011", "0.010", "0.020", "0.000",
    ]  # fmt: skip


def test_names_stay_on_one_line() -> None:
    of = panel(2)
    first, second, third = of.channels
    named: Panel = Panel((first, replace(second, name="line\nbreak"), third))
    text = told(lambda m: 0.7 + 0.2 * (1 in m), named)
    assert text.startswith("line break is enough beside BF0")
    members: Members = (0, 1)
    assert len(world(named, lambda m: 0.5)[members].f1_macro.folds) == J

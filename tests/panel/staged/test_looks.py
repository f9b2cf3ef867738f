"""A candidate in more runs has more looks: chance must not send it on, nor a partner's absence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.panel.staged.covering import cover_pairs
from pxcore.panel.staged.finished import FinishedRun
from pxcore.panel.staged.instruments import other
from pxcore.panel.staged.looks import worth_of_looks
from pxcore.panel.staged.merge import merge
from pxcore.types import Array, Verdict
from pxcore.types.staged import Candidate, PlanKind, StagedPlan, StagedRun

MARKERS = tuple(f"M{number:02}" for number in range(20))
BLOCKS = cover_pairs(20, 7)
COUNTS = np.bincount([point for block in BLOCKS for point in block])
NOISE, DRAWS = 0.02, 600


def runs_of(values: list[Array], scaled: bool) -> tuple[StagedPlan, list[FinishedRun]]:
    """Return the plan of 20 markers on seven free slots, and its runs with these drops."""
    runs = [
        FinishedRun(
            number=number,
            markers=("bridge", *(MARKERS[point] for point in block)),
            mean=(0.3, *own),
            low=(0.29, *(own - NOISE)),
            high=(0.31, *(own + NOISE)),
            verdict=(Verdict.UNDECIDED,) * 8,
        )
        for number, (block, own) in enumerate(zip(BLOCKS, values, strict=True), start=1)
    ]
    bridge = Candidate(marker="bridge", always_on=True, bridge=scaled)
    dealt = tuple(StagedRun(number=run.number, markers=run.markers) for run in runs)
    plan = StagedPlan(
        id="p", title="t", version=1, step=4, owner="", instrument=other(8),
        candidates=(bridge, *(Candidate(marker=name) for name in MARKERS)),
        kind=PlanKind.PAIR_COVER, runs=(*dealt, StagedRun(number=99, markers=(), final=True)),
    )  # fmt: skip
    return plan, runs


def noise(rng: np.random.Generator) -> list[Array]:
    return [NOISE * rng.standard_normal(7) for _ in BLOCKS]


def test_the_cover_gives_markers_unequal_looks() -> None:
    assert (len(BLOCKS), COUNTS.min(), COUNTS.max()) == (13, 4, 6)


def test_what_knows_nothing_goes_on_as_often_with_many_looks_as_with_few() -> None:
    rng, taken, naive = np.random.default_rng(3), np.zeros(20), np.zeros(20)
    for _ in range(DRAWS):
        drawn = noise(rng)
        merged = merge(*runs_of(drawn, scaled=True))
        taken += [marker in merged.taken for marker in MARKERS]
        best = np.full(20, -np.inf)
        for block, own in zip(BLOCKS, drawn, strict=True):
            best[list(block)] = np.maximum(best[list(block)], own)
        naive[np.argsort(-best)[:7]] += 1
    many = COUNTS.min() < COUNTS
    gap = (taken[many].mean() - taken[~many].mean()) / DRAWS
    unfair = (naive[many].mean() - naive[~many].mean()) / DRAWS
    assert unfair > 0.045  # the best look as it is: what is corrected here
    assert abs(gap) < 0.025  # about two standard errors


def test_a_pair_that_shows_only_together_is_not_averaged_away() -> None:
    """The two share one run of 13; they drop five times the noise there, and nothing elsewhere."""
    rng, kept = np.random.default_rng(4), 0
    first = int(np.argmax(COUNTS))
    block = next(i for i, one in enumerate(BLOCKS) if first in one)
    pair = [first, next(p for p in BLOCKS[block] if p != first)]
    for _ in range(100):
        values = noise(rng)
        for index, points in enumerate(BLOCKS):
            if set(pair) <= set(points):
                values[index][[points.index(p) for p in pair]] += 5 * NOISE
        taken = merge(*runs_of(values, scaled=True)).taken
        kept += all(MARKERS[p] in taken for p in pair)
    assert kept >= 97


def test_unequal_looks_are_told_scaled_or_not() -> None:
    values = noise(np.random.default_rng(5))
    assert any(
        "in 4 to 6 runs" in note and "each was lowered" in note
        for note in merge(*runs_of(values, scaled=True)).notes
    )
    assert any(
        "ranks favour those in more runs" in note
        for note in merge(*runs_of(values, scaled=False)).notes
    )
    plan, runs = runs_of(values, scaled=True)
    single = [replace(plan.runs[0]), plan.runs[-1]]
    some = [c for c in plan.candidates if c.marker in runs[0].markers]
    equal = merge(replace(plan, runs=tuple(single), candidates=tuple(some)), runs[:1])
    assert not any("Candidates sit in" in note for note in equal.notes)


def test_the_best_look_less_what_chance_adds() -> None:
    looks = {"a": [0.0, 0.4, 0.0, 0.0], "b": [0.1, 0.3], "c": []}
    worth = worth_of_looks(looks)
    spread = np.median([np.std(looks["a"], ddof=1), np.std(looks["b"], ddof=1)])
    # expected largest of n normal values: n = 2: 0.5642, n = 4: 1.0294 (Blom within 0.03)
    assert worth["a"] == pytest.approx(0.4 - spread * (1.0294 - 0.5642), abs=0.03 * spread)
    assert worth["b"] == 0.3
    assert worth["c"] == float("-inf")
    assert worth_of_looks({"a": [0.2], "b": [0.1]}) == {"a": 0.2, "b": 0.1}
    assert worth_of_looks({}) == {}


@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_with_equal_looks_the_best_counts(rows: list[list[float]]) -> None:
    looks = {str(i): row for i, row in enumerate(rows)}
    assert worth_of_looks(looks) == {name: max(row) for name, row in looks.items()}

"""Merging runs: one scale by bridges, the two rules, hands, and what falls out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.errors import PanelError
from pxcore.panel.staged.finished import FinishedRun, finished_run, on_one_scale
from pxcore.panel.staged.instruments import other
from pxcore.panel.staged.merge import merge, with_final_run
from pxcore.types import (
    ChannelGroup,
    ChannelPair,
    Interval,
    Ranking,
    Redundancy,
    Verdict,
)
from pxcore.types.staged import Candidate, Override, PlanKind, StagedPlan, StagedRun

TRUE = {"A": 0.30, "B": 0.20, "C": 0.10, "D": 0.05, "E": 0.25, "F": 0.15, "G": 0.02, "H": 0.0}


def measured(number: int, markers: str, factor: float = 1.0, half: float = 0.01) -> FinishedRun:
    names = ("bridge", *markers)
    mean = [factor * (0.2 if name == "bridge" else TRUE[name]) for name in names]
    verdicts = [Verdict.INFORMATIVE if m > 0.03 else Verdict.UNDECIDED for m in mean]
    return FinishedRun(
        number=number,
        markers=names,
        mean=tuple(mean),
        low=tuple(m - half * factor for m in mean),
        high=tuple(m + half * factor for m in mean),
        verdict=tuple(verdicts),
    )


RUNS = (measured(1, "ABCD"), measured(2, "EFGH", 0.5))


def plan(slots: int = 5, bridge: bool = True, **changes: object) -> StagedPlan:
    candidates = (
        Candidate(marker="bridge", always_on=True, bridge=bridge),
        *(Candidate(marker=name) for name in TRUE),
    )
    runs = tuple(StagedRun(number=run.number, markers=run.markers) for run in RUNS)
    whole = StagedPlan(
        id="p", title="t", version=1, step=4, owner="", instrument=other(slots),
        candidates=candidates, kind=PlanKind.PUBLISHED, top=2,
        runs=(*runs, StagedRun(number=3, markers=("bridge",), final=True)),
    )  # fmt: skip
    return replace(whole, **changes)


@given(st.lists(st.floats(0.1, 5), min_size=2, max_size=4))
def test_bridges_undo_any_factor_between_runs(factors: list[float]) -> None:
    runs = [measured(i + 1, "ABH", f, half=0) for i, f in enumerate(factors)]
    scaled = on_one_scale(runs, ["bridge"])
    for name in "ABH":
        values = np.array([value for _, value, _, _ in scaled.values[name]])
        np.testing.assert_allclose(values, np.mean(factors) * TRUE[name], rtol=1e-12, atol=1e-15)
        for _, value, low, high in scaled.values[name]:
            np.testing.assert_allclose((low, high), value, rtol=1e-9, atol=1e-12)


def test_intervals_carry_the_bridges_uncertainty() -> None:
    scaled = on_one_scale(RUNS, ["bridge"])
    number, mean, low, high = scaled.values["E"][0]
    factor = 0.15 / 0.1  # mean of the bridges over the bridge in run 2
    half = factor * np.hypot(0.005, 0.125 * 0.005 / 0.1)
    assert number == 2
    np.testing.assert_allclose(
        (mean, low, high), (factor * 0.125, *(factor * 0.125 + np.array([-half, half])))
    )
    assert "run 2 x 1.50" in scaled.note
    zero = scaled.values["H"][0]
    np.testing.assert_allclose(zero[1:], (0.0, -factor * 0.005, factor * 0.005))


def test_a_weak_or_missing_bridge_leaves_ranks_only() -> None:
    weak = (RUNS[0], replace(RUNS[1], low=(-0.1, *RUNS[1].low[1:]), high=(0.3, *RUNS[1].high[1:])))
    assert on_one_scale(weak, ["bridge"]).values == {}
    assert "run 2, which is not clear of zero" in on_one_scale(weak, ["bridge"]).note
    assert "only ranks" in on_one_scale(RUNS, []).note
    assert on_one_scale(RUNS, ["A"]).values == {}  # not in run 2
    assert on_one_scale(RUNS, ["A", "bridge"]) == on_one_scale(RUNS, ["bridge"])
    assert on_one_scale(RUNS[:1], []).values["A"] == ((1, 0.30, 0.30 - 0.01, 0.30 + 0.01),)


def test_top_of_each_run_with_reasons() -> None:
    merged = merge(plan(), RUNS)
    assert merged.taken == ("bridge", "A", "B", "E", "F")
    assert merged.order == ("A", "E", "B", "F", "C", "D", "G", "H")  # by the common scale
    said = {one.marker: one.reason for one in merged.candidates}
    assert said["bridge"] == "A bridge marker, always on."
    assert said["E"] == "Rank 1 in run 2, among its top 2."
    assert said["C"] == "Rank 3 in run 1, not among its top 2."
    assert {one.marker: one.rank for one in merged.candidates}["F"] == ((2, 2),)
    assert merged.fell_out == ()
    assert merge(plan(), (*RUNS, measured(3, "H", 9))) == merged  # the final run is no part of it


def test_without_a_scale_ranks_decide_and_no_importance_is_shown() -> None:
    merged = merge(plan(bridge=False), RUNS)
    assert merged.order == ("A", "E", "B", "F", "C", "G", "D", "H")
    assert all(one.importance == () for one in merged.candidates)
    assert "only ranks" in merged.notes[0]


def test_a_union_that_does_not_fit_loses_its_weakest_and_says_so() -> None:
    merged = merge(plan(slots=4), RUNS)
    assert merged.taken == ("bridge", "A", "B", "E")
    assert merged.fell_out == ("F",)
    said = {one.marker: one.reason for one in merged.candidates}["F"]
    assert "takes 4 and of the final run's 4 slots only 3 are left" in said
    assert any("F fall out, those with the least scaled importance" in n for n in merged.notes)


def test_by_verdict_takes_the_informative_without_stand_ins() -> None:
    runs = (replace(RUNS[0], interchangeable=(("B", "A"),)), RUNS[1])
    merged = merge(plan(slots=9, by_verdict=True), runs)
    assert merged.taken == ("bridge", "A", "C", "D", "E", "F")
    said = {one.marker: one.reason for one in merged.candidates}
    assert said["B"] == "Interchangeable with A, already taken (run 1)."
    assert said["H"] == "No run shows it above its decoys."
    kept = plan(slots=9, by_verdict=True, overrides=(("b", Override.TAKE),))
    assert "A" not in merge(kept, runs).taken  # what is taken by hand comes first


def test_a_verdict_without_decoys_is_above_zero_only_and_says_so() -> None:
    runs = (replace(RUNS[0], against_decoys=False), RUNS[1])
    merged = merge(plan(slots=9, by_verdict=True), runs)
    said = {one.marker: one.reason for one in merged.candidates}
    assert "informative in run 1 (above 0, no decoys there)" in said["A"].lower()
    assert said["E"] == "Informative in run 2, and nothing taken stands in for it."
    assert said["H"] == "No run shows it above its decoys."
    assert any(n.startswith("Run 1 was ranked without decoys: informative") for n in merged.notes)
    assert not any("without decoys" in n for n in merge(plan(), runs).notes)  # top m needs none
    none = merge(plan(slots=9, by_verdict=True), [replace(r, against_decoys=False) for r in runs])
    assert {one.marker: one.reason for one in none.candidates}["H"] == (
        "No run shows it above its decoys, or above 0 where there are none."
    )


def test_a_union_that_a_verdict_leaves_empty_is_told() -> None:
    runs = [replace(run, verdict=(Verdict.UNDECIDED,) * 5, against_decoys=False) for run in RUNS]
    merged = merge(plan(slots=9, by_verdict=True), runs)
    assert merged.taken == ("bridge",)
    assert merged.notes[-2].startswith("Runs 1, 2 were ranked without decoys")
    assert merged.notes[-1].startswith("By verdict the rule takes no candidate")


def test_pair_cover_goes_by_the_best_run_until_the_slots_are_full() -> None:
    late = replace(
        measured(3, "ADGH"), mean=(0.2, 0.30, 0.05, 0.4, 0.0), low=(0.19,) * 5, high=(0.5,) * 5
    )
    whole = plan(kind=PlanKind.PAIR_COVER, slots=4)
    runs = (*whole.runs[:2], StagedRun(number=3, markers=late.markers))
    merged = merge(
        replace(whole, runs=runs),
        (
            *RUNS,
            replace(
                late,
                low=tuple(m - 0.01 for m in late.mean),
                high=tuple(m + 0.01 for m in late.mean),
            ),
        ),
    )
    assert merged.order[0] == "G"  # shows in run 3 only, where its partner is
    assert merged.taken == ("bridge", "A", "E", "G")
    said = {one.marker: one.reason for one in merged.candidates}
    assert said["G"] == "Place 1 of 8 over all runs, best rank 1 (run 3)."
    assert said["B"].endswith("the slots go to stronger ones.")
    assert merged.fell_out == ()


def test_hands_and_must_keep_win_and_are_marked() -> None:
    keep = tuple(replace(c, must_keep=c.marker == "D") for c in plan().candidates)
    hands = (("h", Override.TAKE), ("A", Override.LEAVE))
    merged = merge(plan(candidates=keep, overrides=hands), RUNS)
    assert merged.taken == ("bridge", "B", "D", "E", "H")
    assert merged.fell_out == ("F",)
    by = {one.marker: one for one in merged.candidates}
    assert [m for m, one in by.items() if one.overridden] == ["A", "H"]
    assert by["H"].reason == (
        "Taken by hand; the rule would leave it out: rank 4 in run 2, not among its top 2."
    )
    assert by["A"].reason.startswith("Left out by hand; the rule would take it")
    assert by["D"].reason == "Must be kept."


def test_a_parted_pair_is_told() -> None:
    runs = (replace(RUNS[0], only_together=(("C", "A"),)), RUNS[1])
    assert "A and C work only together, but only one" in merge(plan(), runs).notes[-1]


@given(st.integers(2, 9), st.booleans(), st.sampled_from(PlanKind), st.integers(1, 4))
def test_the_union_always_fits_and_everyone_has_a_reason(slots, verdict, kind, top) -> None:
    merged = merge(plan(slots=slots, by_verdict=verdict, kind=kind, top=top), RUNS)
    assert len(merged.taken) <= slots
    assert set(merged.fell_out).isdisjoint(merged.taken)
    assert all(one.reason.endswith(".") for one in merged.candidates)
    if merged.fell_out:
        assert len(merged.taken) == slots
        places = {name: place for place, name in enumerate(merged.order)}
        chosen = [places[m] for m in merged.taken if m in places]
        assert max(chosen) < min(places[m] for m in merged.fell_out)


@pytest.mark.parametrize(
    ("changes", "finished", "said"),
    [
        ({}, RUNS[:1], "run 2 has no finished ranking"),
        ({"overrides": (("X", Override.TAKE),)}, RUNS, "override of 'X': it is no candidate"),
        ({"overrides": (("Bridge", Override.LEAVE),)}, RUNS, "it is always on"),
        (
            {"slots": 2, "overrides": (("A", Override.TAKE), ("B", Override.TAKE))},
            RUNS,
            "undo 1 of",
        ),
    ],
)
def test_what_cannot_be_merged_is_refused(changes, finished, said: str) -> None:
    with pytest.raises(PanelError, match=said):
        merge(plan(**changes), finished)


def test_the_final_run_takes_the_union_and_forgets_what_no_longer_fits() -> None:
    whole = plan()
    merged = merge(whole, RUNS)
    attached = replace(whole.runs[-1], dataset_id="d", run_id="r", markers=merged.taken)
    assert with_final_run((attached,), merged) == (attached,)
    (final,) = with_final_run((replace(attached, markers=("bridge",)),), merged)
    assert (final.markers, final.dataset_id, final.run_id) == (merged.taken, "", "")
    assert with_final_run(whole.runs[:2], merged) == whole.runs[:2]


def ranking(*mean: float) -> Ranking:
    n = len(mean)
    return Ranking(
        mean=mean, low=tuple(m - 0.01 for m in mean), high=tuple(m + 0.01 for m in mean),
        folds=(mean,), rank=tuple(range(1, n + 1)), rank_low=(1,) * n, rank_high=(n,) * n,
        top=((0.0,) * n,) * n, verdict=(Verdict.INFORMATIVE,) * (n - 1) + (Verdict.NEGLIGIBLE,),
        per_class=((),) * n, probability=(),
    )  # fmt: skip


def test_a_ranking_is_read_by_its_matched_channels() -> None:
    run = StagedRun(number=4, markers=("CD4", "CD3"), matched=(("CD3", "Ch2"), ("CD4", "Ch3")))
    zero = Interval(mean=0, low=0, high=0, folds=(0.0,))
    alike = ChannelGroup(
        channels=(1, 2), joint=zero, alone=(zero, zero), extra=zero, interchangeable=True,
        keep_order=(1, 2),
    )  # fmt: skip
    strange = replace(alike, channels=(0, 1), interchangeable=False)
    pairs = (
        ChannelPair(first=1, second=2, joint=zero, interaction=zero, only_together=True),
        ChannelPair(first=0, second=2, joint=zero, interaction=zero, only_together=True),
    )
    found = finished_run(
        run,
        ("BF", "Ch2", "Ch3"),
        ranking(0.5, 0.3, 0.1),
        Redundancy(
            features=np.eye(3), drops=np.eye(3), threshold=0.5, groups=(alike, strange), pairs=pairs
        ),
    )
    assert (found.markers, found.mean) == (("CD4", "CD3"), (0.1, 0.3))
    assert not found.against_decoys
    assert found.verdict == (Verdict.NEGLIGIBLE, Verdict.INFORMATIVE)
    assert found.interchangeable == (("CD3", "CD4"),)
    assert found.only_together == (("CD3", "CD4"),)
    assert found.order(found.markers) == ("CD3", "CD4")
    with pytest.raises(PanelError, match="'CD3' is not in the attached ranking"):
        finished_run(replace(run, matched=run.matched[1:]), ("BF", "Ch3"), ranking(0.5, 0.3))

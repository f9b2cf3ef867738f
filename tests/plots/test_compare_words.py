"""The sentence on top of a comparison: never more than ranges of ranks allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

import tests.example_values as ex
from pxcore.plots.compare_trust import CHECK_FAILED, SILENT, marks_of
from pxcore.plots.compare_words import answer, full_names, heading, headings, luck
from pxcore.plots.side_by_side import side_by_side
from pxcore.plots.strips import Strips
from pxcore.plots.style import LIGHT
from pxcore.types import Channel, Gate, GateReport, MethodResult, Panel, RunResult
from tests.compared_values import PANEL, beside, ranked, run

SAME = (0.1, 0.6, 0.3, 0.0)
NAMES = ("pxpermute", "permute_cells", "occlusion")


def test_all_put_the_same_channel_first() -> None:
    said = answer(beside(run("r", [ranked(name, SAME) for name in NAMES])))
    assert said == (
        "All 3 methods put PI first. No disagreement of ranks is sure: for every channel "
        "the ranges of ranks overlap."
    )


def test_a_first_place_within_wide_ranges_is_no_certainty() -> None:
    wide = [ranked(name, SAME, 0.5) for name in NAMES[:2]]
    said = answer(beside(run("r", wide)))
    assert said.startswith("Both methods put PI first on average, but none of them surely.")
    mixed = [ranked(NAMES[0], SAME), ranked(NAMES[1], SAME, 0.5)]
    assert "first on average, surely by pxpermute." in answer(beside(run("r", mixed)))


def test_sure_disagreements_are_named_with_ranks() -> None:
    other = ranked("occlusion", (0.4, 0.6, 0.3, 0.0))
    said = answer(beside(run("r", [ranked("pxpermute", SAME), other])))
    assert said.startswith("Both methods put PI first.")
    assert (
        "They surely disagree about Brightfield (rank 2 by occlusion, rank 3 by pxpermute)" in said
    )


def test_different_firsts_are_called_what_they_are() -> None:
    narrow = [ranked("pxpermute", SAME), ranked("occlusion", (0.7, 0.6, 0.3, 0.0))]
    said = answer(beside(run("r", narrow)))
    assert "PI comes first by pxpermute (surely) and Brightfield comes first by occlusion" in said
    wide = [ranked("pxpermute", SAME, 0.9), ranked("occlusion", (0.7, 0.6, 0.3, 0.0), 0.9)]
    said = answer(beside(run("r", wide)))
    assert "neither of the 2 methods is sure of its first channel" in said
    assert "No disagreement of ranks is sure" in said


def test_one_ranking_and_strange_panels() -> None:
    assert answer(beside(run("r", [ranked("pxpermute", SAME)]))).startswith("One ranking alone")
    other = Panel(tuple(Channel(name=name) for name in "wxyz"))
    apart = beside(
        run("a", [ranked("pxpermute", SAME)]), run("b", [ranked("pxpermute", SAME)], other)
    )
    assert answer(apart) == "These 2 rankings share no channel: nothing can be compared."
    assert "fewer than two" in luck(apart.agreements)
    some = Panel((*PANEL.channels[:2], Channel(name="w"), Channel(name="x")))
    said = answer(
        beside(run("a", [ranked("pxpermute", SAME)]), run("b", [ranked("pxpermute", SAME)], some))
    )
    assert said.startswith("Both rankings put PI first among the 2 channels that all have.")


def test_names_tell_runs_apart() -> None:
    first, second = (run(i, [ranked("pxpermute", SAME)]) for i in ("abcdef", "bcdefg"))
    assert full_names(beside(first, second)) == (
        "pxpermute (Run abcdef)", "pxpermute (Run bcdefg)"
    )  # fmt: skip
    twin = replace(second, run=replace(second.run, title=first.run.title))
    assert full_names(beside(first, twin))[1] == "pxpermute (Run abcdef bcdef)"
    assert (
        heading("Permutation across cells", "My run", 14) == "Permutation<br>across cells<br>My run"
    )


def test_luck_is_told_for_few_channels_only() -> None:
    few = beside(run("r", [ranked(name, SAME[:3]) for name in NAMES], Panel(PANEL.channels[:3])))
    assert "one in 6 random orders" in luck(few.agreements)
    many = Panel(tuple(Channel(name=str(c)) for c in range(6)))
    enough = beside(run("r", [ranked(name, (*SAME, 0.4, 0.5)) for name in NAMES], many))
    assert luck(enough.agreements) == ""


WEAK = ex.performance(mean=0.35, spread=0.1)
OTHER = (0.7, 0.6, 0.3, 0.0)
"""Brightfield first."""


def weak(name: str, mean: tuple[float, ...] = SAME) -> MethodResult:
    """Return a method whose own models are not shown to tell the classes apart."""
    return replace(ranked(name, mean), performance=WEAK)


def failing(result: RunResult, *methods: str) -> RunResult:
    """Return a run whose methods failed a check, and all others passed it."""
    return replace(
        result,
        gates=tuple(
            GateReport(
                method=one.method,
                gates=(
                    Gate(id="constant_channel", passed=True, value=0.0, bound=0.1, said="Fine."),
                    Gate(
                        id="random_weights",
                        passed=one.method not in methods,
                        value=0.9,
                        bound=0.7,
                        said="It keeps 90 %.",
                    ),
                ),
                trainings=3,
            )
            for one in result.methods
        ),
    )


def test_models_that_know_nothing_put_nothing_first() -> None:
    lost = replace(run("r", [ranked(name, SAME) for name in NAMES[:2]]), performance=WEAK)
    said = answer(beside(lost))
    assert said == (
        "Nothing can be said about channels: no model behind these 2 rankings is shown to tell "
        "the classes apart."
    )


def test_silent_rankings_take_no_part() -> None:
    """Neither in the first place, nor in disagreements, nor in how many are counted."""
    three = [ranked(NAMES[0], SAME), ranked(NAMES[1], SAME), weak("shapley", OTHER)]
    said = answer(beside(run("r", three)))
    assert said == (
        "shapley says nothing about channels, as its models are not shown to tell the classes "
        "apart. Both other methods put PI first. No disagreement of ranks is sure: the ranges "
        "overlap for every channel."
    )
    alone = answer(beside(run("r", [ranked(NAMES[0], SAME), weak("shapley", OTHER)])))
    assert alone.endswith("pxpermute is left alone, with nothing to compare it with.")
    assert "first" not in alone
    heard = [ranked(NAMES[0], SAME), ranked(NAMES[1], OTHER), weak("shapley", SAME)]
    said = answer(beside(run("r", heard)))
    assert "They surely disagree about" in said
    assert said.count("shapley") == 1


@pytest.mark.parametrize("failed", [NAMES[:1], NAMES[:2]])
def test_failed_checks_qualify_the_answer_and_mark_the_name(failed: tuple[str, ...]) -> None:
    result = run("r", [ranked(name, SAME) for name in NAMES])
    found = beside(failing(result, *failed))
    assert [one.failed for one in found.columns] == [
        ("random_weights",) if one.item.method in failed else () for one in found.columns
    ]
    said = answer(found)
    who = " and ".join(f"{name} (random weights)" for name in failed)
    them = "it" if len(failed) == 1 else "them"
    assert f"put PI first. But {who} failed sanity checks: do not rely on {them}." in said
    for name, full, head in zip(NAMES, full_names(found), headings(found, 20), strict=True):
        assert (CHECK_FAILED in full) is (CHECK_FAILED in head) is (name in failed)
    assert full_names(found, marked=False) == NAMES
    assert "sanity" not in answer(beside(failing(result)))
    figure = side_by_side(found, Strips(channels=(0, 1)), LIGHT)
    written = " ".join(one.text for one in figure.layout.annotations)
    assert written.count(CHECK_FAILED) == len(failed)


def test_both_marks_stand_beside_a_run() -> None:
    first = failing(run("abcdef", [weak("pxpermute")]), "pxpermute")
    found = beside(first, run("bcdefg", [ranked("pxpermute", SAME)]))
    assert marks_of(found)[0] == "models know too little, sanity check failed"
    assert full_names(found)[0].startswith("pxpermute (Run abcdef; models know too little")
    assert marks_of(found)[1] == ""
    assert set(SILENT.values()) == {"models know too little", "too few trainings"}

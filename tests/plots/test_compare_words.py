"""The sentence on top of a comparison: never more than ranges of ranks allow."""

from __future__ import annotations

from dataclasses import replace

from pxcore.plots.compare_words import answer, full_names, heading, luck
from pxcore.types import Channel, Panel
from tests.compared_values import PANEL, beside, ranked, run

SAME = (0.1, 0.6, 0.3, 0.0)
NAMES = ("pxpermute", "permute_cells", "occlusion")


def test_all_put_the_same_channel_first() -> None:
    said = answer(beside(run("r", [ranked(name, SAME) for name in NAMES])))
    assert said == (
        "All 3 methods put PI first. No disagreement is sure: for every channel the ranges of "
        "ranks overlap."
    )


def test_a_first_place_within_wide_ranges_is_no_certainty() -> None:
    wide = [ranked(name, SAME, 0.5) for name in NAMES[:2]]
    said = answer(beside(run("r", wide)))
    assert said.startswith("Both methods put PI first on average, but none of them surely.")
    mixed = [ranked(NAMES[0], SAME), ranked(NAMES[1], SAME, 0.5)]
    assert "by 1 of them surely" in answer(beside(run("r", mixed)))


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
    assert "No disagreement is sure" in said


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

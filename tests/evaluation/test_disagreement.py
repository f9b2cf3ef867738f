"""Where rankings surely disagree, and which reasons are told together."""

from __future__ import annotations

from dataclasses import replace

import tests.example_values as ex
from pxcore.evaluation.disagreement import disagreements
from pxcore.evaluation.matching import match_channels
from pxcore.importance.methods import METHODS
from pxcore.types import Channel, Interval, MethodResult, Panel, Role, Where, WhereOrHowMuch
from pxcore.types.comparison import Column, Disagreement
from tests.compared_values import PANEL, beside, column, ranked, run

UNSURE = ("permute_cells", "pxpermute_mask")
HIGH, LOW = (0.1, 0.6, 0.3, 0.0), (0.3, 0.0, 0.4, 0.2)
"""Channel 1 comes first, or last and without any effect."""


def test_methods_are_known_by_the_table() -> None:
    for name, kind in (("lrp", "attribution"), ("leave_one_out", "retraining")):
        assert METHODS[name].kind == kind
        assert column(name, HIGH).kind == kind
    odd = replace(ranked("pxpermute", HIGH), method="gone")
    assert beside(run("r", [odd])).columns[0].kind == ""


def found(*columns: Column) -> tuple[Disagreement, ...]:
    channels = match_channels([one.panel for one in columns], [one.decoys for one in columns])
    return disagreements(columns, channels)


def test_only_ranges_apart_count() -> None:
    sure = found(column("pxpermute", HIGH), column("pxpermute_mask", LOW))
    assert {(one.channel, one.higher, one.lower) for one in sure} == {
        (1, (0,), 1), (0, (1,), 0), (2, (1,), 0), (3, (1,), 0)
    }  # fmt: skip
    assert found(column("pxpermute", HIGH, 0.9), column("pxpermute_mask", LOW, 0.9)) == ()
    assert found(column("pxpermute", HIGH), column("occlusion", HIGH)) == ()


def test_where_nothing_is_sure_the_widest_difference_is_told_with_its_reason() -> None:
    means = (0.1, 0.6, 0.3, 0.0), (0.3, 0.0, 0.4, 0.2)
    methods = [ranked(name, mean, 0.9) for name, mean in zip(UNSURE, means, strict=True)]
    made = beside(run("r1", methods))
    assert made.disagreements == ()
    first, *_ = made.likely
    assert (first.channel, first.higher, first.lower) == (1, (0,), 1)
    assert "amount_not_place" in {one.id for one in first.reasons}
    assert len(made.likely) <= 3
    sure = beside(run("r1", [ranked(n, m) for n, m in zip(UNSURE, means, strict=True)]))
    assert sure.disagreements
    assert sure.likely == ()
    alike = [ranked(name, means[0], 0.9) for name in UNSURE]
    assert beside(run("r1", alike)).likely == ()


def test_a_ranking_whose_models_know_nothing_is_never_farthest() -> None:
    """Nor does it hide what differs among the others, by being surely elsewhere."""
    ours, theirs = (0.6, 0.3, 0.1, 0.0), (0.1, 0.3, 0.6, 0.0)
    heard = [ranked(name, m, 0.9) for name, m in zip(UNSURE, (ours, theirs), strict=True)]
    alone = beside(run("r1", heard)).likely
    assert {(one.channel, one.higher, one.lower) for one in alone} == {(0, (0,), 1), (2, (1,), 0)}

    def silent(name: str, mean: tuple[float, ...], spread: float) -> MethodResult:
        weak = ex.performance(mean=0.35, spread=0.1)
        return replace(ranked(name, mean, spread), performance=weak)

    guessing = silent("occlusion", (0.0, 0.1, 0.2, 0.6), 0.9)
    assert beside(run("r1", [*heard, guessing])).likely == alone
    opposite = [silent("lrp", HIGH, 0.005), silent("deeplift", LOW, 0.005)]
    made = beside(run("r1", [*heard, *opposite]))
    assert made.disagreements
    assert made.likely == alone


def test_half_wide_ranges_leave_the_sure_part() -> None:
    narrow = column("pxpermute", (0.0, 0.9, 0.1, 0.05))
    wide = column("occlusion", (0.9, 0.0, 0.1, 0.05))
    wide = replace(wide, ranking=ex.ranking(wide.ranking.mean, (0.005, 0.005, 0.2, 0.2)))
    named = {one.channel for one in found(narrow, wide)}
    assert named == {0, 1}


def test_those_above_for_the_same_reason_are_told_together() -> None:
    columns = (
        column("pxpermute", HIGH),
        column("occlusion", HIGH),
        column("permute_cells", HIGH),
        column("pxpermute_mask", LOW),
    )
    about = [one for one in found(*columns) if one.channel == 1]
    assert {one.lower for one in about} == {3}
    assert sorted(n for one in about for n in one.higher) == [0, 1, 2]
    by_first = {one.reasons[0].id: one.higher for one in about}
    assert by_first == {
        "whole_cell_brightness": (0,), "black_picture": (1,), "amount_not_place": (2,)
    }  # fmt: skip


def test_redundancy_of_the_run_gives_the_partners() -> None:
    first = column("integrated_gradients", HIGH, redundant=((1, 2),))
    second = column("permute_cells", LOW, redundant=((1, 2),))
    (about,) = [one for one in found(first, second) if one.channel == 1]
    assert "credit_shared" in {one.id for one in about.reasons}
    assert any("FITC" in one.sentence for one in about.reasons)


def test_the_run_s_own_verdict_on_place_or_amount_is_known() -> None:
    made = run("r1", [ranked("permute_cells", HIGH), ranked("pxpermute_mask", LOW)])
    assert all(one.where == () for one in beside(made).columns)
    wide = 4 * (Interval(mean=0.0, low=-1.0, high=1.0, folds=(0.0, 0.0)),)
    verdict = (Where.UNDECIDED, Where.AMOUNT, Where.UNDECIDED, Where.UNDECIDED)
    parted = WhereOrHowMuch(total=wide, place=wide, amount=wide, verdict=verdict)
    (about,) = [
        one for one in beside(replace(made, where=parted)).disagreements if one.channel == 1
    ]
    assert "by the run's own verdict" in about.reasons[0].sentence


def test_decoys_are_never_a_disagreement_and_panels_may_differ() -> None:
    decoy = Channel(name="decoy", role=Role.DECOY)
    panel = Panel((*PANEL.channels, decoy))
    first = column("pxpermute", (0.0, 0.1, 0.2, 0.3, 0.9), panel=panel, decoys=("empty",))
    second = column("occlusion", (0.4, 0.3, 0.2, 0.1, 0.0), panel=panel, decoys=("empty",))
    assert all(one.channel != 4 for one in found(first, second))
    short = column("occlusion", (0.5, 0.1), panel=Panel((PANEL.channels[3], PANEL.channels[0])))
    about = found(column("pxpermute", (0.4, 0.3, 0.2, 0.1)), short)
    assert {(one.channel, one.higher) for one in about} == {(0, (0,)), (3, (1,))}

"""Where rankings disagree, and every rule that says why: where it holds and where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.evaluation.disagreement import disagreements
from pxcore.evaluation.disagreement_rules import RULES, Facts, reasons
from pxcore.evaluation.matching import match_channels
from pxcore.importance.methods import METHODS
from pxcore.types import Channel, ModelSpec, Panel, Role
from pxcore.types.comparison import Column, Disagreement
from tests.compared_values import PANEL, beside, column, ranked, run

HIGH, LOW = (0.1, 0.6, 0.3, 0.0), (0.3, 0.0, 0.4, 0.2)
"""Channel 1 comes first, or last and without any effect."""


def facts(higher: str, lower: str, lower_mean: tuple[float, ...] = LOW, **more: object) -> Facts:
    partners = more.pop("partners", ())
    spread = 0.005
    return Facts(
        higher=column(higher, HIGH),
        lower=column(lower, lower_mean, spread, **more),  # type: ignore[arg-type]
        at_higher=1,
        at_lower=1,
        partners=partners,  # type: ignore[arg-type]
    )


def ids(given: Facts) -> set[str]:
    return {one.id for one in reasons(given)}


STILL = (0.3, 0.05, 0.4, 0.2)
"""Channel 1 comes last, and is above zero."""
CASES = {
    "different_data": (
        facts("pxpermute", "pxpermute", dataset_id="d2"),
        facts("pxpermute", "occlusion"),
    ),
    "different_model": (
        facts("pxpermute", "pxpermute", model=ModelSpec(id="resnet18")),
        facts("pxpermute", "pxpermute", run_id="r2"),
    ),
    "different_training": (
        facts("pxpermute", "pxpermute", run_id="r2"),
        facts("pxpermute", "occlusion"),
    ),
    "whole_cell_brightness": (
        facts("pxpermute", "pxpermute_mask"),
        facts("pxpermute", "pxpermute_mask", STILL),
    ),
    "amount_not_place": (
        facts("permute_cells", "pxpermute_mask"),
        facts("pxpermute", "permute_cells"),
    ),
    "black_picture": (
        facts("occlusion", "permute_cells"),
        facts("occlusion:fill=mean", "permute_cells"),
    ),
    "flat_picture": (
        facts("occlusion:fill=mean", "permute_cells"),
        facts("occlusion", "permute_cells"),
    ),
    "replaceable": (
        facts("pxpermute", "leave_one_out"),
        facts("leave_one_out", "pxpermute"),
    ),
    "needed_when_retrained": (
        facts("leave_one_out", "permute_cells"),
        facts("leave_one_out", "permute_cells", STILL),
    ),
    "credit_shared": (
        facts("integrated_gradients", "permute_cells", partners=("CD3",)),
        facts("integrated_gradients", "permute_cells"),
    ),
    "median_of_background": (
        facts("pxpermute", "integrated_gradients:aggregation=signed_median"),
        facts("pxpermute", "integrated_gradients:aggregation=signed_median", (0.3, 0.1, 0.4, 0.2)),
    ),
    "used_but_replaceable": (
        facts("integrated_gradients", "leave_one_out"),
        facts("leave_one_out", "integrated_gradients"),
    ),
    "needed_but_unseen": (
        facts("leave_one_out", "integrated_gradients"),
        facts("integrated_gradients", "leave_one_out"),
    ),
    "output_not_decision": (
        facts("integrated_gradients", "permute_cells"),
        facts("integrated_gradients", "permute_cells", partners=("CD3",)),
    ),
}


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_each_rule_holds_where_it_should_and_only_there(rule: str) -> None:
    holds, fails = CASES[rule]
    assert rule in ids(holds)
    assert rule not in ids(fails)


def test_sentences_are_whole_and_rules_differ() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == len(CASES)
    for holds, _ in CASES.values():
        for one in reasons(holds):
            assert one.sentence[0].isupper()
            assert one.sentence.endswith(".")


def test_no_reason_is_made_up() -> None:
    assert ids(facts("pxpermute_mask", "pxpermute", STILL)) == {"unknown"}


def test_partners_are_named() -> None:
    for one in (
        facts("integrated_gradients", "permute_cells", partners=("CD3", "CD8")),
        facts("pxpermute", "leave_one_out", partners=("CD3", "CD8")),
    ):
        assert any("CD3 and CD8" in reason.sentence for reason in reasons(one))


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


def test_half_wide_ranges_leave_the_sure_part() -> None:
    narrow = column("pxpermute", (0.0, 0.9, 0.1, 0.05))
    wide = replace(column("occlusion", (0.9, 0.0, 0.1, 0.05)))
    spread = (0.005, 0.005, 0.2, 0.2)
    wide = replace(wide, ranking=ranked_with(wide, spread))
    named = {one.channel for one in found(narrow, wide)}
    assert named == {0, 1}


def ranked_with(one: Column, spread: tuple[float, ...]):  # type: ignore[no-untyped-def]
    import tests.example_values as ex  # noqa: PLC0415

    return ex.ranking(one.ranking.mean, spread)


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


def test_decoys_are_never_a_disagreement_and_panels_may_differ() -> None:
    decoy = Channel(name="decoy", role=Role.DECOY)
    panel = Panel((*PANEL.channels, decoy))
    first = column("pxpermute", (0.0, 0.1, 0.2, 0.3, 0.9), panel=panel, decoys=("empty",))
    second = column("occlusion", (0.4, 0.3, 0.2, 0.1, 0.0), panel=panel, decoys=("empty",))
    assert all(one.channel != 4 for one in found(first, second))
    short = column("occlusion", (0.5, 0.1), panel=Panel((PANEL.channels[3], PANEL.channels[0])))
    about = found(column("pxpermute", (0.4, 0.3, 0.2, 0.1)), short)
    assert {(one.channel, one.higher) for one in about} == {(0, (0,)), (3, (1,))}

"""Every rule that says why rankings differ: where it holds, and where it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.evaluation.disagreement_facts import Facts
from pxcore.evaluation.disagreement_rules import RULES, reasons
from pxcore.types import ModelSpec, Where
from tests.compared_values import FIRM, column

HIGH, LOW = (0.1, 0.6, 0.3, 0.0), (0.3, 0.0, 0.4, 0.2)
"""Channel 1 comes first, or last and without any effect."""
STILL = (0.3, 0.05, 0.4, 0.2)
"""Channel 1 comes last, and is above zero."""
SOME = (0.3, 0.1, 0.4, 0.2)
"""Channel 1 comes last, and is not near zero."""
DROPOUT = ModelSpec(options=(("channel_dropout", True),))


def facts(higher: str, lower: str, lower_mean: tuple[float, ...] = LOW, **more: object) -> Facts:
    partners = more.pop("partners", ())
    return Facts(
        higher=column(higher, HIGH),
        lower=column(lower, lower_mean, FIRM, **more),  # type: ignore[arg-type]
        at_higher=1,
        at_lower=1,
        partners=partners,  # type: ignore[arg-type]
    )


def decided(given: Facts, higher: Where | None, lower: Where | None = None) -> Facts:
    """Return the facts with what the two runs decided on the channel."""
    columns = {
        name: replace(one, where=() if said is None else (Where.UNDECIDED, said))
        for name, one, said in (("higher", given.higher, higher), ("lower", given.lower, lower))
    }
    return replace(given, **columns)


def ids(given: Facts) -> set[str]:
    return {one.id for one in reasons(given)}


def said(rule: str, given: Facts) -> str:
    return next(one.sentence for one in reasons(given) if one.id == rule)


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
    "place_not_amount": (
        facts("pxpermute_mask", "permute_cells"),
        facts("permute_cells", "pxpermute_mask"),
    ),
    "rearranged_picture": (
        facts("pxpermute_mask", "permute_cells"),
        facts("pxpermute", "pxpermute_mask"),
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
        facts("shapley", "permute_cells", partners=("CD3",)),
        facts("shapley", "permute_cells"),
    ),
    "shared_or_left_out": (
        facts("shapley", "leave_one_out"),
        facts("leave_one_out", "shapley"),
    ),
    "needs_the_others": (
        facts("leave_one_out", "shapley"),
        facts("shapley", "leave_one_out"),
    ),
    "median_of_background": (
        facts("pxpermute", "integrated_gradients:aggregate=signed_median"),
        facts("pxpermute", "integrated_gradients:aggregate=signed_median", SOME),
    ),
    "different_aggregate": (
        facts("deeplift", "deeplift:aggregate=signed_median"),
        facts("pxpermute", "deeplift:aggregate=signed_median"),
    ),
    "different_reference": (
        facts("deeplift", "integrated_gradients:reference=zero"),
        facts("deeplift:reference=zero", "lrp"),
    ),
    "one_convolution": (
        facts("guided_gradcam", "lrp"),
        facts("guided_gradcam", "guided_gradcam:layer=layer1"),
    ),
    "relevance_rule": (
        facts("deeplift", "lrp"),
        facts("pxpermute", "lrp"),
    ),
    "other_shares": (
        facts("deeplift", "integrated_gradients"),
        facts("deeplift", "deeplift:reference=zero"),
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
    "number_not_decision": (
        facts("channel_embedding", "pxpermute"),
        facts("integrated_gradients", "pxpermute"),
    ),
    "number_not_pixels": (
        facts("input_gradient", "channel_embedding"),
        facts("input_gradient", "integrated_gradients"),
    ),
    "scaled_in_each_image": (
        facts("channel_embedding", "channel_embedding:scaling=none"),
        facts("channel_embedding", "channel_embedding:attribution=deeplift"),
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


PROVEN = {"different_data", "different_model", "different_training", "different_reference",
          "different_aggregate", "output_not_decision"}  # fmt: skip
"""Known from the settings, or a difference between two questions."""


@pytest.mark.parametrize("rule", [rule.id for rule in RULES if rule.id not in PROVEN])
def test_no_cause_is_claimed_without_evidence(rule: str) -> None:
    possible = (" may ", " can ", " maybe ")
    assert any(word in said(rule, CASES[rule][0]) for word in possible)


def test_of_a_number_no_pixels_are_told() -> None:
    for pair in (("channel_embedding", "permute_cells"), ("permute_cells", "channel_embedding")):
        assert ids(facts(*pair)) == {"number_not_decision"}


def test_no_reason_is_made_up() -> None:
    assert ids(facts("pxpermute_mask", "pxpermute", STILL)) == {"unknown"}


PARTED = {
    "amount_not_place": (facts("permute_cells", "pxpermute"), Where.AMOUNT, Where.PLACE),
    "place_not_amount": (facts("pxpermute", "permute_cells"), Where.PLACE, Where.AMOUNT),
    "whole_cell_brightness": (facts("pxpermute", "pxpermute_mask"), Where.AMOUNT, Where.PLACE),
}


@pytest.mark.parametrize("rule", list(PARTED))
def test_the_runs_verdict_on_the_place_decides(rule: str) -> None:
    given, agrees, contradicts = PARTED[rule]
    assert "verdict" not in said(rule, given)
    assert said(rule, decided(given, Where.UNDECIDED)) == said(rule, given)
    firm = said(rule, decided(given, agrees, Where.UNDECIDED))
    assert "run's own verdict" in firm
    assert said(rule, decided(given, None, agrees)) == firm
    for against in (contradicts, Where.NOT_INFORMATIVE):
        assert rule not in ids(decided(given, against))
        assert rule not in ids(decided(given, agrees, against))
    assert firm.startswith(("The amount is enough", "The place matters", "Brightness"))


ELSEWHERE = {
    "amount_not_place": ("permute_cells", "pxpermute", "lower"),
    "place_not_amount": ("pxpermute", "permute_cells", "higher"),
    "whole_cell_brightness": ("pxpermute", "pxpermute_mask", "lower"),
}
"""The ranking whose cells the verdict must be of: the one that rearranged pixels explain."""


@pytest.mark.parametrize("rule", list(ELSEWHERE))
def test_a_verdict_is_of_its_own_data_set(rule: str) -> None:
    """What a run found in other cells proves nothing, and speaks against nothing."""
    high, low, decisive = ELSEWHERE[rule]
    _, agrees, contradicts = PARTED[rule]
    given = facts(high, low, dataset_id="d2", run_id="r2")
    own, other = ("Cells d2", "d1") if decisive == "lower" else ("Cells d1", "d2")
    foreign = "higher" if decisive == "lower" else "lower"

    def settled(**verdicts: Where) -> Facts:
        return decided(given, verdicts.get("higher"), verdicts.get("lower"))

    firm = said(rule, settled(**{decisive: agrees}))
    assert f"in {own}, by its run's own verdict" in firm
    assert other not in firm
    for verdict in (agrees, contradicts):
        assert said(rule, settled(**{foreign: verdict})) == said(rule, given)
        assert said(rule, settled(**{decisive: agrees, foreign: verdict})) == firm
    assert rule not in ids(settled(**{decisive: contradicts}))
    for side in (decisive, foreign):  # a channel that does not matter has nothing to explain
        assert rule not in ids(settled(**{side: Where.NOT_INFORMATIVE}))


def test_a_place_that_matters_in_other_cells_clears_no_foreign_picture() -> None:
    given = facts("pxpermute_mask", "permute_cells", dataset_id="d2", run_id="r2")
    assert "rearranged_picture" in ids(decided(given, None, Where.PLACE))
    assert "rearranged_picture" not in ids(decided(given, Where.PLACE))


def test_pictures_that_no_camera_takes_explain_no_channel_whose_place_matters() -> None:
    given = facts("pxpermute_mask", "permute_cells")
    assert "rearranged_picture" in ids(decided(given, Where.NOT_INFORMATIVE))
    assert "rearranged_picture" not in ids(decided(given, Where.PLACE))


def test_the_training_mean_is_not_foreign_to_models_trained_with_it() -> None:
    given = facts("occlusion:fill=mean", "permute_cells")
    shown = replace(given, higher=column("occlusion:fill=mean", HIGH, model=DROPOUT))
    assert "flat_picture" in ids(given)
    assert "flat_picture" not in ids(shown)


def test_partners_are_named() -> None:
    pairs = [("integrated_gradients", "permute_cells"), ("pxpermute", "leave_one_out")]
    for pair in (*pairs, ("shapley", "leave_one_out")):
        found = reasons(facts(*pair, partners=("CD3", "CD8")))
        assert any("CD3 and CD8" in reason.sentence for reason in found)
    alone = said("replaceable", facts("pxpermute", "leave_one_out", partners=("CD3",)))
    assert "CD3 says much the same" in alone


@pytest.mark.parametrize("other", ["permute_cells", "integrated_gradients", "shapley"])
def test_models_without_the_channel_are_other_models(other: str) -> None:
    told = said("different_model", facts(other, "leave_one_out"))
    assert "leave_one_out asks models that were trained without the channel" in told
    assert f"{other} those that have it" in told
    assert told == said("different_model", facts("leave_one_out", other))


def test_a_method_with_models_of_its_own_is_told_with_both() -> None:
    given = facts("permute_cells", "shapley")
    assert "different_model" not in ids(given)  # the run's own models know sets of channels
    own = replace(given.lower, model=column("shapley", LOW, model=DROPOUT).model)
    told = said("different_model", replace(given, lower=own))
    assert "channel_dropout True" in told
    assert given.higher.model in told


def test_a_reference_is_compared_only_between_methods_that_have_one() -> None:
    told = said("different_reference", facts("deeplift:reference=zero", "deeplift"))
    assert "(a black picture; the training mean)" in told
    assert "different_reference" not in ids(facts("deeplift", "integrated_gradients"))

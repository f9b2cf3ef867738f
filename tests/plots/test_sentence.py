"""The sentence on top never says more than the intervals allow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.example_values as ex
from pxcore.evaluation.tell_apart import FEW, Told, told_apart
from pxcore.importance.method import DROP_IN_F1, SHARE_OF_F1
from pxcore.importance.ranking import NEGLIGIBLE_DROP
from pxcore.plots.sentence import sentence
from pxcore.plots.tell_apart import why_silent
from pxcore.plots.verdicts import SMALL, WORDS, yardstick
from pxcore.training.intervals import corrected_interval
from pxcore.types import Channel, MethodResult, Panel, Role, Verdict

STAINS = Panel(tuple(Channel(name=name) for name in ("CD3", "CD8", "CD19", "CD45")))


def say(mean: tuple[float, ...], spread: tuple[float, ...], panel: Panel = STAINS) -> str:
    return sentence(panel, ex.method(mean, spread), ex.performance())


def test_one_clear_stain_with_its_interval() -> None:
    text = say(ex.MEAN, ex.SPREAD, ex.PANEL)
    assert text.startswith(
        "Keep PI (DNA): when its pixels are scattered over the picture, F1 falls by 0.660 (0.620 "
        "to 0.700)"
    )
    assert "Also informative: Brightfield (0.240), at no stain's cost." in text
    assert (
        "Scattering the pixels of Darkfield (SSC) over the picture has a negligible effect (below "
        "0.01 F1)." in text
    )
    assert text.endswith("Undecided: Live/dead.")


def test_overlapping_leaders_are_not_ordered() -> None:
    text = say((0.30, 0.28, 0.0, 0.0), (0.05, 0.05, 0.005, 0.005))
    assert "One channel at a time, F1 falls when the pixels of CD3 (by 0.300) and" in text
    assert "CD8 (by 0.280) are scattered over the picture; which" in text
    assert "which of them matters most is undecided" in text
    assert "Keep CD3:" not in text


def test_order_behind_a_clear_leader_is_claimed_only_where_ranks_are_apart() -> None:
    sure = say((0.6, 0.3, 0.1, 0.0), (0.01, 0.01, 0.01, 0.005))
    unsure = say((0.6, 0.3, 0.29, 0.0), (0.01, 0.05, 0.05, 0.005))
    assert "undecided" not in sure
    assert "informative: CD8 (0.300) and CD19 (0.290), in an order that is undecided." in unsure


def test_most_is_claimed_only_where_no_other_channel_may_come_first() -> None:
    sure = say((0.5, 0.1, 0.0, 0.0), (0.02, 0.02, 0.004, 0.004), ex.PANEL)
    unsure = say((0.1, 0.2, 0.0, 0.0), (0.02, 0.5, 0.004, 0.004), ex.PANEL)
    assert (
        "F1 falls most when the pixels of Brightfield, which costs no stain, are scattered over "
        "the picture: by 0.5" in sure
    )
    assert "F1 falls when the pixels of Brightfield, which costs no stain, are" in unsure
    assert "Undecided: PI (DNA)." in unsure


def test_nothing_clear_of_zero() -> None:
    text = say((0.03, 0.02, 0.0, 0.0), (0.1, 0.1, 0.1, 0.1))
    assert text.startswith("No single channel stands out")
    assert "no drop in F1 of 0.01 or more lies surely above zero." in text
    assert "Undecided: CD3, CD8, CD19 and CD45." in text


def test_what_models_gain_is_no_drop() -> None:
    result = ex.method((0.03, 0.02, 0.0, 0.0), (0.1,) * 4, "shapley")
    gain = replace(result, importance=replace(result.importance, unit=SHARE_OF_F1))
    assert sentence(STAINS, gain, ex.performance()).startswith(
        "No single channel stands out: no gain in F1 of 0.01 or more lies surely above zero."
    )


def test_informative_by_less_than_matters_is_not_a_keep() -> None:
    text = say((0.5, 0.005, 0.0, 0.0), (0.02, 0.002, 0.001, 0.001))
    assert "pixels of CD19 and CD45 over the picture has a negligible effect (below 0.01" in text
    assert "Informative, but below 0.01 F1: CD8." in text
    assert "Undecided" not in text


def test_nothing_is_said_to_matter_that_was_only_held_against_zero() -> None:
    for mean in (ex.MEAN, (0.3, 0.28, 0.2, 0.0), (0.5, 0.1, 0.0, 0.0)):
        text = say(mean, (0.05, 0.05, 0.05, 0.004), ex.PANEL)
        assert " matters:" not in text
        assert " matter:" not in text


def test_verdicts_say_what_they_were_measured_against() -> None:
    assert WORDS[Verdict.INFORMATIVE] == "informative"
    assert WORDS[Verdict.NEGLIGIBLE] == "negligible"
    assert SMALL == NEGLIGIBLE_DROP
    assert "above zero, as this run has no decoys" in yardstick(STAINS, DROP_IN_F1)
    decoys = Panel((Channel(name="empty", role=Role.DECOY), *STAINS.channels))
    assert "no decoys" not in yardstick(decoys, DROP_IN_F1)
    assert "our choice" in yardstick(decoys, DROP_IN_F1)
    assert "All undecided" in yardstick(STAINS, "attribution")


def test_models_near_guessing_say_nothing_about_channels() -> None:
    weak = ex.performance(mean=0.35, spread=0.1)
    text = sentence(STAINS, ex.method((0.3, 0.2, 0.1, 0.0), (0.01,) * 4), weak)
    assert "says nothing about the channels" in text
    assert "CD3" not in text


def test_two_trainings_too_few_are_not_blamed_on_the_models() -> None:
    """F1 0.78 and 0.86: t(1) = 12.7 takes the interval to 0; the models are not what is poor."""
    f1 = corrected_interval([0.78, 0.86], 80, 80, bounds=(0.0, 1.0))
    assert (f1.low, f1.high) == (0.0, 1.0)
    few = replace(ex.performance(), f1_macro=f1)
    text = sentence(STAINS, ex.method((0.3, 0.2, 0.1, 0.0), (0.01,) * 4), few)
    assert text == (
        "On average the models tell the classes apart (F1 0.820), but 2 trainings are too few to "
        "be sure: the interval (0.000 to 1.000) reaches guessing (about 0.333), so this ranking "
        "says nothing about the channels yet."
    )


@pytest.mark.parametrize(
    ("folds", "told"),
    [
        ((0.78, 0.86), Told.TOO_FEW),
        ((0.9,), Told.TOO_FEW),
        ((0.6, None, 0.8), Told.TOO_FEW),
        ((0.80, 0.81, 0.82), Told.APART),
        ((0.34, 0.36), Told.HARDLY),  # hardly above guessing
        ((0.2, 0.9), Told.HARDLY),  # the spread, not the number, hides it
        ((0.30, 0.31, 0.32), Told.HARDLY),
        ((0.3,), Told.HARDLY),
        ((), Told.HARDLY),
        ((0.1, 0.9, 0.1, 0.9, 0.4), Told.HARDLY),  # not few
    ],
)
def test_too_few_trainings_or_models_that_know_little(
    folds: tuple[float | None, ...], told: Told
) -> None:
    n = max(1, len(folds))
    f1 = corrected_interval(folds, 100 * (n - 1) or 100, 100, bounds=(0.0, 1.0))
    assert told_apart(f1, 3) is told
    assert bool(why_silent(f1, 3)) is (told is not Told.APART)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8), st.integers(2, 8))
def test_models_are_blamed_or_the_trainings_never_both(folds: list[float], classes: int) -> None:
    n = len(folds)
    f1 = corrected_interval(folds, max(1, n - 1) * 100, 100, bounds=(0.0, 1.0))
    text, told = why_silent(f1, classes), told_apart(f1, classes)
    assert ("hardly" in text) is (told is Told.HARDLY)
    assert ("to be sure" in text) is (told is Told.TOO_FEW)
    assert (text == "") is (f1.low > 1 / classes)
    if told is Told.TOO_FEW:
        assert n < FEW
        assert f1.mean > 1 / classes


def test_decoys_are_not_named_and_circular_gates_are() -> None:
    panel = Panel(
        (
            Channel(name="CD3", gate_defining=True),
            Channel(name="decoy_empty", role=Role.DECOY),
            *STAINS.channels[2:],
        )
    )
    text = say((0.5, 0.3, 0.0, 0.0), (0.02, 0.02, 0.004, 0.004), panel)
    assert "decoy_empty" not in text
    assert "CD3 defined the gates, so that importance is circular." in text


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("permute_cells", "with another cell's image in its place"),
        ("pxpermute_mask", "inside the cell"),
        ("occlusion:fill=zero", "blanked out"),
        ("leave_one_out", "trained without it, F1 falls by"),
        ("shapley", "F1 rises by"),
        ("something_new", "when it is perturbed"),
    ],
)
def test_says_what_the_method_took_away(method: str, words: str) -> None:
    result = replace(ex.method((0.5, 0.0, 0.0, 0.0), (0.02, 0.004, 0.004, 0.004)), method=method)
    assert words in sentence(STAINS, result, ex.performance())


def with_decoys(mean: tuple[float, ...], spread: tuple[float, ...], bound: float) -> MethodResult:
    """Return a ranking whose verdicts were taken against the decoys' upper bound."""
    result = ex.method(mean, spread)
    ranking = result.ranking
    verdicts = tuple(
        Verdict.INFORMATIVE
        if low > bound
        else (Verdict.NEGLIGIBLE if high < SMALL else Verdict.UNDECIDED)
        for low, high in zip(ranking.low, ranking.high, strict=True)
    )
    return replace(result, ranking=replace(ranking, decoy_bound=bound, verdict=verdicts))


def test_with_decoys_it_speaks_of_decoys() -> None:
    result = with_decoys((0.5, 0.3, 0.05, 0.0), (0.02, 0.02, 0.02, 0.004), 0.04)
    text = sentence(STAINS, result, ex.performance())
    assert "F1 falls by 0.500 (0.480 to 0.520)." in text
    assert "Also informative: CD8 (0.300)." in text
    assert "Undecided: CD19." in text  # above zero, not above the decoys
    assert "of zero" not in text
    none = with_decoys((0.01, 0.0, 0.0, 0.0), (0.02,) * 4, 0.04)
    assert "lies surely above the decoys" in sentence(STAINS, none, ex.performance())


def attribution(result: MethodResult) -> MethodResult:
    return replace(
        result, method="lrp", importance=replace(result.importance, unit="mean absolute relevance")
    )


def test_attributions_tell_where_models_look_and_keep_nothing() -> None:
    bare = sentence(STAINS, attribution(ex.method()), ex.performance())
    assert bare.startswith("The models look most at CD8 (mean absolute relevance).")
    assert "Without decoys this tells where they look, not whether it helps." in bare
    told = attribution(with_decoys((0.5, 0.3, 0.05, 0.0), (0.02,) * 4, 0.04))
    text = sentence(STAINS, told, ex.performance())
    assert "look at CD3 and CD8 in this order, more than at any decoy" in text
    assert "Undecided: CD19 and CD45." in text
    assert "Keep" not in bare + text
    assert "F1 falls" not in bare + text


def test_attributions_that_overlap_are_not_ordered() -> None:
    close = ((0.3, 0.28, 0.0, 0.0), (0.05, 0.05, 0.005, 0.005))
    bare = sentence(STAINS, attribution(ex.method(*close)), ex.performance())
    assert "Where the models look most is undecided: CD3 and CD8" in bare
    told = sentence(STAINS, attribution(with_decoys(*close, 0.04)), ex.performance())
    assert "CD3 and CD8, in an order that is undecided, more than" in told
    none = sentence(STAINS, attribution(with_decoys(*close, 0.4)), ex.performance())
    assert "at no channel more than at the decoys" in none


@given(
    st.lists(st.floats(-0.2, 0.9), min_size=4, max_size=4),
    st.lists(st.floats(0.0, 0.5), min_size=4, max_size=4),
)
def test_never_keeps_what_is_not_clear_of_zero(mean: list[float], spread: list[float]) -> None:
    result = ex.method(tuple(mean), tuple(spread))
    text = sentence(STAINS, result, ex.performance())
    head = text.split("Undecided:")[0].split("negligible")[0]
    for c, name in enumerate(STAINS.names):
        if "Keep " + name in head:
            assert result.ranking.low[c] > 0
            others = [o for o in range(4) if o != c and result.ranking.low[o] > 0]
            assert all(
                result.ranking.low[c] > result.ranking.high[o] for o in others if mean[o] > 0.01
            )
        if result.ranking.low[c] <= 0 and result.ranking.high[c] >= 0.01:
            assert f"{name} is negligible" not in text

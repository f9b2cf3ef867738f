"""What may not pass as proof, and what is kept or dropped without one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pxcore.panel.advice import PanelEvidence, advise
from pxcore.panel.constraints import from_sheet
from pxcore.types import Interval, Panel, Role
from pxcore.types.panel import (
    Advised,
    Constraints,
    Members,
    PanelTrial,
)
from tests.panel.made_trials import (
    SIZES,
    panel,
    trial,
    world,
)
from tests.panel.read_advice import FREE, FULL, PANEL, evidence, says, size


def test_what_every_panel_surely_needs_is_kept_though_none_is_good_enough() -> None:
    """S1 is excluded and must be missed; S0 costs far more, and S2 may or may not count."""
    three = panel(3)

    def worth(members: Members) -> float:
        return 0.4 + 0.3 * (1 in members) + 0.05 * (2 in members) + 0.005 * (3 in members)

    trials = world(three, worth)
    known = PanelEvidence(
        panel=three, full=trials[(0, 1, 2, 3)], trials=tuple(trials.values()), sizes=SIZES
    )
    advice = advise(known, Constraints(exclude=(2,)))
    assert advice.recommended is None
    assert says(advice, 1).advised is Advised.KEEP
    assert "F1 falls by 0.300" in says(advice, 1).reason
    assert "in the best of 2 panels" in says(advice, 1).reason
    assert says(advice, 3).advised is Advised.UNDECIDED
    # Without the largest panel that lacks it nothing is known of the rest.
    fewer = [one for one in trials.values() if one.members != (0, 3)]
    advice = advise(replace(known, trials=tuple(fewer)), Constraints(exclude=(2,)))
    assert says(advice, 1).advised is Advised.UNDECIDED


def test_a_wish_that_came_after_the_search_is_no_way_round_the_check() -> None:
    """Every fold chose a panel without S3: with S3 nobody tried how panels are chosen."""
    given = evidence(lambda m: 0.9 - 0.001 * (4 in m))
    free = advise(given, FREE)
    assert free.recommended is not None
    assert size(free) == 0
    kept = advise(given, Constraints(must_keep=(4,)))
    assert kept.recommended is given.full
    assert any("Ask the run again with them" in note for note in kept.notes)
    # One panel alone is no choice.
    only = advise(given, Constraints(must_keep=(4,), exclude=(1, 2, 3, 5)))
    assert only.recommended is not None
    assert only.recommended.members == (0, 4)


def test_without_a_search_only_named_panels_are_recommended() -> None:
    """What a removal curve trained was picked by the cells that judge it."""
    given = replace(evidence(lambda _: 0.9), screen=None, nested=())
    assert advise(given, FREE).recommended is given.full
    named = advise(replace(given, named=((0, 2, 3), (0, 1, 2), (0, 4))), FREE)
    assert named.recommended is not None
    assert named.recommended.members == (0, 4)
    first = advise(replace(given, named=((0, 2, 3), (0, 1, 2))), FREE)
    assert first.recommended is not None
    assert first.recommended.members == (0, 2, 3)  # of one size, the first named


def test_a_viability_dye_stays() -> None:
    dyed = Panel((*PANEL.channels[:5], replace(PANEL.channels[5], role=Role.VIABILITY)))
    given = evidence(lambda _: 0.9, dyed)
    advice = advise(given, from_sheet(dyed, FREE))
    assert says(advice, 5).advised is Advised.KEEP
    assert "tells dead cells" in says(advice, 5).reason
    assert from_sheet(dyed, Constraints(exclude=(5,))).must_keep == ()


def test_folds_that_choose_different_good_panels_do_not_stop_the_sequence() -> None:
    """Their scatter is not the panel's; their mean is what counts."""
    found = evidence()
    best = advise(found, FREE)
    assert best.recommended is not None
    scatter = np.array([0.05, -0.05, 0.05, -0.05, 0.0])
    for shift, passes in ((0.0, True), (-0.03, False)):
        f1 = np.array(best.recommended.f1_macro.known) + scatter + shift
        blind = replace(trial(best.recommended.members, f1), nested=True, chosen=())
        advice = advise(replace(found, nested=(blind,)), FREE)
        assert (size(advice) == size(best)) is passes
        assert not passes or (advice.nested is not None and advice.nested.lower_bound > -0.02)


def test_classes_of_few_cells_are_named_and_held_to_no_floor() -> None:
    """Every smaller panel loses a class of 29 cells; with 30 that forbids it."""
    found = evidence()
    fewer = tuple(
        one if one.members == FULL else replace(one, f1_per_class=_losing(one))
        for one in found.trials
    )
    counted = {
        n: advise(
            replace(found, trials=fewer, classes=("rare", "common"), n_per_class=(n, 300)), FREE
        )
        for n in (29, 30)
    }
    assert size(counted[29]) == size(advise(found, FREE)) < size(counted[30]) == 5
    assert {k for test in counted[29].tests for k in test.lost_classes} == {1}
    assert all(0 in test.lost_classes for test in counted[30].tests)
    assert [n for n in counted[29].notes if n.startswith("rare had fewer than 30 held-out")]
    assert not [n for n in counted[30].notes if "held-out" in n]
    unknown = advise(replace(found, trials=fewer, n_per_class=()), FREE)
    assert size(unknown) == 5


def test_the_loss_of_many_stains_is_not_the_loss_of_each() -> None:
    """Only the panel without any stain was trained: it says nothing of a single one."""
    given = evidence()
    none = next(one for one in given.trials if one.members == (0,))
    alone = replace(given, trials=(given.full, none), nested=())
    unsearched = advise(replace(alone, screen=None, named=((0,),)), FREE)
    assert unsearched.recommended is given.full
    for channel in range(1, 6):
        assert says(unsearched, channel).advised is Advised.UNDECIDED
        assert "lacks this stain and no other" in says(unsearched, channel).reason
    # The screen knows panels that lack one stain each; S2 is worth nothing in `no_copy`.
    searched = advise(alone, FREE)
    assert [says(searched, c).advised for c in range(1, 6)] == [
        Advised.KEEP, Advised.KEEP, Advised.UNDECIDED, Advised.KEEP, Advised.KEEP,
    ]  # fmt: skip
    assert "screened F1 of the best panel without it is lower by 0.200" in says(searched, 1).reason


def _losing(one: PanelTrial) -> tuple[Interval, ...]:
    rare, common = one.f1_per_class
    return SIZES.interval(np.array(rare.known) - 0.1, bounds=(0, 1)), common

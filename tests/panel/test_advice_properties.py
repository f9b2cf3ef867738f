"""What the advice may not hang on: order of channels, useless channels, a wider margin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.panel.advice import PanelEvidence, advise
from pxcore.panel.constraints import as_sets, stains_of
from pxcore.types import Panel
from pxcore.types.panel import Advised, Constraints, Members, PanelAdvice, Screen
from tests.panel.made_trials import SIZES, blind, evidence_of, panel

WORTHS = st.lists(st.floats(0.001, 0.08), min_size=3, max_size=3)


def no_copy(members: Members) -> float:
    return 0.5 + 0.2 * (1 in members) + 0.1 * (2 in members) + 0.1 * ({4, 5} <= {*members})


def evidence(worth: object, of: Panel) -> PanelEvidence:
    return evidence_of(of, worth)  # type: ignore[arg-type]


def verdict(advice: PanelAdvice, channel: int) -> Advised:
    return next(one.advised for one in advice.channels if one.channel == channel)


def size(advice: PanelAdvice, of: Panel) -> int:
    assert advice.recommended is not None
    return len(stains_of(of, advice.recommended.members))


@settings(max_examples=25, deadline=None)
@given(WORTHS, st.floats(0.005, 0.2), st.floats(1.0, 2.0))
def test_a_wider_margin_never_needs_more(worths: list[float], margin: float, factor: float) -> None:
    small = panel(3)
    given = evidence(lambda m: 0.6 + sum(worths[c - 1] for c in m if c), small)
    narrow, wide = (
        advise(given, Constraints(margin=m, class_floor=1)) for m in (margin, margin * factor)
    )
    assert size(wide, small) <= size(narrow, small)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)))
def test_permuted_channels_permute_the_answer(order: list[int]) -> None:
    """Channel i of the new panel is channel ``order[i]`` of the old one."""
    given = evidence(no_copy, panel(5))
    place = {old: new for new, old in enumerate(order)}

    def moved(members: Members) -> Members:
        return tuple(sorted(place[c] for c in members))

    screen = given.screen
    assert screen is not None
    other = PanelEvidence(
        panel=given.panel.take(tuple(order)),
        full=given.full,
        trials=tuple(replace(t, members=moved(t.members)) for t in given.trials),
        sizes=SIZES,
        screen=replace(screen, sets=screen.sets[:, order]),
        nested=tuple(
            replace(t, members=moved(t.members), chosen=tuple(map(moved, t.chosen)))
            for t in given.nested
        ),
    )
    first, second = advise(given, Constraints()), advise(other, Constraints())
    assert first.recommended is not None
    assert second.recommended is not None
    assert second.recommended.members == moved(first.recommended.members)
    for one in first.channels:
        assert verdict(second, place[one.channel]) is one.advised
    assert {t.members for t in second.front} == {moved(t.members) for t in first.front}


@settings(max_examples=20, deadline=None)
@given(WORTHS, st.floats(0.0065, 0.1))
def test_a_useless_channel_never_raises_the_size(worths: list[float], margin: float) -> None:
    """The same trials again, each with one channel more that changes nothing at all.

    The margin is above 3 / n_cells = 0.006: no smaller one is ever passed without spread.
    """
    small, bigger = panel(3), panel(4)
    given = evidence(lambda m: 0.6 + sum(worths[c - 1] for c in m if c), small)
    screen = given.screen
    assert screen is not None
    twice = [t.members for t in given.trials] + [(*t.members, 4) for t in given.trials]
    other = PanelEvidence(
        panel=bigger,
        full=replace(given.full, members=(0, 1, 2, 3, 4)),
        trials=tuple(
            replace(t, members=m)
            for t, m in zip((*given.trials, *given.trials), twice, strict=True)
        ),
        sizes=SIZES,
        screen=Screen(
            sets=as_sets(twice, 5),
            valid_f1=np.tile(screen.valid_f1, 2),
            test_f1=np.tile(screen.test_f1, 2),
            complete=True,
        ),
    )
    assert other.screen is not None
    trials = {one.members: one for one in other.trials}
    other = replace(other, nested=blind(other.screen, bigger, trials))
    asked = Constraints(margin=margin, class_floor=1)
    assert size(advise(other, asked), bigger) <= size(advise(given, asked), small)

"""The advice: planted answers, what may not change it, and what it must never do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.errors import PanelError
from pxcore.panel.advice import advise
from pxcore.panel.said import at_most
from pxcore.types import Channel, ChannelGroup, Panel, Redundancy, Role, Verdict
from pxcore.types.panel import (
    Advised,
    Constraints,
    Members,
    PanelTrial,
)
from tests.example_values import interval
from tests.panel.made_trials import (
    FOLD_LEVEL,
    SIZES,
    J,
    blind,
    nested_trial,
    phase,
    screen_of,
    trial,
    world,
)
from tests.panel.read_advice import FREE, FULL, PANEL, evidence, no_copy, planted, says, size


def test_the_planted_panel_is_found() -> None:
    found = advise(evidence(), FREE)
    assert found.recommended is not None
    assert found.recommended.members == (0, 1, 2, 4, 5)
    assert [one.advised.value for one in found.channels] == [
        "keep", "keep", "keep", "drop", "keep", "keep",
    ]  # fmt: skip
    assert found.test is not None
    assert found.test.good_enough
    assert (found.cost, found.saved) == (40, 10)
    assert found.alternatives == ()
    assert (
        "without it F1 falls by 0.200 (0.195 to 0.205) in the best of 16" in says(found, 1).reason
    )
    assert "F1 with S0, S1, S3 and S4 is at most 0.003 lower" in says(found, 3).reason


def test_a_copy_leaves_both_undecided() -> None:
    found = advise(evidence(planted), FREE)
    assert found.recommended is not None
    assert found.recommended.members == (0, 1, 2, 4, 5)
    assert [t.members for t in found.alternatives] == [(0, 1, 3, 4, 5)]
    assert found.interchangeable == ((2, 3),)
    assert [says(found, c).advised for c in (2, 3)] == [Advised.UNDECIDED] * 2
    assert "(with S0, S2, S3 and S4)" in says(found, 2).reason
    assert says(found, 1).advised is Advised.KEEP


def test_excluding_one_copy_decides_for_the_other() -> None:
    found = advise(evidence(planted), Constraints(exclude=(2,)))
    assert found.recommended is not None
    assert found.recommended.members == (0, 1, 3, 4, 5)
    assert says(found, 3).advised is Advised.KEEP
    assert says(found, 2).reason == "Drop S1: it is excluded, as asked."


def test_what_must_be_kept_is() -> None:
    found = advise(evidence(), Constraints(must_keep=(3,)))
    assert found.recommended is not None
    assert 3 in found.recommended.members
    assert says(found, 3).reason == "Keep S2: it must be kept, as asked."


def test_too_few_stains_are_not_talked_up() -> None:
    found = advise(evidence(), Constraints(max_stains=3))
    assert found.recommended is found.test is found.nested is None
    assert all(one.advised is Advised.UNDECIDED for one in found.channels[1:])
    assert (found.cost, found.saved) == (50, 0)
    assert len(found.additions) == 6  # what more stains would buy is told all the same


def test_the_search_chooses_who_is_tested_not_luck() -> None:
    """Of the second panel of a size the retrained F1 is far better; it is still not recommended."""
    given = evidence()
    lucky = trial((0, 1, 2, 4), 0.95 + FOLD_LEVEL)
    found = advise(replace(given, trials=(*given.trials[:-1], lucky)), FREE)
    trials = tuple(lucky if t.members == lucky.members else t for t in given.trials)
    found = advise(replace(given, trials=trials), FREE)
    assert found.recommended is not None
    assert found.recommended.members == (0, 1, 2, 4, 5)
    assert next(t for t in found.tests if t.members == lucky.members).good_enough
    assert any("that may be luck" in note for note in found.notes)
    assert says(found, 5).advised is Advised.UNDECIDED  # S4 is not in that one


def test_testing_stops_at_the_first_failure() -> None:
    """A gap in the sizes: three stains fail, two would pass."""

    def gap(members: Members) -> float:
        return 0.9 - 0.1 * (len(members) == 4)

    found = advise(evidence(gap), FREE)
    assert size(found) == 4
    assert any(note.startswith("Testing stopped at three stains") for note in found.notes)


def nested(members: tuple[Members, ...], value: float) -> PanelTrial:
    """Return a trial of the way of choosing with this F1."""
    f1 = {m: trial(m, value + FOLD_LEVEL + phase(m)) for m in members}
    return nested_trial(members, f1, SIZES)


def test_the_way_of_choosing_must_pass_too() -> None:
    given = evidence()
    same = nested(((0, 1, 2, 4, 5),) * J, 0.9)
    good = advise(replace(given, nested=(same,)), FREE)
    assert good.recommended is not None
    assert good.recommended.members == (0, 1, 2, 4, 5)
    assert good.nested is not None
    assert not any("had no part in it" in note for note in good.notes)
    mixed = nested(((0, 1, 2, 4, 5), (0, 1, 2, 3, 4)) * 2 + ((0, 1, 2, 4, 5),), 0.8)
    bad = advise(replace(given, nested=(mixed,)), FREE)
    assert size(bad) == 5
    assert any("chosen without the cells that judge it" in note for note in bad.notes)
    # One that broke the constraints was another way of choosing.
    kept = advise(replace(given, nested=(mixed,)), Constraints(exclude=(3,)))
    assert size(kept) == 4


def test_a_good_panel_without_it_forbids_keep() -> None:
    """S2 nearly replaces S1: clearly a little lower, so no rival, and yet good enough."""
    found = advise(evidence(lambda m: planted(m) - 0.008 * (2 not in m)), FREE)
    assert found.recommended is not None
    assert found.recommended.members == (0, 1, 2, 4, 5)
    assert found.alternatives == ()
    assert says(found, 2).advised is Advised.UNDECIDED
    assert "the panel S0, S2, S3 and S4 passes the test by itself" in says(found, 2).reason
    assert "0.008 (0.004 to 0.012)" in says(found, 2).reason
    assert says(found, 1).advised is Advised.KEEP


def test_drop_tells_the_worse_of_both_bounds() -> None:
    whole = nested(((0, 1, 2, 4, 5),) * J, 0.893)
    found = advise(replace(evidence(), nested=(whole,)), FREE)
    assert found.test is not None
    assert found.nested is not None
    assert found.nested.lower_bound < -0.0091 < found.test.lower_bound
    assert says(found, 3).advised is Advised.DROP
    assert f"at most {at_most(found.nested.lower_bound)} lower" in says(found, 3).reason


def test_models_that_know_nothing_recommend_nothing() -> None:
    found = advise(evidence(lambda members: 0.5), FREE)
    assert found.recommended is None
    assert found.notes[0].startswith("It is not shown that the models tell the classes apart")
    assert {one.advised for one in found.channels[1:]} == {Advised.UNDECIDED}


def test_wide_intervals_keep_nothing_and_drop_nothing() -> None:
    rng = np.random.default_rng(0)
    trials = tuple(
        trial(m, 0.8 + 0.002 * len(m) + rng.permutation([-0.07, -0.03, 0.01, 0.04, 0.05]))
        for m in world(PANEL, no_copy)
    )
    given = replace(evidence(), trials=trials, full=trials[-1])
    found = advise(given, FREE)
    assert found.recommended is trials[-1]
    assert {one.advised for one in found.channels[1:]} == {Advised.UNDECIDED}
    assert any("which allows both" in one.reason for one in found.channels)


def test_without_a_retrained_panel_nothing_is_known() -> None:
    given = evidence()
    found = advise(replace(given, trials=(), screen=None), FREE)
    assert found.recommended is given.full
    assert (
        says(found, 1).reason
        == "Undecided on S0: no panel of up to five stains without it was retrained."
    )
    assert "those that were named were tested" in found.notes[0]


def test_a_class_that_falls_is_a_reason_to_keep() -> None:
    def with_class(members: Members) -> PanelTrial:
        macro = 0.9 + FOLD_LEVEL + phase(members)
        lost = 0.0 if 3 in members else 0.12
        return trial(members, macro, [macro + lost, macro - lost])

    given = evidence()
    trials = tuple(with_class(t.members) for t in given.trials)
    screen = screen_of(PANEL, lambda members: 0.5 + 0.1 * (3 in members))
    chosen = blind(screen, PANEL, {one.members: one for one in trials})
    given = replace(given, trials=trials, full=trials[-1], screen=screen, nested=chosen)
    given = replace(given, classes=("B cell", "T cell"))
    found = advise(given, FREE)
    assert found.recommended is not None
    assert found.recommended.members == (0, 3)
    assert says(found, 3).advised is Advised.KEEP
    assert "F1 of T cell falls by 0.120" in says(found, 3).reason
    assert any("loses 0.120 in T cell (floor 0.050)" in note for note in found.notes)


def test_reasons_carry_what_else_is_known() -> None:
    costs = [Channel(name=c.name, role=c.role, cost=c.cost, gate_defining=c.name == "S0")
             for c in PANEL.channels]  # fmt: skip
    group = ChannelGroup(
        channels=(2, 3), joint=interval(0.2, 0.01), alone=(interval(0, 0.01),) * 2,
        extra=interval(0.2, 0.01), interchangeable=True, keep_order=(2, 3),
    )  # fmt: skip
    redundancy = Redundancy(
        features=np.eye(6), drops=np.eye(6), threshold=0.7, groups=(group,), pairs=()
    )
    seen, not_seen = (Verdict.INFORMATIVE,) * 6, (Verdict.UNDECIDED,) * 6
    given = replace(
        evidence(), panel=Panel(tuple(costs)), redundancy=redundancy,
        verdicts=(("a", seen), ("b", not_seen), ("c", seen)),
    )  # fmt: skip
    found = advise(given, FREE)
    assert "it defined the gates" in says(found, 1).reason
    assert "2 of 3 rankings find it informative by itself" in says(found, 3).reason
    assert says(found, 3).reason.endswith("it shows much the same as S1.")
    assert "gates" not in says(found, 3).reason


def test_stain_free_channels_stay_and_count_nothing() -> None:
    given = evidence()
    less = trial((1, 2, 3, 4, 5), 0.9 + FOLD_LEVEL + phase((1,)))
    found = advise(replace(given, trials=(*given.trials, less)), FREE)
    assert found.recommended is not None
    assert 0 in found.recommended.members
    assert "it costs no stain; without it F1 changes by 0.000" in says(found, 0).reason
    assert all(0 in t.members for t in found.front)
    out = advise(replace(given, trials=(*given.trials, less)), Constraints(exclude=(0,)))
    assert out.recommended is less


def test_decoys_are_never_members() -> None:
    mixed = Panel((*PANEL.channels, Channel(name="decoy: empty", role=Role.DECOY)))
    given = replace(evidence(), panel=mixed)
    found = advise(given, FREE)
    assert [one.channel for one in found.channels] == list(FULL)
    assert found.recommended is not None
    assert found.recommended.members == (0, 1, 2, 4, 5)
    for wrong in (trial((0, 6), [0.9] * J), trial((2, 1), [0.9] * J), trial((), [0.9] * J)):
        with pytest.raises(PanelError, match="is no panel of this data set"):
            advise(replace(given, trials=(wrong,)), FREE)
    for wrong in ((0, 6), (1, 0), ()):
        with pytest.raises(PanelError, match="expected ascending positions among the real"):
            advise(replace(given, full=trial(wrong, [0.9] * J)), FREE)
    with pytest.raises(PanelError, match=r"among \(0, 1\)"):
        advise(replace(given, full=trial((0, 1), [0.9] * J)), FREE)


def test_contradictions_are_refused() -> None:
    with pytest.raises(PanelError, match="at once"):
        advise(evidence(), Constraints(must_keep=(1,), exclude=(1,)))
    with pytest.raises(PanelError, match="margin"):
        advise(evidence(), Constraints(margin=0.5))

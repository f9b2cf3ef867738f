"""Channels of different panels: what is the same, and what must never be taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.evaluation.matching import folded, match_channels, match_class
from pxcore.types import Channel, Panel, Role
from pxcore.types.comparison import ComparedChannel

NAMES = ["CD3", "cd 3", "CD8", "PI (DNA)", "pi(dna)", "Brightfield", "BF", "FITC", "Cd3ε"]


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    channels = [
        Channel(
            name=name,
            marker=draw(st.sampled_from(["", "", "CD3", "cd3", "CD8"])),
            role=draw(st.sampled_from([Role.STAIN, Role.STAIN, Role.BRIGHTFIELD, Role.DARKFIELD])),
        )
        for name in names
    ]
    return Panel(tuple(channels))


def pairs(found: tuple[ComparedChannel, ...]) -> set[tuple[int | None, ...]]:
    return {one.positions for one in found}


@given(st.lists(panels(), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_every_channel_stands_in_exactly_one_line(given_panels: list[Panel]) -> None:
    found = match_channels(given_panels, [()] * len(given_panels))
    for column, panel in enumerate(given_panels):
        places = [one.positions[column] for one in found]
        assert sorted(p for p in places if p is not None) == list(range(len(panel)))
    assert all(any(p is not None for p in one.positions) for one in found)


@given(panels())
@settings(max_examples=60, deadline=None)
def test_a_panel_matches_itself_channel_by_channel(panel: Panel) -> None:
    found = match_channels([panel, panel], [(), ()])
    assert [one.positions for one in found] == [(c, c) for c in range(len(panel))]
    assert [one.name for one in found] == list(panel.names)
    assert all(one.shared for one in found)


@given(panels(), panels())
@settings(max_examples=150, deadline=None)
def test_matched_channels_never_contradict_each_other(first: Panel, second: Panel) -> None:
    for one in match_channels([first, second], [(), ()]):
        a, b = one.positions
        if a is None or b is None:
            continue
        mine, theirs = first.channels[a], second.channels[b]
        if mine.marker and theirs.marker:
            assert folded(mine.marker) == folded(theirs.marker)
        same_word = {folded(mine.marker), folded(mine.name)} & {
            folded(theirs.marker), folded(theirs.name)
        }  # fmt: skip
        assert same_word - {""} or (mine.role is theirs.role and mine.role.stain_free)


@given(panels(), panels())
@settings(max_examples=100, deadline=None)
def test_no_match_is_missed_between_markers(first: Panel, second: Panel) -> None:
    """What is left over on both sides shares neither marker nor name without contradiction."""
    found = match_channels([first, second], [(), ()])
    left = [first.channels[one.positions[0]] for one in found if one.positions[1] is None]
    right = [second.channels[one.positions[1]] for one in found if one.positions[0] is None]
    for mine in left:
        for theirs in right:
            if mine.marker and theirs.marker:
                assert folded(mine.marker) != folded(theirs.marker)
            else:
                assert folded(mine.name) != folded(theirs.name)


def match(first: Channel, second: Channel) -> bool:
    found = match_channels([Panel((first,)), Panel((second,))], [(), ()])
    return len(found) == 1


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (Channel(name="FITC-A", marker="CD3"), Channel(name="PE-A", marker=" cd3"), True),
        (Channel(name="FITC", marker="CD3"), Channel(name="FITC", marker="CD8"), False),
        (Channel(name="FITC", marker="CD3"), Channel(name="CD3"), True),
        (Channel(name="PI (DNA)"), Channel(name="pi(dna)"), True),
        (Channel(name="CD3"), Channel(name="CD8"), False),
        (Channel(name="FITC", marker="CD3"), Channel(name="fitc"), True),
        (Channel(name="BF", role=Role.BRIGHTFIELD),
         Channel(name="Brightfield", role=Role.BRIGHTFIELD), True),
        (Channel(name="SSC", role=Role.DARKFIELD),
         Channel(name="Brightfield", role=Role.BRIGHTFIELD), False),
        (Channel(name="Live", role=Role.VIABILITY), Channel(name="7AAD", role=Role.VIABILITY),
         False),
    ],
)  # fmt: skip
def test_pairs(first: Channel, second: Channel, same: bool) -> None:
    assert match(first, second) is same
    assert match(second, first) is same


def test_two_brightfields_are_not_guessed() -> None:
    one = Panel((Channel(name="BF", role=Role.BRIGHTFIELD),))
    two = Panel(tuple(Channel(name=n, role=Role.BRIGHTFIELD) for n in ("BF1", "BF2")))
    assert pairs(match_channels([one, two], [(), ()])) == {(0, None), (None, 0), (None, 1)}


def test_a_doubled_marker_goes_by_name_first() -> None:
    first = Panel((Channel(name="A", marker="CD3"), Channel(name="B", marker="CD3")))
    second = Panel((Channel(name="B", marker="CD3"), Channel(name="C", marker="CD3")))
    assert pairs(match_channels([first, second], [(), ()])) == {(0, 1), (1, 0)}


def test_decoys_go_by_kind_and_stand_last() -> None:
    decoys = [Channel(name=n, role=Role.DECOY) for n in ("decoy: empty", "decoy: foreign cell")]
    first = Panel((Channel(name="CD3"), *decoys))
    second = Panel((Channel(name="CD8"), Channel(name="CD3"), decoys[1]))
    found = match_channels([first, second], [("empty", "foreign"), ("foreign",)])
    assert [one.positions for one in found] == [(0, 1), (None, 0), (1, None), (2, 2)]
    stain = Panel((Channel(name="decoy: empty"),))
    assert not match_channels([first, stain], [("empty", "foreign"), ()])[0].shared


def test_classes_go_by_name() -> None:
    assert match_class(("G1", "s phase"), "S Phase") == 1
    assert match_class(("a", "A"), "A") == 1
    assert match_class(("G1",), "G2") is None

"""Candidates as typed and pasted, their marks and checks, instruments, and markers found again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.errors import PanelError
from pxcore.panel.staged.candidates import candidates_of, check_candidates, marked
from pxcore.panel.staged.instruments import INSTRUMENTS, channel_numbers, other, stain_channels
from pxcore.panel.staged.matching import marker_key, match_markers
from pxcore.panel.staged.pasted import parse_candidates
from pxcore.types import Channel, Panel, Role
from pxcore.types.staged import Candidate

GREEK = {"α": ("alpha", "a"), "β": ("beta", "b"), "γ": ("gamma", "g"), "δ": ("delta", "d")}
names = st.from_regex(r"\A[A-Z]{2,5}[0-9]{1,3}\Z")


def panel(*channels: str | Channel) -> Panel:
    return Panel(tuple(Channel(name=c) if isinstance(c, str) else c for c in channels))


def test_profiles_have_the_slots_of_the_specification() -> None:
    slots = {id_: one.stain_slots for id_, one in INSTRUMENTS.items()}
    assert slots == {"imagestream_12": 9, "imagestream_12_darkfield_12": 9, "one_camera_6": 4}
    assert stain_channels(INSTRUMENTS["imagestream_12"]) == (2, 3, 4, 5, 7, 8, 10, 11, 12)
    with pytest.raises(PanelError, match="there is imagestream_12"):
        INSTRUMENTS["cytek"]


@given(st.integers(1, 64), st.data())
def test_free_numbers_leave_the_other_channels_for_stains(slots: int, data: st.DataObject) -> None:
    fixed = data.draw(st.lists(st.integers(1, slots), unique=True, max_size=slots - 1))
    one = other(slots, fixed[::2], fixed[1::2])
    free = stain_channels(one)
    assert len(free) == one.stain_slots == slots - len(fixed)
    assert sorted([*free, *fixed]) == list(range(1, slots + 1))


@pytest.mark.parametrize(
    ("slots", "bright", "dark", "said"),
    [
        (0, (), (), "expected 1 to 64"),
        (65, (), (), "expected 1 to 64"),
        (6, (7,), (), "channel 7 does not exist"),
        (6, (0,), (), "channel 0 does not exist"),
        (6, (1,), (1,), "named twice"),
        (2, (1,), (2,), "at least one must be free"),
    ],
)
def test_impossible_instruments_are_refused(
    slots: int, bright: tuple[int, ...], dark, said
) -> None:
    with pytest.raises(PanelError, match=said):
        other(slots, bright, dark)


def test_channel_numbers_are_read_or_refused() -> None:
    assert channel_numbers(" 1, 9;12 ") == (1, 9, 12)
    assert channel_numbers("  ") == ()
    with pytest.raises(PanelError, match="'-3' is not a channel number"):
        channel_numbers("1 -3")


@given(
    st.lists(names, min_size=1, max_size=30, unique=True),
    st.sampled_from([",", "\t", ";", "\n", ", "]),
)
def test_plain_markers_come_back_whatever_parts_them(markers: list[str], separator: str) -> None:
    assert [c.marker for c in parse_candidates(separator.join(markers) + "\n")] == markers


def test_a_table_gives_every_column() -> None:
    text = (
        "Marker\tclone\tFluorochrome\tcost\tmust keep\talways_on\tbridge\n"
        "CD3\tUCHT1\tFITC\t1,20\tyes\t\t\nDAPI\t\t\t0\t\tx\t\nCD45\t\tAPC\t2.5\t\t\ty\n"
    )
    assert parse_candidates(text) == (
        Candidate(marker="CD3", clone="UCHT1", fluorochrome="FITC", cost=1.2, must_keep=True),
        Candidate(marker="DAPI", always_on=True),
        Candidate(marker="CD45", fluorochrome="APC", cost=2.5, always_on=True, bridge=True),
    )


def test_a_panel_sheet_is_taken_too() -> None:
    text = "channel,role,marker,cost\n1,brightfield,,\n2,stain,CD3,1.5\n3,viability,7-AAD,\n"
    found = parse_candidates(text)
    assert [(c.marker, c.cost, c.always_on) for c in found] == [
        ("CD3", 1.5, False),
        ("7-AAD", 0.0, True),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" \n", "there is no candidate"),
        ("CD3\ncd 3", "'cd 3' comes twice .also as 'CD3'"),
        ("CD3,,CD4", "line 1: a marker is empty"),
        ("CD3, 1.20", "'1.20' is a number, not a marker"),
        ("marker,cost\nCD3,abc", "cost is 'abc'"),
        ("marker,cost\nCD3,-1", "cost is '-1'"),
        ("marker,cost\nCD3,nan", "cost is 'nan'"),
        ("marker,cost\n,3", "candidate 1 has no name"),
        ("marker,price\nCD3,3", "column 'price' is not known"),
        ("marker,cost,cost\nCD3,3,3", "column 'cost' comes twice"),
        ("marker,clone\nCD3,a,b", "3 entries for 2 columns"),
        ("marker,must_keep\nCD3,maybe", "expected yes or no"),
        ("\n".join(f"M{i}" for i in range(201)), "201 candidate markers; expected 1 to 200"),
        ("A" * 81, "above 80 letters"),
        ("A" * 100_001, "at most 100000"),
    ],
)
def test_unusable_texts_are_refused_with_what_to_do(text: str, said: str) -> None:
    with pytest.raises(PanelError, match=said):
        parse_candidates(text)


def test_a_panels_stains_are_candidates() -> None:
    found = candidates_of(
        panel(
            Channel(name="BF", role=Role.BRIGHTFIELD),
            Channel(name="Ch02", marker="CD3", clone="UCHT1", must_keep=True),
            Channel(name="CD4", exclude=True),
            Channel(name="Live", role=Role.VIABILITY),
            Channel(name="noise", role=Role.DECOY),
        )
    )
    assert found == (
        Candidate(marker="CD3", clone="UCHT1", must_keep=True),
        Candidate(marker="Live", always_on=True),
    )


def test_marks_replace_those_before_and_refuse_the_unknown() -> None:
    some = parse_candidates("CD3\nCD4\nCD19")
    once = marked(some, must_keep=["cd3"], bridges=["CD-19"])
    assert [(c.must_keep, c.always_on, c.bridge) for c in once] == [
        (True, False, False),
        (False, False, False),
        (False, True, True),
    ]
    assert marked(once) == some
    with pytest.raises(PanelError, match="'CD8', to be marked as must keep, is no candidate"):
        marked(some, must_keep=["CD8"])


def test_free_slots_are_counted_and_too_much_is_refused() -> None:
    some = parse_candidates("A1\nA2\nA3\nA4\nA5")
    six = INSTRUMENTS["one_camera_6"]
    assert check_candidates(marked(some, always_on=["A1"]), six) == 3
    with pytest.raises(PanelError, match=r"4 markers are always on .* 4 slots"):
        check_candidates(marked(some, always_on=["A1", "A2", "A3", "A4"]), six)
    with pytest.raises(PanelError, match="5 markers must be kept or are always on"):
        check_candidates(marked(some, must_keep=["A2", "A3", "A4", "A5"], always_on=["A1"]), six)
    with pytest.raises(PanelError, match="nothing to choose"):
        check_candidates(marked(some[:1], always_on=["A1"]), six)
    with pytest.raises(PanelError, match="comes twice"):
        check_candidates([Candidate(marker="A1"), Candidate(marker="a 1")], six)


@given(
    names,
    st.sampled_from(["lower", "upper"]),
    st.sampled_from("-_ \u2011\u00a0"),
    st.integers(0, 9),
)
def test_case_blanks_and_hyphens_do_not_count(name: str, case: str, mark: str, at: int) -> None:
    place = min(at, sum(letter.isalpha() for letter in name))  # never between two digits
    typed = getattr(name[:place] + mark + name[place:], case)()
    match = match_markers([name], panel(f" {typed} "))
    assert match.pairs == ((name, f" {typed} "),)
    assert not match.missing
    assert not match.extra


@given(names, st.sampled_from(sorted(GREEK)), st.booleans())
def test_greek_letters_equal_their_names(name: str, letter: str, blank: bool) -> None:
    keys = {marker_key(f"{name}{' ' * blank}{form}") for form in (letter, *GREEK[letter])}
    assert len(keys) == 1


@given(names, names)
def test_different_letters_or_digits_never_match(one: str, two: str) -> None:
    match = match_markers([one], panel(two))
    assert bool(match.pairs) == (one == two)


@pytest.mark.parametrize(
    ("one", "two"), [("CD3 1", "CD31"), ("IgA", "Ig-α"), ("CD45RA", "CD45RO"), ("CD3", "CD3ε"),
                     ("MUC1", "MC1"), ("PI", "P"), ("CD16/56", "CD1656")],
)  # fmt: skip
def test_what_may_be_another_marker_is_missing_instead(one: str, two: str) -> None:
    match = match_markers([one], panel(two))
    assert (match.pairs, match.missing, match.extra) == ((), (one,), (two,))


def test_name_and_marker_both_count_and_stain_free_channels_do_not() -> None:
    shown = panel(
        Channel(name="CD9", role=Role.BRIGHTFIELD),
        Channel(name="Ch02", marker="CD3"),
        Channel(name="DAPI", marker="DNA"),
        "CD4",
        Channel(name="CD9 d", marker="CD9", role=Role.DECOY),
    )
    match = match_markers(["dapi", "CD9", "CD3"], shown)
    assert match.pairs == (("dapi", "DAPI"), ("CD3", "Ch02"))
    assert match.missing == ("CD9",)
    assert match.extra == ("CD4",)


@pytest.mark.parametrize(
    ("planned", "shown", "said"),
    [
        (["CD3"], panel("CD3", "cd-3"), "fits two channels, 'CD3' and 'cd-3'"),
        (["CD3"], panel("CD3", Channel(name="Ch2", marker="CD3")), "'Ch2' .marker 'CD3'"),
        (["CD3", "CD4"], panel(Channel(name="CD3", marker="CD4")), "two planned markers"),
        (["TNF-α", "TNFa"], panel("CD3"), "'TNF-α' and 'TNFa' are spelled alike"),
    ],
)
def test_what_is_ambiguous_is_refused_with_both_names(planned, shown: Panel, said: str) -> None:
    with pytest.raises(PanelError, match=said):
        match_markers(planned, shown)


def test_a_table_without_column_names_is_refused() -> None:
    with pytest.raises(PanelError, match=r"2 lines of 3 entries look like a table.*names no col"):
        parse_candidates("CD3\tUCHT1\tFITC\nCD4\tRPA-T4\tPE")
    assert [c.marker for c in parse_candidates("CD3\tCD4\tCD8")] == ["CD3", "CD4", "CD8"]
    (one,) = parse_candidates("Marker\tCost (EUR)\nCD3\t1,20")
    assert (one.marker, one.cost) == ("CD3", 1.2)

"""Panel sheets: read, matched by name, written, read again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.data.csv_guard import guarded, unguarded
from pxcore.data.panel_sheet import apply_sheet, parse_sheet, write_sheet, write_yaml
from pxcore.errors import PanelError
from pxcore.types import Channel, Panel, Role

PANEL = Panel((Channel(name="BF1", role=Role.BRIGHTFIELD), Channel(name="CD3"), Channel(name="PI")))

texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12).map(
    str.strip
)
channels = st.builds(
    Channel,
    name=texts.filter(bool),
    role=st.sampled_from(Role),
    marker=texts,
    clone=texts,
    fluorochrome=texts,
    laser=texts,
    cost=st.floats(0, 1e6),
    must_keep=st.booleans(),
    exclude=st.booleans(),
    gate_defining=st.booleans(),
)


@given(st.lists(channels, min_size=1, max_size=6, unique_by=lambda channel: channel.name))
def test_written_sheets_are_read_back(found: list[Channel]) -> None:
    rows = parse_sheet(write_sheet(Panel(tuple(found))))
    assert [row.channel for row in rows] == found
    assert [row.number for row in rows] == list(range(1, len(found) + 1))


@given(st.lists(channels, min_size=1, max_size=6, unique_by=lambda channel: channel.name))
def test_a_sheet_as_yaml_says_the_same_as_the_csv(found: list[Channel]) -> None:
    panel = Panel(tuple(found))
    rows = parse_sheet(write_yaml(panel))
    assert [row.channel for row in rows] == found
    assert [row.number for row in rows] == list(range(1, len(found) + 1))
    blank = Panel(tuple(Channel(name=f"old {n}") for n in range(len(found))))
    if not any(re.fullmatch(r"old \d", one.name, re.IGNORECASE) for one in found):
        assert apply_sheet(blank, write_yaml(panel))[0] == panel


@pytest.mark.parametrize("text", ["=SUM(A1)", "+1", "-CD4", "@x", "'=x", "'plain", "CD3"])
def test_formulas_are_guarded(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@"))
    panel = Panel((Channel(name=text, clone=text),))
    assert parse_sheet(write_sheet(panel))[0].channel == panel.channels[0]


UNSEEN = ("\ufeff", "\u200b", "\xa0", "\v", "\0", "\u3000", "\u2060", "\x85", "\t", " \r", "\u202e")


@pytest.mark.parametrize("before", ["", *UNSEEN, "".join(UNSEEN)])
@pytest.mark.parametrize("start", [*"=+-@", *"\uff1d\uff0b\uff0d\uff20"])
def test_formulas_behind_what_nobody_sees_are_guarded(before: str, start: str) -> None:
    for text in (f"{before}{start}1+1", f"'{before}{start}cmd"):
        assert guarded(text) == f"'{text}"
        assert unguarded(guarded(text)) == text
        assert unguarded(guarded(guarded(text))) == guarded(text)


@pytest.mark.parametrize("text", ["\xa0CD3", "CD4\u200b=", "\ufeffBF1", "1=1", "'CD3", "", "µ-x"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


def test_sheet_is_matched_by_name_and_leaves_the_rest() -> None:
    panel, notes = apply_sheet(PANEL, "name;marker;cost;must_keep\ncd3;CD3E;1,50;yes\nPI;DNA;;\n")
    assert panel.names == PANEL.names
    assert panel.channels[0] == PANEL.channels[0]
    assert panel.channels[1] == Channel(name="CD3", marker="CD3E", cost=1.5, must_keep=True)
    assert panel.channels[2] == Channel(name="PI", marker="DNA")
    assert notes == ("The panel sheet says nothing about BF1.",)


def test_blank_role_stays_and_blank_entries_clear() -> None:
    before, _ = apply_sheet(PANEL, "name,clone,role\nBF1,X,\n")
    assert before.channels[0] == Channel(name="BF1", clone="X", role=Role.BRIGHTFIELD)
    after, _ = apply_sheet(before, "name,clone\nBF1,\n")
    assert after.channels[0] == PANEL.channels[0]


def test_yaml_says_the_same() -> None:
    sheet = "- name: CD3\n  cost: 1.5\n  must_keep: true\n- name: PI\n  role: viability\n"
    panel, _ = apply_sheet(PANEL, sheet)
    assert panel.channels[1] == Channel(name="CD3", cost=1.5, must_keep=True)
    assert panel.channels[2].role is Role.VIABILITY


def test_channel_selects_and_name_renames() -> None:
    sheet = "channel,name,marker\n2,CD3e,CD3E\nPI,DNA,\nbf1,,\n"
    panel, notes = apply_sheet(PANEL, sheet)
    assert panel.names == ("BF1", "CD3e", "DNA")
    assert panel.channels[1].marker == "CD3E"
    assert notes == ()
    odd = Panel((Channel(name="2"), Channel(name="1")))
    assert apply_sheet(odd, "channel,marker\n1,CD4\n")[0].channels[1].marker == "CD4"
    swapped, _ = apply_sheet(PANEL, "channel,name\n2,PI\n3,CD3\n")
    assert swapped.names == ("BF1", "PI", "CD3")


def test_assumed_names_are_given_by_number_or_order() -> None:
    assumed = Panel(tuple(Channel(name=f"Channel {i}") for i in (1, 2, 3)))
    by_number, _ = apply_sheet(assumed, "channel,name\nCh03,PI\n1,BF\n", by_order=True)
    assert by_number.names == ("BF", "Channel 2", "PI")
    by_order, _ = apply_sheet(assumed, "name\nBF\nCD3\nPI\n", by_order=True)
    assert by_order.names == ("BF", "CD3", "PI")
    with pytest.raises(PanelError, match="'BF' is not in the data set"):
        apply_sheet(assumed, "name\nBF\nCD3\nPI\n")
    with pytest.raises(PanelError, match="'CD3' is not in the data set"):
        apply_sheet(assumed, "name\nCD3\nPI\n", by_order=True)  # which two of three?


@pytest.mark.parametrize(
    ("sheet", "says"),
    [
        ("name\nCD99\n", "'CD99' is not in the data set; it has BF1, CD3, PI"),
        ("name\nCD3\nCD3\n", "appears twice"),
        ("name\nCD3\ncd3\n", "describes channel 2 twice"),
        ("name\n\n", "no line"),
        ("name,colour\nCD3,red\n", "column 'colour' is not known; there is channel, name"),
        ("name,name\nCD3,CD3\n", "column 'name' comes twice"),
        ("name,role\nCD3,dye\n", "line 1: role 'dye' is not known; there is brightfield"),
        ("name,cost\nCD3,cheap\n", "line 1: cost is 'cheap'"),
        ("name,cost\nCD3,-1\n", "cost is '-1'"),
        ("name,cost\nCD3,nan\n", "cost is 'nan'"),
        ("name,must_keep\nCD3,perhaps\n", "'perhaps' is neither yes nor no"),
        (
            "name,channel\nCD3,third\n",
            "channel 'third' is not in the data set; .*number from 1 to 3",
        ),
        ("channel,name\n4,CD3\n", "channel '4' is not in the data set"),
        ("channel,name\n1,CD3\n", "CD3.* twice"),
        ("name\nCD3,extra\n", "2 entries for 1 columns"),
        ("marker\nCD3\n", "neither CSV nor YAML|no list of channels"),
        ("- name: [CD3]\n", "nests lists"),
        ("- &a {name: CD3}\n- *a\n", "aliases"),
        ("- !!python/object/apply:os.getcwd []\n", "no list of channels|neither"),
        ("name\n" + "x" * 2**20, "letters; at most"),
    ],
)
def test_bad_sheets_are_told(sheet: str, says: str) -> None:
    with pytest.raises(PanelError, match=says):
        apply_sheet(PANEL, sheet)

"""Figures beside a ranking: place or amount, redundancy, guards; and decoys wherever they are."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

import tests.evidence_values as ev
import tests.example_values as ex
from pxcore.plots import guards, matrix, ranking, redundancy, style, svg, where
from pxcore.plots.text import readable
from pxcore.types import Channel, Panel, Role, Where
from tests.plots.test_figures import _strings, hostile

Draw = Callable[[Panel, tuple[str, ...], style.Theme], go.Figure]
FIGURES: dict[str, Draw] = {
    "ranking": lambda p, _k, t: ranking.ranking_dots(p, ev.method(), t),
    "ranking_attribution": lambda p, _k, t: ranking.ranking_dots(
        p, ev.method("lrp", "relevance"), t
    ),
    "channel_classes": lambda p, k, t: ranking.channel_classes(p, k, ev.method(), 4, t),
    "heat_map": lambda p, k, t: matrix.heat_map(p, k, ev.method(), t),
    "where": lambda p, _k, t: where.where_dots(p, ev.where(), t),
    "where_panel_order": lambda p, _k, t: where.where_dots(p, ev.where(), t, "panel"),
    "association": lambda p, _k, t: redundancy.association(p, ev.redundancy(), t),
    "drops_together": lambda p, _k, t: redundancy.drops_together(p, ev.redundancy(), t),
    "joint_drops": lambda p, _k, t: redundancy.joint_drops(p, ev.redundancy().groups, t),
    "interactions": lambda p, _k, t: redundancy.interactions(p, ev.redundancy().pairs, t),
    "leakage": lambda _p, _k, t: guards.leakage_dots(ev.leakage(), t),
    "left_out": lambda p, _k, t: guards.left_out_dots(p, ev.left_out(), t),
}


@pytest.mark.parametrize("theme", [style.LIGHT, style.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_figures_say_what_they_show_in_both_themes(name: str, theme: style.Theme) -> None:
    figure = FIGURES[name](ev.panel(), ex.CLASSES, theme)
    assert len(style.alt(figure)) > 15
    assert figure.layout.font.color == theme.ink
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("shift", [0, 4])
def test_hostile_names_stay_text(name: str, shift: int) -> None:
    real, classes = hostile(shift)
    gated = Panel(tuple(replace(one, gate_defining=True) for one in real.channels))
    figure = FIGURES[name](ev.panel(gated), classes, style.LIGHT)
    if not shift:  # the SVG's font has no kanji
        root = ET.fromstring(svg.to_svg(figure))
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not tags & {"script", "img", "foreignObject", "b", "a", "i"}
    figure.layout.meta = None
    for text in _strings(json.loads(figure.to_json())):
        for tag in re.findall(r"<[^<>]*>", text):
            assert tag in {"<b>", "</b>", "<br>", "<extra>", "</extra>"}, text
        assert "$" not in text
        assert "\u202e" not in text


def notes(figure: go.Figure) -> str:
    return " | ".join(readable(note.text) for note in figure.layout.annotations)


def test_decoys_are_rows_with_their_own_mark_and_the_band_is_their_reach() -> None:
    figure = ranking.ranking_dots(ev.panel(), ev.method(), style.LIGHT)
    band = next(s for s in figure.layout.shapes if s.type == "rect")
    assert (band.x0, band.x1) == pytest.approx((-0.016, ev.BOUND))
    marks = {p[0]: t.marker.symbol for t in figure.data[1:] for p in t.customdata}
    assert [marks[c] for c in (4, 5)] == ["x", "x"]
    assert "x" not in [marks[c] for c in range(4)]
    said = notes(figure)
    assert "what zero looks like" in said
    assert "informative" in said
    assert said.count("made channel") == 2
    assert "above zero" not in said


def test_a_decoy_is_never_called_clear_of_the_decoys() -> None:
    one = ev.method()
    verdicts = tuple([ex.Verdict.INFORMATIVE] * 6)
    loud = replace(one, ranking=replace(one.ranking, verdict=verdicts))
    assert ranking.verdict_word(loud, ev.panel(), 4) == "made channel"
    assert ranking.verdict_word(loud, ev.panel(), 3) == "informative"


def test_attributions_are_not_measured_in_f1() -> None:
    one = ev.method("lrp", "relevance")
    figure = ranking.ranking_dots(ev.panel(), one, style.LIGHT)
    assert readable(figure.layout.xaxis.title.text).startswith("relevance of the channel")
    bare = replace(one, ranking=replace(one.ranking, decoy_bound=None))
    alone = ranking.ranking_dots(ex.PANEL, ex.method(), style.LIGHT)
    assert "±0.01 F1" in notes(alone)
    assert {ranking.verdict_word(bare, ev.panel(), c) for c in (2, 3)} == {"undecided"}


def test_small_classes_are_flagged_and_faded() -> None:
    tiles = matrix.heat_map(ev.panel(), ex.CLASSES, ev.method(), style.LIGHT)
    assert ["few cells" in text for text in tiles.layout.xaxis.ticktext] == [False, False, True]
    dots = ranking.channel_classes(ev.panel(), ex.CLASSES, ev.method(), 1, style.LIGHT)
    flagged = [note.text for note in dots.layout.annotations if "few cells" in note.text]
    assert len(flagged) == 1
    sizes = {point[0]: trace.marker.color for trace in dots.data[1:] for point in trace.customdata}
    assert sizes[2] != sizes[0] == sizes[1]


def test_the_gate_badge_stands_wherever_the_channel_does() -> None:
    channels = list(ev.panel().channels)
    channels[1] = replace(channels[1], gate_defining=True)
    gated = Panel(tuple(channels))
    for name in ("heat_map", "where", "association", "drops_together", "joint_drops"):
        figure = FIGURES[name](gated, ex.CLASSES, style.LIGHT)
        rows = [readable(text) for text in figure.layout.yaxis.ticktext]
        assert sum(text.endswith("· gate") for text in rows) == 1, name
    assert "defines the gate" in notes(ranking.ranking_dots(gated, ev.method(), style.LIGHT))


def test_a_long_name_keeps_its_badge() -> None:
    assert style.badged(Channel(name="x" * 80, gate_defining=True)).endswith("… · gate")
    assert len(style.badged(Channel(name="x" * 80, gate_defining=True))) <= 28


def test_place_and_amount_with_every_interval_and_a_verdict_in_plain_words() -> None:
    parted, names = ev.where(), ev.panel().names
    figure = where.where_dots(ev.panel(), parted, style.LIGHT)
    for trace, values in zip(figure.data, (parted.total, parted.place, parted.amount), strict=True):
        drawn = {
            point[0]: (x, x - low, x + high)
            for point, x, low, high in zip(
                trace.customdata,
                trace.x,
                trace.error_x.arrayminus,
                trace.error_x.array,
                strict=True,
            )
        }
        for c in range(len(names)):
            want = (values[c].mean, values[c].low, values[c].high)
            assert drawn[c] == pytest.approx(want, abs=1e-9)
    said = notes(figure)
    assert "imaging is needed" in said
    assert "ordinary flow cytometry would do" in said
    assert said.count("made channel") == 2
    rows = [readable(text) for text in figure.layout.yaxis.ticktext]
    assert rows[:2] == ["PI (DNA)", "Brightfield"]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Where.PLACE, "PI (DNA) needs imaging"),
        (Where.AMOUNT, "For PI (DNA) the amount is enough"),
        (Where.NOT_INFORMATIVE, "Not informative: PI (DNA)"),
        (Where.UNDECIDED, "Undecided: PI (DNA)"),
    ],
)
def test_the_sentence_on_place_follows_the_verdicts(verdict: Where, words: str) -> None:
    parted = replace(ev.where(), verdict=(Where.PLACE, verdict, *[Where.UNDECIDED] * 4))
    text = where.where_sentence(ev.panel(), parted)
    assert words in text
    assert "decoy" not in text
    # no stain is bought by their verdict: they are told by themselves, as the figure shows them
    bought, own = text.split("Stain-free, at no stain's cost: ")
    assert "Brightfield" not in bought
    assert own == "Brightfield (place matters) and Darkfield (SSC) (undecided)."


def test_several_stains_need_imaging() -> None:
    parted = replace(ev.where(), verdict=(Where.PLACE,) * 6)
    assert "PI (DNA) and Live/dead need imaging" in where.where_sentence(ev.panel(), parted)


def test_association_frames_what_is_grouped_and_leaves_the_diagonal_empty() -> None:
    found = ev.redundancy()
    figure = redundancy.association(ev.panel(), found, style.LIGHT)
    centres = {((s.x0 + s.x1) / 2, (s.y0 + s.y1) / 2) for s in figure.layout.shapes}
    assert centres == {(1.0, 3.0), (3.0, 1.0)}
    assert np.isnan(np.diag(np.array(figure.data[0].z, dtype=float))).all()
    assert "0.70 and more" in figure.layout.xaxis.title.text


def test_interactions_are_named_only_when_their_interval_is_clear() -> None:
    pairs = ev.redundancy().pairs
    figure = redundancy.interactions(ev.panel(), pairs, style.LIGHT)
    said = [readable(note.text).split("\n")[0] for note in figure.layout.annotations]
    assert said == [redundancy.TOGETHER, redundancy.OVERLAP, redundancy.ADDITIVE]
    assert ["<b>" in note.text for note in figure.layout.annotations] == [True, False, False]


def test_a_negative_interaction_alone_is_no_working_together() -> None:
    """F1 cannot fall twice: independent channels lie below 0 too."""
    below = ev.redundancy().pairs[1]
    assert below.interaction.high < 0
    assert not below.only_together
    assert "together" not in redundancy.interaction_word(below)
    shown = replace(below, only_together=True)
    assert redundancy.interaction_word(shown) == redundancy.ONLY_TOGETHER
    (note,) = redundancy.interactions(ev.panel(), [shown], style.LIGHT).layout.annotations
    assert f"<b>{redundancy.ONLY_TOGETHER}</b>" in note.text


def test_groups_say_which_to_keep_first_and_at_what_cost() -> None:
    group = ev.redundancy().groups[0]
    text = redundancy.group_sentence(ev.panel(), group)
    assert "PI (DNA) and Live/dead are interchangeable: keep one, Live/dead first" in text
    assert "0.700 (0.650 to 0.750) F1" in text
    channels = list(ev.panel().channels)
    channels[3] = replace(channels[3], cost=4.5)
    assert "Live/dead (cost 4.5) first" in redundancy.group_sentence(Panel(tuple(channels)), group)
    stuck = replace(group, interchangeable=False)
    assert "interchangeable" not in redundancy.group_sentence(ev.panel(), stuck)


@pytest.mark.parametrize(
    ("gap", "words"),
    [(0.08, "Believe the lower number"), (-0.05, "hardly leak"), (0.02, "undecided")],
)
def test_the_leakage_gap_is_told_no_wider_than_its_interval(gap: float, words: str) -> None:
    assert words in guards.leakage_sentence(ev.leakage(gap))


def test_retraining_confirms_or_refutes() -> None:
    one, both = (guards.left_out_sentence(ev.panel(), out) for out in ev.left_out())
    assert "nothing measurable is lost" in one
    assert "carry what nothing else does" in both
    wide = replace(ev.left_out()[0], drop=ex.interval(0.0, 0.3))
    assert "undecided" in guards.left_out_sentence(ev.panel(), wide)


def test_decoys_have_a_role_that_no_stain_shares() -> None:
    others = {style.mark(role).symbol for role in Role if role is not Role.DECOY}
    assert style.mark(Role.DECOY).symbol not in others

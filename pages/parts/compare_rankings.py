"""Rankings side by side: importance, ranks, where they surely disagree, how far they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import pandas as pd
import streamlit as st

from pages.parts import compare_tables as tables
from pages.parts.compare_address import asked_all, follow, keep, one_of, put, some_of
from pages.parts.figures import Shown, show
from pages.parts.text import md
from pxcore.plots.agreement import Measure, agreement_matrix, title
from pxcore.plots.bump import bump
from pxcore.plots.compare_rows import ordered
from pxcore.plots.compare_tables import likely
from pxcore.plots.compare_words import FARTHEST, NOT_SURE, luck
from pxcore.plots.numbers import count
from pxcore.plots.rows import MANY, part_words
from pxcore.plots.side_by_side import side_by_side
from pxcore.plots.strips import Strips
from pxcore.plots.text import one_line
from pxcore.types import Role
from pxcore.types.comparison import Comparison

EVERY = "all classes"
ROLE = {"role": "by role"}
MOST_ROWS = 20
"""Disagreements in the table on the page."""
FIRSTS = {"10": "first 10", "20": "first 20", "0": "all"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What of the rankings is drawn, as the address says."""

    channels: tuple[int, ...]
    """Positions in ``Comparison.channels``, in the order of rows."""
    scaled: bool
    starts: bool


def draw(comparison: Comparison) -> None:
    """Draw every figure about the chosen rankings with its table."""
    shape = _settings(comparison)
    if not shape.channels:
        st.info("No channel fits: clear the filter, or show channels that not all rankings have.")
        return
    _importance(comparison, shape)
    if len(comparison.columns) < 2:
        return
    _ranks(comparison, shape)
    _disagreements(comparison, shape)
    _agreement(comparison)


def marker_of(comparison: Comparison, c: int) -> str:
    """Return how a channel stands in the filter: its marker, else its name."""
    channel = comparison.channels[c]
    return channel.marker or channel.name


def class_options(comparison: Comparison) -> list[str]:
    """Return the names of all classes of the chosen rankings, each once."""
    return list(dict.fromkeys(name for one in comparison.columns for name in one.classes))


def _settings(comparison: Comparison) -> Shape:
    """Draw the settings; return what is shown."""
    units = {column.unit for column in comparison.columns}
    missing = [c for c, one in enumerate(comparison.channels) if not one.shared]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _class(comparison)
        scaled, starts = True, False
        if len(units) == 1:
            values = {"scaled": "0 to 1", "measured": "as measured"}
            scaled = one_of("values", "Values", values) == "scaled"
        many = len(comparison.channels) > MANY
        roles = {channel.role for channel in comparison.channels}
        orders = {"rank": "by rank", "panel": "panel order"}
        order = one_of("order", "Order", orders | ROLE if many and len(roles) > 1 else orders)
        first = int(one_of("first", "How many", FIRSTS)) if many else 0
        if any(column.seeds > 1 for column in comparison.columns):
            dots = {"trainings": "every training", "starts": "each start"}
            starts = one_of("dots", "Small dots", dots) == "starts"
        every = False
        if missing and comparison.shared:
            which = {"shared": "all have", "every": "any has"}
            every = one_of("channels", "Channels that", which) == "every"
        names = dict.fromkeys(marker_of(comparison, c) for c in range(len(comparison.channels)))
        wanted = some_of("marker", "Markers", list(names), "type a name" if many else "all")
    channels = ordered(comparison, order)
    if comparison.shared and not every:
        channels = [c for c in channels if comparison.channels[c].shared]
    if wanted:
        channels = [c for c in channels if marker_of(comparison, c) in wanted]
    elif first:
        kept = [c for c in ordered(comparison, "rank") if c in channels][:first]
        channels = [c for c in channels if c in kept]
    strange = [name for name in asked_all("marker") if name not in names]
    if strange:
        listed = ", ".join(md(name, 40) for name in strange[:4])
        st.warning(f"No channel here is called {listed}: that part of the filter is left out.")
    if len(units) > 1:
        said = ", ".join(md(unit, 40) for unit in sorted(units))
        st.caption(f"Units differ ({said}), so values are shown from 0 to 1 only.")
    part = part_words(len(channels), len(comparison.channels))
    if many and part:
        by = "" if wanted else ", those of the highest mean rank"
        st.caption(f"{part}{by}; the files under Downloads hold all.")
    return Shape(tuple(channels), scaled, starts)


def _class(comparison: Comparison) -> None:
    """Draw the choice of a class; the comparison was made for the one in the address."""
    classes = class_options(comparison)
    follow("of", "compare-of", classes, EVERY)
    st.selectbox(
        "Importance for",
        [EVERY, *classes],
        format_func=lambda name: one_line(name, 40),
        key="compare-of",
        width=220,
        on_change=keep,
        args=("of", "compare-of", EVERY),
    )


def _importance(comparison: Comparison, shape: Shape) -> None:
    """Draw importance side by side."""
    what = f" for {md(comparison.class_name, 40)}" if comparison.class_name else ""
    st.subheader(f"Importance side by side{what}", anchor=False)
    strips = Strips(channels=shape.channels, scaled=shape.scaled, starts=shape.starts)
    show(
        lambda theme: side_by_side(comparison, strips, theme),
        Shown(key="compare-importance", stem=tables.STEM),
        tables.importance(comparison, shape.channels),
    )
    scaled = (
        "Each method by itself: 0 is its smallest, 1 its largest value over all trainings and "
        "real channels, as the authors' code draws the paper's Figure 3; intervals are scaled "
        "alike. Lengths can be compared within a method, not between methods."
    )
    own = f"In {md(comparison.columns[0].unit, 60)}, one axis for all."
    cut = " Intervals that leave a strip are cut; the table has them."
    st.caption((scaled if shape.scaled else own) + cut, width=980)
    if comparison.class_name:
        st.caption("Ranks, agreement and disagreement below are of the mean over classes.")


def _ranks(comparison: Comparison, shape: Shape) -> None:
    """Draw the bump chart; a click sets a channel apart, in the address."""
    if len(comparison.shared) < 2:
        return
    st.subheader("Ranks", anchor=False)
    names = {one_line(one.name): c for c, one in enumerate(comparison.channels) if one.shared}
    lit = tuple(names[name] for name in asked_all("lit") if name in names)
    clicked = show(
        lambda theme: bump(comparison, shape.channels, lit, theme),
        Shown(key="compare-ranks", stem=tables.STEM, clickable=True),
        tables.ranks(comparison),
    )
    some_of("lit", "Set apart", list(names), "click a line, or choose channels here")
    by_place = {c: name for name, c in names.items()}
    if clicked is not None and st.session_state.get("compare-clicked") != clicked:
        st.session_state["compare-clicked"] = clicked
        if clicked[0] in by_place:
            put("lit", [by_place[clicked[0]]])
            st.rerun()
    different = len({len(column.panel) for column in comparison.columns}) > 1
    among = " Ranks are among the channels that all have, with ranges no narrower." * different
    st.caption(
        f"Bars: the range of ranks that other folds and cells would have given.{among}", width=980
    )


def _disagreements(comparison: Comparison, shape: Shape) -> None:
    """Draw where rankings surely disagree, and why that can be; of many channels, those shown."""
    st.subheader("Where they surely disagree, and why that can be", anchor=False)
    every = tables.disagreement(comparison)
    frame = every
    if len(comparison.channels) > MANY:
        here = [one.channel in shape.channels for one in comparison.disagreements]
        frame = every[here].head(MOST_ROWS)
    if every.empty:
        st.markdown(
            "Nowhere: for every channel and every pair of rankings, the ranges of ranks overlap. "
            "That is no proof of agreement; more folds would narrow the ranges.",
            width=720,
        )
        _likely(comparison)
        return
    if not frame.empty:
        _reasons(frame)
    if len(frame) < len(every):
        more = count(len(every) - len(frame), "further disagreement")
        st.caption(f"{more}, most on channels not shown here: *Downloads, Disagreements, CSV*.")
    st.caption(
        "Only ranges of ranks that do not overlap count. The reasons are rules on what is known "
        "of the methods, models and cells: they say what can be, not what is.",
        width=980,
    )
    _likely(comparison)


def _likely(comparison: Comparison) -> None:
    """Draw where rankings differ most on average, and why that can be; none of it is sure."""
    frame = likely(comparison)
    if frame.empty:
        return
    st.markdown(f"**{FARTHEST}**")
    _reasons(frame)
    st.caption(NOT_SURE, width=980)


def _reasons(frame: pd.DataFrame) -> None:
    """Draw a table of disagreements."""
    shown = frame.drop(columns="rules").map(lambda text: md(str(text), 900))
    st.table(shown.set_index("channel"))


def _agreement(comparison: Comparison) -> None:
    """Draw the agreement of every pair."""
    st.subheader("How far they agree", anchor=False)
    if not any(one.n_channels for one in comparison.agreements):
        st.markdown("No two of these rankings share a channel.")
        return
    top = comparison.agreements[0].top
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words: dict[str, str] = {one: title(one, top) for one in get_args(Measure)}
        chosen = one_of("measure", "Measure", words)
        _top(comparison)
    measure = next(one for one in get_args(Measure) if one == chosen)
    show(
        lambda theme: agreement_matrix(comparison, measure, theme),
        Shown(key=f"compare-agreement-{measure}", stem=tables.STEM),
        tables.agreement(comparison),
    )
    said = luck([one for one in comparison.agreements if one.n_channels])
    few = f"**{said}** " if said else ""
    decoys = any(one.role is Role.DECOY for one in comparison.channels)
    real = " Decoys are left out." if decoys else ""
    st.caption(
        f"{few}In each tile: the value of the means; its smallest and largest value over "
        "trainings (over all pairs of trainings where runs differ), which is a range, not an "
        "interval, and may not hold the value of the means: averaging quiets the noise of single "
        f"trainings; the number of channels that both have.{real}",
        width=980,
    )


def _top(comparison: Comparison) -> None:
    """Draw the choice of m, as far as there are channels."""
    most = max(one.n_channels for one in comparison.agreements) - 1
    options = [str(m) for m in range(1, min(most, 20 if most > MANY else 10) + 1)]
    usual = str(comparison.agreements[0].top)
    if not options:
        return
    follow("top", "compare-top", options, usual if usual in options else options[-1])
    st.selectbox(
        "First channels",
        options,
        key="compare-top",
        width=130,
        on_change=keep,
        args=("top", "compare-top"),
    )

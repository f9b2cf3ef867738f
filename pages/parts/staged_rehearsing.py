"""Rehearsal: the whole plan on one data set that has all markers, each run seeing only its own."""

from __future__ import annotations

import streamlit as st

from pages.parts import staged_sight as sighted
from pages.parts.runner import runner_note
from pages.parts.session import lab, visit
from pages.parts.text import told
from pxcore.plots.numbers import count
from pxcore.plots.staged_words import fits, match_said, whole_match
from pxcore.plots.text import one_line
from pxcore.types import Dataset
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import MarkerMatch

PLACE = "rehearsal"
"""Where a refused rehearsal is told: beside its button."""


def offer(plan: StagedPlan) -> None:
    """Offer a rehearsal, folded; only data sets that have every marker can be chosen."""
    fold = st.expander(
        "Rehearse this plan on data that has every marker",
        icon=":material/theater_comedy:",
        key="staged-rehearse",
        on_change="rerun",
    )
    if not fold.open:
        return
    with fold:
        st.markdown(
            "Before a lab measures anything: each run is played on one data set in which it sees "
            "its own markers only, then the end is compared with seeing all markers at once. Real "
            "measurements can follow afterwards.",
            width=720,
        )
        if any(run.dataset_id for run in plan.runs):
            st.caption(
                "Real measurements are attached to this plan. Detach them first, or begin a plan "
                "of its own with the same candidates."
            )
            return
        able = [(one, whole_match(plan, one)) for one in lab().datasets() if one.classes]
        if not able:
            st.caption("No labelled data set is registered here yet.")
            return
        able.sort(key=lambda pair: -_found(pair[1]))  # the best match first
        _start(plan, {one.id: (one, match) for one, match in able})


def _found(match: MarkerMatch) -> int:
    """Return how many markers a data set shows; none where it cannot be matched."""
    return 0 if match.problem else len(match.pairs)


def _start(plan: StagedPlan, sets: dict[str, tuple[Dataset, MarkerMatch]]) -> None:
    total = len(plan.candidates)
    chosen = st.selectbox(
        "Data set with every marker",
        list(sets),
        format_func=lambda key: (
            f"{one_line(sets[key][0].title, 60)} · {_found(sets[key][1])} of "
            f"{count(total, 'marker')}"
        ),
        key="staged-rehearse-data",
        width=520,
    )
    match = sets[str(chosen)][1]
    presets = lab().presets()
    labels = {one.id: one.label for one in presets}
    preset = st.selectbox(
        "How thoroughly",
        list(labels),
        format_func=labels.__getitem__,
        key="staged-rehearse-preset",
        width=240,
        help="Fast is enough to see how a plan behaves.",
    )
    n = len(plan.runs)
    st.caption(f"{count(n + 1, 'run')}: {n - 1} planned, one with all markers, the final one.")
    runner_note(busy=True)
    st.button(
        "Start the rehearsal",
        type="primary",
        icon=":material/play_arrow:",
        key="staged-rehearse-start",
        disabled=not fits(match),
        on_click=begin,
        args=(plan, str(chosen), str(preset), PLACE),
    )
    if not fits(match):
        st.caption(
            f":material/block: A rehearsal needs every marker: {told(match_said(match), 900)}."
        )
    sighted.refused(PLACE)


def begin(plan: StagedPlan, dataset_id: str, preset: str, place: str = "") -> None:
    """Queue the runs of a rehearsal, or again what failed of it; ``place`` tells a refusal."""
    sighted.act(
        lambda: lab().staged.rehearse(
            plan, dataset_id, preset=preset, method=plan.method, who=visit().owner
        ),
        place=place,
    )

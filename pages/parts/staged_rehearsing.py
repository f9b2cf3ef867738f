"""Rehearsal: the whole plan on one data set that has all markers, each run seeing only its own."""

from __future__ import annotations

import streamlit as st

from pages.parts import links
from pages.parts import staged_sight as sighted
from pages.parts.errors import guarded
from pages.parts.runner import runner_note
from pages.parts.session import lab, visit
from pages.parts.staged_steps import RESULT
from pages.parts.text import md, sentence, told
from pxcore.errors import PlanChangedError, PxError
from pxcore.plots.numbers import count
from pxcore.plots.text import one_line
from pxcore.types import Dataset, RunState
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import RehearsalStage

EVERY = 3.0
"""Seconds between two looks."""
ICONS = {
    RunState.QUEUED: ":gray[:material/schedule:]",
    RunState.RUNNING: ":blue[:material/autorenew:]",
    RunState.FINISHED: ":blue[:material/check_circle:]",
    RunState.FAILED: ":orange[:material/error:]",
    RunState.CANCELLED: ":gray[:material/block:]",
}


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
        able = [one for one in lab().datasets() if one.classes]
        if not able:
            st.caption("No labelled data set is registered here yet.")
            return
        _start(plan, {one.id: one for one in able})


def _start(plan: StagedPlan, sets: dict[str, Dataset]) -> None:
    chosen = st.selectbox(
        "Data set with every marker",
        list(sets),
        format_func=lambda key: (
            f"{one_line(sets[key].title, 60)} · {count(len(sets[key].panel), 'channel')}"
        ),
        key="staged-rehearse-data",
        width=520,
    )
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
        on_click=_begin,
        args=(plan, str(chosen), str(preset)),
    )


def _begin(plan: StagedPlan, dataset_id: str, preset: str) -> None:
    sighted.act(lambda: lab().staged.rehearse(plan, dataset_id, preset=preset, who=visit().owner))


def live(plan: StagedPlan) -> None:
    """Draw how far a rehearsal is; it goes on by itself while a page is open."""
    try:
        name = md(lab().dataset(plan.rehearsal).title, 60)
    except PxError:  # gone since; the runs below tell more
        name = "a data set that is not here any more"
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/theater_comedy: **Rehearsal** on {name}", width="content")
            st.button(
                "Stop rehearsing",
                type="tertiary",
                icon=":material/stop_circle:",
                key="staged-rehearse-stop",
                on_click=_stop,
                args=(plan,),
                help="Detaches what the rehearsal attached, so that real measurements can "
                "follow. Its runs stay in the list of runs.",
            )
        _follow(plan)


def _stop(plan: StagedPlan) -> None:
    sighted.act(
        lambda: lab().staged.stop_rehearsal(plan, who=visit().owner), toast="Ready to measure."
    )


@st.fragment(run_every=EVERY)
def _follow(plan: StagedPlan) -> None:
    """Draw the runs of a rehearsal, again and again; the page once the plan has moved on."""
    with guarded(f"rehearsal of {plan.id}"):
        try:
            moved = lab().staged.advance_rehearsal(plan, who=visit().owner)
        except PlanChangedError:  # another tab of the same rehearsal was faster
            moved = lab().staged.plan(plan.id)
        if moved.version != plan.version:
            sighted.see(moved)
            if moved.step > plan.step:
                st.query_params["step"] = str(min(moved.step, RESULT))
            st.rerun(scope="app")
        stages = lab().staged.rehearsal(plan)
        live = any(not stage.state.final for stage in stages)
        fine = not live and not any(stage.error for stage in stages)
        done = f"{count(len(stages), 'run')}, all finished"
        with st.expander(done, type="compact") if fine else st.container():
            for stage in stages:
                _stage(stage)
        if live:
            runner_note(busy=True)
            st.caption(
                "You can close this tab: queued runs go on, and the plan catches up when somebody "
                "opens it again."
            )


def _stage(stage: RehearsalStage) -> None:
    """Draw one run of a rehearsal."""
    icon = ICONS[stage.state]
    if stage.state is RunState.RUNNING:
        st.progress(min(max(stage.share, 0.0), 1.0), text=f"{icon} {md(stage.label, 80)}")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{icon} {md(stage.label, 80)}", width="content")
        if stage.run_id:
            links.link("its page", "run", run=stage.run_id)
    if stage.error:
        st.warning(told(sentence(stage.error), 600), icon=":material/error:")

"""A rehearsal under way: its runs with bars, and the plan that goes on as they finish."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import links
from pages.parts import staged_sight as sighted
from pages.parts.errors import guarded
from pages.parts.runner import runner_note
from pages.parts.session import lab, may_change, visit
from pages.parts.staged_rehearsing import begin
from pages.parts.staged_steps import RESULT
from pages.parts.text import md, sentence, told
from pxcore.errors import PlanChangedError, PxError
from pxcore.plots.numbers import count
from pxcore.types import RunState
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


def draw(plan: StagedPlan) -> None:
    """Draw how far a rehearsal is; it goes on by itself while a page is open."""
    try:
        name = md(lab().dataset(plan.rehearsal).title, 60)
    except PxError:  # gone since; the runs below tell more
        name = "a data set that is not here any more"
    ended = _ended(lab().staged.rehearsal(plan))
    with st.container(border=True, key="staged-rehearsal-live"):
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
        st.fragment(_follow, run_every=None if ended else EVERY)(plan, ended=ended)


def _stop(plan: StagedPlan) -> None:
    sighted.act(
        lambda: lab().staged.stop_rehearsal(plan, who=visit().owner), toast="Ready to measure."
    )


def _ended(stages: Sequence[RehearsalStage]) -> bool:
    return all(stage.state.final for stage in stages)


def _follow(plan: StagedPlan, *, ended: bool) -> None:
    """Draw the runs, again and again; the whole page once the plan has moved on.

    ``ended``: whether the page was drawn for runs that have all ended.
    """
    with guarded(f"rehearsal of {plan.id}"):
        try:
            if may_change():
                moved = lab().staged.advance_rehearsal(plan, who=visit().owner)
            else:  # a reader looks on while somebody else's tab takes it further
                moved = lab().staged.plan(plan.id)
        except PlanChangedError:  # another tab of the same rehearsal was faster
            moved = lab().staged.plan(plan.id)
        if moved.version != plan.version:
            _moved_on(plan, moved)
        stages = lab().staged.rehearsal(plan)
        if _ended(stages) is not ended:
            st.rerun(scope="app")
        fine = all(stage.state is RunState.FINISHED for stage in stages)
        done = f"{count(len(stages), 'run')}, all finished"
        with st.expander(done, type="compact") if fine else st.container():
            for stage in stages:
                _stage(stage)
        if ended and not fine:
            st.button(
                "Queue again what failed",
                icon=":material/replay:",
                key="staged-rehearse-again",
                on_click=begin,
                args=(plan, plan.rehearsal, plan.rehearsal_preset),
                help="What has finished is reused.",
            )
        if not ended:
            runner_note(busy=True)
            st.caption(
                "You can close this tab: queued runs go on, and the plan catches up when somebody "
                "opens it again."
            )


def _moved_on(plan: StagedPlan, moved: StagedPlan) -> None:
    """See what the rehearsal did by itself; what a person did is told first, on top of the page."""
    if all(line.by_itself for line in moved.trail[len(plan.trail) :]):
        sighted.see(moved)
        if moved.step != plan.step:
            st.query_params["step"] = str(min(moved.step, RESULT))
    elif sighted.sight().told == moved.version:
        return
    st.rerun(scope="app")


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

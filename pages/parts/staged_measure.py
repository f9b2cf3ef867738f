"""Step 3: every planned run with its sheet, its data set and its ranking."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import staged_controls, staged_live, staged_one_run, staged_rehearsing
from pages.parts.session import asked
from pages.parts.staged_dealing import grid
from pages.parts.staged_steps import MERGE, go
from pages.parts.staged_top import say
from pxcore.plots.staged_words import measured_said
from pxcore.types.staged import StagedPlan, StagedRun


def draw(plan: StagedPlan, top: DeltaGenerator) -> None:
    """Draw one run at a time; the others are a click away."""
    say(top, f"{measured_said(plan)}.")
    dealt = [run for run in plan.runs if not run.final]
    if all(run.run_id for run in dealt):
        st.button(
            "Go on to the merge",
            type="primary",
            icon=":material/merge:",
            key="staged-to-merge",
            on_click=go,
            args=(MERGE,),
        )
    if plan.rehearsal:
        staged_live.draw(plan)
    else:
        staged_rehearsing.offer(plan)
    run = _pick(dealt)
    staged_one_run.draw(plan, run)
    staged_controls.draw(plan)
    with st.expander("Which marker is measured in which run", icon=":material/grid_on:"):
        grid(plan, plan.runs, "staged-grid")


def _pick(dealt: list[StagedRun]) -> StagedRun:
    """Draw the choice of a run; the first that waits comes first. It stands in the address."""
    by_number = {run.number: run for run in dealt}
    waiting = next((run for run in dealt if not run.run_id), dealt[0])
    wanted = asked("part")
    known = wanted.isdecimal() and len(wanted) < 4 and int(wanted) in by_number
    number = int(wanted) if known else waiting.number
    key = "staged-part"
    st.session_state[key] = number
    st.segmented_control(
        "Run",
        list(by_number),
        format_func=lambda n: f"Run {n} {_mark(by_number[n])}".strip(),
        key=key,
        on_change=_keep,
        args=(key,),
        required=True,
    )
    return by_number[number]


def _mark(run: StagedRun) -> str:
    if run.run_id:
        return ":material/check:"
    return ":material/pending:" if run.dataset_id else ""


def _keep(key: str) -> None:
    """Keep the run in the address."""
    st.query_params["part"] = str(st.session_state.get(key) or "")

"""Step 5: the final run: its sheet, its data set, its ranking, and the way to advice."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import links, staged_live, staged_one_run
from pages.parts.staged_steps import RESULT, go
from pages.parts.staged_top import say
from pxcore.plots.staged_words import final_said
from pxcore.types.staged import StagedPlan


def draw(plan: StagedPlan, top: DeltaGenerator) -> None:
    """Draw the final run as the others, then what follows from it."""
    run = next(one for one in plan.runs if one.final)
    say(top, f"{final_said(run, rehearsed=bool(plan.rehearsal))}.")
    if plan.rehearsal:
        staged_live.draw(plan)
    if run.run_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            if plan.step >= RESULT:
                st.button(
                    "To the result",
                    type="primary",
                    icon=":material/flag:",
                    key="staged-to-result",
                    on_click=go,
                    args=(RESULT,),
                )
            links.link(
                "Which of these stains are enough? Ask for advice",
                "panel",
                icon=":material/colorize:",
                run=run.run_id,
            )
    staged_one_run.draw(plan, run)

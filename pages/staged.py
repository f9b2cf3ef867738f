"""Staged plan: from candidate markers to a panel in six steps (``?plan=ID&step=N``)."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import (
    deleting,
    staged_candidates,
    staged_dealing,
    staged_files,
    staged_final,
    staged_measure,
    staged_merging,
    staged_result,
    staged_sight,
    staged_sofar,
    staged_start,
    staged_steps,
)
from pages.parts.errors import guarded
from pages.parts.header import Crumb, header
from pages.parts.session import asked, keep_address
from pages.parts.staged_top import dropped
from pxcore.types.staged import StagedPlan

Draw = Callable[[StagedPlan, DeltaGenerator], None]
STEPS: tuple[Draw, ...] = (
    staged_candidates.draw,
    staged_dealing.draw,
    staged_measure.draw,
    staged_merging.draw,
    staged_final.draw,
    staged_result.draw,
)
"""What draws each step, in their order."""


def render() -> None:
    """Draw the plan of the address at its step; without one, the way in."""
    plan_id = asked("plan")
    if not plan_id:
        staged_start.draw()
        return
    keep_address()
    plan, latest = staged_sight.look(plan_id)
    step = staged_steps.current(plan)
    header(
        plan.title,
        [Crumb("Staged plans", "staged")],
        downloads=staged_files.downloads(plan),
        share=("plan", plan.id),
    )
    staged_sight.banner(plan, latest)
    top = st.container()
    staged_steps.draw(plan, step)
    middle, right = st.columns([4, 1], gap="small")
    with right:
        staged_sofar.draw(plan)
    with middle:
        dropped(plan)
        with guarded(f"staged plan {plan.id}, step {step}"):
            STEPS[step - 1](plan, top)
    deleting.offer("plan", plan.id)

"""The stepper of the wizard: six steps, reached ones can be opened, the step in the address."""

from __future__ import annotations

import streamlit as st

from pages.parts.session import asked
from pages.parts.text import md
from pxcore.types.staged import StagedPlan

STEPS = ("Candidates", "Plan", "Measure", "Merge", "Final run", "Result")
CANDIDATES, PLAN, MEASURE, MERGE, FINAL, RESULT = range(1, 7)


def current(plan: StagedPlan) -> int:
    """Return the step of the address as far as it was reached; else the furthest one."""
    text = asked("step")
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else 0
    return wanted if 1 <= wanted <= plan.step else plan.step


def draw(plan: StagedPlan, step: int) -> None:
    """Draw the six steps; those not reached yet cannot be opened."""
    with st.container(horizontal=True, gap="xsmall", key="staged-steps"):
        for number, name in enumerate(STEPS, start=1):
            done = number < plan.step
            here = number == step
            st.button(
                f"{number} {name}",
                key=f"staged-step-{number}",
                type="primary" if here else "secondary",
                icon=":material/check:" if done and not here else None,
                disabled=number > plan.step,
                on_click=go,
                args=(number,),
                help=None if number <= plan.step else f"Comes after {STEPS[plan.step - 1]}.",
            )
    asked_for = asked("step")
    if asked_for and asked_for != str(step):
        st.caption(
            f"Step {md(asked_for, 20)} of the address is not reached yet: this is step {step}."
        )


def go(step: int) -> None:
    """Open another step."""
    st.query_params["step"] = str(step)

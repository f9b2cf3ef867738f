"""The way into a staged plan: what it is for, a button to begin, plans to resume."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import links
from pages.parts.header import header
from pages.parts.session import lab, name_field, remember_owner, visit
from pages.parts.staged_steps import STEPS
from pages.parts.text import md
from pages.parts.words import moment
from pxcore.plots.numbers import count
from pxcore.types.staged import StagedPlan

TITLE = "Staged plan"
PURPOSE = (
    "For more candidate markers than your instrument has slots. The candidates are dealt to "
    "several runs; each run is measured and its channels are ranked; the best meet in a final run. "
    "At the end stands a panel, with the reason for every marker that is in it or not."
)
DEFAULT = "imagestream_12"
MOST = 30
"""Plans that are listed; the rest is counted."""


def draw() -> None:
    """Draw the empty page, with the plans that can be resumed."""
    header(TITLE)
    st.markdown(PURPOSE, width=720)
    hint = "Stands beside what you decide; may stay empty."
    owner = name_field("Your name", "staged-begun-by", hint, width=260)
    if st.button("Begin a plan", type="primary", icon=":material/add_circle:", key="staged-new"):
        door = lab().staged
        usual = next(
            (one for one in door.instruments() if one.id == DEFAULT), door.instruments()[0]
        )
        remember_owner(owner)
        made = door.new("Staged plan", usual, visit().owner)
        links.stay(plan=made.id, step="1")
    st.caption(
        "Every change that is saved is kept: the address brings the plan back, and any earlier "
        "state of it. Only the first step waits for its Save button: what stands in its table is "
        "lost with the tab until then.",
        width=720,
    )
    _plans(lab().staged.plans())


def _plans(plans: Sequence[StagedPlan]) -> None:
    """Draw the plans there are, the one changed last on top."""
    if not plans:
        return
    st.subheader("Go on with a plan", anchor=False)
    for plan in plans[:MOST]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            links.link(md(plan.title, 70), "staged", icon=":material/stairs:", plan=plan.id)
            step = STEPS[min(max(plan.step, 1), len(STEPS)) - 1]
            by = f" by {md(plan.owner, 40)}" if plan.owner else ""
            many = count(len(plan.candidates), "candidate")
            kind = ", a rehearsal" if plan.rehearsal else ""
            st.caption(
                f"step {plan.step} of 6, {step}; {many}{kind}; changed {moment(plan.changed)}{by}"
            )
    if len(plans) > MOST:
        st.caption(f"{len(plans) - MOST} older plans open by their links.")

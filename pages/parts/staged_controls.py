"""What is measured besides: FMO controls and samples, which sheets and order list follow."""

from __future__ import annotations

import streamlit as st

from pages.parts import staged_sight as sighted
from pages.parts.session import lab, visit
from pxcore.plots.text import one_line
from pxcore.types.staged import StagedPlan


def draw(plan: StagedPlan) -> None:
    """Draw the controls of every run, folded; they change sheets and orders only."""
    with st.expander("Controls and samples of every run", icon=":material/science:"):
        st.caption(
            "Single stains are measured for every marker. An FMO control (fluorescence minus one) "
            "shows where a marker's background ends; it costs one test of every other marker.",
            width=720,
        )
        markers = [one.marker for one in plan.candidates]
        fmo = st.multiselect(
            "FMO controls",
            markers,
            default=[marker for marker in plan.fmo if marker in markers],
            format_func=lambda marker: one_line(marker, 40),
            key=f"staged-fmo-{plan.id}-{plan.version}",
            placeholder="none",
            width=520,
        )
        samples = st.number_input(
            "Samples a run",
            min_value=1,
            max_value=999,
            value=plan.samples,
            key=f"staged-samples-{plan.id}-{plan.version}",
            width=150,
            help="Full stains to order; controls are measured once a run.",
        )
        asked = tuple(fmo), int(samples)
        st.button(
            "Save the controls",
            icon=":material/save:",
            key="staged-controls",
            disabled=asked == (plan.fmo, plan.samples),
            on_click=_save,
            args=(plan, *asked),
        )


def _save(plan: StagedPlan, fmo: tuple[str, ...], samples: int) -> None:
    sighted.act(
        lambda: lab().staged.controls(plan, fmo, samples, who=visit().owner), toast="Saved."
    )

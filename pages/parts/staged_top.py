"""The one sentence on top of a step, and notes on what no longer held."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.text import md
from pxcore.types.staged import StagedPlan


def say(top: DeltaGenerator, text: str) -> None:
    """Write the answer of a step; ``text`` is plain."""
    top.markdown(f"#### {md(text, 1200)}", width=980)


def dropped(plan: StagedPlan) -> None:
    """Tell what the last change made void; nothing is dropped silently."""
    if plan.notes:
        lines = "\n".join(f"- {md(one, 600)}" for one in plan.notes)
        st.warning(
            f"The last change dropped what no longer holds:\n{lines}", icon=":material/info:"
        )

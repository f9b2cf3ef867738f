"""The one sentence on top of a step, and what is to be known of the last change."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.text import md
from pxcore.types.staged import StagedPlan


def say(top: DeltaGenerator, text: str) -> None:
    """Write the answer of a step; ``text`` is plain."""
    top.markdown(f"#### {md(text, 1200)}", anchors=False, width=980)


def dropped(plan: StagedPlan) -> None:
    """Tell what the last change made void or brought with it; nothing is dropped silently."""
    if plan.notes:
        lines = "\n".join(f"- {md(one, 600)}" for one in plan.notes)
        st.warning(f"To know about the last change:\n{lines}", icon=":material/info:")

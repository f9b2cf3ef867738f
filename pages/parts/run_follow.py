"""Buttons that ask more of a finished run: a new run that reuses everything it can."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.parts import links
from pages.parts.session import lab, visit

What = Literal["gates", "redundancy", "leakage", "left_out"]
REUSES = "It reuses every training and ranking of this run and adds only what is missing."


def ask(
    run_id: str,
    what: What,
    label: str,
    groups: tuple[tuple[int, ...], ...] = (),
    note: str = REUSES,
) -> None:
    """Draw a button that starts the follow-up run and goes there.

    ``groups``: for ``left_out``, positions in the data set's panel of channels left out together.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(label, key=f"ask-{what}", icon=":material/add_task:"):
            links.go("run", run=lab().follow_up(run_id, what, groups=groups, owner=visit().owner))
        st.caption(note)

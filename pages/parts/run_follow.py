"""Buttons that ask more of a finished run: a new run that reuses what is already there."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.parts import links
from pages.parts.session import lab, may_change, visit
from pages.parts.text import md, sentence
from pxcore.errors import PxError
from pxcore.plots.numbers import count, duration

What = Literal["gates", "redundancy", "leakage", "where", "left_out"]


def ask(
    run_id: str,
    what: What,
    label: str,
    groups: tuple[tuple[int, ...], ...] = (),
    note: str = "",
) -> None:
    """Draw a button that starts the follow-up run and goes there, and what that would cost.

    Parameters
    ----------
    groups
        For ``left_out``: positions in the data set's panel of channels left out together.
    note
        What it does, in a sentence.
    """
    if not may_change():
        st.caption("Not computed. Whoever may start runs can ask for it here.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(label, key=f"ask-{what}", icon=":material/add_task:"):
            links.go("run", run=lab().follow_up(run_id, what, groups=groups, owner=visit().owner))
        st.caption(" ".join(word for word in (note, cost(run_id, what, groups)) if word))


def cost(run_id: str, what: What, groups: tuple[tuple[int, ...], ...] = ()) -> str:
    """Return how much of a follow-up is already there, and what the rest would take."""
    try:
        found = lab().follow_up_estimate(run_id, what, groups)
    except PxError as error:  # the button then says the same, and keeps the page
        return f"What it would cost is not known: {md(sentence(str(error)), 400)}"
    there = f"{found.cached} of {count(found.tasks, 'step')} are already there"
    if found.cached == found.tasks:
        return f"{there}: nothing is left to compute."
    return f"{there}; the rest takes about {duration(found.seconds)}."

"""Whether somebody does the work: the runner beside the web process."""

from __future__ import annotations

import streamlit as st

from pages.parts.session import lab
from pages.parts.text import sentence, told
from pxcore.plots.numbers import duration


def runner_note(*, busy: bool) -> None:
    """Say so where no runner lives, or what ails its workers.

    ``busy``: work waits for it, so the note is a warning.
    """
    status = lab().runner_status()
    if status.alive:
        if status.problem:
            st.warning(told(sentence(status.problem), 1000), icon=":material/lan:")
        return
    seen = status.seconds_since_heartbeat
    last = f" It was last seen {duration(seen)} ago." if seen is not None else ""
    text = (
        "No runner is alive, so imports and runs wait; nothing is lost."
        f"{last} Start it with `python -m pxcore runner`, or everything with "
        "`python -m pxcore serve`."
    )
    if busy:
        st.warning(text, icon=":material/power_off:")
    else:
        st.info(text, icon=":material/power_off:")

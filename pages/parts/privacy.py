"""Who sees a run: its owner may hide it from the lab, and show it again."""

from __future__ import annotations

import streamlit as st

from pages.parts.errors import banner
from pages.parts.session import lab, logged_in, visit
from pxcore.errors import PxError
from pxcore.types import RunRow


def draw(run: RunRow) -> None:
    """Draw the switch for the run's owner and administrators, for others nothing.

    Where nobody logs in everybody sees everything, and there is nothing to switch; a run
    that nobody owns, as one of the command line, would be hidden from all.
    """
    if not logged_in() or not run.owner or not visit().person.owns(run.owner):
        return
    key = f"private-{run.id}"
    st.toggle(
        "Private: only you and administrators see this run"
        if run.owner == visit().owner
        else "Private: only its owner and administrators see this run",
        value=run.private,
        key=key,
        help="Links to it that others have made end at once; your own stay until you revoke them.",
        on_change=_switched,
        args=(run.id, key),
    )
    if refused := st.session_state.pop(f"{key}-refused", None):
        banner(PxError(refused))


def _switched(run_id: str, key: str) -> None:
    """Do what was switched; where it is refused the switch goes back and the page says why."""
    try:
        lab().people.set_private(run_id, private=bool(st.session_state[key]))
    except PxError as error:
        st.session_state[key] = not st.session_state[key]
        st.session_state[f"{key}-refused"] = str(error)

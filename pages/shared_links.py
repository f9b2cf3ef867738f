"""Shared links: which of one's links open, how often they were visited, and their end."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import links
from pages.parts.header import header
from pages.parts.session import lab
from pages.parts.share_rows import rows_of
from pxcore.plots.numbers import count
from pxcore.types.people import ShareRow


def render() -> None:
    """Draw the page."""
    header("Shared links")
    mine = lab().shares.mine()
    if not mine:
        st.markdown(
            "A link lets somebody outside the lab read one result, as it is when it is shared, "
            "without logging in. **Share** at the top of a finished run, a comparison, an advice "
            "or a staged plan makes one. You have made none yet.",
            width=720,
        )
        links.link("All runs", "runs", icon=":material/list:")
        return
    st.markdown(f"#### {_answer(mine)}", anchors=False, width=980)
    st.caption(
        "A link itself cannot be shown again: only its holder knows it. Where one is lost, revoke "
        "it and share anew.",
        width=980,
    )
    rows_of(mine)


def _answer(rows: Sequence[ShareRow]) -> str:
    """Return how many links open, and how often they were visited."""
    alive = [row for row in rows if row.alive]
    if not alive:
        if len(rows) == 1:
            return "Your link opens nothing any more."
        return f"None of your {len(rows)} links opens any more."
    times = sum(row.opened for row in alive)
    opens = "opens" if len(alive) == 1 else "open"
    visited = f"visited {count(times, 'time')}" if times else "not visited yet"
    return f"{count(len(alive), 'link')} of yours {opens}, {visited}."

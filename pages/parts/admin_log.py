"""Administration, who did what: starts, cancels, deletions, shares, changes of people."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.session import lab, later
from pages.parts.text import csv_bytes
from pxcore.plots.numbers import minute
from pxcore.types.people import AuditRow
from pxcore.types.upkeep import HostState

MOST = 5000


def draw(_host: HostState) -> None:
    """Draw the log, newest first, with filters."""
    rows = lab().people.audit(MOST)
    if not rows:
        st.markdown("#### Nothing has been done yet.", anchors=False)
        return
    nameless = "no name" if lab().people.auth == "open" else "command line"
    frame = table(rows, nameless)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = [
            st.multiselect(name, sorted(set(frame[name])), key=f"log-{name}", placeholder="all")
            for name in ("Who", "What")
        ]
        st.download_button(
            "CSV",
            later(lambda: csv_bytes(frame)),
            file_name="who-did-what.csv",
            mime="text/csv",
            key="log-csv",
            icon=":material/download:",
            on_click="ignore",
        )
    for name, wanted in zip(("Who", "What"), chosen, strict=True):
        frame = frame[frame[name].isin(wanted)] if wanted else frame
    st.dataframe(frame, hide_index=True, key="log-table", width="stretch")
    more = f"; the latest {MOST:,}" if len(rows) == MOST else ""
    st.caption(f"{len(frame):,} of {len(rows):,} entries{more}")


def table(rows: Sequence[AuditRow], nameless: str) -> pd.DataFrame:
    """Return the log, a row each; ``nameless`` did what nobody who logged in did."""
    return pd.DataFrame(
        {
            "When (UTC)": [minute(one.at) for one in rows],
            "Who": [one.who or nameless for one in rows],
            "What": [one.action for one in rows],
            "Of": [one.subject for one in rows],
            "More": [one.detail for one in rows],
        }
    )

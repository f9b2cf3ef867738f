"""Rankings held against what is known of their channels: planted ones, or mean intensities."""

from __future__ import annotations

import streamlit as st

from pxcore.plots.compare_tables import truth
from pxcore.plots.truth import MEANS, PLANTED
from pxcore.types.comparison import Comparison
from pxcore.types.truth import TruthKind

SAID: dict[TruthKind, tuple[str, str]] = {
    "planted": (
        "Which ranking finds the planted channels",
        f"These cells were drawn, so that it is known which channels tell the classes. {PLANTED}",
    ),
    "means": (
        "Against the classes' mean intensities",
        "How far the classes' mean intensities lie apart says without any network which channels "
        f"differ; the order of each ranking is compared with that. {MEANS}",
    ),
}


def draw(comparison: Comparison) -> None:
    """Draw one table for each kind of truth that some ranking has; nothing without any."""
    for kind, table in truth(comparison).items():
        title, said = SAID[kind]
        st.subheader(title, anchor=False)
        st.markdown(said, width=980)
        st.dataframe(table, hide_index=True, key=f"against-{kind}")

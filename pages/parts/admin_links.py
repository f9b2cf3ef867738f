"""Administration, shared links: every open way out of the lab, and its end."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.session import lab
from pages.parts.share_rows import rows_of
from pages.parts.text import md
from pxcore.plots.numbers import count, minute
from pxcore.types.people import ShareRow
from pxcore.types.upkeep import HostState


def draw(_host: HostState) -> None:
    """Draw every link, the open ones with a button that ends them."""
    every = lab().shares.all()
    if not every:
        st.markdown("#### Nobody has shared anything.", anchors=False)
        st.caption("The Share button of a run, comparison or plan makes a link.")
        return
    open_now = [one for one in every if one.alive]
    st.markdown(
        f"#### {count(len(open_now), 'link')} open to whoever has them; {len(every)} were made.",
        anchors=False,
    )
    rows_of(open_now)
    with st.expander("All links", icon=":material/table_rows:", type="compact"):
        st.dataframe(table(every), hide_index=True, key="links-table", width="stretch")


def still_open(name: str) -> None:
    """Tell of open links of somebody who may not come in any more, and offer to end them."""
    rows = [one for one in lab().shares.all() if one.alive and one.owner == name]
    if not rows:
        return
    st.warning(
        f"{count(len(rows), 'link')} of {md(name, 60)} can still be opened by whoever has "
        f"{'it' if len(rows) == 1 else 'them'}.",
        icon=":material/link:",
    )
    if st.button("Revoke for good", key="links-of-shut-out", icon=":material/link_off:"):
        for one in rows:
            lab().shares.revoke(one.id)
        st.rerun()


def table(every: Sequence[ShareRow]) -> pd.DataFrame:
    """Return links, a row each."""
    return pd.DataFrame(
        {
            "State": [one.state for one in every],
            "Title": [one.title for one in every],
            "Kind": [one.kind for one in every],
            "By": [one.owner or "command line" for one in every],
            "Made (UTC)": [minute(one.created) for one in every],
            "Until (UTC)": [minute(one.expires) for one in every],
            "Revoked (UTC)": [minute(one.revoked) for one in every],
            "Visits": [one.opened for one in every],
        }
    )

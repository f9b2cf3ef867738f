"""Administration, clean up: what nothing refers to, shown first, removed after a second look."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.admin_room import BYTES, sized
from pages.parts.session import lab
from pxcore.plots.numbers import count, size
from pxcore.types.upkeep import Cleaned, HostState, Loose, LooseKind

DONE = "cleaned"
WORDS = {
    LooseKind.RESULTS: "Results and pictures that no run, data set, plan or link uses",
    LooseKind.WORK: "Logs of steps whose runs were deleted",
    LooseKind.CHECKPOINTS: "Half-done trainings of runs that have ended",
    LooseKind.UPLOADS: "Uploads that no import waits for",
    LooseKind.DOWNLOADS: "Downloaded files whose cells are registered, and broken-off downloads",
    LooseKind.TEMPORARY: "Half-written files of processes that died",
}
HOURS = 24.0


def draw(_host: HostState) -> None:
    """Draw what may go, by kind, and the button that removes it."""
    _told()
    found = lab().upkeep.loose(HOURS)
    if not found:
        st.markdown("#### There is nothing to clean up.", anchors=False)
        st.caption(
            "What a run, data set, plan or link uses always stays, and so does everything that "
            f"was touched within {HOURS:.0f} hours.",
            width=760,
        )
        return
    total = sum(one.n_bytes for one in found)
    st.markdown(
        f"#### {size(total)} can be freed: {count(len(found), 'thing')} that nothing uses.",
        anchors=False,
    )
    st.caption(
        "Nothing here is used by a run, data set, plan or link, and nobody touched it within "
        f"{HOURS:.0f} hours. Runs and imports may go on meanwhile.",
        width=760,
    )
    chosen = [one for kind in LooseKind for one in _kind(kind, found)]
    with st.expander("Everything one by one", icon=":material/table_rows:", type="compact"):
        shown = sized(table(found))
        config = {f"Room{BYTES}": st.column_config.NumberColumn("Room")}
        st.dataframe(
            shown, hide_index=True, key="clean-table", width="stretch", column_config=config
        )
    freed = size(sum(one.n_bytes for one in chosen))
    if st.button(
        f"Remove {count(len(chosen), 'thing')}, {freed}",
        type="primary",
        icon=":material/delete_sweep:",
        disabled=not chosen,
    ):
        st.dialog("Clean up", icon=":material/delete_sweep:")(ask)(chosen)


def table(found: Sequence[Loose]) -> pd.DataFrame:
    """Return what may go, a row each."""
    return pd.DataFrame(
        {
            "What": [one.label for one in found],
            f"Room{BYTES}": [one.n_bytes for one in found],
            "Untouched for, hours": [round(one.hours) for one in found],
            "Id": [one.id for one in found],
        }
    )


def _kind(kind: LooseKind, found: Sequence[Loose]) -> list[Loose]:
    """Draw the tick of one kind; return what it holds when it is ticked."""
    mine = [one for one in found if one.kind is kind]
    if not mine:
        return []
    taken = size(sum(one.n_bytes for one in mine))
    label = f"{WORDS[kind]}: {len(mine):,}, {taken}"
    return mine if st.checkbox(label, value=True, key=f"clean-{kind}") else []


def ask(chosen: Sequence[Loose]) -> None:
    """Ask once more, then remove."""
    freed = size(sum(one.n_bytes for one in chosen))
    st.markdown(
        f"Remove **{count(len(chosen), 'thing')}**, {freed}, for good? Each is looked at again "
        "right before: what something uses by then stays."
    )
    if st.button("Remove for good", type="primary", key="clean-sure"):
        st.session_state[DONE] = lab().upkeep.clean(chosen, HOURS)
        st.rerun()


def _told() -> None:
    """Say once what the last clean-up did."""
    done = st.session_state.pop(DONE, None)
    if isinstance(done, Cleaned):
        kept = f" {count(len(done.kept), 'thing')} stayed: in use again." if done.kept else ""
        st.success(
            f"{count(len(done.removed), 'thing')} removed, {size(done.n_bytes)} freed.{kept}",
            icon=":material/check:",
        )

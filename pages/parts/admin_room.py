"""Administration, room: what takes how much of the disk, by person, data set and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.parts import links
from pages.parts.session import lab, later
from pages.parts.text import csv_bytes
from pxcore.plots.numbers import size
from pxcore.types.upkeep import HostState, Storage, Usage

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

MIB = 2**20
HELP = {
    "Only this, MiB": "Freed when it is deleted and cleaned up: nothing else refers to it.",
    "With shared, MiB": "Everything it refers to; what several use is counted for each.",
    "Counted, MiB": "What several people use is divided equally among them.",
}


def draw(_host: HostState) -> None:
    """Draw the room taken, by whom and by what."""
    found = lab().upkeep.storage()
    st.markdown(f"#### {sentence(found)}", anchors=False)
    st.caption(
        "Results are kept once, however many runs use them. Deleting a run frees what no other "
        "run uses, after the next clean-up.",
        width=760,
    )
    if found.people:
        _show("People", people(found.people), "people")
    if found.datasets:
        _show("Data sets", table(found.datasets, "datasets", "dataset"), "data-sets")
    if found.runs:
        _show("Runs", table(found.runs, "run", "run"), "runs")
    others = [(name, taken) for name, taken in found.other if taken]
    if others:
        st.markdown("**Beside results and cells**")
        words = {"public": "downloaded public data sets", "work": "logs and half-done trainings"}
        rows = [(words.get(name, name), taken / MIB) for name, taken in others]
        frame = pd.DataFrame(rows, columns=["Folder", "MiB"])
        st.dataframe(frame, hide_index=True, key="room-other", column_config=_config(frame))


def sentence(found: Storage) -> str:
    """Return where the room went, in one sentence."""
    rest = sum(taken for _, taken in found.other)
    loose = f"; {size(found.loose)} of it belong to nothing any more" if found.loose else ""
    return (
        f"Cells and results take {size(found.artifacts)}{loose}. Other files take {size(rest)}, "
        f"and {size(found.free)} of {size(found.disk)} are free."
    )


def people(usages: Sequence[Usage]) -> pd.DataFrame:
    """Return the room of people."""
    return pd.DataFrame(
        {
            "Name": [one.title for one in usages],
            "Counted, MiB": [one.charged / MIB for one in usages],
            "Quota": [size(one.quota) if one.quota else "no limit" for one in usages],
            "Only theirs, MiB": [one.alone / MIB for one in usages],
            "With shared, MiB": [one.n_bytes / MIB for one in usages],
        }
    )


def table(usages: Sequence[Usage], page: str, word: str) -> pd.DataFrame:
    """Return the room of data sets or runs, with links."""
    return pd.DataFrame(
        {
            "Open": [links.address(page, **{word: one.id}) for one in usages],
            "Title": [one.title for one in usages],
            "Owner": [one.owner for one in usages],
            "Only this, MiB": [one.alone / MIB for one in usages],
            "With shared, MiB": [one.n_bytes / MIB for one in usages],
        }
    )


def _show(title: str, frame: pd.DataFrame, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown(f"**{title}**")
        st.space("stretch")
        st.download_button(
            "CSV",
            later(lambda: csv_bytes(frame)),
            file_name=f"room-{key}.csv",
            mime="text/csv",
            key=f"room-{key}-csv",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
        )
    st.dataframe(
        frame, hide_index=True, key=f"room-{key}", width="stretch", column_config=_config(frame)
    )


def _config(frame: pd.DataFrame) -> Mapping[str, ColumnConfig]:
    numbers = {
        name: st.column_config.NumberColumn(name, format="%.1f", help=HELP.get(name))
        for name in frame.columns
        if name.endswith("MiB")
    }
    if "Open" not in frame.columns:
        return numbers
    return numbers | {
        "Open": st.column_config.LinkColumn("Open", display_text="open", width="small")
    }

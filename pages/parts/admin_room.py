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
    from pandas.io.formats.style import Styler
    from streamlit.elements.lib.column_types import ColumnConfig

BYTES = ", bytes"
"""End of columns that hold a size; pages show them in units, files as whole numbers."""
HELP = {
    "Only this": "Freed when it is deleted and cleaned up: nothing else refers to it.",
    "With shared": "Everything it refers to; what several use is counted for each.",
    "Counted": "What several people use is divided equally among them.",
}
OTHERS = {
    "work": "steps of runs: their logs, half-done trainings",
    "uploads": "uploads that wait for an import",
    "public": "downloaded public data sets",
    "weights": "weights that models may start from",
    "temporary": "files that are being written",
    "workers": "what workers set aside while they work",
    "logs": "logs of the server: serve, web, runner",
    "damaged": "damaged results that were set aside",
}
"""Folders beside the artifacts, in words."""


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
        rows = [(OTHERS.get(name, name), taken) for name, taken in others]
        frame = pd.DataFrame(rows, columns=["What", f"Room{BYTES}"])
        st.dataframe(sized(frame), hide_index=True, key="room-other", column_config=_config(frame))


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
            f"Counted{BYTES}": [round(one.charged) for one in usages],
            "Quota": [size(one.quota) if one.quota else "no limit" for one in usages],
            f"Only theirs{BYTES}": [one.alone for one in usages],
            f"With shared{BYTES}": [one.n_bytes for one in usages],
        }
    )


def table(usages: Sequence[Usage], page: str, word: str) -> pd.DataFrame:
    """Return the room of data sets or runs, with links."""
    return pd.DataFrame(
        {
            "Open": [links.address(page, **{word: one.id}) for one in usages],
            "Title": [one.title for one in usages],
            "Owner": [one.owner for one in usages],
            f"Only this{BYTES}": [one.alone for one in usages],
            f"With shared{BYTES}": [one.n_bytes for one in usages],
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
        sized(frame),
        hide_index=True,
        key=f"room-{key}",
        width="stretch",
        column_config=_config(frame),
    )


def sized(frame: pd.DataFrame) -> Styler:
    """Return a table with its bytes in units; it is sorted by the numbers behind them."""
    columns = [name for name in frame.columns if name.endswith(BYTES)]
    return frame.style.format(dict.fromkeys(columns, _told))


def _told(n_bytes: object) -> str:
    return size(n_bytes) if isinstance(n_bytes, int | float) else ""


def _config(frame: pd.DataFrame) -> Mapping[str, ColumnConfig]:
    labels = {name: name.removesuffix(BYTES) for name in frame.columns if name.endswith(BYTES)}
    numbers = {
        name: st.column_config.NumberColumn(label, help=HELP.get(label))
        for name, label in labels.items()
    }
    if "Open" not in frame.columns:
        return numbers
    return numbers | {
        "Open": st.column_config.LinkColumn("Open", display_text="open", width="small")
    }

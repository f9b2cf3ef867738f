"""Data sets: the list, one of them (``?dataset=``), or an import under way (``?importing=``)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import catalogue, dataset_detail, importing, links, register
from pages.parts.header import STATES, header
from pages.parts.runner import runner_note
from pages.parts.session import asked, keep_address, lab
from pages.parts.text import md
from pages.parts.words import classes_of, moment
from pxcore.plots.numbers import minute
from pxcore.types import Dataset, ImportProgress, ImportState


def render() -> None:
    """Draw the page that the address asks for."""
    keep_address()
    if asked("importing"):
        importing.render(asked("importing"))
    elif asked("dataset"):
        dataset_detail.render(asked("dataset"))
    else:
        _all()


def _all() -> None:
    """Draw the list of data sets, open imports, and the ways to add cells."""
    header("Data sets")
    datasets, imports = lab().datasets(), lab().imports.all()
    live = [one for one in imports if one.state in (ImportState.QUEUED, ImportState.RUNNING)]
    runner_note(busy=bool(live))
    if not datasets:
        st.markdown(
            "A data set is a stack of single-cell images in several channels, with the class of "
            "each cell where it is known. Add the first one below.",
            width=720,
        )
    else:
        _table(datasets)
    _imports(live, [one for one in imports if one.state is ImportState.FAILED][:3])
    public = asked("add") == "public"
    open_first = not datasets or bool(asked("add"))
    with st.expander("Add cells", icon=":material/add_circle:", expanded=open_first and not public):
        register.draw()
    with st.expander("Public data sets", icon=":material/public:", expanded=public):
        catalogue.draw()


def _table(datasets: Sequence[Dataset]) -> None:
    """Draw the data sets with links."""
    table = pd.DataFrame(
        {
            "Open": [links.address("datasets", dataset=one.id) for one in datasets],
            "Title": [one.title for one in datasets],
            "Cells": [one.n_cells for one in datasets],
            "Labelled": [one.n_labelled for one in datasets],
            "Channels": [", ".join(one.panel.names) for one in datasets],
            "Classes": [len(one.classes) for one in datasets],
            "Donors": [len(one.groups) or None for one in datasets],
            "Size": [f"{one.image_shape[1]} × {one.image_shape[2]}" for one in datasets],
            "Added (UTC)": [minute(one.created) for one in datasets],
        }
    )
    for one in datasets[:12]:
        label = f"**{md(one.title, 60)}** · {one.n_cells:,} cells · "
        label += f"{classes_of(one)} · {moment(one.created)}"
        links.link(label, "datasets", icon=":material/biotech:", dataset=one.id)
    with st.expander("As a table", icon=":material/table_rows:", type="compact"):
        st.dataframe(
            table,
            hide_index=True,
            key="datasets-table",
            column_config={
                "Open": st.column_config.LinkColumn("Open", display_text="open", width="small"),
                "Cells": st.column_config.NumberColumn(format="localized"),
                "Labelled": st.column_config.NumberColumn(format="localized"),
            },
        )


def _imports(live: Sequence[ImportProgress], failed: Sequence[ImportProgress]) -> None:
    """Draw imports that are under way, and the last ones that failed."""
    for one in (*live, *failed):
        word, icon, _ = STATES[one.state.value]
        name = md(one.request.title or one.request.path.rsplit("/", 1)[-1], 60)
        label = f"Import of {name}: {word} · {moment(one.created)}"
        links.link(label, "datasets", icon=icon, importing=one.id)

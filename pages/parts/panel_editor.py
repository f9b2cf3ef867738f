"""Names, roles and costs of channels, and labels that come later."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import links
from pages.parts.session import asked, lab, later
from pages.parts.text import csv_bytes, file_name, md
from pxcore.errors import PanelError
from pxcore.plots.numbers import count, listed, size
from pxcore.plots.text import one_line
from pxcore.types import Channel, Dataset, Panel, Role

TEXTS = ("name", "marker", "clone", "fluorochrome", "laser")
FLAGS = ("must_keep", "exclude", "gate_defining")
SHEET_MIB = 1
"""Largest panel sheet taken, MiB: no more than the panel sheet's own reader takes."""
LABELS_MIB = 20
"""Largest table of labels added to a data set, MiB."""


def panel(dataset: Dataset) -> None:
    """Draw the panel sheet as a table to edit, and as a file."""
    st.caption(
        "Names and roles belong to the data set; runs that were started keep the panel they had."
    )
    title = st.text_input("Title of the data set", value=dataset.title, max_chars=120)
    edited = st.data_editor(
        table(dataset.panel),
        hide_index=True,
        disabled=["channel"],
        key=f"panel-{dataset.id}-{hash(dataset.panel)}",
        column_config={
            "role": st.column_config.SelectboxColumn(
                options=[role.value for role in Role if role is not Role.DECOY], required=True
            ),
            "name": st.column_config.TextColumn(required=True, max_chars=80),
            "cost": st.column_config.NumberColumn("cost a test", min_value=0.0),
            "channel": st.column_config.NumberColumn(
                width="small", help="Its number in the images, counted from 1."
            ),
            "must_keep": st.column_config.CheckboxColumn("must keep"),
            "gate_defining": st.column_config.CheckboxColumn(
                "defines the gate",
                help="The labels came from this marker's gate: its importance is circular.",
            ),
        },
    )
    if st.button("Save", type="primary", icon=":material/save:"):
        lab().edit_dataset(dataset.id, title.strip() or dataset.title, from_table(edited))
        st.toast("Saved.")
        st.rerun()
    _sheet_file(dataset)


def _sheet_file(dataset: Dataset) -> None:
    """Draw the way of the panel sheet to a file and back."""
    with st.expander("Panel sheet as a file", icon=":material/description:"):
        st.markdown(
            "A line a channel: `channel` (its number or name here), `name` (renames it), `role`, "
            "`marker`, `clone`, `fluorochrome`, `laser`, `cost`, `must_keep`, `exclude`, "
            "`gate_defining`. Columns that are left out change nothing.",
            width=720,
        )
        with st.container(horizontal=True):
            st.download_button(
                "Download CSV",
                later(lambda: lab().panel_sheet(dataset.id).encode("utf-8")),
                file_name=file_name(dataset.title, "panel.csv"),
                mime="text/csv",
                on_click="ignore",
                key="sheet-download",
            )
            st.download_button(
                "Download YAML",
                later(lambda: lab().panel_sheet(dataset.id, "yaml").encode("utf-8")),
                file_name=file_name(dataset.title, "panel.yaml"),
                mime="application/yaml",
                on_click="ignore",
                key="sheet-download-yaml",
            )
        file = st.file_uploader(
            f"Fill in from a CSV or YAML of at most {SHEET_MIB} MiB",
            type=["csv", "yaml", "yml"],
            key="sheet-up",
            max_upload_size=SHEET_MIB,
        )
        if file is not None and st.button("Apply this sheet", key="sheet-apply"):
            lab().apply_panel_sheet(dataset.id, _text(file.getvalue(), file.name, SHEET_MIB))
            st.toast("The panel sheet was applied.")
            st.rerun()


def labels(dataset: Dataset) -> None:
    """Draw the way to add labels from a CSV: a new data set with the same pixels."""
    if asked("added") == "labels" and dataset.classes:
        _added(dataset)
    st.markdown(
        "A CSV with the columns `object_number`, `label` and optionally `group` (donor or "
        "sample) gives classes to these cells. The pixels are not copied; the labelled data set "
        "stands beside this one, so that finished runs stay true.",
        width=720,
    )
    template = pd.DataFrame({"object_number": [0, 1], "label": ["class A", "class B"]})
    st.download_button(
        "Example CSV", csv_bytes(template), file_name="labels.csv", mime="text/csv",
        on_click="ignore", key="labels-example",
    )  # fmt: skip
    file = st.file_uploader(
        f"Labels, a CSV of at most {LABELS_MIB} MiB",
        type=["csv"],
        key=f"labels-up-{dataset.id}",
        max_upload_size=LABELS_MIB,
    )
    if file is not None and st.button("Add these labels", type="primary", key="labels-apply"):
        made = lab().add_labels(dataset.id, _text(file.getvalue(), file.name, LABELS_MIB))
        links.stay(dataset=made.id, added="labels")


def _added(dataset: Dataset) -> None:
    """Say what the labels that made this data set gave, and what of them was not used."""
    counts = zip(dataset.classes, dataset.class_counts, strict=True)
    classes = listed([f"{one_line(name, 40)} ({number:,})" for name, number in counts])
    notes = dataset.report.notes if dataset.report else ()
    unused = [note for note in notes if "no cell of this data set" in note]
    rest = " ".join(unused) or "Every row of the table named a cell."
    text = (
        f"{dataset.n_labelled:,} of {count(dataset.n_cells, 'cell')} now have a class: "
        f"{classes}. {rest}"
    )
    st.success(md(text, 2000), icon=":material/check:")


def table(panel: Panel) -> pd.DataFrame:
    """Return the panel sheet as a table, a row a channel."""
    columns = ("name", "role", *TEXTS[1:], "cost", *FLAGS)
    rows = [[getattr(one, column) for column in columns] for one in panel.channels]
    frame = pd.DataFrame(rows, columns=list(columns))
    frame["role"] = [one.role.value for one in panel.channels]
    frame.insert(0, "channel", range(1, len(panel) + 1))
    return frame


def from_table(frame: pd.DataFrame) -> Panel:
    """Return the panel of an edited table. Raises PanelError for names that are missing."""
    channels = []
    for record in frame.to_dict("records"):
        texts = {name: str(record[name] or "").strip() for name in TEXTS}
        cost = record["cost"]
        channels.append(
            Channel(
                name=texts["name"],
                role=Role(record["role"]),
                marker=texts["marker"],
                clone=texts["clone"],
                fluorochrome=texts["fluorochrome"],
                laser=texts["laser"],
                cost=0.0 if cost is None or pd.isna(cost) else float(cost),
                must_keep=bool(record["must_keep"]),
                exclude=bool(record["exclude"]),
                gate_defining=bool(record["gate_defining"]),
            )
        )
    return Panel(tuple(channels))


def _text(data: bytes, name: str, most_mib: int) -> str:
    """Return a small text file. Raises PanelError where it is too large or not UTF-8."""
    if len(data) > most_mib * 2**20:
        message = f"{name} has {size(len(data))}; at most {most_mib} MiB are taken here"
        raise PanelError(message)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = f"{name} is not UTF-8 text; save the sheet as CSV in UTF-8"
        raise PanelError(message) from None

"""Unlabelled: learn codes of cells nobody has annotated, cluster them, look, name, rank stains."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.parts import (
    deleting,
    links,
    privacy,
    unlabelled_form,
    unlabelled_live,
    unlabelled_result,
)
from pages.parts.errors import guarded
from pages.parts.header import STATES, Crumb, Download, header
from pages.parts.report_files import report_files
from pages.parts.runner import runner_note
from pages.parts.session import asked, keep_address, lab, start_form
from pages.parts.text import csv_bytes, file_name
from pxcore.plots.numbers import count, minute
from pxcore.plots.unlabelled_tables import cluster_tables
from pxcore.types import Progress, RunState
from pxcore.types.unlabelled_views import ClusterResult

KIND = "clustering"
"""Of a report and a link."""
LISTED = 12
"""Clusterings on the first page; all of them stand under All runs."""


def render() -> None:
    """Draw the page: one clustering (``?run=``), or what there is and the form for a new one."""
    keep_address()
    run_id = asked("run")
    if not run_id:
        _start()
        return
    with guarded(f"clustering {run_id}"):  # one that cannot be shown can be deleted all the same
        _draw(run_id)
    deleting.offer("run", run_id)


def _start() -> None:
    """Draw what this page is for, the clusterings there are, and the form."""
    header("Unlabelled")
    st.markdown(
        "#### Find groups of cells before anyone has labelled one, and which stains they rest on.",
        anchors=False,
        width=980,
    )
    st.markdown(
        "A network learns to draw every cell again from a short code. Cells with similar codes "
        "are gathered into clusters, and you are told whether these can be trusted. Look at the "
        "cells of each, name those that mean something, and save them as classes: then every "
        "ranking and the panel advice work on them.",
        width=760,
    )
    datasets = lab().datasets()
    if not datasets:
        st.caption("No cells are here yet. Bring your own, or try it on drawn ones of known kinds.")
        if st.button("Add cells", type="primary", icon=":material/upload_file:"):
            links.go("datasets", add="cells")
        return
    _runs()
    if start_form():
        runner_note(busy=True)
        unlabelled_form.draw(datasets)


def _runs() -> None:
    """Draw the table of the clusterings that this person may see, newest first."""
    runs = lab().unlabelled.runs()
    if not runs:
        return
    st.subheader("Clusterings", anchor=False)
    shown = runs[:LISTED]
    table = pd.DataFrame(
        {
            "Clustering": [links.address("unlabelled", run=run.id) for run in shown],
            "Title": [run.title or run.dataset_title for run in shown],
            "Data set": [run.dataset_title for run in shown],
            "State": [STATES[run.state.value][0] for run in shown],
            "Started (UTC)": [minute(run.created) for run in shown],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        key="clusterings",
        width="content",
        alt="Clusterings with title, data set, state and link",
        column_config={
            "Clustering": st.column_config.LinkColumn(display_text="open", width="small"),
            "Title": st.column_config.TextColumn(width=360),
        },
    )
    if len(runs) > LISTED:
        links.link(f"{count(len(runs) - LISTED, 'earlier one')}: All runs", "runs")


def _draw(run_id: str) -> None:
    """Draw one clustering as it stands."""
    lab().unlabelled.ask_of(run_id)  # refuses another kind of run, and says where that one stands
    progress = lab().progress(run_id)
    row, finished = progress.run, progress.run.state is RunState.FINISHED
    result = lab().unlabelled.result(run_id) if finished else None
    header(
        row.title or row.dataset_title,
        [
            Crumb("Unlabelled", "unlabelled"),
            Crumb(row.dataset_title, "datasets", (("dataset", row.dataset_id),)),
        ],
        row.state,
        _downloads(progress, result) if result is not None else (),
        (KIND, run_id) if result is not None else None,
    )
    privacy.draw(row)
    if result is not None:
        unlabelled_result.draw(result)
    else:
        unlabelled_live.draw(progress)


def _downloads(progress: Progress, result: ClusterResult) -> list[Download]:
    """Return a finished clustering as files: its report, every table, all numbers."""
    run_id, stem = progress.run.id, progress.run.title or progress.run.dataset_title

    def as_json() -> bytes:
        told = lab().unlabelled.result_json(run_id)
        return json.dumps(told, indent=2, allow_nan=False, ensure_ascii=False).encode("utf-8")

    def csv_of(name: str, label: str, make: Callable[[], pd.DataFrame]) -> Download:
        file = file_name(stem, f"{name}.csv")
        return Download(f"{label}, CSV", file, "text/csv", lambda: csv_bytes(make()))

    json_name = file_name(stem, "clusters.json")
    return [
        *report_files(KIND, run_id, stem),
        *(csv_of(name, *one) for name, one in cluster_tables(result).items()),
        Download("All numbers, JSON", json_name, "application/json", as_json),
    ]

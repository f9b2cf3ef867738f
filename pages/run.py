"""One run by its address: live while it works, told why when it failed, the answer when done."""

from __future__ import annotations

import json

import streamlit as st

from pages.parts import deleting, links, privacy, run_live, run_result
from pages.parts.errors import guarded
from pages.parts.header import Crumb, Download, header
from pages.parts.report_files import report_files
from pages.parts.session import asked, lab, may_change
from pages.parts.text import csv_bytes, file_name
from pages.parts.words import CLUSTERS
from pxcore.errors import PxError
from pxcore.types import Progress, RunState

TABLES = {
    "ranking": "Ranking",
    "importance": "Every fold and repeat",
    "per_class": "Scores of classes",
    "performance": "Performance",
    "confusion": "Confusion counts",
    "training": "Learning curves",
}
FURTHER = {
    "where": "Where or how much",
    "redundancy": "Redundancy",
    "gates": "Sanity checks",
    "leakage": "Leakage gap",
    "left_out": "Trained without channels",
}
"""Tables that only some runs have."""


def render() -> None:
    """Draw the page of the run that the address names."""
    run_id = asked("run")
    if not run_id:
        header("Run", [Crumb("All runs", "runs")])
        st.markdown("A run is opened by its link. Choose one from the list.")
        links.link("All runs", "runs", icon=":material/list:")
        if may_change():
            links.link("New run", "new", icon=":material/add_circle:")
        return
    with guarded(f"run {run_id}"):  # one that cannot be shown can be deleted all the same
        _draw(run_id)
    deleting.offer("run", run_id)


def _draw(run_id: str) -> None:
    """Draw a run as it stands."""
    progress = lab().progress(run_id)
    if progress.run.preset == CLUSTERS:
        links.go("unlabelled", run=run_id)
    finished = progress.run.state is RunState.FINISHED
    row = progress.run
    header(
        row.title or row.dataset_title,
        [Crumb(row.dataset_title, "datasets", (("dataset", row.dataset_id),))],
        row.state,
        _downloads(progress) if finished else (),
        share=("run", run_id) if finished else None,
    )
    privacy.draw(row)
    if finished:
        run_result.draw(run_id)
    else:
        run_live.draw(progress)


def _downloads(progress: Progress) -> list[Download]:
    """Return the report of a finished run, its tables as CSV, and all of it as JSON."""
    run_id, stem = progress.run.id, progress.run.title or progress.run.dataset_title

    def csv_of(name: str) -> Download:
        return Download(
            f"{(TABLES | FURTHER)[name]}, CSV",
            file_name(stem, f"{name}.csv"),
            "text/csv",
            lambda: csv_bytes(lab().exports.tables(run_id)[name]),
        )

    def as_json() -> bytes:
        text = json.dumps(lab().exports.json(run_id), indent=2, allow_nan=False, ensure_ascii=False)
        return text.encode("utf-8")

    files = [csv_of(name) for name in (*TABLES, *_further(run_id))]
    return [
        *report_files("run", run_id, stem),
        *files,
        Download("All numbers, JSON", file_name(stem, "run.json"), "application/json", as_json),
    ]


def _further(run_id: str) -> list[str]:
    """Return the tables that this run has beside those of every run."""
    try:
        found = lab().result(run_id)
    except PxError:  # the page below says why there is none
        return []
    there = {
        "where": found.where,
        "redundancy": found.redundancy,
        "gates": found.gates,
        "leakage": found.leakage,
        "left_out": found.left_out,
    }
    return [name for name in FURTHER if there[name]]

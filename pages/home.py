"""Home: the first five minutes on an empty store; else what runs, what finished, start here."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import importing, links
from pages.parts.header import STATES, header
from pages.parts.runner import runner_note
from pages.parts.session import lab, may_change, visit
from pages.parts.text import md
from pages.parts.words import classes_of, moment
from pxcore.errors import PxError
from pxcore.plots.numbers import count
from pxcore.types import Dataset, ImportProgress, ImportRequest, ImportState, RunRow, RunState

MOST = 6
"""Rows of each list; the rest is one link away."""
TRIED = 5
"""Runs that are looked at for an example that found something."""


def render() -> None:
    """Draw the page."""
    datasets, runs, imports = lab().datasets(), lab().runs(), lab().imports.all()
    waiting = [one for one in imports if one.state in (ImportState.QUEUED, ImportState.RUNNING)]
    if not datasets and not runs and not waiting:
        _first_minutes()
        return
    header("Which stains matter")
    _introduction(datasets, runs)
    runner_note(busy=bool(waiting) or any(not run.state.final for run in runs))
    with st.container(horizontal=True):
        if may_change() and st.button("New run", type="primary", icon=":material/add_circle:"):
            links.go("new")
        if st.button("Add cells", icon=":material/upload_file:"):
            links.go("datasets", add="cells")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _runs(runs, waiting)
    with right:
        _datasets(datasets)


def _introduction(datasets: Sequence[Dataset], runs: Sequence[RunRow]) -> None:
    """Say what this is for, and lead to an answer whose truth is known, where there is one."""
    st.markdown(
        "From single-cell images in several channels, with the class of each cell, it trains a "
        "classifier on your own machine and disturbs one channel after the other: you see which "
        "channels the answer depends on, how sure that is, and which stains add nothing we can "
        "measure.",
        width=720,
    )
    _further()
    planted = {one.id for one in datasets if one.truth}
    ranked = [run for run in runs if run.state is RunState.FINISHED and run.methods]
    known = [run for run in ranked if run.dataset_id in planted]
    for run in [one for one in known if not one.private][:TRIED]:
        if _learned(run):
            label = f"An example with known truth: {md(run.title or run.dataset_title, 60)}"
            links.link(label, "run", icon=":material/science:", run=run.id)
            return


def _learned(run: RunRow) -> bool:
    """Return whether a finished run's models tell the classes apart."""
    from pxcore.plots.unlearned import why_untold  # noqa: PLC0415 - with scipy, where it is needed

    try:
        return not why_untold(lab().result(run.id))
    except PxError:  # its files have left the store
        return False


def _further() -> None:
    """Lead to what builds on a ranking: a smaller panel, and a panel larger than an instrument."""
    with st.container(horizontal=True):
        links.link(
            "Which stains are enough? Ask a finished run", "panel", icon=":material/colorize:"
        )
        links.link(
            "More markers than slots? Measure them in stages", "staged", icon=":material/stairs:"
        )
        links.link("No labels yet? Find clusters", "unlabelled", icon=":material/bubble_chart:")


def _first_minutes() -> None:
    """Draw the one page a newcomer sees."""
    st.title("Which stains does your panel really need?", anchor=False)
    st.markdown(
        "1. Give it single-cell images in several channels, with the class of each cell.\n"
        "2. It trains a classifier on your own machine and disturbs one channel after the other.\n"
        "3. You see which channels the answer depends on, how sure that is, and which stains "
        "add nothing we can measure.\n"
        "4. It trains smaller panels again and says which stains are enough, and plans stages for "
        "more markers than an instrument has room for.",
        width=720,
    )
    _further()
    runner_note(busy=True)
    left, right = st.columns(2, gap="medium", border=True)
    with left:
        st.subheader("Try it on the demo cells", anchor=False)
        st.markdown(
            "Synthetic cells whose truth is known, so that you can check every answer against "
            "what was planted. Cells, training and ranking take about 3 minutes."
        )
        if st.button("Try it on the demo cells", type="primary", icon=":material/play_arrow:"):
            owner = visit().owner
            made = lab().imports.start(
                ImportRequest(path="demo", format="demo", title="Demo cells", owner=owner)
            )
            importing.run_it_then(made)
            links.go("datasets", importing=made)
    with right:
        st.subheader("Bring your own", anchor=False)
        st.markdown(
            "HDF5 or NPZ stacks, Amnis `.cif`, IDEAS TIFF exports, tissue TIFFs, or one file "
            "a cell. "
            "Images stay on this machine; the original file is read once and never changed."
        )
        if st.button("Bring your own", icon=":material/upload_file:"):
            links.go("datasets", add="cells")


def _runs(runs: Sequence[RunRow], waiting: Sequence[ImportProgress]) -> None:
    """Draw what is under way and what has finished."""
    live = [run for run in runs if not run.state.final]
    done = [run for run in runs if run.state.final][:MOST]
    if live or waiting:
        st.subheader("Under way", anchor=False)
    for one in waiting:
        name = md(one.request.title or one.request.path.rsplit("/", 1)[-1], 50)
        step = md(one.step or "waiting for the runner", 60)
        icon = ":material/upload_file:"
        links.link(f"Import of {name}: {step}", "datasets", icon=icon, importing=one.id)
    for run in live:
        _run_line(run)
        st.progress(min(max(run.share, 0.0), 1.0))
    st.subheader("Finished", anchor=False)
    if not done:
        st.caption("Nothing yet. A run trains on your cells and ranks their channels.")
    for run in done:
        _run_line(run)
    links.link("All runs", "runs", icon=":material/list:")


def _run_line(run: RunRow) -> None:
    """Draw one run as a link with its state and age."""
    word, icon, _ = STATES[run.state.value]
    title = run.title or run.dataset_title
    preset = "" if run.preset in title else f" · {md(run.preset)}"  # a draft's title ends with it
    label = f"**{md(title, 50)}**{preset} · {word} · {moment(run.finished or run.created)}"
    links.link(label, "run", icon=icon, run=run.id)


def _datasets(datasets: Sequence[Dataset]) -> None:
    """Draw the newest data sets."""
    st.subheader("Data sets", anchor=False)
    if not datasets:
        st.caption("None yet. Add cells to begin.")
    for one in datasets[:MOST]:
        size = f"{count(one.n_cells, 'cell')}, {count(len(one.panel), 'channel')}"
        with st.container(gap=None):  # a link is one line, cut where the column ends
            links.link(f"**{md(one.title, 40)}**", "datasets", dataset=one.id)
            st.caption(f"{size}, {classes_of(one)}")
    links.link("All data sets", "datasets", icon=":material/biotech:")

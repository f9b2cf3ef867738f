"""All runs: filters, state, owner, and a link to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from pages.parts import links
from pages.parts.header import STATES, Download, header
from pages.parts.methods import method_labels
from pages.parts.runner import runner_note
from pages.parts.session import lab, may_change
from pages.parts.text import csv_bytes
from pxcore.plots.numbers import minute
from pxcore.types import RunRow, RunState


def render() -> None:
    """Draw the page."""
    runs = lab().runs()
    if not runs:
        header("Runs")
        st.markdown(
            "A run trains a classifier on a data set and ranks its channels. None has been "
            "started yet.",
            width=720,
        )
        if may_change() and st.button(
            "Start the first run", type="primary", icon=":material/add_circle:"
        ):
            links.go("new")
        return
    save = Download("Runs, CSV", "runs.csv", "text/csv", lambda: csv_bytes(table(runs)))
    header("Runs", downloads=[save])
    runner_note(busy=any(not run.state.final for run in runs))
    chosen = _filtered(runs)
    if not chosen:
        st.info("No run fits these filters. Clear one of them.")
        return
    st.dataframe(
        brief(chosen),
        hide_index=True,
        key="runs-table",
        alt="All runs with state, owner, data set and link",
        column_config={
            "Run": st.column_config.LinkColumn(
                "Run", display_text="open", width="small", help="This address can be sent on."
            ),
            "Title": st.column_config.TextColumn(width=290),
            "Methods": st.column_config.TextColumn(help="All of them by name: Downloads."),
            "Done": st.column_config.ProgressColumn(
                "Done", min_value=0.0, max_value=1.0, format="percent", width="small"
            ),
        },
    )
    st.caption(f"{len(chosen)} of {len(runs)} runs")
    if any(run.state is RunState.FINISHED for run in runs):
        links.link("Compare rankings of finished runs", "compare", icon=":material/compare_arrows:")


def table(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Return runs as a table, newest first."""
    labels = method_labels(_methods(runs))
    models = {choice.id: choice.label for choice in lab().choices("model")}
    return pd.DataFrame(
        {
            "Run": [links.address("run", run=run.id) for run in runs],
            "Title": titles(runs),
            "Started (UTC)": [minute(run.created) for run in runs],
            "State": [STATES[run.state.value][0] for run in runs],
            "Done": [run.share for run in runs],
            "Ended (UTC)": [minute(run.finished) for run in runs],
            "Methods": [", ".join(labels[name] for name in run.methods) for run in runs],
            "Owner": [run.owner for run in runs],
            "Seen by": ["owner" if run.private else "the lab" for run in runs],
            "Data set": [run.dataset_title for run in runs],
            "Preset": [run.preset for run in runs],
            "Model": [models.get(run.model, run.model) for run in runs],
        }
    )


def titles(runs: Sequence[RunRow]) -> list[str]:
    """Return titles; of runs that share one, each with the end of its id, which differs."""
    plain = [run.title or run.dataset_title for run in runs]
    return [
        f"{title} · {run.id[-4:]}" if plain.count(title) > 1 else title
        for title, run in zip(plain, runs, strict=True)
    ]


def brief(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Return the table for the page: methods as their number, no column that tells nothing."""
    shown = table(runs)
    few = [
        names if len(run.methods) < 2 else f"{len(run.methods)} methods"
        for names, run in zip(shown["Methods"], runs, strict=True)
    ]
    shown = shown.assign(Methods=few)
    told = {"Owner": any(shown["Owner"]), "Seen by": any(run.private for run in runs)}
    return shown.drop(columns=[name for name, tells in told.items() if not tells])


def _filtered(runs: Sequence[RunRow]) -> list[RunRow]:
    """Draw the filters and return the runs that fit all of them."""
    labels = method_labels(_methods(runs))
    words = {state: STATES[state.value][0] for state in RunState}
    with st.container(horizontal=True):
        states = _choice("State", sorted({words[run.state] for run in runs}))
        owners = _choice("Owner", sorted({run.owner for run in runs if run.owner}))
        sets = _choice("Data set", sorted({run.dataset_title for run in runs}))
        methods = _choice("Method", sorted(set(labels.values())))
    tests: tuple[Callable[[RunRow], bool], ...] = (
        lambda run: not states or words[run.state] in states,
        lambda run: not owners or run.owner in owners,
        lambda run: not sets or run.dataset_title in sets,
        lambda run: not methods or any(labels[name] in methods for name in run.methods),
    )
    return [run for run in runs if all(test(run) for test in tests)]


def _methods(runs: Sequence[RunRow]) -> list[str]:
    """Return every method of these runs by its name within a run."""
    return sorted({name for run in runs for name in run.methods})


def _choice(label: str, options: Sequence[str]) -> list[str]:
    """Draw one filter; nothing chosen lets everything through."""
    return st.multiselect(
        label,
        options,
        key=f"filter-{label}",
        placeholder="all" if options else "no names were given",
        width=205,
        disabled=not options,
    )

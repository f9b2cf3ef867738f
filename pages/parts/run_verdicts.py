"""What each channel is worth, in a sentence that can be quoted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts.session import later
from pages.parts.text import csv_bytes, file_name, md
from pxcore.plots.channel_sentence import channel_sentence
from pxcore.plots.rows import WHOLE, Rows, rows_of
from pxcore.plots.tell_apart import why_no_ranking
from pxcore.plots.text import one_line
from pxcore.plots.unlearned import untold
from pxcore.types import MethodResult, Role, RunResult


def draw(result: RunResult, method: MethodResult, rows: Rows) -> None:
    """Draw one sentence a channel that the ranking above shows; decoys have none."""
    st.subheader("What each channel is worth, in a sentence", anchor="worth")
    if why := why_no_ranking(result.behind(method), method):
        st.markdown(md(untold("any channel", why), 600), width=980)
        return
    whole = replace(WHOLE, order=rows.order)
    frame = verdict_table(result, method, whole)
    shown = {result.panel.names[c] for c in rows_of(result.panel, method.ranking, rows)}
    lines = [
        f"- {_line(result, name, said)}"
        for name, said in zip(frame["channel"], frame["sentence"], strict=True)
        if name in shown
    ]
    st.markdown("\n".join(lines), width=980)
    if len(lines) < len(frame):
        st.caption(f"{len(lines)} of {len(frame)} sentences; *Copy all* and the CSV have all.")
    with st.container(horizontal=True):
        with st.popover("Copy all", icon=":material/content_copy:"):
            text = "\n".join(frame["sentence"])
            st.code(text, language=None, wrap_lines=True, width=720)
        st.download_button(
            "CSV",
            later(lambda: csv_bytes(frame)),
            file_name=file_name(result.run.title or result.run.dataset_title, "verdicts.csv"),
            mime="text/csv",
            key="verdicts-csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _line(result: RunResult, name: str, said: str) -> str:
    """Return a channel's sentence with its name set off, and a badge where it defined the gate."""
    shown, told = md(one_line(name)), md(said, 1200)
    if told.startswith(shown):
        told = f"**{shown}**{told.removeprefix(shown)}"
    gate = result.panel.channels[result.panel.index(name)].gate_defining
    return f"{told} :orange-badge[defines the gate]" if gate else told


def verdict_table(result: RunResult, method: MethodResult, rows: Rows) -> pd.DataFrame:
    """Return channel and sentence, a row a real channel."""
    channels = [
        c
        for c in rows_of(result.panel, method.ranking, rows)
        if result.panel.channels[c].role is not Role.DECOY
    ]
    return pd.DataFrame(
        {
            "channel": [result.panel.names[c] for c in channels],
            "rank": [method.ranking.rank[c] for c in channels],
            "sentence": [channel_sentence(result, method, c) for c in channels],
        }
    )

"""What each channel is worth, in a sentence that can be quoted."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.session import later
from pages.parts.text import csv_bytes, file_name, md
from pxcore.plots.channel_sentence import channel_sentence
from pxcore.plots.ranking import Order, order_of
from pxcore.plots.text import one_line
from pxcore.types import MethodResult, Role, RunResult


def draw(result: RunResult, method: MethodResult, order: Order) -> None:
    """Draw one sentence a channel, in the order of the ranking above; decoys have none."""
    st.subheader("What each channel is worth, in a sentence", anchor="worth")
    frame = verdict_table(result, method, order)
    lines = [
        f"- {_line(result, name, said)}"
        for name, said in zip(frame["channel"], frame["sentence"], strict=True)
    ]
    st.markdown("\n".join(lines), width=980)
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


def verdict_table(result: RunResult, method: MethodResult, order: Order) -> pd.DataFrame:
    """Return channel and sentence, a row a real channel."""
    channels = [
        c
        for c in order_of(method.ranking, order)
        if result.panel.channels[c].role is not Role.DECOY
    ]
    return pd.DataFrame(
        {
            "channel": [result.panel.names[c] for c in channels],
            "rank": [method.ranking.rank[c] for c in channels],
            "sentence": [channel_sentence(result, method, c) for c in channels],
        }
    )

"""The machinery of a finished run: what ran with which weights, times, curves, logs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.figures import Shown, show
from pages.parts.run_live import steps
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots.curves import learning
from pxcore.plots.numbers import count, duration
from pxcore.types import RunResult

KINDS = {
    "train": "training",
    "explain": "ranking",
    "rank": "combining folds",
    "joint": "channels together",
    "redundancy": "finding redundancy",
    "gate": "sanity checks",
    "judge": "judging trainings",
}
"""Kinds of steps in words."""


def _clock(result: RunResult) -> str:
    """Return how long a run took on the clock beside what its steps worked, in a sentence."""
    worked = sum(seconds for name, seconds in result.seconds if name != "total")
    total = dict(result.seconds).get("total", 0.0)
    text = f"All steps worked {duration(worked)}"
    if worked > total:
        return f"{text}, side by side in {duration(total)} on the clock."
    waiting = total - worked
    rest = f", {duration(waiting)} of it waiting or starting" if waiting >= 1 else ""
    return f"{text}; the run took {duration(total)} on the clock{rest}."


def draw(result: RunResult) -> None:
    """Draw the machinery, folded; it is read from the store only when opened."""
    st.subheader("What ran", anchor="ran")
    times = ", ".join(
        f"{md(KINDS.get(name, name))} {duration(seconds)}"
        for name, seconds in result.seconds
        if name != "total"
    )
    st.caption(
        f"{count(result.computed, 'step')} computed, {result.reused} reused. Working time: "
        f"{times}. {_clock(result)}"
    )
    fold = st.expander(
        "Details, learning curves, logs", icon=":material/tune:", key="machinery", on_change="rerun"
    )
    if not fold.open:
        return
    with fold:
        details, training, log = st.tabs(["Details", "Training", "Steps and logs"])
        with details:
            frame = pd.DataFrame(result.details, columns=["what", "value"])
            st.dataframe(frame, hide_index=True, key="details", width="stretch")
        progress = lab().progress(result.run.id)
        with training:
            table = lab().exports.tables(result.run.id)["training"]
            show(
                lambda theme: learning(progress.curves, theme),
                Shown(key="learning", stem=result.run.title),
                table,
            )
        with log:
            st.markdown(steps(progress.tasks))
            labels = {one.key: one.label for one in progress.tasks}
            key = st.selectbox(
                "Log of", list(labels), index=None, format_func=lambda k: labels[k], key="log-of"
            )
            if key:
                st.code(lab().log(result.run.id, key) or "no log", language=None, height=320)

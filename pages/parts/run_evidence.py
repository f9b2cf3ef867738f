"""The evidence below a ranking: classes, planted truth, and what more repeats would change."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.figures import Shown, show
from pages.parts.text import md
from pxcore.plots import curves, matrix
from pxcore.plots import truth as truth_words
from pxcore.plots.numbers import listed, score
from pxcore.plots.ranking import FEW, verdict_word
from pxcore.plots.rows import Rows
from pxcore.plots.text import one_line
from pxcore.types import MethodResult, RunResult


def heat_map(result: RunResult, method: MethodResult, rows: Rows) -> None:
    """Draw importance by channel and class."""
    st.subheader("Which channel serves which class", anchor="classes")
    show(
        lambda theme: matrix.heat_map(result.panel, result.spec.classes, method, theme, rows),
        Shown(key=f"channel-class-{method.method}", stem=result.run.title),
        class_table(result, method),
    )
    few = [one_line(result.spec.classes[k], 40) for k in method.ranking.small_classes]
    if few:
        st.caption(
            f"Few cells in {md(listed(few), 300)} (fewer than {FEW} held out): shown, but kept out "
            "of means and verdicts.",
            width=980,
        )


def class_table(result: RunResult, method: MethodResult) -> pd.DataFrame:
    """Return importance by channel and class with intervals, a row a pair."""
    rows = [
        (channel, name, value.mean, value.low, value.high, k not in method.ranking.small_classes)
        for channel, values in zip(result.panel.names, method.ranking.per_class, strict=True)
        for k, (name, value) in enumerate(zip(result.spec.classes, values, strict=True))
    ]
    columns = ["channel", "class", method.importance.unit, "low", "high", "in the mean"]
    return pd.DataFrame(rows, columns=columns)


def truth(result: RunResult, method: MethodResult) -> None:
    """Draw what was planted beside what was found, for synthetic cells; decoys were not planted."""
    if result.truth is not None and result.truth.kind == "means":
        st.subheader("Against the classes' mean intensities", anchor="truth")
        _against(result, method)
    if not result.dataset.truth:
        return
    st.subheader("What was planted, and what was found", anchor="truth")
    _against(result, method)
    positions = result.source_channels
    found, real = method.ranking, range(len(positions))
    frame = pd.DataFrame(
        {
            "channel": [result.panel.names[c] for c in real],
            "planted": [result.dataset.truth[c] for c in positions],
            "found": [verdict_word(method, result.panel, c) for c in real],
            method.importance.unit: [score(found.mean[c]) for c in real],
            "rank": [found.rank[c] for c in real],
        }
    )
    if result.where is not None:
        frame.insert(3, "place or amount", [result.where.verdict[c].value for c in real])
    st.dataframe(frame.sort_values("rank"), hide_index=True, key="truth")


def _against(result: RunResult, method: MethodResult) -> None:
    """Draw how the chosen method stands to what is known, and the table of all methods."""
    if said := truth_words.truth_sentence(result, method):
        st.markdown(md(said, 1500), width=980)
        table = truth_words.truth_table(truth_words.of_run(result))
        st.dataframe(table, hide_index=True, key="against-truth")


def stability(result: RunResult, method: MethodResult, shown: Sequence[int]) -> None:
    """Draw how the ranking settled with more repeats. ``shown``: the ranking's channels."""
    if method.stability is None:
        return
    st.subheader("Would more repeats change it?", anchor=False)
    left, right = st.columns([3, 2], gap="large")
    settled = method.stability
    with left:
        rows = [
            (fold + 1, k, name, value)
            for fold, values in enumerate(settled.values)
            for k, at_k in zip(settled.repeats, values, strict=True)
            for name, value in zip(result.panel.names, at_k, strict=True)
        ]
        show(
            lambda theme: curves.stability(result.panel, method, theme, shown),
            Shown(key=f"stability-{method.method}", stem=result.run.title),
            pd.DataFrame(rows, columns=["fold", "repeats", "channel", method.importance.unit]),
        )
    with right:
        agreement = [
            (fold + 1, k, tau)
            for fold, taus in enumerate(settled.agreement)
            for k, tau in zip(settled.repeats, taus, strict=True)
        ]
        show(
            lambda theme: curves.order_agreement(method, theme),
            Shown(key=f"agreement-{method.method}", stem=result.run.title),
            pd.DataFrame(agreement, columns=["fold", "repeats", "Kendall tau"]),
        )

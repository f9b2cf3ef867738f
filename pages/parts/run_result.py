"""A finished run: the answer in one sentence, then the evidence, then the machinery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import pandas as pd
import streamlit as st

from pages.parts import (
    channel_rows,
    glossary,
    links,
    run_channel,
    run_classes,
    run_details,
    run_evidence,
    run_gates,
    run_guards,
    run_redundancy,
    run_verdicts,
    run_where,
)
from pages.parts.figures import Shown, show
from pages.parts.methods import method_labels
from pages.parts.panel_address import carried
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots import ranking
from pxcore.plots.elsewhere import elsewhere
from pxcore.plots.ranking import verdict_word
from pxcore.plots.reached import rests_on
from pxcore.plots.rows import Rows, rows_of, usual
from pxcore.plots.sentence import sentence
from pxcore.plots.text import one_line
from pxcore.plots.verdicts import yardstick
from pxcore.types import MethodResult, RunResult

CONTENTS = (
    "On this page: [each channel in a sentence](#worth) · [where or how much](#where) · "
    "[redundancy](#redundancy) · [classes](#classes) · {truth}[sanity checks](#checks) · "
    "[what ran](#ran)"
)
TRUTH = {"planted": "[what was planted](#truth) · ", "means": "[class means](#truth) · "}
MOST_BUTTONS = 5
"""Methods that stand side by side; more are listed in a menu."""


def draw(run_id: str) -> None:
    """Draw everything about a finished run."""
    result = lab().result(run_id)
    top = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = _method(result)
        rows = channel_rows.draw(result.panel)
    shown = channel_rows.drawn(result.panel, method.ranking, rows)
    if not shown:
        rows = usual(result.panel)
        shown = rows_of(result.panel, method.ranking, rows)
    with top:
        others = [elsewhere(result, method, c) for c in range(len(result.panel))]
        answered = _panel_answer(result)
        answer = sentence(result.panel, method, result.behind(method), others)
        st.markdown(f"#### {md(answer, 1200)}", anchors=False, width=980)
        st.caption(md(rests_on(result, method), 900), width=980)
        kind = "planted" if result.dataset.truth else result.truth and result.truth.kind
        st.caption(CONTENTS.format(truth=TRUTH.get(kind or "", "")))
        if not answered:
            where = {"run": run_id, **carried()}
            links.link("Which stains are enough?", "panel", icon=":material/colorize:", **where)
        glossary.draw()
        run_gates.warn(result, method)
    examples = _ranking(result, method, rows)
    run_verdicts.draw(result, method, rows)
    run_where.draw(result, rows.order, shown)
    run_redundancy.draw(result, shown)
    run_evidence.heat_map(result, method, rows)
    run_classes.draw(result, shown)
    run_evidence.truth(result, method)
    run_evidence.stability(result, method, shown)
    run_guards.draw(result)
    run_gates.draw(result)
    run_details.draw(result)
    if examples is not None:
        examples()


def _panel_answer(result: RunResult) -> bool:
    """Lead to what the run was asked about panels, if it was; return whether it was."""
    if result.spec.question is None:
        return False
    st.markdown("This run answers which stains are enough; the ranking below is the earlier one.")
    if st.button(
        "See which stains are enough", type="primary", icon=":material/colorize:", key="run-panel"
    ):
        links.go("panel", run=result.run.id, **carried())
    return True


def _method(result: RunResult) -> MethodResult:
    """Draw the switch between methods, where there are several; return the chosen one."""
    labels = method_labels(one.method for one in result.methods)
    methods = {one.method: _labelled(one, labels[one.method]) for one in result.methods}
    if len(methods) == 1:
        return next(iter(methods.values()))
    ids = list(methods)
    if len(methods) > MOST_BUTTONS:
        failed = {one.method for one in result.gates if not one.passed}
        chosen = st.selectbox(
            "Ranked by",
            ids,
            format_func=lambda one: (
                one_line(methods[one].label, 60)
                + (" (failed a sanity check)" if one in failed else "")
            ),
            key="method",
            bind="query-params",
            width=420,
        )
    else:
        chosen = st.segmented_control(
            "Ranked by",
            ids,
            default=ids[0],
            required=True,
            format_func=lambda one: md(methods[one].label),
            key="method",
            bind="query-params",
        )
    return methods.get(str(chosen), next(iter(methods.values())))


@lru_cache(64)
def _labelled(method: MethodResult, label: str) -> MethodResult:
    """Return the method under its label on this page, the same value each time."""
    return replace(method, label=label)


def _ranking(result: RunResult, method: MethodResult, rows: Rows) -> Callable[[], None] | None:
    """Draw the ranking; a click opens a channel, whose examples come back to be drawn last."""
    key = f"ranking-{method.method}"
    opened = show(
        lambda theme: ranking.ranking_dots(result.panel, method, theme, rows),
        Shown(key=key, stem=result.run.title or result.run.dataset_title, clickable=True),
        ranking_table(result, method),
    )
    st.caption(yardstick(result.panel, method.importance.unit), width=980)
    if len(result.methods) > 1:
        icon = ":material/compare_arrows:"
        links.link("Compare methods", "compare", icon=icon, items=result.run.id)
    return run_channel.draw(result, method, opened[0] if opened else None)


def ranking_table(result: RunResult, method: MethodResult) -> pd.DataFrame:
    """Return the ranking as a table in panel order, every training's own value included."""
    found = method.ranking
    frame = pd.DataFrame(
        {
            "channel": list(result.panel.names),
            "role": [channel.role.value for channel in result.panel.channels],
            "rank": list(found.rank),
            "rank low": list(found.rank_low),
            "rank high": list(found.rank_high),
            method.importance.unit: list(found.mean),
            "low": list(found.low),
            "high": list(found.high),
            "verdict": [verdict_word(method, result.panel, c) for c in range(len(result.panel))],
        }
    )
    if found.probability:
        frame["drop in probability"] = [value.mean for value in found.probability]
    for number, values in enumerate(found.folds, start=1):
        frame[f"fold {number}"] = list(values)
    return frame

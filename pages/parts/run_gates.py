"""Sanity checks of the methods: passed or failed, each with its sentence; failing loudly."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import run_follow
from pages.parts.methods import method_labels
from pages.parts.text import md
from pxcore.plots.numbers import count
from pxcore.types import GateReport, MethodResult, RunResult

GATES = {
    "completeness": "Attributions add up to what the model says",
    "conservation": "Relevance is neither made nor lost on its way",
    "random_weights": "A model with random weights loses the ranking",
    "constant_channel": "A channel that is the same everywhere scores zero",
}
"""What each check asks, for people."""


def warn(result: RunResult, method: MethodResult) -> None:
    """Draw a warning beside the ranking of a method that failed a check."""
    report = next((one for one in result.gates if one.method == method.method), None)
    if report is None or report.passed:
        return
    failed = [gate for gate in report.gates if not gate.passed]
    said = " ".join(md(gate.said, 400) for gate in failed)
    st.error(
        f"**{md(method.label)} failed {count(len(failed), 'sanity check')}**: do not rely on this "
        f"ranking. {said}",
        icon=":material/report:",
    )


def draw(result: RunResult) -> None:
    """Draw the section; where the checks were not run, the button that runs them."""
    st.subheader("Sanity checks of the methods", anchor=False)
    if not result.gates:
        st.caption(
            "Not run yet. They ask of every method what a sound one must do, such as losing its "
            "ranking when the model's weights are random.",
            width=980,
        )
        run_follow.ask(result.run.id, "gates", "Run the sanity checks")
        return
    labels = method_labels(report.method for report in result.gates)
    failed = sum(not gate.passed for report in result.gates for gate in report.gates)
    every = sum(len(report.gates) for report in result.gates)
    said = f"{failed} of {every} failed" if failed else f"All {count(every, 'check')} passed"
    models = max(report.trainings for report in result.gates)
    st.markdown(f"{said}, the worst of {count(models, 'training')} each.", width=980)
    lines = [line for report in result.gates for line in _lines(report, labels[report.method])]
    st.markdown("\n".join(["| | Method | Check | What was found |", "|:-:|:--|:--|:--|", *lines]))
    with st.expander("Table", icon=":material/table_rows:", type="compact"):
        st.dataframe(gate_table(result.gates, labels), hide_index=True, key="gates")


def _lines(report: GateReport, label: str) -> list[str]:
    """Return the checks of one method as lines of a Markdown table."""
    marks = {True: ":green[:material/check_circle:]", False: ":red[:material/cancel:] **failed**"}
    return [
        f"| {marks[gate.passed]} | {md(label)} | {md(GATES.get(gate.id, gate.id))} "
        f"| {md(gate.said, 300)} |"
        for gate in report.gates
    ]


def gate_table(reports: tuple[GateReport, ...], labels: dict[str, str]) -> pd.DataFrame:
    """Return every check with what was measured and its bound."""
    rows = [
        {
            "method": labels[report.method],
            "check": gate.id,
            "passed": gate.passed,
            "measured": gate.value,
            "bound": gate.bound,
            "trainings": report.trainings,
            "found": gate.said,
        }
        for report in reports
        for gate in report.gates
    ]
    return pd.DataFrame(rows)

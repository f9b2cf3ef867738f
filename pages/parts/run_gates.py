"""Sanity checks of the methods: passed or failed, each with its sentence; failing loudly."""

from __future__ import annotations

import re

import streamlit as st

from pages.parts import run_follow
from pages.parts.methods import method_labels
from pages.parts.text import md
from pxcore.plots.numbers import count
from pxcore.types import Gate, GateReport, MethodResult, RunResult

GATES = {
    "completeness": "Attributions add up to what the model says",
    "conservation": "Relevance is neither made nor lost on its way",
    "random_weights": "Random weights share scores or pixel attributions out otherwise",
    "random_ranking": "Random weights order the channels otherwise",
    "constant_channel": "The most important channel, made the same in every cell, scores zero",
}
"""What each check asks, for people."""
MARKS = {True: ":green[:material/check_circle:]", False: ":red[:material/cancel:] **failed**"}


def warn(result: RunResult, method: MethodResult) -> None:
    """Draw a warning beside the ranking of a method that failed a check."""
    report = next((one for one in result.gates if one.method == method.method), None)
    if report is None or report.passed:
        return
    failed = [gate for gate in report.gates if not gate.passed]
    said = " ".join(md(_said(gate, result), 400) for gate in failed)
    st.error(
        f"**{md(method.label)} failed {count(len(failed), 'sanity check')}**: do not rely on this "
        f"ranking. {said}",
        icon=":material/report:",
    )


def draw(result: RunResult) -> None:
    """Draw the section; where the checks were not run, the button that runs them."""
    st.subheader("Sanity checks of the methods", anchor="checks")
    if not result.gates and result.spec.gates:
        st.caption(
            "None applies: training again compares models and explains none of them.", width=980
        )
        return
    if not result.gates:
        st.caption(
            "Not run yet. They ask of every method what a sound one must do, such as giving "
            "another explanation when the model's weights are random.",
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
    st.markdown(_overview(result.gates, labels))
    for report in result.gates:
        for gate in report.gates:
            if not gate.passed:
                said = md(_said(gate, result), 400)
                st.markdown(f"- **{md(labels[report.method])}**: {said}", width=980)
    with st.expander("Every check in words", icon=":material/table_rows:", type="compact"):
        for report in result.gates:
            st.markdown(
                f"**{md(labels[report.method])}**\n\n{_in_words(report, result)}", width=980
            )


def _in_words(report: GateReport, result: RunResult) -> str:
    """Return a method's checks as a Markdown list: passed or failed, asked, found."""
    return "\n".join(
        f"- {MARKS[gate.passed]} {md(GATES.get(gate.id, gate.id))}: {md(_said(gate, result), 400)}"
        for gate in report.gates
    )


def _said(gate: Gate, result: RunResult) -> str:
    """Return what a check found, with its channel by name: the check knows positions only."""

    def named(found: re.Match[str]) -> str:
        position = int(found[1]) - 1
        return result.panel.names[position] if position < len(result.panel) else found[0]

    return re.sub(r"^Channel (\d+)(?=, made )", named, gate.said)


def _overview(reports: tuple[GateReport, ...], labels: dict[str, str]) -> str:
    """Return methods by checks as a Markdown table of marks."""
    every = {gate.id for report in reports for gate in report.gates}
    ids = [one for one in GATES if one in every] + sorted(every - set(GATES))
    lines = [
        f"| Method | {' | '.join(md(GATES.get(one, one)) for one in ids)} |",
        f"|:--|{':-:|' * len(ids)}",
    ]
    for report in reports:
        found = {gate.id: MARKS[gate.passed] for gate in report.gates}
        cells = " | ".join(found.get(one, ":gray[–]") for one in ids)
        lines.append(f"| {md(labels[report.method])} | {cells} |")
    return "\n".join(lines)

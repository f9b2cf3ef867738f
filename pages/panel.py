"""Panel advice: which stains are enough (``?run=``, and what is wanted of a panel)."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import links, panel_answers, panel_form
from pages.parts.errors import guarded
from pages.parts.header import Crumb, Download, header
from pages.parts.runner import runner_note
from pages.parts.session import asked, lab, may_change
from pages.parts.text import md
from pages.parts.words import moment
from pxcore.errors import PxError
from pxcore.plots.numbers import about
from pxcore.plots.text import one_line
from pxcore.types import Progress, RunRow, RunState

TITLE = "Which stains are enough?"
EVERY = 2.0
"""Seconds between two looks at a run under way."""


def render() -> None:
    """Draw the page in the state of the run that the address names."""
    run_id = asked("run")
    if not run_id:
        _empty()
        return
    progress = lab().progress(run_id)
    row, answered = progress.run, progress.spec.question is not None
    finished = row.state is RunState.FINISHED
    header(
        TITLE,
        [
            Crumb(row.dataset_title, "datasets", (("dataset", row.dataset_id),)),
            Crumb(row.title or row.dataset_title, "run", (("run", row.id),)),
        ],
        row.state,
        _downloads(run_id) if finished and answered else (),
        share=("panel", run_id) if finished and answered else None,
    )
    if row.state.final and not finished:
        _ended(progress, answered=answered)
    elif not finished:
        _under_way(run_id, row.state, answered=answered)
    elif answered:
        from pages.parts import panel_result  # noqa: PLC0415 - with scipy, where it is needed

        panel_result.draw(run_id)
    else:
        panel_answers.draw(progress)
        panel_form.draw(progress)


def _empty() -> None:
    """Say what the page is for, and let a finished run be chosen."""
    header(TITLE)
    st.markdown(panel_form.PURPOSE, width=720)
    runs = [run for run in lab().runs() if run.state is RunState.FINISHED and run.methods]
    if not runs:
        st.markdown("It needs a finished run; there is none yet.", width=720)
        if may_change() and st.button("Start a run", type="primary", icon=":material/add_circle:"):
            links.go("new")
        return
    _choose(runs)


def _choose(runs: Sequence[RunRow]) -> None:
    """Draw the choice of a finished run, the newest first."""
    rows = {run.id: run for run in runs}
    answered = panel_answers.answered()
    chosen = st.selectbox(
        "A finished run",
        list(rows),
        format_func=lambda run_id: _label(rows[run_id], answered=run_id in answered),
        key="panel-run",
        width=520,
    )
    if st.button("Open", type="primary", icon=":material/arrow_forward:", key="panel-open"):
        links.stay(run=str(chosen))


def _label(run: RunRow, *, answered: bool) -> str:
    title = one_line(run.title or run.dataset_title, 60)
    there = " · has an answer" if answered else ""
    return f"{title} · {moment(run.finished or run.created)} · {run.id[:5]}{there}"


def _ended(progress: Progress, *, answered: bool) -> None:
    """Say why the run ended without an answer, and lead to its page."""
    what = "The question about panels" if answered else "The run"
    run_id, failed = progress.run.id, progress.run.state is RunState.FAILED
    if failed:
        st.error(f"{what} failed: {md(progress.error or 'no reason was noted', 600)}")
    else:
        st.info(f"{what} was cancelled.", icon=":material/block:")
    st.markdown(
        "Its page says what to do and starts it again. What was trained is kept: asking again "
        "reuses it.",
        width=720,
    )
    words = "What happened, and the log" if failed else "Its steps, and how to start it again"
    links.link(words, "run", icon=":material/error:" if failed else ":material/list:", run=run_id)


@st.fragment(run_every=EVERY)
def _under_way(run_id: str, drawn: RunState, *, answered: bool) -> None:
    """Say how far the run is, again and again; draw the whole page once its state changes."""
    with guarded(f"run {run_id}"):
        progress = lab().progress(run_id)
        if progress.run.state is not drawn:
            st.rerun(scope="app")
        runner_note(busy=True)
        what = "The question about panels" if answered else "The run"
        tab = "You can close this tab; the address brings you back."
        if drawn is RunState.QUEUED:
            st.markdown(f"{what} waits for its turn. {tab}", width=720)
        else:
            known = progress.seconds_left is not None
            left = f"{about(progress.seconds_left)}{' left' if known else ''}"
            st.progress(min(max(progress.share, 0.0), 1.0))
            st.markdown(f"{what} is under way: {progress.share:.0%} done, {left}. {tab}", width=720)
        links.link("Its progress, step by step", "run", icon=":material/autorenew:", run=run_id)


def _downloads(run_id: str) -> Sequence[Download]:
    """Return the files of the advice; none where there is no advice, and the page says why."""
    from pages.parts import panel_files  # noqa: PLC0415 - with scipy, where it is needed

    try:
        return panel_files.downloads(run_id)
    except PxError:
        return ()

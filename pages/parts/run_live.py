"""A run under way: steps with ticks and times, a bar, the learning curve; or why it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.parts import links
from pages.parts.errors import guarded
from pages.parts.figures import Shown, show
from pages.parts.methods import in_words, method_labels
from pages.parts.runner import runner_note
from pages.parts.session import lab, may_change, visit
from pages.parts.text import md, sentence, told
from pxcore.plots.curves import learning
from pxcore.plots.numbers import about, count, duration
from pxcore.plots.text import one_line
from pxcore.types import Progress, RunRow, RunState, TaskRow, TaskState

EVERY = 2.0
"""Seconds between two looks."""
FOLDED = 3
"""Steps that were there already from which on they are told in one line."""
MANY = 12
"""Steps beyond which their list scrolls."""
SMALLEST = "small_cnn"
"""Id of the model below which there is no smaller one."""
MARKS = {
    TaskState.WAITING: ":gray[:material/radio_button_unchecked:]",
    TaskState.RUNNING: ":blue[:material/autorenew:]",
    TaskState.DONE: ":blue[:material/check_circle:]",
    TaskState.FAILED: ":orange[:material/error:]",
    TaskState.CANCELLED: ":gray[:material/block:]",
}
ADVICE = {
    "out of memory": "Close other programs, choose {smaller}fewer cells, and start again: finished "
    "steps are reused.",
    "out of disk": "Free space on the disk that the message names, then start again: finished "
    "steps are reused.",
    "killed": "The worker process was ended by the system, most often for lack of memory. Close "
    "other programs, choose {smaller}fewer cells, and start again: finished steps are reused.",
    "bad input": "Correct what the message names, then start again: finished steps are reused.",
    "defect": "This is our defect. Please pass on the run's address and the log below.",
}


def draw(progress: Progress) -> None:
    """Draw a run that is not finished."""
    if progress.run.state.final:
        ended(_named(progress), _again)
    else:
        _live(progress.run.id, progress.run.state)


def _named(progress: Progress) -> Progress:
    """Return the progress with methods in its steps as people call them."""
    labels = method_labels(progress.run.methods)
    tasks = tuple(replace(one, label=in_words(one.label, labels)) for one in progress.tasks)
    return replace(progress, tasks=tasks)


@st.fragment(run_every=EVERY)
def _live(run_id: str, drawn: RunState) -> None:
    """Draw how far the run is, again and again; the whole page once its state changes.

    ``drawn``: the state that the page's head shows.
    """
    with guarded(f"run {run_id}"):
        progress = _named(lab().progress(run_id))
        if progress.run.state is not drawn:
            st.rerun(scope="app")
        bar(progress)
        runner_note(busy=True)
        left, right = st.columns(2, gap="large")
        with left:
            with st.container(
                height=520 if len(progress.tasks) > MANY else "content", border=False
            ):
                st.markdown(steps(progress.tasks))
            if st.button("Cancel this run", icon=":material/cancel:", key="cancel"):
                lab().cancel(run_id, visit().owner)
                st.toast("The run stops after the batch it is working on.")
        with right:
            curve(progress)
        log(progress)
        st.caption("You can close this tab; the address brings you back.")


def bar(progress: Progress) -> None:
    """Draw the share done, the time left and what is in work."""
    share = min(max(progress.share, 0.0), 1.0)
    now = [one for one in progress.tasks if one.state is TaskState.RUNNING]
    before = _before(progress.run) if not now and progress.runner_alive else None
    if before is not None:
        text = f"Waits for {one_line(before.title or before.dataset_title, 60)}"
        if progress.seconds_left is not None:
            text += f"; then {about(progress.seconds_left)}"
    elif progress.run.state is RunState.QUEUED:
        text = "Waiting for the runner"
    else:
        work = f"{now[0].label}: {now[0].step}" if now and now[0].step else ""
        work = work or (now[0].label if now else "Between two steps")
        text = f"{share:.0%} · {about(progress.seconds_left)} left · {work}"
        if progress.seconds_left is None:
            text = f"{share:.0%} · {work}"
    st.progress(share, text=md(text, 200))


def _before(own: RunRow) -> RunRow | None:
    """Return the other run that the workers are at; None where they are at none."""
    others = [one for one in lab().runs() if one.state is RunState.RUNNING and one.id != own.id]
    for one in others:
        if any(task.state is TaskState.RUNNING for task in lab().progress(one.id).tasks):
            return one
    return None


def steps(tasks: tuple[TaskRow, ...]) -> str:
    """Return the steps as a Markdown table: mark, name and what is done, time."""
    lines = ["| | Step | Time |", "|:-:|:--|--:|"]
    there = sum(one.reused for one in tasks)
    folded = there >= FOLDED
    if folded:
        mark = MARKS[TaskState.DONE]
        lines.append(f"| {mark} | {count(there, 'step')} · already there from earlier runs | |")
    for one in tasks:
        if one.reused and folded:
            continue
        note = _unbroken(md(one.step, 60)) if one.state is TaskState.RUNNING else ""
        note = "already there" if one.reused else note
        note = md(one.error_class, 40) if one.state is TaskState.FAILED else note
        time = "" if one.seconds is None or one.seconds < 1 or one.reused else duration(one.seconds)
        time = _unbroken(time)
        name = f"{md(one.label, 80)} · {note}" if note else md(one.label, 80)
        lines.append(f"| {MARKS[one.state]} | {name} | {time} |")
    return "\n".join(lines)


def _unbroken(words: str) -> str:
    """Return words that stay on one line."""
    return words.replace(" ", "\u00a0")


def curve(progress: Progress) -> None:
    """Draw the learning curves as far as they have come."""
    if not any(epochs for _, epochs in progress.curves):
        st.caption("The learning curve appears here with the first epochs.")
        return
    show(lambda theme: learning(progress.curves, theme), Shown(key="learning"))


def log(progress: Progress) -> None:
    """Draw the end of the log, folded."""
    with st.expander("Log", icon=":material/terminal:", type="compact"):
        st.code(progress.log_tail or "Nothing written yet.", language=None)


def ended(progress: Progress, again: Callable[[Progress], None]) -> None:
    """Draw a failed or cancelled run: what happened, what to do, ``again``'s ways on, the log."""
    failed = [one for one in progress.tasks if one.state is TaskState.FAILED]
    done = sum(one.state is TaskState.DONE for one in progress.tasks)
    if progress.run.state is RunState.CANCELLED:
        st.info(
            f"This run was cancelled. {count(done, 'finished step')} of {len(progress.tasks)} "
            "are kept: the same run started again goes on from there.",
            icon=":material/block:",
        )
    else:
        message = progress.error or (failed[0].error if failed else "") or "the run ended early"
        st.error(told(sentence(message), 2000), icon=":material/error:")
        kind = failed[0].error_class if failed else ""
        advice = ADVICE.get(kind, ADVICE["defect"])
        smaller = "" if progress.spec.model.id == SMALLEST else "the smaller model, or "
        st.markdown(f"**What to do.** {advice.format(smaller=smaller)}", width=760)
    again(progress)
    st.markdown(steps(progress.tasks))
    for one in failed:
        with st.expander(f"Log of {md(one.label, 80)}", icon=":material/terminal:", expanded=True):
            text = lab().log(progress.run.id, one.key) or "no log"
            st.code(text, language=None, height=320 if text.count("\n") > 14 else "content")
    if not failed:
        log(progress)


def _again(progress: Progress) -> None:
    """Draw the ways on from a run that did not finish."""
    if not may_change():
        return
    with st.container(horizontal=True):
        if st.button("Start it again", type="primary", icon=":material/replay:", key="again"):
            spec = replace(progress.spec, owner=visit().owner)
            links.go("run", run=lab().submit(spec, fetch=False))
        if st.button("Change its settings", icon=":material/tune:", key="change"):
            links.go("new", dataset=progress.run.dataset_id, preset=progress.run.preset)

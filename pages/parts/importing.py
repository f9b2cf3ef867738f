"""An import on its way: live steps, then its data set; or what went wrong and what to do."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import links
from pages.parts.errors import guarded
from pages.parts.header import Crumb, header
from pages.parts.runner import runner_note
from pages.parts.session import lab, visit
from pages.parts.text import md, sentence, told
from pxcore.types import ImportProgress, ImportRequest, ImportState, Skipped

FINAL = (ImportState.FINISHED, ImportState.FAILED)
PUBLIC = "public:"
"""What the path of a public data set begins with."""
THEN = "run-after-import"
"""Name in the session of the import that leads into a run."""
EVERY = 1.0
"""Seconds between two looks."""


def run_it_then(import_id: str) -> None:
    """Have this tab start a fast run when an import is done."""
    st.session_state[THEN] = import_id


def render(import_id: str) -> None:
    """Draw the page of one import; a finished one leads on to its data set."""
    progress = lab().imports.progress(import_id)
    if progress.state is ImportState.FINISHED:
        _lead_on(progress)
    name = progress.request.title or progress.request.path.rsplit("/", 1)[-1]
    header(f"Import of {name}", [Crumb("Data sets", "datasets")], progress.state)
    if progress.state is ImportState.FAILED:
        _failed(progress)
    else:
        _live(import_id)
        st.caption("You can close this tab; the address brings you back.")


@st.fragment(run_every=EVERY)
def _live(import_id: str) -> None:
    """Draw how far the import is, again and again until it ends."""
    with guarded(f"import {import_id}"):
        progress = lab().imports.progress(import_id)
        if progress.state in FINAL:
            st.rerun(scope="app")
        runner_note(busy=True)
        step = progress.step or "waiting for the runner"
        st.progress(min(max(progress.share, 0.0), 1.0), text=md(step, 120))
        for warning in progress.warnings:
            st.caption(md(warning, 300))


def _lead_on(progress: ImportProgress) -> None:
    """Go to the new data set; from the first-minutes page, straight into a fast run.

    Only in the tab where it was asked for: an address that somebody else made starts nothing.
    """
    if st.session_state.get(THEN) == progress.id:
        started = [run for run in lab().runs() if run.dataset_id == progress.dataset_id]
        if started:  # another tab, or a reload, was here before
            links.go("run", run=started[0].id)
        spec = lab().draft(progress.dataset_id, "fast")
        spec = replace(spec, owner=visit().owner)
        links.go("run", run=lab().submit(spec, fetch=False, once=True))
    links.go("datasets", dataset=progress.dataset_id)


def _failed(progress: ImportProgress) -> None:
    """Draw what happened and what to do."""
    message = progress.error or "the import ended without a message"
    st.error(told(sentence(message), 2000), icon=":material/error:")
    st.markdown(
        "Nothing was registered. What has come of the download is kept: try again, or put the "
        "file there by hand first."
        if progress.request.path.startswith(PUBLIC)
        else "Nothing was registered and nothing half-read remains. Correct the file and try "
        "again, or choose its format by hand and add it again.",
        width=720,
    )
    with st.container(horizontal=True):
        if st.button("Try again", icon=":material/replay:", type="primary", key="import-again"):
            links.go("datasets", importing=_again(progress.request))
        if st.button("Add cells again", icon=":material/upload_file:"):
            links.go("datasets", add="cells")
        if st.button("Public data sets", icon=":material/public:"):
            links.go("datasets", add="public")


def _again(request: ImportRequest) -> str:
    """Return the id of a new import of the same; a public data set is fetched again."""
    if request.path.startswith(PUBLIC):
        return lab().public.start(request.path.removeprefix(PUBLIC), visit().owner)
    return lab().imports.start(replace(request, owner=visit().owner))


def skipped_line(one: Skipped) -> str:
    """Return one reason with its count and examples, as Markdown."""
    examples = f" ({md(', '.join(one.examples[:3]), 160)})" if one.examples else ""
    return f"{one.count:,} skipped: {md(one.reason, 200)}{examples}"

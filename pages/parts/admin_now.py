"""Administration, now: runner and workers, free disk, versions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.runner import runner_note
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots.numbers import count, duration, size
from pxcore.types import RunnerStatus
from pxcore.types.upkeep import HostState

LITTLE = 0.1
"""Share of a disk below which its free room is a warning."""


def draw(host: HostState) -> None:
    """Draw whether everything works, then what it works on."""
    status = lab().runner_status()
    st.markdown(f"#### {md(sentence(status, host), 400)}", anchors=False)
    runner_note(busy=status.queued > 0)
    if host.free < LITTLE * host.disk:
        st.warning(
            f"Only {size(host.free)} of {size(host.disk)} are free on the disk of the store. "
            "Clean up, or delete what is no longer needed.",
            icon=":material/hard_drive:",
        )
    left, right = st.columns(2)
    with left:
        _table("Work", work(status))
    with right:
        _table("Host", facts(host))


def sentence(status: RunnerStatus, host: HostState) -> str:
    """Return the state of the lab in one sentence."""
    free = f"{size(host.free)} of {size(host.disk)} are free"
    if not status.alive:
        return f"No runner is alive; {free}."
    at_work = f"{count(status.running, 'step')} under way, {status.queued} waiting"
    workers = count(status.workers, "training worker")
    return f"The runner is alive with {workers}: {at_work}; {free}."


def work(status: RunnerStatus) -> list[tuple[str, str]]:
    """Return what the runner last said."""
    seen = status.seconds_since_heartbeat
    return [
        ("Runner", "alive" if status.alive else "not alive"),
        ("Last heartbeat", "never" if seen is None else f"{duration(seen)} ago"),
        ("Training workers", str(status.workers)),
        ("Device", status.device or "not known yet"),
        ("Host", status.host or "not known yet"),
        ("Version of pxcore", status.version or "not known yet"),
        ("Steps under way", str(status.running)),
        ("Runs waiting", str(status.queued)),
    ]


def facts(host: HostState) -> list[tuple[str, str]]:
    """Return what the lab runs on."""
    return [
        ("Store", host.home),
        ("Database", host.database),
        ("Free disk", f"{size(host.free)} of {size(host.disk)}"),
        *host.versions,
    ]


def _table(title: str, rows: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=[title, "Now"])
    st.dataframe(frame, hide_index=True, key=f"admin-{title}", width="stretch", height="content")

"""The same head on every page: where this is, its state, its downloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pages.parts import links
from pages.parts.session import later
from pages.parts.share import button as share_button
from pages.parts.text import md
from pxcore.types import ImportState, RunState

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]
STATES: dict[str, tuple[str, str, Colour]] = {
    "queued": ("waiting", ":material/schedule:", "gray"),
    "running": ("running", ":material/autorenew:", "blue"),
    "finished": ("finished", ":material/check:", "blue"),
    "failed": ("failed", ":material/error:", "orange"),
    "cancelled": ("cancelled", ":material/block:", "gray"),
}


@dataclass(frozen=True, slots=True)
class Download:
    """One file behind the Downloads button, made only when somebody takes it."""

    label: str
    name: str
    mime: str
    data: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to this page: a name (as typed) and where it leads."""

    name: str
    page: str
    query: tuple[tuple[str, str], ...] = ()


def header(
    title: str,
    crumbs: Sequence[Crumb] = (),
    state: RunState | ImportState | None = None,
    downloads: Sequence[Download] = (),
    share: tuple[str, str] | None = None,
) -> None:
    """Draw the head. ``title`` and crumbs are names as typed; they are escaped here.

    ``share``: kind and subject of what the Share button makes a link to.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for number, crumb in enumerate(crumbs):
            if number:
                st.markdown(":gray[›]", width="content")
            links.link(md(crumb.name, 40), crumb.page, **dict(crumb.query))
        if state is not None:
            word, icon, colour = STATES[state.value]
            st.badge(word, icon=icon, color=colour)
        st.space("stretch")
        if share is not None:
            share_button(*share)
        _downloads(downloads)
    st.title(md(title, 90), anchor=False)


def _downloads(downloads: Sequence[Download]) -> None:
    """Draw the Downloads button at the right end; a page without files has none."""
    if not downloads:
        return
    with st.popover("Downloads", icon=":material/download:"):
        for number, one in enumerate(downloads):
            st.download_button(
                one.label,
                later(one.data),
                file_name=one.name,
                mime=one.mime,
                key=f"download-{number}-{one.name}",
                on_click="ignore",
                type="tertiary",
            )

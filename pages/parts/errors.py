"""What a page shows when something does not work: a banner, or a reference to the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from pages.parts import links
from pages.parts.text import sentence, told
from pxcore.errors import AccessError, PxError, disk_error

LOGGER = logging.getLogger("pxcore.pages")


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Show a PxError as a banner, log anything else and show its reference only.

    ``what`` names the place for the log, such as ``run r-123``.
    """
    try:
        yield
    except PxError as error:
        banner(error)
    except Exception as error:
        known = disk_error(error) if isinstance(error, OSError) else None
        if known is not None:
            LOGGER.warning("%s: %s", what, error)
            banner(known)
            return
        reference = secrets.token_hex(4)
        LOGGER.exception("reference %s: %s", reference, what)
        st.error(
            f"This failed, reference **{reference}**. It is our defect, not yours: the details "
            "are in the server's log under this reference.",
            icon=":material/bug_report:",
        )


def banner(error: PxError) -> None:
    """Show a message that says what, what was found, what was expected, what to do."""
    icon = ":material/lock:" if isinstance(error, AccessError) else ":material/error:"
    st.error(_sentence(str(error)), icon=icon)


def _sentence(message: str) -> str:
    """Return a message as escaped text that begins as a sentence does."""
    return told(sentence(message), longest=2000)


def page(name: str, render: Callable[[], None]) -> Callable[[], None]:
    """Return ``render`` guarded, for the table of pages."""

    def run() -> None:
        with guarded(f"page {name}"):
            render()
            return
        if name not in ("home", "shared"):
            links.link("Home", "home", icon=":material/home:")

    return run

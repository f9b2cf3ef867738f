"""Ways from page to page. The address carries the state, so every link can be sent to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.parts.session import lab

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

_table: dict[str, StreamlitPage] = {}


def announce(pages: Mapping[str, StreamlitPage]) -> None:
    """Take note of the table of pages; ``app.py`` does so in every run of the script."""
    _table.update(pages)


def link(label: str, page: str, *, icon: str | None = None, **query: str | Sequence[str]) -> None:
    """Draw a link to a page. ``label`` is Markdown: names in it have passed ``md``.

    ``query``: its address; a list repeats its parameter.
    """
    st.page_link(_table[page], label=label, icon=icon, query_params=query or None)


def go(page: str, **query: str) -> None:
    """Leave for another page at once."""
    st.switch_page(_table[page], query_params=query or None)


def stay(**query: str) -> None:
    """Draw this page again at another address; what is bound to a widget, as ``view``, stays."""
    st.query_params.update(query)
    st.rerun()


def address(page: str, **query: str) -> str:
    """Return the address of a page below the dashboard's own, for tables of links."""
    return f"/{_base()}{page}?{urlencode(query)}"


def full(page: str, **query: str) -> str:
    """Return the whole address of a page, to be sent to others.

    As the lab's settings tell it (``PXCORE_PUBLIC_URL``), else as this browser asked for it.
    """
    public = lab().shares.public_url.rstrip("/")
    if public:
        return f"{public}/{page}?{urlencode(query)}"
    parts = urlsplit(str(st.context.url or ""))
    host = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return host + address(page, **query)


def _base() -> str:
    """Return the configured path in front of every address."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{path}/" if path else ""

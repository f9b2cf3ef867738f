"""The menu at the left, and what every page needs to be read by everybody.

Streamlit's own menu of groups is a list that holds no list items, which a screen reader cannot
tell; its small print and the choice that is selected are too pale on both backgrounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

EVERYWHERE = ':is(.stApp, [role="dialog"])'
"""A dialog stands beside the application, not in it."""
STYLE = f"""<style>
{EVERYWHERE} [data-testid="stCaptionContainer"] {{color: inherit; opacity: 0.8;}}
{EVERYWHERE} [data-testid="stCaptionContainer"] a {{color: inherit; text-decoration: underline;}}
{EVERYWHERE} [data-testid="stExpander"] summary {{opacity: 0.85;}}
{EVERYWHERE} [data-testid="stWidgetLabel"][disabled],
{EVERYWHERE} button[data-variant][data-selected]
  {{color: inherit;}}
.stApp .st-key-menu {{gap: 0.35rem;}}
.stApp .st-key-menu a:focus-visible {{outline: 2px solid currentColor; outline-offset: -2px;}}
.stApp .st-key-menu [data-testid="stMarkdownContainer"] {{margin: 0;}}
.stApp .st-key-menu h2 {{font-size: 0.875rem; font-weight: 600; padding: 0.9rem 0 0 0.5rem;}}
</style>"""


def prepare() -> None:
    """Make every page readable: called once in each run of the script, before it draws."""
    st.html(STYLE)


def draw(groups: Mapping[str, Sequence[StreamlitPage]]) -> None:
    """Draw the pages in their groups; the page that is open is marked."""
    with st.sidebar, st.container(key="menu"):
        for group, pages in groups.items():
            shown = [page for page in pages if page.visibility == "visible"]
            if group and shown:
                st.markdown(f"## {group}")
            for page in shown:
                st.page_link(page)

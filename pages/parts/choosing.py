"""A menu of things that have an id and a label: models, variants, data sets, weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st


def choose(
    label: str,
    labels: Mapping[str, str],
    first: str,
    *,
    key: str,
    width: int | Literal["stretch"] = "stretch",
    hint: str = "",
) -> str:
    """Draw a menu of labels; return the id that was chosen.

    Parameters
    ----------
    labels
        Of each id, as typed: plain text, in the order of the menu.
    first
        What the menu begins with; its first line where there is no such id.
    hint
        Markdown behind a question mark.
    """
    ids = list(labels)
    picked = st.selectbox(
        label,
        ids,
        index=ids.index(first) if first in labels else 0,
        format_func=lambda one: labels[one],
        key=key,
        width=width,
        help=hint or None,
    )
    return first if picked is None else picked

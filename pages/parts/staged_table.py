"""The candidates as a table to edit, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pxcore.types.staged import Candidate

TEXTS = ("marker", "clone", "fluorochrome")
FLAGS = ("must_keep", "always_on", "bridge")
ORDER = ("marker", "always_on", "bridge", "must_keep", "cost", "fluorochrome", "clone")
"""Columns as they are drawn: what a plan rests on first; all fit beside the summary."""
ROW = 35
"""Height of a row of the table in pixels."""


def editor(candidates: Sequence[Candidate], key: str) -> tuple[Candidate, ...]:
    """Draw the table; return the candidates as they stand in it."""
    edited = st.data_editor(
        table(candidates),
        num_rows="dynamic",
        hide_index=True,
        key=key,
        width="stretch",
        column_order=ORDER,
        height=min(16, max(4, len(candidates) + 2)) * ROW + 3,
        column_config={
            "marker": st.column_config.TextColumn("marker", max_chars=80, required=True, width=96),
            "clone": st.column_config.TextColumn("clone", max_chars=80, width=66),
            "fluorochrome": st.column_config.TextColumn("fluorochrome", max_chars=80, width=112),
            "cost": st.column_config.NumberColumn(
                "cost", min_value=0.0, format="%.2f", width=64, help="Of one test."
            ),
            "must_keep": st.column_config.CheckboxColumn(
                "must keep",
                width=98,
                help="Goes into the final run and the panel whatever its rank.",
            ),
            "always_on": st.column_config.CheckboxColumn(
                "always on",
                width=96,
                help="In every run: nuclear dye, viability. Takes a slot of each.",
            ),
            "bridge": st.column_config.CheckboxColumn(
                "bridge",
                width=76,
                help="Always on, and used to put the runs on one scale: a marker whose drop is "
                "clearly above zero.",
            ),
        },
    )
    return from_table(edited)


def table(candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Return the candidates as a table, a row each."""
    columns = (*TEXTS, "cost", *FLAGS)
    frame = pd.DataFrame(
        [[getattr(one, column) for column in columns] for one in candidates], columns=list(columns)
    )
    for name in TEXTS:
        frame[name] = frame[name].astype("string")
    frame["cost"] = frame["cost"].astype("Float64")  # a row that is added has no value yet
    for name in FLAGS:
        frame[name] = frame[name].astype("boolean")
    return frame


def from_table(frame: pd.DataFrame) -> tuple[Candidate, ...]:
    """Return the candidates of an edited table; rows without any text are passed over."""
    found = []
    for record in frame.to_dict("records"):
        texts = {name: _text(record.get(name)) for name in TEXTS}
        if not any(texts.values()):
            continue
        flags = {name: _yes(record.get(name)) for name in FLAGS}
        found.append(
            Candidate(
                marker=texts["marker"],
                clone=texts["clone"],
                fluorochrome=texts["fluorochrome"],
                cost=_cost(record.get("cost")),
                must_keep=flags["must_keep"],
                always_on=flags["always_on"] or flags["bridge"],
                bridge=flags["bridge"],
            )
        )
    return tuple(found)


def _text(value: object) -> str:
    """Return a cell as text; an empty one may be None or NA."""
    return value.strip() if isinstance(value, str) else ""


def _yes(value: object) -> bool:
    return bool(value) if isinstance(value, bool | int) else str(value) == "True"


def _cost(value: object) -> float:
    """Return a cost; 0 where none was given."""
    if not isinstance(value, int | float):
        return 0.0
    number = float(value)
    return number if math.isfinite(number) and number > 0 else 0.0

"""Guards of a finished run: how much better a split that mixes donors would look."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import run_follow
from pages.parts.figures import Shown, show
from pages.parts.text import md
from pxcore.plots.guards import leakage_dots, leakage_sentence
from pxcore.types import Leakage, RunResult


def draw(result: RunResult) -> None:
    """Draw the gap; offer to measure it only where donors are known and kept apart."""
    found = result.leakage
    if found is None and not may_ask(result):
        return
    st.subheader("What would a random split claim?", anchor=False)
    if found is None:
        st.caption(
            "Folds here keep donors apart. Dealing single cells instead, as is often done, can "
            "promise more than a new donor gives.",
            width=980,
        )
        run_follow.ask(
            result.run.id,
            "leakage",
            "Show what a random split would claim",
            note="Trains every fold once more, dealt cell by cell.",
        )
        return
    st.markdown(md(leakage_sentence(found), 500), width=980)
    show(
        lambda theme: leakage_dots(found, theme),
        Shown(key="leakage", stem=result.run.title),
        leakage_table(found),
    )


def may_ask(result: RunResult) -> bool:
    """Return whether donors are known and the run's folds keep them apart."""
    return result.dataset.has_groups and result.spec.split == "donor"


def leakage_table(found: Leakage) -> pd.DataFrame:
    """Return F1-macro by donor, by cell and their gap, with intervals."""
    rows = [
        {"folds": name, "F1-macro": value.mean, "low": value.low, "high": value.high}
        for name, value in (
            ("donors kept apart", found.by_donor),
            ("dealt cell by cell", found.by_cell),
            ("gap", found.gap),
        )
    ]
    return pd.DataFrame(rows)

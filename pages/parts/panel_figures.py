"""The evidence of the panel page: steps, comparison, removal curves, front, every panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.figures import Shown, show
from pages.parts.panel_shown import shown
from pages.parts.session import lab
from pxcore.plots.numbers import count
from pxcore.plots.panel_compare import panel_dots
from pxcore.plots.panel_front import cost_front
from pxcore.plots.panel_removal import BEST_LABEL, removal_curves
from pxcore.plots.panel_steps import stain_steps
from pxcore.types.panel import Beside, PanelAdvice

if TYPE_CHECKING:
    import pandas as pd

    from pxcore.api import PanelFindings


BEST_WORDS = (
    f" “{BEST_LABEL[0].upper()}{BEST_LABEL[1:]}”: of each number of stains the retrained panel "
    "that the search put first by validation cells. They need not lie within one another, and as "
    "cells that validate in one fold are tested in another, this curve may lie a little too high."
)


def steps(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw what each further stain buys."""
    st.subheader("What each further stain buys", anchor="steps")
    if not advice.additions:
        st.markdown("No panel within these wishes was retrained.")
        return
    show(
        lambda theme: stain_steps(found.spec.panel, advice, theme),
        Shown(key="panel-steps", stem=found.spec.title),
        _table("panel_stains", found, advice),
    )
    st.caption(
        "Of each number of stains the panel that was put first on other cells than those that "
        "judge it. Bars: 95 % intervals of F1 itself; what is good enough is decided by paired "
        "differences, most often narrower. Dotted: no panel of the sizes between was trained."
    )


def comparison(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw panels beside one another as in the paper; where nothing was asked, how to."""
    if len(found.compared) < 2:
        return
    st.subheader("Panels compared", anchor="compared")
    wanted = advice.constraints
    rows = tuple(found.beside(advice))
    show(
        lambda theme: panel_dots(found.spec.panel, rows, wanted.margin, theme),
        Shown(key="panel-compared", stem=found.spec.title),
        _table("panel_comparison", found, advice),
    )
    leading = any(one.what is Beside.LEADING for one, _ in rows)
    st.caption(
        (
            "“First 2” are the stain-free channels and the two leading stains of a ranking that "
            "each fold made on its validation cells, so that no cell judges a panel it helped to "
            "choose; which stains these were stands in the table."
            if leading
            else "The leading stains of rankings can stand here too: choose them under "
            "*Ask more of this run*."
        )
        + " A panel that somebody named after seeing these numbers was not chosen blindly.",
        width=980,
    )


def curves(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw removal curves and the table of averages."""
    if not found.curves:
        return
    st.subheader("Removal curves", anchor="curves")
    best = any(curve.label == BEST_LABEL for curve in found.curves)
    panel, margin = found.spec.panel, advice.constraints.margin
    show(
        lambda theme: removal_curves(panel, found.curves, advice.full, margin, theme),
        Shown(key="panel-removal", stem=found.spec.title),
        _table("panel_curves", found, advice),
    )
    st.caption(
        "A good ranking stays high where the least important channel goes first, and falls at "
        "once where the most important one does. Grey: orders that know nothing. Stain-free "
        f"channels are never removed.{BEST_WORDS if best else ''}",
        width=980,
    )
    st.markdown("**Mean F1 over the steps**")
    st.dataframe(
        shown(_table("panel_averages", found, advice)),
        hide_index=True,
        key="panel-averages",
        width="stretch",
    )


def front(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw F1 against cost."""
    if not found.evidence.trials:
        return
    st.subheader("F1 against cost", anchor="front")
    panel, trials = found.spec.panel, found.evidence.trials
    show(
        lambda theme: cost_front(panel, advice, trials, theme),
        Shown(key="panel-front", stem=found.spec.title),
        _table("panel_trials", found, advice),
    )
    st.caption(
        "The front goes through means: neighbours on it need not be told apart, which their "
        "intervals show.",
        width=980,
    )


def every_panel(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw every retrained panel, folded."""
    number = count(len(found.evidence.trials), "retrained panel")
    with st.expander(f"All {number}", icon=":material/table_rows:", key="panel-trials"):
        st.dataframe(
            shown(_table("panel_trials", found, advice)).round(3),
            hide_index=True,
            key="panel-trials-table",
        )


def _table(name: str, found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
    return lab().panels.table(name, found, advice)

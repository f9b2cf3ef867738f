"""A rehearsed plan beside measuring every marker at once."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import links
from pages.parts import staged_sight as sighted
from pages.parts.figures import Shown, show
from pages.parts.session import lab, visit
from pages.parts.text import md
from pxcore.plots.numbers import with_interval
from pxcore.plots.staged_losses import rehearsal
from pxcore.types import Interval, RunState
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import AllMarkersAnswer


def compared(plan: StagedPlan, answer: AllMarkersAnswer, margin: float) -> None:
    """Draw both ends, with intervals, and where their markers differ."""
    st.subheader("Rehearsal: the plan beside all markers at once", anchor=False)
    st.markdown(md(answer.said, 800), width=980)
    if answer.lost is None and all(
        one.state is RunState.FINISHED for one in lab().staged.rehearsal(plan)
    ):
        st.button(
            "Train these two panels side by side",
            icon=":material/play_arrow:",
            key="staged-compare",
            on_click=_compare,
            args=(plan, margin),
        )
    values: list[tuple[str, Interval]] = []
    if answer.f1_plan is not None:
        values.append(("The plan's panel", answer.f1_plan))
    if answer.f1_markers is not None:
        values.append(("Best of all at once", answer.f1_markers))
    if answer.f1_advised is not None:
        values.append(("Advised, all at once", answer.f1_advised))
    values.append(("Every marker", answer.f1_every))
    rows = [(name, value.mean, value.low, value.high) for name, value in values]
    show(
        lambda theme: rehearsal(values, theme),
        Shown(key="staged-rehearsal", stem=plan.title),
        pd.DataFrame(rows, columns=["panel", "F1-macro", "low", "high"]).round(4),
    )
    if answer.lost is not None:
        st.caption(
            f"Lost by measuring in stages, paired fold by fold: {with_interval(answer.lost)}."
        )
    for words, own in (
        ("Only in the plan's panel", answer.only_plan),
        ("Only in the one from all markers at once", answer.only_all),
        ("Advised by the run with every marker", answer.advised),
    ):
        if own:
            st.markdown(f"- {words}: {', '.join(md(marker, 40) for marker in own)}")
    if not answer.advised:
        links.link(
            "Ask the run with every marker which are enough",
            "panel",
            icon=":material/colorize:",
            run=answer.all_run,
        )
    links.link("The run with every marker", "run", icon=":material/insights:", run=answer.all_run)


def _compare(plan: StagedPlan, margin: float) -> None:
    """Queue the comparison of the panels at this margin."""
    sighted.act(lambda: lab().staged.advance_rehearsal(plan, margin=margin, who=visit().owner))

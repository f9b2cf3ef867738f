"""The advice on panels: the answer, the evidence, the machinery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import (
    links,
    panel_answer,
    panel_figures,
    panel_form,
    panel_what_if,
    panel_wishes,
)
from pages.parts.errors import banner
from pages.parts.panel_shown import shown
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.errors import PanelError
from pxcore.plots.numbers import count
from pxcore.plots.panel_marks import named
from pxcore.plots.panel_words import error_words, screen_words, shared_words
from pxcore.types.panel import Constraints, PanelAdvice, PanelQuestion

if TYPE_CHECKING:
    from pxcore.api import PanelFindings


def draw(run_id: str) -> None:
    """Draw what was found out about the panels of a run."""
    found = lab().panels.findings(run_id)
    top = st.container()
    offered = found.evidence.full.members
    constraints = panel_wishes.draw(found.spec.panel, offered, usual(found))
    _frame(found, found.spec.question or PanelQuestion())
    try:
        advice = found.advice(constraints)
    except PanelError as error:
        with top:
            banner(error)
        return
    with top:
        panel_answer.draw(found, advice)
    panel_answer.channels(advice)
    left, right = st.columns([3, 2], gap="large")
    with left:
        panel_figures.steps(found, advice)
    with right:
        panel_what_if.draw(found, advice)
    panel_figures.comparison(found, advice)
    panel_figures.curves(found, advice)
    panel_figures.front(found, advice)
    panel_figures.every_panel(found, advice)
    _more(found, constraints)
    _machinery(found, advice)


def usual(found: PanelFindings) -> Constraints:
    """Return what holds where the address says nothing: what the run was asked with."""
    return (found.spec.question or PanelQuestion()).constraints


def _frame(found: PanelFindings, question: PanelQuestion) -> None:
    """Tell within what the run searched: what lies outside cannot be advised here."""
    panel, told = found.spec.panel, []
    if question.most_stains is not None:
        told.append(f"panels of at most {count(question.most_stains, 'stain')} were searched")
    if question.must_keep:
        told.append(f"{named(panel, question.must_keep)} stayed in every panel")
    if question.exclude:
        told.append(
            f"{named(panel, question.exclude)} was left out of every panel but the full one"
        )
    asked = f" When this was asked, {md('; '.join(told), 500)}." if told else ""
    st.caption(
        "Changes here give new advice at once, from the trainings that are there; the address "
        f"holds them.{asked}",
        width=980,
    )


def _more(found: PanelFindings, constraints: Constraints) -> None:
    """Draw a further question, folded; its cost is asked for only when it is opened."""
    fold = st.expander(
        "Ask more of this run", icon=":material/add_task:", key="panel-more", on_change="rerun"
    )
    if fold.open:
        with fold:
            panel_form.more(lab().progress(found.run_id), constraints)


def _machinery(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw what the advice rests on: notes, trainings, the screen's error; folded."""
    with st.expander("How this was found", icon=":material/tune:", key="panel-machinery"):
        for note in advice.notes:
            st.markdown(f"- {md(note, 800)}", width=980)
        new = found.trained - found.reused
        st.markdown(
            f"- {count(found.trained, 'training')}: {new} new, {found.reused} reused. Panels that "
            f"orders, searches and other runs share are trained once. {shared_words(found.curves)}",
            width=980,
        )
        if found.screen is not None:
            words = md(f"{screen_words(found.screen)} {error_words(found.screen_error)}", 600)
            st.markdown(f"- {words}", width=980)
        if found.worth:
            _worth(found, advice)
        links.link("The run's steps and logs", "run", icon=":material/list:", run=found.run_id)


def _worth(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw what the screen says each channel is worth."""
    st.markdown(
        "- What each channel adds to the screened F1, averaged over panels of every size (Shapley "
        "values, on validation cells). Channels that say the same share their worth, so a low "
        "value alone is no reason to drop one.",
        width=980,
    )
    st.dataframe(
        shown(lab().panels.table("panel_worth", found, advice)).round(4),
        hide_index=True,
        key="panel-worth",
        width=640,
    )

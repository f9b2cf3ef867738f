"""What if: tick channels, read the screened F1 at once, confirm it by training again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import panel_address as address
from pages.parts.errors import banner
from pages.parts.panel_form import leave
from pages.parts.session import lab, visit
from pages.parts.text import md
from pxcore.errors import PxError
from pxcore.plots.numbers import about, score
from pxcore.plots.panel_words import error_words, trial_words
from pxcore.plots.rows import MANY
from pxcore.plots.text import one_line
from pxcore.types.panel import Members, PanelAdvice, PanelQuestion

if TYPE_CHECKING:
    from pxcore.api import PanelAsk, PanelFindings

LISTED = "panel-listed"


def draw(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw the box; the ticked channels stand in the address."""
    with st.container(border=True):
        st.subheader("What if", anchor="what-if")
        members = _ticked(found, advice)
        if not members:
            st.info("Tick at least one channel.")
            return
        screened = _screened(found, members)
        trial = next((one for one in found.evidence.trials if one.members == members), None)
        if trial is not None:
            test = next((one for one in advice.tests if one.members == members), None)
            st.markdown(md(trial_words(test, trial, advice.constraints.margin), 300))
        elif not screened:
            st.markdown("This panel was not screened: only retraining can tell.")
        if trial is None:
            _confirm(found, members)
        if screened:
            st.caption(md(error_words(found.screen_error), 300))


def _ticked(found: PanelFindings, advice: PanelAdvice) -> Members:
    """Draw a tick for every channel of the full panel; return those that are set."""
    panel, full = found.spec.panel, found.evidence.full.members
    always = _always(found)
    usual = (advice.recommended or advice.full).members
    complaints: list[str] = []
    ticked = address.named(address.TICK, panel, full, usual, complaints)
    chosen = tuple(sorted({*ticked, *always}))
    for complaint in complaints:
        st.warning(complaint)
    if len(full) > MANY:
        _listed(found, full, chosen)
        return chosen
    with st.container(horizontal=True, gap="medium", key="panel-ticks"):
        for c in full:
            key = f"panel-tick-{c}"
            st.session_state[key] = c in chosen
            st.checkbox(
                md(panel.names[c], 40),
                key=key,
                disabled=c in always,
                help="Stain-free: costs nothing, so it is in every panel." * (c in always) or None,
                on_change=_keep,
                args=(found, full),
                width="content",
            )
    return chosen


def _listed(found: PanelFindings, full: Members, chosen: Members) -> None:
    """Draw one field to search instead of a tick a channel, where there are many."""
    st.session_state[LISTED] = list(chosen)
    st.multiselect(
        "Channels of the panel",
        list(full),
        format_func=lambda c: one_line(found.spec.panel.names[c], 40),
        key=LISTED,
        placeholder="type a name",
        on_change=_keep_listed,
        args=(found,),
    )


def _keep_listed(found: PanelFindings) -> None:
    """Write the channels of the field into the address."""
    address.put_names(address.TICK, found.spec.panel, sorted(st.session_state[LISTED]))


def _always(found: PanelFindings) -> Members:
    """Return the channels that every panel of this run has."""
    asked = found.spec.question
    full = found.evidence.full.members
    return tuple(c for c in asked.always if c in full) if asked is not None else ()


def _keep(found: PanelFindings, full: Members) -> None:
    """Write the ticked channels into the address."""
    chosen = [c for c in full if st.session_state.get(f"panel-tick-{c}")]
    address.put_names(address.TICK, found.spec.panel, chosen)


def _screened(found: PanelFindings, members: Members) -> bool:
    """Draw the screened F1 of the ticked panel; return whether there is one."""
    said = lab().panels.what_if(found.run_id, members)
    if said is None:
        return False
    mean, lowest = said
    every = lab().panels.what_if(found.run_id, found.evidence.full.members)
    change = None if every is None else f"{score(mean - every[0], signed=True)} to all channels"
    st.metric(
        "Screened F1-macro",
        score(mean),
        change,
        delta_color="off",
        delta_arrow="off",
        help="Without training. On validation cells: the mean over trainings of models that saw "
        "every panel while they learnt. A panel picked by it is judged on other cells.",
    )
    st.caption(f"Lowest of the trainings: {score(lowest)}.")
    return True


def question(found: PanelFindings, ticked: tuple[Members, ...]) -> PanelAsk:
    """Return what the run was asked, with further panels to train."""
    before = found.spec.question or PanelQuestion()
    return lab().panels.question(
        before.constraints, search=before.search, ticked=ticked, finalists=before.finalists
    )


def _confirm(found: PanelFindings, members: Members) -> None:
    """Offer to train the ticked panel again, with what that costs."""
    asked = question(found, (members,))
    try:
        estimate = lab().panels.estimate(found.run_id, asked)
    except PxError as error:
        banner(error)
        return
    if st.button("Confirm by retraining", key="panel-confirm", icon=":material/model_training:"):
        leave(lab().panels.ask(found.run_id, asked, owner=visit().owner))
    trainings = estimate.notes[0] if estimate.notes else ""
    st.caption(f"{md(trainings, 400)} The rest takes {about(estimate.seconds)}.")

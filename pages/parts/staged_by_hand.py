"""Every candidate after the merge: in or out, the reason, and the person's own decision."""

from __future__ import annotations

import streamlit as st

from pages.parts import staged_sight as sighted
from pages.parts.session import lab, visit
from pages.parts.text import md
from pxcore.plots.numbers import bounds, score
from pxcore.types.staged import Candidate, Merged, Override, StagedPlan
from pxcore.types.staged_views import Merge

RULE = "rule"
WORDS = {RULE: "Rule", Override.TAKE.value: "Take", Override.LEAVE.value: "Leave"}
MANY = 10
"""Candidates beyond which the list scrolls."""
IN, OUT = ":blue[:material/check_circle:]", ":gray[:material/remove_circle:]"


def decisions(plan: StagedPlan, merged: Merge) -> None:
    """Draw the candidates, the strongest first, each with three ways to decide."""
    st.caption(
        "Rule: what was chosen for you, with the reason beside it. Take and Leave are your own "
        "decisions; they are kept and marked, and Rule takes them back.",
        width=980,
    )
    by_marker = {one.marker: one for one in merged.candidates}
    known = {one.marker: one for one in plan.candidates}
    on = [one.marker for one in plan.candidates if one.always_on]
    order = [marker for marker in (*merged.order, *on) if marker in by_marker]
    with st.container(height=620 if len(order) > MANY else "content", border=False):
        for number, marker in enumerate(order):
            _row(plan, by_marker[marker], known[marker], number)


def _row(plan: StagedPlan, one: Merged, candidate: Candidate, number: int) -> None:
    """Draw one candidate."""
    left, right = st.columns([3, 2], vertical_alignment="center", gap="small")
    with left:
        hand = " :orange-badge[by hand]" if one.overridden else ""
        values = _values(one)
        st.markdown(
            f"{IN if one.taken else OUT} **{md(one.marker, 40)}**{hand}  \n"
            f"{md(one.reason, 400)}{values}"
        )
    with right:
        if candidate.always_on:
            st.caption("in every run")
            return
        _buttons(plan, one, candidate, number)


def _values(one: Merged) -> str:
    """Return the values on the common scale, run by run; empty without a scale."""
    if not one.importance:
        return ""
    told = [f"run {n}: {score(m)} {bounds(lo, hi)}" for n, m, lo, hi in one.importance[:6]]
    more = len(one.importance) - 6
    told += [f"{more} more"] if more > 0 else []
    return f"  \n:gray[{md('; '.join(told), 400)}]"


def _buttons(plan: StagedPlan, one: Merged, candidate: Candidate, number: int) -> None:
    """Draw the three ways; what is set stays marked."""
    now = dict(plan.overrides).get(one.marker)
    key = f"staged-hand-{number}"
    st.session_state[key] = RULE if now is None else now.value
    st.segmented_control(
        f"Decision on {md(one.marker, 40)}",
        [word for word in WORDS if not (candidate.must_keep and word == Override.LEAVE.value)],
        format_func=WORDS.__getitem__,
        key=key,
        label_visibility="collapsed",
        required=True,
        on_change=_decide,
        args=(plan, one.marker, key),
    )


def _decide(plan: StagedPlan, marker: str, key: str) -> None:
    value = str(st.session_state.get(key))
    what = None if value == RULE else Override(value)
    sighted.act(lambda: lab().staged.override(plan, marker, what, who=visit().owner))

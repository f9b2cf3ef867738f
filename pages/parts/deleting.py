"""The way to delete a run, a data set or a staged plan: at the end of its page, asked twice."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.parts import links
from pages.parts.errors import banner
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.errors import PxError
from pxcore.plots.numbers import count, listed
from pxcore.types.upkeep import Uses

Kind = Literal["run", "dataset", "plan"]
WORDS: dict[Kind, str] = {"run": "run", "dataset": "data set", "plan": "staged plan"}
AFTER: dict[Kind, str] = {"run": "runs", "dataset": "datasets", "plan": "staged"}
"""The page to be on when it is gone."""
LISTED = 6


def offer(kind: Kind, name: str) -> None:
    """Draw the button, for whoever may delete it."""
    if not lab().upkeep.may_delete(kind, name):
        return
    st.divider()
    if st.button(
        f"Delete this {WORDS[kind]}…",
        key=f"delete-{kind}",
        icon=":material/delete:",
        type="tertiary",
    ):
        st.dialog(f"Delete this {WORDS[kind]}?", icon=":material/delete:")(ask)(kind, name)


def ask(kind: Kind, name: str) -> None:
    """Say what goes with it and what forbids it, then do it."""
    uses = lab().upkeep.uses(kind, name)
    st.markdown(f"**{md(uses.title, 90)}**")
    why_not = forbidden(kind, uses)
    if why_not:
        st.warning(why_not, icon=":material/block:")
        return
    st.markdown(consequences(kind, uses))
    along = not uses.used or st.checkbox(
        f"Delete {with_it(uses)} too", key="delete-along", value=False
    )
    if st.button("Delete for good", type="primary", key="delete-sure", disabled=not along):
        try:
            _delete(kind, name, along=uses.used)
        except PxError as error:
            banner(error)
            return
        links.go(AFTER[kind])


def forbidden(kind: Kind, uses: Uses) -> str:
    """Return why it cannot be deleted now, and what to do; empty where it can."""
    if uses.live:
        which = "This run has" if kind == "run" else f"{count(uses.live, 'run')} on it have"
        return f"{which} not ended. Cancel first, then delete."
    if uses.foreign:
        return (
            f"It is used by {count(uses.foreign, 'run or plan', 'runs or plans')} of others, which "
            "would go with it. Ask them, or an administrator, to delete it."
        )
    return ""


def consequences(kind: Kind, uses: Uses) -> str:
    """Return what deleting does, in sentences."""
    told = {
        "run": "Its page and its list of results go. What other runs use of it stays.",
        "dataset": "Its cells, labels and panel sheet go. The file they came from stays.",
        "plan": "All its versions and its trail go. Its runs and data sets stay.",
    }[kind]
    lines = [told]
    if uses.used:
        titles = [md(title, 60) for _, title in (*uses.runs, *uses.plans)]
        more = len(titles) - LISTED
        named = [*titles[:LISTED], *([f"{more} more"] if more > 0 else [])]
        lines.append(f"It is used by {with_it(uses)}: {listed(named)}.")
    if uses.links:
        one = uses.links == 1
        stays = "stays open, as a snapshot, until it is" if one else "stay open until they are"
        ends = "its time is over" if one else "their time is over"
        lines.append(f"{count(uses.links, 'shared link')} to it {stays} revoked or {ends}.")
    if uses.links_end:
        ends = "ends" if uses.links_end == 1 else "end"
        made = count(uses.links_end, "shared link")
        lines.append(f"{made} to it that others made {ends} at once and for good.")
    lines.append("This cannot be undone here: only a backup of the store brings it back.")
    return " ".join(lines)


def with_it(uses: Uses) -> str:
    """Return what goes with it, counted."""
    parts = [count(len(uses.runs), "run")] if uses.runs else []
    parts += [count(len(uses.plans), "staged plan")] if uses.plans else []
    return " and ".join(parts)


def _delete(kind: Kind, name: str, *, along: bool) -> None:
    upkeep = lab().upkeep
    if kind == "run":
        upkeep.delete_run(name, and_plans=along)
    elif kind == "dataset":
        upkeep.delete_dataset(name, and_runs=along)
    else:
        upkeep.delete_plan(name)

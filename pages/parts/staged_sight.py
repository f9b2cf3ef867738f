"""The plan as this tab saw it, so that nobody overwrites what they have not seen.

A tab keeps the version it drew. Every change starts from that version; where somebody else was
faster, the door refuses (``PlanChangedError``), nothing is overwritten, and what was typed here
stays until the person loads what is there now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from pages.parts.errors import guarded
from pages.parts.session import lab
from pages.parts.staged_steps import current
from pages.parts.text import sentence, told
from pages.parts.words import moment
from pxcore.errors import PlanChangedError, PxError
from pxcore.types.staged import Candidate, StagedPlan

KEY = "staged-sight"
Make = Callable[[], StagedPlan]


@dataclass(frozen=True, slots=True)
class Sight:
    """What one tab knows of the plan in front of it, beyond the address."""

    plan_id: str = ""
    version: int = 0
    conflict: str = ""
    """Why the last change was refused: somebody else was faster."""
    trouble: str = ""
    """Why the last change was refused: something to mend here."""
    told: int = 0
    """The newer version that the page already tells of."""
    draft: tuple[Candidate, ...] | None = None
    """Candidates that were put into the table but not saved."""
    edited: tuple[Candidate, ...] | None = None
    """What the table shows now; None where it shows what is saved."""
    said: str = ""
    """What came of the last thing that was put into the table."""
    place: str = ""
    """Where on the page ``trouble`` is told; empty for the top."""
    again: int = 0
    """How often the person went back to what is saved: fields begin anew."""


def sight() -> Sight:
    """Return what this tab knows."""
    found = st.session_state.get(KEY)
    return found if isinstance(found, Sight) else Sight()


def note(**changes: object) -> None:
    """Remember something about the plan in front."""
    st.session_state[KEY] = replace(sight(), **changes)  # type: ignore[arg-type]


def look(plan_id: str) -> tuple[StagedPlan, StagedPlan]:
    """Return the plan as this tab saw it, and as it is now. Raises PanelError for none."""
    latest = lab().staged.plan(plan_id)
    known = sight()
    if known.plan_id != plan_id:
        st.session_state[KEY] = Sight(plan_id=plan_id, version=latest.version)
        return latest, latest
    if known.version == latest.version:
        return latest, latest
    return lab().staged.plan(plan_id, known.version), latest


def keyed(name: str) -> str:
    """Return the key of a field of step 1; another one after `afresh`."""
    return f"{name}-{sight().again}" if sight().again else name


def afresh() -> None:
    """Show what is saved: what was typed into the fields of step 1 is gone."""
    note(draft=None, edited=None, said="", again=sight().again + 1)


def act(make: Make, step: int = 0, toast: str = "", place: str = "") -> bool:
    """Change the plan; return whether it was saved. What was refused is told once.

    ``step``: where to go then; 0 stays. ``place``: who tells what was refused (`refused`); the
    top of the page where none is named.
    """
    note(conflict="", trouble="", place=place)
    with guarded("staged plan"):
        try:
            saved = make()
        except PlanChangedError as error:
            note(conflict=str(error))
            return False
        except PxError as error:
            note(trouble=str(error))
            return False
        see(saved)
        if step:
            st.query_params["step"] = str(step)
        if toast:
            st.toast(toast)
        return True
    return False


def see(plan: StagedPlan) -> None:
    """Take a plan as seen: it was just saved, or just loaded."""
    note(version=plan.version, conflict="", trouble="")


def banner(seen: StagedPlan, latest: StagedPlan) -> None:
    """Draw what was refused, and whether somebody changed the plan meanwhile."""
    refused("")
    if seen.version == latest.version:
        return
    note(told=latest.version)
    text = _changed(seen, latest, tried=bool(sight().conflict))
    with st.container(border=True, key="staged-conflict"):
        st.warning(told(sentence(text), 1500), icon=":material/sync_problem:")
        st.button(
            "Load what is there now",
            type="primary",
            icon=":material/sync:",
            key="staged-load",
            on_click=_load,
            args=(latest, current(seen)),
            help="What you typed into the table of candidates stays there, not saved.",
        )


def refused(place: str) -> None:
    """Draw why the last change was refused, where it is told here; it is told once."""
    known = sight()
    if known.trouble and known.place == place:
        st.error(told(sentence(known.trouble), 2000), icon=":material/error:")
        note(trouble="", place="")


def _changed(seen: StagedPlan, latest: StagedPlan, *, tried: bool) -> str:
    """Return who changed a plan that somebody looks at, when and what; ``tried``: to save it."""
    last = latest.trail[-1] if latest.trail else None
    who = (last.who if last else "") or "somebody"
    when = moment(latest.changed)
    what = f": {last.what.rstrip('. ')}" if last else ""
    if tried:
        return (
            f"This plan was changed meanwhile by {who}, {when}{what}. Your change was not saved "
            f"and nothing was overwritten. You still see version {seen.version}: load version "
            f"{latest.version}, look at what changed, and make yours again."
        )
    return (
        f"{who} changed this plan {when}{what}. You still see version {seen.version}; nothing was "
        f"overwritten. Load version {latest.version} to go on with it."
    )


def _load(latest: StagedPlan, step: int) -> None:
    """See what is there now, at the same step; keep what the person put into the table."""
    st.query_params["step"] = str(min(step, latest.step))
    own = sight().edited
    see(latest)
    note(draft=own, edited=None, said="")

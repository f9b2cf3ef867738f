"""Steps 1 and 2 of a staged plan: its candidates, and the plan that deals them to runs.

Both may be done again later. What then no longer holds is dropped and told: a run whose markers
changed loses what was attached to it, the others keep it, whatever their new number is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.staged.candidates import check_candidates
from pxcore.panel.staged.matching import marker_key
from pxcore.panel.staged.plans import plan_figures, planned_runs
from pxcore.plots.numbers import count
from pxcore.runs.staged import shelf
from pxcore.runs.staged.carrying import carried
from pxcore.runs.staged.steps import CANDIDATES, LONGEST, PLAN, Change, moved, need_step
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.types.staged import Candidate, Decision, Instrument, PlanKind, StagedPlan
from pxcore.types.staged_views import Offer

__all__ = ["choose", "new", "offers", "room", "set_candidates"]

LABELS = {PlanKind.PUBLISHED: "the published plan", PlanKind.PAIR_COVER: "pair cover"}


def new(
    store: Store,
    title: str,
    instrument: Instrument,
    owner: str = "",
    candidates: Sequence[Candidate] = (),
) -> StagedPlan:
    """Return a new plan, saved as its version 1; with candidates, if there are any, as version 2.

    Raises PanelError for a title that is none, and for candidates as `set_candidates`: then
    nothing is saved.
    """
    if candidates:
        check_candidates([_checked(candidate) for candidate in candidates], instrument)
    plan = StagedPlan(
        id="", title=_title(title), version=0, step=1, owner=owner, instrument=instrument
    )
    what = f"Started, for {instrument.label}."
    line = Decision(at=now(), who=owner, step="Candidates", what=what)
    made = shelf.add(store, replace(plan, trail=(line,)), owner, what)
    return set_candidates(store, made, candidates, instrument, who=owner) if candidates else made


def set_candidates(
    store: Store,
    plan: StagedPlan,
    candidates: Sequence[Candidate],
    instrument: Instrument,
    title: str | None = None,
    *,
    who: str,
) -> StagedPlan:
    """Return the plan with these candidates and this instrument, saved.

    Where runs are planned already, they are dealt anew by the same plan.

    Raises
    ------
    PanelError
        For empty or doubled markers, costs that are none, more always-on or must-keep markers than
        slots, a title that is none.
    PlanChangedError
        When somebody else changed the plan meanwhile.
    """
    wanted = tuple(_checked(candidate) for candidate in candidates)
    free = check_candidates(wanted, instrument)
    made = replace(
        plan,
        candidates=wanted,
        instrument=instrument,
        title=plan.title if title is None else _title(title),
        step=max(plan.step, PLAN),
    )
    dropped: tuple[str, ...] = ()
    if plan.kind is not None:
        made, dropped = _dealt_again(made, plan)
    n_on = sum(candidate.always_on for candidate in wanted)
    what = (
        f"{count(len(wanted), 'candidate')} ({n_on} always on), {instrument.label}: "
        f"{count(free, 'slot')} of a run for the other {len(wanted) - n_on}."
        f"{_changes(plan.candidates, wanted)}"
    )
    return moved(store, made, Change(who=who, step=CANDIDATES, what=what, dropped=dropped))


def offers(plan: StagedPlan, top: int) -> tuple[Offer, ...]:
    """Return each kind of plan for the candidates, or why it is not possible.

    Raises PanelError before there are candidates.
    """
    need_step(plan, PLAN, "Choosing a plan")
    found = []
    for kind in PlanKind:
        try:
            _check_top(top)
            runs = planned_runs(kind, plan.candidates, plan.instrument, top)
        except PanelError as error:
            found.append(Offer(kind=kind, runs=(), figures=None, reason=str(error)))
            continue
        figures = plan_figures(kind, runs, plan.candidates, plan.instrument, top)
        found.append(Offer(kind=kind, runs=runs, figures=figures))
    return tuple(found)


def choose(store: Store, plan: StagedPlan, kind: PlanKind, top: int, *, who: str) -> StagedPlan:
    """Return the plan with its runs dealt, saved: the measurements may begin.

    Raises
    ------
    PanelError
        Before there are candidates, and where the plan is not possible: ``top`` larger than the
        smallest run, too few slots for a pair.
    PlanChangedError
        When somebody else changed the plan meanwhile.
    """
    need_step(plan, PLAN, "Choosing a plan")
    _check_top(top)
    runs = planned_runs(kind, plan.candidates, plan.instrument, top)
    made, dropped = carried(replace(plan, kind=kind, top=top, runs=runs), plan)
    n_dealt = len(runs) - 1
    of_each = f", top {top} of each" if kind is PlanKind.PUBLISHED else ""
    runs_words = f"{n_dealt} run{'s' if n_dealt > 1 else ''}{of_each}"
    what = f"Chose {LABELS[kind]}: {runs_words}, then a final run."
    return moved(store, made, Change(who=who, step=PLAN, what=what, dropped=dropped))


def room(plan: StagedPlan) -> tuple[int, int]:
    """Return how many candidates are not always on, and the slots of a run for them."""
    need_step(plan, PLAN, "Choosing a plan")
    dealt = sum(not candidate.always_on for candidate in plan.candidates)
    return dealt, check_candidates(plan.candidates, plan.instrument)


def _dealt_again(made: StagedPlan, before: StagedPlan) -> tuple[StagedPlan, tuple[str, ...]]:
    """Return the plan with its runs for changed candidates, and what was dropped."""
    kind = made.kind or PlanKind.PUBLISHED
    try:
        runs = planned_runs(kind, made.candidates, made.instrument, made.top)
    except PanelError as error:
        made, dropped = carried(replace(made, runs=()), before)
        why = f"The plan chosen before is not possible any more, choose again: {error}."
        return replace(made, kind=None, step=PLAN), (why, *dropped)
    return carried(replace(made, runs=runs), before)


def _checked(candidate: Candidate) -> Candidate:
    """Return a candidate in the form that is kept: a bridge is always on, no blank around names."""
    if not 0 <= candidate.cost < math.inf:
        message = (
            f"the cost of {candidate.marker!r} is {candidate.cost}; expected a number from 0, the "
            "price of one test"
        )
        raise PanelError(message)
    return replace(
        candidate,
        marker=candidate.marker.strip(),
        clone=candidate.clone.strip(),
        fluorochrome=candidate.fluorochrome.strip(),
        always_on=candidate.always_on or candidate.bridge,
    )


def _changes(before: Sequence[Candidate], after: Sequence[Candidate]) -> str:
    """Return which markers came and went, in a sentence; empty for a first list."""
    if not before:
        return ""
    old = {marker_key(one.marker): one.marker for one in before}
    new = {marker_key(one.marker): one.marker for one in after}
    came = [name for key, name in new.items() if key not in old]
    went = [name for key, name in old.items() if key not in new]
    parts = [
        f"{word}: {', '.join(names)}" for word, names in (("New", came), ("Gone", went)) if names
    ]
    return f" {'. '.join(parts)}." if parts else ""


def _check_top(top: int) -> None:
    if top < 1:
        message = f"top m is {top}; expected at least 1, the markers that each run sends on"
        raise PanelError(message)


def _title(title: str) -> str:
    words = " ".join(title.split())
    if not 0 < len(words) <= LONGEST:
        message = (
            f"the title has {len(words)} letters; give the plan a name of 1 to {LONGEST} letters"
        )
        raise PanelError(message)
    return words

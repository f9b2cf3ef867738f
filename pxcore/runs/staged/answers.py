"""Which finished run answered the question about another run's panels, and what then holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pxcore.runs import ledger
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.store.home import Store
from pxcore.types import RunSpec, RunState
from pxcore.types.panel import Constraints, PanelQuestion
from pxcore.types.staged import StagedPlan

__all__ = ["answering_run", "constraints_for"]


def answering_run(store: Store, spec: RunSpec, *, searched: bool = False) -> str:
    """Return the finished run that answered a question about the panels of a run with this spec.

    That run itself, where it was asked, is one of several. The newest that searched all panels
    counts, else the newest; empty where there is none. ``searched``: no other will do.
    """
    found = [
        record
        for record in ledger.records(store, [RunState.FINISHED])  # newest first
        if record.spec.question is not None and _bare(record.spec) == _bare(spec)
    ]
    for record in found:
        if record.spec.question is not None and record.spec.question.search:
            return record.id
    return "" if searched or not found else found[0].id


def constraints_for(
    plan: StagedPlan, spec: RunSpec, places: Mapping[str, int], margin: float
) -> Constraints:
    """Return what the plan's candidates and the run's own question demand of a panel.

    What is always on or must be kept is in it, a stain that was not planned is not; and what the
    question kept, left out or limited holds as on the run's panel page.

    Parameters
    ----------
    spec
        Of the run that answered.
    places
        Position of each marker's channel in the data set's panel.
    margin
        F1-macro that a panel may lose.
    """
    kept = {one.marker for one in plan.candidates if one.always_on or one.must_keep}
    channels, planned = spec.panel.channels, set(places.values())
    unplanned = [
        place
        for place in panel_tasks.everything(spec)
        if place not in planned and not channels[place].role.stain_free
    ]
    asked = spec.question or PanelQuestion()
    inside = {places[marker] for marker in kept if marker in places}
    return Constraints(
        must_keep=tuple(sorted(inside.union(asked.must_keep))),
        exclude=tuple(sorted({*unplanned, *asked.exclude})),
        max_stains=asked.most_stains,
        margin=margin,
    )


def _bare(spec: RunSpec) -> RunSpec:
    """Return a spec without its question, and what decides no number."""
    return replace(spec, question=None, title="", owner="", priority=0, preset="")

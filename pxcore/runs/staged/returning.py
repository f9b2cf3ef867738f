"""Back to an earlier state of a plan: its contents come back as a new version, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.runs.staged import shelf
from pxcore.runs.staged.steps import Change, moved
from pxcore.store.home import Store
from pxcore.types.staged import StagedPlan

__all__ = ["back_to", "undo"]


def undo(store: Store, plan: StagedPlan, *, who: str) -> StagedPlan:
    """Return the plan as it was before its last change, saved; again: before the one before.

    Raises PanelError when nothing was changed yet, PlanChangedError when somebody else changed
    the plan meanwhile.
    """
    shown = plan.as_of or plan.version
    if shown <= 1:
        message = f"plan {plan.title!r} is as it was started, so there is nothing to undo"
        raise PanelError(message)
    before = shelf.one(store, plan.id, shown - 1)
    return _again(store, plan, before, who, "Undone")


def back_to(store: Store, plan: StagedPlan, version: int, *, who: str) -> StagedPlan:
    """Return the plan with the contents of an earlier version, saved.

    Raises PanelError for a version that is not there, PlanChangedError as `undo`.
    """
    return _again(store, plan, shelf.one(store, plan.id, version), who, "Brought back")


def _again(store: Store, plan: StagedPlan, earlier: StagedPlan, who: str, verb: str) -> StagedPlan:
    as_of = earlier.as_of or earlier.version
    made = replace(earlier, version=plan.version, trail=plan.trail)
    what = f"{verb}: the plan is again as in version {as_of}."
    change = Change(who=who, step=earlier.step, what=what, as_of=as_of)
    return moved(store, made, change)

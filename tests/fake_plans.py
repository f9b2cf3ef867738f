"""Staged plans kept in a list: every version, and its way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pxcore.errors import PanelError, PlanChangedError
from pxcore.panel.staged.candidates import candidates_of, check_candidates
from pxcore.panel.staged.instruments import INSTRUMENTS, other
from pxcore.panel.staged.pasted import parse_candidates
from pxcore.types import Dataset
from pxcore.types.staged import Candidate, Decision, Instrument, StagedPlan
from pxcore.types.staged_views import PlanVersion

NOW = "2026-11-21T10:00:00+00:00"


@dataclass
class FakePlans:
    """Plans by id, every version."""

    sets: Callable[[], Sequence[Dataset]]
    kept: dict[str, list[StagedPlan]] = field(default_factory=dict)

    def _save(
        self, plan: StagedPlan, who: str, what: str, *, by_itself: bool = False, **changes: object
    ) -> StagedPlan:
        latest = self.kept[plan.id][-1]
        if latest.version != plan.version:
            message = f"{plan.title!r} was changed meanwhile by {latest.trail[-1].who}; open it"
            raise PlanChangedError(message)
        made = replace(plan, **changes)  # type: ignore[arg-type]
        line = Decision(at=NOW, who=who, step="Plan", what=what, by_itself=by_itself)
        made = replace(
            made, version=plan.version + 1, trail=(*plan.trail, line), changed=NOW,
            notes=changes.get("notes", ()),  # type: ignore[arg-type]
            as_of=changes.get("as_of", 0),  # type: ignore[arg-type]
        )  # fmt: skip
        self.kept[plan.id].append(made)
        return made

    def put(self, plan: StagedPlan) -> StagedPlan:
        """Keep a plan as its only version."""
        self.kept[plan.id] = [plan]
        return plan

    def instruments(self) -> tuple[Instrument, ...]:
        return tuple(INSTRUMENTS.values())

    def other_instrument(
        self, slots: int, brightfield: Sequence[int] = (), darkfield: Sequence[int] = ()
    ) -> Instrument:
        return other(slots, brightfield, darkfield)

    def plans(self) -> tuple[StagedPlan, ...]:
        return tuple(versions[-1] for versions in reversed(self.kept.values()))

    def plan(self, plan_id: str, version: int | None = None) -> StagedPlan:
        for one in reversed(self.kept.get(plan_id, [])):
            if version in (None, one.version):
                return one
        message = f"staged plan {plan_id!r} is not known here"
        raise PanelError(message)

    def history(self, plan_id: str) -> tuple[PlanVersion, ...]:
        return tuple(
            PlanVersion(
                version=one.version, step=one.step, who=one.trail[-1].who, at=NOW,
                what=one.trail[-1].what,
            )
            for one in reversed(self.kept[plan_id])
        )  # fmt: skip

    def new(self, title: str, instrument: Instrument, owner: str = "") -> StagedPlan:
        line = Decision(at=NOW, who=owner, step="Candidates", what="Started.")
        made = StagedPlan(
            id=f"p{len(self.kept) + 1}", title=title, version=1, step=1, owner=owner,
            instrument=instrument, trail=(line,), changed=NOW,
        )  # fmt: skip
        return self.put(made)

    def pasted(self, text: str) -> tuple[Candidate, ...]:
        return parse_candidates(text)

    def from_dataset(self, dataset_id: str) -> tuple[Candidate, ...]:
        return candidates_of(self._set(dataset_id).panel)

    def set_candidates(
        self,
        plan: StagedPlan,
        candidates: Sequence[Candidate],
        instrument: Instrument,
        title: str | None = None,
        *,
        who: str,
    ) -> StagedPlan:
        check_candidates(candidates, instrument)
        return self._save(
            plan, who, f"{len(candidates)} candidates.", candidates=tuple(candidates),
            instrument=instrument, title=title or plan.title, step=2, kind=None, runs=(),
            notes=("Run 1 was detached.",) if plan.runs else (),
        )  # fmt: skip

    def undo(self, plan: StagedPlan, *, who: str) -> StagedPlan:
        shown = plan.as_of or plan.version
        if shown < 2:
            message = "there is nothing to undo"
            raise PanelError(message)
        return self.back_to(plan, shown - 1, who=who)

    def back_to(self, plan: StagedPlan, version: int, *, who: str) -> StagedPlan:
        old = self.plan(plan.id, version)
        made = replace(old, version=plan.version, trail=plan.trail)
        as_of = old.as_of or version
        return self._save(made, who, f"Back to version {version}.", as_of=as_of)

    def _set(self, dataset_id: str) -> Dataset:
        return next(one for one in self.sets() if one.id == dataset_id)

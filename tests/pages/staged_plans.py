"""Plans at every step for tests of the wizard's pages, on the door in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import tests.example_values as ex
from pxcore.panel.staged.instruments import INSTRUMENTS, other
from pxcore.types import Channel, Panel, Role
from pxcore.types.staged import Candidate, PlanKind, StagedPlan
from tests.fake_lab import FakeLab

MARKERS = tuple(f"M{number}" for number in range(1, 11))
SMALL = other(7, brightfield=(1,), darkfield=(7,))
"""Five slots: one for what is always on, four free, so nine others need three runs."""


def candidates(markers: Sequence[str] = MARKERS) -> tuple[Candidate, ...]:
    """Return a bridge, a marker that must be kept, and others; each a cost of 2."""
    made = [Candidate(marker=name, clone=f"c{n}", cost=2.0) for n, name in enumerate(markers)]
    made[0] = replace(made[0], bridge=True, always_on=True)
    made[1] = replace(made[1], must_keep=True)
    return tuple(made)


def measured(lab: FakeLab, markers: Sequence[str] = MARKERS, title: str = "Tonsil") -> str:
    """Register cells that have all markers; return the data set's id."""
    stains = tuple(Channel(name=name) for name in markers)
    panel = Panel((Channel(name="BF0", role=Role.BRIGHTFIELD), *stains))
    dataset = ex.dataset(panel)
    lab.sets.append(replace(dataset, id="all", title=title))
    return "all"


def plan_at(
    lab: FakeLab,
    step: int,
    kind: PlanKind = PlanKind.PUBLISHED,
    markers: Sequence[str] = MARKERS,
    title: str = "Plan",
) -> StagedPlan:
    """Return a plan that has come to a step as a person would bring it there."""
    door = lab.staged
    plan = door.new(title, INSTRUMENTS["one_camera_6"], "ann")
    if step == 1:
        return plan
    plan = door.set_candidates(plan, candidates(markers), SMALL, who="ann")
    if step == 2:
        return plan
    plan = door.choose(plan, kind, 2, who="ann")
    if step == 3:
        return plan
    if not any(one.id == "all" for one in lab.sets):
        measured(lab, markers)
    for run in plan.runs[:-1]:
        plan = door.attach(plan, run.number, "all", f"rank{run.number}", who="ben")
    if step == 4:
        return plan
    plan = door.finish_merge(plan, who="ann")
    if step == 5:
        return plan
    return door.attach(plan, plan.runs[-1].number, "all", "rankF", who="ben")

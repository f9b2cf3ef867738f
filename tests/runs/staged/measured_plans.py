"""A plan of five markers whose runs were measured, brought as far as a test needs it."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.api import Lab
from pxcore.store.home import Store
from pxcore.types.staged import Candidate, Override, PlanKind, StagedPlan

FIRST, SECOND, FINAL = ("CD3", "CD4", "CD19"), ("CD3", "CD45", "CD20"), ("CD3", "CD19", "CD45")
"""CD3 is the bridge; it and CD19 tell the classes apart, nothing else does."""
ALL = ("CD3", "CD4", "CD19", "CD45", "CD20")
EVEN = {"CD3": 600, "CD19": 600}


@dataclass(frozen=True, slots=True)
class Measured:
    """A lab whose planned runs were measured: data sets and runs by name."""

    store: Store
    data: dict[str, str]
    runs: dict[str, str]


def planned(lab: Lab) -> StagedPlan:
    instrument = lab.staged.other_instrument(4, [1])
    bridge = Candidate(marker="CD3", bridge=True, cost=5.0)
    others = [Candidate(marker=name, cost=2.0) for name in ALL[1:]]
    plan = lab.staged.new("Five", instrument, "ann")
    plan = lab.staged.set_candidates(plan, [bridge, *others], instrument, who="ann")
    return lab.staged.choose(plan, PlanKind.PUBLISHED, 1, who="ann")


def with_rankings(lab: Lab, measured: Measured) -> StagedPlan:
    plan = planned(lab)
    for number, name in ((1, "first"), (2, "second")):
        found, run = measured.data[name], measured.runs[name]
        plan = lab.staged.attach(plan, number, found, run, who="ann")
    return plan


def with_final(lab: Lab, measured: Measured) -> StagedPlan:
    plan = lab.staged.override(with_rankings(lab, measured), "CD45", Override.TAKE, who="ann")
    plan = lab.staged.override(plan, "CD19", Override.TAKE, who="ann")
    return lab.staged.finish_merge(plan, who="ann")

"""A plan of five markers whose runs were measured, brought as far as a test needs it."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.api import Lab
from pxcore.runs.panels.questions import PanelAsk
from pxcore.store.home import Store
from pxcore.types.staged import Candidate, Override, PlanKind, StagedPlan
from tests.runs.staged.made_cells import learning, marker_dataset, queue
from tests.tiny_lab import carry_on

FIRST, SECOND, FINAL = ("CD3", "CD4", "CD19"), ("CD3", "CD45", "CD20"), ("CD3", "CD19", "CD45")
"""CD3 is the bridge; it and CD19 tell the classes apart, nothing else does."""
ALL = ("CD3", "CD4", "CD19", "CD45", "CD20")
EVEN = {"CD3": 600, "CD19": 600}
WHO = "Ann Who-Made-It"
"""A name that stands nowhere else."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A lab whose planned runs were measured: data sets and runs by name."""

    store: Store
    data: dict[str, str]
    runs: dict[str, str]


def measured_runs(store: Store) -> Measured:
    """Return both dealt runs and the final one, finished, with an advice on the final one."""
    made = {"first": FIRST, "second": SECOND, "final": FINAL}
    data = {name: marker_dataset(store, markers, name, EVEN) for name, markers in made.items()}
    runs = {name: queue(store, data[name]) for name in ("second", "final")}
    runs["first"] = queue(store, data["first"], training=learning())
    carry_on(store)
    runs["asked"] = Lab(store).panels.ask(runs["final"], PanelAsk(search=False), WHO)
    carry_on(store)
    return Measured(store, {name: one.id for name, one in data.items()}, runs)


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
    """Return the plan before its final run is attached."""
    plan = lab.staged.override(with_rankings(lab, measured), "CD45", Override.TAKE, who="ann")
    plan = lab.staged.override(plan, "CD19", Override.TAKE, who="ann")
    return lab.staged.finish_merge(plan, who="ann")


def with_result(lab: Lab, measured: Measured) -> StagedPlan:
    """Return the plan at its end."""
    final = measured.data["final"], measured.runs["final"]
    return lab.staged.attach(with_final(lab, measured), 3, *final, who=WHO)

"""A store's upkeep in memory, for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pxcore.doors.upkeep import Tell
from pxcore.runs.upkeep.users import Kind
from pxcore.types.upkeep import (
    BackedUp,
    Checked,
    Cleaned,
    HostState,
    Loose,
    Storage,
    Uses,
)

GIB = 2**30
HOST = HostState(
    versions=(("pxcore", "1.0"), ("torch", "2.0")),
    database="sqlite",
    home="/lab",
    free=50 * GIB,
    disk=200 * GIB,
)


@dataclass
class FakeUpkeep:
    """What stands in the store, set by a test; what the pages asked for is kept in ``asked``."""

    asked: list[tuple[str, object]] = field(default_factory=list)
    refusal: Exception | None = None
    mine: bool = True
    used: Uses = field(default_factory=lambda: Uses(title="thing", owner="ann"))
    lying: tuple[Loose, ...] = ()
    room: Storage | None = None
    on: HostState = HOST

    def storage(self) -> Storage:
        assert self.room is not None
        return self.room

    def host(self) -> HostState:
        if self.refusal:
            raise self.refusal
        return self.on

    def kind_of(self, name: str) -> Kind:
        return "run"

    def uses(self, kind: Kind, name: str) -> Uses:
        return self.used

    def may_delete(self, kind: Kind, name: str) -> bool:
        return self.mine

    def delete_run(self, run_id: str, *, and_plans: bool = False) -> None:
        self.asked.append(("delete run", (run_id, and_plans)))

    def delete_plan(self, plan_id: str) -> None:
        self.asked.append(("delete plan", plan_id))

    def delete_dataset(self, dataset_id: str, *, and_runs: bool = False) -> None:
        self.asked.append(("delete dataset", (dataset_id, and_runs)))

    def loose(self, grace_hours: float = 24.0) -> tuple[Loose, ...]:
        return self.lying

    def clean(self, wanted: Sequence[Loose], grace_hours: float = 24.0) -> Cleaned:
        self.asked.append(("clean", tuple(wanted)))
        self.lying = tuple(one for one in self.lying if one not in wanted)
        return Cleaned(removed=tuple(wanted), kept=())

    def backup(
        self,
        target: Path,
        tell: Tell,
        *,
        link: bool = False,
        without_cells: bool = False,
    ) -> BackedUp:
        raise NotImplementedError

    def check(self, tell: Tell, *, repair: bool = False) -> Checked:
        raise NotImplementedError

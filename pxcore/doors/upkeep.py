"""The door on a store's upkeep: room, deleting, cleaning up, copies, checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pxcore.people.rights import require_admin
from pxcore.runs.upkeep import backup, checking, cleanup, deletion, state, users
from pxcore.runs.upkeep import storage as rooms
from pxcore.runs.upkeep.users import Kind
from pxcore.store.home import Store
from pxcore.types.upkeep import BackedUp, Checked, Cleaned, HostState, Loose, Storage, Uses

Tell = Callable[[str, float], None]


class Upkeep:
    """One store, kept in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def storage(self) -> Storage:
        """Return what takes how much room. Raises AccessError but for administrators."""
        require_admin(self._store, "Looking at everybody's room")
        return rooms.storage(self._store)

    def host(self) -> HostState:
        """Return versions, database and disk. Raises AccessError but for administrators."""
        require_admin(self._store, "Administration")
        return state.host_state(self._store)

    def kind_of(self, name: str) -> Kind:
        """Return what an id names. Raises RunError for one that this person does not know."""
        return users.kind_of(self._store, name)

    def uses(self, kind: Kind, name: str) -> Uses:
        """Return what would go with something, and what forbids it. AccessError but for owners."""
        return users.uses(self._store, kind, name)

    def may_delete(self, kind: Kind, name: str) -> bool:
        """Return whether this is there and the person's to delete."""
        return deletion.may_delete(self._store, kind, name)

    def delete_run(self, run_id: str, *, and_plans: bool = False) -> None:
        """Delete a run that has ended; ``and_plans``: and plans that use it."""
        deletion.delete_run(self._store, run_id, and_plans=and_plans)

    def delete_plan(self, plan_id: str) -> None:
        """Delete a staged plan; its runs and data sets stay."""
        deletion.delete_plan(self._store, plan_id)

    def delete_dataset(self, dataset_id: str, *, and_runs: bool = False) -> None:
        """Delete a data set; ``and_runs``: and all runs and plans that use it."""
        deletion.delete_dataset(self._store, dataset_id, and_runs=and_runs)

    def loose(self, grace_hours: float = cleanup.GRACE_HOURS) -> tuple[Loose, ...]:
        """Return what nothing refers to and nobody touched for an hour or more, largest first."""
        cleanup.check_grace(grace_hours)
        return cleanup.preview(self._store, grace_hours)

    def clean(self, wanted: Sequence[Loose], grace_hours: float = cleanup.GRACE_HOURS) -> Cleaned:
        """Remove these of `loose`; whatever is referred to by now stays."""
        cleanup.check_grace(grace_hours)
        return cleanup.carry_out(self._store, wanted, grace_hours)

    def backup(
        self, target: Path, tell: Tell, *, link: bool = False, without_cells: bool = False
    ) -> BackedUp:
        """Copy the store to a folder, while it is used; again into the same one: what is new."""
        return backup.backup(self._store, target, tell, link=link, without_cells=without_cells)

    def check(self, tell: Tell, *, repair: bool = False) -> Checked:
        """Hold every artifact against its checksum, and rows against files."""
        return checking.check(self._store, tell, repair=repair)

"""Where the results of a run lie: by what was written down with its tasks when it was planned.

Every task of a run is stored with the parts it plays in it, such as ``train/0/1`` (fold 0,
start 1) or ``rank/pxpermute``. A finished run is opened by these words alone: keys that today's
code would compute are never asked for, as they change with every version of a stage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from pxcore.errors import MethodError, RunError
from pxcore.runs import ledger
from pxcore.runs.ledger import RunRecord
from pxcore.runs.method_names import method_name
from pxcore.runs.plan import plan
from pxcore.store.home import Store
from pxcore.types import RunSpec, TaskRow


class Parts:
    """The parts of one finished run, found by name; those not found are noted in ``missing``."""

    def __init__(self, store: Store, record: RunRecord) -> None:
        self.tasks = ledger.task_rows(store, record.id)
        self.missing: list[str] = []
        self.starts = _starts(record.spec)
        self._store = store
        stored = {part: task for task in self.tasks for part in task.parts}
        self._rows = stored or _guessed(record.spec, self.tasks)

    def row(self, part: str) -> TaskRow | None:
        """Return the task that plays a part, or None."""
        return self._rows.get(part)

    def rows(self, prefix: str) -> tuple[TaskRow | None, ...]:
        """Return ``prefix/fold/start`` of every training, folds in order."""
        return tuple(self.row(f"{prefix}/{at}") for at in self.starts)

    def folder(self, part: str) -> Path | None:
        """Return where the result of a part lies; None, noted, where it cannot be found."""
        row = self.row(part)
        if row is not None and self._store.artifacts.has(row.key):
            return self._store.artifacts.folder(row.key)
        self.missing.append(part)
        return None

    def folders(self, prefix: str) -> tuple[Path, ...]:
        """Return where ``prefix/fold/start`` of every training lies; () unless all are there."""
        found = [self.folder(f"{prefix}/{at}") for at in self.starts]
        there = tuple(one for one in found if one is not None)
        return there if len(there) == len(found) else ()

    def kept(self, task: TaskRow) -> Path:
        """Return where a task's result lies. Raises RunError when it has left the store."""
        if not self._store.artifacts.has(task.key):
            message = (
                f"the result of {task.label!r} has left the store; "
                "start the run again: everything that is still there is reused"
            )
            raise RunError(message)
        return self._store.artifacts.folder(task.key)

    def notes(self) -> tuple[str, ...]:
        """Return what could not be found, in a plain sentence; () where everything was."""
        if not self.missing:
            return ()
        named = ", ".join(dict.fromkeys(self.missing))
        return (f"Could not be found in the store, so it is not shown: {named}.",)


def _guessed(spec: RunSpec, tasks: Sequence[TaskRow]) -> dict[str, TaskRow]:
    """Return the parts of a run that was stored before parts were written down.

    By key where today's plan has the same one, else by kind and label, which name fold, start,
    method and what is missing; else by their number and order.
    """
    try:
        steps = plan(spec)
    except MethodError:  # of a method that this version does not have
        steps = ()
    by_key = {task.key: task for task in tasks}
    planned = {step.key for step in steps}
    alike: defaultdict[tuple[str, str], list[TaskRow]] = defaultdict(list)
    for task in tasks:
        if task.key not in planned:
            alike[task.kind, task.label].append(task)
    found = _in_order(spec, tasks)
    for step in steps:
        row = by_key.get(step.key)
        if row is None and alike[step.kind, step.label]:
            row = alike[step.kind, step.label].pop(0)
        if row is not None:
            found.update(dict.fromkeys(step.parts, row))
    return found


def _in_order(spec: RunSpec, tasks: Sequence[TaskRow]) -> dict[str, TaskRow]:
    """Return what number and order tell: of a run with nothing but trainings and rankings."""
    starts = _starts(spec)
    names = [method_name(method) for method in spec.methods]
    kinds: Mapping[str, Sequence[str]] = {
        "train": [f"train/{at}" for at in starts],
        "explain": [f"explain/{name}/{at}" for at in starts for name in names],
        "rank": [f"rank/{name}" for name in names],
    }
    found = {}
    for kind, parts in kinds.items():
        rows = [task for task in tasks if task.kind == kind]
        if len(rows) == len(parts):
            found.update(dict(zip(parts, rows, strict=True)))
    return found


def _starts(spec: RunSpec) -> tuple[str, ...]:
    """Return ``fold/start`` of each training, in the order of results."""
    return tuple(f"{f}/{s}" for f, s in product(range(spec.n_folds), range(spec.seeds)))

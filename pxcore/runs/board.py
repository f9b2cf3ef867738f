"""Who wants which task and how it stands: events in, changes out, no clock, no I/O.

The runner feeds it (a run arrives, a task ends, somebody cancels) and carries out what comes
back: rows to write and tasks to stop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from pxcore.runs.schedule import Claim, Start, Waiting
from pxcore.runs.tasks import Lane, Step
from pxcore.types import RunState, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """A run that is not final, as the board needs it."""

    id: str
    owner: str
    priority: int
    ordinal: int
    steps: tuple[Step, ...]
    grows: bool = False
    """True while results of these steps decide further ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """A task's row of one run takes a new state."""

    run_id: str
    key: str
    state: TaskState
    reused: bool = False
    seconds: float | None = None
    error: str = ""
    error_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """A run takes a new state."""

    run_id: str
    state: RunState
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A running task that nobody wants any more."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task failed."""

    error_class: str
    """``out of memory``, ``killed``, ``bad input`` or ``defect``."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grow:
    """All steps of a run are done, and decide further ones."""

    run_id: str


Change = TaskChange | RunChange | Stop | Grow


@dataclass(slots=True)
class Board:
    """Live runs and their tasks."""

    runs: dict[str, LiveRun] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    """Keys whose artifact is there."""
    running: dict[str, Claim] = field(default_factory=dict)
    """On whose account each running task is."""
    stopping: set[str] = field(default_factory=set)
    """Of the running ones, those asked to stop."""

    def add(self, run: LiveRun, done: Collection[str], own: Collection[str] = ()) -> list[Change]:
        """Take up a run. ``done``: keys with an artifact; ``own``: those it computed before.

        What was done once and has left the store is to be done again.
        """
        self.runs[run.id] = run
        self.done.difference_update(step.key for step in run.steps)
        self.done.update(done)
        changes: list[Change] = [RunChange(run_id=run.id, state=RunState.RUNNING)]
        changes += [
            TaskChange(
                run_id=run.id, key=step.key, state=TaskState.DONE, reused=step.key not in own
            )
            for step in run.steps
            if step.key in self.done
        ]
        changes += [
            TaskChange(run_id=run.id, key=step.key, state=TaskState.RUNNING)
            for step in run.steps
            if step.key in self.running
        ]
        return changes + self._ended(run)

    def waiting(self) -> tuple[Waiting, ...]:
        """Return the tasks that could start now."""
        claims: dict[str, list[Claim]] = {}
        lanes: dict[str, Lane] = {}
        for run in self.runs.values():
            for position, step in enumerate(run.steps):
                if step.key in self.done or step.key in self.running:
                    continue
                if self.done.issuperset(step.needs):
                    lanes[step.key] = step.lane
                    claims.setdefault(step.key, []).append(_claim(run, position))
        return tuple(
            Waiting(key=key, lane=lanes[key], claims=tuple(wanted))
            for key, wanted in claims.items()
        )

    def load(self) -> Mapping[str, int]:
        """Return the running tasks of each owner."""
        return Counter(claim.owner for claim in self.running.values())

    def started(self, start: Start) -> list[Change]:
        """Note that a task was handed to a worker."""
        self.running[start.key] = start.claim
        return [
            TaskChange(run_id=run.id, key=start.key, state=TaskState.RUNNING)
            for run in self._wanting(start.key)
        ]

    def finished(self, key: str, seconds: float) -> list[Change]:
        """Note that a task's artifact is there."""
        claim = self._released(key)
        self.done.add(key)
        changes: list[Change] = []
        for run in self._wanting(key):
            reused = claim is not None and run.id != claim.run_id
            changes.append(
                TaskChange(
                    run_id=run.id, key=key, state=TaskState.DONE, reused=reused, seconds=seconds
                )
            )
            changes += self._ended(run)
        return changes

    def failed(self, key: str, failure: Failure) -> list[Change]:
        """Note that a task failed: every run that needs it fails, the others go on."""
        self._released(key)
        changes: list[Change] = []
        for run in self._wanting(key):
            label = next(step.label for step in run.steps if step.key == key)
            change = TaskChange(
                run_id=run.id,
                key=key,
                state=TaskState.FAILED,
                error=failure.message,
                error_class=failure.error_class,
            )
            error = f"{label}: {failure.error_class}: {failure.message}"
            changes.append(change)
            changes += self._drop(run, RunState.FAILED, error, skip=key)
        return changes

    def stopped(self, key: str) -> list[Change]:
        """Note that a task ended because it was asked to; wanted anew, it waits again."""
        self._released(key)
        return [
            TaskChange(run_id=run.id, key=key, state=TaskState.WAITING)
            for run in self._wanting(key)
        ]

    def cancel(self, run_id: str) -> list[Change]:
        """Drop a run on a person's wish; what other live runs need goes on."""
        run = self.runs.get(run_id)
        return self._drop(run, RunState.CANCELLED, "") if run else []

    def _drop(self, run: LiveRun, state: RunState, error: str, skip: str = "") -> list[Change]:
        del self.runs[run.id]
        changes: list[Change] = [
            TaskChange(run_id=run.id, key=step.key, state=TaskState.CANCELLED)
            for step in run.steps
            if step.key not in self.done and step.key != skip
        ]
        for step in run.steps:
            alone = not any(self._wanting(step.key))
            if step.key in self.running and step.key not in self.stopping and alone:
                self.stopping.add(step.key)
                changes.append(Stop(key=step.key))
        changes.append(RunChange(run_id=run.id, state=state, error=error))
        return changes

    def _ended(self, run: LiveRun) -> list[Change]:
        if not all(step.key in self.done for step in run.steps):
            return []
        if run.grows:
            return [Grow(run_id=run.id)]
        del self.runs[run.id]
        return [RunChange(run_id=run.id, state=RunState.FINISHED)]

    def _released(self, key: str) -> Claim | None:
        self.stopping.discard(key)
        return self.running.pop(key, None)

    def _wanting(self, key: str) -> Iterator[LiveRun]:
        return iter([run for run in self.runs.values() if any(s.key == key for s in run.steps)])


def _claim(run: LiveRun, position: int) -> Claim:
    return Claim(
        run_id=run.id,
        owner=run.owner,
        priority=run.priority,
        ordinal=run.ordinal,
        position=position,
    )

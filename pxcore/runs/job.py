"""What goes to a worker and what comes back: frozen values, sent as JSON text."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.runs.board import Failure
from pxcore.runs.tasks import KINDS, Step, Task
from pxcore.store.keys import decode, encode
from pxcore.types import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A task with what a worker needs to carry it out; only the task decides the numbers."""

    key: str
    kind: str
    task_json: str
    dataset: Dataset
    """Where pixels and labels lie, and names for messages."""
    run_id: str = ""
    """On whose account it runs, for the log."""

    @property
    def task(self) -> Task:
        """The task itself."""
        kind: type = KINDS[self.kind]
        task: Task = decode(kind, self.task_json)
        return task


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A job is over: done in some seconds, stopped on request, or failed."""

    key: str
    seconds: float | None = None
    failure: Failure | None = None

    @property
    def done(self) -> bool:
        """True when the artifact is there."""
        return self.seconds is not None


def job_of(step: Step, dataset: Dataset, run_id: str = "") -> Job:
    """Return the job of a step."""
    task = encode(step.task)
    return Job(key=step.key, kind=step.kind, task_json=task, dataset=dataset, run_id=run_id)

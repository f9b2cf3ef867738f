"""What every kind of task is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pxcore.runs.job import Job
from pxcore.runs.work import TaskWork
from pxcore.store.artifacts import Artifacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One job under way."""

    job: Job
    artifacts: Artifacts
    work: TaskWork
    folder: Path
    """Where the files of the artifact go."""

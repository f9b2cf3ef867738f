"""Dask carries the tasks out: retries after a lost worker, resources, one thread a worker.

The durable record is ours. On this host Dask's scheduler lives in the runner process; when that
is killed, every worker ends by itself, because each watches a pipe to its parent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import dask.config
from distributed import Client

from pxcore.runs.cluster import ClusterEngine
from pxcore.runs.failures import ATTEMPTS
from pxcore.runs.handed_out import HandedOut
from pxcore.runs.hosts import host_plan
from pxcore.runs.job import Ended, Job
from pxcore.runs.local_cluster import start_cluster
from pxcore.runs.steady import keep_steady
from pxcore.runs.tasks import Lane
from pxcore.settings import Settings


class Engine(Protocol):
    """Where tasks run."""

    @property
    def device(self) -> str:
        """Of the heavy workers: ``cpu`` or ``cuda``."""
        ...

    @property
    def problem(self) -> str:
        """What people should know of the workers; empty for nothing."""
        ...

    @property
    def patience(self) -> float:
        """Seconds until what a worker wrote must be seen here."""
        ...

    def lanes(self) -> Mapping[Lane, int]:
        """Return the workers of each lane."""
        ...

    def submit(self, job: Job, lane: Lane) -> None:
        """Hand a job to a worker."""
        ...

    def ended(self, timeout: float) -> list[Ended]:
        """Return the jobs that ended, waiting at most ``timeout`` seconds for the first."""
        ...

    def kill(self, key: str) -> None:
        """Restart the worker of a job that does not stop; its end follows in ``ended``."""
        ...

    def close(self) -> None:
        """End every worker started here."""
        ...


class DaskEngine:
    """Workers on this host."""

    problem = ""
    patience = 0.0

    def __init__(self, home: Path, settings: Settings) -> None:
        self._jobs = HandedOut(home)
        host = host_plan(settings)
        self._device, self._resources = host.device, host.resources
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            stack.enter_context(dask.config.set(_config(home)))
            cluster = stack.enter_context(start_cluster(home, host))
            self._client = stack.enter_context(
                Client(cluster, set_as_default=False, timeout=30)  # type: ignore[no-untyped-call]
            )
            self._stack = stack.pop_all()

    @property
    def device(self) -> str:
        """Of the heavy workers."""
        return self._device

    def lanes(self) -> Mapping[Lane, int]:
        """Return the workers of each lane that are there now; none while they start again."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return {
            lane: sum(self._resources[lane] in worker["resources"] for worker in workers)
            for lane in Lane
        }

    def submit(self, job: Job, lane: Lane) -> None:
        """Hand a job to a worker of its lane."""
        self._jobs.submit(self._client, job, {self._resources[lane]: 1})

    def ended(self, timeout: float) -> list[Ended]:
        """Return the jobs that ended."""
        return self._jobs.ended(timeout)

    def kill(self, key: str) -> None:
        """Restart the job's worker, without holding up the caller."""
        self._jobs.kill(self._client, key)

    def close(self) -> None:
        """End the workers."""
        self._jobs.close()
        self._stack.close()


def open_engine(home: Path, settings: Settings) -> Engine:
    """Return the engine that the settings ask for.

    Raises RunError when the scheduler named in ``PXCORE_SCHEDULER`` does not answer.
    """
    keep_steady()
    if settings.scheduler:
        return ClusterEngine(home, settings.scheduler)
    return DaskEngine(home, settings)


def _config(home: Path) -> dict[str, object]:
    """Return every Dask setting that matters, so that a user's own files change nothing."""
    return {
        "temporary-directory": str(home / "workers"),
        "distributed.scheduler.allowed-failures": ATTEMPTS - 1,
        "distributed.scheduler.work-stealing": False,
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.worker.profile.enabled": False,
        "distributed.worker.multiprocessing-method": "spawn",
        "distributed.admin.tick.limit": "60s",
        # Dask gives up a worker that is not back after 15 s; a busy host needs longer, and a
        # second kill within that time was enough to lose it for good.
        "distributed.deploy.lost-worker-timeout": "1000 days",
        "distributed.diagnostics.nvml": False,
        "distributed.worker.preload": ["pxcore.runs.execute.warm"],
        "logging": {"distributed": "error"},
    }

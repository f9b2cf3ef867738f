"""Dask carries the tasks out: retries after a lost worker, resources, one thread a worker.

The durable record is ours. Dask's scheduler lives in the runner process; when that is killed,
every worker ends by itself, because each watches a pipe to its parent.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import dask.config
from distributed import Client, Future, Nanny, Scheduler, SpecCluster

from pxcore.errors import RunError
from pxcore.runs.execute import carry_out
from pxcore.runs.failures import ATTEMPTS, classify
from pxcore.runs.hosts import host_plan
from pxcore.runs.job import Ended, Job
from pxcore.runs.tasks import Lane
from pxcore.settings import Settings
from pxcore.store.keys import encode

LOOPBACK = "127.0.0.1"
RESOURCES = {Lane.HEAVY: ("GPU", "CPU"), Lane.LIGHT: ("LIGHT",)}
"""What workers of each lane may offer, the better one first."""


Workers = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By address, what the scheduler tells of each worker; its ``resources`` are used here."""


class Engine(Protocol):
    """Where tasks run."""

    @property
    def device(self) -> str:
        """Of the heavy workers: ``cpu`` or ``cuda``."""
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
    """Workers on this host, or those of the scheduler named in ``PXCORE_SCHEDULER``."""

    def __init__(self, home: Path, settings: Settings) -> None:
        self._home = home
        self._ended: queue.Queue[Ended] = queue.Queue()
        self._futures: dict[str, Future[float]] = {}
        self._attempt = 0
        self._guard = threading.Lock()
        self._killers = ThreadPoolExecutor(1, thread_name_prefix="pxcore-kill")
        self._device = "cpu"
        self._resources: Mapping[Lane, str] = {}
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            stack.enter_context(dask.config.set(_config(home)))
            address = settings.scheduler or self._start_cluster(stack, home, settings)
            self._client = stack.enter_context(_client(address))
            if settings.scheduler:
                self._resources = resources_of(self._workers())
            self._stack = stack.pop_all()

    @property
    def device(self) -> str:
        """Of the heavy workers."""
        return self._device

    def lanes(self) -> Mapping[Lane, int]:
        """Return the workers of each lane that are there now; none while they start again."""
        workers = self._workers().values()
        return {
            lane: sum(self._resources[lane] in worker["resources"] for worker in workers)
            if lane in self._resources
            else min(len(workers), 1)
            for lane in Lane
        }

    def submit(self, job: Job, lane: Lane) -> None:
        """Hand a job to a worker of its lane."""
        self._attempt += 1
        future = self._client.submit(
            carry_out,
            str(self._home),
            encode(job),
            key=f"{job.kind}-{job.key[:16]}-{self._attempt}",
            pure=False,
            resources={self._resources[lane]: 1} if lane in self._resources else {},
        )
        with self._guard:
            self._futures[job.key] = future
        future.add_done_callback(lambda over: self._note(job.key, over))

    def ended(self, timeout: float) -> list[Ended]:
        """Return the jobs that ended."""
        found: list[Ended] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._ended.get(timeout=timeout))
            while True:
                found.append(self._ended.get_nowait())
        return found

    def kill(self, key: str) -> None:
        """Restart the job's worker, without holding up the caller."""
        self._killers.submit(self._kill, key)

    def close(self) -> None:
        """End the workers."""
        self._killers.shutdown(cancel_futures=True)
        self._stack.close()

    def _start_cluster(
        self, stack: contextlib.ExitStack, home: Path, settings: Settings
    ) -> SpecCluster:
        host = host_plan(settings)
        self._device, self._resources = host.device, host.resources
        workers = {
            plan.name: {
                "cls": Nanny,
                "options": {
                    "nthreads": 1,
                    "resources": {plan.resource: 1},
                    "env": dict(plan.environment),
                    "host": LOOPBACK,
                    "dashboard_address": f"{LOOPBACK}:0",
                    "local_directory": str(home / "workers"),
                    "memory_limit": None,
                    "death_timeout": 60,
                    "silence_logs": logging.ERROR,
                },
            }
            for plan in host.workers
        }
        scheduler = {
            "cls": Scheduler,
            "options": {
                "host": LOOPBACK,
                "port": 0,
                "dashboard": False,
                "dashboard_address": f"{LOOPBACK}:0",
            },
        }
        cluster = SpecCluster(workers=workers, scheduler=scheduler)  # type: ignore[no-untyped-call]
        stack.enter_context(cluster)
        return cluster

    def _workers(self) -> Workers:
        found: Workers
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        return found

    def _note(self, key: str, future: Future[float]) -> None:
        """Put a job's end in the queue; called on a thread of Dask's."""
        with self._guard:
            if self._futures.get(key) is not future:
                return
            del self._futures[key]
        self._ended.put(_end(key, future))

    def _kill(self, key: str) -> None:
        with self._guard:
            future = self._futures.pop(key, None)
        if future is None:
            return
        where = [
            address for address, names in self._client.processing().items() if future.key in names
        ]
        future.cancel()  # type: ignore[no-untyped-call]
        if where:
            self._client.restart_workers(where, timeout=30, raise_for_error=False)
        self._ended.put(Ended(key=key))


def resources_of(workers: Workers) -> dict[Lane, str]:
    """Return what a foreign cluster offers to each lane, decided once when it is connected.

    A lane whose resource nobody offers is missing: its tasks go to any worker.
    """
    offered = {name for worker in workers.values() for name in worker["resources"]}
    found = {lane: [name for name in names if name in offered] for lane, names in RESOURCES.items()}
    return {lane: names[0] for lane, names in found.items() if names}


def _end(key: str, future: Future[float]) -> Ended:
    if future.status == "finished":
        return Ended(key=key, seconds=float(future.result()))
    if future.status == "error":
        error = future.exception()  # type: ignore[no-untyped-call]
        return Ended(key=key, failure=classify(error))
    return Ended(key=key)  # cancelled, or lost with its scheduler: wanted still, it runs again


def _client(address: SpecCluster | str) -> Client:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions: told by the runner's own check
            return Client(  # type: ignore[no-untyped-call]
                address, set_as_default=False, timeout=30
            )
    except OSError as error:
        message = (
            f"the Dask scheduler {address} (PXCORE_SCHEDULER) does not answer: {error}; "
            "start it, or empty the variable to compute on this host"
        )
        raise RunError(message) from error


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
        "distributed.diagnostics.nvml": False,
        "distributed.worker.preload": ["pxcore.runs.execute.warm"],
        "logging": {"distributed": "error"},
    }

"""A Dask cluster of this host: a scheduler in the runner's process, a nanny for each worker."""

from __future__ import annotations

import logging
from pathlib import Path

from distributed import Nanny, Scheduler, SpecCluster

from pxcore.runs.hosts import HostPlan, WorkerPlan

LOOPBACK = "127.0.0.1"


def start_cluster(home: Path, host: HostPlan) -> SpecCluster:
    """Return the started workers of a host; nothing of them is reached from outside it."""
    workers = {plan.name: {"cls": Nanny, "options": _options(home, plan)} for plan in host.workers}
    scheduler = {
        "cls": Scheduler,
        "options": {
            "host": LOOPBACK,
            "port": 0,
            "dashboard": False,
            "dashboard_address": f"{LOOPBACK}:0",
        },
    }
    return SpecCluster(workers=workers, scheduler=scheduler)  # type: ignore[no-untyped-call]


def _options(home: Path, plan: WorkerPlan) -> dict[str, object]:
    return {
        "nthreads": 1,
        "resources": {plan.resource: 1},
        "env": dict(plan.environment),
        "host": LOOPBACK,
        "dashboard_address": f"{LOOPBACK}:0",
        "local_directory": str(home / "workers"),
        "memory_limit": None,
        "death_timeout": 60,
        "silence_logs": logging.ERROR,
    }

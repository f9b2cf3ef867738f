"""A Dask cluster of this host: a scheduler in the runner's process, a nanny for each worker."""

from __future__ import annotations

import logging
from pathlib import Path

from distributed import Nanny, Scheduler, SpecCluster

from pxcore.errors import RunError
from pxcore.runs.hosts import HostPlan, WorkerPlan

LOG = logging.getLogger("pxcore.runner")
LOOPBACK = "127.0.0.1"
START_SECONDS = 600.0
"""So long a worker may take until it is ready: a busy host loads its libraries for minutes.

A nanny gives up after it, at the start of the runner and when it brings a lost worker back.
"""


def start_cluster(home: Path, host: HostPlan) -> SpecCluster:
    """Return the started workers of a host; nothing of them is reached from outside it.

    Raises RunError when they do not start, or not in time.
    """
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
    try:
        return SpecCluster(workers=workers, scheduler=scheduler)  # type: ignore[no-untyped-call]
    except (RuntimeError, OSError, AssertionError) as error:  # the last one while it tidies up
        LOG.debug("the workers did not start", exc_info=True)
        reason = error.__cause__ or error.__context__ or error
        message = (
            f"the workers of this host did not start ({type(reason).__name__}: {reason}); is it "
            "short of memory, or very busy? Nothing is lost: start the runner again"
        )
        raise RunError(message) from error


def _options(home: Path, plan: WorkerPlan) -> dict[str, object]:
    return {
        "nthreads": 1,
        "resources": {plan.resource: 1},
        "env": dict(plan.environment),
        "host": LOOPBACK,
        "dashboard_address": f"{LOOPBACK}:0",
        "local_directory": str(home / "workers"),
        "memory_limit": None,
        "death_timeout": START_SECONDS,
        "silence_logs": logging.ERROR,
    }

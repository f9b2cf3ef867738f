"""Jobs in Dask's hands: each a future until it ends, whichever way it does."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from distributed import Client, Future

from pxcore.runs.board import Failure
from pxcore.runs.execute import carry_out
from pxcore.runs.failures import classify
from pxcore.runs.job import Ended, Job
from pxcore.store.keys import encode

LOG = logging.getLogger("pxcore.runner")


class HandedOut:
    """The jobs that workers have, and those that ended since somebody asked."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._ended: queue.Queue[Ended] = queue.Queue()
        self._futures: dict[str, Future[float]] = {}
        self._attempt = 0
        self._guard = threading.Lock()
        self._killers = ThreadPoolExecutor(1, thread_name_prefix="pxcore-kill")

    def submit(self, client: Client, job: Job, resources: Mapping[str, float]) -> None:
        """Hand a job to a worker that offers these resources."""
        self._attempt += 1
        future = client.submit(
            carry_out,
            str(self._home),
            encode(job),
            key=f"{job.kind}-{job.key[:16]}-{self._attempt}",
            pure=False,
            resources=dict(resources),
        )
        with self._guard:
            self._futures[job.key] = future
        future.add_done_callback(  # type: ignore[no-untyped-call]
            lambda over: self._note(job.key, over)
        )

    def ended(self, timeout: float) -> list[Ended]:
        """Return the jobs that ended, waiting at most ``timeout`` seconds for the first."""
        found: list[Ended] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._ended.get(timeout=timeout))
            while True:
                found.append(self._ended.get_nowait())
        return found

    def pending(self) -> dict[str, str]:
        """Return Dask's names of the jobs that have not ended."""
        with self._guard:
            return {
                key: str(one.key)
                for key, one in self._futures.items()
                if not one.done()  # type: ignore[no-untyped-call]
            }

    def recall(self, key: str, failure: Failure | None = None) -> None:
        """Take a job back: it ends with ``failure``, or is to be handed out again."""
        with self._guard:
            future = self._futures.pop(key, None)
        if future is not None:
            future.cancel()  # type: ignore[no-untyped-call]
            self._ended.put(Ended(key=key, failure=failure))

    def kill(self, client: Client, key: str) -> None:
        """Restart the job's worker, without holding up the caller."""
        self._killers.submit(self._kill, client, key)

    def close(self) -> None:
        """Restart no worker any more."""
        self._killers.shutdown(wait=False, cancel_futures=True)

    def _note(self, key: str, future: Future[float]) -> None:
        """Put a job's end in the queue; called on a thread of Dask's."""
        with self._guard:
            if self._futures.get(key) is not future:
                return
            del self._futures[key]
        self._ended.put(_end(key, future))

    def _kill(self, client: Client, key: str) -> None:
        with self._guard:
            future = self._futures.pop(key, None)
        if future is None:
            return
        try:
            held = client.processing()  # type: ignore[no-untyped-call]
            where = [address for address, names in held.items() if future.key in names]
            future.cancel()  # type: ignore[no-untyped-call]
            if where:
                client.restart_workers(where, timeout=30, raise_for_error=False)
        except (OSError, ValueError) as error:  # gone meanwhile, or started with --no-nanny
            LOG.warning("the worker of %s cannot be restarted: %s", future.key, error)
        finally:
            self._ended.put(Ended(key=key))


def _end(key: str, future: Future[float]) -> Ended:
    if future.status == "finished":
        return Ended(key=key, seconds=float(future.result()))
    if future.status == "error":
        error = future.exception()  # type: ignore[no-untyped-call]
        return Ended(key=key, failure=classify(error))
    return Ended(key=key)  # cancelled, or lost with its scheduler: wanted still, it runs again

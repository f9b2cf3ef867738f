"""The engine on a foreign Dask scheduler (``PXCORE_SCHEDULER``): workers come and go by themselves.

A thread looks who is there, asks newcomers (`roll_call`), admits those that agree (`muster`) and
takes back tasks whose worker left for good. So the runner's own round never waits for a network.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from distributed import Client
from distributed.security import Security

from pxcore.errors import RunError
from pxcore.runs.execute.roll_call import NONCE, Answer, admit, answer
from pxcore.runs.failures import ATTEMPTS, KILLED
from pxcore.runs.handed_out import HandedOut
from pxcore.runs.job import Ended, Job
from pxcore.runs.muster import Muster, Workers, arrival, refusal
from pxcore.runs.tasks import Lane
from pxcore.store.files import write_atomic

LOG = logging.getLogger("pxcore.runner")
LOOK_SECONDS = 0.5
STALE_SECONDS = 20.0
"""A scheduler that has not told anything for so long does not answer."""
PATIENCE_SECONDS = 30.0
"""So long a connection is tried before it counts as lost."""
RECALL_SECONDS = 5.0
"""A task that no worker has is taken back after so long."""
ATTRIBUTE_CACHE_SECONDS = 75.0
"""What another host wrote to a shared folder may be seen here so late (NFS: acdirmax 60)."""


class ClusterEngine:
    """Workers of the scheduler named in ``PXCORE_SCHEDULER``."""

    patience = ATTRIBUTE_CACHE_SECONDS

    def __init__(self, home: Path, address: str) -> None:
        self._home, self._address = home, address
        self._jobs = HandedOut(home)
        nonce = secrets.token_hex(16)
        write_atomic(home / NONCE, nonce.encode())
        self._muster = Muster(home=home, mine=answer(str(home), "runner"))
        self._client = connect(address)
        self._workers: Workers = {}
        self._looked = time.monotonic()
        self._asking: set[str] = set()
        self._homeless: dict[str, float] = {}
        self._losses: dict[str, int] = {}
        self._closing = threading.Event()
        self._guard = threading.Lock()
        self._look()
        self._thread = threading.Thread(
            target=self._keep_looking, name="pxcore-muster", daemon=True
        )
        self._thread.start()

    @property
    def device(self) -> str:
        """Of the heavy workers: ``cpu`` or ``cuda``."""
        with self._guard:
            heavy = self._muster.resource(Lane.HEAVY, self._muster.admitted(self._workers))
        return "cuda" if heavy == "GPU" else "cpu"

    @property
    def problem(self) -> str:
        """What people should know of scheduler and workers."""
        if not self._answers():
            return (
                f"the Dask scheduler {self._address} (PXCORE_SCHEDULER) does not answer: tasks "
                "wait until it does"
            )
        with self._guard:
            return self._muster.problem(self._workers)

    def lanes(self) -> Mapping[Lane, int]:
        """Return the workers of each lane that may take tasks now."""
        if not self._answers():
            return dict.fromkeys(Lane, 0)
        with self._guard:
            return self._muster.lanes(self._workers)

    def submit(self, job: Job, lane: Lane) -> None:
        """Hand a job to a worker of its lane. Raises OSError when the scheduler is away."""
        if not self._answers():
            message = f"the Dask scheduler {self._address} does not answer"
            raise ConnectionError(message)
        with self._guard:
            name = self._muster.resource(lane, self._muster.admitted(self._workers))
        wanted = {self._muster.grant: 1.0} | ({name: 1.0} if name else {})
        self._jobs.submit(self._client, job, wanted)

    def ended(self, timeout: float) -> list[Ended]:
        """Return the jobs that ended."""
        found = self._jobs.ended(timeout)
        for one in found:
            if one.done or one.failure is not None:
                self._losses.pop(one.key, None)
        return found

    def kill(self, key: str) -> None:
        """Restart the job's worker, without holding up the caller."""
        self._jobs.kill(self._client, key)

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._closing.set()
        self._jobs.close()
        self._thread.join(timeout=5)
        self._client.close(timeout=5)  # type: ignore[no-untyped-call]

    def _answers(self) -> bool:
        fresh = time.monotonic() - self._looked < STALE_SECONDS
        return fresh and str(self._client.status) == "running"

    def _keep_looking(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            try:
                self._look()
            except (OSError, RuntimeError, RunError) as error:  # the connection went meanwhile
                LOG.warning("the Dask scheduler %s: %s", self._address, error)

    def _look(self) -> None:
        """See who is there, ask newcomers, take back what nobody has."""
        if self._client.status == "closed":  # it gave up connecting again
            self._client = connect(self._address)
        scheduler = self._client.scheduler
        if self._client.status != "running" or scheduler is None:
            return
        told = self._client.sync(  # type: ignore[no-untyped-call]
            scheduler.identity, n_workers=-1, callback_timeout=STALE_SECONDS
        )
        workers = cast("Workers", told["workers"])
        with self._guard:
            self._workers, self._looked = dict(workers), time.monotonic()
            due = [one for one in self._muster.due(workers) if one not in self._asking]
            self._asking.update(due)
        for address in due:
            threading.Thread(target=self._ask, args=(address,), daemon=True).start()
        self._take_back()

    def _ask(self, address: str) -> None:
        """Ask one worker, on a thread of its own: one that hangs holds nobody up."""
        card = self._workers.get(address, {})
        number = secrets.token_hex(4)
        told: Answer | None = None
        why = "its answer could not be read"
        try:
            said = self._client.run(
                answer, str(self._home), number, workers=[address], on_error="return"
            )[address]
            if isinstance(said, Exception):
                why = f"it cannot load this version of pxcore ({said}); install the runner's there"
            else:
                told = cast("Answer", said)
                why = refusal(self._muster.mine, told, self._home)
                why = why or arrival(self._muster.mine, told, self._home, self._jobs.pending())
            if not why:
                self._client.run(admit, self._muster.grant, workers=[address])
                LOG.info("worker %s on %s takes tasks", card.get("name", address), said["host"])
        except KeyError as error:
            why = f"its answer lacks {error}; install the runner's version of pxcore there"
        except (OSError, RuntimeError, ValueError) as error:
            why = f"it does not answer ({error})"
        finally:
            with self._guard:
                self._asking.discard(address)
                self._muster.heard(address, card, why, told)
        if why:
            LOG.warning("worker %s takes no tasks: %s", card.get("name", address), why)

    def _take_back(self) -> None:
        """Recall tasks that no worker has: their worker left, and nobody else was there."""
        pending = self._jobs.pending()
        held = self._client.processing()  # type: ignore[no-untyped-call]
        placed = {name for names in held.values() for name in names}
        now = time.monotonic()
        self._homeless = {
            key: self._homeless.get(key, now) for key, name in pending.items() if name not in placed
        }
        for key, since in list(self._homeless.items()):
            if now - since > RECALL_SECONDS:
                del self._homeless[key]
                self._losses[key] = self._losses.get(key, 0) + 1
                given_up = self._losses[key] >= ATTEMPTS
                LOG.warning("%s lost its worker%s", pending[key], ": given up" * given_up)
                self._jobs.recall(key, KILLED if given_up else None)


def connect(address: str) -> Client:
    """Return a client of a scheduler.

    Raises RunError when it does not answer, and where its address and Dask's TLS settings on this
    host do not go together.
    """
    _check_certificates(address)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions: told by our own roll call
            return Client(  # type: ignore[no-untyped-call]
                address, set_as_default=False, timeout=PATIENCE_SECONDS
            )
    except OSError as error:
        message = (
            f"the Dask scheduler {address} (PXCORE_SCHEDULER) does not answer: {error}; "
            "start it, or empty the variable to compute on this host"
        )
        raise RunError(message) from error


def _check_certificates(address: str) -> None:
    """Raise RunError where a connection would fail for lack of certificates, or of ``tls://``."""
    safe, what = address.startswith("tls://"), f"the Dask scheduler {address} (PXCORE_SCHEDULER)"
    try:
        mine = Security()  # type: ignore[no-untyped-call]
        given = mine.get_connection_args("client")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        message = f"{what}: a certificate in Dask's settings cannot be read: {error}"
        raise RunError(message) from error
    if safe and given["ssl_context"] is None:
        message = (
            f"{what} is reached by TLS, but Dask's settings on this host name no certificates; set "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its companions, see docs/cluster.md"
        )
        raise RunError(message)
    if given["require_encryption"] and not safe:
        message = f"{what}: Dask's settings here require encryption; give it a tls:// address"
        raise RunError(message)

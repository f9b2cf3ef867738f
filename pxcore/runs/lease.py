"""One runner a store, whichever hosts look at it: a lease in the heartbeat's row.

The lock file answers between processes of one host. Between hosts it may mean nothing, so the
row names its holder, who renews it every two seconds. Whoever finds it silent for half a
minute takes it over, and from then on the former holder cannot write: each of its transactions
looks at the row first (`Database.fenced`), and writers go one after the other.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Row, delete, insert, select, update

from pxcore.errors import DatabaseAwayError, LeaseLostError, RunError
from pxcore.runs.heart import BEAT_SECONDS, SILENT_SECONDS, host_id
from pxcore.store.dialects import clock
from pxcore.store.home import Store
from pxcore.store.tables import heartbeats

LOG = logging.getLogger("pxcore.runner")
LIFELESS_SECONDS = 600.0
"""More than the longest step of a round takes: planning a run, starting workers."""


@dataclass(slots=True)
class Watch:
    """Whether a holder is silent, by our own clock: the hosts' clocks may differ and jump."""

    seconds: float = SILENT_SECONDS
    clock: Callable[[], float] = time.monotonic
    _seen: tuple[str, float] | None = None
    _since: float = 0.0
    _first: bool = True

    def silent(self, holder: str, beat: float, age: float) -> bool:
        """Return True when ``holder`` has not renewed its lease for too long.

        ``age`` is by the database's clock. It counts at the first look only: a lease that was
        old then is nobody's. Later what counts is that the row stays as it is while we look.
        """
        first, self._first = self._first, False
        if first and age > self.seconds:
            return True
        if (holder, beat) != self._seen:
            self._seen, self._since = (holder, beat), self.clock()
        return self.clock() - self._since > self.seconds

    def forget(self) -> None:
        """Begin anew: while the database was away, nobody could renew anything."""
        self._seen, self._first = None, False


@dataclass(slots=True)
class Standby:
    """A runner that waits until the store is its own."""

    store: Store
    watch: Watch = field(default_factory=Watch)
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    _told: bool = False

    def wait(self, stop: threading.Event, *, wait: bool = True) -> Store | None:
        """Return the store as its only runner may write it; None when told to stop before.

        Raises RunError when another host's runner has it and ``wait`` is False.
        """
        while not stop.is_set():
            try:
                if self.take():
                    return fenced(self.store, self.holder)
            except DatabaseAwayError as error:
                LOG.warning("waiting for the database: %s", error)
                self.watch.forget()
            else:
                if not wait:
                    message = f"a runner on another host serves the store {self.store.home}"
                    raise RunError(message)
            stop.wait(BEAT_SECONDS)
        return None

    def take(self) -> bool:
        """Return True once the lease is ours: it was free, our own host's, or silent."""
        with self.store.database.writing() as connection:
            row = connection.execute(select(heartbeats)).first()
            if row is not None and not self._over(connection, row):
                if not self._told:
                    self._told = True
                    LOG.info("a runner on %s serves this store; this one stands by", row.host)
                return False
            connection.execute(delete(heartbeats))
            connection.execute(insert(heartbeats).values(id=1, **_own(connection, self.holder)))
        if row is not None:
            LOG.info("took over from a runner on %s that has ended", row.host)
        return True

    def _over(self, connection: Connection, row: Row[tuple[object, ...]]) -> bool:
        """Return whether a holder is gone. The lock file is ours: none of this host lives."""
        if connection.dialect.name == "sqlite" or row.host_id == host_id():
            return True
        return self.watch.silent(row.holder, row.beat, clock(connection) - row.beat)


@contextmanager
def renewed(
    store: Store, clock_of_life: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[], None]]:
    """Keep the lease however long a round takes; yields what the main loop calls as it goes on.

    A main loop that has not called it for `LIFELESS_SECONDS` hangs: the lease is let go.
    """
    over, last = threading.Event(), [clock_of_life()]

    def lives() -> None:
        last[0] = clock_of_life()

    def renew() -> None:
        while not over.wait(BEAT_SECONDS):
            if clock_of_life() - last[0] < LIFELESS_SECONDS:
                with suppress(DatabaseAwayError, LeaseLostError), store.database.writing() as own:
                    own.execute(update(heartbeats).values(beat=clock(own)))

    thread = threading.Thread(target=renew, name="pxcore-lease", daemon=True)
    thread.start()
    try:
        yield lives
    finally:
        over.set()
        thread.join()


def fenced(store: Store, holder: str) -> Store:
    """Return the store as the lease's holder writes it: not at all once the lease is lost."""

    def look(connection: Connection) -> None:
        found = connection.execute(select(heartbeats.c.holder, heartbeats.c.host)).first()
        if found is None or found.holder != holder:
            who = found.host if found is not None else "nobody any more"
            message = (
                f"this runner was silent for too long: the store {store.home} is served by "
                f"{who}; its work goes on there, and this one ends"
            )
            raise LeaseLostError(message)

    return replace(store, database=store.database.fenced(look))


def _own(connection: Connection, holder: str) -> dict[str, object]:
    return {
        "holder": holder,
        "host": socket.gethostname(),
        "host_id": host_id(),
        "process": 0,
        "beat": clock(connection),
        "workers": 0,
        "device": "",
        "running": 0,
        "queued": 0,
    }

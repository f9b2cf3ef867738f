"""Two runners on one store: one works, the other waits; a lost lease writes nothing."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select, update

from pxcore.errors import DatabaseAwayError, LeaseLostError, RunError
from pxcore.runs import heart, lease, ledger, process
from pxcore.runs.heart import Pulse
from pxcore.runs.lease import Standby, Watch, fenced
from pxcore.runs.panels import growing
from pxcore.runs.runner_lock import hold_lock
from pxcore.store.dialects import clock
from pxcore.store.home import Store
from pxcore.store.tables import heartbeats
from pxcore.types import RunSpec, RunState
from tests.processes.living import wait_for
from tests.runs.test_runner_endures import Busy
from tests.tiny_lab import tiny_dataset, tiny_spec

PULSE = Pulse(workers=1, device="cpu", running=0, queued=0, problem="worker x differs")


def test_one_holds_it_and_the_other_stands_by(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Standby(shared)
    assert first.take()
    monkeypatch.setattr(lease, "host_id", lambda: "another-host")
    second = Standby(shared)
    assert not second.take()
    with pytest.raises(RunError, match="another host serves"):
        Standby(shared).wait(threading.Event(), wait=False)
    heart.silence(fenced(shared, first.holder))
    assert second.take()


def test_a_killed_runner_of_this_host_leaves_nothing_to_wait_for(store: Store) -> None:
    assert Standby(store).take()
    assert Standby(store).take()


def test_a_silent_holder_is_followed_and_writes_nothing_more(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    first = Standby(shared)
    assert first.take()
    owner = fenced(shared, first.holder)
    monkeypatch.setattr(lease, "host_id", lambda: "another-host")
    second = Standby(shared, Watch(clock=lambda: now[0]))
    assert not second.take()
    for now[0] in (20.0, 29.0):
        heart.beat(owner, PULSE)  # it lives
        assert not second.take()
    now[0] = 60.0
    assert second.take()
    dataset = tiny_dataset(shared)
    for write in (
        lambda: heart.beat(owner, PULSE),
        lambda: ledger.submit(owner, tiny_spec(dataset)),
        lambda: heart.silence(owner),
    ):
        with pytest.raises(LeaseLostError, match="silent for too long"):
            write()
    assert ledger.records(shared) == ()
    heart.beat(fenced(shared, second.holder), PULSE)
    with hold_lock(shared):
        assert heart.status(shared).problem == "worker x differs"


def test_a_lease_that_is_old_at_the_first_look_is_nobodys(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Standby(shared).take()
    with shared.database.writing() as connection:
        connection.execute(update(heartbeats).values(beat=clock(connection) - 31))
    monkeypatch.setattr(lease, "host_id", lambda: "another-host")
    assert Standby(shared).take()


def test_nobody_is_silent_while_the_database_is_away() -> None:
    now = [0.0]
    watch = Watch(seconds=30, clock=lambda: now[0])
    assert not watch.silent("a", 1.0, age=2.0)
    now[0] = 60.0
    watch.forget()
    assert not watch.silent("a", 1.0, age=62.0)
    now[0] = 89.0
    assert not watch.silent("a", 1.0, age=91.0)
    now[0] = 91.0
    assert watch.silent("a", 1.0, age=93.0)


def test_waiting_outlasts_a_database_that_is_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Standby.take, []
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.0)

    def take(own: Standby) -> bool:
        calls.append(1)
        if len(calls) < 3:
            message = "gone"
            raise DatabaseAwayError(message)
        return real(own)

    monkeypatch.setattr(Standby, "take", take)
    assert Standby(store).wait(threading.Event()) is not None
    stop = threading.Event()
    stop.set()
    assert Standby(store).wait(stop) is None


def test_the_lease_is_renewed_while_the_main_loop_shows_that_it_lives(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.01)
    now = [0.0]
    holder = Standby(shared)
    assert holder.take()
    with lease.renewed(fenced(shared, holder.holder), lambda: now[0]) as lives:
        for now[0] in (1.0, lease.LIFELESS_SECONDS - 1):
            later(shared)
        now[0] += 2
        time.sleep(0.5)  # one may be under way
        last = beat(shared)
        time.sleep(0.5)
        assert beat(shared) == last
        lives()
        later(shared)


def beat(store: Store) -> float:
    with store.database.reading() as connection:
        return float(connection.scalar(select(heartbeats.c.beat)) or 0.0)


def later(store: Store) -> None:
    """Wait until the lease has been renewed."""
    last = beat(store)
    wait_for(lambda: beat(store) != last, 30, "the lease to be renewed")


def test_a_runner_that_plans_for_long_keeps_the_store_and_is_not_told_stalled(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = ledger.submit(shared, tiny_spec(tiny_dataset(shared)))
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)
    real, now = growing.planned, [0.0]

    def slow(store: Store, spec: RunSpec) -> growing.Planned:
        with shared.database.writing() as connection:  # it has been at it for long
            connection.execute(update(heartbeats).values(beat=clock(connection) - 20))
        wait_for(lambda: heart.status(shared).problem == "", 30, "the alarm to end")
        with monkeypatch.context() as patch:
            patch.setattr(lease, "host_id", lambda: "another-host")
            second = Standby(shared, Watch(clock=lambda: now[0]))
            for now[0] in (0.0, 20.0, 40.0, 60.0):
                later(shared)
                assert not second.take()
        return real(store, spec)

    monkeypatch.setattr(growing, "planned", slow)
    monkeypatch.setattr(process, "open_engine", lambda *_: Busy(shared))
    monkeypatch.setattr(process.logs, "begin", lambda *_: None)
    process.run_runner(shared.settings, until_idle=True)
    assert now == [60.0]
    assert ledger.record(shared, run_id).state is RunState.FINISHED


def test_the_heartbeat_tells_version_and_host(store: Store) -> None:
    heart.beat(store, PULSE)
    with store.database.reading() as connection:
        row = connection.execute(select(heartbeats)).one()
    assert (row.version, row.host_id) == (heart.__version__, heart.host_id())

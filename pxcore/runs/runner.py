"""The one process that carries runs out: rows in, tasks to workers, rows back.

It holds the store's lock (``runner_lock``). What it knows it reads from the database
and the artifacts, so another runner goes on where this one was killed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pxcore.errors import DatabaseAwayError, OutOfDiskError, PxError
from pxcore.logs import about
from pxcore.runs import heart, ledger, timing
from pxcore.runs.board import Board, Change, Failure, Grow, RunChange, Stop
from pxcore.runs.engine import Engine
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.job import Ended, job_of
from pxcore.runs.late import Late
from pxcore.runs.ledger import RunRecord
from pxcore.runs.panels import growing
from pxcore.runs.schedule import Start, choose
from pxcore.runs.stopping import Stopping
from pxcore.runs.taking_up import drop, drop_unreadable, failed, taken_up
from pxcore.runs.tasks import Lane, Step
from pxcore.runs.work import append_log, clear
from pxcore.store.home import Store
from pxcore.types import Dataset, RunState

LOG = logging.getLogger("pxcore.runner")
LOOK_SECONDS = 0.25
PAUSE_SECONDS = 5.0
"""After a round that the disk or the database stopped."""

NO_RESULT = Failure(
    error_class="defect",
    message="it left no result in the store; do runner and workers see the same PXCORE_HOME?",
)


@dataclass(slots=True)
class Runner:
    """One runner's working memory."""

    store: Store
    engine: Engine
    desk: ImportDesk
    board: Board = field(default_factory=Board)
    lives: Callable[[], None] = lambda: None
    """Called as the work goes on, also within a long round."""
    _steps: dict[str, tuple[Step, Dataset]] = field(default_factory=dict)
    _stopping: Stopping = field(default_factory=Stopping)
    _over: deque[Ended] = field(default_factory=deque)
    """Ended tasks that the board has not heard of."""
    _late: Late = field(default_factory=Late)
    _unwritten: list[Change] = field(default_factory=list)
    """What the board decided and the database does not have yet."""
    _no_room: str = ""
    """Why runs that have begun wait, for people; empty while none does."""
    _looked: float = 0.0
    _beat: float = 0.0
    _counted: float = field(default_factory=time.monotonic)

    def carry_on(self, stop: threading.Event, *, until_idle: bool = False) -> None:
        """Work until told to stop or, with ``until_idle``, until nothing is left to do."""
        while not stop.is_set():
            self.lives()
            try:
                self.turn()
                if until_idle and self._idle():
                    return
            except (OSError, DatabaseAwayError) as error:  # a full disk, a database that is away
                self._endure(error)
                stop.wait(PAUSE_SECONDS)

    def _endure(self, error: Exception) -> None:
        """Say what stopped a round, and that the runner is there all the same."""
        LOG.error("a round failed and is tried again: %s", error)
        with suppress(OSError, DatabaseAwayError):
            self._pulse()

    def turn(self) -> None:
        """Do one round: new runs and cancels, ended tasks, new tasks, heartbeat."""
        self._write([])  # what an earlier round could not
        now_seconds = time.monotonic()
        if now_seconds - self._looked >= LOOK_SECONDS:
            self._looked = now_seconds
            self._take_up()
            self.desk.turn()
            self._insist()
        self._over.extend(self._late.again())
        self._over.extend(self.engine.ended(0.2))
        while self._over:
            with about(self._account(self._over[0].key)):
                self._end(self._over[0])
        self._start()
        if now_seconds - self._beat >= heart.BEAT_SECONDS:
            self._beat = now_seconds
            self._pulse()

    def _idle(self) -> bool:
        busy = self.board.runs or self.board.running or self.desk.busy
        return not busy and not ledger.records(self.store, ledger.LIVE)

    def _take_up(self) -> None:
        """Look for runs that are new or cancelled, or that nobody can read."""
        waited, self._no_room = self._no_room, ""
        drop_unreadable(self.store, self.board.runs)
        for record in reversed(ledger.records(self.store, ledger.LIVE)):
            known = record.id in self.board.runs
            if record.cancel_requested and known:
                LOG.info("run %s: cancelled", record.id)
                self._write(self.board.cancel(record.id))
            elif record.cancel_requested:
                drop(self.store, RunChange(run_id=record.id, state=RunState.CANCELLED))
            elif not known:
                with about(record.id):
                    self._add(record)
        if self._no_room and not waited:
            LOG.warning("%s", self._no_room)

    def _add(self, record: RunRecord) -> None:
        self.lives()
        try:
            self.store.require_space(0, f"run {record.id}")
            planned = growing.planned(self.store, record.spec)
        except DatabaseAwayError:  # no fault of the run's
            raise
        except PxError as error:
            if isinstance(error, OutOfDiskError) and record.state is RunState.RUNNING:
                self._no_room = f"a run that has begun waits and goes on by itself: {error}"
                return
            ledger.apply(self.store, [failed(record.id, str(error))])
            return
        steps = planned.steps
        LOG.info("run %s: %d tasks", record.id, len(steps))
        taken = taken_up(self.store, record, planned)
        self._steps.update({step.key: (step, record.dataset) for step in steps})
        self._write(self.board.add(taken.run, done=taken.done, own=taken.began))

    def _grow(self, run_id: str) -> None:
        """Forget a run: the next look takes it up anew, with the steps its results decided."""
        self.board.runs.pop(run_id, None)
        self._looked = 0.0

    def _start(self) -> None:
        lanes = self.engine.lanes()
        busy = [self._steps[key][0].lane for key in self.board.running]
        free = {lane: lanes[lane] - busy.count(lane) for lane in Lane}
        for start in choose(self.board.waiting(), self.board.load(), free):
            self._hand_out(start)

    def _hand_out(self, start: Start) -> None:
        step, dataset = self._steps[start.key]
        folder = self.store.artifacts.work(step.key)
        clear(folder)
        with suppress(OSError):  # on a full disk the log ends here; runs share it: it names none
            append_log(folder, step.label)
        try:
            self._write(self.board.started(start))
        finally:  # the board counts on it, whether its row could be written or not
            self._submit(step, dataset)

    def _submit(self, step: Step, dataset: Dataset) -> None:
        try:
            self.engine.submit(job_of(step, dataset, self._account(step.key)), step.lane)
        except OSError:  # it waits again
            self._unwritten += self.board.stopped(step.key)
            raise

    def _account(self, key: str) -> str:
        """Return the id of the run on whose account a task runs; empty when nobody wants it."""
        claim = self.board.running.get(key)
        return claim.run_id if claim else ""

    def _end(self, ended: Ended) -> None:
        """Tell the board of an ended task. What may fail comes before: it is tried again."""
        self.lives()
        step, dataset = self._steps[ended.key]
        there = ended.done and self.store.artifacts.has(ended.key)
        if there:
            self.store.note_artifacts({step.kind: step.key})
            if ended.seconds:
                timing.note(self.store, step, dataset, self.engine.device, ended.seconds)
        self._over.popleft()
        if ended.done and not there and self._late.wait(self.store, ended, self.engine.patience):
            return
        self._late.over(ended.key)
        self._stopping.over(ended.key)
        if there:
            self._write(self.board.finished(ended.key, ended.seconds or 0.0))
        elif ended.done:
            self._write(self.board.failed(ended.key, NO_RESULT))
        elif ended.failure is None or ended.key in self.board.stopping:
            self._write(self.board.stopped(ended.key))
        else:
            with suppress(OSError):
                append_log(self.store.artifacts.work(ended.key), ended.failure.message)
            LOG.warning("%s failed: %s", step.label, ended.failure.message)
            self._write(self.board.failed(ended.key, ended.failure))

    def _write(self, changes: list[Change]) -> None:
        """Carry out what the board decided: rows together, then marks on tasks to stop.

        What the database does not take now stays in line, in order.
        """
        self._unwritten += changes
        due = list(self._unwritten)
        if not due:
            return
        if any(isinstance(change, RunChange) for change in due):
            self._count([c.run_id for c in due if isinstance(c, RunChange) and c.state.final])
        ledger.apply(self.store, due)
        self._unwritten.clear()
        self._stopping.ask(self.store, [change.key for change in due if isinstance(change, Stop)])
        for change in due:
            if isinstance(change, Grow):
                self._grow(change.run_id)

    def _insist(self) -> None:
        """Restart the workers of tasks that do not stop when asked."""
        for key in self._stopping.overdue():
            LOG.warning("%s does not stop: its worker is restarted", self._steps[key][0].label)
            self.engine.kill(key)

    def _count(self, ended: Sequence[str] = ()) -> None:
        """Add the time since the last count to the runs on the board, and those just ended."""
        elapsed = time.monotonic() - self._counted
        ledger.add_seconds(self.store, {*self.board.runs, *ended}, elapsed)
        self._counted += elapsed

    def _pulse(self) -> None:
        self._count()
        lanes = self.engine.lanes()
        pulse = heart.Pulse(
            workers=lanes[Lane.HEAVY],
            device=self.engine.device,
            running=len(self.board.running),
            queued=len(self.board.waiting()),
            problem=self.engine.problem or self._no_room,
        )
        heart.beat(self.store, pulse)

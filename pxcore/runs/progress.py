"""How far a run is: rows of the database, with what its running tasks tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from pxcore.errors import MethodError, RunError
from pxcore.runs import heart, ledger
from pxcore.runs.ledger import RunRecord
from pxcore.runs.plan import plan
from pxcore.runs.saved.model import load_story
from pxcore.runs.tasks import Lane, Step
from pxcore.runs.timing import Speeds
from pxcore.runs.work import CurvePoint, WorkProgress, read_log, read_progress
from pxcore.store.home import Store
from pxcore.types import Progress, RunRow, RunState, TaskRow, TaskState

LOG_TAIL = 4000
NESTED = "panel/nested/"
"""Part of steps that the screens of a question about panels decide."""
BEFORE_SCREENS = 0.3
"""Share of a run that grows to which its first steps count, while the others are not known."""
Curve = tuple[str, tuple[CurvePoint, ...]]


def progress(store: Store, run_id: str) -> Progress:
    """Return how far a run is. Raises RunError for an unknown id."""
    record = ledger.record(store, run_id)
    rows = ledger.task_rows(store, run_id)
    told = {
        row.key: read_progress(store.artifacts.work(row.key))
        for row in rows
        if row.state is TaskState.RUNNING
    }
    tasks = tuple(_with_progress(row, told.get(row.key)) for row in rows)
    status = heart.status(store)
    expected = _expected(store, record, status.device)
    ended = record.row.state.final
    known = _so_far(record, tasks)
    share = _kept(record.row.state, tasks) if ended else known * _share(tasks, expected)
    row = replace(record.row, share=share)
    return Progress(
        run=row,
        spec=record.spec,
        tasks=tasks,
        share=share,
        seconds_left=None
        if row.state.final or known < 1
        else _left(tasks, told, expected, status.workers),
        seconds_spent=record.seconds,
        curves=_curves(store, _shown(record, tasks), told),
        log_tail=_log_tail(store, tasks),
        error=record.error,
        runner_alive=status.alive,
    )


def run_rows(store: Store) -> tuple[RunRow, ...]:
    """Return every run, newest first, with the share done.

    A run that ended, however, has the tasks done of all its tasks; one under way weighs them.
    """
    device = ""
    rows = []
    for record in ledger.listed(store):
        row = record.row
        if row.state.final:
            row = replace(row, share=_kept(row.state, ledger.task_rows(store, row.id)))
        elif row.state is RunState.RUNNING and isinstance(record, RunRecord):
            device = device or heart.status(store).device or "cpu"
            tasks = [
                _with_progress(task, read_progress(store.artifacts.work(task.key)))
                for task in ledger.task_rows(store, record.id)
            ]
            share = _share(tasks, _expected(store, record, device))
            row = replace(row, share=_so_far(record, tasks) * share)
        rows.append(row)
    return tuple(rows)


def task_log(store: Store, run_id: str, task_key: str) -> str:
    """Return the log of one task of a run. Raises RunError when the run has no such task."""
    ledger.record(store, run_id)
    if task_key not in {row.key for row in ledger.task_rows(store, run_id)}:
        message = f"run {run_id!r} has no task {task_key[:12]!r}"
        raise RunError(message)
    return read_log(store.artifacts.work(task_key))


def _with_progress(row: TaskRow, told: WorkProgress | None) -> TaskRow:
    if row.state is not TaskState.RUNNING or told is None:
        return row
    return replace(row, share=told.share, step=told.step, seconds=told.seconds)


def _expected(store: Store, record: RunRecord, device: str) -> Mapping[str, tuple[Step, float]]:
    """Return each task's step and expected seconds, by key; none of what is no longer known."""
    speeds = Speeds(store, device)
    try:
        steps = plan(record.spec)
    except MethodError:  # an old run, of a method that this version does not have
        return {}
    return {step.key: (step, speeds.seconds(step.task, record.dataset)) for step in steps}


def _share(
    tasks: tuple[TaskRow, ...] | list[TaskRow], expected: Mapping[str, tuple[Step, float]]
) -> float:
    """Return the share done, every task weighing its expected seconds.

    Steps that earlier results decided are in no plan: they weigh as others of their kind.
    """
    usual = _usual(expected)
    weights = [
        expected[task.key][1] if task.key in expected else usual.get(task.kind, 1.0)
        for task in tasks
    ]
    done = sum(weight * task.share for weight, task in zip(weights, tasks, strict=True))
    total = sum(weights)
    if all(task.state is TaskState.DONE for task in tasks):
        return 1.0
    return min(done / total, 0.999) if total else 0.0


def _usual(expected: Mapping[str, tuple[Step, float]]) -> dict[str, float]:
    """Return the median of the expected seconds of each kind of task."""
    by_kind: dict[str, list[float]] = {}
    for step, seconds in expected.values():
        by_kind.setdefault(step.kind, []).append(seconds)
    return {kind: median(seconds) for kind, seconds in by_kind.items()}


def _so_far(record: RunRecord, tasks: Sequence[TaskRow]) -> float:
    """Return which part of a run its known steps are: screens decide further trainings."""
    question = record.spec.question
    if question is None or not question.search:
        return 1.0
    return 1.0 if any(p.startswith(NESTED) for t in tasks for p in t.parts) else BEFORE_SCREENS


def _kept(state: RunState, tasks: Sequence[TaskRow]) -> float:
    """Return the tasks done of all, for a run that ended."""
    if state is RunState.FINISHED:
        return 1.0
    return sum(task.state is TaskState.DONE for task in tasks) / max(1, len(tasks))


def _left(
    tasks: tuple[TaskRow, ...],
    told: Mapping[str, WorkProgress],
    expected: Mapping[str, tuple[Step, float]],
    workers: int,
) -> float | None:
    """Return the seconds to go: running tasks by their own pace, waiting ones by past ones."""
    if not told and workers == 0:
        return None
    heavy = light = 0.0
    for task in tasks:
        if task.state in (TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED):
            continue
        if task.key not in expected:
            return None
        step, seconds = expected[task.key]
        now = told.get(task.key)
        if now is not None and now.share > 0.05:
            seconds = now.seconds * (1 - now.share) / now.share
        if step.lane is Lane.HEAVY:
            heavy += seconds
        else:
            light += seconds
    return heavy / max(1, workers) + light


def _shown(record: RunRecord, tasks: tuple[TaskRow, ...]) -> tuple[TaskRow, ...]:
    """Return the steps whose curves are of interest: of a question about panels the new ones."""
    if record.spec.question is None:
        return tuple(tasks)
    return tuple(task for task in tasks if not task.reused)


def _curves(
    store: Store, tasks: tuple[TaskRow, ...], told: Mapping[str, WorkProgress]
) -> tuple[Curve, ...]:
    curves: list[Curve] = []
    for task in tasks:
        if task.kind != "train":
            continue
        if task.key in told:
            curves.append((task.label, told[task.key].curve))
        elif task.state is TaskState.DONE and store.artifacts.has(task.key):
            history = load_story(store.artifacts.folder(task.key)).history
            points = tuple((e.train_loss, e.valid_loss, e.valid_f1) for e in history)
            curves.append((task.label, points))
    return tuple(curves)


def _log_tail(store: Store, tasks: tuple[TaskRow, ...]) -> str:
    """Return the end of the log that matters now: failed, else running, else the last done."""
    for state in (TaskState.FAILED, TaskState.RUNNING, TaskState.DONE):
        found = [task for task in tasks if task.state is state]
        if found:
            return read_log(store.artifacts.work(found[-1].key), LOG_TAIL)
    return ""

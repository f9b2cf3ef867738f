"""What a Dask worker runs: one job, from its JSON text to its artifact."""

from __future__ import annotations

import logging
import os
import socket
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pxcore.errors import Cancelled
from pxcore.logs import about
from pxcore.runs.execute.context import Context
from pxcore.runs.job import Job
from pxcore.runs.tasks import (
    ExplainTask,
    GateTask,
    JointTask,
    JudgeTask,
    RankTask,
    RedundancyTask,
    ScreenTask,
    TrainTask,
)
from pxcore.runs.unlabelled.tasks import UnlabelledTask
from pxcore.runs.work import TaskWork
from pxcore.store.artifacts import Artifacts
from pxcore.store.keys import decode

LOG = logging.getLogger("pxcore.worker")


def carry_out(home: str, job_json: str) -> float:
    """Return the seconds a job took; 0 when its artifact was there already.

    Errors go up to Dask, which hands them to the runner; before that they are in the log.
    """
    began = time.monotonic()
    job = decode(Job, job_json)
    artifacts = Artifacts(Path(home))
    if artifacts.has(job.key):
        return 0.0
    work = TaskWork(artifacts.work(job.key))
    with about(job.run_id), _logged(work, job), artifacts.write(job.key) as folder:
        work.tell("starting", 0.0, at_once=True)
        _stage(Context(job=job, artifacts=artifacts, work=work, folder=folder))
        work.check()
    work.forget_checkpoint()
    seconds = time.monotonic() - began
    with suppress(OSError):  # the artifact is there, whatever the log says
        work.log(f"done in {seconds:.1f} s")
    return seconds


def _stage(context: Context) -> None:
    """Do the work of one kind of task. Imported here: light work does not load torch."""
    match context.job.task:
        case TrainTask() as task:
            from pxcore.runs.execute.train import train  # noqa: PLC0415

            train(context, task)
        case ExplainTask() as task:
            from pxcore.runs.execute.explain import explain  # noqa: PLC0415

            explain(context, task)
        case JointTask() as task:
            from pxcore.runs.execute.joint import joint  # noqa: PLC0415

            joint(context, task)
        case GateTask() as task:
            from pxcore.runs.execute.gate import gate  # noqa: PLC0415

            gate(context, task)
        case ScreenTask() as task:
            from pxcore.runs.execute.screen import screen  # noqa: PLC0415

            screen(context, task)
        case task if isinstance(task, UnlabelledTask):
            from pxcore.runs.execute.unlabelled.stages import stage  # noqa: PLC0415

            stage(context, task)
        case _:
            _combine(context)


def _combine(context: Context) -> None:
    """Do the work of one kind of task that only reads results."""
    match context.job.task:
        case RankTask() as task:
            from pxcore.runs.execute.rank import rank  # noqa: PLC0415

            rank(context, task)
        case RedundancyTask() as task:
            from pxcore.runs.execute.redundancy import redundancy  # noqa: PLC0415

            redundancy(context, task)
        case JudgeTask() as task:
            from pxcore.runs.execute.judge import judge  # noqa: PLC0415

            judge(context, task)


@contextmanager
def _logged(work: TaskWork, job: Job) -> Iterator[None]:
    """Log how the work went. A log on a full disk does not stand before the error itself."""
    work.log(f"started on {socket.gethostname()}, process {os.getpid()}")
    LOG.info("%s %s started", job.kind, job.key[:16])
    try:
        yield
        LOG.info("%s %s done", job.kind, job.key[:16])
    except BaseException as error:
        said = "stopped on request" if isinstance(error, Cancelled) else traceback.format_exc()
        with suppress(OSError):
            work.log(said)
        LOG.info("%s %s ended: %s", job.kind, job.key[:16], type(error).__name__)
        raise

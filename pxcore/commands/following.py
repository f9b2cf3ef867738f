"""Starting a run and staying with it until its end."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

from rich.progress import Progress as Bar
from rich.progress import TaskID

from pxcore.api import Lab
from pxcore.commands.terminal import ERR, bar, left_in_words, text
from pxcore.errors import Cancelled, RunError
from pxcore.runs.supervise import start
from pxcore.settings import Settings
from pxcore.types import Progress, RunState, TaskState

LOOK_SECONDS = 0.4
MOST_STARTS = 5


class Following:
    """One run until its end, with an embedded runner where none lives."""

    def __init__(self, lab: Lab, run_id: str) -> None:
        self._lab, self._run_id = lab, run_id
        self._runner: Popen[bytes] | None = None
        self._starts = 0
        self._log = Settings().home / "logs" / "runner.log"

    def to_the_end(self) -> None:
        """Return when the run is finished.

        Raises RunError when it failed or no runner can live, Cancelled when somebody cancelled
        it. KeyboardInterrupt passes through after the person is told what becomes of the run.
        """
        try:
            with bar() as shown:
                line = shown.add_task(text(f"run {self._run_id}"), total=1.0, left="")
                progress = self._watch(shown, line)
        except KeyboardInterrupt:
            self._interrupted()
            raise
        self._verdict(progress)

    def _watch(self, shown: Bar, line: TaskID) -> Progress:
        told, share = ("", 0), 0.0
        while True:
            progress = self._lab.progress(self._run_id)
            if progress.run.state.final:
                return progress
            if not progress.runner_alive:
                self._ensure_runner()
            share = max(share, progress.share)  # expected seconds change; work done stays done
            step = _step(progress)
            shown.update(
                line,
                completed=share,
                description=text(step or "waiting for the runner"),
                left=left_in_words(progress.seconds_left),
            )
            news = (_label(progress), int(share * 20))
            if not ERR.is_terminal and step and news != told:  # a line a task and 5 %
                left = left_in_words(progress.seconds_left)
                ERR.print(text(f"{share:4.0%} {step}{', ' if left else ''}{left}"))
                told = news
            time.sleep(LOOK_SECONDS)

    def _ensure_runner(self) -> None:
        """Start a runner of our own; it ends when nothing is left to do."""
        if self._runner is not None and self._runner.poll() is None:
            return  # still on its way
        if self._starts >= MOST_STARTS:
            with suppress(FileNotFoundError):
                ERR.print(text(self._log.read_text("utf-8", errors="replace")[-2000:]))
            message = f"the runner ended {MOST_STARTS} times; its log is {self._log}"
            raise RunError(message)
        self._starts += 1
        self._log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pxcore", "runner", "--until-idle"]
        self._runner = start(command, Path.cwd(), self._log)

    def _interrupted(self) -> None:
        again = f"python -m pxcore runner --until-idle, or cancel it: pxcore cancel {self._run_id}"
        if self._runner is None or self._runner.poll() is not None:
            ERR.print(text(f"run {self._run_id} goes on in the runner; see it with: show"))
            return
        self._runner.terminate()
        self._runner.wait(30)
        ERR.print(text(f"run {self._run_id} stands still and keeps what is done. Go on: {again}"))

    def _verdict(self, progress: Progress) -> None:
        if progress.run.state is RunState.FAILED:
            failed = [task for task in progress.tasks if task.state is TaskState.FAILED]
            where = self._lab.log(self._run_id, failed[0].key)[-1500:] if failed else ""
            if where:
                ERR.print(text(where))
            message = f"run {self._run_id} failed. {progress.error}"
            raise RunError(message)
        if progress.run.state is RunState.CANCELLED:
            message = f"run {self._run_id} was cancelled"
            raise Cancelled(message)


def _step(progress: Progress) -> str:
    """Return what is being done now, in words."""
    running = [task for task in progress.tasks if task.state is TaskState.RUNNING]
    if not running:
        return ""
    task = running[0]
    return f"{task.label}: {task.step}" if task.step else task.label


def _label(progress: Progress) -> str:
    return _step(progress).partition(":")[0]

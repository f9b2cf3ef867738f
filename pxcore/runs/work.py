"""The scratch folder of a task: what its worker tells, and what it is told.

``work/<key>/`` holds ``progress.json`` (replaced whole, so a reader never sees a part),
``log.txt`` (kept after the end), ``checkpoint/`` (removed at the end) and, when somebody asked
the task to stop, an empty file ``cancel``.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pxcore.errors import Cancelled
from pxcore.store.files import write_atomic

LOG, PROGRESS, MARK, CHECKPOINT = "log.txt", "progress.json", "cancel", "checkpoint"
TELL_SECONDS, LOOK_SECONDS = 0.25, 0.2

CurvePoint = tuple[float, float, float]
"""Training loss, validation loss, validation F1-macro of one epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkProgress:
    """What a running task last told."""

    step: str = ""
    share: float = 0.0
    seconds: float = 0.0
    """Since this attempt started."""
    curve: tuple[CurvePoint, ...] = ()


@dataclass(slots=True)
class TaskWork:
    """The worker's side of a task's folder."""

    folder: Path
    _curve: list[CurvePoint] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _told: float = 0.0
    _looked: float = 0.0
    _stop: bool = False

    def tell(self, step: str, share: float, *, at_once: bool = False) -> None:
        """Say what is being done and the share done; written at most four times a second."""
        now = time.monotonic()
        if not at_once and now - self._told < TELL_SECONDS:
            return
        self._told = now
        told = {
            "step": step,
            "share": min(max(share, 0.0), 1.0),
            "seconds": now - self._began,
            "curve": self._curve,
        }
        write_atomic(self.folder / PROGRESS, json.dumps(told).encode(), durable=False)

    def epoch(self, point: CurvePoint, step: str, share: float) -> None:
        """Add one epoch to the learning curve."""
        self._curve.append(point)
        self.tell(step, share, at_once=True)

    def stop(self) -> bool:
        """Return True once somebody asked this task to stop; looks five times a second."""
        now = time.monotonic()
        if not self._stop and now - self._looked > LOOK_SECONDS:
            self._looked = now
            self._stop = (self.folder / MARK).exists()
        return self._stop

    def check(self) -> None:
        """Raise Cancelled once somebody asked this task to stop."""
        if self.stop():
            message = "stopped on request"
            raise Cancelled(message)

    def log(self, text: str) -> None:
        """Add a line to the task's log."""
        append_log(self.folder, text)

    @property
    def checkpoint(self) -> Path:
        """Where a training keeps its state between epochs."""
        folder = self.folder / CHECKPOINT
        folder.mkdir(exist_ok=True)
        return folder

    def forget_checkpoint(self) -> None:
        """Remove the checkpoint, once the artifact is there or it no longer fits."""
        shutil.rmtree(self.folder / CHECKPOINT, ignore_errors=True)


def append_log(folder: Path, text: str) -> None:
    """Add lines to a task's log, each with the time."""
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    with (folder / LOG).open("a", encoding="utf-8") as stream:
        stream.writelines(f"{stamp} {line}\n" for line in text.splitlines() or [""])


def read_log(folder: Path, limit: int = 200_000) -> str:
    """Return the last ``limit`` bytes of a task's log, from a whole line on."""
    path = folder / LOG
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - limit))
        content = stream.read()
    text = content.decode("utf-8", errors="replace")
    return text if size <= limit else text.partition("\n")[2]


def read_progress(folder: Path) -> WorkProgress:
    """Return what a task last told; nothing when it has not begun.

    Nor after a power cut, which may leave the file empty: it is not synced.
    """
    with suppress(FileNotFoundError, ValueError, LookupError, TypeError):
        told = json.loads((folder / PROGRESS).read_bytes())
        return WorkProgress(
            step=told["step"],
            share=told["share"],
            seconds=told["seconds"],
            curve=tuple((float(a), float(b), float(c)) for a, b, c in told["curve"]),
        )
    return WorkProgress()


def ask_to_stop(folder: Path) -> None:
    """Set a task's cancel mark."""
    (folder / MARK).touch()


def clear(folder: Path) -> None:
    """Remove mark and progress of an earlier attempt; log and checkpoint stay."""
    (folder / MARK).unlink(missing_ok=True)
    (folder / PROGRESS).unlink(missing_ok=True)

"""Log lines: to stderr and into a file that is kept small, as text or as JSON lines.

Each line tells time, level, process, run and event. What opens a door (share links, log-in
codes, passwords) is struck out before it is written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

RUN: ContextVar[str] = ContextVar("run", default="")
"""Id of the run that is worked on."""
MISSED = "Failed to communicate with scheduler during heartbeat"
"""What Dask says where a worker's sign of life got no answer."""
FILE_BYTES, FILES_KEPT = 10 * 2**20, 5
SECRET = re.compile(
    r"((?:(?<![A-Za-z0-9])|(?<=%3F)|(?<=%26))"  # %3F, %26: an address within an address
    r"(?:state|(?:\w*_)?(?:link|token|code|nonce|password|secret|cookie|session)))"
    r"(\"?'?\s*(?:[=:]|%3D)\s*\"?'?)[^\s&\"',;}]+",
    re.IGNORECASE,
)
WITHIN = re.compile(r"(://[^\s:/@]*:(?=[^\s/]*@)|\bBearer\s+)[^\s@]+", re.IGNORECASE)
"""A password within a database's address, and a token sent as it is."""


@contextmanager
def about(run_id: str) -> Iterator[None]:
    """Write this run's id on every line from inside the block."""
    token = RUN.set(run_id)
    try:
        yield
    finally:
        RUN.reset(token)


def begin(process: str, form: str = "text", folder: Path | None = None) -> None:
    """Send every log line of this process to stderr and, with a folder, into its file there.

    ``form`` is ``text`` or ``json``; ``process`` (``web``, ``runner``, ...) names the file.
    Other packages are heard only when they warn. A folder that cannot be written is told once
    on stderr and done without.
    """
    line: logging.Formatter = JsonLine(process) if form == "json" else TextLine(process)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    trouble: OSError | None = None
    if folder is not None:
        try:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # maybe a new store
            folder.mkdir(exist_ok=True)
            handlers.append(LastingFile(folder / f"{process}.log"))
        except OSError as error:
            trouble = error
    for handler in handlers:
        handler.setFormatter(line)
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(old, LastingFile):
            old.close()
    root.handlers[:] = handlers
    root.setLevel(logging.WARNING)
    logging.getLogger("pxcore").setLevel(logging.INFO)
    logging.getLogger("distributed").setLevel(logging.ERROR)
    worker = logging.getLogger("distributed.worker")
    if not any(isinstance(one, Reconnecting) for one in worker.filters):
        worker.addFilter(Reconnecting())
    if trouble is not None:
        logging.getLogger("pxcore.logs").warning("no log file in %s: %s", folder, trouble)


def adopt(*names: str) -> None:
    """Let loggers that brought their own handlers, and those below them, write as ours do.

    One without handlers that hands nothing on was silenced on purpose (uvicorn's list of
    requests, with their tokens), and stays so.
    """
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if not isinstance(logger, logging.Logger) or name.split(".")[0] not in names:
            continue
        if logger.handlers or logger.propagate:
            logger.handlers.clear()
            logger.propagate = True


class Reconnecting(logging.Filter):
    """Says in a line what Dask tells in a long trace: a worker that got no answer once."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True; a missed heartbeat loses its trace."""
        if str(record.msg).startswith(MISSED):
            record.msg = (
                "the scheduler did not answer, as after the machine stood still; the worker joins "
                "again or a new one takes its place, and steps that were under way run again: "
                "nothing needs to be done"
            )
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info, record.exc_text, record.args = None, None, ()
        return True


class LastingFile(RotatingFileHandler):
    """A log file of at most 10 MiB, with the five before it. A full disk stops no process."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Pass over a line that cannot be written; stderr has it too."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)
        elif self.stream:
            with suppress(OSError):
                self.stream.flush()


class TextLine(logging.Formatter):
    """``time process logger LEVEL [run] event``, the trace below it."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s {process} %(name)s %(levelname)s %(about)s%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        run = RUN.get()
        record.about = f"[{run}] " if run else ""
        return without_secrets(super().format(record))


class JsonLine(logging.Formatter):
    """One JSON object a line: time, level, process, logger, run, event, trace."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self.process,
            "logger": record.name,
            "run": RUN.get(),
            "event": without_secrets(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def without_secrets(text: str) -> str:
    """Return a text with the values of tokens and passwords struck out.

    >>> without_secrets("GET /shared?link=abc123&x=1, {'password': 'p'}")
    "GET /shared?link=…&x=1, {'password': '…'}"
    """
    return WITHIN.sub(r"\1…", SECRET.sub(r"\1\2…", text))

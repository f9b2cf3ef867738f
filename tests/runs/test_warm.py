"""What a worker does when it starts."""

from __future__ import annotations

import logging

from pxcore.errors import Cancelled
from pxcore.runs.execute.warm import in_one_line


def test_a_cancelled_task_is_one_line_in_the_log_of_its_worker() -> None:
    words = "Compute Failed\nKey: %s\nException: %r\nTraceback: %r\n"

    def told(error: Exception) -> str:
        given = ("train-1", repr(error), "File x.py, line 3")
        record = logging.LogRecord("distributed.worker", logging.ERROR, "", 0, words, given, None)
        assert in_one_line(record)
        return record.getMessage()

    assert told(Cancelled("stopped on request")) == "task train-1: stopped on request"
    assert "line 3" in told(ValueError("bad"))

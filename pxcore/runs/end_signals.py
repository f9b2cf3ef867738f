"""SIGTERM and SIGINT ask a process to end. Apart from ``process``: ``serve`` needs no Dask."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set; the signals are as before afterwards."""
    event = threading.Event()

    def set_event(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {
        number: signal.signal(number, set_event) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""A clock that nobody sets, for Dask and Tornado.

Both reckon deadlines by the host's clock. A message that waits its few milliseconds while that
clock is set back by days waits for days, and so do regular calls such as a worker's sign of life:
a task was handed out and no worker ever heard of it. Neither library can be told to use another
clock (Tornado's `IOLoop.time` says so), so theirs is replaced.
"""

from __future__ import annotations

import sys
import time

import distributed.metrics
from tornado.ioloop import IOLoop


def keep_steady() -> None:
    """Have Dask and Tornado in this process count on from now, however the clock is set.

    A second call changes nothing.
    """
    known = distributed.metrics.time
    if known.__module__ == __name__:
        return
    start = time.time() - time.monotonic()

    def steady() -> float:
        return start + time.monotonic()

    IOLoop.time = lambda _loop: steady()  # type: ignore[method-assign, assignment]
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "distributed" and getattr(module, "time", None) is known:
            module.time = steady  # type: ignore[attr-defined]

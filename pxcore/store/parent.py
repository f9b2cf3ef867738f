"""A process that ends with the one that started it, however that one ends (on Linux).

Loads nothing but a few modules of Python: the import process uses it before its limits.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, number: signal.Signals) -> None:
    """Have the system send this process signal ``number`` when its parent dies.

    ``parent`` is the parent's process id as that one told it: when it died before the system was
    asked, no signal would ever come, so this process ends at once. Elsewhere than on Linux nothing
    happens.
    """
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)  # before an exec a handler may catch any other


_LIBC = ctypes.CDLL(None)
"""Loaded before any fork: loading takes locks that another thread might hold."""

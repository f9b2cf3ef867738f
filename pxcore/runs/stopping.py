"""Tasks that were asked to stop, and since when: one that does not listen is ended in the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from pxcore.runs.work import ask_to_stop
from pxcore.store.home import Store

PATIENCE_SECONDS = 15.0
"""A task that has not stopped by then has its worker restarted."""
AGAIN_SECONDS = 60.0
"""After which that is done once more, beyond the patience."""


@dataclass(slots=True)
class Stopping:
    """What a runner has asked to stop."""

    _since: dict[str, float] = field(default_factory=dict)

    def ask(self, store: Store, keys: Iterable[str]) -> None:
        """Ask tasks to stop, by a mark in their folders."""
        wanted = list(keys)
        self._since.update(dict.fromkeys(wanted, time.monotonic()))
        for key in wanted:  # without a mark their workers are restarted in the end
            with suppress(OSError):
                ask_to_stop(store.artifacts.work(key))

    def over(self, key: str) -> None:
        """Forget a task that has ended."""
        self._since.pop(key, None)

    def overdue(self) -> list[str]:
        """Return the tasks whose workers are to be restarted now, each for a while only once."""
        now = time.monotonic()
        found = [key for key, since in self._since.items() if now - since > PATIENCE_SECONDS]
        self._since.update(dict.fromkeys(found, now + AGAIN_SECONDS))
        return found

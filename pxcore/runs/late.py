"""Tasks that are done on another host, whose artifacts this one does not see yet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pxcore.runs.job import Ended
from pxcore.store.home import Store


@dataclass(slots=True)
class Late:
    """What a runner looks for again in its next round."""

    _waiting: list[Ended] = field(default_factory=list)
    _until: dict[str, float] = field(default_factory=dict)

    def wait(self, store: Store, ended: Ended, patience: float) -> bool:
        """Put off a task whose artifact may still be on its way; False once ``patience`` is over.

        ``patience``: seconds from the first time that it was missed.
        """
        store.artifacts.look_anew(ended.key)
        now_seconds = time.monotonic()
        if now_seconds >= self._until.setdefault(ended.key, now_seconds + patience):
            return False
        self._waiting.append(ended)
        return True

    def again(self) -> list[Ended]:
        """Return the tasks that were put off, to be looked at once more."""
        found, self._waiting = self._waiting, []
        return found

    def over(self, key: str) -> None:
        """Forget a task that is settled."""
        self._until.pop(key, None)

"""An engine that holds jobs until a test says how they end."""

from __future__ import annotations

from collections.abc import Mapping

from pxcore.runs.failures import classify
from pxcore.runs.job import Ended, Job
from pxcore.runs.tasks import Lane, key
from pxcore.store.home import Store


class FakeEngine:
    """Holds jobs until the test says how they end."""

    device = "cpu"
    problem = ""
    patience = 0.0

    def __init__(self, store: Store) -> None:
        self.store = store
        self.jobs: dict[str, Job] = {}
        self.killed: list[str] = []
        self.log: list[str] = []
        self._over: list[Ended] = []

    def lanes(self) -> Mapping[Lane, int]:
        return {Lane.HEAVY: 1, Lane.LIGHT: 1}

    def submit(self, job: Job, lane: Lane) -> None:
        assert job.key == key(job.task)
        self.jobs[job.key] = job
        self.log.append(f"{job.kind} on {lane}")

    def ended(self, timeout: float) -> list[Ended]:
        over, self._over = self._over, []
        return over

    def kill(self, key: str) -> None:
        self.killed.append(key)
        self._over.append(Ended(key=key))

    def close(self) -> None: ...

    def do(self) -> None:
        """Every job given ends well."""
        for job in list(self.jobs.values()):
            with self.store.artifacts.write(job.key) as folder:
                (folder / "a.json").write_text(job.kind)
            self.end(job.key)

    def end(self, key: str, error: BaseException | None = None, seconds: float = 2.0) -> None:
        del self.jobs[key]
        if error is None:
            self._over.append(Ended(key=key, seconds=seconds))
        else:
            self._over.append(Ended(key=key, failure=classify(error)))

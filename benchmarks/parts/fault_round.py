"""One round of the fault campaign: an empty store, one import, one run, some kills."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from benchmarks.parts import fault_run
from benchmarks.parts.fault_family import VICTIMS, Family
from pxcore.runs import datasets, heart, imports, ledger
from pxcore.runs.runner_lock import hold_lock, tidy
from pxcore.runs.upkeep import checking
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ImportState, RunState, TaskState
from tests.server.wire import visit

LONGEST = 3600.0
"""Seconds after which a round has not ended."""
TICK = 0.2
AT_ONCE = 0.25
"""Share of kills that come while what the last one hurt may still be starting."""
Say = Callable[[str], None]


@dataclass(slots=True)
class Round:
    """One round under way."""

    home: Path
    rng: random.Random
    kills_left: int
    kinds: tuple[str, ...] = VICTIMS
    pause: float = 12.0
    """Seconds between two kills, at most."""
    port: int = 0
    kills: list[dict[str, object]] = field(default_factory=list)
    imports_again: int = 0
    problems: list[str] = field(default_factory=list)
    run_id: str = ""

    def play(self, say: Say) -> dict[str, object]:
        """Return what happened: kills, seconds, digests of the results, problems."""
        began = time.monotonic()
        self.home.mkdir(parents=True, exist_ok=True)
        with closing(open_store(Settings(home=self.home, device="cpu"))) as store:
            family = Family(self.home, self.port)
            try:
                self._until_final(store, family, say)
                self._check_page(family)
            finally:
                family.end()
            found = self._results(store)
        return {
            "kills": self.kills,
            "seconds": round(time.monotonic() - began, 1),
            "imports_again": self.imports_again,
            "problems": self.problems,
            **found,
        }

    def _until_final(self, store: Store, family: Family, say: Say) -> None:
        """Keep the store served, kill now and then, until the run has ended."""
        end = time.monotonic() + LONGEST
        import_id = imports.queue(store, fault_run.REQUEST)
        hurt, due = time.monotonic(), None
        last: dict[str, object] = {}
        while time.monotonic() < end:
            family.keep()
            import_id = self._forward(store, import_id)
            if self.run_id and ledger.record(store, self.run_id).state.final:
                return
            if due is None and self._works(store, family):
                last["back"] = round(time.monotonic() - hurt, 1)
                due = self._due()
            if self.kills_left and due is not None and time.monotonic() >= due:
                last = self._kill(store, family, say) or last
                hurt = time.monotonic()
                due = self._due() if self.rng.random() < AT_ONCE else None
            time.sleep(TICK)
        self.problems.append(f"the run did not end within {LONGEST:.0f} s")

    def _works(self, store: Store, family: Family) -> bool:
        """Return True when pages answer, a runner serves and something is being worked on."""
        if not (family.answers() and heart.status(store).alive):
            return False
        members = family.members()
        return "import" in members or any(
            row.state is TaskState.RUNNING
            for row in (ledger.task_rows(store, self.run_id) if self.run_id else ())
        )

    def _forward(self, store: Store, import_id: str) -> str:
        """Submit the run once its cells are there; an import that was killed is asked for again."""
        if self.run_id:
            return import_id
        found = imports.progress(store, import_id)
        if found.state is ImportState.FINISHED:
            dataset = datasets.one(store, found.dataset_id)
            self.run_id = ledger.submit(store, fault_run.frozen(store, dataset))
        elif found.state is ImportState.FAILED:
            if "killed from outside" not in found.error:
                self.problems.append(f"import failed: {found.error}")
            self.imports_again += 1
            return imports.queue(store, fault_run.REQUEST)
        return import_id

    def _due(self) -> float:
        return time.monotonic() + self.rng.uniform(0.3, self.pause)

    def _kill(self, store: Store, family: Family, say: Say) -> dict[str, object] | None:
        """Kill a process of a random kind, if one lives; return the kill as it is recorded."""
        kinds = list(self.kinds)
        self.rng.shuffle(kinds)
        for kind in kinds:
            what = family.kill(kind, self.rng.randrange(1000))
            if what:
                rows = ledger.task_rows(store, self.run_id) if self.run_id else ()
                done = sum(row.state is TaskState.DONE for row in rows)
                killed: dict[str, object] = {"kind": kind, "done": done, "of": len(rows)}
                self.kills.append(killed)
                self.kills_left -= 1
                say(f"  killed {kind} ({what}), {done} of {len(rows)} steps done")
                return killed
        return None

    def _check_page(self, family: Family) -> None:
        """Open the run's page as a tab does: it must show the finished run."""
        if not self.run_id:
            return
        end = time.monotonic() + 120
        while not family.answers() and time.monotonic() < end:
            family.keep()
            time.sleep(TICK)
        seen = None
        with suppress(OSError):
            seen = visit(family.port, "run", f"run={self.run_id}", seconds=120)
        if seen is None or not seen.finished or "F1" not in seen.text:
            self.problems.append("the run's page does not show its result")

    def _results(self, store: Store) -> dict[str, object]:
        """Return the run's end, the digests of what it left, and what is double or left over."""
        if not self.run_id:
            return {"state": "not started", "digests": {}, "twice": 0}
        record = ledger.record(store, self.run_id)
        rows = ledger.task_rows(store, self.run_id)
        if record.state is not RunState.FINISHED:
            self.problems.append(f"run {record.state}: {record.error}")
            return {"state": str(record.state), "digests": {}, "twice": 0}
        self.problems += [
            f"{row.label} is {row.state}" for row in rows if row.state is not TaskState.DONE
        ]
        self.problems += [f"{row.label} counts as reused" for row in rows if row.reused]
        self.problems += self._left_over(store)
        return {
            "state": str(record.state),
            "steps": len(rows),
            "digests": fault_run.digests(store, self.run_id),
            "twice": self._twice(),
        }

    def _left_over(self, store: Store) -> list[str]:
        """Return what the database or the folders hold that they should not."""
        found = []
        with hold_lock(store):
            tidy(store)
        found += [f"left in temporary: {one.name}" for one in (self.home / "temporary").iterdir()]
        found += [f"checkpoint left: {one}" for one in (self.home / "work").glob("*/checkpoint/*")]
        with store.database.reading() as connection:
            verdict = connection.execute(text("PRAGMA integrity_check")).scalar()
        if verdict != "ok":
            found.append(f"the database says {verdict}")
        checked = checking.check(store, lambda _step, _share: None)
        found += [f"{one.key[:16]}: {one.said}" for one in checked.findings]
        if len(datasets.all_datasets(store)) != 1 or len(ledger.records(store)) != 1:
            found.append("the data set or the run is there twice")
        return found

    def _twice(self) -> int:
        """Return the steps that were carried out to their end more than once."""
        logs = (self.home / "work").glob("*/log.txt")
        return sum(log.read_text("utf-8").count("done in") > 1 for log in logs)

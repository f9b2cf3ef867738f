"""What the wizard found out once and remembers: it takes seconds and does not change."""

from __future__ import annotations

from functools import lru_cache

from pxcore.panel.staged.finished import FinishedRun
from pxcore.panel.staged.simulator import simulate
from pxcore.runs import ledger
from pxcore.runs.panels.result import PanelFindings, findings
from pxcore.runs.staged import merging
from pxcore.store.home import Store
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import Merge

__all__ = ["Remembered"]


class Remembered:
    """Merges, rankings and panel findings of finished runs, and simulated losses.

    They are the same for everybody; whoever asks is told only of runs that they may see.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.simulated = lru_cache(64)(simulate)
        """The losses of a setting of the simulator."""
        self._findings = lru_cache(8)(self._found)
        self._merges = lru_cache(8)(self._merged)
        self._rankings = lru_cache(8)(self._ranked)

    def merged(self, asking: Store, plan: StagedPlan) -> Merge:
        """Return every candidate with its reason. RunError for a run hidden from who asks."""
        _check_seen(asking, plan)
        return self._merges(plan)

    def rankings(self, asking: Store, plan: StagedPlan) -> tuple[FinishedRun, ...]:
        """Return what each finished dealt run says. RunError as `merged`."""
        _check_seen(asking, plan)
        return self._rankings(plan)

    def finding(self, asking: Store, run_id: str) -> PanelFindings:
        """Return what a finished run found out about panels. RunError as `merged`."""
        ledger.record(asking, run_id)
        return self._findings(run_id)

    def _merged(self, plan: StagedPlan) -> Merge:
        return merging.merged(self._store, plan)

    def _ranked(self, plan: StagedPlan) -> tuple[FinishedRun, ...]:
        return merging.rankings(self._store, plan)

    def _found(self, run_id: str) -> PanelFindings:
        return findings(self._store, run_id)


def _check_seen(asking: Store, plan: StagedPlan) -> None:
    """Raise RunError for a run that is hidden from the person who asks, however remembered."""
    for run in plan.runs:
        if run.run_id:
            ledger.record(asking, run.run_id)

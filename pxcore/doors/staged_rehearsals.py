"""Rehearsing a staged plan on data that has every marker."""

from __future__ import annotations

from pxcore.runs.panels.result import PanelFindings, findings
from pxcore.runs.staged import rehearsal, rehearsal_stages
from pxcore.runs.staged.rehearsal import MARGIN
from pxcore.store.home import Store
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import RehearsalStage

__all__ = ["Rehearsals"]


class Rehearsals:
    """The calls of the wizard about rehearsals."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def _finding(self, run_id: str) -> PanelFindings:
        """Return what a finished run found out about panels; the wizard remembers some."""
        return findings(self._store, run_id)

    def rehearse(
        self,
        plan: StagedPlan,
        dataset_id: str,
        *,
        who: str,
        preset: str = "fast",
        method: str = "permute_cells",
    ) -> StagedPlan:
        """Return the plan with all of its runs, and one with every marker, queued."""
        return rehearsal.rehearse(
            self._store, plan, dataset_id, who=who, preset=preset, method=method
        )

    def rehearsal(self, plan: StagedPlan) -> tuple[RehearsalStage, ...]:
        """Return every run of the rehearsal and how far it is."""
        return rehearsal_stages.stages(self._store, plan)

    def advance_rehearsal(
        self, plan: StagedPlan, *, who: str, margin: float = MARGIN
    ) -> StagedPlan:
        """Return the plan with all that has finished attached, merged and followed up.

        ``margin``: F1 that the panel may lose which is compared with all markers at once.
        """
        return rehearsal.advance(self._store, plan, self._finding, who=who, margin=margin)

    def stop_rehearsal(self, plan: StagedPlan, *, who: str) -> StagedPlan:
        """Return the plan without its rehearsal, ready for real measurements."""
        return rehearsal.stop(self._store, plan, who=who)

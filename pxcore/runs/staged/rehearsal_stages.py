"""How far each run of a rehearsal is."""

from __future__ import annotations

from pxcore.runs import ledger, progress
from pxcore.runs.staged.rehearsal_specs import stage_label
from pxcore.store.home import Store
from pxcore.types import RunState
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import RehearsalStage


def stages(store: Store, plan: StagedPlan) -> tuple[RehearsalStage, ...]:
    """Return every run of a rehearsal with how far it is; () where nothing is rehearsed."""
    return tuple(_stage(store, plan, name, run_id) for name, run_id in plan.rehearsal_runs)


def _stage(store: Store, plan: StagedPlan, name: str, run_id: str) -> RehearsalStage:
    record = ledger.record(store, run_id)
    row = record.row
    under_way = row.state is RunState.RUNNING
    return RehearsalStage(
        name=name,
        label=stage_label(plan, name),
        run_id=run_id,
        state=row.state,
        share=progress.progress(store, run_id).share if under_way else row.share,
        error=record.error,
    )

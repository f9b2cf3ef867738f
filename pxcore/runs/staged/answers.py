"""Which finished run answered the question about another run's panels."""

from __future__ import annotations

from dataclasses import replace

from pxcore.runs import ledger
from pxcore.store.home import Store
from pxcore.types import RunSpec, RunState

__all__ = ["answering_run"]


def answering_run(store: Store, spec: RunSpec, run_id: str, *, searched: bool = False) -> str:
    """Return the finished run that was asked about this run's panels; empty where none was.

    Of several one that searched all panels comes first, then the newest. ``searched``: no other
    will do.
    """
    found = [(spec, run_id)] if spec.question is not None else []
    found += [
        (record.spec, record.id)
        for record in ledger.records(store, [RunState.FINISHED])
        if record.spec.question is not None and _bare(record.spec) == _bare(spec)
    ]
    for one, its_id in found:
        if one.question is not None and one.question.search:
            return its_id
    return "" if searched or not found else found[0][1]


def _bare(spec: RunSpec) -> RunSpec:
    """Return a spec without its question, and what decides no number."""
    return replace(spec, question=None, title="", owner="", priority=0, preset="")

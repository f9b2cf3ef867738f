"""Which runs answer a question about panels that was put to another run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pxcore.runs import ledger
from pxcore.runs.ledger import RunRecord
from pxcore.store.home import Store
from pxcore.types import RunRow, RunSpec, RunState
from pxcore.types.panel import PanelQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAnswer:
    """One run that was asked about panels, finished or under way."""

    run: RunRow
    question: PanelQuestion
    asked_of: tuple[str, ...]
    """Finished runs that are the same but for a question, the newest first."""


def answers(store: Store) -> tuple[PanelAnswer, ...]:
    """Return every run with a question that is finished or under way, the newest first."""
    lost = (RunState.FAILED, RunState.CANCELLED)
    there = [one for one in ledger.records(store) if one.row.state not in lost]
    plain = [(one, _unasked(one)) for one in there]
    found = []
    for one, spec in plain:
        if one.spec.question is None:
            continue
        parents = tuple(
            other.id
            for other, its in plain
            if other.id != one.id and other.state is RunState.FINISHED and its == spec
            if other.spec.question is None
        )
        found.append(PanelAnswer(run=one.row, question=one.spec.question, asked_of=parents))
    return tuple(found)


def _unasked(found: RunRecord) -> RunSpec:
    """Return a spec without its question and without what decides no number."""
    return replace(found.spec, question=None, title="", owner="", priority=0, preset="")

"""Asking a finished run about smaller panels: the question, its cost, the run that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pxcore.errors import PanelError
from pxcore.panel.constraints import stain_free, stains_of
from pxcore.panel.orders import removal_orders
from pxcore.runs import drafts, followups, ledger
from pxcore.runs.ledger import RunRecord
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.wishes import checked_panel, compared, wishes
from pxcore.runs.result import result
from pxcore.store.home import Store
from pxcore.store.keys import derive_seed
from pxcore.types import Estimate, RunSpec, RunState
from pxcore.types.panel import Constraints, Members, PanelQuestion, RemovalOrder

RANDOM_ORDERS = 3
"""Of remove-and-retrain: what a ranking has to beat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAsk:
    """What a person asks of a finished run."""

    constraints: Constraints = field(default_factory=Constraints)
    search: bool = True
    finalists: int = 2
    curves: tuple[str, ...] = ()
    """Methods whose rankings are removed and retrained, by name."""
    ticked: tuple[Members, ...] = ()
    compare: tuple[tuple[str, int], ...] = ()
    """Of the paper's comparison: a method's name and how many leading stains of its ranking."""


def asked(store: Store, run_id: str, ask: PanelAsk) -> RunSpec:
    """Return the run with the question, added to what it was asked about panels before.

    Raises
    ------
    PanelError
        For constraints that no panel can meet, unknown rankings or channels, too many optional
        channels to look at all of their panels, and a run that is not finished.
    RunError
        For a run that is not known.
    """
    spec = _finished(store, run_id).spec
    wanted = wishes(spec, ask.constraints)
    before = spec.question or PanelQuestion(search=False, finalists=0)
    free = tuple(c for c in stain_free(spec.panel) if c not in wanted.exclude)
    question = PanelQuestion(
        always=free,
        search=ask.search or before.search,
        finalists=max(1, ask.finalists, before.finalists),
        most_stains=wanted.max_stains,
        exclude=wanted.exclude,
        must_keep=wanted.must_keep,
        orders=tuple(dict.fromkeys((*before.orders, *_orders(store, run_id, spec, ask)))),
        ticked=tuple(dict.fromkeys((*before.ticked, *_ticked(spec, ask.ticked, free)))),
    )
    made = replace(spec, question=question)
    compare = compared(made, wanted, before.compare, ask.compare)
    made = replace(made, question=replace(question, compare=compare))
    words = "panel advice"
    title = spec.title if words in spec.title else f"{spec.title}, {words}".strip(", ")
    return replace(made, title=title)


def submit(store: Store, run_id: str, ask: PanelAsk, owner: str = "") -> str:
    """Return the id of the run that answers, queued; an equal one that did not fail is found.

    It is the run itself where all of it was asked before: margin and floor are no part of the
    question, they are held against what is there.
    """
    spec = asked(store, run_id, ask)
    if not is_new(store, run_id, ask):
        return run_id
    frozen = drafts.frozen_spec(store, replace(spec, owner=owner or spec.owner))
    private = ledger.record(store, run_id).private
    return followups.submit_once(store, frozen, private=private)


def is_new(store: Store, run_id: str, ask: PanelAsk) -> bool:
    """Return whether a run that answers would be another one: margin and floor ask nothing."""
    return asked(store, run_id, ask).question != ledger.record(store, run_id).spec.question


def estimate(store: Store, run_id: str, ask: PanelAsk) -> Estimate:
    """Return what a question would cost but for its finalists: the notes say how many at most."""
    spec = asked(store, run_id, ask)
    return drafts.estimate(store, spec)


def _orders(store: Store, run_id: str, spec: RunSpec, ask: PanelAsk) -> tuple[RemovalOrder, ...]:
    if not ask.curves:
        return ()
    told = result(store, run_id)
    place = {channel: number for number, channel in enumerate(told.source_channels)}
    rankings = {}
    for name in ask.curves:
        method = next((one for one in told.methods if one.method == name), None)
        if method is None:
            have = ", ".join(one.method for one in told.methods)
            message = f"the run has no ranking {name!r}; it has {have}"
            raise PanelError(message)
        label = method.label if method.label not in rankings else f"{method.label} ({name})"
        rankings[label] = [
            method.ranking.mean[place[c]] if c in place else float("nan")
            for c in range(len(spec.panel))
        ]
    removable = stains_of(spec.panel, panel_tasks.everything(spec))
    rng = np.random.default_rng(derive_seed("removal orders", spec.seed))
    return removal_orders(rankings, removable, RANDOM_ORDERS, rng)


def _finished(store: Store, run_id: str) -> RunRecord:
    """Return a finished run. Raises PanelError for one that is not."""
    record = ledger.record(store, run_id)
    if record.state is not RunState.FINISHED:
        message = (
            f"run {run_id!r} is {record.row.state}, so it has no answer about panels yet; expected "
            f"a finished run: see `python -m pxcore show {run_id}`, and wait for it or start it "
            "again"
        )
        raise PanelError(message)
    if record.spec.clusters is not None:
        message = (
            f"run {run_id!r} clusters cells without labels, so no panel can be judged by it; name "
            "its clusters, and ask a run on the data set that is made of them"
        )
        raise PanelError(message)
    return record


def _ticked(spec: RunSpec, panels: Sequence[Members], free: Members) -> tuple[Members, ...]:
    """Return panels to train, ascending, each with the stain-free channels ``free``.

    Raises PanelError for an empty one, and for channels that are doubled or took no part.
    """
    return tuple(tuple(sorted({*checked_panel(spec, panel), *free})) for panel in panels)

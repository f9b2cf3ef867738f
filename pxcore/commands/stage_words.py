"""What ``stage`` prints: a plan, its runs, offers, the merge, the outcome."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from pxcore.commands.terminal import text, when
from pxcore.panel.said import with_interval
from pxcore.plots.numbers import count
from pxcore.runs.staged.steps import STEPS
from pxcore.types import Dataset
from pxcore.types.staged import StagedPlan, StagedRun
from pxcore.types.staged_views import (
    MarkerMatch,
    Merge,
    Offer,
    Outcome,
    PlanLoss,
    RehearsalStage,
)

Part = Table | str

NEXT = (
    "Next: give it candidates.",
    "Next: compare the plans with `stage plan PLAN`, choose one with `--kind`.",
    "Next: measure the runs (`stage show PLAN --to FOLDER` writes their sheets), then "
    "`stage attach PLAN NUMBER --dataset ID --run ID`.",
    "Next: look at `stage merge PLAN`, then fix the final run with `--finish`.",
    "Next: measure the final run and attach it, best one that was asked for its panels.",
    "Done: `stage show PLAN` tells the panel.",
)


def plans_table(plans: Sequence[StagedPlan]) -> Table:
    """Return every plan, a line each."""
    owned = any(plan.owner for plan in plans)  # told only where somebody gave a name
    head = ("plan", "title", "step", "version", *(("owner",) if owned else ()), "changed")
    table = _table("Staged plans", head)
    for plan in plans:
        step = f"{plan.step} {STEPS[plan.step - 1]}"
        owner = (plan.owner,) if owned else ()
        row = (plan.id, plan.title, step, str(plan.version), *owner, when(plan.changed))
        table.add_row(*(text(cell) for cell in row))
    return table


def plan_parts(plan: StagedPlan, stages: Sequence[RehearsalStage]) -> list[Part]:
    """Return how a plan stands: its candidates, its runs, what the last change dropped."""
    step = STEPS[plan.step - 1]
    parts: list[Part] = [
        text(f"{plan.title}: step {plan.step} of 6 ({step}), version {plan.version}"),
        text(f"{plan.instrument.label}, {count(plan.instrument.stain_slots, 'slot')} for stains"),
    ]
    if plan.runs:
        parts.append(_runs(plan))
    elif plan.candidates:
        parts.append(text(", ".join(one.marker for one in plan.candidates)))
    if stages:
        parts.append(_stages(stages))
    parts += [text(f"note: {note}") for note in plan.notes]
    return [*parts, text(NEXT[plan.step - 1].replace("PLAN", plan.id))]


def offer_parts(offers: Sequence[Offer], top: int, losses: Sequence[PlanLoss] | str) -> list[Part]:
    """Return the plans side by side, and what each loses where that was simulated."""
    head = ("plan", "runs", "fewest", "pairs seen", "with the final run", "cost", "simulated loss")
    table = _table(f"Plans, top {top}", head)
    lost = {} if isinstance(losses, str) else {one.way: one for one in losses}
    for offer in offers:
        figures, loss = offer.figures, lost.get(offer.kind)
        if figures is None:
            continue
        said = f"{loss.loss:.3f} ({loss.loss_low:.3f} to {loss.loss_high:.3f})" if loss else ""
        table.add_row(
            str(offer.kind),
            str(figures.runs),
            str(figures.fewest_runs),
            f"{figures.seen} of {figures.pairs}",
            f"{figures.seen_with_final}",
            f"{figures.cost:.2f} + {figures.cost_final:.2f}",
            said,
        )
    notes = [f"{one.kind} is not possible: {one.reason}" for one in offers if one.reason]
    notes += [note for one in offers if one.figures for note in one.figures.notes]
    if isinstance(losses, str) and losses:
        notes.append(losses)
    return [table, *(text(note) for note in notes)]


def data_sets(found: Sequence[tuple[Dataset, MarkerMatch]], number: int) -> Table:
    """Return every data set with what it lacks of a planned run."""
    head = ("data set", "title", "matched", "missing", "not planned")
    table = _table(f"Data sets for run {number}", head)
    for dataset, match in found:
        total = len(match.pairs) + len(match.missing)
        missing = match.problem or ", ".join(match.missing)
        row = (dataset.id, dataset.title, f"{len(match.pairs)} of {total}", missing)
        table.add_row(*(text(cell) for cell in row), text(", ".join(match.extra)))
    return table


def merge_parts(merged: Merge) -> list[Part]:
    """Return every candidate with its ranks and why it is in or out."""
    table = _table("Final run", ("marker", "goes in", "rank (run)", "importance", "why"))
    for one in merged.candidates:
        ranks = ", ".join(f"{rank} ({number})" for number, rank in one.rank)
        values = ", ".join(f"{mean:+.3f}" for _, mean, _, _ in one.importance)
        taken = ("yes" if one.taken else "no") + (", by hand" if one.overridden else "")
        table.add_row(text(one.marker), taken, ranks, values, text(one.reason))
    return [table, *(text(note) for note in merged.notes)]


def outcome_parts(found: Outcome) -> list[Part]:
    """Return the panel, its evidence, what was left and why, and the rehearsal's answer."""
    parts: list[Part] = [text(found.said)]
    if found.advice_reason:
        parts.append(text(found.advice_reason))
    if found.f1 is not None:
        parts.append(f"F1-macro on held-out cells: {with_interval(found.f1)}")
    parts.append(f"one test costs {found.cost:.2f}, {found.saved:.2f} less than all candidates")
    table = _table("Not in the panel", ("marker", "why"))
    for marker, reason in found.left:
        table.add_row(text(marker), text(reason))
    parts.append(table)
    if found.all_markers is not None:
        parts.append(text(found.all_markers.said))
    return [*parts, *(text(note) for note in found.notes)]


def _runs(plan: StagedPlan) -> Table:
    table = _table("Runs", ("run", "markers", "data set", "ranking"))
    for run in plan.runs:
        name = f"{run.number} (final)" if run.final else str(run.number)
        row = (name, _markers(plan, run), run.dataset_id or "-", run.run_id or "-")
        table.add_row(*(text(cell) for cell in row))
    return table


def _markers(plan: StagedPlan, run: StagedRun) -> str:
    if run.final and plan.step < 5:
        return "those that the merge takes"
    return ", ".join(run.markers)


def _stages(stages: Sequence[RehearsalStage]) -> Table:
    table = _table("Rehearsal", ("run", "id", "state", "done", "error"))
    for one in stages:
        row = (one.label, one.run_id, str(one.state), f"{one.share:.0%}", one.error)
        table.add_row(*(text(cell) for cell in row))
    return table


def _table(title: str, head: Sequence[str]) -> Table:
    table = Table(title=title)
    for number, name in enumerate(head):
        table.add_column(name, no_wrap=not number)
    return table

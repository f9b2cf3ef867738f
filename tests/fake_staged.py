"""The wizard's door in memory: real dealing and merging, made-up rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import tests.example_values as ex
from pxcore.errors import PanelError
from pxcore.panel.staged import plans as dealing
from pxcore.panel.staged.finished import FinishedRun
from pxcore.panel.staged.matching import match_markers
from pxcore.panel.staged.merge import merge, with_final_run
from pxcore.panel.staged.printed import printed_html
from pxcore.panel.staged.sheets import run_sheet
from pxcore.types import Dataset, RunRow, RunState, Verdict
from pxcore.types.staged import (
    Override,
    PlanKind,
    StagedPlan,
    StagedRun,
)
from pxcore.types.staged_views import (
    AllMarkersAnswer,
    MarkerMatch,
    Merge,
    Offer,
    Outcome,
    PlanLoss,
    RehearsalStage,
    RunSheet,
)
from tests.fake_plans import FakePlans

LOSSES = tuple(
    PlanLoss(
        way=way, runs=runs, accuracy=0.79 - loss, low=0.78 - loss, high=0.8 - loss,
        loss=loss, loss_low=loss - half, loss_high=loss + half, pair_kept=kept,
    )
    for way, runs, loss, half, kept in (
        ("published", 3, 0.042, 0.003, 0.48), ("pair_cover", 7, 0.0, 0.002, 1.0),
        ("all", 1, 0.0, 0.0, 1.0),
    )
)  # fmt: skip


@dataclass
class FakeStaged(FakePlans):
    """Every step of a plan; ``worth`` says what a marker's drop is (else by its place)."""

    worth: dict[str, float] = field(default_factory=dict)
    losses_said: tuple[PlanLoss, ...] | str = LOSSES
    stages: tuple[RehearsalStage, ...] = ()
    answer: AllMarkersAnswer | None = None
    moves: list[StagedPlan] = field(default_factory=list)
    """What ``advance_rehearsal`` brings, one call after the other."""
    margins: list[float] = field(default_factory=list)
    """With which the result was asked for, and a rehearsal went on."""

    def offers(self, plan: StagedPlan, top: int) -> tuple[Offer, ...]:
        found = []
        for kind in PlanKind:
            try:
                runs = dealing.planned_runs(kind, plan.candidates, plan.instrument, top)
            except PanelError as error:
                found.append(Offer(kind=kind, runs=(), figures=None, reason=str(error)))
                continue
            figures = dealing.plan_figures(kind, runs, plan.candidates, plan.instrument, top)
            found.append(Offer(kind=kind, runs=runs, figures=figures))
        return tuple(found)

    def losses(self, plan: StagedPlan, top: int, final: int) -> tuple[PlanLoss, ...] | str:
        return self.losses_said

    def choose(self, plan: StagedPlan, kind: PlanKind, top: int, *, who: str) -> StagedPlan:
        runs = dealing.planned_runs(kind, plan.candidates, plan.instrument, top)
        return self._save(plan, who, f"Chose {kind}.", kind=kind, top=top, runs=runs, step=3)

    def controls(
        self, plan: StagedPlan, fmo: Sequence[str], samples: int, *, who: str
    ) -> StagedPlan:
        return self._save(plan, who, "Controls.", fmo=tuple(fmo), samples=samples)

    def sheets(self, plan: StagedPlan) -> tuple[RunSheet, ...]:
        return tuple(
            run_sheet(run, plan.candidates, plan.instrument, plan.fmo)
            for run in plan.runs
            if plan.step > 4 or not run.final
        )

    def downloads(self, plan: StagedPlan) -> Mapping[str, str]:
        html = printed_html(plan.title, self.sheets(plan))
        return {"run_sheets.html": html, "order.csv": "marker\n", "plan.json": "{}"}

    def datasets_for(
        self, plan: StagedPlan, number: int
    ) -> tuple[tuple[Dataset, MarkerMatch], ...]:
        run = self._run(plan, number)
        return tuple((one, match_markers(run.markers, one.panel)) for one in self.sets())

    def runs_for(self, plan: StagedPlan, number: int) -> tuple[RunRow, ...]:
        row = ex.progress(RunState.FINISHED).run
        return (replace(row, id=f"rank{number}", dataset_id=self._run(plan, number).dataset_id),)

    def attach(
        self, plan: StagedPlan, number: int, dataset_id: str, run_id: str = "", *, who: str
    ) -> StagedPlan:
        match = match_markers(self._run(plan, number).markers, self._set(dataset_id).panel)
        if match.missing:
            message = f"the data set lacks {', '.join(match.missing)}; choose another"
            raise PanelError(message)
        changes = {"dataset_id": dataset_id, "run_id": run_id, "matched": match.pairs}
        return self._put_run(plan, number, f"Attached to run {number}.", who, changes)

    def detach(self, plan: StagedPlan, number: int, *, who: str) -> StagedPlan:
        changes: dict[str, object] = {"dataset_id": "", "run_id": "", "matched": ()}
        return self._put_run(plan, number, f"Detached from run {number}.", who, changes)

    def rankings(self, plan: StagedPlan) -> tuple[FinishedRun, ...]:
        return tuple(self._finished(plan, run) for run in plan.runs if run.run_id)

    def methods_for(self, plan: StagedPlan) -> tuple[str, ...]:
        return ("permute_cells", "pxpermute")

    def merged(self, plan: StagedPlan) -> Merge:
        return merge(plan, self.rankings(plan))

    def merge_rule(
        self,
        plan: StagedPlan,
        *,
        top: int | None = None,
        by_verdict: bool | None = None,
        method: str | None = None,
        who: str,
    ) -> StagedPlan:
        given = {"top": top, "by_verdict": by_verdict, "method": method}
        changes = {name: value for name, value in given.items() if value is not None}
        return self._save(plan, who, f"Rule: {changes}.", **changes)

    def override(
        self, plan: StagedPlan, marker: str, what: Override | None, *, who: str
    ) -> StagedPlan:
        kept = tuple(one for one in plan.overrides if one[0] != marker)
        added = () if what is None else ((marker, what),)
        return self._save(plan, who, f"{marker}: {what}.", overrides=(*kept, *added), step=4)

    def finish_merge(self, plan: StagedPlan, *, who: str) -> StagedPlan:
        runs = with_final_run(plan.runs, self.merged(plan))
        return self._save(plan, who, "The final run stands.", runs=runs, step=5)

    def outcome(self, plan: StagedPlan, margin: float = 0.02) -> Outcome:
        self.margins.append(margin)
        last = plan.runs[-1]
        left = [c.marker for c in plan.candidates if c.marker not in last.markers]
        return Outcome(
            markers=last.markers[:-1],
            measured=last.markers,
            left=((last.markers[-1], "Adds nothing."), *((m, "Not merged.") for m in left)),
            said=f"{', '.join(last.markers[:-1])} are enough",
            run_id=last.run_id,
            panel=ex.PANEL,
            advice=None,
            advice_reason="The final run was not asked which panel is enough.",
            f1=ex.interval(0.8, 0.03),
            cost=12.0,
            saved=8.0,
            trail=plan.trail,
            all_markers=self.answer,
        )

    def outcome_files(self, plan: StagedPlan, found: Outcome) -> Mapping[str, str]:
        return {"panel.csv": "marker\n", "outcome.json": "{}"}

    def rehearse(
        self,
        plan: StagedPlan,
        dataset_id: str,
        *,
        who: str,
        preset: str = "fast",
        method: str = "permute_cells",
    ) -> StagedPlan:
        return self._save(plan, who, "Rehearsal.", rehearsal=dataset_id, rehearsal_preset=preset)

    def advance_rehearsal(self, plan: StagedPlan, *, who: str, margin: float = 0.02) -> StagedPlan:
        self.margins.append(margin)
        latest = self.plan(plan.id)
        if latest.version != plan.version or not self.moves:
            return latest
        return self._save(self.moves.pop(0), who, "Went on.", by_itself=True)

    def stop_rehearsal(self, plan: StagedPlan, *, who: str) -> StagedPlan:
        return self._save(plan, who, "Stopped.", rehearsal="")

    def rehearsal(self, plan: StagedPlan) -> tuple[RehearsalStage, ...]:
        return self.stages

    def _run(self, plan: StagedPlan, number: int) -> StagedRun:
        return next(run for run in plan.runs if run.number == number)

    def _put_run(
        self, plan: StagedPlan, number: int, what: str, who: str, changes: Mapping[str, object]
    ) -> StagedPlan:
        runs = tuple(
            replace(run, **changes) if run.number == number else run  # type: ignore[arg-type]
            for run in plan.runs
        )
        ready = all(run.run_id for run in runs if not run.final)
        step = 6 if runs[-1].run_id else max(plan.step, 4) if ready else plan.step
        return self._save(plan, who, what, runs=runs, step=step)

    def _finished(self, plan: StagedPlan, run: StagedRun) -> FinishedRun:
        names = [candidate.marker for candidate in plan.candidates]
        mean = [self.worth.get(m, 0.3 / (1 + names.index(m))) for m in run.markers]
        return FinishedRun(
            number=run.number,
            markers=run.markers,
            mean=tuple(mean),
            low=tuple(value - 0.02 for value in mean),
            high=tuple(value + 0.02 for value in mean),
            verdict=tuple(
                Verdict.INFORMATIVE if value > 0.02 else Verdict.UNDECIDED for value in mean
            ),
        )

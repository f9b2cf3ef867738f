"""The staged-panel wizard: every step of a plan, each saved as it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace

from pxcore.doors.staged_memory import Remembered
from pxcore.doors.staged_rehearsals import Rehearsals
from pxcore.panel.staged.candidates import candidates_of
from pxcore.panel.staged.finished import FinishedRun
from pxcore.panel.staged.instruments import INSTRUMENTS, other
from pxcore.panel.staged.pasted import parse_candidates
from pxcore.panel.staged.simulator import WAYS, Simulation, can_simulate, smallest_run
from pxcore.runs import datasets
from pxcore.runs.panels.result import PanelFindings
from pxcore.runs.staged import (
    attached,
    dealing,
    merging,
    outcome,
    outcome_files,
    paperwork,
    returning,
    shelf,
)
from pxcore.runs.staged.decisions import Hands, MergeRule
from pxcore.store.home import Store
from pxcore.types import Dataset, RunRow
from pxcore.types.staged import Candidate, Instrument, Override, PlanKind, StagedPlan
from pxcore.types.staged_views import (
    MarkerMatch,
    Merge,
    Offer,
    Outcome,
    PlanLoss,
    PlanVersion,
    RunSheet,
)

__all__ = ["StagedPlans"]

DRAWS = 60
"""Of the simulator, for a page: a loss is known to about 0.015."""


class StagedPlans(Rehearsals):
    """The calls of the wizard. Each takes the plan as a person saw it and returns it as saved.

    All that save raise PlanChangedError when somebody else changed the plan meanwhile, and
    PanelError for what a plan cannot be; the message says what to do.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._known = Remembered(store)

    def seen_by(self, store: Store) -> StagedPlans:
        """Return the same calls as the person of ``store`` may make them; results are shared."""
        seen = copy(self)
        seen._store = store  # noqa: SLF001 - our own copy
        return seen

    # -- any time

    def instruments(self) -> tuple[Instrument, ...]:
        """Return the known instruments."""
        return tuple(INSTRUMENTS.values())

    def other_instrument(
        self, slots: int, brightfield: Sequence[int] = (), darkfield: Sequence[int] = ()
    ) -> Instrument:
        """Return an instrument with free numbers; channels are counted from 1."""
        return other(slots, brightfield, darkfield)

    def plans(self) -> tuple[StagedPlan, ...]:
        """Return every plan, the one changed last first."""
        return shelf.every(self._store)

    def plan(self, plan_id: str, version: int | None = None) -> StagedPlan:
        """Return a plan as it stands, or stood at a version. PanelError for an unknown one."""
        return shelf.one(self._store, plan_id, version)

    def history(self, plan_id: str) -> tuple[PlanVersion, ...]:
        """Return every version of a plan, the newest first."""
        return shelf.history(self._store, plan_id)

    def undo(self, plan: StagedPlan, *, who: str) -> StagedPlan:
        """Return the plan as before its last change, as a new version."""
        return returning.undo(self._store, plan, who=who)

    def back_to(self, plan: StagedPlan, version: int, *, who: str) -> StagedPlan:
        """Return the plan with the contents of an earlier version, as a new one."""
        return returning.back_to(self._store, plan, version, who=who)

    # -- step 1: candidates

    def new(
        self,
        title: str,
        instrument: Instrument,
        owner: str = "",
        candidates: Sequence[Candidate] = (),
    ) -> StagedPlan:
        """Return a new plan, at step 1; with candidates at step 2, or nothing is saved."""
        return dealing.new(self._store, title, instrument, owner, candidates)

    def pasted(self, text: str) -> tuple[Candidate, ...]:
        """Return the markers of a typed or pasted text, or of a panel sheet. Saves nothing."""
        return parse_candidates(text)

    def from_dataset(self, dataset_id: str) -> tuple[Candidate, ...]:
        """Return the stains of a data set as candidates. Saves nothing."""
        return candidates_of(datasets.one(self._store, dataset_id).panel)

    def set_candidates(
        self,
        plan: StagedPlan,
        candidates: Sequence[Candidate],
        instrument: Instrument,
        title: str | None = None,
        *,
        who: str,
    ) -> StagedPlan:
        """Return the plan with these candidates; planned runs are dealt anew."""
        return dealing.set_candidates(self._store, plan, candidates, instrument, title, who=who)

    # -- step 2: plan

    def offers(self, plan: StagedPlan, top: int) -> tuple[Offer, ...]:
        """Return each kind of plan with its figures, or why it is not possible."""
        return dealing.offers(plan, top)

    def losses(self, plan: StagedPlan, top: int, final: int) -> tuple[PlanLoss, ...] | str:
        """Return what each plan loses beside all markers at once, simulated, or why not. Seconds.

        ``final``: markers of the panel at last that are not always on.
        """
        markers, free = dealing.room(plan)
        possible = 1 <= top <= smallest_run(markers, free)  # else pair cover's loss stands alone
        ways = WAYS if possible else tuple(way for way in WAYS if way != "published")
        m = top if possible else 1
        setting = Simulation(markers=markers, free=free, top=m, final=final, draws=DRAWS, ways=ways)
        return can_simulate(setting) or self._known.simulated(setting)

    def choose(self, plan: StagedPlan, kind: PlanKind, top: int, *, who: str) -> StagedPlan:
        """Return the plan with its runs dealt."""
        return dealing.choose(self._store, plan, kind, top, who=who)

    # -- step 3: measure (and step 5: the final run)

    def datasets_for(
        self, plan: StagedPlan, number: int
    ) -> tuple[tuple[Dataset, MarkerMatch], ...]:
        """Return every data set with what it shows of a planned run, the best match first."""
        return attached.datasets_for(self._store, plan, number)

    def runs_for(self, plan: StagedPlan, number: int) -> tuple[RunRow, ...]:
        """Return the finished runs that could be attached to a planned run, newest first."""
        return attached.runs_for(self._store, plan, number)

    def attach(
        self, plan: StagedPlan, number: int, dataset_id: str, run_id: str = "", *, who: str
    ) -> StagedPlan:
        """Return the plan with a data set, and a finished run on it, attached."""
        return attached.attach(self._store, plan, number, dataset_id, run_id, who=who)

    def detach(self, plan: StagedPlan, number: int, *, who: str) -> StagedPlan:
        """Return the plan without what was attached to a planned run."""
        return attached.detach(self._store, plan, number, who=who)

    def controls(
        self, plan: StagedPlan, fmo: Sequence[str], samples: int, *, who: str
    ) -> StagedPlan:
        """Return the plan with these markers' FMO controls and so many samples a run."""
        return paperwork.controls(self._store, plan, fmo, samples, who=who)

    def sheets(self, plan: StagedPlan) -> tuple[RunSheet, ...]:
        """Return the sheet of every run to be measured; the final one once it is merged."""
        return paperwork.sheets(plan)

    def downloads(self, plan: StagedPlan) -> Mapping[str, str]:
        """Return file names and texts: sheets, order and control list, channel map, the plan."""
        return paperwork.downloads(plan)

    def json(self, plan: StagedPlan, found: Outcome | None = None) -> str:
        """Return the whole plan as JSON text, with its outcome where one is given."""
        return paperwork.plan_json(plan, found)

    # -- step 4: merge

    def merged(self, plan: StagedPlan) -> Merge:
        """Return every candidate with its reason. PanelError while a ranking is missing."""
        union = self._known.merged(self._store, plan)
        notes = attached.sheet_notes(self._store, plan)
        return replace(union, notes=(*union.notes, *notes)) if notes else union

    def rankings(self, plan: StagedPlan) -> tuple[FinishedRun, ...]:
        """Return what each finished dealt run says of its markers, to be seen side by side."""
        return self._known.rankings(self._store, plan)

    def methods_for(self, plan: StagedPlan) -> tuple[str, ...]:
        """Return the methods by whose rankings the attached runs can be merged."""
        return merging.methods_for(self._store, plan)

    def merge_rule(
        self,
        plan: StagedPlan,
        *,
        who: str,
        top: int | None = None,
        by_verdict: bool | None = None,
        method: str | None = None,
    ) -> StagedPlan:
        """Return the plan with another rule of merging; None keeps what is."""
        return merging.merge_rule(
            self._store, plan, who=who, top=top, by_verdict=by_verdict, method=method
        )

    def override(
        self, plan: StagedPlan, marker: str, decision: Override | None, *, who: str
    ) -> StagedPlan:
        """Return the plan with a candidate taken or left out by hand; None: by the rule."""
        return merging.override(self._store, plan, marker, decision, who=who)

    def decide(
        self, plan: StagedPlan, rule: MergeRule | None, hands: Hands, *, who: str
    ) -> StagedPlan:
        """Return the plan with another rule and several hands, all or none, as one version."""
        return merging.decide(self._store, plan, rule, hands, who=who)

    def finish_merge(self, plan: StagedPlan, *, who: str) -> StagedPlan:
        """Return the plan with the final run's markers fixed."""
        return merging.finish_merge(self._store, plan, who=who)

    # -- step 6: result

    def outcome(self, plan: StagedPlan, margin: float = 0.02) -> Outcome:
        """Return the final panel, its evidence, and the trail; ``margin``: F1 that may be lost."""
        return outcome.outcome(self._store, plan, self._finding, margin)

    def outcome_files(self, plan: StagedPlan, found: Outcome) -> Mapping[str, str]:
        """Return file names and texts of an outcome: ``panel.csv``, ``outcome.json``."""
        return outcome_files.outcome_files(plan, found)

    def _finding(self, run_id: str) -> PanelFindings:
        return self._known.finding(self._store, run_id)

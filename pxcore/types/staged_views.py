"""What the steps of a staged plan show: figures, matches, the merge, sheets, the outcome."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.types.cells import Panel
from pxcore.types.panel import PanelAdvice
from pxcore.types.results import Interval
from pxcore.types.runs import RunState
from pxcore.types.staged import Decision, Merged, PlanKind, StagedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerMatch:
    """What of a planned run a data set shows."""

    pairs: tuple[tuple[str, str], ...]
    """(planned marker, channel name), in the order planned; what ``StagedRun.matched`` keeps."""
    missing: tuple[str, ...]
    """Planned, but in no channel."""
    extra: tuple[str, ...]
    """Names of stain channels that were not planned; stain-free channels and decoys never are."""
    problem: str = ""
    """Why nothing can be matched, such as two channels that show one marker; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFigures:
    """What a plan takes and shows, before anything is measured."""

    runs: int
    """The final one included."""
    fewest_runs: int
    """No plan of this kind has fewer, the final one included: ceil(M / F) or Schönheim's bound."""
    slots_used: int
    """Stain slots filled, over the dealt runs (the final one is not known yet)."""
    slots: int
    """Stain slots there are in these runs."""
    pairs: int
    """Pairs of candidates that are not always on."""
    seen: int
    """Of these, pairs that share a dealt run."""
    seen_with_final: int
    """Pairs seen once the final run is full of the best of each run, at most."""
    cost: float
    """Of one test in every dealt run: sum of the costs of the markers in it."""
    cost_final: float
    """Of one test in the final run, at most: the dearest markers that it can hold."""
    notes: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """``seen`` / ``pairs``; 1 where there is no pair."""
        return self.seen / self.pairs if self.pairs else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLoss:
    """How a plan ends, over draws."""

    way: str
    runs: int
    """The final one included."""
    accuracy: float
    low: float
    high: float
    """95 % interval of the mean over draws."""
    loss: float
    """Accuracy of ``all`` minus that of this plan, paired by draw."""
    loss_low: float
    loss_high: float
    pair_kept: float
    """Share of draws whose panel has both of the pair that works only together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The union for the final run, with what speaks for it."""

    candidates: tuple[Merged, ...]
    """Every candidate, in the plan's order."""
    order: tuple[str, ...]
    """The candidates that are not always on, the strongest first."""
    fell_out: tuple[str, ...]
    """Taken by the rule, but without a slot."""
    notes: tuple[str, ...]

    @property
    def taken(self) -> tuple[str, ...]:
        """Markers of the final run, in the plan's order."""
        return tuple(one.marker for one in self.candidates if one.taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSlot:
    """One channel of a run."""

    number: int
    """Of the instrument's channel, from 1."""
    kind: str
    """``brightfield``, ``darkfield``, ``stain`` or ``empty``."""
    marker: str = ""
    clone: str = ""
    fluorochrome: str = ""
    always_on: bool = False
    controls: tuple[str, ...] = ()
    """Tubes to measure besides: ``single stain``, ``FMO``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSheet:
    """What a person needs at the bench for one run."""

    title: str
    instrument: str
    slots: tuple[SheetSlot, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """What to order of one marker for the whole plan."""

    marker: str
    clone: str
    fluorochrome: str
    runs: tuple[int, ...]
    tests: int
    cost: float
    """``tests`` times the cost of a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One kind of plan for the candidates as they stand."""

    kind: PlanKind
    runs: tuple[StagedRun, ...]
    """The final one last; empty where the plan is not possible."""
    figures: PlanFigures | None
    reason: str = ""
    """Why it is not possible, and what to do; empty where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """One saved state of a plan."""

    version: int
    step: int
    who: str
    at: str
    """UTC, ISO 8601."""
    what: str
    """What was done, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalStage:
    """One run of a rehearsal, and how far it is."""

    name: str
    """The number of a planned run, ``all`` (every marker at once) or ``compare``."""
    label: str
    run_id: str
    state: RunState
    share: float
    """Done, from 0 to 1."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllMarkersAnswer:
    """A rehearsed plan beside measuring every marker at once, on the same cells and folds."""

    dataset_id: str
    all_run: str
    """The run that saw every marker."""
    markers: tuple[str, ...]
    """As many as the plan's final panel: always on, must keep, then the best of that run."""
    only_plan: tuple[str, ...]
    """In the plan's final panel but not in ``markers``."""
    only_all: tuple[str, ...]
    """In ``markers`` but not in the plan's final panel."""
    f1_every: Interval
    """F1-macro with every marker."""
    f1_plan: Interval | None = None
    """Of the plan's final panel, trained again on these cells; None until that is done."""
    f1_markers: Interval | None = None
    """Of ``markers``, trained again."""
    lost: Interval | None = None
    """``f1_markers`` minus ``f1_plan``, paired fold by fold: what the plan lost by its stages."""
    advised: tuple[str, ...] = ()
    """Advised by the run that saw every marker, where it was asked to search all panels."""
    f1_advised: Interval | None = None
    """Of ``advised``."""
    said: str = ""
    """The same in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a staged plan ends with."""

    markers: tuple[str, ...]
    """The final panel: what is advised, else all markers of the final run."""
    measured: tuple[str, ...]
    """Markers of the final run."""
    left: tuple[tuple[str, str], ...]
    """(candidate that is not in the panel, why), in the plan's order."""
    said: str
    """The outcome in a sentence."""
    run_id: str
    """The final run, or the one that answered the question about its panels."""
    panel: Panel
    """Of the final run's data set, stains named by the plan's markers: what positions mean."""
    advice: PanelAdvice | None
    advice_reason: str = ""
    """Why there is no advice, and what to do; empty where there is."""
    f1: Interval | None = None
    """F1-macro of the final panel on held-out cells of the final run."""
    cost: float = 0.0
    """Of one test with the final panel."""
    saved: float = 0.0
    """Of one test: the cost of the candidates that are left."""
    trail: tuple[Decision, ...] = ()
    all_markers: AllMarkersAnswer | None = None
    """For a rehearsal whose run with every marker is finished."""
    notes: tuple[str, ...] = ()

"""Staged panels: more candidate markers than the instrument has slots, measured in several runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class PlanKind(StrEnum):
    """How candidates are dealt to runs."""

    PUBLISHED = "published"
    """Each candidate in one run; the top m of each meet in a final run."""
    PAIR_COVER = "pair_cover"
    """Every pair of candidates shares a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Which channels an instrument has."""

    id: str
    label: str
    slots: int
    """Channels in all."""
    brightfield: tuple[int, ...] = ()
    """Numbers of fixed stain-free channels, counted from 1."""
    darkfield: tuple[int, ...] = ()

    @property
    def stain_slots(self) -> int:
        """Channels that a stain can be measured in."""
        return self.slots - len(self.brightfield) - len(self.darkfield)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One marker that may become part of the panel."""

    marker: str
    clone: str = ""
    fluorochrome: str = ""
    cost: float = 0.0
    must_keep: bool = False
    always_on: bool = False
    """In every run: nuclear dye, viability, a bridge marker."""
    bridge: bool = False
    """Always on, and used to put the runs on one scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRun:
    """One planned measurement."""

    number: int
    """Counted from 1; the final run comes last."""
    markers: tuple[str, ...]
    """Always-on ones first, then the candidates of this run."""
    final: bool = False
    dataset_id: str = ""
    run_id: str = ""
    matched: tuple[tuple[str, str], ...] = ()
    """(planned marker, channel name of the attached data set)."""
    places: tuple[int, ...] = ()
    """Position in that data set's panel of each of ``matched``: names may change, these do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One candidate after the runs: where it was seen, and whether it goes into the final run."""

    marker: str
    taken: bool
    reason: str
    overridden: bool = False
    importance: tuple[tuple[int, float, float, float], ...] = ()
    """(run number, mean, low, high) on the common scale."""
    rank: tuple[tuple[int, int], ...] = ()
    """(run number, rank among the run's candidates)."""


class Override(StrEnum):
    """What a person decided against the automatic choice."""

    TAKE = "take"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of a plan's trail."""

    at: str
    """UTC, ISO 8601."""
    who: str
    step: str
    what: str
    by_itself: bool = False
    """By a rehearsal that went on, not by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedPlan:
    """A staged plan as it stands. Every step makes a new one with a higher version."""

    id: str
    title: str
    version: int
    step: int
    """The furthest step reached, 1 to 6."""
    owner: str
    instrument: Instrument
    candidates: tuple[Candidate, ...] = ()
    kind: PlanKind | None = None
    top: int = 5
    """m: candidates that each run of a published plan sends to the final run."""
    method: str = "permute_cells"
    """Whose ranking is merged."""
    by_verdict: bool = False
    """Take what is informative and not redundant instead of the top m."""
    runs: tuple[StagedRun, ...] = ()
    overrides: tuple[tuple[str, Override], ...] = ()
    fmo: tuple[str, ...] = ()
    """Markers with an FMO control (fluorescence minus one) in every run that has them."""
    samples: int = 1
    """Samples that each run measures: full stains to order."""
    rehearsal: str = ""
    """A data set with all markers on which the plan is rehearsed; empty for real runs."""
    rehearsal_preset: str = ""
    rehearsal_runs: tuple[tuple[str, str], ...] = ()
    """(number of a planned run, ``all`` or ``compare``; id of the run that was queued for it)."""
    trail: tuple[Decision, ...] = ()
    as_of: int = 0
    """The earlier version whose contents were brought back; 0 for a state of its own."""
    created: str = ""
    changed: str = ""
    notes: tuple[str, ...] = field(default=())
    """What the last change dropped because it no longer held, and what to know of it."""

"""Values of a store's upkeep: what takes room, what may go, what is damaged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Holding(StrEnum):
    """What refers to artifacts."""

    DATASET = "dataset"
    RUN = "run"
    PLAN = "plan"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The room that one data set, run or person takes."""

    id: str
    """Of a person: the name."""
    title: str
    owner: str = ""
    n_bytes: int = 0
    """Of everything it refers to."""
    alone: int = 0
    """Of what nothing else refers to: freed when it is deleted."""
    charged: float = 0.0
    """What several use is divided equally among their owners; only of people."""
    quota: int = 0
    """Of a person: bytes they may take; 0 for no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where the room of a store went, bytes."""

    datasets: tuple[Usage, ...]
    runs: tuple[Usage, ...]
    people: tuple[Usage, ...]
    artifacts: int
    """All artifacts together."""
    shared: int
    """Of what more than one data set or run refers to."""
    loose: int
    """Of what nothing refers to."""
    other: tuple[tuple[str, int], ...]
    """Folders of the store beside the artifacts, such as ``uploads``."""
    free: int
    """Of the disk."""
    disk: int


class LooseKind(StrEnum):
    """What a clean-up may remove."""

    RESULTS = "results"
    """Artifacts that no data set, run, plan or link refers to."""
    WORK = "work"
    """Scratch folders of tasks that no run has any more."""
    CHECKPOINTS = "checkpoints"
    """Half-done trainings of runs that have ended."""
    UPLOADS = "uploads"
    """Uploads that no import waits for."""
    DOWNLOADS = "downloads"
    """Fetched files of public data sets that were imported, and broken-off downloads."""
    TEMPORARY = "temporary"
    """What a killed process left half-written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """One thing that may go."""

    kind: LooseKind
    id: str
    """A key, or a path below the store."""
    label: str
    n_bytes: int
    hours: float
    """Since it was last touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What a clean-up did."""

    removed: tuple[Loose, ...]
    kept: tuple[Loose, ...]
    """Those that something refers to again, or that were touched since the preview."""

    @property
    def n_bytes(self) -> int:
        """Bytes that were freed."""
        return sum(one.n_bytes for one in self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What uses a data set or a run, as somebody may see it: (id, title), newest first."""

    title: str
    owner: str
    runs: tuple[tuple[str, str], ...] = ()
    plans: tuple[tuple[str, str], ...] = ()
    foreign: int = 0
    """Runs and plans among them that are not this person's to delete."""
    live: int = 0
    """Runs among them that have not ended."""
    links: int = 0
    """Open share links of owners to what is theirs; their snapshots stay."""
    links_end: int = 0
    """Open share links that others made; they end with it."""

    @property
    def used(self) -> bool:
        """True where deleting takes runs or plans along."""
        return bool(self.runs or self.plans or self.foreign)


class Trouble(StrEnum):
    """What a check may find."""

    DAMAGED = "damaged"
    """A file of an artifact is not as it was written."""
    GONE = "gone"
    """Something refers to an artifact that is not there."""
    ROW_ALONE = "row without files"
    NO_CHECKSUM = "no checksum"
    """Written before checksums were kept, so nothing can be said."""
    FILES_ALONE = "files without row"

    @property
    def serious(self) -> bool:
        """True where results or cells are lost or wrong."""
        return self in (Trouble.DAMAGED, Trouble.GONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found."""

    trouble: Trouble
    key: str
    said: str
    """What it is, who is concerned, what to do."""
    repaired: str = ""
    """What was done about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check of a store found."""

    artifacts: int
    n_bytes: int
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """True where nothing is lost or wrong."""
        return not any(one.trouble.serious for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What a backup holds, and what was done for it."""

    folder: str
    taken: str
    """UTC, ISO 8601."""
    artifacts: int
    n_bytes: int
    copied: int
    """Artifacts that were not there from an earlier time."""
    removed: int = 0
    """Artifacts of an earlier time that nothing refers to any more."""
    without_cells: int = 0
    """Data sets whose cells were left out."""
    damaged: tuple[str, ...] = ()
    """Keys left out because their files are not as they were written: see `check`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came out of a backup."""

    taken: str
    """When the backup was made; UTC, ISO 8601."""
    datasets: int
    runs: int
    artifacts: int
    damaged: tuple[str, ...] = ()
    """Keys left out because the backup's files are not as they were written."""
    gone: tuple[str, ...] = ()
    """What rows speak of and the backup did not hold, in words."""
    links: int = 0
    """Share links that were let expire: they may have been revoked since the backup was made."""
    accounts: int = 0
    """People who may log in as of the backup; some may have been shut out since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What a lab runs on."""

    versions: tuple[tuple[str, str], ...]
    database: str
    home: str
    free: int
    disk: int

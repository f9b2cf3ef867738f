"""A ranking of channels on clusters, and what a look at masks gave: one small JSON each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pxcore.runs.saved.text import from_file, to_text
from pxcore.types.unlabelled_views import ClusterCalls, Dealing, MaskFold

RANKING, MASKS, CALLS, REFUSED = "ranking.json", "masks.json", "calls.json", "refused.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRanking:
    """Numbers of one ranking, channels by position; names come from the panel."""

    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rank: tuple[int, ...]
    rank_low: tuple[int, ...]
    rank_high: tuple[int, ...]
    posterior_drop: tuple[float, ...]
    per_cluster: tuple[tuple[float, ...], ...]
    n_cells: int
    repeats: int


EARLIER = Dealing(why="an earlier version of pxcore made this check without regard to donors")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMaskCheck:
    """Every fold, and every fold with clusters dealt at random."""

    folds: tuple[MaskFold, ...] = ()
    control: tuple[MaskFold, ...] = ()
    dealing: Dealing = EARLIER
    """As stored; checks of before say nothing of it."""
    refused: str = ""
    """Why these clusters could not be checked; empty where they were."""
    notes: tuple[str, ...] = ()
    """That memory asked for smaller batches; empty otherwise."""


def save_ranking(folder: Path, ranking: StoredRanking) -> None:
    """Write a ranking."""
    (folder / RANKING).write_text(to_text(ranking), encoding="utf-8")


def load_ranking(folder: Path) -> StoredRanking:
    """Return a ranking."""
    return from_file(StoredRanking, folder / RANKING)


def save_refusal(folder: Path, why: str) -> None:
    """Write why clusters cannot be explained: the run goes on without."""
    (folder / REFUSED).write_text(why, encoding="utf-8")


def load_refusal(folder: Path) -> str:
    """Return why clusters could not be explained; empty where they were."""
    file = folder / REFUSED
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def save_calls(folder: Path, calls: ClusterCalls) -> None:
    """Write what the classifier of clusters says of held-out cells."""
    (folder / CALLS).write_text(to_text(calls), encoding="utf-8")


def load_calls(folder: Path) -> ClusterCalls | None:
    """Return what it says; None where an earlier version did not keep it."""
    file = folder / CALLS
    return from_file(ClusterCalls, file) if file.is_file() else None


def save_mask_check(folder: Path, found: StoredMaskCheck) -> None:
    """Write a mask check."""
    (folder / MASKS).write_text(to_text(found), encoding="utf-8")


def load_mask_check(folder: Path) -> StoredMaskCheck:
    """Return a mask check."""
    return from_file(StoredMaskCheck, folder / MASKS)

"""Which waiting tasks start next: a pure function of what waits, what runs and what is free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pxcore.runs.tasks import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One run's wish to have a task done."""

    run_id: str
    owner: str
    priority: int
    """Larger goes first."""
    ordinal: int
    """Of the run: smaller is older."""
    position: int
    """Of the task within the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A task that could start now, with everyone who wants it."""

    key: str
    lane: Lane
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A task to start, and whose account it is on."""

    key: str
    claim: Claim


def choose(
    waiting: Sequence[Waiting], running: Mapping[str, int], free: Mapping[Lane, int]
) -> tuple[Start, ...]:
    """Return what to start on the free workers, in order.

    By priority; among equals the owner with the least running; then the oldest run, its tasks
    in their order. ``running`` counts the running tasks of each owner, ``free`` the idle
    workers of each lane. A task wanted by several runs goes by its best claim.
    """
    load = Counter(dict(running))
    left = dict(free)
    rest = {task.key: task for task in waiting}
    starts: list[Start] = []
    while True:
        offers = [
            (_order(claim, load), task.key, claim)
            for task in rest.values()
            if left.get(task.lane, 0) > 0
            for claim in task.claims
        ]
        if not offers:
            return tuple(starts)
        _, key, claim = min(offers, key=lambda offer: (offer[0], offer[1]))
        starts.append(Start(key=key, claim=claim))
        load[claim.owner] += 1
        left[rest.pop(key).lane] -= 1


def _order(claim: Claim, load: Counter[str]) -> tuple[int, int, int, str, int]:
    return (-claim.priority, load[claim.owner], claim.ordinal, claim.run_id, claim.position)

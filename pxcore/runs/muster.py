"""Which workers of a foreign cluster may take tasks, and what people should know of the rest.

`cluster` asks and carries out. A worker is admitted when it runs the
runner's own code and reads and writes the runner's own store. It then offers one resource more,
which every task asks for: so whoever was not looked at, or differs, gets none.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pxcore.runs.execute.roll_call import Answer
from pxcore.runs.tasks import Lane
from pxcore.runs.work import ask_to_stop

RESOURCES = {Lane.HEAVY: ("GPU", "CPU"), Lane.LIGHT: ("LIGHT",)}
"""What workers of each lane may offer, the better one first."""
AGAIN_SECONDS = 15.0
"""A refused worker is asked again after so long: its store may be mounted by then."""
GRACE_SECONDS = 60.0
"""So long a lane waits for the resource of a worker that left: it may be starting again."""
MOST_TOLD = 3
OURS = re.compile(r"[a-z_]+-([0-9a-f]{16})-[0-9]+")
"""Dask's names of our tasks (`handed_out`); all others are somebody else's."""

WorkerCard = Mapping[str, object]
"""What the scheduler tells of one worker; ``id``, ``name`` and ``resources`` are used."""
Workers = Mapping[str, WorkerCard]
"""By address."""


@dataclass(slots=True)
class Muster:
    """The workers that were looked at."""

    home: Path
    mine: Answer
    """The runner's own answer to the roll call."""
    clock: Callable[[], float] = time.monotonic
    _refused: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    """By address: which process it was, why, and when it is asked again."""
    _notes: dict[str, str] = field(default_factory=dict)
    _offered: dict[str, float] = field(default_factory=dict)

    @property
    def grant(self) -> str:
        """The resource that an admitted worker offers; another one for every runner."""
        return f"pxcore-{self.mine['nonce'][:12]}"

    def admitted(self, workers: Workers) -> dict[str, WorkerCard]:
        """Return the workers that may take tasks."""
        return {at: card for at, card in workers.items() if self.grant in offers(card)}

    def due(self, workers: Workers) -> list[str]:
        """Return the addresses of workers that are to be asked now; forgets those that left."""
        known = self._refused.items()
        self._refused = {at: one for at, one in known if at in workers}
        self._notes = {at: note for at, note in self._notes.items() if at in workers}
        now, found = self.clock(), []
        for address, card in workers.items():
            process, _, again = self._refused.get(address, ("", "", 0.0))
            if self.grant not in offers(card) and (process != str(card.get("id")) or now >= again):
                found.append(address)
        return found

    def heard(self, address: str, card: WorkerCard, why: str, answer: Answer | None = None) -> None:
        """Note what came of asking a worker: admitted with no ``why``, or refused."""
        if why:
            again = self.clock() + AGAIN_SECONDS
            self._refused[address] = (str(card.get("id")), f"{_name(address, card)}: {why}", again)
            return
        self._refused.pop(address, None)
        note = difference(self.mine, answer) if answer is not None else ""
        if note:
            self._notes[address] = f"{_name(address, card)} {note}"

    def lanes(self, workers: Workers) -> dict[Lane, int]:
        """Return the workers of each lane; without a name for its resource any worker serves."""
        admitted = self.admitted(workers)
        counts: dict[Lane, int] = {}
        for lane in Lane:
            name = self.resource(lane, admitted)
            anybody = len(admitted) if lane is Lane.HEAVY else min(len(admitted), 1)
            counts[lane] = (
                sum(name in offers(card) for card in admitted.values()) if name else anybody
            )
        return counts

    def resource(self, lane: Lane, admitted: Workers) -> str:
        """Return what tasks of a lane ask for besides the grant; empty where nobody offers it."""
        now = self.clock()
        for card in admitted.values():
            self._offered.update(dict.fromkeys(offers(card), now))
        recent = {name for name, seen in self._offered.items() if now - seen <= GRACE_SECONDS}
        return next((name for name in RESOURCES[lane] if name in recent), "")

    def problem(self, workers: Workers) -> str:
        """Return what people should know of the workers; empty for nothing."""
        admitted = self.admitted(workers)
        lanes = self.lanes(workers)
        told = [why for _, why, _ in self._refused.values()]
        if not workers:
            told.insert(0, "no worker is connected to the Dask scheduler: tasks wait for one")
        elif not admitted:
            told.insert(0, "no worker that is connected may take tasks: tasks wait")
        elif not all(lanes.values()):
            missing = next(lane for lane in Lane if not lanes[lane])
            names = " or ".join(RESOURCES[missing])
            told.insert(0, f"no worker that offers {names} is connected: tasks wait for one")
        told += self._notes.values()
        rest = f" (and {len(told) - MOST_TOLD} more)" if len(told) > MOST_TOLD else ""
        return "; ".join(told[:MOST_TOLD]) + rest


def refusal(mine: Answer, answer: Answer, home: Path) -> str:
    """Return why a worker may take no tasks; empty when it may."""
    theirs, ours = ((one["version"], one["code"]) for one in (answer, mine))
    if theirs != ours:
        return (
            f"it runs pxcore {theirs[0]} (code {theirs[1]}), the runner {ours[0]} (code "
            f"{ours[1]}); install the same on both, then start the worker again"
        )
    if answer["error"]:
        return (
            f"it cannot use the store {home}: {answer['error']}; mount the runner's folder there, "
            "writable, under the same path"
        )
    if answer["nonce"] != mine["nonce"]:
        return f"its {home} is another store than the runner's; mount the runner's folder there"
    return ""


def arrival(mine: Answer, answer: Answer, home: Path, pending: Collection[str]) -> str:
    """Return why a worker that agrees is not ready: what it wrote is not here, or it is busy.

    It is asked to stop a task of an earlier runner, which nobody waits for any more. ``pending``
    are the keys of the tasks that somebody waits for: those go on, whoever has them.
    """
    wrote = home / "temporary" / answer["wrote"]
    names = [path.name for path in wrote.parent.iterdir()]  # has a network folder look anew
    if wrote.name not in names or wrote.read_text("ascii") != mine["nonce"]:
        return f"what it writes below {home} is not seen here"
    wrote.unlink(missing_ok=True)
    ours = [found[1] for found in map(OURS.fullmatch, answer["busy"]) if found]
    for start in ours:
        if not any(key.startswith(start) for key in pending):
            for folder in (home / "work").glob(f"{start}*"):
                ask_to_stop(folder)
    if ours:
        return "it is busy with earlier tasks"
    return "it is busy with tasks of somebody else" if answer["busy"] else ""


def difference(mine: Answer, answer: Answer) -> str:
    """Return which versions differ that may move the last digits of numbers."""
    pairs: list[tuple[str, str, str | None]] = [("Python", mine["python"], answer["python"])]
    pairs += [
        (name, own, answer["packages"].get(name, "")) for name, own in mine["packages"].items()
    ]
    told = [f"{name} {theirs} (the runner: {own})" for name, own, theirs in pairs if own != theirs]
    return f"runs {', '.join(told)}: last digits may differ" if told else ""


def offers(card: WorkerCard) -> Mapping[str, float]:
    """Return the resources of a worker."""
    found = card.get("resources")
    return found if isinstance(found, dict) else {}


def _name(address: str, card: WorkerCard) -> str:
    name = str(card.get("name") or address)[:80]
    return f"worker {name}" if name == address else f"worker {name} ({address})"

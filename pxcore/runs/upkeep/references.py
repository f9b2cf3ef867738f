"""What refers to which artifact. Everything that is deleted asks here first.

Rows are not decoded: whatever looks like a key in a data set, plan or spec counts as a reference,
so that a row of another version, or with a field that is not known here, still holds its files.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from pxcore.store.home import Store
from pxcore.store.tables import artifacts, datasets, plan_versions, runs, shares, tasks
from pxcore.types import RunState
from pxcore.types.upkeep import Holding

KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
LIVE = (RunState.QUEUED, RunState.RUNNING)
Holder = tuple[Holding, str]
"""Kind and id of what refers to an artifact."""


@dataclass(frozen=True, slots=True)
class References:
    """Every reference of a store at one moment."""

    holders: Mapping[str, frozenset[Holder]]
    """By key."""
    live: frozenset[str]
    """Keys of tasks of runs that have not ended."""
    tasks: frozenset[str] = field(default=frozenset())
    """Keys of tasks of any run."""

    def of(self, holder: Holder) -> tuple[str, ...]:
        """Return the keys that something refers to."""
        return tuple(key for key, by in self.holders.items() if holder in by)

    def by_holder(self) -> dict[Holder, list[str]]:
        """Return the keys that each thing refers to."""
        found: defaultdict[Holder, list[str]] = defaultdict(list)
        for key, by in self.holders.items():
            for holder in by:
                found[holder].append(key)
        return dict(found)


def references(store: Store) -> References:
    """Return what refers to what, as of now."""
    with store.database.reading() as connection:
        return read(connection)


def read(connection: Connection) -> References:
    """Return what refers to what, within a transaction."""
    holders: defaultdict[str, set[Holder]] = defaultdict(set)

    def hold(keys: Iterable[str], kind: Holding, name: str) -> None:
        for key in keys:
            holders[key].add((kind, name))

    sets = select(datasets.c.id, datasets.c.value, datasets.c.overview_key)
    for name, value, overview_key in connection.execute(sets):
        hold((overview_key, *KEY.findall(value)), Holding.DATASET, name)
    for name, spec in connection.execute(select(runs.c.id, runs.c.spec)):
        hold(KEY.findall(spec), Holding.RUN, name)
    live, every = set(), set()
    joined = select(tasks.c.key, tasks.c.run_id, runs.c.state).join(runs)
    for key, name, state in connection.execute(joined):
        hold((key,), Holding.RUN, name)
        every.add(key)
        if state in LIVE:
            live.add(key)
    for name, body in connection.execute(select(plan_versions.c.plan_id, plan_versions.c.body)):
        hold(KEY.findall(body), Holding.PLAN, name)
    open_links = select(shares.c.id, shares.c.snapshot_key).where(shares.c.revoked == "")
    for name, key in connection.execute(open_links):
        hold((key,), Holding.SHARE, name)
    return References(
        holders={key: frozenset(by) for key, by in holders.items()},
        live=frozenset(live),
        tasks=frozenset(every),
    )


def sizes(connection: Connection) -> dict[str, int]:
    """Return the bytes of each artifact that has a row."""
    found = connection.execute(select(artifacts.c.key, artifacts.c.size))
    return {str(row.key): int(row.size) for row in found}

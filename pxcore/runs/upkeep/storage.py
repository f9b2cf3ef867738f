"""Where the room of a store went: by data set, run and person, by who refers to what."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from pxcore.runs.upkeep.references import Holder, References, read, sizes
from pxcore.store.home import Store
from pxcore.store.tables import datasets, people, runs
from pxcore.types.upkeep import Holding, Storage, Usage

GIB = 2**30
OTHERS = ("work", "uploads", "public", "weights", "temporary", "workers", "logs", "damaged")
"""Folders beside the artifacts."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a data set or run is called, and whose it is."""

    title: str
    owner: str


def storage(store: Store) -> Storage:
    """Return what takes how much room; the largest first."""
    with store.database.reading() as connection:
        found, known = read(connection), sizes(connection)
        names, quotas = _names(connection), _quotas(connection)
    there = {key: known.get(key) for key in store.artifacts.every_key()}
    weigh = {key: _size(store, key) if size is None else size for key, size in there.items()}
    held = {key: by for key, by in found.holders.items() if key in weigh}
    usages = _usages(References(holders=held, live=found.live), weigh, names)
    disk = shutil.disk_usage(store.home)
    return Storage(
        datasets=_sorted(usages, Holding.DATASET),
        runs=_sorted(usages, Holding.RUN),
        people=_people(held, weigh, names, store.settings.quota_gb, quotas),
        artifacts=sum(weigh.values()),
        shared=sum(weigh[key] for key, by in held.items() if len(by) > 1),
        loose=sum(size for key, size in weigh.items() if key not in held),
        other=tuple((name, folder_bytes(store.home / name)) for name in OTHERS),
        free=disk.free,
        disk=disk.total,
    )


def person_bytes(connection: Connection, name: str) -> float:
    """Return the bytes that a person's data sets and runs are charged with.

    What several people's work refers to is divided equally among them.
    """
    found, known, names = read(connection), sizes(connection), _names(connection)
    total = 0.0
    for key, by in found.holders.items():
        owners = _owners(by, names)
        if name in owners:
            total += known.get(key, 0) / len(owners)
    return total


def folder_bytes(folder: Path) -> int:
    """Return the bytes of a folder's files; files that go meanwhile count nothing."""
    total = 0
    with suppress(OSError):
        for path in folder.rglob("*"):
            with suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    total += path.stat().st_size
    return total


def _usages(
    found: References, weigh: Mapping[str, int], names: Mapping[Holder, Named]
) -> dict[Holder, Usage]:
    usages = {}
    by_holder = found.by_holder()
    for holder, named in names.items():
        keys = by_holder.get(holder, [])
        usages[holder] = Usage(
            id=holder[1],
            title=named.title,
            owner=named.owner,
            n_bytes=sum(weigh[key] for key in keys),
            alone=sum(weigh[key] for key in keys if len(found.holders[key]) == 1),
        )
    return usages


def _sorted(usages: Mapping[Holder, Usage], kind: Holding) -> tuple[Usage, ...]:
    mine = [usage for holder, usage in usages.items() if holder[0] is kind]
    return tuple(sorted(mine, key=lambda one: (-one.alone, -one.n_bytes, one.title)))


def _people(
    held: Mapping[str, frozenset[Holder]],
    weigh: Mapping[str, int],
    names: Mapping[Holder, Named],
    usual_gb: float,
    quotas: Mapping[str, float | None],
) -> tuple[Usage, ...]:
    everything: defaultdict[str, int] = defaultdict(int)
    single: defaultdict[str, int] = defaultdict(int)
    charged: defaultdict[str, float] = defaultdict(float)
    for key, by in held.items():
        owners = _owners(by, names)
        for name in owners:
            everything[name] += weigh[key]
            charged[name] += weigh[key] / len(owners)
            single[name] += weigh[key] if len(owners) == 1 else 0
    found = [
        Usage(
            id=name,
            title=name,
            n_bytes=everything[name],
            alone=single[name],
            charged=charged[name],
            quota=limit_of(usual_gb, quotas.get(name)),
        )
        for name in sorted({*everything, *quotas})
    ]
    return tuple(sorted(found, key=lambda one: (-one.charged, one.title)))


def limit_of(usual_gb: float, own_gb: float | None) -> int:
    """Return the bytes somebody may take; 0 for no limit.

    >>> limit_of(0.0, None), limit_of(1.0, None), limit_of(1.0, 2.0)
    (0, 1073741824, 2147483648)
    """
    return int((usual_gb if own_gb is None else own_gb) * GIB)


def _owners(by: frozenset[Holder], names: Mapping[Holder, Named]) -> set[str]:
    return {names[holder].owner for holder in by if holder in names and names[holder].owner}


def _names(connection: Connection) -> dict[Holder, Named]:
    """Return title and owner of every data set and run."""
    found: dict[Holder, Named] = {}
    for row in connection.execute(select(datasets.c.id, datasets.c.value, datasets.c.owner)):
        value = json.loads(row.value)
        owner = row.owner or str(value.get("owner", ""))
        found[Holding.DATASET, row.id] = Named(str(value.get("title", row.id)), owner)
    for row in connection.execute(select(runs.c.id, runs.c.spec, runs.c.owner)):
        title = str(json.loads(row.spec).get("title", "")) or f"run {row.id}"
        found[Holding.RUN, row.id] = Named(title, row.owner)
    return found


def _quotas(connection: Connection) -> dict[str, float | None]:
    found = connection.execute(select(people.c.name, people.c.quota_gb))
    return {str(row.name): row.quota_gb for row in found}


def _size(store: Store, key: str) -> int:
    with suppress(OSError):
        return store.artifacts.size(key)
    return 0

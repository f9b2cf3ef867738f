"""Files beside the artifacts that nobody waits for: uploads, downloads, half-written folders."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pxcore.data.catalogue import CATALOGUE
from pxcore.errors import DatasetError, PxError
from pxcore.runs import catalogue, folders, imports, receipts
from pxcore.runs.public_places import alone as alone_with
from pxcore.runs.upkeep.storage import folder_bytes
from pxcore.store.home import Store
from pxcore.store.owners import orphaned
from pxcore.types import ImportState
from pxcore.types.upkeep import Loose, LooseKind

LOG = logging.getLogger("pxcore.upkeep")


def uploads(store: Store, grace_hours: float) -> Iterator[Loose]:
    """Yield uploads that no import under way names."""
    for folder in folders.unawaited(store):
        hours = folders.idle_seconds(folder) / 3600
        if hours >= grace_hours:
            yield _loose(store, LooseKind.UPLOADS, folder, "upload without an import", hours)


def downloads(store: Store, grace_hours: float) -> Iterator[Loose]:
    """Yield fetched files whose cells are registered, and what broke off.

    A file that somebody put there by hand is theirs and stays.
    """
    under_way = {
        one.request.path
        for one in imports.all_imports(store)
        if one.state in (ImportState.QUEUED, ImportState.RUNNING)
    }
    try:
        states = catalogue.states(store)
    except PxError as error:  # who knows what is registered then: nothing of these goes
        LOG.warning("clean-up: downloads stay, as the data sets cannot be read: %s", error)
        return
    for state in states:
        entry, place = state.entry, store.home / "public" / state.entry.id
        if catalogue.PREFIX + entry.id in under_way:
            continue
        receipt = receipts.of(place)
        for path in sorted(place.iterdir()):
            hours = _hours(path)
            part = path.name.startswith(entry.file) and path.name.endswith((".part", ".part.json"))
            fetched = (
                receipt is not None
                and receipt.file == path.name
                and receipt.source == entry.url
                and bool(state.dataset_id)
            )
            if hours >= grace_hours and (part or fetched):
                label = "broken-off download" if part else "fetched file, cells are registered"
                yield _loose(store, LooseKind.DOWNLOADS, path, f"{entry.title}: {label}", hours)


def temporary(store: Store, grace_hours: float) -> Iterator[Loose]:
    """Yield folders of processes that died; those of other hosts when they are old."""
    for folder in sorted((store.home / "temporary").iterdir()):
        hours, dead = _hours(folder), orphaned(folder.name)
        if dead or (dead is None and hours >= max(grace_hours, 24.0)):
            label = "left by a process that died"
            yield _loose(store, LooseKind.TEMPORARY, folder, label, hours)


def remove(store: Store, one: Loose, grace_hours: float) -> bool:
    """Remove one of these unless somebody waits for it by now; return whether it went."""
    again = {
        LooseKind.UPLOADS: uploads,
        LooseKind.DOWNLOADS: downloads,
        LooseKind.TEMPORARY: temporary,
    }[one.kind]
    place = store.home / one.id
    if one.kind is LooseKind.DOWNLOADS:
        entry = CATALOGUE[place.parent.name]
        try:
            with alone_with(place.parent, entry):
                return _gone(place) if _still(again(store, grace_hours), one) else False
        except DatasetError:  # it is being fetched
            return False
    return _gone(place) if _still(again(store, grace_hours), one) else False


def _still(found: Iterator[Loose], one: Loose) -> bool:
    return any(other.id == one.id for other in found)


def _gone(place: Path) -> bool:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)
    return not place.exists()


def _loose(store: Store, kind: LooseKind, path: Path, label: str, hours: float) -> Loose:
    size = folder_bytes(path) if path.is_dir() else path.stat().st_size
    name = path.relative_to(store.home).as_posix()
    return Loose(kind=kind, id=name, label=label, n_bytes=size, hours=hours)


def _hours(path: Path) -> float:
    """Return the hours since something was last written to; 0 when it has just gone."""
    with suppress(OSError):
        below = path.iterdir() if path.is_dir() else ()
        newest: float = max(one.stat().st_mtime for one in (path, *below))
        return max(0.0, time.time() - newest) / 3600
    return 0.0

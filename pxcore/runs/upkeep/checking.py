"""Whether a store holds everything that its rows speak of, as it was written, and nothing more."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import delete, select

from pxcore.errors import StoreError
from pxcore.people.rights import require_admin
from pxcore.runs.upkeep.cleanup import upkeep_lock
from pxcore.runs.upkeep.references import references
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.manifests import faults, read_manifest
from pxcore.store.tables import artifacts, datasets, runs, shares, tasks
from pxcore.types import RunState, TaskState
from pxcore.types.upkeep import Checked, Finding, Trouble

LOG = logging.getLogger("pxcore.upkeep")
Tell = Callable[[str, float], None]
DAMAGED = "damaged"
"""Folder of the store for what a repair has set aside."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the rows speak of."""

    rows: Mapping[str, str]
    """Kind of each artifact with a row, by key."""
    needed: Mapping[str, tuple[str, ...]]
    """Who needs an artifact that must be there, in words, by key."""
    kinds: Mapping[str, str]
    """Kind of each artifact that is needed, by key."""
    held: frozenset[str]


def check(store: Store, tell: Tell, *, repair: bool = False) -> Checked:
    """Return what is damaged, gone or left over in a store; every file is read.

    It may be used meanwhile: what is found missing is looked at once more before it is told.

    Parameters
    ----------
    tell
        Gets what is looked at and the share done.
    repair
        Set damaged results aside, so that they are computed again; drop rows without files; write
        rows and checksums that are missing. Nothing is deleted.

    Raises
    ------
    StoreError
        For a repair while a clean-up or backup is under way.
    AccessError
        For everybody but administrators.
    """
    require_admin(store, "Checking the store")
    if not repair:
        return _look(store, tell)
    with upkeep_lock(store, "repaired"):
        looked = _look(store, tell)
        expected = _expected(store)
        findings = tuple(_repaired(store, one, expected) for one in looked.findings)
        done = sum(bool(one.repaired) for one in findings)
        if done:
            with store.database.writing() as connection:
                who = store.person.name or "command line"
                audit.note(connection, who, "repaired", "store", f"{done} things")
        return replace(looked, findings=findings)


def gone(store: Store) -> tuple[str, ...]:
    """Return what rows need and is not there, in words. No file is read."""
    found = _missing(store, _expected(store))
    return tuple(f"{one.key[:12]}: {one.said}" for one in found if one.trouble.serious)


def _look(store: Store, tell: Tell) -> Checked:
    there = sorted(store.artifacts.every_key())
    findings: list[Finding] = []
    total = 0
    expected = _expected(store)
    for number, key in enumerate(there):
        tell(f"artifact {number + 1} of {len(there)}", number / max(1, len(there)))
        with suppress(StoreError, FileNotFoundError):  # a clean-up has just removed it
            total += store.artifacts.size(key)
            findings += _of_files(store, key, expected)
    findings += _missing(store, expected)
    LOG.info("check: %d artifacts, %d findings", len(there), len(findings))
    ordered = sorted(findings, key=lambda one: (not one.trouble.serious, one.trouble, one.key))
    return Checked(artifacts=len(there), n_bytes=total, findings=tuple(ordered))


def _of_files(store: Store, key: str, expected: Expected) -> Iterator[Finding]:
    """Yield what is wrong with one artifact that is there."""
    folder = store.artifacts.folder(key)
    if read_manifest(folder) is None:
        said = "written before checksums were kept, so its files cannot be checked"
        yield Finding(trouble=Trouble.NO_CHECKSUM, key=key, said=said)
    elif found := faults(folder):
        if not store.artifacts.has(key):
            return
        whom = _whom(expected, key)
        said = f"{'; '.join(found)}{whom}. {_advice(expected, key)}"
        yield Finding(trouble=Trouble.DAMAGED, key=key, said=said)
    if key not in expected.rows:
        said = "needed, but its row is missing" if key in expected.held else (
            "nothing refers to it: a clean-up removes it"
        )  # fmt: skip
        yield Finding(trouble=Trouble.FILES_ALONE, key=key, said=said)


def _missing(store: Store, expected: Expected) -> Iterator[Finding]:
    """Yield what rows speak of and is not there, as rows and files stand now."""
    gone = [key for key in {**expected.rows, **expected.needed} if not store.artifacts.has(key)]
    if not gone:
        return
    now = _expected(store)  # meanwhile something may have been deleted and cleaned up
    for key in gone:
        if key in now.needed and not store.artifacts.has(key):
            said = f"its files are not there{_whom(now, key)}. {_advice(now, key)}"
            yield Finding(trouble=Trouble.GONE, key=key, said=said)
        elif key in now.rows and not store.artifacts.has(key):
            said = f"a row of kind {now.rows[key]!r}, which nothing needs"
            yield Finding(trouble=Trouble.ROW_ALONE, key=key, said=said)


def _expected(store: Store) -> Expected:
    """Return what must be there: parts of data sets, finished steps of runs, snapshots of links."""
    needed: defaultdict[str, list[str]] = defaultdict(list)
    kinds: dict[str, str] = {}

    def need(key: str, kind: str, whom: str) -> None:
        needed[key].append(whom)
        kinds.setdefault(key, kind)

    held = references(store)
    with store.database.reading() as connection:
        rows = {
            r.key: r.kind for r in connection.execute(select(artifacts.c.key, artifacts.c.kind))
        }
        for row in connection.execute(select(datasets)):
            value = json.loads(row.value)
            whom = f"data set {value.get('title', '')!r} ({row.id})"
            for kind in ("pixels", "annotation"):
                need(str(value.get(f"{kind}_key", "")), kind, whom)
            need(row.overview_key, "overview", whom)
        done = (tasks.c.state == TaskState.DONE) & (runs.c.state == RunState.FINISHED)
        wanted = select(tasks.c.key, tasks.c.kind, tasks.c.label, runs.c.id)
        for row in connection.execute(wanted.join(runs).where(done)):
            need(row.key, row.kind, f"{row.label!r} of run {row.id}")
        for row in connection.execute(select(shares).where(shares.c.revoked == "")):
            need(row.snapshot_key, "snapshot", f"the link to {row.title!r}")
    return Expected(
        rows=rows,
        needed={key: tuple(whom) for key, whom in needed.items()},
        kinds=kinds,
        held=frozenset(held.holders),
    )


def _whom(expected: Expected, key: str) -> str:
    whom = expected.needed.get(key, ())
    more = f" and {len(whom) - 2} more" if len(whom) > 2 else ""
    return f", needed by {', '.join(whom[:2])}{more}" if whom else ", needed by nothing"


def _advice(expected: Expected, key: str) -> str:
    """Return what to do about an artifact that is damaged or gone."""
    kind = expected.kinds.get(key, "")
    if kind in ("pixels", "annotation", "overview"):
        return (
            "Import the same file again (after --repair has set aside what is damaged), or copy "
            "this artifact's folder from a backup"
        )
    if kind == "snapshot":
        return "Revoke the link and make another one"
    if not kind:
        return "--repair sets it aside"
    return "--repair sets it aside; start the run again, everything else is reused"


def _repaired(store: Store, one: Finding, expected: Expected) -> Finding:
    """Return the finding with what was done about it, if anything can be."""
    if one.trouble is Trouble.DAMAGED:
        aside = store.home / DAMAGED
        aside.mkdir(exist_ok=True)
        with store.database.writing() as connection:
            connection.execute(delete(artifacts).where(artifacts.c.key == one.key))
            moved = store.artifacts.take_away(one.key, 0.0)
        if moved is None:
            return one
        moved.rename(aside / moved.name)
        return replace(one, repaired=f"set aside in {DAMAGED}/{moved.name}")
    if one.trouble is Trouble.ROW_ALONE:
        with store.database.writing() as connection:
            connection.execute(delete(artifacts).where(artifacts.c.key == one.key))
        return replace(one, repaired="row removed")
    if one.trouble is Trouble.FILES_ALONE and one.key in expected.kinds:
        store.note_artifacts({expected.kinds[one.key]: one.key})
        return replace(one, repaired="row written")
    return one

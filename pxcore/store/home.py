"""A lab's store: its artifacts, its database, its folders."""

from __future__ import annotations

import stat
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, insert, select

from pxcore.errors import OutOfDiskError, StoreError
from pxcore.settings import Settings
from pxcore.store.artifacts import Artifacts
from pxcore.store.database import Database, now, open_database
from pxcore.store.tables import artifacts
from pxcore.types.people import HOST, Person

PORTION = 1000
"""Keys in one question; a database takes some ten thousand."""


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that lasts, in one place."""

    settings: Settings
    artifacts: Artifacts
    database: Database
    person: Person = HOST
    """Who asks: readers of rows hide what is private, changes look at rank and owner."""

    def seen_by(self, person: Person) -> Store:
        """Return the same store as this person may see it."""
        return replace(self, person=person)

    @property
    def home(self) -> Path:
        """The folder of the store."""
        return self.artifacts.root

    @property
    def uploads(self) -> Path:
        """Where files from browsers wait for their import."""
        return self._folder("uploads")

    @property
    def weights(self) -> Path:
        """The lab's own weight files."""
        return self._folder("weights")

    @property
    def logs(self) -> Path:
        """Logs of the runner and the web process."""
        return self._folder("logs")

    @property
    def runner_lock(self) -> Path:
        """Held by the living runner."""
        return self.home / "runner.lock"

    def require_space(self, needed: int, purpose: str) -> None:
        """Raise OutOfDiskError unless ``needed`` bytes fit and the disk keeps its reserve."""
        free, reserve = self.artifacts.free_bytes(), int(self.settings.min_free_gb * 2**30)
        if free < needed + reserve:
            message = (
                f"{purpose} needs {needed / 2**30:.1f} GiB and must leave "
                f"{reserve / 2**30:.1f} GiB free (PXCORE_MIN_FREE_GB), but the disk of "
                f"{self.home} has {free / 2**30:.1f} GiB; free some space"
            )
            raise OutOfDiskError(message)

    def note_artifacts(self, parts: Mapping[str, str]) -> None:
        """Write the rows of artifacts (kind to key) that are there and have none.

        A row comes after the artifact's rename: what has a row is complete.
        """
        self.note_kinds({key: kind for kind, key in parts.items()})

    def note_kinds(self, kinds: Mapping[str, str]) -> None:
        """Write the rows of many artifacts (key to kind) together, as `note_artifacts` does."""
        with self.database.reading() as connection:
            known = _known(connection, kinds)
        new = [key for key in kinds if key not in known and self.artifacts.has(key)]
        sizes = {key: self.artifacts.size(key) for key in new}
        if not new:
            return
        with self.database.writing() as connection:
            known = _known(connection, new)
            rows = [
                {"key": key, "kind": kinds[key], "size": sizes[key], "created": now()}
                for key in new
                if key not in known
            ]
            if rows:
                connection.execute(insert(artifacts), rows)

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def _folder(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir(exist_ok=True)
        return folder


def open_store(settings: Settings) -> Store:
    """Return the store at ``settings.home``, made when it is not there.

    Raises StoreError when the folder cannot be made, stands open to every account of the host
    though people log in, or its database cannot be opened.
    """
    home = settings.home.expanduser().absolute()
    try:
        _make(home, closed=settings.auth != "open")
        artifacts = Artifacts(home)
        database = open_database(home, settings.database_url)
    except OSError as error:
        reason = error.strerror or error
        message = (
            f"the store {home} (PXCORE_HOME) cannot be used: {reason}; expected a folder on a "
            "disk that this user may write to and that has room"
        )
        raise StoreError(message) from error
    return Store(settings, artifacts, database)


def _make(home: Path, *, closed: bool) -> None:
    """Make the folder of a store for its owner alone, or leave the one that is there.

    ``closed``: take from one that is there what others than its owner and group may do, since it
    holds hashes of passwords and private runs. Raises StoreError where that cannot be had.
    """
    with suppress(FileExistsError):
        home.mkdir(mode=0o700, parents=True)
    if not closed or not _open_to_all(home):
        return
    with suppress(PermissionError):  # somebody else's
        home.chmod(stat.S_IMODE(home.stat().st_mode) & ~stat.S_IRWXO)
    if _open_to_all(home):
        message = (
            f"every account of this host may look into the store {home} (PXCORE_HOME, mode "
            f"{stat.S_IMODE(home.stat().st_mode):o}), which holds hashes of passwords and private "
            "runs; expected mode 700, or 750 or 770 where a group shares it: have its owner set "
            "it, on a disk that keeps rights"
        )
        raise StoreError(message)


def _open_to_all(home: Path) -> bool:
    """Return whether others than its owner and group may do anything in a folder."""
    return bool(home.stat().st_mode & stat.S_IRWXO)


def _known(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return which artifacts have rows, asked in portions that every database takes."""
    asked = list(keys)
    portions = [asked[start : start + PORTION] for start in range(0, len(asked), PORTION)]
    found = (select(artifacts.c.key).where(artifacts.c.key.in_(portion)) for portion in portions)
    return {key for question in found for key in connection.scalars(question)}

"""Results and pixels as folders named by key: complete or absent, never changed, never pickled.

An artifact is written in a temporary folder of the same file system, every file and folder is
synced, then one rename makes it appear. So whoever sees ``artifacts/<k[:2]>/<key>/`` sees all of
it, and two processes that compute the same key do no harm: the first rename wins. With it comes
the sha256 of each of its files (`manifests`).
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pxcore.errors import FULL, OutOfDiskError, StoreError
from pxcore.store.files import FREE_SPACE, sync_folder, sync_tree
from pxcore.store.manifests import files_of, write_manifest
from pxcore.store.owners import orphaned, owned

KEY = re.compile(r"[0-9a-f]{16,64}")
OTHERS_SECONDS = 24 * 3600.0
"""After so long a temporary folder of another host is taken for a dead process's."""


class Artifacts:
    """The folders below one store: ``artifacts`` (for good), ``work`` and ``temporary``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._done, self._work, self._aside = (
            root / name for name in ("artifacts", "work", "temporary")
        )
        for folder in (self._done, self._work, self._aside):
            folder.mkdir(parents=True, exist_ok=True)

    def has(self, key: str) -> bool:
        """Return True when the artifact is complete."""
        return self._place(key).is_dir()

    def look_anew(self, key: str) -> None:
        """Have a network file system ask again for a name that was not there before."""
        for folder in (self._done, self._place(key).parent):
            with suppress(OSError):
                next(folder.iterdir(), None)

    def folder(self, key: str) -> Path:
        """Return the folder of a complete artifact. Raises StoreError when it is not there."""
        place = self._place(key)
        if not place.is_dir():
            message = f"artifact {key[:12]} is not in the store at {self.root}; compute it again"
            raise StoreError(message)
        return place

    @contextmanager
    def write(self, key: str) -> Iterator[Path]:
        """Yield a temporary folder that becomes the artifact when the block ends well.

        Raises OutOfDiskError when the disk is full, StoreError when it cannot be written at all;
        nothing of the artifact is left then.
        """
        self._checked(key)
        aside = self.temporary(key[:16])
        try:
            yield aside
            self.adopt(key, aside)
        except OSError as error:
            raise self._told(error) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def adopt(self, key: str, folder: Path, *, checked: bool = False) -> Path:
        """Return the artifact's place after moving a finished folder of the same disk there.

        When the artifact is there already, ``folder`` is removed instead, and the artifact counts
        as new: a clean-up leaves it alone for a while. ``checked``: it is a copy that brought its
        own manifest and was held against it.
        """
        place = self._place(key)
        if not checked:
            write_manifest(folder)
        sync_tree(folder)
        place.parent.mkdir(exist_ok=True)
        while True:
            try:
                folder.rename(place)
                break
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            with suppress(FileNotFoundError):  # a clean-up has just taken it: ours goes there
                os.utime(place)
                shutil.rmtree(folder)
                break
        sync_folder(place.parent)
        sync_folder(self._done)
        return place

    def work(self, key: str) -> Path:
        """Return the scratch folder of a task: checkpoint, progress, cancel mark, log."""
        folder = self._work / self._checked(key)
        folder.mkdir(exist_ok=True)
        return folder

    def temporary(self, label: str) -> Path:
        """Return a new empty folder on the artifacts' own disk; its name says whose it is.

        Raises as `write` where the disk takes nothing.
        """
        folder = self._aside / owned(label)
        try:
            folder.mkdir()
        except OSError as error:
            raise self._told(error) from error
        return folder

    def temporaries(self, label: str) -> tuple[Path, ...]:
        """Return the temporary folders of this label, whoever made them."""
        return tuple(self._aside.glob(f"{label}~*"))

    def forget_temporary(self, older_than_seconds: float = OTHERS_SECONDS) -> None:
        """Remove temporary folders of processes of this host that died.

        Folders whose owner cannot be looked at (other hosts) go when they are older.
        """
        limit = time.time() - older_than_seconds
        for folder in self._aside.iterdir():
            with suppress(FileNotFoundError):  # another process sweeps as well
                dead = orphaned(folder.name)
                if folder.stat().st_mtime < limit if dead is None else dead:
                    shutil.rmtree(folder, ignore_errors=True)

    def size(self, key: str) -> int:
        """Return the bytes of an artifact's files."""
        folder = self.folder(key)
        return sum((folder / name).stat().st_size for name in files_of(folder))

    def every_key(self) -> Iterator[str]:
        """Yield the key of every complete artifact, sorted."""
        for shelf in sorted(self._done.iterdir()):
            if shelf.is_dir():
                names = sorted(path.name for path in shelf.iterdir() if path.is_dir())
                yield from (name for name in names if KEY.fullmatch(name))

    def age(self, key: str) -> float:
        """Return the seconds since an artifact was put there, or computed once more."""
        return age_of(self.folder(key))

    def take_away(self, key: str, older_than_seconds: float) -> Path | None:
        """Return where an artifact was moved to be removed; None when it is not that old.

        Whoever asks holds the database's write lock, under which nothing refers to it.
        """
        place, aside = self._place(key), self.temporary("removed")
        try:
            if age_of(place) < older_than_seconds:
                return None
            before = place.stat().st_mtime_ns
            place.rename(aside / key)
            if (aside / key).stat().st_mtime_ns != before:  # somebody has just computed it again
                with suppress(OSError):  # or has put it there again
                    (aside / key).rename(place)
                return None
        except FileNotFoundError:
            return None
        finally:
            if not (aside / key).exists():
                aside.rmdir()
        return aside

    def free_bytes(self) -> int:
        """Return the free space of the disk that holds the store."""
        return shutil.disk_usage(self.root).free

    def _told(self, error: OSError) -> OSError | StoreError:
        """Return the error in words for a disk that is full or takes nothing, else itself."""
        found = f"the store at {self.root} cannot be written: {error.strerror}"
        if error.errno == errno.EROFS:
            return StoreError(f"{found}; make its disk writable")
        if error.errno in FULL:
            return OutOfDiskError(f"{found}; {FREE_SPACE}")
        return error

    def _place(self, key: str) -> Path:
        return self._done / self._checked(key)[:2] / key

    @staticmethod
    def _checked(key: str) -> str:
        if not KEY.fullmatch(key):
            message = f"{key!r} is not a key: 16 to 64 hexadecimal digits are expected"
            raise StoreError(message)
        return key


def age_of(folder: Path) -> float:
    """Return the seconds since a folder was moved to where it is, or written in.

    Raises FileNotFoundError when it is not there.
    """
    found = folder.stat()
    return time.time() - max(found.st_mtime, found.st_ctime)

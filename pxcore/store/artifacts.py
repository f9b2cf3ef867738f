"""Results and pixels as folders named by key: complete or absent, never changed, never pickled.

An artifact is written in a temporary folder of the same file system, every file and folder is
synced, then one rename makes it appear. So whoever sees ``artifacts/<k[:2]>/<key>/`` sees all of
it, and two processes that compute the same key do no harm: the first rename wins.
"""

from __future__ import annotations

import errno
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pxcore.errors import OutOfDiskError, StoreError
from pxcore.store.files import FREE_SPACE, FULL, sync_folder, sync_tree
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
            if error.errno not in (*FULL, errno.EROFS):
                raise
            found = f"the store at {self.root} cannot be written: {error.strerror}"
            if error.errno == errno.EROFS:
                message = f"{found}; make its disk writable"
                raise StoreError(message) from error
            message = f"{found}; {FREE_SPACE}"
            raise OutOfDiskError(message) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def adopt(self, key: str, folder: Path) -> Path:
        """Return the artifact's place after moving a finished folder of the same disk there.

        When the artifact is there already, ``folder`` is removed instead.
        """
        place = self._place(key)
        sync_tree(folder)
        place.parent.mkdir(exist_ok=True)
        try:
            folder.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not place.is_dir():
                raise
            shutil.rmtree(folder)
        sync_folder(place.parent)
        sync_folder(self._done)
        return place

    def work(self, key: str) -> Path:
        """Return the scratch folder of a task: checkpoint, progress, cancel mark, log."""
        folder = self._work / self._checked(key)
        folder.mkdir(exist_ok=True)
        return folder

    def temporary(self, label: str) -> Path:
        """Return a new empty folder on the artifacts' own disk; its name says whose it is."""
        folder = self._aside / owned(label)
        folder.mkdir()
        return folder

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
        return sum(path.stat().st_size for path in self.folder(key).rglob("*") if path.is_file())

    def free_bytes(self) -> int:
        """Return the free space of the disk that holds the store."""
        return shutil.disk_usage(self.root).free

    def _place(self, key: str) -> Path:
        return self._done / self._checked(key)[:2] / key

    @staticmethod
    def _checked(key: str) -> str:
        if not KEY.fullmatch(key):
            message = f"{key!r} is not a key: 16 to 64 hexadecimal digits are expected"
            raise StoreError(message)
        return key

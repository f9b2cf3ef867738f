"""The door on imports: what may be registered, uploads, and imports under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pxcore.runs import folders, imports
from pxcore.store.home import Store
from pxcore.types import Dataset, FolderEntry, ImportProgress, ImportRequest


def is_generator(path: str) -> bool:
    """Whether an import's path is the word of a generator, such as ``demo``, and no file."""
    return folders.is_generator(path)


class Imports:
    """Cells that come into one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def max_upload_mb(self) -> int:
        """Largest file taken by the browser, MiB."""
        return self._store.settings.max_upload_mb

    def allowed_folders(self) -> tuple[Path, ...]:
        """Return the folders whose files may be registered."""
        return self._store.settings.folders

    def browse(self, folder: Path, inside: str = "") -> tuple[FolderEntry, ...]:
        """Return what lies in an allowed folder (real paths; links are left out)."""
        return folders.browse(self._store, folder, inside)

    def save_upload(self, name: str, data: BinaryIO, owner: str) -> Path:
        """Return where an uploaded file was put; it is removed after its import."""
        return folders.save_upload(self._store, name, data, owner)

    def forget_upload(self, path: Path) -> None:
        """Remove an uploaded file whose import was not started after all."""
        folders.forget_upload(self._store, path)

    def start(self, request: ImportRequest) -> str:
        """Return the id of an import that the runner will carry out."""
        for path in (request.path, request.panel_sheet, request.labels):
            if path:
                folders.check_registrable(self._store, path)
        return imports.queue(self._store, request)

    def bring_in(self, request: ImportRequest, tell: Callable[[str, float], None]) -> Dataset:
        """Return the data set imported in this process's foreground; ``tell(step, share)``."""
        return imports.bring_in(self._store, request, tell)

    def all(self) -> tuple[ImportProgress, ...]:
        """Return every import, newest first."""
        return imports.all_imports(self._store)

    def progress(self, import_id: str) -> ImportProgress:
        """Return how far an import is. Raises DatasetError for an unknown id."""
        return imports.progress(self._store, import_id)

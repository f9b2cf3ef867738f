"""Imports in memory, with the door of the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pxcore.errors import DatasetError
from pxcore.types import FolderEntry, ImportProgress, ImportRequest, ImportState


@dataclass
class FakeImports:
    """Imports and folders, set by a test; what the pages asked for is kept in ``asked``."""

    listed: list[ImportProgress] = field(default_factory=list)
    folders: tuple[Path, ...] = ()
    entries: tuple[FolderEntry, ...] = ()
    refusal: str = ""
    asked: list[tuple[str, object]] = field(default_factory=list)

    @property
    def max_upload_mb(self) -> int:
        return 33

    def allowed_folders(self) -> tuple[Path, ...]:
        return self.folders

    def browse(self, folder: Path, inside: str = "") -> tuple[FolderEntry, ...]:
        return self.entries

    def save_upload(self, name: str, data: BinaryIO, owner: str) -> Path:
        self.asked.append(("upload", (name, len(data.read()))))
        return Path("/uploads") / name

    def forget_upload(self, path: Path) -> None:
        self.asked.append(("forget", path))

    def start(self, request: ImportRequest) -> str:
        self.asked.append(("import", request))
        if self.refusal:
            raise DatasetError(self.refusal)
        one = ImportProgress(id="i1", request=request, state=ImportState.QUEUED)
        self.listed.append(one)
        return one.id

    def all(self) -> tuple[ImportProgress, ...]:
        return tuple(self.listed)

    def progress(self, import_id: str) -> ImportProgress:
        for one in self.listed:
            if one.id == import_id:
                return one
        message = f"import {import_id!r} is not known here"
        raise DatasetError(message)

"""Small files that commands read and write: refused before hours of work, not after."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pxcore.errors import StoreError

LARGEST = 4_000_000


def read_text(file: Path) -> str:
    """Return the text of a small file. Raises StoreError when it cannot be read."""
    try:
        if file.stat().st_size > LARGEST:
            message = f"{file} has more than {LARGEST:,} bytes; give the recreate.json of a report"
            raise StoreError(message)
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise StoreError(message) from error


def check_writable(file: Path) -> None:
    """Raise StoreError, before hours of work, when a file could not be written there."""
    folder = file.parent
    if not folder.is_dir():
        found = f"there is no folder {folder}"
    elif file.is_dir():
        found = "it is a folder"
    elif not os.access(file if file.exists() else folder, os.W_OK):
        found = f"no leave to write {'to it' if file.exists() else f'into {folder}'}"
    else:
        return
    message = f"--json {file} cannot be written: {found}; give a file in a folder you may write to"
    raise StoreError(message)


def write_json(told: Mapping[str, object], file: Path) -> None:
    """Write what was found as JSON. Raises StoreError when the file cannot be written."""
    made = json.dumps(told, indent=2, allow_nan=False, ensure_ascii=False)
    try:
        file.write_text(f"{made}\n", encoding="utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror or error}"
        raise StoreError(message) from error

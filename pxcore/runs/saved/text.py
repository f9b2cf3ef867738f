"""JSON of results, strict: what is not known (NaN) stands as null."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from pxcore.errors import StoreError

T = TypeVar("T")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def to_text(value: object) -> str:
    """Return strict JSON of a frozen value without arrays; NaN becomes null."""
    return json.dumps(plain(value), allow_nan=False, ensure_ascii=False)


def plain(value: object) -> object:
    """Return a value as mappings, lists, text and numbers, None for what is not a number."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_file(kind: type[T], path: Path) -> T:
    """Return the value that :func:`to_text` wrote; its numbers that are null become NaN.

    Raises StoreError when another version wrote something else.
    """
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    try:
        value: T = _ADAPTERS[kind].validate_python(_known(json.loads(path.read_bytes())))
    except ValueError as error:  # of JSON or of pydantic
        message = (
            f"{path.name} of a stored result cannot be read: another version of pxcore wrote it, "
            "or it is damaged; start the run again under a new seed, or use that version"
        )
        raise StoreError(message) from error
    return value


def _known(value: object) -> object:
    if value is None:
        return math.nan
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return value

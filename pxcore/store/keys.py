"""Keys, seeds and JSON text of frozen values.

A key names a computation: the sha256 of the canonical JSON of everything that decides its
result. Two values with the same canonical JSON are the same computation.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pxcore.errors import StoreError

T = TypeVar("T")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def canonical_json(value: object) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8, no NaN.

    ``value`` is made of frozen dataclasses, mappings with text keys, sequences, text, numbers,
    booleans and None. Raises StoreError for anything else, and for NaN and infinity.

    >>> canonical_json({"b": (1, 2.0), "a": None})
    b'{"a":null,"b":[1,2.0]}'
    """
    try:
        text = json.dumps(
            _plain(value),
            sort_keys=True,
            allow_nan=False,
            ensure_ascii=False,
            separators=(",", ":"),
        )
    except (TypeError, ValueError) as error:
        message = f"a {type(value).__name__} cannot become a key: {error}"
        raise StoreError(message) from error
    return text.encode()


def key_of(value: object, *parts: object) -> str:
    """Return the sha256 (hex) of the canonical JSON of ``value`` and further parts.

    >>> key_of("a")[:8], key_of("a", 1) == key_of("a", "1")
    ('c46f3b9b', False)
    """
    return hashlib.sha256(canonical_json([value, *parts])).hexdigest()


def derive_seed(*parts: object) -> int:
    """Return a 63-bit seed from parts such as (purpose, run seed, fold): independent streams.

    >>> derive_seed("train", 0, 1) == derive_seed("train", 0, 1) < 2**63
    True
    """
    return int.from_bytes(hashlib.sha256(canonical_json(list(parts))).digest()[:8]) >> 1


def encode(value: object) -> str:
    """Return the JSON text under which a frozen value is stored; ``decode`` reads it."""
    return canonical_json(value).decode()


def decode(kind: type[T], text: str) -> T:
    """Return the frozen value of ``kind`` in JSON text.

    Raises StoreError when the text does not hold one: it was written by another version.
    """
    try:
        value: T = _adapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the value"
        message = (
            f"a stored {kind.__name__} cannot be read: {where}: {first['msg']}; "
            "it was written by another version of pxcore"
        )
        raise StoreError(message) from error
    return value


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _left_out(field: dataclasses.Field[Any], value: object) -> bool:
    """Whether a field came later (`pxcore.types.added`) and says what was done before it."""
    return bool(field.metadata.get("added")) and value == field.default


def _plain(value: object) -> object:
    """Return ``value`` with dataclasses as mappings; refuses keys that are not text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if not _left_out(field, getattr(value, field.name))
        }
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                message = f"key {key!r} is not text"
                raise TypeError(message)
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value

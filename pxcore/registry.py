"""A read-only ordered table of variants (models, importers, methods)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from pxcore.errors import PxError


class Entry(Protocol):
    """Anything that stands in a table under its own id."""

    @property
    def id(self) -> str:
        """Lower-case word stored with runs."""
        ...


E = TypeVar("E", bound=Entry)


class Registry(Mapping[str, E], Generic[E]):
    """Entries by id, in the order they were listed.

    >>> from types import SimpleNamespace
    >>> table = Registry("method", [SimpleNamespace(id="occlusion")])
    >>> list(table)
    ['occlusion']
    >>> table["shap"]
    Traceback (most recent call last):
    pxcore.errors.PxError: method 'shap' is not known; there is occlusion
    """

    def __init__(self, kind: str, entries: Sequence[E], error: type[PxError] = PxError) -> None:
        self._kind, self._error = kind, error
        self._entries: dict[str, E] = {}
        for entry in entries:
            if entry.id in self._entries:
                message = f"two entries named {entry.id!r} in the table of {kind}s"
                raise ValueError(message)
            self._entries[entry.id] = entry

    def __getitem__(self, key: str) -> E:
        if key not in self._entries:
            message = f"{self._kind} {key!r} is not known; there is {', '.join(self._entries)}"
            raise self._error(message)
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

"""Fields that came after results had been made."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

T = TypeVar("T")


def added(default: T) -> T:
    """Return a field that came after results had been made: keys leave it out at its default."""
    made: T = field(default=default, metadata={"added": True})
    return made

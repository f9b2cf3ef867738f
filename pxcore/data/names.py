"""Names of channels as files give them: checked, or assumed and said so; roles guessed."""

from __future__ import annotations

import re

from pxcore.errors import DatasetError
from pxcore.types import Role

_ROLES = (
    (Role.BRIGHTFIELD, re.compile(r"bright[\s_-]*field|\bbf\d*\b|transmitted", re.IGNORECASE)),
    (Role.DARKFIELD, re.compile(r"dark[\s_-]*field|\bssc\b|side[\s_-]*scatter", re.IGNORECASE)),
    (Role.VIABILITY, re.compile(r"viability|live[\s/_-]*dead|\b7-?aad\b", re.IGNORECASE)),
)


def checked_names(names: tuple[str, ...], n_channels: int, owner: str) -> tuple[str, ...]:
    """Return the names without blanks around them.

    Raises
    ------
    DatasetError
        When their number is not that of the channels, or one is blank or doubled.
    """
    stripped = tuple(name.strip() for name in names)
    fix = "correct the names in the file, or leave them out and give a panel sheet"
    if len(stripped) != n_channels:
        message = (
            f"{owner}: {len(stripped)} channel names ({', '.join(stripped[:20])}) for "
            f"{n_channels} channels; expected one a channel: {fix}"
        )
        raise DatasetError(message)
    for position, name in enumerate(stripped):
        if not name:
            message = f"{owner}: channel {position + 1} has a blank name; {fix}"
            raise DatasetError(message)
        if name in stripped[:position]:
            message = (
                f"{owner}: channel name {name!r} comes twice (channels "
                f"{stripped.index(name) + 1} and {position + 1}); names must differ: {fix}"
            )
            raise DatasetError(message)
        if len(name) > 200:
            message = f"{owner}: the name of channel {position + 1} has {len(name)} letters; {fix}"
            raise DatasetError(message)
    return stripped


def assumed_names(n_channels: int) -> tuple[str, ...]:
    """Return ``Channel 1``, ``Channel 2``, ... for files without names.

    >>> assumed_names(2)
    ('Channel 1', 'Channel 2')
    """
    return tuple(f"Channel {position + 1}" for position in range(n_channels))


def guessed_role(name: str) -> Role:
    """Return the role that a channel name suggests; STAIN when it suggests none.

    >>> guessed_role("Darkfield (SSC)"), guessed_role("CD3")
    (<Role.DARKFIELD: 'darkfield'>, <Role.STAIN: 'stain'>)
    """
    for role, pattern in _ROLES:
        if pattern.search(name):
            return role
    return Role.STAIN

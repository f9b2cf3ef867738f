"""Which channels and classes of different data sets are the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pxcore.types import Channel, Panel, Role
from pxcore.types.comparison import ComparedChannel


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One channel of one panel."""

    column: int
    position: int
    channel: Channel
    decoy: str
    """Kind of a decoy; empty for a real channel."""
    only: bool
    """The one channel of its role in its panel."""


@dataclass(slots=True)
class _Line:
    """Channels taken for the same, at most one a panel."""

    members: list[_Candidate] = field(default_factory=list)


def folded(text: str) -> str:
    """Return a name without case and spaces, and one spelling of equal letters.

    >>> folded(" Cd 3ε") == folded("CD3ε")
    True
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def match_channels(
    panels: Sequence[Panel], decoys: Sequence[Sequence[str]]
) -> tuple[ComparedChannel, ...]:
    """Return the channels of all panels, one line for those that are the same.

    Two channels are the same when, in this order: they are decoys of one kind; they have one
    marker (a channel without one is taken by its name) and one name; one marker; one name, unless
    their markers differ; or each is its panel's only brightfield, or only darkfield. Case and
    spaces do not count. Of several that fit, the first in panel order is taken, and no line takes
    two channels of one panel.

    Parameters
    ----------
    panels
        One a column, decoys (role DECOY) last.
    decoys
        The kinds of each panel's decoys, in their order.
    """
    lines: list[_Line] = []
    for column, panel in enumerate(panels):
        waiting = _candidates(column, panel, decoys[column])
        for same in _RULES:
            waiting = [one for one in waiting if not _placed(one, lines, same)]
        lines += [_Line([one]) for one in waiting]
    ordered = [line for line in lines if not line.members[0].decoy]
    ordered += [line for line in lines if line.members[0].decoy]
    return tuple(_told(line, len(panels)) for line in ordered)


def match_class(classes: Sequence[str], name: str) -> int | None:
    """Return the position of a class among a run's, by its name; None where it has none."""
    found = [k for k, one in enumerate(classes) if one == name]
    found += [k for k, one in enumerate(classes) if folded(one) == folded(name)]
    return found[0] if found else None


def _candidates(column: int, panel: Panel, decoys: Sequence[str]) -> list[_Candidate]:
    roles = [channel.role for channel in panel.channels]
    n_real = sum(role is not Role.DECOY for role in roles)
    return [
        _Candidate(
            column=column,
            position=position,
            channel=channel,
            decoy=_kind_of(channel, position - n_real, decoys),
            only=channel.role.stain_free and roles.count(channel.role) == 1,
        )
        for position, channel in enumerate(panel.channels)
    ]


def _kind_of(channel: Channel, number: int, decoys: Sequence[str]) -> str:
    """Return a decoy's kind, its name where the run does not tell kinds; empty for others."""
    if channel.role is not Role.DECOY:
        return ""
    return decoys[number] if 0 <= number < len(decoys) else folded(channel.name)


def _marker(one: _Candidate) -> str:
    """Return what stands for the molecule: the marker, else the name."""
    return folded(one.channel.marker) or folded(one.channel.name)


def _name(one: _Candidate) -> str:
    return folded(one.channel.name)


def _contradict(a: _Candidate, b: _Candidate) -> bool:
    """Return True for two channels that cannot be the same."""
    if a.column == b.column or a.decoy != b.decoy:
        return True
    markers = folded(a.channel.marker), folded(b.channel.marker)
    return all(markers) and markers[0] != markers[1]


_RULES: tuple[Callable[[_Candidate, _Candidate], bool], ...] = (
    lambda a, b: bool(a.decoy) and a.decoy == b.decoy,
    lambda a, b: not a.decoy and _marker(a) == _marker(b) and _name(a) == _name(b),
    lambda a, b: not a.decoy and _marker(a) == _marker(b),
    lambda a, b: not a.decoy and _name(a) == _name(b),
    lambda a, b: a.only and b.only and a.channel.role is b.channel.role,
)


def _placed(
    one: _Candidate, lines: Sequence[_Line], same: Callable[[_Candidate, _Candidate], bool]
) -> bool:
    """Put a channel into the first line it belongs to; return whether there was one."""
    for line in lines:
        if any(_contradict(one, member) for member in line.members):
            continue
        if any(same(one, member) for member in line.members):
            line.members.append(one)
            return True
    return False


def _told(line: _Line, n_columns: int) -> ComparedChannel:
    places = {one.column: one.position for one in line.members}
    first = line.members[0].channel
    markers = [one.channel.marker for one in line.members if one.channel.marker]
    return ComparedChannel(
        name=first.name,
        marker=markers[0] if markers else "",
        role=first.role,
        positions=tuple(places.get(column) for column in range(n_columns)),
    )

"""Which channels a figure draws, and in which order: of a large panel those one looks for.

A panel of up to ``MANY`` channels is drawn whole. Of a larger one, 30 to 100 proteins of a tissue,
the first of the ranking, those that carry a word in their name, or all, in flatter rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pxcore.types import Channel, Panel, Ranking, Role

Order = Literal["rank", "panel", "role"]

MANY = 20
"""Channels above which a figure draws a part of them, unless asked for all."""
FIRST = 10
"""Of a large panel, channels drawn where nothing was asked."""
PRINTED = 20
"""Of a large panel, channels in the figures of a report; its tables have all."""
MOST_SHOWN = 12
"""Of a large panel, channels whose cells are shown where nothing was chosen."""
GROUPS = (Role.STAIN, Role.VIABILITY, Role.BRIGHTFIELD, Role.DARKFIELD, Role.DECOY)
"""Roles from top to bottom where channels are grouped by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What of a ranking is drawn."""

    order: Order = "rank"
    first: int = 0
    """So many channels of the ranking; 0 for all."""
    find: str = ""
    """Words separated by commas: channels whose name or marker holds one of them, however they
    rank. ``first`` then says nothing."""


WHOLE = Rows()


def usual(panel: Panel, first: int = FIRST) -> Rows:
    """Return what is drawn where nothing was asked: all, of a large panel the first ones."""
    return Rows(first=first) if len(panel) > MANY else WHOLE


def order_of(ranking: Ranking, order: Order, panel: Panel | None = None) -> tuple[int, ...]:
    """Return all channels from top to bottom: by rank, in panel order, or by role and rank."""
    channels = range(len(ranking.mean))
    if order == "panel":
        return tuple(channels)
    ranked = sorted(channels, key=lambda c: (ranking.rank[c], -ranking.mean[c], c))
    if order == "role" and panel is not None:
        ranked.sort(key=lambda c: GROUPS.index(panel.channels[c].role))
    return tuple(ranked)


def rows_of(panel: Panel, ranking: Ranking, rows: Rows) -> tuple[int, ...]:
    """Return the channels that are drawn, top to bottom; none where no name fits."""
    ordered = order_of(ranking, rows.order, panel)
    wanted = words_in(rows.find)
    if wanted:
        return tuple(c for c in ordered if carries(panel.channels[c], wanted))
    if not rows.first:
        return ordered
    kept = set(order_of(ranking, "rank")[: rows.first])
    return tuple(c for c in ordered if c in kept)


def words_in(find: str) -> tuple[str, ...]:
    """Return what is looked for, word by word.

    >>> words_in(" CD3, ki-67 ,")
    ('cd3', 'ki-67')
    """
    return tuple(word for part in find.split(",") if (word := part.strip().casefold()))


def carries(channel: Channel, wanted: Sequence[str]) -> bool:
    """Return whether a channel's name or marker holds one of the words of `words_in`."""
    names = (channel.name.casefold(), channel.marker.casefold())
    return any(word in name for word in wanted for name in names)


def part_words(shown: int, whole: int) -> str:
    """Return what part of the channels a figure draws; empty where it draws all.

    >>> part_words(10, 100), part_words(9, 9)
    ('10 of 100 channels shown', '')
    """
    return "" if shown == whole else f"{shown:,} of {whole:,} channels shown"

"""What is known of a data set's channels without any network, and how a ranking stands to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TruthKind = Literal["planted", "means"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTruth:
    """Of the real channels that took part in a run, in panel order, decoys left out."""

    kind: TruthKind
    """``planted``: drawn images, so that the informative channels are known. ``means``: recorded
    ones, where the classes' mean intensities are compared; that is no proof."""
    informative: tuple[int, ...] = ()
    """Positions among the run's channels; for ``planted``."""
    spread: tuple[float, ...] = ()
    """For ``means``: how far the classes' mean intensities lie apart, one a channel, relative to
    the first class's."""
    inside: bool = False
    """Those means are of pixels inside stored outlines, not of whole tiles."""
    single: bool = False
    """They are over the single cells of a label mask, each counted once however many an image
    holds; else each stored image (which may be one cell) is counted once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstTruth:
    """How one method's ranking stands to what is known."""

    method: str
    recall: tuple[tuple[int, float], ...] = ()
    """For ``planted``: K, and the share of the informative channels among the K first."""
    fold_recall: tuple[tuple[float, ...], ...] = ()
    """(J, len(recall)): the same of each training's own ranking."""
    spearman: float | None = None
    """For ``means``: rank correlation of importance with ``spread``; None where one of them is
    the same for all channels."""
    shared: tuple[int, ...] = ()
    """For ``means``: channels among the ten first of both, most important first; such as share the
    last place with others, for which there is no room, are not among them."""
    top: int = 10
    """How many first channels that compares; fewer where there are not twice as many."""

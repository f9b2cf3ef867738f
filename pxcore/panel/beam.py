"""Beam search for panels when there are too many to look at all: events in, sets to score out.

From the full panel down, one channel less at each step: of the panels of a size the best by mean
validation F1 are kept, and the best by each fold's own, so that no fold's choice is made by the
others. Every panel that is one channel short of a kept one is scored next. Downwards, because a
pair that only works together is seen at work from the start; upwards, neither of the two would
ever be taken. ``width`` sets a fold and size, n channels: about J · width · n^2 panels at most,
where there are 2^n in all.

The search scores nothing itself: :func:`begin`, then as long as ``proposed`` is not empty, score
those and call :func:`advance`.

Source: beam search: Lowerre, The Harpy speech recognition system, 1976; as backward elimination:
Marill and Green, IEEE Transactions on Information Theory 9, 1963.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb

import numpy as np

from pxcore.errors import PanelError
from pxcore.types import Array
from pxcore.types.panel import Members

WIDTH = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beam:
    """A search as it stands; every step makes a new one."""

    n_channels: int
    optional: Members
    pinned: Members
    width: int
    proposed: tuple[Members, ...]
    """To be scored next, all of one size; empty when the search is done."""
    looked_at: tuple[Members, ...] = ()
    scores: tuple[Array, ...] = field(default=())
    """(J, 2) float64 of each of ``looked_at``: validation and test F1-macro of every fold."""

    @property
    def done(self) -> bool:
        """True when nothing is left to score."""
        return not self.proposed


def begin(n_channels: int, optional: Members, pinned: Members = (), width: int = WIDTH) -> Beam:
    """Return a search whose first proposal is the full panel.

    Raises PanelError for a width below 1, or when there is no channel.
    """
    if width < 1 or not (optional or pinned):
        message = (
            f"a beam of width {width} over {len(optional)} optional channels finds nothing; "
            "expected a width of at least 1 and at least one channel"
        )
        raise PanelError(message)
    return Beam(
        n_channels=n_channels,
        optional=tuple(sorted(optional)),
        pinned=tuple(sorted(pinned)),
        width=width,
        proposed=(tuple(sorted((*optional, *pinned))),),
    )


def advance(beam: Beam, valid_f1: Array, test_f1: Array) -> Beam:
    """Return the search after its proposals were scored.

    Parameters
    ----------
    valid_f1, test_f1
        (J, P) float64, columns as ``beam.proposed``. Only validation F1 steers; test F1 is kept to
        tell the screen's error.

    Raises
    ------
    PanelError
        When there is not one column a proposal.
    """
    n_proposed = len(beam.proposed)
    if not valid_f1.shape == test_f1.shape == (len(valid_f1), n_proposed):
        message = (
            f"scores of shape {valid_f1.shape} and {test_f1.shape} came back for {n_proposed} "
            "proposed panels; expected one column a panel in both"
        )
        raise PanelError(message)
    both = np.stack([valid_f1, test_f1], axis=-1).astype(np.float64)  # (J, P, 2)
    return Beam(
        n_channels=beam.n_channels,
        optional=beam.optional,
        pinned=beam.pinned,
        width=beam.width,
        proposed=_shorter(beam, _kept(beam, valid_f1)),
        looked_at=(*beam.looked_at, *beam.proposed),
        scores=(*beam.scores, *both.swapaxes(0, 1)),
    )


def most_sets(n_optional: int, n_trainings: int, width: int = WIDTH) -> int:
    """Return the most panels that a search can look at.

    Of each size no more than there are, and no more than lie one channel below those kept: at most
    ``width`` for the mean and for each training.

    >>> most_sets(3, 5), most_sets(16, 5) < 2**13
    (8, True)
    """
    found = 1
    for size in range(n_optional, 0, -1):
        kept = min(comb(n_optional, size), width * (n_trainings + 1))
        found += min(comb(n_optional, size - 1), kept * size)
    return found


def _kept(beam: Beam, valid_f1: Array) -> list[Members]:
    """Return the best proposals by the mean over folds and by each fold's own score."""
    kept: dict[Members, None] = {}
    for scores in (valid_f1.mean(axis=0), *valid_f1):
        # NaN sorts last; equal scores keep the order of the proposals.
        best = np.argsort(-scores, kind="stable")[: beam.width]
        kept.update((beam.proposed[i], None) for i in best)
    return list(kept)


def _shorter(beam: Beam, kept: list[Members]) -> tuple[Members, ...]:
    """Return the panels that are one optional channel short of a kept one, each once, sorted."""
    shorter = {
        tuple(member for member in members if member != channel)
        for members in kept
        for channel in members
        if channel in beam.optional
    }
    return tuple(sorted(members for members in shorter if members))

"""Where or how much: whether a marker needs imaging, or its brightness would do.

::

    total  = drop in F1 with another cell's picture in the channel      (permute_cells)
    place  = drop in F1 with the pixels inside the cell rearranged      (pxpermute_mask)
    amount = total - place, fold by fold

What is claimed of a channel, from the 95 % intervals alone, with ``zero(x)`` the largest upper
bound that a decoy reaches in x (at least 0) and 0.01 F1 the smallest drop that matters:

============================  ================================================================
not informative               total.high < 0.01: whatever it is worth, it does not matter
place matters                 total.low > zero(total) and place.low > zero(place), and not
                              place.high < 0.01
amount is enough              total.low > zero(total), amount.low > zero(amount), place not above
                              its decoys, and place.high < amount.low
undecided                     everything else
============================  ================================================================

*Place matters* asks for both: rearranged pixels are pictures that no camera takes, and a model may
stumble over them in a channel it does not need. Another cell's picture is a real one, so only a
channel that loses by exchange carries anything. *Amount is enough* is the claim that something is
absent, so "not seen" does not do: for all values that the intervals allow, more than half of the
drop must be amount.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pxcore.errors import MethodError
from pxcore.evaluation.values import Sizes, fold_values
from pxcore.importance.ranking import NEGLIGIBLE_DROP, decoy_bound
from pxcore.importance.small_classes import judged
from pxcore.types import Array, Importance, Interval, Where, WhereOrHowMuch


def where_or_how_much(
    total: Importance,
    place: Importance,
    *,
    decoys: Sequence[int] = (),
    small_classes: Sequence[int] = (),
    n_cells: int | None = None,
) -> WhereOrHowMuch:
    """Return each channel's total importance parted into place and amount, with a verdict.

    Parameters
    ----------
    total, place
        ``permute_cells`` and ``pxpermute_mask`` of the same trainings, in the same order.
    decoys
        Positions of the decoy channels. They get parts like the others, and are never more than
        undecided.
    small_classes
        Classes that take no part: ``Ranking.small_classes``.
    n_cells
        Different held-out cells over all folds, where seeds share theirs.

    Raises
    ------
    MethodError
        When the two do not belong together.
    """
    _check_alike(total, place)
    use = judged(small_classes, _present(total.scores))
    whole = fold_values(total.scores, use.classes)  # (J, C)
    part = fold_values(place.scores, use.classes)
    sizes = Sizes(n_train=total.n_train, n_test=total.n_test, n_cells=n_cells)
    parts = [
        tuple(sizes.interval(column) for column in values.T)
        for values in (whole, part, whole - part)
    ]
    zero = [bound if (bound := decoy_bound(p, decoys)) is not None else 0.0 for p in parts]
    verdicts = tuple(
        _verdict(own, zero, decoy=c in decoys) if use.sure else Where.UNDECIDED
        for c, own in enumerate(zip(*parts, strict=True))
    )
    notes = dict.fromkeys((*total.notes, *place.notes))
    if not decoys:
        notes["no decoys in this run: a channel had to be clear of zero only"] = None
    if use.note:
        notes[use.note] = None
    return WhereOrHowMuch(
        total=parts[0], place=parts[1], amount=parts[2], verdict=verdicts, notes=tuple(notes)
    )


def _verdict(own: tuple[Interval, ...], zero: Sequence[float], *, decoy: bool) -> Where:
    """Return what the intervals of total, place and amount allow to say: see the table above."""
    total, place, amount = own
    if len(total.known) < 2:
        return Where.UNDECIDED
    if total.high < NEGLIGIBLE_DROP:
        return Where.NOT_INFORMATIVE
    if decoy or total.low <= zero[0]:
        return Where.UNDECIDED
    placed = place.low > zero[1]
    if placed and place.high >= NEGLIGIBLE_DROP:
        return Where.PLACE
    if not placed and amount.low > zero[2] and place.high < amount.low:
        return Where.AMOUNT
    return Where.UNDECIDED


def _present(scores: Array) -> Array:
    """Return (J, K): the classes that each fold has cells of."""
    return np.asarray(~np.isnan(scores).all(axis=(1, 2)))


def _check_alike(total: Importance, place: Importance) -> None:
    """Refuse two methods of other folds, channels or classes."""
    shapes = [(m.scores.shape[0], *m.scores.shape[2:]) for m in (total, place)]
    if shapes[0] != shapes[1] or total.n_test != place.n_test:
        message = (
            f"{total.method} and {place.method} cannot be parted: (folds, channels, classes) are "
            f"{shapes[0]} and {shapes[1]}, with {total.n_test} and {place.n_test} held-out cells; "
            "expected the same trainings"
        )
        raise MethodError(message)

"""How many of the channels that are known to matter a ranking puts first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pxcore.errors import RunError
from pxcore.types import Array


def recall_at_k(values: Array | Sequence[float], informative: Sequence[int], k: int) -> float:
    """Return the share of the informative channels among the ``k`` first, 0 to 1.

    Channels of the same value share the places that they take together: the result is the mean
    over all orders of them, so a ranking that says nothing gets k / C. A value that is not known
    (NaN) comes last.

    Parameters
    ----------
    values
        (C,) importance, larger = more important.
    informative
        Positions of the channels that are known to matter.
    k
        From 1; more than C is all of them.

    Raises
    ------
    RunError
        Without an informative channel, or for ``k`` below 1.

    Source: Abdel Magid et al., MICCAI 2020, section 4.1; the rule for ties is ours.

    >>> recall_at_k([0.9, 0.1, 0.5, 0.4], [0, 3], 2)
    0.5
    """
    if k < 1 or not len(informative):
        message = (
            f"recall at {k} of {len(informative)} informative channels has no meaning; give at "
            "least the first channel and one that is known to matter"
        )
        raise RunError(message)
    ordered = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=-np.inf)
    cut = np.sort(ordered)[::-1][min(k, len(ordered)) - 1]
    known = np.zeros(len(ordered), dtype=bool)
    known[list(informative)] = True
    above, level = ordered > cut, ordered == cut
    places = min(k, len(ordered)) - int(above.sum())
    found = (known & above).sum() + (known & level).sum() * places / level.sum()
    return float(found / known.sum())


def recalls(
    values: Array | Sequence[float], informative: Sequence[int], ks: Sequence[int]
) -> tuple[float, ...]:
    """Return `recall_at_k` for every K."""
    return tuple(recall_at_k(values, informative, k) for k in ks)


def usual_ks(n_informative: int, n_channels: int) -> tuple[int, ...]:
    """Return the K that are told: from the number of informative channels on, eight in all.

    >>> usual_ks(6, 30)
    (6, 7, 8, 9, 10, 11, 12, 13)
    """
    return tuple(range(n_informative, min(n_informative + 8, n_channels + 1)))

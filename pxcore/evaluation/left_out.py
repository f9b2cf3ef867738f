"""What training again without some channels costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pxcore.errors import MethodError
from pxcore.evaluation.values import Sizes
from pxcore.types import LeftOut, Performance


def left_out(
    channels: Sequence[int], full: Performance, without: Performance, sizes: Sizes
) -> LeftOut:
    """Return F1-macro without some channels and the drop, paired fold by fold.

    ::

        drop_j = F1-macro of fold j with all channels - F1-macro of fold j without them

    Both models of a fold saw the same training cells and are judged on the same test cells, so
    what makes a fold hard cancels. The interval is the corrected one.

    Parameters
    ----------
    channels
        Positions in the result's panel.
    full, without
        Over the same folds and seeds, in the same order.
    sizes
        Of those trainings.

    Raises
    ------
    MethodError
        When the two do not have equally many trainings.

    Notes
    -----
    Source: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free predictive inference
    for regression, JASA 113, 2018, section 6 (leave one covariate out).
    """
    pair = (full.f1_macro.folds, without.f1_macro.folds)
    if len(pair[0]) != len(pair[1]):
        message = (
            f"{len(pair[1])} trainings without some channels stand beside {len(pair[0])} with "
            "all; expected equally many, in the same order"
        )
        raise MethodError(message)
    drops = [np.nan if a is None or b is None else a - b for a, b in zip(*pair, strict=True)]
    return LeftOut(
        channels=tuple(channels),
        f1_macro=without.f1_macro,
        drop=sizes.interval(np.asarray(drops)),
    )

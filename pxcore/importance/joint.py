"""Several channels spoilt together: what single scores cannot show.

::

    D_S = F1(true cells) - F1(cells whose channels S all come from the same other cell)

Taking all channels of S from *one* other cell keeps what they say about each other: the model
still sees channels that fit together, of the wrong cell. Two copies of a marker then lose all
they know; exchanged one at a time, the other copy still tells.

Source: Breiman, Machine Learning 45, 2001, for sets of variables; the interaction that is made of
these drops follows Au, Herbinger, Stachl, Bischl and Casalicchio, Grouped feature importance and
combined features effect plot, Data Mining and Knowledge Discovery 36, 2022. We differ: repeat r
uses the same draw as repeat r of each channel alone, so that differences vary less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pxcore.importance.method import ExplainRequest
from pxcore.importance.repeats import BLOCK

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance

REPEATS = BLOCK
"""Of joint drops, at most: folds differ far more than repeats, and there are many sets."""


def measure_joint(request: ExplainRequest, units: Sequence[tuple[int, ...]]) -> FoldImportance:
    """Return the drops in F1 when the channels of each unit are exchanged together.

    Parameters
    ----------
    request
        The one that ``permute_cells`` was asked: with the same ``seed`` the repeats pair with the
        first repeats of the single scores. At most ``REPEATS`` run, fewer where it asks for fewer.
    units
        U sets of channels.

    Returns
    -------
    FoldImportance
        With (R, U, K) scores, in the order of ``units``.

    Raises
    ------
    MethodError
        As ``engine.measure``.
    """
    from pxcore.importance.engine import measure  # noqa: PLC0415 - loads torch
    from pxcore.importance.perturbations import PERMUTE_CELLS, Context  # noqa: PLC0415 - loads torch

    context = Context(cells=request.cells, seed=request.seed, groups=request.groups)
    repeats = min(REPEATS, REPEATS if request.repeats is None else request.repeats)
    asked = replace(request, repeats=repeats)
    return measure("permute_cells", PERMUTE_CELLS, asked, context, units=units)

"""Several channels spoilt together: what single scores cannot show.

::

    D_S = F1(true cells) - F1(cells whose channels S all come from the same other cell)

Taking all channels of S from *one* other cell keeps what they say about each other: the model
still sees channels that fit together, of the wrong cell. Two copies of a marker then lose all
they know; exchanged one at a time, the other copy still tells, as far as the model listens to it.

A model that was trained on both copies mostly listens to both, and is confused when they differ:
exchanging one of two perfect copies can cost half of what both are worth. So for channels that
are alike a second question is asked: what does one show *beyond* the other? There, pictures are
exchanged among cells that look alike in the other channel.

Source: Breiman, Machine Learning 45, 2001, for sets of variables; the interaction that is made of
these drops follows Au, Herbinger, Stachl, Bischl and Casalicchio, Grouped feature importance and
combined features effect plot, Data Mining and Knowledge Discovery 36, 2022. We differ: repeat r
uses the same draw as repeat r of each channel alone, so that differences vary less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pxcore.importance.cell_features import channel_features, ranks_within
from pxcore.importance.method import ExplainRequest
from pxcore.importance.repeats import BLOCK
from pxcore.types import Array, MaskKind

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance

Units = Sequence[tuple[int, ...]]
REPEATS = BLOCK
"""Of joint drops, at most: folds differ far more than repeats, and there are many sets."""
_BLOCK = 256
ALIKE = 5
"""Cells of a stratum: neighbours in what another channel shows. Few, so that they are alike even
among some hundred held-out cells."""


def measure_joint(request: ExplainRequest, units: Units, together: Units = ()) -> FoldImportance:
    """Return the drops in F1 when the channels of each unit are exchanged together.

    Parameters
    ----------
    request
        The one that ``permute_cells`` was asked: with the same ``seed`` the repeats pair with the
        first repeats of the single scores. At most ``REPEATS`` run, fewer where it asks for fewer.
    units
        U sets of channels.
    together
        Groups of channels that are alike. For each member a further row follows: the drop when
        its picture comes from a cell that looks alike in another member (``_strata``).

    Returns
    -------
    FoldImportance
        With (R, U + members, K) scores: rows in the order of ``units``, then of the members of
        each group.

    Raises
    ------
    MethodError
        As ``engine.measure``.
    """
    from pxcore.importance.engine import measure  # noqa: PLC0415 - loads torch
    from pxcore.importance.perturbations import PERMUTE_CELLS, Context  # noqa: PLC0415 - loads torch

    repeats = min(REPEATS, REPEATS if request.repeats is None else request.repeats)
    asked = replace(request, repeats=repeats)
    context = Context(cells=request.cells, seed=request.seed, groups=request.groups)
    rows = [measure("permute_cells", PERMUTE_CELLS, asked, context, units=units)]
    if together:
        features = _features(request)
        for group in together:
            for channel in group:
                strata = _strata(features, channel, group, request.groups)
                alike = replace(context, groups=strata)
                rows.append(
                    measure("permute_cells", PERMUTE_CELLS, asked, alike, units=[(channel,)])
                )
    return _stacked(rows)


def _features(request: ExplainRequest) -> Array:
    """Return (n, C, F): what each channel shows of each held-out cell.

    Inside the outlines where cells have them, else in the whole tile.
    """
    import torch  # noqa: PLC0415 - the web process lists methods without it

    cells, parts = request.cells, []
    for positions in torch.split(torch.arange(len(cells)), _BLOCK):
        images = cells.batch(positions.to(cells.device)).cpu().numpy()
        inside: Array = np.ones((len(positions), *cells.image_size), dtype=bool)
        if request.mask_kind is MaskKind.CELL and request.read_masks is not None:
            inside = np.asarray((request.read_masks(positions.numpy()) > 0).any(axis=1))
        parts.append(channel_features(images, inside))
    return np.concatenate(parts)


def _strata(features: Array, channel: int, group: Sequence[int], donors: Array | None) -> Array:
    """Return (n,) integers: cells of one number (and donor) look alike in another channel.

    The other channel and its number (brightness, ...) are those most alike to ``channel``. What
    ``channel`` shares with it hardly changes when cells of a stratum exchange pictures; what it
    shows beyond does.

    Source: Strobl, Boulesteix, Kneib, Augustin and Zeileis, Conditional variable importance for
    random forests, BMC Bioinformatics 9, 2008. We differ: strata of equally many cells instead of
    the cuts of a tree.
    """
    n_cells, n_channels, n_features = features.shape
    ranks = ranks_within(features.reshape(n_cells, -1), donors)
    ranks = ranks.reshape(n_cells, n_channels, n_features)
    others = [other for other in group if other != channel]
    own, theirs = ranks[:, channel], ranks[:, others]  # (n, F), (n, G - 1, F)
    norm = np.sqrt((own**2).sum(axis=0) * (theirs**2).sum(axis=0))
    likeness = np.abs((own[:, None] * theirs).sum(axis=0)) / np.where(norm > 0, norm, np.inf)
    other, feature = np.unravel_index(int(likeness.argmax()), likeness.shape)
    seen = theirs[:, other, feature]
    strata, count = np.empty(n_cells, dtype=np.int64), 0
    known = np.zeros(n_cells, dtype=np.int64) if donors is None else donors
    for donor in np.unique(known):
        members = np.flatnonzero(known == donor)
        ordered = members[np.argsort(seen[members], kind="stable")]
        for part in np.array_split(ordered, max(1, len(members) // ALIKE)):
            strata[part] = count
            count += 1
    return strata


def _stacked(rows: Sequence[FoldImportance]) -> FoldImportance:
    """Return the same cells' scores of several questions as rows of one."""
    first = rows[0]

    def side_by_side(name: str, axis: int) -> Array:
        return np.concatenate([np.asarray(getattr(row, name)) for row in rows], axis=axis)

    return replace(
        first,
        scores=side_by_side("scores", 1),
        probability_drop=side_by_side("probability_drop", 1),
        predictions=side_by_side("predictions", 0),
        cell_drop=side_by_side("cell_drop", 0),
    )

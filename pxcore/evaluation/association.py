"""How alike channels are in what they show, cell by cell, without looking at any class.

Two channels are as alike as the most alike of their numbers (brightness, unevenness, radius: see
``pxcore.importance.cell_features``)::

    A(i, j) = max over numbers f of | Spearman(f_i, f_j), given the cell's size |

All three are made free of the cell's size (by the partial correlation of ranks), which every
channel knows: two stains are not the same because both get brighter in larger cells. Where donors
are known, ranks are taken within a donor, so staining that was stronger in one tube does not make
all its channels alike.

Source: Spearman, American Journal of Psychology 15, 1904; partial rank correlation: Conover,
Practical Nonparametric Statistics, 3rd ed. 1999, section 5.4. Groups: complete linkage (Sørensen
1948), so that *every* two channels of a group are at least as alike as the threshold says.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from pxcore.errors import MethodError
from pxcore.importance.cell_features import cell_sizes, channel_features, ranks_within
from pxcore.types import Array

__all__ = ["THRESHOLD", "association", "cell_sizes", "channel_features", "groups"]

THRESHOLD = 0.8
"""From here on two channels share about two thirds (0.8²) of the order of the cells."""
_MIN_CELLS = 10
"""Below that, any two numbers look alike."""


def association(features: Array, sizes: Array | None = None, donors: Array | None = None) -> Array:
    """Return (C, C) float64 in [0, 1]: how alike the channels are; the diagonal is 1.

    A number without spread (a constant channel) is like nothing.

    Parameters
    ----------
    features
        (n, C, F), from :func:`channel_features`.
    sizes
        (n,) of the cells, held constant; None to leave them alone.
    donors
        (n,) integers: ranks are taken within each; None for one donor.

    Raises
    ------
    MethodError
        For fewer than 10 cells.
    """
    n_cells, n_channels, n_features = features.shape
    if n_cells < _MIN_CELLS:
        message = f"{n_cells} cells are too few to compare channels; expected {_MIN_CELLS} or more"
        raise MethodError(message)
    ranks = ranks_within(features.reshape(n_cells, -1), donors)  # (n, C·F)
    if sizes is not None:
        ranks = _without(ranks, ranks_within(np.asarray(sizes, float)[:, None], donors)[:, 0])
    norm = np.sqrt((ranks**2).sum(axis=0))
    # What is left of a constant is rounding: no direction.
    scaled = np.where(norm > 1e-9 * n_cells, ranks / np.where(norm > 0, norm, 1.0), 0.0)
    scaled = scaled.reshape(n_cells, n_channels, n_features)
    alike = np.abs(np.einsum("nif,njf->ijf", scaled, scaled)).max(axis=2)
    result: Array = np.minimum((alike + alike.T) / 2, 1.0)
    np.fill_diagonal(result, 1.0)
    return result


def groups(alike: Array, threshold: float = THRESHOLD) -> tuple[tuple[int, ...], ...]:
    """Return the sets of two or more channels of which every two are at least ``threshold`` alike.

    Complete linkage; each channel is in one group at most. Channels in panel order, groups by
    their first channel.

    Parameters
    ----------
    alike
        (C, C), from :func:`association`.
    """
    if len(alike) < 2:
        return ()
    distance = squareform(1.0 - np.clip(alike, 0.0, 1.0), checks=False)
    # fcluster joins up to and including the height; rounding must not decide at the threshold.
    label = fcluster(linkage(distance, "complete"), 1.0 - threshold + 1e-12, "distance")
    found = [tuple(int(c) for c in np.flatnonzero(label == one)) for one in np.unique(label)]
    return tuple(sorted(group for group in found if len(group) > 1))


def _without(ranks: Array, control: Array) -> Array:
    """Return what is left of (n, F) centred ranks once those of ``control`` (n,) are known."""
    length = float(control @ control)
    if length <= 0:
        return ranks
    result: Array = ranks - control[:, None] * (control @ ranks / length)[None, :]
    return result

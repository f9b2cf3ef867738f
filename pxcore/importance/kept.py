"""How much of an explanation is still there when the model's weights were drawn anew.

::

    kept(own, other) = sum of min(|own|, |other|) where signs agree / sum of |own|

after ``other`` was brought to the sum of ``own``: the shares of channels, classes or pixels are
compared, not their size. The same explanation at 85 % of its size keeps 1, one of the opposite
sign 0. What is left at less than a tenth of its size, or below 0.01 F1, is gone: its shares are
chance.

Source: after Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018. We differ: overlap of
shares instead of a rank correlation of pixels, which the dark background decides.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import stats

from pxcore.importance.ranking import IN_F1, NEGLIGIBLE_DROP
from pxcore.importance.repeats import channel_values
from pxcore.types import Array

GONE = 0.1
"""Share of the own size below which nothing counts as left. Our choice."""


def is_gone(own: Array, other: Array, unit: str) -> bool:
    """Return whether ``other`` (C, K) is too small for its shares to say anything."""
    if np.abs(other).sum() < GONE * np.abs(own).sum():
        return True
    largest = float(np.abs(channel_values(other[None])).max())
    return unit in IN_F1 and largest < NEGLIGIBLE_DROP


def kept_scores(own: Array, other: Array, unit: str) -> float:
    """Return the share of ``own`` (C, K), not all 0, that ``other`` keeps; 0 when it is gone."""
    if is_gone(own, other, unit):
        return 0.0
    other = other * (np.abs(own).sum() / np.abs(other).sum())
    shared = np.where(own * other > 0, np.minimum(np.abs(own), np.abs(other)), 0.0)
    return float(shared.sum() / np.abs(own).sum())


def kept_pixels(own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the share of ``own`` (B, C, H, W) that ``other`` keeps, cell by cell.

    (B,) float64; 0 for a cell in which one of them is empty.
    """
    total = own.abs().sum(dim=(1, 2, 3))
    scale = total / other.abs().sum(dim=(1, 2, 3)).clamp_min(1e-300)
    other = other * scale[:, None, None, None]
    shared = torch.where(own * other > 0, torch.minimum(own.abs(), other.abs()), 0.0)
    return shared.sum(dim=(1, 2, 3)) / total.clamp_min(1e-300)


def rank_correlation(own: Array, other: Array) -> float:
    """Return Spearman's correlation of two (C,) values; NaN for fewer than 3 or all alike."""
    if len(own) < 3 or np.ptp(own) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(stats.spearmanr(own, other).statistic)

"""How a ranking stands to what is known of its channels without any network."""

from __future__ import annotations

import math

import numpy as np

from pxcore.evaluation.agreement import spearman
from pxcore.evaluation.recall import recalls, usual_ks
from pxcore.types import Array, MethodResult
from pxcore.types.truth import AgainstTruth, ChannelTruth

TOP = 10
"""First channels that are compared, as in the paper."""


def against_truth(method: MethodResult, truth: ChannelTruth, n_real: int) -> AgainstTruth:
    """Return recall of planted channels, or agreement with the classes' mean intensities.

    Parameters
    ----------
    method
        One method's ranking; only its first ``n_real`` channels, which are no decoys, take part.
    truth
        What is known of those channels.
    """
    values = np.array(method.ranking.mean[:n_real])
    if truth.kind == "planted":
        ks = usual_ks(len(truth.informative), n_real)
        known = truth.informative
        folds = tuple(recalls(one[:n_real], known, ks) for one in method.ranking.folds)
        found = recalls(values, known, ks)
        return AgainstTruth(
            method=method.method,
            recall=tuple(zip(ks, found, strict=True)),
            fold_recall=folds,
        )
    top = min(TOP, n_real // 2)
    spread = np.array(truth.spread)
    both = set(_first(values, top)) & set(_first(spread, top))
    return AgainstTruth(
        method=method.method,
        spearman=_correlation(values, spread),
        shared=tuple(c for c in _first(values, top) if c in both),
        top=top,
    )


def _first(values: Array, top: int) -> list[int]:
    """Return the positions of the largest values, the largest first; NaN is none.

    Equal values that do not all find room are left out: no order of the panel decides.
    """
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    return [int(c) for c in order[:top] if 0 < (values >= values[c]).sum() <= top]


def _correlation(values: Array, spread: Array) -> float | None:
    """Return Spearman's correlation over channels whose importance is known; None without one."""
    known = ~np.isnan(values)
    if known.sum() < 2:
        return None
    rho = float(spearman(values[known][None], spread[known][None])[0, 0])
    return rho if math.isfinite(rho) else None

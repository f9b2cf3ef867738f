"""How sure the order of the channels is: ranges of ranks, and who is among the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.importance import bootstrap
from pxcore.importance.fold import FoldImportance
from pxcore.types import Array, Importance


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Samples of the bootstrap."""

    seed: int = 0
    n_samples: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """What is drawn, and what values are made of."""

    draws: Draws
    fold_of: Sequence[int] | None
    """(J,) which split each fold belongs to; None when all differ. The cells of one split are
    resampled together."""
    classes: tuple[int, ...]
    """That a channel's value is the mean of."""
    by_cell: bool
    """Attributions are means over the cells of these classes, not over the classes."""

    @property
    def n_samples(self) -> int:
        """Bootstrap samples."""
        return self.draws.n_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Ranks with their ranges, as ``Ranking`` has them."""

    own: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    top: tuple[tuple[float, ...], ...]
    notes: tuple[str, ...]
    """What they rest on, in words."""


def placed(
    importance: Importance, values: Array, folds: Sequence[FoldImportance], how: Sampling
) -> Placed:
    """Return the ranks of (J, C) values with their 95 % ranges.

    One fold says nothing about another training: its ranges hold every rank.
    """
    n_channels = values.shape[1]
    used = bootstrap.repeats_used(folds, how.n_samples)
    samples = _sampled(importance, values, folds, how)
    own = _ranks(values.mean(axis=0))
    low, high = np.quantile(samples, (0.025, 0.975), axis=0, method="inverted_cdf")
    if len(values) < 2:
        low, high = np.ones_like(low), np.full_like(high, n_channels)
    among = samples[:, :, None] <= np.arange(1, n_channels + 1)  # (S, C, m)
    return Placed(
        own=tuple(int(r) for r in own),
        low=tuple(int(r) for r in np.minimum(low, own)),
        high=tuple(int(r) for r in np.maximum(high, own)),
        top=tuple(tuple(float(p) for p in row) for row in among.mean(axis=0)),
        notes=(*_words(folds, used, how.n_samples), *_lacking(folds, how)),
    )


def _sampled(
    importance: Importance, values: Array, folds: Sequence[FoldImportance], how: Sampling
) -> Array:
    """Return (S, C) ranks in bootstrap samples."""
    used = bootstrap.repeats_used(folds, how.n_samples)
    generator = np.random.default_rng((how.draws.seed, 0))
    share = sum(importance.n_test) / sum(importance.n_train)
    moved = bootstrap.fold_part(values, share, how.n_samples, generator)
    for fold, split in zip(folds, _splits(folds, how), strict=True):
        own = _cells_drawn(how, split)
        other = bootstrap.cell_part(
            fold, how.n_samples, used, own, how.classes, by_cell=how.by_cell
        )
        moved = moved + other / len(folds)
    return bootstrap.ranks(values.mean(axis=0) + moved, generator)


def _splits(folds: Sequence[FoldImportance], how: Sampling) -> tuple[int, ...]:
    return tuple(range(len(folds)) if how.fold_of is None else how.fold_of)


def _cells_drawn(how: Sampling, split: int) -> np.random.Generator:
    """Return what draws the cells of a split, the same for each of its starts."""
    return np.random.default_rng((how.draws.seed, 1, split))


def _words(folds: Sequence[FoldImportance], used: int, n_samples: int) -> tuple[str, ...]:
    """Return what the rank intervals rest on."""
    unit = "donors" if all(map(bootstrap.draws_donors, folds)) else "cells"
    said = [f"ranges of ranks: {n_samples} bootstrap samples of folds, and of {unit} within them"]
    if any(fold.groups is not None for fold in folds) and unit == "cells":
        said.append("some fold holds a single donor, so its cells were resampled instead of donors")
    longest = max(fold.n_repeats for fold in folds)
    if used < longest:
        said.append(f"resampled with the first {used} of up to {longest} repeats, to save time")
    if len(folds) < 2:
        said.append(
            "one fold says nothing about another training: intervals are the whole range, and the "
            "probabilities of being among the first know the choice of cells only"
        )
    return tuple(said)


def _lacking(folds: Sequence[FoldImportance], how: Sampling) -> tuple[str, ...]:
    """Return in words how often the donors that were drawn had no cell of a class."""
    found = sum(
        bootstrap.lacking(fold, how.n_samples, _cells_drawn(how, split), how.classes)
        for fold, split in zip(folds, _splits(folds, how), strict=True)
    )
    if not found:
        return ()
    drawn = how.n_samples * len(folds)
    return (
        f"in {found} of {drawn} samples of a fold's donors some class had no cell: the value is "
        "then the mean over the other classes, so what classes differ in widens the ranges of "
        "ranks",
    )


def _ranks(mean: Array) -> Array:
    """Return ranks from 1, largest first; equal values in panel order."""
    result = np.empty(len(mean), dtype=np.int64)
    result[np.argsort(-mean, kind="stable")] = np.arange(1, len(mean) + 1)
    return result

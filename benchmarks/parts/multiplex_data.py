"""Drawn images of one data seed in three independent parts, by all processors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from pxcore.data.synthetic import (
    MultiplexImages,
    MultiplexParams,
    multiplex_images,
    multiplex_labels,
    multiplex_oracle,
    multiplex_panel,
)
from pxcore.types import Array, Fold

CHUNK = 25
"""Images that a process draws at once."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Training, validation and test images behind one another."""

    images: Array
    """(N, C, H, W) uint8"""
    labels: Array
    fold: Fold
    informative: tuple[int, ...]
    seed: int
    n_classes: int


def drawn(params: MultiplexParams, counts: Sequence[int]) -> Drawn:
    """Return the images of a seed; parts have independent draws and the same channels planted."""
    parts = [replace(params, n_images=n, part=part) for part, n in enumerate(counts)]
    chunks = [(one, at) for one in parts for at in range(0, one.n_images, CHUNK)]
    size = params.size
    images = np.empty((sum(counts), params.channels, size, size), np.uint8)
    place = 0
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for block in pool.map(_chunk, chunks):
            images[place : place + len(block)] = block
            place += len(block)
    ends = np.cumsum(counts)
    train, valid, test = np.split(np.arange(ends[-1]), ends[:-1])
    return Drawn(
        images=images,
        labels=np.concatenate([multiplex_labels(one) for one in parts]),
        fold=Fold(train, valid, test),
        informative=tuple(sorted(i for own in multiplex_panel(params).informative for i in own)),
        seed=params.seed,
        n_classes=params.classes,
    )


def oracle(data: Drawn) -> float:
    """Return the accuracy of logistic regression on one mean a channel: what the images hold."""
    parts = (slice(part[0], part[-1] + 1) for part in (data.fold.train, data.fold.test))
    train, test = (MultiplexImages(data.images[one], data.labels[one]) for one in parts)
    return multiplex_oracle(train, test).accuracy


def _chunk(job: tuple[MultiplexParams, int]) -> Array:
    params, start = job
    return np.stack(list(multiplex_images(params, start, start + CHUNK)))

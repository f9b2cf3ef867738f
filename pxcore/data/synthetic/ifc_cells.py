"""Cells as an imaging flow cytometer shows them, with planted truth in every channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pxcore.data.synthetic.optics import Shapes, camera, ring_or_spot, shapes, texture
from pxcore.data.synthetic.planted import (
    MAX_CLASSES,
    MIN_CLASSES,
    Codes,
    Planted,
    class_names,
    draw_codes,
    n_levels,
    truth_of,
)
from pxcore.errors import DatasetError
from pxcore.types import Array, Channel, Panel, Role, frozen

_BLOCK = 256
"""Cells drawn together, each block from its own seed: the same cells however many are read."""

_CHANNELS = (
    (Planted.MORPHOLOGY, "BF", Role.BRIGHTFIELD),
    (Planted.PLACE, "Place", Role.STAIN),
    (Planted.AMOUNT, "Amount", Role.STAIN),
    (Planted.COPY, "Amount copy", Role.STAIN),
    (Planted.PAIR, "Pair 1", Role.STAIN),
    (Planted.PAIR, "Pair 2", Role.STAIN),
    (Planted.UNSPECIFIC, "Bright", Role.STAIN),
    (Planted.EMPTY, "Empty", Role.STAIN),
    (Planted.SCATTER, "DF", Role.DARKFIELD),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IfcParams:
    """What to draw. Raises DatasetError for numbers that make no cells."""

    n_cells: int = 1200
    size: int = 40
    """Height and width, pixels."""
    n_classes: int = 4
    n_donors: int = 6
    """Each has its own brightness of stains and the same share of every class."""
    n_noise: int = 0
    """Further channels that know no class."""
    seed: int = 0

    def __post_init__(self) -> None:
        allowed = {
            "n_cells": (self.n_cells, self.n_classes, 10_000_000),
            "size": (self.size, 16, 512),
            "n_classes": (self.n_classes, MIN_CLASSES, MAX_CLASSES),
            "n_donors": (self.n_donors, 1, 1000),
            "n_noise": (self.n_noise, 0, 200),
            "seed": (self.seed, 0, 2**63 - 1),
        }
        for name, (value, low, high) in allowed.items():
            if not low <= value <= high:
                message = f"synthetic cells: {name} is {value}; give a number from {low} to {high}"
                raise DatasetError(message)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticCells:
    """Drawn cells with what is true about them."""

    images: Array
    """(N, C, H, W) uint16, 0 to 4095 as from a 12-bit camera."""
    masks: Array
    """(N, 1, H, W) uint8: 1 inside the cell."""
    labels: Array
    """(N,) int64 class numbers"""
    groups: Array
    """(N,) int64 donor numbers"""
    panel: Panel
    classes: tuple[str, ...]
    group_names: tuple[str, ...]
    kinds: tuple[Planted, ...]
    """Of each channel, in panel order."""
    truth: tuple[str, ...]
    """The same as sentences."""

    def __post_init__(self) -> None:
        frozen(self, "images", "masks", "labels", "groups")


def ifc_panel(n_noise: int = 0) -> tuple[Panel, tuple[Planted, ...]]:
    """Return the channels and what each carries, in panel order."""
    noise = ((Planted.NOISE, f"Noise {i + 1}", Role.STAIN) for i in range(n_noise))
    rows = (*_CHANNELS, *noise)
    channels = tuple(Channel(name=name, role=role) for _, name, role in rows)
    return Panel(channels), tuple(kind for kind, _, _ in rows)


def ifc_cells(params: IfcParams | None = None) -> SyntheticCells:
    """Return all cells of ``params`` in memory; :func:`ifc_blocks` gives them piece by piece."""
    params = params or IfcParams()
    panel, kinds = ifc_panel(params.n_noise)
    labels, groups = _labels_and_groups(params)
    size = params.size
    images = np.empty((params.n_cells, len(panel), size, size), dtype=np.uint16)
    masks = np.empty((params.n_cells, 1, size, size), dtype=np.uint8)
    for block in ifc_blocks(params):
        here = slice(block.start, block.start + len(block.labels))
        images[here], masks[here] = block.images, block.masks
    return SyntheticCells(
        images=images,
        masks=masks,
        labels=labels,
        groups=groups,
        panel=panel,
        classes=class_names(params.n_classes),
        group_names=group_names(params),
        kinds=kinds,
        truth=tuple(truth_of(kind, params.n_classes) for kind in kinds),
    )


@dataclass(frozen=True, slots=True, eq=False)
class IfcBlock:
    """A run of consecutive cells, as in :class:`SyntheticCells`."""

    start: int
    images: Array
    masks: Array
    labels: Array
    groups: Array


def ifc_blocks(params: IfcParams) -> Iterator[IfcBlock]:
    """Yield all cells in blocks of bounded memory; the pixels do not depend on the block."""
    labels, groups = _labels_and_groups(params)
    gains = np.exp(np.random.default_rng([params.seed, 1]).normal(0.0, 0.05, (params.n_donors, 4)))
    for start in range(0, params.n_cells, _BLOCK):
        here = slice(start, start + _BLOCK)
        rng = np.random.default_rng([params.seed, 2, start // _BLOCK])
        shape = shapes(labels[here].size, params.size, rng)
        codes = draw_codes(labels[here], params.n_classes, rng)
        images = _render(shape, codes, gains[groups[here]], params, rng)
        masks = shape.inside[:, None].astype(np.uint8)
        yield IfcBlock(start, images, masks, labels[here], groups[here])


def group_names(params: IfcParams) -> tuple[str, ...]:
    """Return ``("donor 1", ...)``."""
    return tuple(f"donor {i + 1}" for i in range(params.n_donors))


def _labels_and_groups(params: IfcParams) -> tuple[Array, Array]:
    """Return class and donor numbers, (N,) int64 each: every class even in every donor."""
    order = np.random.default_rng([params.seed, 0]).permutation(params.n_cells)
    labels = order % params.n_classes
    groups = (order // params.n_classes) % params.n_donors
    return labels, groups


def _render(
    shape: Shapes, codes: Codes, gains: Array, params: IfcParams, rng: np.random.Generator
) -> Array:
    """Return (n, C, H, W) uint16. ``gains``: (n, 4) of place, amount and the two of the pair."""
    n, size = codes.level.size, params.size
    inside = shape.inside.astype(np.float32)

    def stain(level: Array) -> Array:
        even = 1.0 + 0.12 * texture(n, size, 1.5, rng)
        return inside * even * level.astype(np.float32)[:, None, None]

    def spread(sd: float) -> Array:
        return np.exp(rng.normal(0.0, sd, n))

    step = min(2.8, 8.0 ** (1.0 / max(1, n_levels(params.n_classes) - 1)))
    amount = 240.0 * step**codes.level * spread(0.18) * gains[:, 1]
    first, second = (
        np.where(high == 1, 900.0, 250.0) * spread(0.22) * gains[:, 2 + i]
        for i, high in enumerate((codes.first_high, codes.second_high))
    )
    place = ring_or_spot(shape, codes.spot, rng)
    place *= (900.0 * spread(0.35) * gains[:, 0]).astype(np.float32)[:, None, None]
    planes = [
        _brightfield(shape, codes.rough, rng),
        place + stain(120.0 * spread(0.2)),
        stain(amount),
        stain(0.8 * amount),
        stain(first),
        stain(second),
        stain(1300.0 * spread(0.22)),
        np.zeros_like(inside),
        np.abs(texture(n, size, 0.8, rng)) * stain(250.0 * spread(0.4)),
        *(stain(60.0 * spread(0.4)) for _ in range(params.n_noise)),
    ]
    return np.stack([camera(plane, rng) for plane in planes], axis=1)


def _brightfield(shape: Shapes, rough: Array, rng: np.random.Generator) -> Array:
    """Return (n, H, W) light through the cells: a dark outline, a bright rim, granules."""
    n, size = rough.size, shape.inside.shape[-1]
    edge = (shape.radius - 1.0) * (0.31 * size)  # pixels outwards from the outline
    rings = 90.0 * np.exp(-(((edge + 1.5) / 1.2) ** 2)) - 180.0 * np.exp(-((edge / 1.2) ** 2))
    granules = 70.0 * np.exp(rng.normal(0.0, 0.35, n) + 0.3 * rough)
    grain = texture(n, size, 1.2, rng) * granules.astype(np.float32)[:, None, None]
    return np.asarray(900.0 + rings + shape.inside * (grain - 40.0), dtype=np.float32)

"""Cells of hidden kinds, for clustering: what drives them is known, and so is what misleads.

Each driving channel tells one kind from all others, by texture or by place; its amount of light
is the same in all, up to chance. A last kind is none of these, so that no driving channel can be
spared::

    pictures   A        B      C         D
    Grain      grains   even   even      even
    Place      rim      blob   rim       rim
    Pole       even     even   one pole  even

Volumes have Place and Pole (three kinds), paired cells Grain as picture and Place as volume
(three kinds).

What misleads: cells lie anywhere in their frame, and are small or large. Both change far more
pixels than the kind does, in every channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pxcore.data.synthetic.optics import Shapes, camera, shapes
from pxcore.data.synthetic.unlabelled_params import (
    CHANNELS,
    UnlabelledParams,
    channel_names,
    planted,
    role_of,
)
from pxcore.types import Array, Channel, Panel, frozen
from pxcore.types.unlabelled import Planes

_LIGHT = 900.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnlabelledCells:
    """Drawn cells, with what nobody knows who clusters them."""

    images: Array
    """(N, P, H, W) uint16, 0 to 4095 as from a 12-bit camera."""
    masks: Array
    """(N, 1, H, W) uint8: 1 inside the cell."""
    planes: Planes
    panel: Panel
    """A channel for each picture, then for each volume."""
    labels: Array
    """(N,) int64: the hidden kind."""
    kinds: tuple[str, ...]
    driving: tuple[int, ...]
    """Positions of the channels that know a kind."""
    truth: tuple[str, ...]
    """Of each channel, a sentence."""

    def __post_init__(self) -> None:
        frozen(self, "images", "masks", "labels")


def unlabelled_cells(params: UnlabelledParams | None = None) -> UnlabelledCells:
    """Return all cells of ``params`` in memory, every kind as often as the others."""
    params = params or UnlabelledParams()
    planes = params.planes
    images = np.empty((params.n_cells, planes.count, params.size, params.size), np.uint16)
    masks = np.empty((params.n_cells, 1, params.size, params.size), np.uint8)
    start = 0
    for drawn, inside in unlabelled_blocks(params):
        here = slice(start, start + len(drawn))
        images[here], masks[here, 0] = drawn, inside
        start += len(drawn)
    names = channel_names(params)
    return UnlabelledCells(
        images=images,
        masks=masks,
        planes=planes,
        panel=Panel(tuple(Channel(name=name, role=role_of(name)) for name in names)),
        labels=hidden_kinds(params),
        kinds=params.kinds,
        driving=tuple(i for i, name in enumerate(names) if name in params.driving),
        truth=planted(params),
    )


def unlabelled_blocks(params: UnlabelledParams) -> Iterator[tuple[Array, Array]]:
    """Yield planes (n, P, H, W) uint16 and insides (n, H, W) uint8, block after block."""
    labels = hidden_kinds(params)
    step = max(1, 2**24 // (params.planes.count * params.size**2))
    for block, start in enumerate(range(0, params.n_cells, step)):
        rng = np.random.default_rng([params.seed, 1, block])
        yield _block(params, labels[start : start + step], rng)


def hidden_kinds(params: UnlabelledParams) -> Array:
    """Return the kind of every cell, (N,) int64."""
    order = np.random.default_rng([params.seed, 0]).permutation(params.n_cells)
    kinds: Array = order % len(params.kinds)
    return kinds


def _block(
    params: UnlabelledParams, labels: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return planes (n, P, H, W) uint16 and insides (n, H, W) of some cells."""
    shape = shapes(len(labels), params.size, rng, shift=params.shift, spread=params.spread)
    pictures, volumes = CHANNELS[params.form]
    flat = _Body(shape.radius, shape.y, shape.x, shape.inside)
    drawn = [_plane(name, flat, labels, params, rng)[:, None] for name in pictures]
    if volumes:
        body = _stacked(shape, params, rng)
        drawn += [_plane(name, body, labels, params, rng) for name in volumes]
    light = np.concatenate(drawn, axis=1)  # (n, P, H, W)
    return camera(light, rng), shape.inside.astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """Cells in two or three dimensions; arrays (n, [D,] H, W)."""

    radius: Array
    """0 at the centre, 1 on the outline."""
    y: Array
    x: Array
    """Pixels from the centre."""
    inside: Array


def _stacked(shape: Shapes, params: UnlabelledParams, rng: np.random.Generator) -> _Body:
    """Return the same cells as ellipsoids: outlines as they are, cut smaller above and below."""
    depth, n = params.planes.depth, len(shape.radius)
    middle = (depth - 1) / 2 + rng.uniform(-params.shift, params.shift, n) * depth
    half = 0.31 * depth * rng.normal(1.0, params.spread, n).clip(0.7, 1.3)
    z = (np.arange(depth)[None] - middle[:, None]) / half[:, None]  # (n, D)
    radius = np.sqrt(shape.radius[:, None] ** 2 + z[:, :, None, None] ** 2).astype(np.float32)
    y, x = (np.broadcast_to(one[:, None], radius.shape) for one in (shape.y, shape.x))
    return _Body(radius, y, x, radius < 1.0)


def _plane(
    name: str, body: _Body, labels: Array, params: UnlabelledParams, rng: np.random.Generator
) -> Array:
    """Return the light of one channel, (n, [D,] H, W) float32."""
    n = len(labels)
    wide = (n, *([1] * (body.radius.ndim - 1)))
    strength = np.exp(rng.normal(0.0, 0.2, n)).reshape(wide)
    if name == "Empty":
        return np.zeros(body.radius.shape, np.float32)
    if name == "BF":
        rim = np.exp(-(((body.radius - 1.0) / 0.1) ** 2))
        return np.asarray(_LIGHT - 500.0 * rim, dtype=np.float32)
    even = _of_mean_one(np.ones_like(body.radius), body)
    if name == "Body":
        return np.asarray(_LIGHT * strength * even, dtype=np.float32)
    usual = _of_mean_one(_USUAL.get(name, np.ones_like)(body.radius), body)
    own = _of_mean_one(_PATTERNS[name](body), body)
    special = np.asarray(labels == params.driving.index(name)).reshape(wide)
    shown = np.where(special, params.contrast * own + (1 - params.contrast) * usual, usual)
    return np.asarray(_LIGHT * strength * shown, dtype=np.float32)


def _of_mean_one(pattern: Array, body: _Body) -> Array:
    """Return a pattern that is 0 outside and whose mean inside each cell is 1."""
    axes = tuple(range(1, body.radius.ndim))
    inside = pattern * body.inside
    total = inside.sum(axis=axes, keepdims=True)
    n_inside = body.inside.sum(axis=axes, keepdims=True)
    found: Array = inside * n_inside / np.maximum(total, 1e-6)
    return found


def _rim(radius: Array) -> Array:
    found: Array = np.exp(-(((radius - 0.8) / 0.2) ** 2))
    return found


def _granules(body: _Body) -> Array:
    """Return bright spots three tenths of the frame apart: what is between them is dark."""
    pace = 2 * np.pi / (0.3 * body.radius.shape[-1])
    spots = np.cos(body.y * pace) * np.cos(body.x * pace)
    found: Array = 1.0 / (1.0 + np.exp(-8.0 * (spots - 0.2)))
    return found


def _blob(body: _Body) -> Array:
    found: Array = np.exp(-((body.radius / 0.5) ** 2))
    return found


def _pole(body: _Body) -> Array:
    """Return light at the right end: cells lie in flow, so their direction is the same."""
    reach = 0.31 * body.radius.shape[-1]
    found: Array = 1.0 / (1.0 + np.exp(-8.0 * (body.x / reach - 0.2)))
    return found


_PATTERNS: dict[str, Callable[[_Body], Array]] = {
    "Grain": _granules,
    "Place": _blob,
    "Pole": _pole,
}
"""How the light of a driving channel lies in the kind that it knows."""
_USUAL: dict[str, Callable[[Array], Array]] = {"Place": _rim}
"""How light lies in the other kinds, where it is not even."""

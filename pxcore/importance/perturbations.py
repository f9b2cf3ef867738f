"""Ways to spoil one channel of a cell. Each says what the model can no longer see in it.

A perturbation is drawn once per repeat and block of cells and then applied to every channel in
turn (common random numbers). So one draw costs a C-th of drawing for each channel, differences
between channels, which are what ranks, vary less, and the scores follow a new order of the
channels exactly. Two channels of one repeat are therefore *not* independent; repeats are.

::

    begin(context, repeat)   -> draw    numbers of this repeat, from (seed, repeat) alone
    draw(positions)          -> apply   the next cells; called with ascending blocks, each cell once
    apply(channel, plane)    -> plane   a new (B, H, W), the given one is left as it was
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from pxcore.errors import MethodError
from pxcore.importance import orders
from pxcore.importance.masks import CellMasks
from pxcore.registry import Registry
from pxcore.training.device_cells import Cells
from pxcore.types import Array

Apply = Callable[[int, torch.Tensor], torch.Tensor]
Draw = Callable[[torch.Tensor], Apply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What perturbations draw from: held-out cells, seed and, where needed, more."""

    cells: Cells
    seed: int
    keyed: bool = False
    """Draw pixel orders from keys, as accelerators do, instead of one cell after the other."""
    groups: Array | None = None
    """(n,): cells are exchanged only inside a group."""
    masks: CellMasks | None = None
    fill: Array | None = None
    """(C,) normalised value that replaces a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """One way to spoil a channel."""

    id: str
    destroys: str
    """What of the channel's information is lost, in words."""
    random: bool
    """False when every repeat would be the same."""
    exchanges: bool = False
    """True when whole pictures are exchanged among cells, and nothing else is done to them: what
    was made of a picture alone can be exchanged in its place."""
    begin: Callable[[Context, int], Draw]


def _permute_pixels(context: Context, repeat: int) -> Draw:
    """Rearrange all pixels of the tile, a fresh order for each cell."""
    next_orders = _pixel_orders(context, repeat)

    def draw(positions: torch.Tensor) -> Apply:
        drawn = next_orders(positions)
        return lambda _channel, plane: orders.rearranged(plane, drawn)

    return draw


def _permute_pixels_in_mask(context: Context, repeat: int) -> Draw:
    """Rearrange the pixels inside each cell's mask, leaving the background in place."""
    masks = context.masks
    if masks is None:
        message = "no cell masks were given; permuting inside the mask needs them"
        raise MethodError(message)
    next_orders = _pixel_orders(context, repeat)

    def draw(positions: torch.Tensor) -> Apply:
        drawn = next_orders(positions)
        limited = orders.orders_inside(drawn, masks.inside(positions))  # (B, P)
        return lambda _channel, plane: orders.rearranged(plane, limited)

    return draw


def _permute_cells(context: Context, repeat: int) -> Draw:
    """Give each cell the same channel of another held-out cell (of its group)."""
    generator = np.random.default_rng(orders.repeat_sequence(context.seed, repeat))
    order = orders.order_of_cells(generator, context.groups, len(context.cells))
    partners = torch.from_numpy(order).to(context.cells.device)

    def draw(positions: torch.Tensor) -> Apply:
        others = partners[positions]
        return lambda channel, _plane: context.cells.channel(channel, others)

    return draw


def _zero(_context: Context, _repeat: int) -> Draw:
    """Replace the channel by 0, the value of its 1st percentile."""
    return lambda _positions: lambda _channel, plane: torch.zeros_like(plane)


def _mean(context: Context, _repeat: int) -> Draw:
    """Replace the channel by its mean over the training cells."""
    fill = context.fill
    if fill is None:
        message = "the training mean of the channels was not given; filling with it needs it"
        raise MethodError(message)
    return lambda _positions: lambda channel, plane: torch.full_like(plane, float(fill[channel]))


def _pixel_orders(context: Context, repeat: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what gives the next cells their pixel orders, (B, H·W) on the cells' device."""
    height, width = context.cells.image_size
    device = context.cells.device
    sequence = orders.repeat_sequence(context.seed, repeat)
    if context.keyed or device.type != "cpu":
        key = int(sequence.generate_state(1, np.uint64)[0])
        return lambda positions: orders.keyed_orders(key, positions, height * width)
    generator = np.random.default_rng(sequence)
    return lambda positions: orders.drawn_orders(generator, len(positions), height * width)


PERMUTE_PIXELS = Perturbation(
    id="permute_pixels",
    destroys="where in the tile the signal lies; its amount stays",
    random=True,
    begin=_permute_pixels,
)
PERMUTE_PIXELS_IN_MASK = Perturbation(
    id="permute_pixels_in_mask",
    destroys="where in the cell the signal lies; its amount and the outline stay",
    random=True,
    begin=_permute_pixels_in_mask,
)
PERMUTE_CELLS = Perturbation(
    id="permute_cells",
    destroys="everything the channel says about this very cell",
    random=True,
    exchanges=True,
    begin=_permute_cells,
)
ZERO = Perturbation(
    id="zero", destroys="everything, by a picture never seen", random=False, begin=_zero
)
MEAN = Perturbation(
    id="mean", destroys="everything, by an even grey never seen", random=False, begin=_mean
)

PERTURBATIONS = Registry(
    "perturbation",
    [PERMUTE_PIXELS, PERMUTE_PIXELS_IN_MASK, PERMUTE_CELLS, ZERO, MEAN],
    MethodError,
)

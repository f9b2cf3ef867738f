"""Random orders of the pixels of a cell, drawn so that the block size never shows.

Two exact ways, one a device family. On a CPU a generator walks through the cells one after the
other (Fisher and Yates), so it gives the same orders however the cells are cut into blocks. On
an accelerator every pixel gets a random key computed from (seed, cell, pixel) alone and the keys
are sorted: no state at all, so the block size cannot show either, and the same function on a CPU
gives the same orders, which is what parity between devices is checked with.
"""

from __future__ import annotations

import numpy as np
import torch

from pxcore.types import Array

# Steele, Lea and Flood 2014 (SplitMix64), as signed 64-bit numbers: torch wraps on overflow.
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_MIX_1 = 0xBF58476D1CE4E5B9 - 2**64
_MIX_2 = 0x94D049BB133111EB - 2**64


def repeat_sequence(seed: int, repeat: int) -> np.random.SeedSequence:
    """Return the source of all random numbers of one repeat, independent between repeats."""
    return np.random.SeedSequence((seed, repeat))


def drawn_orders(generator: np.random.Generator, n_cells: int, n_pixels: int) -> torch.Tensor:
    """Return one uniformly random order of the pixels for each of the generator's next cells.

    Returns
    -------
    torch.Tensor
        (n_cells, n_pixels) int64 on the CPU; every row holds each of 0 .. n_pixels - 1 once.
    """
    orders = np.empty((n_cells, n_pixels), dtype=np.int64)
    orders[:] = np.arange(n_pixels)
    generator.permuted(orders, axis=1, out=orders)
    return torch.from_numpy(orders)


def keyed_orders(key: int, positions: torch.Tensor, n_pixels: int) -> torch.Tensor:
    """Return one random order of the pixels for each cell, from (key, cell, pixel) alone.

    Parameters
    ----------
    key
        Of the repeat, a 64-bit number.
    positions
        (B,) int64: which cells of the fold these are.

    Returns
    -------
    torch.Tensor
        (B, n_pixels) int64, on the device of ``positions``; every row holds each of
        0 .. n_pixels - 1 once.
    """
    pixels = torch.arange(n_pixels, device=positions.device)
    counter = positions[:, None] * n_pixels + pixels + 1  # (B, P)
    mixed = _mix(counter * _GOLDEN + _signed(key))
    keys = (mixed >> 32).to(torch.int32)  # 32 random bits sort twice as fast as 64
    # Stable: two equal keys in a cell must fall the same way on every device.
    return torch.sort(keys, dim=1, stable=True).indices


def orders_inside(orders: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Return orders that rearrange only the pixels inside and leave every other one in place.

    The pixels inside, in the sequence in which they appear in a uniformly random order of all
    pixels, stand in a uniformly random order themselves. So one draw serves every mask.

    Parameters
    ----------
    orders
        (B, P) int64, each row a random order of all pixels.
    inside
        (B, P) bool.

    Returns
    -------
    torch.Tensor
        (B, P) int64: pixel p of the result takes the value of pixel ``result[b, p]``.
    """
    result = torch.arange(orders.shape[1], device=orders.device).repeat(orders.shape[0], 1)
    # Both selections run row by row and take equally many pixels from each row.
    result[inside] = orders[inside.gather(1, orders)]
    return result


def rearranged(plane: torch.Tensor, orders: torch.Tensor) -> torch.Tensor:
    """Return (B, H, W) with the pixels of each cell taken in the given (B, H·W) order."""
    return plane.flatten(1).gather(1, orders).view_as(plane)


def order_of_cells(generator: np.random.Generator, groups: Array | None, n_cells: int) -> Array:
    """Return, for each cell, the cell it takes its channel from: (n_cells,) int64.

    Cells stand in a uniformly random ring, and each takes the next one's: never its own, any other
    equally likely. Where ``groups`` (n_cells,) are given, each has a ring of its own; only the
    one cell of a group keeps its own.

    Source: Sattolo, An algorithm to generate a random cyclic permutation, Information Processing
    Letters 22, 1986: the same distribution, drawn another way.
    """
    partners = np.arange(n_cells)
    known = np.zeros(n_cells, dtype=np.int64) if groups is None else groups
    for group in np.unique(known):
        ring = generator.permutation(np.flatnonzero(known == group))
        partners[ring] = np.roll(ring, -1)
    return partners


def _mix(state: torch.Tensor) -> torch.Tensor:
    """Return the SplitMix64 finaliser of int64 numbers."""
    state = (state ^ _logical_shift(state, 30)) * _MIX_1
    state = (state ^ _logical_shift(state, 27)) * _MIX_2
    return state ^ _logical_shift(state, 31)


def _logical_shift(state: torch.Tensor, bits: int) -> torch.Tensor:
    """Return ``state >> bits`` with zeros moving in: torch's own shift keeps the sign."""
    return (state >> bits) & ((1 << (64 - bits)) - 1)


def _signed(number: int) -> int:
    """Return an unsigned 64-bit number as the signed one with the same bits."""
    return number - 2**64 if number >= 2**63 else number

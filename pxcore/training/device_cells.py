"""Cells kept on the device that computes with them, normalised batch by batch.

Pixels stay in their stored type (two bytes for most instruments, half of float32) and are turned
into normalised float32 only for the cells of one batch. What does not fit the budget is read from
its source batch by batch instead; the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch

from pxcore.data.normalise import Normaliser
from pxcore.data.source import CellSource
from pxcore.training.device import memory_budget
from pxcore.types import Array

_READ = 1024
"""Cells read from the source at once while filling the device."""

_HELD_AS = {
    np.dtype(np.uint8): torch.uint8,
    np.dtype(np.int8): torch.int8,
    # Torch cannot index uint16 tensors: the same 16 bits are held as int16 and read back as uint16.
    np.dtype(np.uint16): torch.int16,
    np.dtype(np.int16): torch.int16,
    np.dtype(np.int32): torch.int32,
}
"""Types held as they are stored; every other one is held as float32."""


class Cells(Protocol):
    """What a look at held-out cells asks of them: n cells of C channels on one device.

    Of :class:`DeviceCells` these are pixels. What an embedding network makes of each channel can
    stand in for them, with other axes behind (B, C).
    """

    @property
    def channels(self) -> tuple[int, ...]:
        """C channels, as positions in the source."""
        ...

    @property
    def device(self) -> torch.device:
        """Where everything lies."""
        ...

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W) of a cell."""
        ...

    def __len__(self) -> int: ...

    def batch(self, positions: torch.Tensor) -> torch.Tensor:
        """Return (B, C, ...) of the cells at ``positions`` (B,) int64; fresh memory."""
        ...

    def channel(self, channel: int, positions: torch.Tensor) -> torch.Tensor:
        """Return (B, ...) of one of the C channels of these cells; fresh memory."""
        ...


class DeviceCells:
    """Some cells of a source, some of its channels, normalised to [0, 1].

    Batches are what ``Normaliser.apply`` gives for the same cells, bit for bit on a processor.

    Parameters
    ----------
    source
        Where the pixels come from.
    cells
        (n,) positions in the source. Everywhere below, a *position* is a row of this array.
    normaliser
        One low and high **for each of** ``channels``, in their order: what a trained model
        carries.
    device
        Where batches come to lie.
    channels
        Positions of the channels wanted, in the order wanted; None for all.
    budget_bytes
        Memory the pixels may take on the device; None for half of what is free.

    Raises
    ------
    ValueError
        When the normaliser does not have one pair a channel.
    """

    def __init__(
        self,
        source: CellSource,
        cells: Array,
        normaliser: Normaliser,
        device: torch.device,
        channels: Sequence[int] | None = None,
        budget_bytes: int | None = None,
    ) -> None:
        everything = range(source.image_shape[0])
        self.channels = tuple(everything if channels is None else channels)
        self.device = device
        self._source = source
        self._cells = np.asarray(cells, dtype=np.int64)
        self._low, self._scale = _affine(normaliser, len(self.channels), device)
        budget = memory_budget(device) if budget_bytes is None else budget_bytes
        self._held = _HELD_AS.get(source.dtype, torch.float32)
        n_pixels = len(self) * len(self.channels) * int(np.prod(self.image_size))
        needed = n_pixels * self._held.itemsize
        self._pixels = self._fill() if needed <= budget else None

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W) of a cell."""
        return self._source.image_shape[1:]

    @property
    def resident(self) -> bool:
        """True when the pixels lie on the device, False when they are read for each batch."""
        return self._pixels is not None

    def batch(self, positions: torch.Tensor) -> torch.Tensor:
        """Return (B, C, H, W) float32 in [0, 1] of the cells at ``positions`` (B,) int64.

        Always fresh memory: the caller may write into it, the stored cells do not change.
        """
        if self._pixels is None:
            raw = self._read(positions.cpu().numpy())
        else:
            raw = self._pixels.index_select(0, positions)
        return self._normalised(raw, self._low, self._scale)

    def channel(self, channel: int, positions: torch.Tensor) -> torch.Tensor:
        """Return one plane (B, H, W) float32 in [0, 1] of the cells at ``positions`` (B,).

        ``channel`` counts within ``channels``. Equals ``batch(positions)[:, channel]`` without
        the work for the other channels; fresh memory too.
        """
        if self._pixels is None:
            raw = self._read(positions.cpu().numpy(), channel)
        else:
            raw = self._pixels[positions, channel][:, None]  # (B, 1, H, W)
        low, scale = self._low[:, channel, None], self._scale[:, channel, None]
        return self._normalised(raw, low, scale)[:, 0]

    def _normalised(
        self, raw: torch.Tensor, low: torch.Tensor, scale: torch.Tensor
    ) -> torch.Tensor:
        """Return freshly gathered pixels (B, C, H, W) as float32 in [0, 1]; may write into them."""
        if self._source.dtype == np.uint16:
            raw = raw.view(torch.uint16)
        pixels = raw.float()  # `raw` was gathered or read for this call: ours to write into
        return pixels.sub_(low).mul_(scale).clamp_(0.0, 1.0)

    def _fill(self) -> torch.Tensor:
        """Return all pixels (n, C, H, W) in their stored type on the device."""
        shape = (len(self), len(self.channels), *self.image_size)
        held = torch.empty(shape, dtype=self._held, device=self.device)
        for start in range(0, len(self), _READ):
            rows = np.arange(start, min(start + _READ, len(self)))
            held[start : start + len(rows)] = self._read(rows)
        return held

    def _read(self, positions: Array, channel: int | None = None) -> torch.Tensor:
        """Return stored pixels (B, C, H, W) of these positions from the source."""
        wanted = self.channels if channel is None else self.channels[channel : channel + 1]
        pixels = self._source.images(self._cells[positions], wanted)
        if self._held is torch.float32:
            pixels = pixels.astype(np.float32, copy=False)
        elif pixels.dtype == np.uint16:
            pixels = pixels.view(np.int16)
        return torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device)


def _affine(
    normaliser: Normaliser, n_channels: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what to subtract and to multiply with, each (1, C, 1, 1) float32."""
    low, scale = normaliser.low, normaliser.scale
    if low.shape != (n_channels,):
        message = f"the normaliser has {len(low)} channels; {n_channels} were asked for"
        raise ValueError(message)
    shape = (1, n_channels, 1, 1)
    return (
        torch.tensor(low, dtype=torch.float32, device=device).reshape(shape),
        torch.tensor(scale, dtype=torch.float32, device=device).reshape(shape),
    )

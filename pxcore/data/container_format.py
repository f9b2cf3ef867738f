"""What a container of cells holds, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from pxcore.types import Array, MaskKind

FORMAT = "pxcore-cells-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHeader:
    """What all cells of a container share."""

    image_shape: tuple[int, int, int]
    """(C, H, W)"""
    dtype: np.dtype[np.generic]
    mask_kind: MaskKind = MaskKind.NONE
    mask_channels: int = 0
    """M: 1 or C; 0 without masks."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellBlock:
    """Some consecutive cells on their way into a container."""

    images: Array
    """(n, C, H, W)"""
    masks: Array | None
    """(n, M, H, W) uint8"""
    object_number: Array
    """(n,) int64"""
    sizes: Array
    """(n, 2) int64: height and width in the file they came from."""


class ContentHash:
    """sha256 of header and values, one running hash an array, independent of the blocks."""

    def __init__(self, header: ContainerHeader) -> None:
        self._header = header
        self._hashes = {name: hashlib.sha256() for name in arrays_of(header)}

    def update(self, block: CellBlock) -> None:
        """Take in the next cells."""
        for name, dtype in arrays_of(self._header).items():
            values = np.ascontiguousarray(getattr(block, name), dtype=dtype)
            self._hashes[name].update(values.reshape(-1).view(np.uint8).data)

    def hexdigest(self, n_cells: int) -> str:
        """Return the hash of everything taken in so far."""
        header = self._header
        facts = {
            "format": FORMAT,
            "n_cells": n_cells,
            "image_shape": list(header.image_shape),
            "dtype": header.dtype.str,
            "mask_kind": str(header.mask_kind),
            "mask_channels": header.mask_channels,
            "arrays": {name: digest.hexdigest() for name, digest in self._hashes.items()},
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def arrays_of(header: ContainerHeader) -> dict[str, np.dtype[np.generic]]:
    """Return each array's little-endian type."""
    arrays: dict[str, np.dtype[np.generic]] = {
        "images": header.dtype.newbyteorder("<"),
        "object_number": np.dtype("<i8"),
        "sizes": np.dtype("<i8"),
    }
    return arrays | ({"masks": np.dtype("u1")} if header.mask_channels else {})
